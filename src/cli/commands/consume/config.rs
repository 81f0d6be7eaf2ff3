//! From the console consumer's options to what a consumer and a formatter need, in Kafka's order of checks.

use super::delivery::{Choice, Delivery};
use super::formatting::formatter;
use super::protocol::{assignors, protocol};
use super::settings::{self, check_address, check_options, note};
use super::{exec, position};
use crate::cli::config::{InvalidSetting, Properties};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::format::Formatter;
use crate::cli::parse::Parsed;
use crate::client::{ConsumerConfig, OffsetReset, Subscription};
use crate::types::{Offset, PartitionId, read_iso_duration};
use std::time::Duration;

/// The old name of `--command-config`.
const OLD_CONFIG: &str = "consumer.config";
const INT_MAX: i64 = i32::MAX as i64;

/// Everything that the options ask for, but the number of messages: Kafka reads that one only when it runs.
pub(super) struct Request {
    pub(super) consumer: ConsumerConfig,
    pub(super) choice: Choice,
    /// The command that the records are for; without one they are printed.
    pub(super) plan: Option<exec::Plan>,
    pub(super) formatter: Formatter,
    /// Ends the run after this time without a record.
    pub(super) timeout: Option<Duration>,
    pub(super) skips_errors: bool,
    pub(super) prints_events: bool,
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        let register = context.register;
        position::check(register, parsed)?;
        check_options(register, parsed, OLD_CONFIG)?;
        note(context, parsed, "consumer-property", "command-property")?;
        note(context, parsed, OLD_CONFIG, "command-config")?;
        let mut settings = settings::settings(parsed, OLD_CONFIG)?;
        let partition = parsed.number("partition")?.map(PartitionId);
        let group = settings::group(parsed, &settings, OLD_CONFIG)?;
        if group.is_some() && parsed.has("partition") {
            return Err(Failure::usage("Options group and partition cannot be specified together."));
        }
        check_reset(parsed, &settings)?;
        if parsed.has("from-beginning") {
            settings.set("auto.offset.reset", "earliest");
        }
        let start = position::start(register, parsed)?;
        let formatter = formatter(context, parsed)?;
        let timeout = parsed.number::<i64>("timeout-ms")?;
        if let Some(level) = parsed.text("isolation-level")? {
            settings.set("isolation.level", level.into_owned());
        }
        let until = parsed.number::<i64>("until-offset")?.map(Offset::new);
        let subscription = position::subscription(parsed, partition, start)?;
        let moment = position::moment(register, parsed)?;
        check_address(parsed)?;
        let mut consumer = ConsumerConfig {
            start: moment,
            until,
            skip_damaged: parsed.has("skip-damaged"),
            ..consumer_config(subscription, group, &settings)?
        };
        let choice = Choice::new(parsed, &consumer, commit_interval(&settings)?, exec::receiver(parsed)?)?;
        let plan = exec::Plan::new(parsed, &choice, &consumer.subscription)?;
        if choice.by_hand {
            consumer.auto_commit = None;
        }
        // What may be taken back must not come of what may be taken back.
        consumer.read_committed |=
            choice.delivery == Delivery::Exactly && settings.get("isolation.level").is_none();
        Ok(Request {
            consumer,
            choice,
            plan,
            formatter,
            timeout: timeout.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis),
            skips_errors: parsed.has("skip-message-on-error"),
            prints_events: parsed.has("enable-systest-events"),
        })
    }
}

fn check_reset(parsed: &Parsed, settings: &Properties) -> Result<(), Failure> {
    match settings.text("auto.offset.reset") {
        Some(reset) if parsed.has("from-beginning") && reset != "earliest" => Err(Failure::plain(format!(
            "Can't simultaneously specify --from-beginning and 'auto.offset.reset={reset}', please remove one option"
        ))),
        _ => Ok(()),
    }
}

/// What a consumer needs, from Kafka's settings of one.
pub(crate) fn consumer_config(
    subscription: Subscription,
    group: Option<String>,
    settings: &Properties,
) -> Result<ConsumerConfig, InvalidSetting> {
    let group_is_made_up = group.is_none() && !matches!(subscription, Subscription::Partition(..));
    let group = if group_is_made_up { Some(made_up_group()) } else { group };
    // A group that nobody will name again has no use for offsets.
    let auto_commit = settings.switch("enable.auto.commit")?.unwrap_or(!group_is_made_up);
    let interval = commit_interval(settings)?;
    let read_committed = match settings.text("isolation.level").as_deref() {
        None | Some("read_uncommitted") => false,
        Some("read_committed") => true,
        Some(_) => {
            return Err(settings.invalid("isolation.level", "it is read_committed or read_uncommitted"));
        }
    };
    let int = |key: &str, default: i32| -> Result<i32, InvalidSetting> {
        let number = settings.number(key, 1, INT_MAX)?;
        Ok(number.and_then(|number| i32::try_from(number).ok()).unwrap_or(default))
    };
    for key in ["max.poll.records", "fetch.max.bytes", "max.partition.fetch.bytes"] {
        settings.number(key, 0, INT_MAX)?;
    }
    let (session_timeout_ms, heartbeat_interval_ms) =
        (int("session.timeout.ms", 45_000)?, int("heartbeat.interval.ms", 3_000)?);
    if heartbeat_interval_ms >= session_timeout_ms {
        return Err(settings.invalid("heartbeat.interval.ms", "it is less than session.timeout.ms"));
    }
    Ok(ConsumerConfig {
        subscription,
        auto_commit: (group.is_some() && auto_commit).then_some(interval),
        group,
        group_is_made_up,
        client_id: settings.text("client.id").map_or_else(|| "console-consumer".to_owned(), Into::into),
        instance_id: settings.text("group.instance.id").map(Into::into),
        offset_reset: offset_reset(settings)?,
        start: None,
        until: None,
        skip_damaged: false,
        read_committed,
        create_topics: settings.switch("allow.auto.create.topics")?.unwrap_or(true),
        session_timeout_ms,
        rebalance_timeout_ms: int("max.poll.interval.ms", 300_000)?,
        heartbeat_interval_ms,
        assignors: assignors(settings)?,
        protocol: protocol(settings)?,
    })
}

/// The name that Kafka gives to the group of a console consumer that names none.
fn made_up_group() -> String {
    format!("console-consumer-{}", uuid::Uuid::new_v4().as_u128() % 100_000)
}

fn commit_interval(settings: &Properties) -> Result<Duration, InvalidSetting> {
    let interval_ms = settings.number("auto.commit.interval.ms", 0, INT_MAX)?.unwrap_or(5_000);
    Ok(Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0)))
}

fn offset_reset(settings: &Properties) -> Result<OffsetReset, InvalidSetting> {
    const KEY: &str = "auto.offset.reset";
    match settings.text(KEY).as_deref() {
        None | Some("latest") => Ok(OffsetReset::Latest),
        Some("earliest") => Ok(OffsetReset::Earliest),
        Some("none") => Ok(OffsetReset::None),
        Some(other) => other
            .strip_prefix("by_duration:")
            .and_then(read_iso_duration)
            .and_then(|ms| u64::try_from(ms).ok())
            .map(|ms| OffsetReset::ByDuration(Duration::from_millis(ms)))
            .ok_or_else(|| settings.invalid(KEY, "it is earliest, latest, none or by_duration:DURATION")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str, group: Option<&str>) -> Result<ConsumerConfig, InvalidSetting> {
        let settings = Properties::parse(text.as_bytes());
        consumer_config(Subscription::Topic("t".into()), group.map(str::to_owned), &settings)
    }

    #[test]
    fn settings_are_taken_as_kafkas_consumer_takes_them() {
        let plain = config("", None).unwrap();
        assert_eq!(
            (plain.offset_reset, plain.auto_commit, plain.read_committed),
            (OffsetReset::Latest, None, false)
        );
        assert_eq!(config("", Some("g")).unwrap().auto_commit, Some(Duration::from_secs(5)));
        assert_eq!(config("enable.auto.commit=false", Some("g")).unwrap().auto_commit, None);
        let hour = config("auto.offset.reset=by_duration:PT1H", None).unwrap();
        assert_eq!(hour.offset_reset, OffsetReset::ByDuration(Duration::from_secs(3600)));
        let class = "partition.assignment.strategy=org.apache.kafka.clients.consumer.RoundRobinAssignor";
        assert_eq!(config(class, None).unwrap().assignors, ["roundrobin"]);
    }

    #[test]
    fn settings_that_kafka_refuses_are_refused() {
        for text in [
            "auto.offset.reset=sometimes",
            "auto.offset.reset=by_duration:-PT1H",
            "isolation.level=READ_COMMITTED",
            "enable.auto.commit=yes",
            "session.timeout.ms=x",
            "partition.assignment.strategy=RangeAssignor",
        ] {
            assert!(config(text, None).is_err(), "{text}");
        }
    }
}
