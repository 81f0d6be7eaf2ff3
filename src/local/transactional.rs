//! `Session`: who a producer is to the logs, and how far its transaction is; `TransactionalProducer` on a directory.
//!
//! An idempotent producer has an id and counts its records in each partition. A transactional one besides asks the log
//! of transactions: a partition is added there, durably, before its first batch, and under the partition's lock, before
//! every batch, it is made sure that no newer producer of the same transactional id has taken over.
//! Source: KIP-98, KIP-890.

use super::cluster::Cluster;
use super::producer::LocalProducer;
use super::transaction_end::{allocate_producer_id, check_ongoing, finish, initialise};
use super::transaction_log::{Sync, TransactionLog};
use crate::client::{self, Producer, Result, TransactionalProducer};
use crate::record::{self, ProducerStamp};
use crate::txn::{self, EPOCH_LAST, Status};
use crate::types::{ErrorCode, PartitionId, TopicPartition};
use std::collections::BTreeMap;

/// A producer with an id.
pub(super) struct Session {
    producer_id: i64,
    epoch: i16,
    /// The sequence of the next record, of each partition that was written to in this epoch.
    sequences: BTreeMap<PartitionId, i32>,
    transaction: Option<Transaction>,
}

struct Transaction {
    id: String,
    log: TransactionLog,
    stage: Stage,
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
    pub(super) fn idempotent(cluster: &Cluster) -> Result<Session> {
        let producer_id = allocate_producer_id(cluster)?;
        Ok(Session { producer_id, epoch: 0, sequences: BTreeMap::new(), transaction: None })
    }

    /// The newest producer of a transactional id. What its predecessor left open is aborted.
    pub(super) fn transactional(cluster: &Cluster, id: &str, timeout_ms: i32) -> Result<Session> {
        let mut log = TransactionLog::of(cluster, id)?;
        let value = initialise(cluster, &mut log, id, timeout_ms)?;
        let transaction = Transaction { id: id.to_owned(), log, stage: Stage::Idle };
        Ok(Session {
            producer_id: value.producer_id,
            epoch: value.producer_epoch,
            sequences: BTreeMap::new(),
            transaction: Some(transaction),
        })
    }

    /// Refuses records outside of a transaction.
    pub(super) fn check_open(&self) -> Result<()> {
        match &self.transaction {
            Some(transaction) if transaction.stage != Stage::Open => Err(invalid_state(transaction.stage)),
            _ => Ok(()),
        }
    }

    /// Makes sure that the open transaction knows of a partition that is about to be written to. The caller holds no
    /// partition's lock.
    pub(super) fn enter(&mut self, partition: &TopicPartition) -> Result<()> {
        let (id, epoch) = (self.producer_id, self.epoch);
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        let known = transaction.log.get(&transaction.id);
        if check_ongoing(known, id, epoch, partition).is_err() {
            let partitions = std::slice::from_ref(partition);
            transaction.log.update(&transaction.id, Sync::Now, |known, now| {
                Ok((Some(txn::add_partitions(known, id, epoch, partitions, now)?), ()))
            })?;
        }
        Ok(())
    }

    /// Makes sure that nobody has taken over. The caller holds the partition's lock and appends before it gives it back:
    /// then whoever takes over puts the marker behind that batch.
    pub(super) fn check(&mut self, partition: &TopicPartition) -> Result<()> {
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        transaction.log.refresh()?;
        let known = transaction.log.get(&transaction.id);
        Ok(check_ongoing(known, self.producer_id, self.epoch, partition)?)
    }

    /// What the next batch for a partition carries.
    pub(super) fn stamp(&self, partition: PartitionId) -> ProducerStamp {
        ProducerStamp {
            producer_id: self.producer_id,
            epoch: self.epoch,
            base_sequence: self.sequences.get(&partition).copied().unwrap_or(0),
            transactional: self.transaction.is_some(),
        }
    }

    /// Counts the records of a batch that was appended.
    pub(super) fn advance(&mut self, partition: PartitionId, record_count: i32) {
        let next = self.sequences.entry(partition).or_insert(0);
        *next = record::sequence_after(*next, record_count);
    }

    /// Notes that a record of the open transaction was not stored.
    pub(super) fn spoil(&mut self) {
        if let Some(transaction) = self.transaction.as_mut().filter(|t| t.stage == Stage::Open) {
            transaction.stage = Stage::Spoiled;
        }
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
