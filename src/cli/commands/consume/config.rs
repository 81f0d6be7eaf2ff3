//! From the console consumer's options to what a consumer and a formatter need, in Kafka's order of checks.

use super::position;
use crate::cli::config::{InvalidSetting, Properties};
use crate::cli::context::{Context, Register};
use crate::cli::error::Failure;
use crate::cli::format::{Audience, Formatter, unknown_deserializers};
use crate::cli::parse::Parsed;
use crate::cli::target;
use crate::cli::time;
use crate::client::{ConsumerConfig, OffsetReset, Subscription};
use crate::types::{Offset, PartitionId};
use std::borrow::Cow;
use std::io;
use std::time::Duration;

const DEFAULT_FORMATTER: &str = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";
const INT_MAX: i64 = i32::MAX as i64;

/// Everything that the options ask for, but the number of messages: Kafka reads that one only when it runs.
pub(super) struct Request {
    pub(super) consumer: ConsumerConfig,
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
        check_options(register, parsed)?;
        note(context, parsed, "consumer-property", "command-property")?;
        note(context, parsed, "consumer.config", "command-config")?;
        let mut settings = settings(parsed)?;
        let partition = parsed.number("partition")?.map(PartitionId);
        let group = check_groups(parsed, &mut settings)?;
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
        Ok(Request {
            consumer: ConsumerConfig {
                start: moment,
                until,
                ..consumer_config(subscription, group, &settings)?
            },
            formatter,
            timeout: timeout.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis),
            skips_errors: parsed.has("skip-message-on-error"),
            prints_events: parsed.has("enable-systest-events"),
        })
    }
}

fn check_options(register: Register, parsed: &Parsed) -> Result<(), Failure> {
    for (old, new) in [
        ("consumer-property", "command-property"),
        ("consumer.config", "command-config"),
        ("property", "formatter-property"),
    ] {
        if parsed.has(old) && parsed.has(new) {
            return Err(Failure::usage(format!("Options --{old} and --{new} cannot be specified together.")));
        }
    }
    let names_cluster = parsed.has("bootstrap-server") || parsed.has("data-dir");
    if register == Register::Kafka && !names_cluster {
        return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
    }
    Ok(())
}

/// An address that is none is found only when the consumer is made.
fn check_address(parsed: &Parsed) -> Result<(), Failure> {
    match parsed.bytes("bootstrap-server")? {
        Some(server)
            if !target::is_directory(server) && !target::is_host_port_list(&server.to_string_lossy()) =>
        {
            Err(Failure::logged(format!("'{}' is not a list of host:port", server.to_string_lossy())))
        }
        _ => Ok(()),
    }
}

fn note(context: &mut Context, parsed: &Parsed, old: &str, new: &str) -> Result<(), Failure> {
    if !parsed.has(old) {
        return Ok(());
    }
    let removal = "is deprecated and will be removed in a future version.";
    context.note(&format!("Option --{old} {removal} Use --{new} instead."))
}

/// Consumer settings: the file, over it the properties.
fn settings(parsed: &Parsed) -> Result<Properties, Failure> {
    let mut settings = Properties::default();
    for option in ["command-config", "consumer.config"] {
        if let Some(path) = parsed.bytes(option)? {
            settings = Properties::load(path).map_err(|error| unreadable(&path.to_string_lossy(), &error))?;
        }
    }
    for word in parsed.all("command-property").chain(parsed.all("consumer-property")) {
        settings.add_word(word);
    }
    Ok(settings)
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    let class = match error.kind() {
        io::ErrorKind::NotFound => "java.nio.file.NoSuchFileException",
        io::ErrorKind::PermissionDenied => "java.nio.file.AccessDeniedException",
        _ => return Failure::uncaught("java.io.IOException", format!("can't read '{path}': {error}")),
    };
    let text = format!("Exception in thread \"main\" {class}: {path}");
    Failure::plain(format!("can't read '{path}': {error}")).in_kafka(|kafka| kafka.text = text)
}

/// The group, which `--group` and the settings may both name but not differ in.
fn check_groups(parsed: &Parsed, settings: &mut Properties) -> Result<Option<String>, Failure> {
    let option = parsed.text("group")?.map(Cow::into_owned);
    let setting = settings.text("group.id").map(Cow::into_owned);
    if let (Some(option), Some(setting)) = (&option, &setting)
        && option != setting
    {
        let mut ids = [option.as_str(), setting.as_str()];
        // The order of a Java HashSet.
        ids.sort_by_key(|id| java_bucket(id));
        let [first, second] = ids;
        return Err(Failure::usage(format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via \
             '--consumer.config') do not match. Detected group ids: '{first}', '{second}'"
        )));
    }
    let group = option.or(setting);
    if group.is_some() && parsed.has("partition") {
        return Err(Failure::usage("Options group and partition cannot be specified together."));
    }
    Ok(group)
}

/// Where a small HashSet of Java (16 buckets) keeps a text.
fn java_bucket(text: &str) -> i32 {
    let hash =
        text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)));
    (hash ^ (hash.cast_unsigned() >> 16).cast_signed()) & 15
}

fn check_reset(parsed: &Parsed, settings: &Properties) -> Result<(), Failure> {
    match settings.text("auto.offset.reset") {
        Some(reset) if parsed.has("from-beginning") && reset != "earliest" => Err(Failure::plain(format!(
            "Can't simultaneously specify --from-beginning and 'auto.offset.reset={reset}', please remove one option"
        ))),
        _ => Ok(()),
    }
}

/// The formatter with its settings: the file, over it the two deserializer options, over them the properties.
fn formatter(context: &mut Context, parsed: &Parsed) -> Result<Formatter, Failure> {
    // Kafka prints its table after any error here.
    let usage = |failure: Failure| Failure::usage(failure.message());
    let class = parsed.text("formatter").map_err(usage)?.map(Cow::into_owned);
    let class = class.unwrap_or_else(|| DEFAULT_FORMATTER.to_owned());
    if Formatter::by_class(&class, &Properties::default(), Audience::Program).is_none() {
        return Err(Failure::usage(class.as_str()).kt_message(format!("there is no formatter '{class}'")));
    }
    note(context, parsed, "property", "formatter-property")?;
    let mut settings = Properties::default();
    if let Some(path) = parsed.bytes("formatter-config").map_err(usage)? {
        let name = path.to_string_lossy();
        settings = Properties::load(path).map_err(|error| {
            Failure::usage(name.as_ref()).kt_message(format!("can't read '{name}': {error}"))
        })?;
    }
    for (option, key) in
        [("key-deserializer", "key.deserializer"), ("value-deserializer", "value.deserializer")]
    {
        if let Some(class) = parsed.text(option).map_err(usage)? {
            settings.set(key, class.into_owned());
        }
    }
    for word in parsed.all("formatter-property").chain(parsed.all("property")) {
        settings.add_word(word);
    }
    for class in unknown_deserializers(&settings) {
        context.log(&format!("there is no deserializer '{class}': its bytes are printed as they are"))?;
    }
    let audience = match (context.register, context.terminals.stdout) {
        (Register::Kt, true) => Audience::Terminal,
        _ => Audience::Program,
    };
    let unknown = || Failure::usage(class.as_str());
    Formatter::by_class(&class, &settings, audience).ok_or_else(unknown)
}

fn consumer_config(
    subscription: Subscription,
    group: Option<String>,
    settings: &Properties,
) -> Result<ConsumerConfig, InvalidSetting> {
    let auto_commit = settings.switch("enable.auto.commit")?.unwrap_or(true);
    let interval_ms = settings.number("auto.commit.interval.ms", 0, INT_MAX)?.unwrap_or(5_000);
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
        auto_commit: (group.is_some() && auto_commit)
            .then(|| Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0))),
        group,
        group_is_made_up: false,
        client_id: settings.text("client.id").map_or_else(|| "console-consumer".to_owned(), Into::into),
        instance_id: settings.text("group.instance.id").map(Into::into),
        offset_reset: offset_reset(settings)?,
        start: None,
        until: None,
        read_committed,
        create_topics: settings.switch("allow.auto.create.topics")?.unwrap_or(true),
        session_timeout_ms,
        rebalance_timeout_ms: int("max.poll.interval.ms", 300_000)?,
        heartbeat_interval_ms,
        assignors: assignors(settings)?,
    })
}

fn offset_reset(settings: &Properties) -> Result<OffsetReset, InvalidSetting> {
    const KEY: &str = "auto.offset.reset";
    match settings.text(KEY).as_deref() {
        None | Some("latest") => Ok(OffsetReset::Latest),
        Some("earliest") => Ok(OffsetReset::Earliest),
        Some("none") => Ok(OffsetReset::None),
        Some(other) => other
            .strip_prefix("by_duration:")
            .and_then(time::read_iso_duration)
            .and_then(|ms| u64::try_from(ms).ok())
            .map(|ms| OffsetReset::ByDuration(Duration::from_millis(ms)))
            .ok_or_else(|| settings.invalid(KEY, "it is earliest, latest, none or by_duration:DURATION")),
    }
}

/// `partition.assignment.strategy`: class names, as the names that groups know the assignors by.
fn assignors(settings: &Properties) -> Result<Vec<String>, InvalidSetting> {
    const KEY: &str = "partition.assignment.strategy";
    const PACKAGE: &str = "org.apache.kafka.clients.consumer.";
    let Some(list) = settings.text(KEY) else {
        return Ok(vec!["range".to_owned(), "cooperative-sticky".to_owned()]);
    };
    let name = |class: &str| match class.trim().strip_prefix(PACKAGE) {
        Some("RangeAssignor") => Ok("range".to_owned()),
        Some("RoundRobinAssignor") => Ok("roundrobin".to_owned()),
        Some("StickyAssignor") => Ok("sticky".to_owned()),
        Some("CooperativeStickyAssignor") => Ok("cooperative-sticky".to_owned()),
        _ => Err(settings.invalid(KEY, "there is no such class")),
    };
    list.split(',').map(name).collect()
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

    #[test]
    fn differing_groups_are_named_in_javas_order() {
        let order = |a: &'static str, b: &'static str| {
            let mut ids = [a, b];
            ids.sort_by_key(|id| java_bucket(id));
            ids
        };
        assert_eq!(order("filed", "other"), ["other", "filed"]);
        assert_eq!(order("h", "g"), ["g", "h"]);
    }
}
