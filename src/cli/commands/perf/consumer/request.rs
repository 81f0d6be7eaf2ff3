//! From the options to what is to be measured, in the order in which Kafka's tool finds fault with them.

use crate::cli::commands::consume::{check_address, consumer_config};
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, ParseError};
use crate::cli::java_date::DateFormat;
use crate::cli::java_regex;
use crate::cli::parse::Parsed;
use crate::client::{ConsumerConfig, Subscription};
use std::time::Duration;

const GROUP_NUMBERS: u64 = 100_000;
const DATE_FORMAT: &str = "yyyy-MM-dd HH:mm:ss:SSS";
const TIMEOUT_MS: i64 = 10_000;
const INTERVAL_MS: i64 = 5_000;
const POLL_RECORDS: u64 = 500;

/// Everything that the options ask for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) consumer: ConsumerConfig,
    /// At least so many.
    pub(super) record_count: u64,
    /// So many count as one read.
    pub(super) poll_records: u64,
    /// Given up after this time without a record; negative: at once.
    pub(super) timeout_ms: i64,
    pub(super) interval: Duration,
    pub(super) dates: DateFormat,
    pub(super) is_detailed: bool,
    pub(super) prints_metrics: bool,
}

/// What Kafka's tool checks before it prints anything.
pub(super) fn check_usage(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    if context.is_kafka() && !parsed.has("bootstrap-server") && !parsed.has("data-dir") {
        return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
    }
    for [one, other] in [["topic", "include"], ["messages", "num-records"]] {
        if parsed.which(&[one, other]).len() != 1 {
            let message = format!("Exactly one of the following arguments is required: [{one}], [{other}]");
            return Err(Failure::usage(message));
        }
    }
    if parsed.has("consumer.config") && parsed.has("command-config") {
        let message = "Option \"[consumer.config]\" can't be used with option \"[command-config]\"";
        return Err(Failure::usage(message));
    }
    for (old, new) in [("messages", "num-records"), ("consumer.config", "command-config")] {
        if parsed.has(old) {
            context.note(&format!("Warning: --{old} is deprecated. Use --{new} instead."))?;
        }
    }
    Ok(())
}

impl Request {
    pub(super) fn new(context: &Context, parsed: &Parsed) -> Result<Request, Failure> {
        let mut settings = settings(parsed)?;
        let given = parsed.text("group")?;
        let group = given.as_deref().map_or_else(made_up_group, str::to_owned);
        for (option, key, default) in [
            ("socket-buffer-size", "receive.buffer.bytes", 2 * 1024 * 1024),
            ("fetch-size", "max.partition.fetch.bytes", 1024 * 1024),
        ] {
            settings.set(key, parsed.number::<i32>(option)?.unwrap_or(default).to_string());
        }
        settings.set("auto.offset.reset", if parsed.has("from-latest") { "latest" } else { "earliest" });
        settings.set_default("client.id", "perf-consumer-client");
        check_address(parsed).map_err(|error| blank(error.message()))?;
        if group.trim().is_empty() {
            return Err(Failure::with_blank("Failed to construct kafka consumer")
                .kt_message("a group needs a name that is not empty"));
        }
        // What is read is known only later.
        let subscription = Subscription::Topic(String::new());
        let consumer = consumer_config(subscription, Some(group), &settings);
        let mut consumer = consumer.map_err(|error| blank(&error.to_string()))?;
        consumer.group_is_made_up = given.is_none();
        let largest = i64::from(i32::MAX);
        let poll_records = settings.number("max.poll.records", 1, largest);
        let poll_records = poll_records.map_err(|error| blank(&error.to_string()))?;

        let count = if parsed.has("messages") { "messages" } else { "num-records" };
        let record_count = parsed.number::<i64>(count)?.unwrap_or(0);
        let timeout_ms = timeout_ms(context, parsed)?;
        let interval_ms = parsed.number::<i64>("reporting-interval")?.unwrap_or(INTERVAL_MS);
        let interval_ms = u64::try_from(interval_ms).ok().filter(|&ms| ms > 0);
        let interval_ms = interval_ms.ok_or_else(|| blank("Reporting interval must be greater than 0."))?;
        let pattern = parsed.text("date-format")?.unwrap_or(DATE_FORMAT.into());
        let dates = DateFormat::new(&pattern).map_err(|error| blank(&error.to_string()))?;
        consumer.subscription = subscription_of(parsed)?;
        Ok(Request {
            consumer,
            record_count: u64::try_from(record_count).unwrap_or(0),
            poll_records: poll_records.and_then(|n| u64::try_from(n).ok()).unwrap_or(POLL_RECORDS),
            timeout_ms,
            interval: Duration::from_millis(interval_ms),
            dates,
            is_detailed: parsed.has("show-detailed-stats"),
            prints_metrics: parsed.has("print-metrics"),
        })
    }
}

/// An exception that the tool prints with its stack.
pub(super) fn blank(message: &str) -> Failure {
    Failure::with_blank(message)
}

/// Consumer settings: the file, over it the properties.
fn settings(parsed: &Parsed) -> Result<Properties, Failure> {
    let mut settings = Properties::default();
    for option in ["command-config", "consumer.config"] {
        if let Some(path) = parsed.bytes(option)? {
            settings = Properties::load(path).map_err(|error| {
                let name = path.to_string_lossy();
                blank(&name).kt_message(format!("can't read '{name}': {error}"))
            })?;
        }
    }
    parsed.all("command-property").for_each(|word| settings.add_word(word));
    Ok(settings)
}

fn made_up_group() -> String {
    let bytes = crate::types::Uuid::random().0;
    let number = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)) % GROUP_NUMBERS;
    format!("perf-consumer-{number}")
}

/// Kafka's parser doesn't take a next word that is no number for the argument, and goes on without one.
fn timeout_ms(context: &Context, parsed: &Parsed) -> Result<i64, Failure> {
    let given = parsed.text("timeout")?;
    let Some(text) = given else { return Ok(TIMEOUT_MS) };
    match text.parse() {
        Ok(timeout_ms) => Ok(timeout_ms),
        Err(_) if context.is_kafka() && context.arguments.iter().any(|word| **word == *text) => {
            Ok(TIMEOUT_MS)
        }
        Err(_) => {
            let error = ParseError::Unreadable { name: "timeout".to_owned(), argument: text.into_owned() };
            Err(Failure::with_empty_line(error))
        }
    }
}

fn subscription_of(parsed: &Parsed) -> Result<Subscription, Failure> {
    match parsed.text("include")? {
        Some(pattern) => match java_regex::whole(&pattern) {
            Ok(pattern) => Ok(Subscription::Pattern(pattern)),
            Err(error) => Err(blank(&error.to_string())),
        },
        None => Ok(Subscription::Topic(parsed.text("topic")?.unwrap_or_default().into_owned())),
    }
}
