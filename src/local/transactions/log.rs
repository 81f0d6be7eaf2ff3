//! `TransactionLog`: one partition of `__transaction_state` and the transactional ids that it tells of.
//!
//! Reading takes no lock. A step is decided on the newest state under the partition's lock, which is thereby the lock of
//! each of its ids too. That lock is never held while another partition's is taken.

use crate::client::{self, Codec};
use crate::local::cluster::Cluster;
use crate::local::error::{Error, Result};
use crate::local::locked::Eventually;
use crate::local::partition::Partition;
use crate::local::topic::OpenTopic;
use crate::log::LogReader;
use crate::record::{BatchBuilder, BatchReader, ProducerStamp};
use crate::txn::{TransactionRecord, TransactionValue, Transactions, state_partition};
use crate::types::{LeaderEpoch, Offset, PartitionId, TimestampMs, now_ms};
use std::path::Path;

pub(in crate::local) const STATE_TOPIC: &str = "__transaction_state";

/// Whether a step must be on the disk before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) enum Sync {
    /// What follows could not be undone without it.
    Now,
    /// If it is lost it is found out and done again.
    Later,
}

/// The transactional ids of one partition.
pub(in crate::local) struct TransactionLog {
    partition: Partition,
    epoch: LeaderEpoch,
    builder: BatchBuilder,
    transactions: Transactions,
    log_start: Offset,
    /// Everything below this offset is in `transactions`.
    replayed: Offset,
}

impl TransactionLog {
    /// The log that has `transactional_id`, or shall have it: the topic is made on first use.
    pub(in crate::local) fn of(cluster: &Cluster, transactional_id: &str) -> client::Result<TransactionLog> {
        cluster.coordination()?;
        let topic = cluster.open_topic_to_produce(STATE_TOPIC)?;
        Ok(TransactionLog::open(cluster, &topic, transactional_id)?)
    }

    fn open(cluster: &Cluster, topic: &OpenTopic, transactional_id: &str) -> Result<TransactionLog> {
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        TransactionLog::open_partition(cluster, topic, state_partition(transactional_id, count))
    }

    /// The log that has `transactional_id`; `None` where no transaction was ever begun.
    pub(in crate::local) fn existing(
        cluster: &Cluster,
        transactional_id: &str,
    ) -> client::Result<Option<TransactionLog>> {
        let Some(topic) = cluster.open_topic(STATE_TOPIC)? else { return Ok(None) };
        Ok(Some(TransactionLog::open(cluster, &topic, transactional_id)?))
    }

    /// The logs of all transactional ids, brought up to date. In a directory that is only read, one that can't be read is
    /// noted and passed over.
    pub(in crate::local) fn all(cluster: &Cluster) -> client::Result<Vec<TransactionLog>> {
        let Some(topic) = cluster.open_topic(STATE_TOPIC)? else { return Ok(Vec::new()) };
        let mut logs = Vec::new();
        for &(id, _) in &topic.partitions {
            match TransactionLog::open_partition(cluster, &topic, id) {
                Err(e) if !cluster.is_writable() => cluster.notes().add(e),
                opened => logs.push(opened?),
            }
        }
        Ok(logs)
    }

    pub(super) fn open_partition(
        cluster: &Cluster,
        topic: &OpenTopic,
        id: PartitionId,
    ) -> Result<TransactionLog> {
        let epoch = topic.partitions.iter().find(|&&(known, _)| known == id).map(|&(_, epoch)| epoch);
        let log_start = cluster.log_start(topic, id)?;
        let mut log = TransactionLog {
            partition: cluster.partition(topic, id)?,
            epoch: epoch.unwrap_or(LeaderEpoch::UNKNOWN),
            builder: topic.config.builder(Codec::None),
            transactions: Transactions::default(),
            log_start,
            replayed: log_start,
        };
        log.refresh()?;
        Ok(log)
    }

    /// Every id of this partition, as of the last look.
    pub(in crate::local) fn iter(&self) -> impl Iterator<Item = (&str, &TransactionValue)> {
        self.transactions.iter()
    }

    /// What is known of an id, as of the last look.
    pub(in crate::local) fn get(&self, transactional_id: &str) -> Option<&TransactionValue> {
        self.transactions.get(transactional_id)
    }

    /// The epoch of this log's leader, which markers name as their coordinator's.
    pub(in crate::local) fn coordinator_epoch(&self) -> i32 {
        self.epoch.0.max(0)
    }

    /// Replays what others have written since.
    pub(in crate::local) fn refresh(&mut self) -> Result<()> {
        let limit = self.partition.high_watermark()?;
        if limit > self.replayed {
            let reader = self.partition.reader(self.replayed)?;
            replay(&mut self.transactions, self.partition.dir(), reader, limit)?;
            self.replayed = limit;
        }
        Ok(())
    }

    /// Decides a step on what is known of the id and writes its new value, if there is one.
    pub(in crate::local) fn update<T>(
        &mut self,
        transactional_id: &str,
        sync: Sync,
        decide: impl FnOnce(Option<&TransactionValue>, TimestampMs) -> Result<(Option<TransactionValue>, T)>,
    ) -> Result<T> {
        let outcome = self.update_under_lock(transactional_id, sync, decide);
        if outcome.is_err() {
            self.transactions = Transactions::default();
            self.replayed = self.log_start;
        }
        outcome
    }

    fn update_under_lock<T>(
        &mut self,
        transactional_id: &str,
        sync: Sync,
        decide: impl FnOnce(Option<&TransactionValue>, TimestampMs) -> Result<(Option<TransactionValue>, T)>,
    ) -> Result<T> {
        self.write_under_lock(sync, |transactions, now| {
            let (value, answer) = decide(transactions.get(transactional_id), now)?;
            let transactional_id = transactional_id.to_owned();
            let record = value.map(|value| TransactionRecord { transactional_id, value: Some(value) });
            Ok((record.into_iter().collect(), answer))
        })
    }

    /// Forgets the ids of which `is_over` says so; answers which ones those were.
    pub(in crate::local) fn forget(
        &mut self,
        is_over: impl Fn(&str, &TransactionValue, TimestampMs) -> bool,
    ) -> Result<Vec<String>> {
        let outcome = self.write_under_lock(Sync::Now, |transactions, now| {
            let over = transactions.iter().filter(|(id, value)| is_over(id, value, now));
            let ids: Vec<String> = over.map(|(id, _)| id.to_owned()).collect();
            let forgotten = |id: &String| TransactionRecord { transactional_id: id.clone(), value: None };
            Ok((ids.iter().map(forgotten).collect(), ids))
        });
        if outcome.is_err() {
            self.transactions = Transactions::default();
            self.replayed = self.log_start;
        }
        outcome
    }

    /// Writes what is decided on everything that is known, in one batch.
    fn write_under_lock<T>(
        &mut self,
        sync: Sync,
        decide: impl FnOnce(&Transactions, TimestampMs) -> Result<(Vec<TransactionRecord>, T)>,
    ) -> Result<T> {
        let reader = self.partition.reader(self.replayed)?;
        let dir = self.partition.dir().to_owned();
        let mut locked = self.partition.lock()?;
        let end = locked.log_end();
        if locked.high_watermark() < end {
            // Whoever wrote this died before it was published. It is in the log, so it counts.
            locked.sync_and_publish()?;
        }
        if end > self.replayed {
            replay(&mut self.transactions, &dir, reader, end)?;
            self.replayed = end;
        }
        let now = now_ms();
        let (records, answer) = decide(&self.transactions, now)?;
        if records.is_empty() {
            return Ok(answer);
        }
        self.builder.clear();
        for record in &records {
            let (key, bytes) = record.encode()?;
            self.builder.append(now, Some(&key), bytes.as_deref(), &[]);
        }
        let batch = self.builder.finish(&ProducerStamp::NONE)?;
        self.replayed = locked.append(batch, self.epoch)?.last_offset.next();
        records.into_iter().for_each(|record| self.transactions.apply(record));
        match sync {
            Sync::Now => locked.sync_and_publish()?,
            Sync::Later => locked.publish_unsynced(self.replayed, Eventually::AtTheEnd)?,
        }
        Ok(answer)
    }
}

/// Replays what `reader` finds below `limit`.
fn replay(transactions: &mut Transactions, dir: &Path, reader: LogReader, limit: Offset) -> Result<()> {
    let mut batches = BatchReader::default();
    reader.replay(limit, |header, batch| {
        if header.is_control() { Ok(()) } else { replay_batch(transactions, dir, batch, &mut batches) }
    })
}

fn replay_batch(
    transactions: &mut Transactions,
    dir: &Path,
    batch: &[u8],
    batches: &mut BatchReader,
) -> Result<()> {
    let outcome = batches.try_for_each(batch, |record| transactions.replay(record.key, record.value))?;
    outcome.map_err(|(offset, source)| Error::TransactionRecord { dir: dir.to_owned(), offset, source })
}
