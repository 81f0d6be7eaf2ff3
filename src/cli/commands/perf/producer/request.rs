//! From the options to what is to be measured, in the order in which Kafka's tool finds fault with them.

use super::options::SYNOPSIS;
use super::payload::Payload;
use crate::cli::argparse::Kind;
use crate::cli::commands::produce::producer_config;
use crate::cli::config::{InvalidSetting, Properties};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::{ProducerConfig, TRANSACTION_TIMEOUT_MS};
use crate::types::{Uuid, java};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

const PAYLOADS: [&str; 3] = ["record-size", "payload-file", "payload-monotonic"];
const DEFAULT_DURATION_MS: u64 = 3_000;

/// Everything that the options ask for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) topic: String,
    pub(super) record_count: u64,
    /// Records per second; negative: no limit.
    pub(super) throughput: f64,
    pub(super) payload: Payload,
    pub(super) warmup_records: u64,
    pub(super) interval: Duration,
    pub(super) print_metrics: bool,
    pub(super) producer: ProducerConfig,
    /// How long each transaction takes; `None`: there are none.
    pub(super) transaction: Option<Duration>,
    /// The servers' addresses, wherever they stood.
    pub(super) servers: Option<OsString>,
    pub(super) client_id: String,
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        check_types(parsed)?;
        check_presence(parsed)?;
        let record_count = positive(parsed, "num-records")?;
        let warmup_records = integer(parsed, "warmup-records")?.map_or(0, |n| u64::try_from(n).unwrap_or(0));
        if warmup_records >= record_count {
            return Err(SYNOPSIS.refuse(
                "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.",
            ));
        }
        for name in ["record-size", "reporting-interval", "transaction-duration-ms"] {
            positive(parsed, name)?;
        }
        check_sources(context, parsed)?;
        let payload = payload(context, parsed)?;
        note_deprecated(context, parsed)?;
        let settings = settings(parsed)?;
        let (producer, transaction) = producer(context, parsed, &settings)?;
        Ok(Request {
            topic: parsed.text("topic")?.unwrap_or_default().into_owned(),
            record_count,
            throughput: parsed.text("throughput")?.and_then(|text| java::parse_double(&text)).unwrap_or(-1.0),
            payload,
            warmup_records,
            interval: Duration::from_millis(if parsed.has("reporting-interval") {
                positive(parsed, "reporting-interval")?
            } else {
                5_000
            }),
            print_metrics: parsed.has("print-metrics"),
            producer,
            transaction,
            servers: parsed
                .bytes("bootstrap-server")?
                .map(OsString::from)
                .or_else(|| settings.text("bootstrap.servers").map(|list| list.into_owned().into())),
            client_id: settings
                .text("client.id")
                .map_or("perf-producer-client".to_owned(), |id| id.into_owned()),
        })
    }
}

/// Numbers, and what excludes one another.
fn check_types(parsed: &Parsed) -> Result<(), Failure> {
    SYNOPSIS.check_kinds(
        parsed,
        &[
            ("num-records", Kind::Long),
            ("throughput", Kind::Double),
            ("record-size", Kind::Integer),
            ("transaction-duration-ms", Kind::Long),
            ("warmup-records", Kind::Long),
            ("reporting-interval", Kind::Long),
        ],
    )?;
    let mut payload = None;
    for (name, _) in parsed.in_order(&PAYLOADS) {
        match payload.replace(name) {
            Some(other) if other != name => {
                let message = format!("argument --{name}: not allowed with argument --{other}");
                return Err(SYNOPSIS.refuse(message));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_presence(parsed: &Parsed) -> Result<(), Failure> {
    for name in ["throughput", "num-records", "topic"] {
        if !parsed.has(name) {
            return Err(SYNOPSIS.refuse(format!("argument --{name} is required")));
        }
    }
    if parsed.which(&PAYLOADS).is_empty() {
        return Err(SYNOPSIS
            .refuse("one of the arguments --record-size --payload-file --payload-monotonic is required"));
    }
    Ok(())
}

/// The last value of an option, as argparse takes it.
fn integer(parsed: &Parsed, name: &str) -> Result<Option<i64>, Failure> {
    Ok(parsed.texts(name).last().and_then(|text| text.parse().ok()))
}

/// A number that must be greater than zero where it is given; 0 where it isn't.
fn positive(parsed: &Parsed, name: &str) -> Result<u64, Failure> {
    match integer(parsed, name)? {
        None => Ok(0),
        Some(number) => u64::try_from(number)
            .ok()
            .filter(|&number| number > 0)
            .ok_or_else(|| SYNOPSIS.refuse(format!("--{name} should be greater than zero."))),
    }
}

fn check_sources(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    let sources =
        ["bootstrap-server", "command-property", "producer-props", "producer.config", "command-config"];
    if context.is_kafka() && !parsed.has("data-dir") && parsed.which(&sources).is_empty() {
        return Err(SYNOPSIS.refuse(
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config must be specified.",
        ));
    }
    for (new, old) in [("command-property", "producer-props"), ("command-config", "producer.config")] {
        if parsed.has(new) && parsed.has(old) {
            return Err(SYNOPSIS.refuse(format!("--{new} and --{old} cannot be specified together.")));
        }
    }
    Ok(())
}

fn payload(context: &mut Context, parsed: &Parsed) -> Result<Payload, Failure> {
    if let Some(path) = parsed.bytes("payload-file")? {
        let path = std::path::absolute(Path::new(path)).unwrap_or_else(|_| path.into());
        context.note(&format!("Reading payloads from: {}", path.display()))?;
        let delimiter = parsed.text("payload-delimiter")?.unwrap_or("\\n".into());
        let payload = Payload::file(&path, &delimiter)?;
        context.note(&format!("Number of records read: {}", payload.piece_count()))?;
        return Ok(payload);
    }
    match integer(parsed, "record-size")? {
        Some(size) => Ok(Payload::letters(usize::try_from(size).unwrap_or(0))),
        None => Ok(Payload::numbers()),
    }
}

fn note_deprecated(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    for (old, new) in [("producer-props", "command-property"), ("producer.config", "command-config")] {
        if parsed.has(old) {
            context.note(&format!(
                "Option --{old} has been deprecated and will be removed in a future version. Use --{new} instead."
            ))?;
        }
    }
    Ok(())
}

/// Producer settings: the file, over it the properties.
fn settings(parsed: &Parsed) -> Result<Properties, Failure> {
    let mut settings = Properties::default();
    for option in ["command-config", "producer.config"] {
        if let Some(path) = parsed.bytes(option)? {
            settings = Properties::load(path).map_err(|error| {
                let name = path.to_string_lossy();
                Failure::uncaught("java.nio.file.NoSuchFileException", name.clone())
                    .kt_message(format!("can't read '{name}': {error}"))
            })?;
        }
    }
    for word in parsed.all("command-property").chain(parsed.all("producer-props")) {
        if !word.to_string_lossy().contains('=') {
            let message = format!("Invalid property: {}", word.to_string_lossy());
            return Err(Failure::uncaught("java.lang.IllegalArgumentException", message));
        }
        settings.add_word(word);
    }
    Ok(settings)
}

/// The producer's settings, and how long a transaction takes if there are to be any.
fn producer(
    context: &Context,
    parsed: &Parsed,
    settings: &Properties,
) -> Result<(ProducerConfig, Option<Duration>), Failure> {
    let mut config = producer_config(context.register, settings)?;
    let timeout = settings.number("transaction.timeout.ms", 0, i64::from(i32::MAX))?;
    config.transaction_timeout_ms =
        timeout.and_then(|ms| i32::try_from(ms).ok()).unwrap_or(TRANSACTION_TIMEOUT_MS);
    let given = parsed.text("transactional-id")?.or_else(|| settings.text("transactional.id"));
    let duration = positive(parsed, "transaction-duration-ms")?;
    if given.is_none() && duration == 0 {
        return Ok((config, None));
    }
    if config.acks != crate::client::Acks::All {
        return Err(without_idempotence());
    }
    let id = given.map_or_else(|| format!("performance-producer-{}", Uuid::random()), |id| id.into_owned());
    if id.is_empty() {
        let empty = InvalidSetting { key: "transactional.id".to_owned(), value: id, why: "it is empty" };
        return Err(empty.into());
    }
    config.transactional_id = Some(id);
    let duration = if duration == 0 { DEFAULT_DURATION_MS } else { duration };
    Ok((config, Some(Duration::from_millis(duration))))
}

fn without_idempotence() -> Failure {
    Failure::uncaught(
        "org.apache.kafka.common.config.ConfigException",
        "Cannot set a transactional.id without also enabling idempotence.",
    )
    .kt_message("transactions need acks=all")
}
