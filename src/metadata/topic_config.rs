//! `TopicConfig`: the configuration that is in force for a topic on a broker, typed for the log: the topic's own value,
//! else the broker's, else the cluster-wide default, else Kafka's.

use super::image::Image;
use super::record::ConfigKind;
use crate::types::BrokerId;
use crate::types::config::{ConfigValue, TopicConfigDef, topic_config};

/// `compression.type` of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopicCompression {
    /// As the producer sent it.
    Producer,
    Uncompressed,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Whether `message.timestamp.type` is LogAppendTime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimestampPolicy {
    CreateTime,
    LogAppendTime,
}

/// The configuration in force for a topic, as the log needs it. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicConfig {
    /// The size at which a segment is rolled: `internal.segment.bytes`, if set, wins over `segment.bytes`.
    pub(crate) segment_bytes: i32,
    pub(crate) segment_ms: i64,
    pub(crate) segment_jitter_ms: i64,
    pub(crate) segment_index_bytes: i32,
    pub(crate) index_interval_bytes: i32,
    pub(crate) max_message_bytes: i32,
    pub(crate) timestamp_policy: TimestampPolicy,
    pub(crate) timestamp_before_max_ms: i64,
    pub(crate) timestamp_after_max_ms: i64,
    pub(crate) compression: TopicCompression,
    pub(crate) gzip_level: i32,
    pub(crate) lz4_level: i32,
    pub(crate) zstd_level: i32,
    pub(crate) cleanup_compact: bool,
    pub(crate) cleanup_delete: bool,
    /// -1 is no limit; so for the bytes.
    pub(crate) retention_ms: i64,
    pub(crate) retention_bytes: i64,
    pub(crate) delete_retention_ms: i64,
    pub(crate) min_compaction_lag_ms: i64,
    pub(crate) max_compaction_lag_ms: i64,
    pub(crate) min_cleanable_dirty_ratio: f64,
    pub(crate) min_insync_replicas: i32,
    pub(crate) unclean_leader_election: bool,
    pub(crate) file_delete_delay_ms: i64,
    pub(crate) flush_messages: i64,
    pub(crate) flush_ms: i64,
    pub(crate) preallocate: bool,
}

/// Looks values up; one that does not parse gives way to the next place, as damaged metadata must not stop a log.
struct Values<'a> {
    image: &'a Image,
    topic: &'a str,
    broker: String,
}

impl Values<'_> {
    fn raw(&self, def: &TopicConfigDef) -> Option<ConfigValue> {
        let parse = |raw: &str| def.kind.parse(def.name, raw).ok();
        let own = self.image.setting(ConfigKind::TOPIC, self.topic, def.name).and_then(parse);
        own.or_else(|| {
            let name = def.synonyms.first()?.name;
            [self.broker.as_str(), ""]
                .into_iter()
                .find_map(|resource| self.image.setting(ConfigKind::BROKER, resource, name).and_then(parse))
        })
        .or_else(|| def.default.and_then(parse))
    }

    fn value(&self, name: &str) -> Option<ConfigValue> {
        topic_config(name).and_then(|def| self.raw(def))
    }

    /// The fallbacks below are never taken for names of the table that have defaults, which its test checks.
    fn int(&self, name: &str) -> i32 {
        if let Some(ConfigValue::Int(value)) = self.value(name) { value } else { 0 }
    }

    fn long(&self, name: &str) -> i64 {
        if let Some(ConfigValue::Long(value)) = self.value(name) { value } else { 0 }
    }

    fn double(&self, name: &str) -> f64 {
        if let Some(ConfigValue::Double(value)) = self.value(name) { value } else { 0.0 }
    }

    fn boolean(&self, name: &str) -> bool {
        matches!(self.value(name), Some(ConfigValue::Boolean(true)))
    }

    fn text(&self, name: &str) -> String {
        self.value(name).map(|value| value.to_string()).unwrap_or_default()
    }

    fn list(&self, name: &str) -> Vec<String> {
        if let Some(ConfigValue::List(value)) = self.value(name) { value } else { Vec::new() }
    }

    fn segment_bytes(&self) -> i32 {
        match self.value("internal.segment.bytes") {
            Some(ConfigValue::Int(value)) => value,
            _ => self.int("segment.bytes"),
        }
    }

    fn compression(&self) -> TopicCompression {
        match self.text("compression.type").as_str() {
            "uncompressed" => TopicCompression::Uncompressed,
            "gzip" => TopicCompression::Gzip,
            "snappy" => TopicCompression::Snappy,
            "lz4" => TopicCompression::Lz4,
            "zstd" => TopicCompression::Zstd,
            _ => TopicCompression::Producer,
        }
    }
}

impl TopicConfig {
    /// The configuration in force for `topic`, which need not exist, on `broker`.
    pub(crate) fn effective(image: &Image, topic: &str, broker: BrokerId) -> TopicConfig {
        let values = Values { image, topic, broker: broker.to_string() };
        let policies = values.list("cleanup.policy");
        let log_append = values.text("message.timestamp.type") == "LogAppendTime";
        TopicConfig {
            segment_bytes: values.segment_bytes(),
            segment_ms: values.long("segment.ms"),
            segment_jitter_ms: values.long("segment.jitter.ms"),
            segment_index_bytes: values.int("segment.index.bytes"),
            index_interval_bytes: values.int("index.interval.bytes"),
            max_message_bytes: values.int("max.message.bytes"),
            timestamp_policy: if log_append {
                TimestampPolicy::LogAppendTime
            } else {
                TimestampPolicy::CreateTime
            },
            timestamp_before_max_ms: values.long("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: values.long("message.timestamp.after.max.ms"),
            compression: values.compression(),
            gzip_level: values.int("compression.gzip.level"),
            lz4_level: values.int("compression.lz4.level"),
            zstd_level: values.int("compression.zstd.level"),
            cleanup_compact: policies.iter().any(|policy| policy == "compact"),
            cleanup_delete: policies.iter().any(|policy| policy == "delete"),
            retention_ms: values.long("retention.ms"),
            retention_bytes: values.long("retention.bytes"),
            delete_retention_ms: values.long("delete.retention.ms"),
            min_compaction_lag_ms: values.long("min.compaction.lag.ms"),
            max_compaction_lag_ms: values.long("max.compaction.lag.ms"),
            min_cleanable_dirty_ratio: values.double("min.cleanable.dirty.ratio"),
            min_insync_replicas: values.int("min.insync.replicas"),
            unclean_leader_election: values.boolean("unclean.leader.election.enable"),
            file_delete_delay_ms: values.long("file.delete.delay.ms"),
            flush_messages: values.long("flush.messages"),
            flush_ms: values.long("flush.ms"),
            preallocate: values.boolean("preallocate"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{ConfigRecord, Record};
    use super::*;

    fn set(image: &mut Image, kind: ConfigKind, resource: &str, name: &str, value: &str) {
        let (resource, name, value) = (resource.to_owned(), name.to_owned(), Some(value.to_owned()));
        image.replay(Record::Config(ConfigRecord { kind, resource, name, value }));
    }

    #[test]
    fn a_fresh_topic_has_kafkas_defaults() {
        let image = Image::default();
        let config = TopicConfig::effective(&image, "t", BrokerId(1));
        assert_eq!((config.segment_bytes, config.retention_ms), (1_073_741_824, 604_800_000));
        assert_eq!((config.cleanup_compact, config.cleanup_delete), (false, true));
        assert_eq!((config.compression, config.min_insync_replicas), (TopicCompression::Producer, 1));
    }

    #[test]
    fn the_most_specific_place_wins() {
        let mut image = Image::default();
        set(&mut image, ConfigKind::BROKER, "", "log.retention.ms", "70000");
        set(&mut image, ConfigKind::BROKER, "1", "log.retention.ms", "60000");
        let retention =
            |image: &Image, broker| TopicConfig::effective(image, "t", BrokerId(broker)).retention_ms;
        assert_eq!((retention(&image, 1), retention(&image, 2)), (60_000, 70_000));
        set(&mut image, ConfigKind::TOPIC, "t", "retention.ms", " +5");
        assert_eq!(retention(&image, 1), 5);
        // A value that no check would have let in: the next place counts.
        set(&mut image, ConfigKind::TOPIC, "t", "retention.ms", "soon");
        assert_eq!(retention(&image, 1), 60_000);
        set(&mut image, ConfigKind::TOPIC, "t", "internal.segment.bytes", "4096");
        assert_eq!(TopicConfig::effective(&image, "t", BrokerId(1)).segment_bytes, 4096);
    }
}
