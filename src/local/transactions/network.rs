//! `NetworkTransactions`: the transaction coordinator for producers that are beyond a network, for whom a server speaks.
//!
//! What is decided, locked and written is the same as for producers of this machine, in the same log: either kind fences
//! the other. What differs: nobody here can tell whether such a producer lives, so that its transaction is its own until
//! its `transaction.timeout.ms` is over; and a client that doesn't know of KIP-890 keeps its epoch.
//! Many threads use it at once. Each takes a log of its own from a pool: what goes on between them goes on between
//! processes too, and is settled by the same locks. Knows nothing of the wire. Source: KIP-98, KIP-360, KIP-890.

use super::admin::write_lone_marker;
use super::alive::say_away;
use super::end::{self, check_ongoing, finish};
use super::ids::allocate_producer_id;
use super::log::{STATE_TOPIC, Sync};
use super::network_clock::Clock;
use super::network_logs::LogPool;
use crate::client::{self, AbortTransactionSpec, Result};
use crate::local::cluster::Cluster;
use crate::local::groups::GroupLogs;
use crate::local::idle::Idle;
use crate::metadata;
use crate::record::EndTxn;
use crate::txn::{self, EPOCH_LAST, End, Protocol, Status, TransactionValue};
use crate::types::{ErrorCode, TopicPartition};
use std::collections::BTreeSet;
use std::sync::Arc;

/// `transaction.max.timeout.ms`, where nothing else is set.
const TIMEOUT_MAX_MS: i64 = 15 * 60 * 1000;

/// Who a producer is to the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerIdentity {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

/// A producer's wish to be the newest one of its transactional id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewProducer<'a> {
    /// `None` for one that is idempotent only.
    pub(crate) transactional_id: Option<&'a str>,
    pub(crate) timeout_ms: i32,
    /// Who it was, if it wants to go on after something went wrong.
    pub(crate) former: Option<ProducerIdentity>,
}

/// How partitions get into a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// They are added, for a client that says so and keeps its epoch: AddPartitionsToTxn up to version 3.
    Said,
    /// They are added with what is written to them (KIP-890): Produce from version 12 on, TxnOffsetCommit from 5 on.
    Written,
    /// They must have been added before.
    Verified,
}

/// The coordinator, for as long as a server runs.
pub(crate) struct NetworkTransactions {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) cluster: Cluster,
    pub(super) logs: LogPool,
    /// The logs of groups that no thread uses just now.
    pub(super) groups: Idle<GroupLogs>,
    pub(super) clock: Clock,
}

impl NetworkTransactions {
    /// Ends, in the background, what was decided before the last server ended, and learns which transactions are open.
    pub(crate) fn open(cluster: &Cluster) -> NetworkTransactions {
        let shared = Shared {
            cluster: cluster.clone(),
            logs: LogPool::default(),
            groups: Idle::default(),
            clock: Clock::default(),
        };
        let shared = Arc::new(shared);
        // Where it can't be told, the first producer will see why.
        if !matches!(cluster.open_topic(STATE_TOPIC), Ok(None)) {
            shared.clock.look_at_all(&shared);
        }
        NetworkTransactions { shared }
    }

    /// Gives a producer its id and epoch. A transactional one is the only one of its id from then on, and what its
    /// predecessor left is ended.
    pub(crate) fn init_producer(&self, wish: NewProducer<'_>) -> Result<ProducerIdentity> {
        let cluster = &self.shared.cluster;
        let Some(id) = wish.transactional_id else {
            return Ok(ProducerIdentity { id: allocate_producer_id(cluster)?, epoch: 0 });
        };
        check_id(id)?;
        if !(1..=self.timeout_max_ms()?).contains(&i64::from(wish.timeout_ms)) {
            return Err(client::Error::of(ErrorCode::InvalidTransactionTimeout));
        }
        let former = wish.former.map(|former| (former.id, former.epoch));
        let value = self.shared.logs.with(cluster, id, |log| {
            end::initialise(cluster, log, id, wish.timeout_ms, former, || say_away(cluster, id))
        })?;
        self.shared.clock.forget(id);
        Ok(ProducerIdentity { id: value.producer_id, epoch: value.producer_epoch })
    }

    fn timeout_max_ms(&self) -> Result<i64> {
        let cluster = &self.shared.cluster;
        let broker = cluster.broker().id;
        let settings = cluster.with_image(|image| metadata::broker_settings(image, broker, &[]))?;
        let setting = settings.into_iter().find(|setting| setting.name == "transaction.max.timeout.ms");
        let value = setting.and_then(|setting| setting.value).and_then(|value| value.parse().ok());
        Ok(value.unwrap_or(TIMEOUT_MAX_MS))
    }

    /// Makes sure that the producer's transaction knows of partitions before anything is written to them, durably. The
    /// caller holds no partition's lock. Refused with `InvalidProducerIdMapping`, `ProducerFenced` (a Produce request is
    /// answered `InvalidProducerEpoch` then) or `InvalidTxnState`.
    pub(crate) fn enter(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        partitions: &[TopicPartition],
        entry: Entry,
    ) -> Result<()> {
        check_id(transactional_id)?;
        let shared = &self.shared;
        shared.logs.with(&shared.cluster, transactional_id, |log| {
            loop {
                let known = log.get(transactional_id);
                let missing =
                    |partition| check_ongoing(known, producer.id, producer.epoch, partition).is_err();
                if !partitions.is_empty() && !partitions.iter().any(missing) {
                    return Ok(Ok(()));
                }
                let protocol = match entry {
                    Entry::Verified => {
                        let is_own = txn::add_partitions(
                            known,
                            producer.id,
                            producer.epoch,
                            &[],
                            Protocol::Classic,
                            crate::types::now_ms(),
                        );
                        let error = is_own.err().unwrap_or(txn::Error::State(Status::Ongoing));
                        return Ok(Err(refusal(known, producer, &error)));
                    }
                    Entry::Said => Protocol::Classic,
                    Entry::Written => Protocol::Rising,
                };
                let added = log.update(transactional_id, Sync::Now, |known, now| {
                    let added =
                        txn::add_partitions(known, producer.id, producer.epoch, partitions, protocol, now);
                    Ok((added.as_ref().ok().cloned(), added))
                })?;
                match (added, log.get(transactional_id).cloned()) {
                    (Ok(value), _) => {
                        shared.clock.note(shared, transactional_id, &value);
                        return Ok(Ok(()));
                    }
                    (Err(txn::Error::State(_)), Some(prepared)) => {
                        finish(&shared.cluster, log, transactional_id, &prepared)?;
                    }
                    (Err(error), known) => return Ok(Err(refusal(known.as_ref(), producer, &error))),
                }
            }
        })?
    }

    /// Makes sure that the producer may still write to a partition. The caller holds the partition's lock and appends before
    /// it gives it back: then whoever ends the transaction puts the marker behind that batch.
    pub(crate) fn check(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        partition: &TopicPartition,
    ) -> Result<()> {
        self.shared.logs.with_under_lock(&self.shared.cluster, transactional_id, |log| {
            let known = log.get(transactional_id);
            Ok(match check_ongoing(known, producer.id, producer.epoch, partition) {
                Ok(()) => Ok(()),
                Err(crate::local::error::Error::Transaction(error)) => Err(refusal(known, producer, &error)),
                Err(other) => Err(other.into()),
            })
        })?
    }

    /// Ends the producer's transaction; every marker is written when this returns. Answers who the producer is from now on:
    /// a client that keeps its epoch is who it was.
    pub(crate) fn end(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        outcome: EndTxn,
        protocol: Protocol,
    ) -> Result<ProducerIdentity> {
        check_id(transactional_id)?;
        let shared = &self.shared;
        let to = match outcome {
            EndTxn::Commit => Status::PrepareCommit,
            EndTxn::Abort => Status::PrepareAbort,
        };
        let who = (producer.id, producer.epoch);
        let is_worn_out = producer.epoch >= EPOCH_LAST;
        let fresh_id = if is_worn_out { Some(allocate_producer_id(&shared.cluster)?) } else { None };
        let ended = shared.logs.with(&shared.cluster, transactional_id, |log| {
            let end = log.update(transactional_id, Sync::Now, |known, now| {
                let end = txn::end(known, who, to, protocol, fresh_id, now);
                let write = match &end {
                    Ok(End::Prepared(value)) => Some(value.clone()),
                    _ => None,
                };
                Ok((write, end))
            })?;
            match end {
                Ok(End::Prepared(value) | End::Unfinished(value)) => {
                    finish(&shared.cluster, log, transactional_id, &value)?;
                    Ok(Ok(successor(&value)))
                }
                Ok(End::Done(value)) => Ok(Ok(successor(&value))),
                Err(error) => Ok(Err(refusal(log.get(transactional_id), producer, &error))),
            }
        })?;
        if ended.is_ok() {
            shared.clock.forget(transactional_id);
        }
        ended
    }

    /// Writes the marker that another coordinator has decided upon into one partition; that coordinator makes sure that it
    /// is the right one.
    pub(crate) fn write_marker(
        &self,
        marker: &AbortTransactionSpec,
        outcome: EndTxn,
        protocol: Protocol,
    ) -> Result<()> {
        write_lone_marker(&self.shared.cluster, marker, outcome, protocol)
    }

    /// Those of the partitions that there are none of.
    pub(crate) fn missing(&self, partitions: &[TopicPartition]) -> Result<BTreeSet<TopicPartition>> {
        let catalog = self.shared.cluster.catalog()?;
        let is_there = |partition: &&TopicPartition| {
            let topic = catalog.get(&partition.topic);
            topic.is_some_and(|topic| catalog.has(topic.id, partition.partition))
        };
        Ok(partitions.iter().filter(|partition| !is_there(partition)).cloned().collect())
    }

    /// Tells that somebody waits for an open transaction to end: those that are abandoned are looked after for a while, as a
    /// waiting reader of this machine does. Cheap; to be called again and again while one waits.
    pub(crate) fn somebody_waits(&self) {
        self.shared.clock.somebody_waits(&self.shared);
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for NetworkTransactions {
    fn drop(&mut self) {
        self.shared.clock.close();
    }
}

/// Who the producer is when the end is complete.
fn successor(ended: &TransactionValue) -> ProducerIdentity {
    match ended.next_producer_id {
        -1 => ProducerIdentity { id: ended.producer_id, epoch: ended.producer_epoch },
        next => ProducerIdentity { id: next, epoch: 0 },
    }
}

fn check_id(transactional_id: &str) -> Result<()> {
    match transactional_id.is_empty() {
        true => Err(client::Error::of(ErrorCode::InvalidRequest)),
        false => Ok(()),
    }
}

/// What a producer is told that may not do what it wants to.
fn refusal(
    known: Option<&TransactionValue>,
    producer: ProducerIdentity,
    error: &txn::Error,
) -> client::Error {
    let is_another = known.is_none_or(|known| known.producer_id != producer.id);
    client::Error::of(match error {
        txn::Error::Fenced if is_another => ErrorCode::InvalidProducerIdMapping,
        txn::Error::Fenced => ErrorCode::ProducerFenced,
        _ => ErrorCode::InvalidTxnState,
    })
}
