//! `GroupLog`: one partition of `__consumer_offsets` and the groups that it adds up to.
//!
//! Reading takes no lock. A change is decided on the newest image under the partition's lock, which is thereby the lock
//! of each of its groups too.

use super::super::cluster::Cluster;
use super::super::error::{Error, Result};
use super::super::partition::Partition;
use super::super::topic::OpenTopic;
use crate::client::{self, Codec};
use crate::group::{GroupRecord, Groups, group_partition};
use crate::log::{self, LogReader};
use crate::record::{BatchBuilder, BatchHeader, BatchReader, ControlRecord, EndTxn, ProducerStamp};
use crate::types::{LeaderEpoch, Offset, PartitionId, TimestampMs, TopicPartition, now_ms};
use std::ops::ControlFlow;
use std::path::Path;

pub(in crate::local) const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// What a group coordinator puts into its batches: no producer, yet a sequence.
const COORDINATOR: ProducerStamp =
    ProducerStamp { producer_id: -1, epoch: -1, base_sequence: 0, transactional: false };

/// Whether a change must be on the disk before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) enum Sync {
    /// Offsets that a member was told are committed.
    Now,
    /// Who is in a group is of no use once the machine has stopped.
    Later,
}

/// The groups of one partition.
pub(in crate::local) struct GroupLog {
    partition: Partition,
    epoch: LeaderEpoch,
    builder: BatchBuilder,
    groups: Groups,
    log_start: Offset,
    /// Everything below this offset is in `groups`.
    replayed: Offset,
}

impl GroupLog {
    /// The log that has `group`, brought up to date; `None` where no group was ever kept.
    pub(in crate::local) fn of_group(cluster: &Cluster, group: &str) -> client::Result<Option<GroupLog>> {
        let Some(topic) = cluster.open_topic(OFFSETS_TOPIC)? else { return Ok(None) };
        GroupLog::of(cluster, &topic, group).map(Some)
    }

    /// The log that has `group`, or shall have it: the topic is made on first use.
    pub(in crate::local) fn of_group_or_new(cluster: &Cluster, group: &str) -> client::Result<GroupLog> {
        cluster.coordination()?;
        let topic = cluster.open_topic_to_produce(OFFSETS_TOPIC)?;
        GroupLog::of(cluster, &topic, group)
    }

    fn of(cluster: &Cluster, topic: &OpenTopic, group: &str) -> client::Result<GroupLog> {
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        Ok(GroupLog::open(cluster, topic, group_partition(group, count))?)
    }

    /// The logs of all groups, brought up to date.
    pub(in crate::local) fn all(cluster: &Cluster) -> client::Result<Vec<GroupLog>> {
        let Some(topic) = cluster.open_topic(OFFSETS_TOPIC)? else { return Ok(Vec::new()) };
        let open = topic.partitions.iter().map(|&(id, _)| GroupLog::open(cluster, &topic, id));
        Ok(open.collect::<Result<_>>()?)
    }

    fn open(cluster: &Cluster, topic: &OpenTopic, id: PartitionId) -> Result<GroupLog> {
        let epoch = topic.partitions.iter().find(|&&(known, _)| known == id).map(|&(_, epoch)| epoch);
        let log_start = cluster.log_start(topic, id)?;
        let mut log = GroupLog {
            partition: cluster.partition(topic, id)?,
            epoch: epoch.unwrap_or(LeaderEpoch::UNKNOWN),
            builder: topic.config.builder(Codec::None),
            groups: Groups::default(),
            log_start,
            replayed: log_start,
        };
        log.refresh()?;
        Ok(log)
    }

    /// The partition's name.
    pub(in crate::local) fn key(&self) -> &TopicPartition {
        self.partition.key()
    }

    pub(in crate::local) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Replays what others have written since.
    pub(in crate::local) fn refresh(&mut self) -> Result<()> {
        let limit = self.partition.high_watermark()?;
        if limit > self.replayed {
            let reader = self.partition.reader(self.replayed)?;
            replay(&mut self.groups, self.partition.dir(), reader, limit)?;
            self.replayed = limit;
        }
        Ok(())
    }

    /// Decides on the newest image and writes what was decided. `decide` changes the image itself, and answers the
    /// records of that change, each list a batch, with an answer for the caller.
    pub(in crate::local) fn update<T>(
        &mut self,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        self.update_as(&COORDINATOR, sync, decide)
    }

    /// As [`GroupLog::update`], as a part of a producer's transaction; it is on the disk when this returns.
    pub(in crate::local) fn update_in_transaction<T>(
        &mut self,
        producer: &ProducerStamp,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        self.update_as(producer, Sync::Now, decide)
    }

    fn update_as<T>(
        &mut self,
        producer: &ProducerStamp,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        let outcome = self.update_under_lock(producer, sync, decide);
        if outcome.is_err() {
            // The image may tell of things that were never written.
            self.groups = Groups::default();
            self.replayed = self.log_start;
        }
        outcome
    }

    fn update_under_lock<T>(
        &mut self,
        producer: &ProducerStamp,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        let reader = self.partition.reader(self.replayed)?;
        let dir = self.partition.dir().to_owned();
        let mut locked = self.partition.lock()?;
        let end = locked.log_end();
        if locked.high_watermark() < end {
            // Whoever wrote this died before it was published. It is in the log, so it counts.
            locked.sync_and_publish()?;
        }
        if end > self.replayed {
            replay(&mut self.groups, &dir, reader, end)?;
            self.replayed = end;
        }
        let (batches, answer) = decide(&mut self.groups, now_ms())?;
        let mut written = false;
        for records in batches.iter().filter(|records| !records.is_empty()) {
            let batch = encode(&mut self.builder, producer, records)?;
            self.replayed = locked.append(batch, self.epoch)?.last_offset.next();
            written = true;
        }
        match sync {
            Sync::Now if written => locked.sync_and_publish()?,
            Sync::Later if written => locked.publish(self.replayed)?,
            Sync::Now | Sync::Later => {}
        }
        Ok(answer)
    }
}

/// Replays what `reader` finds below `limit`.
fn replay(groups: &mut Groups, dir: &Path, reader: LogReader, limit: Offset) -> Result<()> {
    let mut batches = BatchReader::default();
    reader.replay(limit, |header, batch| replay_batch(groups, dir, header, batch, &mut batches))
}

fn replay_batch(
    groups: &mut Groups,
    dir: &Path,
    header: &BatchHeader,
    batch: &[u8],
    batches: &mut BatchReader,
) -> Result<()> {
    if header.is_control() {
        if let Some(ControlRecord::EndTxn { outcome, .. }) = log::control_record(batch)? {
            groups.end_transaction(header.producer_id(), outcome == EndTxn::Commit);
        }
        return Ok(());
    }
    let mut failed = None;
    let _ = batches.for_each(batch, |record| {
        let replayed = if header.is_transactional() {
            groups.replay_transactional(header.producer_id(), record.key, record.value, record.timestamp)
        } else {
            groups.replay(record.key, record.value, record.timestamp)
        };
        match replayed {
            Ok(()) => ControlFlow::Continue(()),
            Err(source) => {
                failed = Some((record.offset, source));
                ControlFlow::Break(())
            }
        }
    })?;
    match failed {
        Some((offset, source)) => Err(Error::GroupRecord { dir: dir.to_owned(), offset, source }),
        None => Ok(()),
    }
}

fn encode<'a>(
    builder: &'a mut BatchBuilder,
    producer: &ProducerStamp,
    records: &[GroupRecord],
) -> Result<&'a mut [u8]> {
    builder.clear();
    let now = now_ms();
    for record in records {
        let encoded = record.encode()?;
        builder.append(now, Some(&encoded.key), encoded.value.as_deref(), &[]);
    }
    Ok(builder.finish(producer)?)
}
