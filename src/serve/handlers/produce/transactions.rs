//! `Transactions`: whether the partitions of a Produce are in their producer's transaction.
//!
//! From version 12 on they enter it with what is written to them; before, the client has added them (KIP-890). Both happen
//! before any lock is taken; under the lock it is made sure that the transaction is still open.

use crate::client;
use crate::local::{Entry, ProducerIdentity, Refusal};
use crate::record::BatchHeader;
use crate::serve::call::Call;
use crate::types::{ErrorCode, TopicPartition};
use std::collections::HashMap;

/// From this version on partitions enter a transaction with what is written to them.
const ENTERS_FROM: i16 = 12;
/// From this version on clients know that a transaction may be one to be aborted.
const ABORTABLE_FROM: i16 = 11;

/// The transactions that the batches of a request belong to.
pub(super) struct Transactions<'a> {
    call: &'a Call,
    id: Option<&'a str>,
    /// Why partitions aren't in their transaction.
    refused: HashMap<TopicPartition, ErrorCode>,
}

impl<'a> Transactions<'a> {
    /// Sees to it that the transaction of `id` knows the partitions that transactional batches are for.
    pub(super) fn enter(
        call: &'a Call,
        id: Option<&'a str>,
        batches: impl Iterator<Item = (TopicPartition, BatchHeader)>,
    ) -> Transactions<'a> {
        let mut by_producer: HashMap<(i64, i16), Vec<TopicPartition>> = HashMap::new();
        for (at, header) in batches {
            by_producer.entry((header.producer_id(), header.producer_epoch())).or_default().push(at);
        }
        let mut transactions = Transactions { call, id, refused: HashMap::new() };
        for ((producer_id, epoch), partitions) in by_producer {
            let producer = ProducerIdentity { id: producer_id, epoch };
            if let Err(code) = transactions.enter_one(producer, &partitions) {
                transactions.refused.extend(partitions.into_iter().map(|at| (at, code)));
            }
        }
        transactions
    }

    fn enter_one(&self, producer: ProducerIdentity, partitions: &[TopicPartition]) -> Result<(), ErrorCode> {
        let Some(id) = self.id else { return Err(ErrorCode::TransactionalIdAuthorizationFailed) };
        let entry = if self.call.version >= ENTERS_FROM { Entry::Written } else { Entry::Verified };
        let entered = self.call.context.transactions.enter(id, producer, partitions, entry);
        entered.map_err(|e| self.as_known(e.code))
    }

    /// Refuses a partition that is not in its transaction.
    pub(super) fn may_write(&self, at: &TopicPartition) -> Result<(), Refusal> {
        self.refused.get(at).map_or(Ok(()), |&code| Err(Refusal::of(code)))
    }

    /// Makes sure that the transaction is still open. The caller holds the partition's lock.
    pub(super) fn check(&self, header: &BatchHeader, at: &TopicPartition) -> client::Result<()> {
        let failed = |code| client::Error::of(self.as_known(code));
        let Some(id) = self.id else { return Err(failed(ErrorCode::TransactionalIdAuthorizationFailed)) };
        let producer = ProducerIdentity { id: header.producer_id(), epoch: header.producer_epoch() };
        self.call.context.transactions.check(id, producer, at).map_err(|e| failed(e.code))
    }

    /// An error as a producer of the request's version is told it.
    fn as_known(&self, code: ErrorCode) -> ErrorCode {
        match code {
            ErrorCode::ProducerFenced => ErrorCode::InvalidProducerEpoch,
            ErrorCode::InvalidTxnState if self.call.version >= ABORTABLE_FROM => {
                ErrorCode::TransactionAbortable
            }
            other => other,
        }
    }
}
