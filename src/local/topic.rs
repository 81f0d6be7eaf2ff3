//! `OpenTopic`: a topic as the metadata has it, with the settings in force; and the files of new and deleted ones.

use super::broker::Broker;
use super::error::Result;
use super::paths;
use crate::client::Codec;
use crate::disk;
use crate::log::{self, BatchHeader, CleanerConfig, Gaps, LeaderEpochs, LogConfig, Retention};
use crate::metadata::{Image, TimestampPolicy, TopicCompression, TopicConfig};
use crate::record::{BatchBuilder, Compression};
use crate::types::{BrokerId, LeaderEpoch, Offset, PartitionId, TimestampMs, TimestampType, TopicName, Uuid};
use std::path::Path;

/// A topic, opened.
#[derive(Clone, Debug)]
pub(super) struct OpenTopic {
    pub(super) name: TopicName,
    pub(super) id: Uuid,
    /// In order, with the epoch of each one's leader.
    pub(super) partitions: Vec<(PartitionId, LeaderEpoch)>,
    /// The smallest number of in-sync replicas that a partition has.
    pub(super) in_sync: usize,
    pub(super) config: TopicSettings,
}

/// The settings that bear on producing and reading.
#[derive(Clone, Debug)]
pub(super) struct TopicSettings {
    pub(super) log: LogConfig,
    pub(super) max_message_bytes: usize,
    pub(super) log_append_time: bool,
    pub(super) min_insync_replicas: usize,
    before_max_ms: i64,
    after_max_ms: i64,
    compacted: bool,
    deletes: bool,
    pub(super) retention: Retention,
    pub(super) cleaner: CleanerConfig,
    /// `None` keeps the producer's codec.
    compression: Option<Compression>,
    /// The level that the topic sets for its codec.
    level: Option<i32>,
}

impl OpenTopic {
    /// Finds a topic in an image.
    pub(super) fn of(image: &Image, name: &TopicName, broker: BrokerId) -> Option<OpenTopic> {
        let topic = image.topics().get(name.as_str())?;
        let partitions = topic.partitions().map(|(id, state)| (id, state.leader_epoch)).collect();
        let in_sync = topic.partitions().map(|(_, state)| state.isr.len()).min().unwrap_or(0);
        let config = TopicSettings::of(&TopicConfig::effective(image, name.as_str(), broker));
        Some(OpenTopic { name: name.clone(), id: topic.id(), partitions, in_sync, config })
    }

    /// Compaction takes batches out of a log; without it there are no gaps.
    pub(super) fn gaps(&self) -> Gaps {
        if self.config.compacted { Gaps::Compacted } else { Gaps::Never }
    }
}

impl TopicSettings {
    pub(super) fn of(config: &TopicConfig) -> TopicSettings {
        let (compression, level) = match config.compression {
            TopicCompression::Producer => (None, None),
            TopicCompression::Uncompressed => (Some(Compression::None), None),
            TopicCompression::Gzip => (Some(Compression::Gzip), Some(config.gzip_level)),
            TopicCompression::Snappy => (Some(Compression::Snappy), None),
            TopicCompression::Lz4 => (Some(Compression::Lz4), Some(config.lz4_level)),
            TopicCompression::Zstd => (Some(Compression::Zstd), Some(config.zstd_level)),
        };
        let log = log_config(config);
        TopicSettings {
            log,
            max_message_bytes: usize::try_from(config.max_message_bytes).unwrap_or(0),
            log_append_time: config.timestamp_policy == TimestampPolicy::LogAppendTime,
            min_insync_replicas: usize::try_from(config.min_insync_replicas).unwrap_or(1),
            before_max_ms: config.timestamp_before_max_ms,
            after_max_ms: config.timestamp_after_max_ms,
            compacted: config.cleanup_compact,
            deletes: config.cleanup_delete,
            retention: retention(config),
            cleaner: CleanerConfig {
                log,
                delete_retention_ms: config.delete_retention_ms.max(0),
                min_lag_ms: config.min_compaction_lag_ms.max(0),
                max_lag_ms: config.max_compaction_lag_ms,
                min_dirty_ratio: config.min_cleanable_dirty_ratio,
            },
            compression,
            level,
        }
    }

    pub(super) fn is_compacted(&self) -> bool {
        self.compacted
    }

    /// Whether a producer's batch may be stored as it is: dense, and as the topic would have its records.
    pub(super) fn takes_as_it_is(&self, header: &BatchHeader) -> bool {
        let offsets = header.last_offset().since(header.base_offset()).saturating_add(1);
        let has_codec = |codec| header.codec().is_ok_and(|own| own == codec);
        i64::from(header.record_count()) == offsets
            && !header.has_delete_horizon()
            && !self.compacted
            && header.size_bytes() <= self.max_message_bytes
            && self.compression.is_none_or(has_codec)
            && (!self.log_append_time || header.timestamp_type() == TimestampType::LogAppend)
    }

    /// Whether the topic prescribes another codec than a batch has.
    pub(super) fn is_in_another_codec(&self, header: &BatchHeader) -> bool {
        self.compression.is_some_and(|codec| header.codec().is_ok_and(|own| own != codec))
    }

    /// A builder of batches in the codec that the topic prescribes.
    pub(super) fn builder_of_its_own(&self) -> BatchBuilder {
        BatchBuilder::with_level(self.compression.unwrap_or(Compression::None), self.level)
    }

    /// Whether there are timestamps that are too old.
    pub(super) fn has_oldest_timestamp(&self) -> bool {
        !self.log_append_time && self.before_max_ms < i64::MAX
    }

    /// Whether old records may be deleted.
    pub(super) fn deletes(&self) -> bool {
        self.deletes
    }

    /// A builder of batches for a producer that would use `codec`; the topic's own `compression.type` goes before it.
    pub(super) fn builder(&self, codec: Codec) -> BatchBuilder {
        let codec = self.compression.unwrap_or(match codec {
            Codec::None => Compression::None,
            Codec::Gzip => Compression::Gzip,
            Codec::Snappy => Compression::Snappy,
            Codec::Lz4 => Compression::Lz4,
            Codec::Zstd => Compression::Zstd,
        });
        BatchBuilder::with_level(codec, self.level)
    }

    /// Whether what a producer of `codec` writes is compressed.
    pub(super) fn compresses(&self, codec: Codec) -> bool {
        self.compression.map_or(codec != Codec::None, |compression| compression != Compression::None)
    }

    /// `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`.
    pub(super) fn accepts_timestamp(&self, timestamp: TimestampMs, now: TimestampMs) -> bool {
        self.log_append_time
            || now.0.saturating_sub(timestamp.0) <= self.before_max_ms
                && timestamp.0.saturating_sub(now.0) <= self.after_max_ms
    }
}

fn log_config(config: &TopicConfig) -> LogConfig {
    let bytes = |value: i32| u64::try_from(value).unwrap_or(0);
    // What is to be compacted by a certain time must be closed by then.
    let lag = config.max_compaction_lag_ms;
    let closes_early = config.cleanup_compact && lag > 0;
    LogConfig {
        segment_bytes: bytes(config.segment_bytes),
        segment_ms: if closes_early { config.segment_ms.min(lag) } else { config.segment_ms },
        segment_index_bytes: bytes(config.segment_index_bytes),
        index_interval_bytes: bytes(config.index_interval_bytes),
    }
}

/// What may be deleted for its age or size: nothing where the policy doesn't say so.
fn retention(config: &TopicConfig) -> Retention {
    if !config.cleanup_delete {
        return Retention::default();
    }
    let ms = Some(config.retention_ms).filter(|&ms| ms >= 0);
    Retention { ms, bytes: u64::try_from(config.retention_bytes).ok() }
}

/// Whose directory lies where a partition's should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The topic's own, whole.
    Ours,
    /// What another topic of the same name left there.
    Another(Uuid),
    /// None, or one that a crash or a full disk left half made.
    Nothing,
}

/// Looks at a partition's directory.
pub(super) fn find_partition(dir: &Path, id: Uuid) -> Result<Found> {
    Ok(match log::read_partition_metadata(dir)? {
        Some(theirs) if theirs == id => Found::Ours,
        Some(theirs) => Found::Another(theirs),
        None if !dir.is_dir() || log::is_empty(dir)? => Found::Nothing,
        // Of a version of Kafka that didn't write the file.
        None => Found::Ours,
    })
}

/// Makes the directory and the files of a partition.
pub(super) fn create_partition(dir: &Path, id: Uuid, epoch: LeaderEpoch) -> Result<()> {
    disk::create_dirs(dir)?;
    log::create(dir, Offset::ZERO)?;
    let mut epochs = LeaderEpochs::default();
    epochs.assign(epoch, Offset::ZERO);
    epochs.write(dir, disk::Durability::Atomic)?;
    Ok(log::write_partition_metadata(dir, id)?)
}

/// Takes a partition's directory out of the way at once, then removes it.
pub(super) fn remove_directory(broker: &Broker, name: &TopicName, partition: PartitionId) -> Result<()> {
    let aside = paths::deleted_dir(&broker.dir, name, partition, Uuid::random());
    match disk::rename(&paths::partition_dir(&broker.dir, name, partition), &aside) {
        Err(e) if e.is_not_found() => return Ok(()),
        other => other?,
    }
    Ok(disk::remove_tree(&aside)?)
}
