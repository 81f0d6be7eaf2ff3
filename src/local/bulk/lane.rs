//! `Lane`: a partition that is written in bulk. Batches gather, finished and stamped, and go into the log under one lock.

use crate::client::{self, BulkRecord, BulkSource, Result};
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::partition::Partition;
use crate::local::syncer::{Appended, Syncer};
use crate::local::topic::OpenTopic;
use crate::log::ProducerStates;
use crate::record::{self, BatchBuilder, ProducerStamp};
use crate::types::{ErrorCode, LeaderEpoch, Offset, TimestampMs, TopicPartition, now_ms};
use std::sync::{Arc, Mutex, PoisonError};

use super::count::Identity;

/// A batch that is made of records is about this large; as much is written at once.
const BATCH_BYTES: usize = 256 * 1024;
/// All batches of a topic together may take this much, however many partitions there are.
const BATCHES_BYTES: usize = 16 * 1024 * 1024;
const SMALLEST_BATCH_BYTES: usize = 16 * 1024;

/// A partition being written.
pub(super) struct Lane {
    pub(super) key: TopicPartition,
    partition: Arc<Mutex<Partition>>,
    epoch: LeaderEpoch,
    batch_bytes: usize,
    builder: BatchBuilder,
    /// What the batch that is being built is of.
    pub(super) building: Option<Building>,
    /// Finished batches, one behind the other.
    ready: Vec<u8>,
    ready_count: u64,
    /// The end of what was appended here.
    pub(super) appended_to: Option<Offset>,
}

/// What all records of a batch have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Building {
    pub(super) source: BulkSource,
    /// The one time of all of them, if a log has set it.
    pub(super) append_time: Option<TimestampMs>,
}

impl Lane {
    pub(super) fn open(cluster: &Cluster, topic: &OpenTopic, index: usize) -> Result<Lane> {
        let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
        let &(id, epoch) = topic.partitions.get(index).ok_or_else(unknown)?;
        let partition = cluster.partition(topic, id)?;
        let share = (BATCHES_BYTES / topic.partitions.len().max(1)).max(SMALLEST_BATCH_BYTES);
        // What doesn't compress grows by a little.
        let growth = topic.config.max_message_bytes / 64 + 128;
        let most = topic.config.max_message_bytes.saturating_sub(growth).max(1);
        Ok(Lane {
            key: TopicPartition { topic: topic.name.to_string(), partition: id },
            partition: Arc::new(Mutex::new(partition)),
            epoch,
            batch_bytes: BATCH_BYTES.min(share).min(most),
            builder: topic.config.builder(client::Codec::None),
            building: None,
            ready: Vec::new(),
            ready_count: 0,
            appended_to: None,
        })
    }

    /// How many records of a source are in the log that were written by this identity. They are durable when this returns.
    pub(super) fn written_by(&self, identity: Identity) -> Result<i32> {
        let mut partition = self.partition.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = partition.dir().to_owned();
        let mut locked = partition.lock()?;
        let states = ProducerStates::load(&dir, Offset::ZERO, locked.log_end()).map_err(Error::from)?;
        let Some((_, entry)) = states.iter().find(|&(id, _)| id == identity.producer_id) else {
            return Ok(0);
        };
        if entry.epoch > identity.epoch {
            let message = format!("{} has records that a later run has written", self.key);
            return Err(client::Error::new(ErrorCode::InvalidProducerEpoch, message));
        }
        if entry.epoch < identity.epoch {
            return Ok(0);
        }
        let count = entry.last_sequence().wrapping_add(1);
        locked.sync_and_publish()?;
        Ok(count)
    }

    /// Whether a record can't join the batch that is being built.
    pub(super) fn must_finish(&self, next: Building, bound: usize) -> bool {
        let full = self.builder.size_bytes() + bound > self.batch_bytes;
        self.building.is_some_and(|building| building != next || full)
    }

    /// Adds a record to the batch that is being built.
    pub(super) fn add(&mut self, building: Building, record: &BulkRecord<'_>) {
        self.building = Some(building);
        self.builder.append(record.timestamp, record.key, record.value, record.headers);
    }

    /// Finishes the batch that is being built. Answers how many records are in it.
    pub(super) fn finish(&mut self, stamp: &ProducerStamp, topic: &OpenTopic) -> Result<i32> {
        let Some(building) = self.building.take() else { return Ok(0) };
        let count = self.builder.record_count();
        let batch = self.builder.finish(stamp).map_err(Error::from)?;
        let length = batch.len();
        if let Some(time) = building.append_time {
            record::set_log_append_time(batch, time);
        } else if topic.config.log_append_time {
            record::set_log_append_time(batch, now_ms());
        }
        let fits = check_size(length, topic);
        if fits.is_ok() {
            self.ready.extend_from_slice(batch);
            self.ready_count += u64::from(count.unsigned_abs());
        }
        self.builder.clear();
        fits.map(|()| count)
    }

    /// Takes a whole batch as it is, but for its producer.
    pub(super) fn add_batch(&mut self, batch: &[u8], count: i32, stamp: &ProducerStamp) {
        let from = self.ready.len();
        self.ready.extend_from_slice(batch);
        if let Some(copy) = self.ready.get_mut(from..) {
            record::set_producer(copy, stamp);
        }
        self.ready_count += u64::from(count.unsigned_abs());
    }

    /// Whether enough is ready to be written.
    pub(super) fn is_full(&self) -> bool {
        self.ready.len() >= BATCH_BYTES
    }

    /// Writes what is ready into the log. After an error a part of it may be there.
    pub(super) fn hand_over(&mut self, syncer: &Syncer) -> Result<()> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let bytes = self.ready.len();
        let mut partition = self.partition.lock().unwrap_or_else(PoisonError::into_inner);
        let mut locked = partition.lock()?;
        let mut rest = self.ready.as_mut_slice();
        let (mut end, mut is_new) = (Offset::ZERO, false);
        while let Some(size) = record::batch_size(rest)
            && let Some((batch, behind)) = rest.split_at_mut_checked(size)
        {
            let appended = locked.append(batch, self.epoch)?;
            end = appended.last_offset.next();
            is_new |= appended.first_in_segment;
            rest = behind;
        }
        let file = locked.log_file();
        drop(locked);
        let new_names = if is_new { partition.names() } else { Vec::new() };
        drop(partition);
        self.appended_to = Some(end);
        if let Some(file) = file {
            let record_count = self.ready_count;
            let partition = Arc::clone(&self.partition);
            syncer.add(Appended { partition, file, end, bytes, record_count, new_names });
        }
        self.ready.clear();
        self.ready_count = 0;
        Ok(())
    }
}

/// Refuses a batch that the topic's `max.message.bytes` doesn't admit.
fn check_size(length: usize, topic: &OpenTopic) -> Result<()> {
    if length <= topic.config.max_message_bytes {
        return Ok(());
    }
    let most = topic.config.max_message_bytes;
    let message = format!("{length} bytes are more than topic {} takes at once ({most})", topic.name);
    let hint = "raise the topic's max.message.bytes to take records of this size";
    Err(client::Error::new(ErrorCode::RecordTooLarge, message).with_hint(hint))
}
