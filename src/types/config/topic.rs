//! The configurations of topics (a table, exempt from the limit on lines): type, default, and the names that they have
//! as defaults of a broker.

use super::value::{ConfigType, ConfigValue};
use std::collections::BTreeMap;

/// A broker's configuration that a topic falls back to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Synonym {
    pub(crate) name: &'static str,
    /// Its default; `None` where the next synonym in the list decides.
    pub(crate) default: Option<&'static str>,
}

/// A configuration of topics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TopicConfigDef {
    pub(crate) name: &'static str,
    pub(crate) kind: ConfigType,
    /// `None`: there is no value, and it is not listed, until one is set.
    pub(crate) default: Option<&'static str>,
    /// The broker's configurations; the first one is the one that can be changed while a broker runs.
    pub(crate) synonyms: &'static [Synonym],
}

/// The words of `cleanup.policy`.
const POLICIES: &[&str] = &["compact", "delete"];
const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];
const TIMESTAMP_TYPES: &[&str] = &["CreateTime", "LogAppendTime"];
const NEVER: &str = "9223372036854775807";
const WEEK: &str = "604800000";

const fn int(min: i32) -> ConfigType {
    ConfigType::Int { min, max: i32::MAX }
}

const fn long(min: i64) -> ConfigType {
    ConfigType::Long { min }
}

/// A configuration that no broker's stands behind.
const fn own(name: &'static str, kind: ConfigType, default: Option<&'static str>) -> TopicConfigDef {
    TopicConfigDef { name, kind, default, synonyms: &[] }
}

macro_rules! row {
    ($name:literal, $kind:expr, $default:expr, $broker:literal) => {
        TopicConfigDef {
            name: $name,
            kind: $kind,
            default: Some($default),
            synonyms: &[Synonym { name: $broker, default: Some($default) }],
        }
    };
    ($name:literal, $kind:expr, $default:expr, [$(($broker:literal, $fallback:expr)),*]) => {
        TopicConfigDef {
            name: $name,
            kind: $kind,
            default: Some($default),
            synonyms: &[$(Synonym { name: $broker, default: $fallback }),*],
        }
    };
}

/// In the order in which Kafka checks them.
static TOPIC_CONFIGS: [TopicConfigDef; 34] = [
    row!("segment.bytes", int(1_048_576), "1073741824", "log.segment.bytes"),
    row!("segment.ms", long(1), WEEK, [("log.roll.ms", None), ("log.roll.hours", Some("168"))]),
    row!(
        "segment.jitter.ms",
        long(0),
        "0",
        [("log.roll.jitter.ms", None), ("log.roll.jitter.hours", Some("0"))]
    ),
    row!("segment.index.bytes", int(4), "10485760", "log.index.size.max.bytes"),
    row!("flush.messages", long(1), NEVER, "log.flush.interval.messages"),
    row!(
        "flush.ms",
        long(0),
        NEVER,
        [("log.flush.interval.ms", None), ("log.flush.scheduler.interval.ms", Some(NEVER))]
    ),
    row!("retention.bytes", long(i64::MIN), "-1", "log.retention.bytes"),
    row!(
        "retention.ms",
        long(-1),
        WEEK,
        [("log.retention.ms", None), ("log.retention.minutes", None), ("log.retention.hours", Some("168"))]
    ),
    row!("max.message.bytes", int(0), "1048588", "message.max.bytes"),
    row!("index.interval.bytes", int(0), "4096", "log.index.interval.bytes"),
    row!("delete.retention.ms", long(0), "86400000", "log.cleaner.delete.retention.ms"),
    row!("min.compaction.lag.ms", long(0), "0", "log.cleaner.min.compaction.lag.ms"),
    row!("max.compaction.lag.ms", long(1), NEVER, "log.cleaner.max.compaction.lag.ms"),
    row!("file.delete.delay.ms", long(0), "60000", "log.segment.delete.delay.ms"),
    row!(
        "min.cleanable.dirty.ratio",
        ConfigType::Double { min: 0.0, max: 1.0 },
        "0.5",
        "log.cleaner.min.cleanable.ratio"
    ),
    row!("cleanup.policy", ConfigType::ListOf(POLICIES), "delete", "log.cleanup.policy"),
    row!("unclean.leader.election.enable", ConfigType::Boolean, "false", "unclean.leader.election.enable"),
    row!("min.insync.replicas", int(1), "1", "min.insync.replicas"),
    row!("compression.type", ConfigType::OneOf(CODECS), "producer", "compression.type"),
    row!("compression.gzip.level", ConfigType::GzipLevel, "-1", "compression.gzip.level"),
    row!("compression.lz4.level", ConfigType::Int { min: 1, max: 17 }, "9", "compression.lz4.level"),
    row!("compression.zstd.level", ConfigType::Int { min: -131_072, max: 22 }, "3", "compression.zstd.level"),
    row!("preallocate", ConfigType::Boolean, "false", "log.preallocate"),
    row!(
        "message.timestamp.type",
        ConfigType::OneOf(TIMESTAMP_TYPES),
        "CreateTime",
        "log.message.timestamp.type"
    ),
    row!("message.timestamp.before.max.ms", long(0), NEVER, "log.message.timestamp.before.max.ms"),
    row!("message.timestamp.after.max.ms", long(0), "3600000", "log.message.timestamp.after.max.ms"),
    own("leader.replication.throttled.replicas", ConfigType::ThrottledReplicas, Some("")),
    own("follower.replication.throttled.replicas", ConfigType::ThrottledReplicas, Some("")),
    own("remote.storage.enable", ConfigType::Boolean, Some("false")),
    row!("local.retention.ms", long(-2), "-2", "log.local.retention.ms"),
    row!("local.retention.bytes", long(-2), "-2", "log.local.retention.bytes"),
    own("remote.log.copy.disable", ConfigType::Boolean, Some("false")),
    own("remote.log.delete.on.disable", ConfigType::Boolean, Some("false")),
    own("internal.segment.bytes", int(i32::MIN), None),
];

/// All configurations of topics, in the order in which Kafka checks them.
pub(crate) fn topic_configs() -> &'static [TopicConfigDef] {
    &TOPIC_CONFIGS
}

pub(crate) fn topic_config(name: &str) -> Option<&'static TopicConfigDef> {
    TOPIC_CONFIGS.iter().find(|def| def.name == name)
}

/// Checks the settings of a topic, as Kafka's tool and its controller both do. The error is Kafka's sentence.
pub(crate) fn validate_topic_configs(settings: &BTreeMap<String, String>) -> Result<(), String> {
    if let Some(name) = settings.keys().find(|name| topic_config(name).is_none()) {
        return Err(format!("Unknown topic config name: {name}"));
    }
    let mut values = Vec::with_capacity(settings.len());
    for def in &TOPIC_CONFIGS {
        if let Some(raw) = settings.get(def.name) {
            let value = def.kind.parse(def.name, raw)?;
            def.kind.check(def.name, &value)?;
            values.push((def.name, value));
        }
    }
    check_compaction_lags(&values)
}

fn check_compaction_lags(values: &[(&str, ConfigValue)]) -> Result<(), String> {
    let lag = |name, default| match values.iter().find(|(key, _)| *key == name) {
        Some((_, ConfigValue::Long(lag))) => *lag,
        _ => default,
    };
    let (min, max) = (lag("min.compaction.lag.ms", 0), lag("max.compaction.lag.ms", i64::MAX));
    if min > max {
        return Err(format!(
            "conflict topic config setting min.compaction.lag.ms ({min}) > max.compaction.lag.ms ({max})"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<(), String> {
        validate_topic_configs(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn every_default_is_a_valid_value_of_its_own_type() {
        for def in topic_configs() {
            let Some(default) = def.default else { continue };
            let value = def.kind.parse(def.name, default).unwrap();
            assert_eq!(value.to_string(), default, "{}", def.name);
            assert_eq!(check(def.name, default), Ok(()), "{}", def.name);
        }
    }

    #[test]
    fn bad_values_are_refused_in_kafkas_words() {
        for (name, value, why) in [
            (
                "cleanup.policy",
                "none",
                "Invalid value none for configuration cleanup.policy: String must be one of: compact, delete",
            ),
            ("cleanup.policy", "delete,", "Configuration 'cleanup.policy' values must not be empty."),
            (
                "compression.gzip.level",
                "0",
                "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1",
            ),
            (
                "compression.lz4.level",
                "18",
                "Invalid value 18 for configuration compression.lz4.level: Value must be no more than 17",
            ),
            (
                "compression.type",
                "GZIP",
                "Invalid value GZIP for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer",
            ),
            (
                "min.cleanable.dirty.ratio",
                "1.1",
                "Invalid value 1.1 for configuration min.cleanable.dirty.ratio: Value must be no more than 1",
            ),
            (
                "min.cleanable.dirty.ratio",
                "x",
                "Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE",
            ),
            (
                "preallocate",
                "x",
                "Invalid value x for configuration preallocate: Expected value to be either true or false",
            ),
            (
                "retention.ms",
                "5L",
                "Invalid value 5L for configuration retention.ms: Not a number of type LONG",
            ),
            (
                "segment.bytes",
                "3000000000",
                "Invalid value 3000000000 for configuration segment.bytes: Not a number of type INT",
            ),
            (
                "segment.bytes",
                "1",
                "Invalid value 1 for configuration segment.bytes: Value must be at least 1048576",
            ),
            ("message.format.version", "2.0", "Unknown topic config name: message.format.version"),
            (
                "leader.replication.throttled.replicas",
                "*,1:2",
                "Invalid value [*, 1:2] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
            ),
        ] {
            assert_eq!(check(name, value), Err(why.to_owned()));
        }
    }

    #[test]
    fn values_are_as_lenient_as_javas() {
        for (name, value) in [
            ("cleanup.policy", ""),
            ("cleanup.policy", " compact , delete"),
            ("retention.ms", " +5 "),
            ("retention.bytes", "-5"),
            ("preallocate", " TRUE "),
            ("min.cleanable.dirty.ratio", "NaN"),
            ("min.cleanable.dirty.ratio", "0.5d"),
            ("follower.replication.throttled.replicas", "1:2, 3:4"),
            ("internal.segment.bytes", "1"),
        ] {
            assert_eq!(check(name, value), Ok(()), "{name}={value}");
        }
    }

    #[test]
    fn a_compaction_lag_has_its_least_below_its_most() {
        let settings = [("max.compaction.lag.ms", "1"), ("min.compaction.lag.ms", "2")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            validate_topic_configs(&settings.into()),
            Err("conflict topic config setting min.compaction.lag.ms (2) > max.compaction.lag.ms (1)"
                .to_owned())
        );
    }
}
