//! From the console producer's options to what a producer and a line reader need, in Kafka's order of checks.

use crate::cli::config::{InvalidSetting, Properties};
use crate::cli::context::{Context, Register};
use crate::cli::error::Failure;
use crate::cli::format::LineReader;
use crate::cli::parse::Parsed;
use crate::cli::target;
use crate::client::{Acks, Codec, Partitioner, ProducerConfig, TRANSACTION_TIMEOUT_MS};
use crate::types::PartitionId;

const LINE_READER: &str = "org.apache.kafka.tools.LineMessageReader";
const DEFAULT: &str = "org.apache.kafka.clients.producer.internals.DefaultPartitioner";
const UNIFORM_STICKY: &str = "org.apache.kafka.clients.producer.UniformStickyPartitioner";
const ROUND_ROBIN: &str = "org.apache.kafka.clients.producer.RoundRobinPartitioner";
const INT_MAX: i64 = i32::MAX as i64;

/// Everything that the options ask for.
pub(super) struct Request {
    pub(super) topic: String,
    pub(super) partition: Option<PartitionId>,
    pub(super) reader: LineReader,
    pub(super) producer: ProducerConfig,
    /// Each record is stored before the next is read.
    pub(super) sync: bool,
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        check_arguments(context.register, parsed)?;
        note_deprecated(context, parsed)?;
        let settings = settings(parsed)?;
        let reader_settings = reader_settings(parsed)?;
        Ok(Request {
            topic: reader_settings.text("topic").unwrap_or_default().into_owned(),
            partition: parsed.number("partition")?.map(PartitionId),
            reader: LineReader::new(&reader_settings).map_err(|error| Failure::logged(error.to_string()))?,
            producer: producer_config(context.register, &settings)?,
            sync: parsed.has("sync"),
        })
    }
}

fn check_arguments(register: Register, parsed: &Parsed) -> Result<(), Failure> {
    if !parsed.has("topic") {
        return Err(Failure::usage("Missing required argument \"[topic]\"")
            .with_hint("kt topics --list shows the topics; produce makes a new one"));
    }
    for (new, old) in [
        ("command-config", "producer.config"),
        ("command-property", "producer-property"),
        ("reader-property", "property"),
    ] {
        if parsed.has(new) && parsed.has(old) {
            return Err(Failure::usage(format!("Options --{new} and --{old} cannot be specified together.")));
        }
    }
    // Kafka says what is deprecated before it looks at the address, on another stream: the order can't be seen.
    match parsed.bytes("bootstrap-server")? {
        Some(server) if target::is_directory(server) => Ok(()),
        Some(server) if !server.is_empty() => {
            if target::is_host_port_list(&server.to_string_lossy()) {
                Ok(())
            } else {
                Err(Failure::with_blank("Please provide valid host:port like host1:9091,host2:9092"))
            }
        }
        _ if register == Register::Kafka && !parsed.has("data-dir") => {
            Err(Failure::with_blank("Error while validating the bootstrap address"))
        }
        _ => Ok(()),
    }
}

fn note_deprecated(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    for (old, removal, new) in [
        ("producer-property", "in a future version", "command-property"),
        ("producer.config", "in a future version", "command-config"),
        ("property", "in a future version", "reader-property"),
        ("max-partition-memory-bytes", "in Apache Kafka 5.0", "batch-size"),
    ] {
        if parsed.has(old) {
            context.note(&format!(
                "Warning: --{old} is deprecated and will be removed {removal}. Use --{new} instead."
            ))?;
        }
    }
    Ok(())
}

/// Producer settings: the file, over it the properties, over them the options that were given, under all the options' defaults.
fn settings(parsed: &Parsed) -> Result<Properties, Failure> {
    let mut settings = load(parsed, &["command-config", "producer.config"])?;
    for word in parsed.all("command-property").chain(parsed.all("producer-property")) {
        settings.add_word(word);
    }
    // Ints and longs are told apart by the option parser already.
    let numbers = [
        ("linger.ms", parsed.number::<i64>("timeout")?, Some(1_000)),
        ("batch.size", parsed.number::<i32>("batch-size")?.map(i64::from), None),
        ("batch.size", parsed.number::<i32>("max-partition-memory-bytes")?.map(i64::from), None),
        ("retries", parsed.number::<i32>("message-send-max-retries")?.map(i64::from), Some(3)),
        ("retry.backoff.ms", parsed.number::<i64>("retry-backoff-ms")?, Some(100)),
        ("request.timeout.ms", parsed.number::<i32>("request-timeout-ms")?.map(i64::from), Some(1_500)),
        ("metadata.max.age.ms", parsed.number::<i64>("metadata-expiry-ms")?, Some(300_000)),
        ("max.block.ms", parsed.number::<i64>("max-block-ms")?, Some(60_000)),
        ("buffer.memory", parsed.number::<i64>("max-memory-bytes")?, Some(33_554_432)),
        ("send.buffer.bytes", parsed.number::<i32>("socket-buffer-size")?.map(i64::from), Some(102_400)),
    ];
    for (key, given, default) in numbers {
        match (given, default) {
            (Some(number), _) => settings.set(key, number.to_string()),
            (None, Some(number)) => settings.set_default(key, number.to_string()),
            (None, None) => {}
        }
    }
    if let Some(acks) = parsed.text("request-required-acks")? {
        settings.set("acks", acks.into_owned());
    }
    // Only the option counts; without its argument, or with an empty one, it means gzip.
    let codec = match parsed.text("compression-codec")? {
        Some(codec) if !codec.is_empty() => codec.into_owned(),
        _ if parsed.has("compression-codec") => "gzip".to_owned(),
        _ => "none".to_owned(),
    };
    settings.set("compression.type", codec);
    Ok(settings)
}

/// Settings of the line reader: the file, the topic, over them the properties.
fn reader_settings(parsed: &Parsed) -> Result<Properties, Failure> {
    if let Some(class) = parsed.text("line-reader")?
        && class != LINE_READER
    {
        return Err(Failure::logged(format!("there is no line reader '{class}', only {LINE_READER}")));
    }
    let mut settings = load(parsed, &["reader-config"])?;
    if let Some(topic) = parsed.text("topic")? {
        settings.set("topic", topic.into_owned());
    }
    for word in parsed.all("reader-property").chain(parsed.all("property")) {
        settings.add_word(word);
    }
    Ok(settings)
}

/// The properties of the file that the first option given names.
fn load(parsed: &Parsed, options: &[&str]) -> Result<Properties, Failure> {
    for option in options {
        if let Some(path) = parsed.bytes(option)? {
            return Properties::load(path).map_err(|error| {
                Failure::logged(format!("can't read '{}': {error}", path.to_string_lossy()))
            });
        }
    }
    Ok(Properties::default())
}

pub(crate) fn producer_config(
    register: Register,
    settings: &Properties,
) -> Result<ProducerConfig, InvalidSetting> {
    for key in ["linger.ms", "retry.backoff.ms", "metadata.max.age.ms", "max.block.ms", "buffer.memory"] {
        settings.number(key, 0, i64::MAX)?;
    }
    for key in ["retries", "request.timeout.ms", "delivery.timeout.ms"] {
        settings.number(key, 0, INT_MAX)?;
    }
    for key in ["send.buffer.bytes", "receive.buffer.bytes"] {
        settings.number(key, -1, INT_MAX)?;
    }
    let acks = match settings.text("acks").as_deref().map(str::trim) {
        None | Some("all" | "-1") => Acks::All,
        Some("1") => Acks::Leader,
        Some("0") => Acks::None,
        Some(_) => return Err(settings.invalid("acks", "it is all, -1, 0 or 1")),
    };
    if settings.switch("enable.idempotence")? == Some(true) {
        if acks != Acks::All {
            return Err(settings.invalid("acks", "it must be all with enable.idempotence=true"));
        }
        if settings.number("retries", 0, INT_MAX)? == Some(0) {
            return Err(settings.invalid("retries", "it must not be 0 with enable.idempotence=true"));
        }
    }
    let codec = match settings.text("compression.type").as_deref() {
        None | Some("none") => Codec::None,
        Some("gzip") => Codec::Gzip,
        Some("snappy") => Codec::Snappy,
        Some("lz4") => Codec::Lz4,
        Some("zstd") => Codec::Zstd,
        Some(_) => return Err(settings.invalid("compression.type", "it is none, gzip, snappy, lz4 or zstd")),
    };
    let class = settings.text("partitioner.class");
    let partitioner = match (class.as_deref(), register) {
        (Some(ROUND_ROBIN), _) => Partitioner::RoundRobin,
        // Kafka 4 has no names for its built-in partitioner any more; these are the ones it used to have.
        (Some(DEFAULT | UNIFORM_STICKY), Register::Kt) => Partitioner::Sticky,
        (Some(_), _) => return Err(settings.invalid("partitioner.class", "there is no such class")),
        (None, Register::Kafka) => Partitioner::Sticky,
        (None, Register::Kt) => Partitioner::Rotation,
    };
    let bytes = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
    Ok(ProducerConfig {
        acks,
        codec,
        partitioner,
        ignore_keys: settings
            .switch("partitioner.ignore.keys")?
            .unwrap_or(class.as_deref() == Some(UNIFORM_STICKY)),
        batch_size_bytes: bytes(settings.number("batch.size", 0, INT_MAX)?),
        max_request_size_bytes: bytes(settings.number("max.request.size", 0, INT_MAX)?).unwrap_or(
            match register {
                Register::Kafka => 1_048_576,
                // There is no request: what the topic's max.message.bytes allows is taken.
                Register::Kt => usize::MAX,
            },
        ),
        idempotent: false,
        transactional_id: None,
        transaction_timeout_ms: TRANSACTION_TIMEOUT_MS,
        receipts: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<ProducerConfig, InvalidSetting> {
        producer_config(Register::Kafka, &Properties::parse(text.as_bytes()))
    }

    #[test]
    fn settings_are_taken_as_kafkas_producer_takes_them() {
        let default = config("").unwrap();
        assert_eq!((default.acks, default.codec), (Acks::All, Codec::None));
        assert_eq!((default.partitioner, default.max_request_size_bytes), (Partitioner::Sticky, 1_048_576));
        let config = config("acks=1\nbatch.size=7\npartitioner.ignore.keys=true\nno.such.setting=1").unwrap();
        assert_eq!((config.acks, config.batch_size_bytes, config.ignore_keys), (Acks::Leader, Some(7), true));
    }

    #[test]
    fn settings_that_kafka_refuses_are_refused() {
        for text in [
            "acks=2",
            "acks=ALL",
            "batch.size=-1",
            "linger.ms=-1",
            "retries=-1",
            "compression.type=GZIP",
            "partitioner.class=NoSuch",
            "acks=1\nenable.idempotence=true",
            "max.request.size=x",
        ] {
            assert!(config(text).is_err(), "{text}");
        }
    }
}
