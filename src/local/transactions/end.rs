//! How transactions begin and end on a directory: producer ids, the takeover from a predecessor, the markers.
//!
//! The end of a transaction is decided by its Prepare record, durably. From then on whoever comes by completes it: a
//! marker in every partition that was written to, then the Complete record. Two processes may do so at once; each marker
//! is written under its partition's lock, and only while the log of transactions still says Prepare, so that none can
//! hit the next transaction of the same producer.

use super::ids::allocate_producer_id;
use super::log::{Sync, TransactionLog};
use crate::client;
use crate::local::cluster::Cluster;
use crate::local::error::{Error, Result};
use crate::record::{self, EndTxn};
use crate::txn::{self, Begin, EPOCH_LAST, Status, TransactionValue};
use crate::types::{ErrorCode, TopicPartition, now_ms};

/// Makes a new producer of a transactional id, after whatever its predecessor left is ended. `take_over` is called under
/// the lock, at the moment from which on there is no other. `former` is the producer id and epoch of one that wants to go
/// on; it is fenced if there was another since.
pub(in crate::local) fn initialise(
    cluster: &Cluster,
    log: &mut TransactionLog,
    transactional_id: &str,
    timeout_ms: i32,
    mut former: Option<(i64, i16)>,
    take_over: impl Fn() -> Result<()>,
) -> client::Result<TransactionValue> {
    let mut fresh_id = None;
    loop {
        let begin = log.update(transactional_id, Sync::Now, |known, now| {
            // What is ended below on the way is that one's own.
            if former.take().is_some_and(|(id, epoch)| !txn::may_go_on(known, id, epoch)) {
                return Err(txn::Error::Fenced.into());
            }
            let begin = txn::initialise(known, timeout_ms, fresh_id, now)?;
            let write = match &begin {
                Begin::Ready(value) => {
                    take_over()?;
                    Some(value.clone())
                }
                Begin::Abort(value) => Some(value.clone()),
                Begin::Finish(_) | Begin::NeedsProducerId => None,
            };
            Ok((write, begin))
        })?;
        match begin {
            Begin::Ready(value) => return Ok(value),
            Begin::Abort(prepared) => {
                // The id may be its next one.
                fresh_id = None;
                finish(cluster, log, transactional_id, &prepared)?;
            }
            Begin::Finish(prepared) => finish(cluster, log, transactional_id, &prepared)?,
            Begin::NeedsProducerId => fresh_id = Some(allocate_producer_id(cluster)?),
        }
    }
}

/// Aborts a transaction that its producer doesn't end, if it is still as `known`. The producer's epoch is over with it.
pub(super) fn abort(
    cluster: &Cluster,
    log: &mut TransactionLog,
    transactional_id: &str,
    known: &TransactionValue,
) -> client::Result<()> {
    let (producer_id, epoch) = (known.producer_id, known.producer_epoch);
    let fresh_id = if epoch >= EPOCH_LAST { Some(allocate_producer_id(cluster)?) } else { None };
    let prepared = log.update(transactional_id, Sync::Now, |now_known, now| {
        let same = |value: &&TransactionValue| value.status == Status::Ongoing && value.start == known.start;
        if !now_known.as_ref().is_some_and(same) {
            return Ok((None, None));
        }
        let prepared = txn::prepare(now_known, producer_id, epoch, Status::PrepareAbort, fresh_id, now)?;
        Ok((Some(prepared.clone()), Some(prepared)))
    })?;
    prepared.map_or(Ok(()), |prepared| finish(cluster, log, transactional_id, &prepared))
}

/// Writes the markers of a transaction whose end is decided, then says that it is complete.
pub(in crate::local) fn finish(
    cluster: &Cluster,
    log: &mut TransactionLog,
    transactional_id: &str,
    prepared: &TransactionValue,
) -> client::Result<()> {
    for partition in prepared.written() {
        match write_marker(cluster, log, transactional_id, prepared, &partition) {
            // It was deleted, and what was written to it with it.
            Err(e) if e.code == ErrorCode::UnknownTopicOrPartition => {}
            other => other?,
        }
    }
    log.update(transactional_id, Sync::Later, |known, now| {
        // Another may have been faster.
        Ok((txn::complete(known, prepared, now).ok(), ()))
    })?;
    Ok(())
}

pub(super) fn write_marker(
    cluster: &Cluster,
    log: &mut TransactionLog,
    transactional_id: &str,
    prepared: &TransactionValue,
    at: &TopicPartition,
) -> client::Result<()> {
    let Some(topic) = cluster.open_topic(&at.topic)? else { return Ok(()) };
    let Some(&(_, epoch)) = topic.partitions.iter().find(|&&(id, _)| id == at.partition) else {
        return Ok(());
    };
    let mut partition = cluster.partition(&topic, at.partition)?;
    let mut locked = partition.lock()?;
    log.refresh()?;
    if !is_still(log.get(transactional_id), prepared) {
        return Ok(());
    }
    let outcome = if prepared.status == Status::PrepareCommit { EndTxn::Commit } else { EndTxn::Abort };
    let (id, raised) = (prepared.producer_id, prepared.producer_epoch);
    let mut marker =
        record::end_txn_batch(outcome, id, raised, log.coordinator_epoch(), now_ms()).map_err(Error::from)?;
    match outcome {
        EndTxn::Commit => locked.append(&mut marker, epoch)?,
        EndTxn::Abort => locked.append_abort(&mut marker, epoch, id)?,
    };
    Ok(locked.sync_and_publish()?)
}

/// Whether the transaction is still the one whose end was decided, and not complete yet.
fn is_still(known: Option<&TransactionValue>, prepared: &TransactionValue) -> bool {
    known.is_some_and(|known| {
        (known.status, known.start) == (prepared.status, prepared.start)
            && (known.producer_id, known.producer_epoch) == (prepared.producer_id, prepared.producer_epoch)
    })
}

/// Whether the producer of this id and epoch may write to a partition of its open transaction: checked under that
/// partition's lock, before every batch.
pub(in crate::local) fn check_ongoing(
    known: Option<&TransactionValue>,
    producer_id: i64,
    epoch: i16,
    at: &TopicPartition,
) -> Result<()> {
    match known {
        Some(known) if (known.producer_id, known.producer_epoch) != (producer_id, epoch) => {
            Err(txn::Error::Fenced.into())
        }
        Some(known) if known.status == Status::Ongoing && known.has(at) => Ok(()),
        Some(known) => Err(txn::Error::State(known.status).into()),
        None => Err(txn::Error::Fenced.into()),
    }
}
