//! From the console share consumer's options to what a consumer and a formatter need, in Kafka's order of checks.

use crate::cli::commands::consume::formatting::formatter;
use crate::cli::commands::consume::settings::{self, check_address, check_options, note};
use crate::cli::config::{InvalidSetting, Properties};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::format::Formatter;
use crate::cli::parse::Parsed;
use crate::client::{Acknowledge, ShareConsumerConfig};
use std::borrow::Cow;
use std::time::Duration;

/// The old name of `--command-config`.
const OLD_CONFIG: &str = "consumer-config";
const DEFAULT_GROUP: &str = "console-share-consumer";

/// Settings of consumers that mean nothing in a share group.
const NOT_FOR_SHARE_GROUPS: [&str; 10] = [
    "auto.offset.reset",
    "enable.auto.commit",
    "group.instance.id",
    "isolation.level",
    "partition.assignment.strategy",
    "interceptor.classes",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "group.protocol",
    "group.remote.assignor",
];

/// Everything that the options ask for, but the number of messages: Kafka reads that one only when it runs.
pub(super) struct Request {
    pub(super) consumer: ShareConsumerConfig,
    pub(super) formatter: Formatter,
    /// What is said of each record.
    pub(super) acknowledge: Acknowledge,
    /// Ends the run after this time without a record.
    pub(super) timeout: Option<Duration>,
    pub(super) rejects_on_error: bool,
    pub(super) prints_events: bool,
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        check(context, parsed)?;
        check_options(context.register, parsed, OLD_CONFIG)?;
        note(context, parsed, "consumer-property", "command-property")?;
        note(context, parsed, OLD_CONFIG, "command-config")?;
        let settings = settings::settings(parsed, OLD_CONFIG)?;
        let group = settings::group(parsed, &settings, OLD_CONFIG)?;
        let formatter = formatter(context, parsed)?;
        // From here on Kafka leaves errors to its log.
        let logged = |failure: Failure| Failure::logged(failure.message());
        let timeout = parsed.number::<i32>("timeout-ms").map_err(logged)?;
        let topic = parsed.text("topic").map_err(logged)?.map(Cow::into_owned).unwrap_or_default();
        check_address(parsed)?;
        let consumer = consumer_config(topic, group, &settings)?;
        Ok(Request {
            consumer,
            formatter,
            acknowledge: acknowledge(parsed),
            timeout: timeout.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis),
            rejects_on_error: parsed.has("reject-message-on-error"),
            prints_events: parsed.has("enable-systest-events"),
        })
    }
}

/// What must be given, and what goes not together.
fn check(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    if !parsed.has("topic") {
        return Err(Failure::usage("--topic is a required argument"));
    }
    let names_cluster = parsed.has("bootstrap-server") || parsed.has("data-dir");
    if context.is_kafka() && !names_cluster {
        return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
    }
    if parsed.has("release") && parsed.has("reject") {
        return Err(Failure::usage("At most one of --reject and --release may be specified."));
    }
    Ok(())
}

fn acknowledge(parsed: &Parsed) -> Acknowledge {
    if parsed.has("release") {
        Acknowledge::Release
    } else if parsed.has("reject") {
        Acknowledge::Reject
    } else {
        Acknowledge::Accept
    }
}

fn consumer_config(
    topic: String,
    group: Option<String>,
    settings: &Properties,
) -> Result<ShareConsumerConfig, Failure> {
    if let Some(key) = NOT_FOR_SHARE_GROUPS.into_iter().find(|key| settings.get(key).is_some()) {
        return Err(Failure::logged(format!("{key} cannot be set when using a share group.")));
    }
    if topic.trim().is_empty() {
        return Err(Failure::logged("Topic collection to subscribe to cannot contain null or empty topic"));
    }
    let group = group.unwrap_or_else(|| DEFAULT_GROUP.to_owned());
    if group.is_empty() {
        return Err(Failure::logged("You must provide a valid group.id in the consumer configuration."));
    }
    if let Some(mode) = settings.text("share.acquire.mode")
        && !matches!(mode.trim(), "batch_optimized" | "record_limit")
    {
        let why = "it is batch_optimized or record_limit";
        return Err(settings.invalid("share.acquire.mode", why).into());
    }
    Ok(ShareConsumerConfig {
        group,
        topic,
        client_id: settings.text("client.id").map_or_else(|| DEFAULT_GROUP.to_owned(), Into::into),
        create_topics: settings.switch("allow.auto.create.topics")?.unwrap_or(true),
        poll_records_max: poll_records_max(settings)?,
    })
}

fn poll_records_max(settings: &Properties) -> Result<i32, InvalidSetting> {
    let number = settings.number("max.poll.records", 1, i64::from(i32::MAX))?;
    Ok(number.and_then(|number| i32::try_from(number).ok()).unwrap_or(500))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<ShareConsumerConfig, Failure> {
        consumer_config("t".to_owned(), None, &Properties::parse(text.as_bytes()))
    }

    #[test]
    fn settings_are_taken_as_kafkas_share_consumer_takes_them() {
        let plain = config("").unwrap();
        assert_eq!((plain.group.as_str(), plain.client_id.as_str()), (DEFAULT_GROUP, DEFAULT_GROUP));
        assert_eq!((plain.poll_records_max, plain.create_topics), (500, true));
        assert_eq!(config("max.poll.records=1\nclient.id=me").unwrap().poll_records_max, 1);
        let refused = config("enable.auto.commit=false").unwrap_err();
        assert_eq!(refused.message(), "enable.auto.commit cannot be set when using a share group.");
        for bad in ["max.poll.records=0", "max.poll.records=x", "share.acquire.mode=none"] {
            assert!(config(bad).is_err(), "{bad}");
        }
    }
}
