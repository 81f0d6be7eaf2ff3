//! What the Admin calls about transactions take and answer. Names follow Kafka's own result classes.

use crate::types::{BrokerId, Offset, TimestampMs, TopicPartition};
use std::fmt;

/// Where a transactional id stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionState {
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
    Dead,
}

impl TransactionState {
    /// Kafka's name for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            TransactionState::Empty => "Empty",
            TransactionState::Ongoing => "Ongoing",
            TransactionState::PrepareCommit => "PrepareCommit",
            TransactionState::PrepareAbort => "PrepareAbort",
            TransactionState::CompleteCommit => "CompleteCommit",
            TransactionState::CompleteAbort => "CompleteAbort",
            TransactionState::Dead => "Dead",
        }
    }
}

/// Which transactional ids are listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct TransactionFilter {
    /// Those whose transaction began more than this time ago (ms), or that have had none.
    pub(crate) running_longer_than_ms: Option<i64>,
    /// Those that match.
    pub(crate) pattern: Option<regex::Regex>,
}

#[derive(Clone, Debug)]
pub(crate) struct TransactionListing {
    pub(crate) transactional_id: String,
    pub(crate) coordinator: BrokerId,
    pub(crate) producer_id: i64,
    pub(crate) state: TransactionState,
}

#[derive(Clone, Debug)]
pub(crate) struct TransactionDescription {
    pub(crate) coordinator: BrokerId,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) state: TransactionState,
    pub(crate) timeout_ms: i32,
    /// When the open or the last transaction began.
    pub(crate) start: Option<TimestampMs>,
    /// What the open transaction has written to, in the order in which it got there.
    pub(crate) partitions: Vec<TopicPartition>,
}

/// What a partition knows of a producer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProducerDescription {
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    /// -1 if the newest epoch has no record.
    pub(crate) last_sequence: i32,
    pub(crate) last_timestamp: TimestampMs,
    /// Of the newest marker, if there was one.
    pub(crate) coordinator_epoch: Option<i32>,
    /// The first offset of the open transaction.
    pub(crate) transaction_start: Option<Offset>,
}

/// A transaction as one partition sees it; displays as Kafka's class does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AbortTransactionSpec {
    pub(crate) partition: TopicPartition,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) coordinator_epoch: i32,
}

impl fmt::Display for AbortTransactionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AbortTransactionSpec { partition, producer_id, producer_epoch, coordinator_epoch } = self;
        write!(
            f,
            "AbortTransactionSpec(topicPartition={partition}, producerId={producer_id}, producerEpoch={producer_epoch}, coordinatorEpoch={coordinator_epoch})"
        )
    }
}
