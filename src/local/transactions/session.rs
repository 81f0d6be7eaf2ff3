//! `Session`: who a producer is to the logs, and how far its transaction is; `TransactionalProducer` on a directory.
//!
//! An idempotent producer has an id and counts its records in each partition. A transactional one besides asks the log
//! of transactions: a partition is added there, durably, before its first batch, and under the partition's lock, before
//! every batch, it is made sure that no newer producer of the same transactional id has taken over.
//! Source: KIP-98, KIP-890.

use super::alive::SignOfLife;
use super::end::{check_ongoing, finish, initialise};
use super::ids::allocate_producer_id;
use super::log::{Sync, TransactionLog};
use super::offsets::write_offsets;
use crate::client::{
    self, CommittedOffset, GroupMetadata, Producer, ProducerRecord, Result, TransactionalProducer,
};
use crate::local::cluster::Cluster;
use crate::local::groups::GroupLog;
use crate::local::producer::LocalProducer;
use crate::record::{self, ProducerStamp};
use crate::txn::{self, EPOCH_LAST, Protocol, Status};
use crate::types::{ErrorCode, TopicPartition};
use std::collections::BTreeMap;

/// A producer with an id.
pub(in crate::local) struct Session {
    producer_id: i64,
    epoch: i16,
    /// The sequence of the next record, of each partition that was written to in this epoch.
    sequences: BTreeMap<TopicPartition, i32>,
    transaction: Option<Transaction>,
}

pub(super) struct Transaction {
    id: String,
    log: TransactionLog,
    stage: Stage,
    /// The group whose offsets were sent last.
    group: Option<(String, GroupLog)>,
    /// Given back when the producer ends, whatever ends it.
    _alive: SignOfLife,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Between two transactions.
    Idle,
    Open,
    /// A record of the open one was not stored: it can only be aborted.
    Spoiled,
}

impl Session {
    /// A producer with an id of its own, without transactions.
    pub(in crate::local) fn idempotent(cluster: &Cluster) -> Result<Session> {
        let producer_id = allocate_producer_id(cluster)?;
        Ok(Session { producer_id, epoch: 0, sequences: BTreeMap::new(), transaction: None })
    }

    /// The newest producer of a transactional id. What its predecessor left open is aborted.
    pub(in crate::local) fn transactional(cluster: &Cluster, id: &str, timeout_ms: i32) -> Result<Session> {
        let mut log = TransactionLog::of(cluster, id)?;
        let alive = SignOfLife::prepare(cluster, id)?;
        let value = initialise(cluster, &mut log, id, timeout_ms, None, || alive.show())?;
        let transaction =
            Transaction { id: id.to_owned(), log, stage: Stage::Idle, group: None, _alive: alive };
        Ok(Session {
            producer_id: value.producer_id,
            epoch: value.producer_epoch,
            sequences: BTreeMap::new(),
            transaction: Some(transaction),
        })
    }

    /// Refuses records outside of a transaction.
    pub(in crate::local) fn check_open(&self) -> Result<()> {
        match &self.transaction {
            Some(transaction) if transaction.stage != Stage::Open => Err(invalid_state(transaction.stage)),
            _ => Ok(()),
        }
    }

    /// Makes sure that the open transaction knows of partitions that are about to be written to, durably: of those that are
    /// new it is told at once. The caller holds no partition's lock.
    pub(in crate::local) fn enter(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let (id, epoch) = (self.producer_id, self.epoch);
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        let known = transaction.log.get(&transaction.id);
        if partitions.iter().any(|partition| check_ongoing(known, id, epoch, partition).is_err()) {
            transaction.log.update(&transaction.id, Sync::Now, |known, now| {
                Ok((Some(txn::add_partitions(known, id, epoch, partitions, Protocol::Rising, now)?), ()))
            })?;
        }
        Ok(())
    }

    /// Makes sure that nobody has taken over. The caller holds the partition's lock and appends before it gives it back:
    /// then whoever takes over puts the marker behind that batch.
    pub(in crate::local) fn check(&mut self, partition: &TopicPartition) -> Result<()> {
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        transaction.log.refresh()?;
        let known = transaction.log.get(&transaction.id);
        Ok(check_ongoing(known, self.producer_id, self.epoch, partition)?)
    }

    /// What the next batch for a partition carries.
    pub(in crate::local) fn stamp(&self, partition: &TopicPartition) -> ProducerStamp {
        ProducerStamp {
            producer_id: self.producer_id,
            epoch: self.epoch,
            base_sequence: self.sequences.get(partition).copied().unwrap_or(0),
            transactional: self.transaction.is_some(),
        }
    }

    /// Counts the records of a batch that was appended.
    pub(in crate::local) fn advance(&mut self, partition: &TopicPartition, record_count: i32) {
        match self.sequences.get_mut(partition) {
            Some(next) => *next = record::sequence_after(*next, record_count),
            None => {
                self.sequences.insert(partition.clone(), record::sequence_after(0, record_count));
            }
        }
    }

    /// Notes that a record of the open transaction was not stored.
    pub(in crate::local) fn spoil(&mut self) {
        if let Some(transaction) = self.transaction.as_mut().filter(|t| t.stage == Stage::Open) {
            transaction.stage = Stage::Spoiled;
        }
    }

    /// Writes offsets of a group as a part of the open transaction: they count from its commit on. `pending` are the
    /// partitions that have records to be written still.
    fn send_offsets(
        &mut self,
        cluster: &Cluster,
        group: &GroupMetadata,
        offsets: &[(TopicPartition, CommittedOffset)],
        pending: Vec<TopicPartition>,
    ) -> Result<()> {
        let Some(transaction) = &mut self.transaction else { return Err(not_transactional()) };
        if transaction.stage != Stage::Open {
            return Err(invalid_state(transaction.stage));
        }
        if group.group.is_empty() {
            return Err(client::Error::of(ErrorCode::InvalidGroupId));
        }
        if offsets.is_empty() {
            return Ok(());
        }
        let mut log = match transaction.group.take().filter(|(id, _)| *id == group.group) {
            Some((_, log)) => log,
            None => GroupLog::of_group_or_new(cluster, &group.group)?,
        };
        let mut partitions = pending;
        partitions.push(log.key().clone());
        let entered = self.enter(&partitions);
        let outcome = entered.and_then(|()| self.write_offsets(&mut log, group, offsets));
        if let Some(transaction) = &mut self.transaction {
            transaction.group = Some((group.group.clone(), log));
        }
        outcome
    }

    fn write_offsets(
        &mut self,
        log: &mut GroupLog,
        group: &GroupMetadata,
        offsets: &[(TopicPartition, CommittedOffset)],
    ) -> Result<()> {
        let who = (self.producer_id, self.epoch);
        let results = write_offsets(log, who, group, offsets, |partition| self.check(partition))?;
        results
            .map_err(client::Error::of)?
            .into_iter()
            .try_for_each(|(_, result)| result.map_err(client::Error::of))
    }

    fn begin(&mut self) -> Result<()> {
        match self.transaction.as_mut() {
            Some(transaction) if transaction.stage == Stage::Idle => {
                transaction.stage = Stage::Open;
                Ok(())
            }
            Some(transaction) => Err(invalid_state(transaction.stage)),
            None => Err(not_transactional()),
        }
    }

    /// Ends the open transaction: `to` is `PrepareCommit` or `PrepareAbort`. The caller has flushed what counts.
    fn end(&mut self, cluster: &Cluster, to: Status) -> Result<()> {
        let (producer_id, epoch) = (self.producer_id, self.epoch);
        let Some(transaction) = &mut self.transaction else { return Err(not_transactional()) };
        match (transaction.stage, to) {
            (Stage::Open, _) | (Stage::Spoiled, Status::PrepareAbort) => {}
            (stage, _) => return Err(invalid_state(stage)),
        }
        // In a new epoch counting begins anew, so what has a sequence was written in this transaction. Without that
        // nothing tells of the transaction, or a partition that then got no batch.
        let ongoing = |known: &txn::TransactionValue| known.status == Status::Ongoing;
        if !self.sequences.is_empty() || transaction.log.get(&transaction.id).is_some_and(ongoing) {
            let fresh_id = if epoch >= EPOCH_LAST { Some(allocate_producer_id(cluster)?) } else { None };
            let prepared = transaction.log.update(&transaction.id, Sync::Now, |known, now| {
                let prepared = txn::prepare(known, producer_id, epoch, to, fresh_id, now)?;
                Ok((Some(prepared.clone()), prepared))
            })?;
            finish(cluster, &mut transaction.log, &transaction.id, &prepared)?;
            (self.producer_id, self.epoch) = match prepared.next_producer_id {
                -1 => (prepared.producer_id, prepared.producer_epoch),
                next => (next, 0),
            };
            self.sequences.clear();
        }
        transaction.stage = Stage::Idle;
        Ok(())
    }
}

fn invalid_state(stage: Stage) -> client::Error {
    let why = match stage {
        Stage::Idle => "there is no open transaction",
        Stage::Open => "a transaction is open already",
        Stage::Spoiled => "a record of the transaction could not be stored: it can only be aborted",
    };
    client::Error::new(ErrorCode::InvalidTxnState, why)
}

fn not_transactional() -> client::Error {
    client::Error::new(ErrorCode::InvalidTxnState, "the producer has no transactional id")
}

impl TransactionalProducer for LocalProducer {
    fn begin_transaction(&mut self) -> Result<()> {
        self.session()?.begin()
    }

    fn send_to(&mut self, topic: &str, record: &ProducerRecord<'_>) -> Result<()> {
        self.take_for(topic, record)
    }

    fn send_offsets(
        &mut self,
        group: &GroupMetadata,
        offsets: &[(TopicPartition, CommittedOffset)],
    ) -> Result<()> {
        let (cluster, pending) = (self.cluster().clone(), self.pending());
        let session = self.session();
        let outcome = session.and_then(|session| session.send_offsets(&cluster, group, offsets, pending));
        self.spoil_if(outcome)
    }

    fn commit_transaction(&mut self) -> Result<()> {
        self.flush()?;
        self.end_transaction(Status::PrepareCommit)
    }

    fn abort_transaction(&mut self) -> Result<()> {
        self.discard();
        self.flush()?;
        self.end_transaction(Status::PrepareAbort)
    }
}

impl LocalProducer {
    fn session(&mut self) -> Result<&mut Session> {
        self.session_mut().ok_or_else(not_transactional)
    }

    fn end_transaction(&mut self, to: Status) -> Result<()> {
        let cluster = self.cluster().clone();
        let outcome = self.session()?.end(&cluster, to);
        if let Err(error) = &outcome
            && error.code != ErrorCode::InvalidTxnState
        {
            // How far the end has come can't be told from here; the id's next producer finds out.
            self.give_up();
        }
        outcome
    }
}
