//! `TopicWriter`: a topic that a producer writes to, and the batches that are being built for its partitions.
//!
//! A batch is stamped with its producer, written under its partition's lock and given to the syncer. Whether another may
//! follow one that failed is its producer's business.

use super::cluster::Cluster;
use super::error::Error;
use super::locked::{Eventually, Placed};
use super::partition::Partition;
use super::partitioner::Chooser;
use super::receipts::Place;
use super::syncer::{Appended, Syncer};
use super::topic::OpenTopic;
use super::transactions::Session;
use crate::client::{self, Acks, ProducerConfig, ProducerRecord, Result};
use crate::log;
use crate::metadata::Image;
use crate::record::{self, BatchBuilder, ProducerStamp};
use crate::types::{
    ErrorCode, INTERNAL_TOPICS, LeaderEpoch, Offset, PartitionId, TimestampMs, TopicPartition, now_ms,
};
use std::sync::{Arc, Mutex, PoisonError};

/// A batch as large as this stays in the processor's cache from the first record to the write.
const BATCH_BYTES: usize = 256 * 1024;
/// All batches of a topic together may take this much, however many partitions there are.
const BATCHES_BYTES: usize = 16 * 1024 * 1024;
const SMALLEST_BATCH_BYTES: usize = 16 * 1024;

/// A topic, open for writing.
pub(super) struct TopicWriter {
    topic: OpenTopic,
    batch_bytes: usize,
    slots: Vec<Slot>,
    chooser: Chooser,
}

/// A partition and the batch that is being built for it.
struct Slot {
    key: TopicPartition,
    partition: Arc<Mutex<Partition>>,
    epoch: LeaderEpoch,
    builder: BatchBuilder,
    /// The end of what this producer appended.
    appended_to: Option<Offset>,
    /// Records that this producer appended and that nobody syncs.
    written: u64,
}

/// What a producer writes its batches with.
pub(super) struct Means<'a> {
    pub(super) acks: Acks,
    /// Of a producer with acks=all.
    pub(super) syncer: Option<&'a Syncer>,
    /// Of an idempotent or a transactional producer.
    pub(super) session: Option<&'a mut Session>,
}

impl TopicWriter {
    /// Opens `topic`, creating it if it isn't there. Kafka's own topics are refused: what a client wrote there could be
    /// taken for an offset or a group.
    pub(super) fn open(cluster: &Cluster, topic: &str, config: &ProducerConfig) -> Result<TopicWriter> {
        if INTERNAL_TOPICS.contains(&topic) {
            return Err(client::Error::of(ErrorCode::InvalidTopic));
        }
        let topic = cluster.open_topic_to_produce(topic)?;
        let open = cluster.partitions_of(&topic)?;
        let slots: Vec<Slot> = open
            .into_iter()
            .zip(&topic.partitions)
            .map(|((partition, epoch), &(id, _))| Slot {
                key: TopicPartition { topic: topic.name.to_string(), partition: id },
                partition: Arc::new(Mutex::new(partition)),
                epoch,
                builder: topic.config.builder(config.codec),
                appended_to: None,
                written: 0,
            })
            .collect();
        let batch_bytes = batch_bytes(config, &topic, slots.len());
        let chooser = Chooser::new(
            config.partitioner,
            config.ignore_keys,
            cluster.rotation_path(topic.id),
            batch_bytes,
        );
        Ok(TopicWriter { topic, batch_bytes, slots, chooser })
    }

    pub(super) fn name(&self) -> &str {
        self.topic.name.as_str()
    }

    /// Which of the partitions a record of about `size` bytes goes to.
    pub(super) fn choose(&mut self, record: &ProducerRecord<'_>, size: usize) -> Result<usize> {
        let count = self.slots.len();
        let Some(PartitionId(number)) = record.partition else {
            return Ok(self.chooser.choose(record.key, count, size));
        };
        usize::try_from(number).ok().filter(|&index| index < count).ok_or_else(|| {
            let topic = &self.topic.name;
            let message = format!(
                "Invalid partition given with record: partition {number} is not in the range [0...{count}) of topic {topic}."
            );
            client::Error::new(ErrorCode::UnknownTopicOrPartition, message)
        })
    }

    /// What a broker would refuse about a record by itself; `now` is the producer's clock.
    pub(super) fn check(&self, record: &ProducerRecord<'_>, now: TimestampMs) -> Result<()> {
        let config = &self.topic.config;
        if config.is_compacted() && record.key.is_none() {
            let message =
                format!("Compacted topic cannot accept message without key in topic {}.", self.topic.name);
            return Err(client::Error::new(ErrorCode::InvalidRecord, message)
                .with_hint("give each record a key: --reader-property parse.key=true"));
        }
        if let Some(timestamp) = record.timestamp
            && !config.accepts_timestamp(timestamp, now)
        {
            let message = format!(
                "Timestamp {timestamp} of message is out of the range that topic {} accepts.",
                self.topic.name
            );
            return Err(client::Error::new(ErrorCode::InvalidTimestamp, message));
        }
        Ok(())
    }

    /// Whether the batch of a partition must be written before a record of up to `bound` bytes can follow.
    pub(super) fn has_no_room(&self, index: usize, bound: usize) -> bool {
        let builder = self.slots.get(index).map(|slot| &slot.builder).filter(|builder| !builder.is_empty());
        builder.is_some_and(|builder| builder.size_bytes() + bound > self.batch_bytes)
    }

    /// Adds a record to the batch of a partition; says whether that is full now.
    pub(super) fn add(&mut self, index: usize, timestamp: TimestampMs, record: &ProducerRecord<'_>) -> bool {
        let Some(slot) = self.slots.get_mut(index) else { return false };
        slot.builder.append(timestamp, record.key, record.value, record.headers);
        slot.builder.size_bytes() >= self.batch_bytes
    }

    /// Writes the batch of a partition to its log, or drops it if that has become impossible.
    pub(super) fn hand_over(&mut self, index: usize, means: Option<Means<'_>>) -> Result<()> {
        let Some(slot) = self.slots.get_mut(index) else { return Ok(()) };
        let outcome = means.map_or(Ok(()), |means| write(slot, &self.topic, means));
        slot.builder.clear();
        outcome
    }

    /// Where the batch of a partition that was written last lies.
    pub(super) fn place(&self, index: usize) -> Option<Place> {
        let slot = self.slots.get(index)?;
        let (partition, id) = (Arc::clone(&slot.partition), slot.key.partition);
        Some(Place { partition, id, end: slot.appended_to? })
    }

    /// The partitions with a batch that is not written yet.
    pub(super) fn pending(&self) -> Vec<usize> {
        let slots = self.slots.iter().enumerate();
        slots.filter(|(_, slot)| !slot.builder.is_empty()).map(|(index, _)| index).collect()
    }

    /// Their names.
    pub(super) fn pending_partitions(&self) -> impl Iterator<Item = TopicPartition> {
        let pending = self.slots.iter().filter(|slot| !slot.builder.is_empty());
        pending.map(|slot| slot.key.clone())
    }

    pub(super) fn has_pending(&self) -> bool {
        self.slots.iter().any(|slot| !slot.builder.is_empty())
    }

    /// Drops the records that are not handed over yet.
    pub(super) fn discard(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.builder.clear());
    }

    /// Keeps what the next run is to know of the partitions' turn.
    pub(super) fn store_turn(&mut self) -> Result<()> {
        self.chooser.store().map_err(|e| Error::from(e).into())
    }

    /// Records that were written and that nobody syncs.
    pub(super) fn written(&self) -> u64 {
        self.slots.iter().map(|slot| slot.written).sum()
    }

    /// The ends of what was written, as long as the topic is there.
    pub(super) fn ends(&self, cluster: &Cluster) -> Vec<(TopicPartition, Offset)> {
        let still_there =
            |image: &Image| image.topics().get(self.name()).is_some_and(|now| now.id() == self.topic.id);
        if !cluster.with_image(still_there).unwrap_or(false) {
            return Vec::new();
        }
        self.slots.iter().filter_map(|slot| Some((slot.key.clone(), slot.appended_to?))).collect()
    }
}

/// The size at which a batch is full: what was asked for, else what is fast; never more than the topic takes.
fn batch_bytes(config: &ProducerConfig, topic: &OpenTopic, partitions: usize) -> usize {
    let share = BATCHES_BYTES / partitions.max(1);
    let fast = BATCH_BYTES.min(share).max(SMALLEST_BATCH_BYTES);
    // What doesn't compress grows by a little.
    let growth =
        if topic.config.compresses(config.codec) { topic.config.max_message_bytes / 64 + 128 } else { 0 };
    let most = topic.config.max_message_bytes.saturating_sub(growth).max(1);
    config.batch_size_bytes.unwrap_or(fast).clamp(1, most)
}

fn write(slot: &mut Slot, topic: &OpenTopic, means: Means<'_>) -> Result<()> {
    let Means { acks, syncer, mut session } = means;
    if acks == Acks::All && topic.in_sync < topic.config.min_insync_replicas {
        return Err(client::Error::of(ErrorCode::NotEnoughReplicas));
    }
    let record_count = slot.builder.record_count();
    let stamp = session.as_ref().map_or(ProducerStamp::NONE, |session| session.stamp(&slot.key));
    let batch = slot.builder.finish(&stamp).map_err(Error::from)?;
    if batch.len() > topic.config.max_message_bytes {
        return Err(client::Error::of(ErrorCode::RecordTooLarge)
            .with_hint("raise the topic's max.message.bytes to take records of this size"));
    }
    if topic.config.log_append_time {
        record::set_log_append_time(batch, now_ms());
    }
    if let Some(session) = &mut session {
        session.enter(std::slice::from_ref(&slot.key))?;
    }
    let bytes = batch.len();
    let mut partition = slot.partition.lock().unwrap_or_else(PoisonError::into_inner);
    let mut locked = partition.lock().map_err(client::Error::from)?;
    if let Some(session) = &mut session {
        session.check(&slot.key)?;
    }
    let appended = match locked.append(batch, slot.epoch) {
        Err(Error::Log(log::Error::Disk(_))) if session.is_some() => {
            // Maybe all of it was written all the same: the log is looked at anew, and tells.
            drop(locked);
            locked = partition.lock().map_err(client::Error::from)?;
            locked.append_once(batch, slot.epoch).map(Placed::appended)
        }
        other => other,
    };
    let appended = appended.map_err(client::Error::from)?;
    if let Some(session) = &mut session {
        session.advance(&slot.key, record_count);
    }
    let end = appended.last_offset.next();
    slot.appended_to = Some(end);
    let record_count = u64::from(record_count.unsigned_abs());
    let Some(syncer) = syncer else {
        slot.written += record_count;
        return locked.publish_unsynced(end, Eventually::Whenever).map_err(client::Error::from);
    };
    let file = locked.log_file();
    drop(locked);
    let new_names = if appended.first_in_segment { partition.names() } else { Vec::new() };
    drop(partition);
    if let Some(file) = file {
        syncer.add(Appended {
            partition: Arc::clone(&slot.partition),
            file,
            end,
            bytes,
            record_count,
            new_names,
        });
    }
    Ok(())
}
