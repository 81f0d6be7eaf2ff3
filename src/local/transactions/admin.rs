//! Admin calls about transactions.

use super::end::initialise;
use super::janitor::{Janitor, Patience};
use super::log::TransactionLog;
use crate::client::{
    self, AbortTransactionSpec, ProducerDescription, Result, TransactionDescription, TransactionFilter,
    TransactionListing, TransactionState,
};
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::topic::OpenTopic;
use crate::log::{ProducerEntry, ProducerStates};
use crate::record::{self, EndTxn};
use crate::txn::{Protocol, Status, TransactionValue};
use crate::types::{ErrorCode, LeaderEpoch, TimestampMs, TopicPartition, now_ms};

/// The timeout that an id gets when an administrator ends its transaction: that of his request, in Kafka.
const FENCING_TIMEOUT_MS: i32 = 30_000;
/// `producer.id.expiration.ms`: a producer without an open transaction is forgotten after this time.
const PRODUCER_EXPIRATION_MS: i64 = 86_400_000;

/// The transactional ids that pass the filter, by partition of the log and id.
pub(in crate::local) fn list(
    cluster: &Cluster,
    filter: &TransactionFilter,
) -> Result<Vec<TransactionListing>> {
    Janitor::default().sweep(cluster, Patience::UntilTimeout)?;
    let (coordinator, now) = (cluster.broker().id, now_ms());
    let mut listings = Vec::new();
    for log in TransactionLog::all(cluster)? {
        for (id, value) in log.iter().filter(|(id, value)| passes(filter, id, value, now)) {
            listings.push(TransactionListing {
                transactional_id: id.to_owned(),
                coordinator,
                producer_id: value.producer_id,
                state: state(value.status),
            });
        }
    }
    Ok(listings)
}

fn passes(filter: &TransactionFilter, id: &str, value: &TransactionValue, now: TimestampMs) -> bool {
    let age_ms = now.0.saturating_sub(value.start.0);
    value.status != Status::Dead
        && filter.running_longer_than_ms.is_none_or(|least| age_ms > least)
        && filter.pattern.as_ref().is_none_or(|pattern| pattern.is_match(id))
}

pub(in crate::local) fn describe(
    cluster: &Cluster,
    transactional_id: &str,
) -> Result<TransactionDescription> {
    let not_found = || client::Error::of(ErrorCode::TransactionalIdNotFound);
    if transactional_id.is_empty() {
        return Err(client::Error::of(ErrorCode::InvalidRequest));
    }
    Janitor::default().sweep(cluster, Patience::UntilTimeout)?;
    let log = TransactionLog::existing(cluster, transactional_id)?.ok_or_else(not_found)?;
    let value = log.get(transactional_id).filter(|value| value.status != Status::Dead);
    let value = value.ok_or_else(not_found)?;
    Ok(TransactionDescription {
        coordinator: cluster.broker().id,
        producer_id: value.producer_id,
        producer_epoch: value.producer_epoch,
        state: state(value.status),
        timeout_ms: value.timeout_ms,
        start: Some(value.start).filter(|&start| start != TimestampMs::NONE),
        partitions: value.written(),
    })
}

fn state(status: Status) -> TransactionState {
    match status {
        Status::Empty => TransactionState::Empty,
        Status::Ongoing => TransactionState::Ongoing,
        Status::PrepareCommit => TransactionState::PrepareCommit,
        Status::PrepareAbort => TransactionState::PrepareAbort,
        Status::CompleteCommit => TransactionState::CompleteCommit,
        Status::CompleteAbort => TransactionState::CompleteAbort,
        Status::Dead => TransactionState::Dead,
    }
}

/// A new producer of the id without anybody who uses it: what was open is aborted, who was at work is fenced.
pub(in crate::local) fn fence(cluster: &Cluster, transactional_id: &str) -> Result<()> {
    if transactional_id.is_empty() {
        return Err(client::Error::of(ErrorCode::InvalidRequest));
    }
    let mut log = TransactionLog::of(cluster, transactional_id)?;
    initialise(cluster, &mut log, transactional_id, FENCING_TIMEOUT_MS, None, || Ok(())).map(|_| ())
}

fn open(cluster: &Cluster, partition: &TopicPartition) -> Result<(OpenTopic, LeaderEpoch)> {
    let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
    let topic = cluster.open_topic(&partition.topic)?.ok_or_else(unknown)?;
    let found = topic.partitions.iter().find(|&&(id, _)| id == partition.partition);
    let epoch = found.map(|&(_, epoch)| epoch).ok_or_else(unknown)?;
    Ok((topic, epoch))
}

/// The producers of a partition, by id.
pub(in crate::local) fn describe_producers(
    cluster: &Cluster,
    partition: &TopicPartition,
) -> Result<Vec<ProducerDescription>> {
    let (topic, _) = open(cluster, partition)?;
    let start = cluster.log_start(&topic, partition.partition)?;
    let mut handle = cluster.partition(&topic, partition.partition)?;
    let end = handle.high_watermark()?;
    let states = ProducerStates::load(handle.dir(), start, end).map_err(Error::from)?;
    let now = now_ms();
    let active = states.iter().filter(|(_, entry)| {
        entry.transaction_start.is_some() || now.0.saturating_sub(entry.timestamp.0) < PRODUCER_EXPIRATION_MS
    });
    Ok(active.map(description).collect())
}

fn description((producer_id, entry): (i64, &ProducerEntry)) -> ProducerDescription {
    ProducerDescription {
        producer_id,
        producer_epoch: entry.epoch,
        last_sequence: entry.last_sequence(),
        last_timestamp: entry.timestamp,
        coordinator_epoch: Some(entry.coordinator_epoch).filter(|&epoch| epoch >= 0),
        transaction_start: entry.transaction_start,
    }
}

/// Writes an ABORT marker into one partition, for a transaction that no coordinator knows of any more. Asks nobody but that
/// partition.
pub(in crate::local) fn abort(cluster: &Cluster, spec: &AbortTransactionSpec) -> Result<()> {
    write_lone_marker(cluster, spec, EndTxn::Abort, Protocol::Classic)
}

/// The same with either outcome. By the newer protocol a marker bears an epoch above that of the records.
pub(super) fn write_lone_marker(
    cluster: &Cluster,
    spec: &AbortTransactionSpec,
    outcome: EndTxn,
    protocol: Protocol,
) -> Result<()> {
    cluster.coordination()?;
    let (topic, leader_epoch) = open(cluster, &spec.partition)?;
    let mut handle = cluster.partition(&topic, spec.partition.partition)?;
    let dir = handle.dir().to_owned();
    let mut locked = handle.lock()?;
    let start = cluster.log_start(&topic, spec.partition.partition)?;
    let states = ProducerStates::load(&dir, start, locked.log_end()).map_err(Error::from)?;
    let coordinator_epoch = spec.coordinator_epoch.max(0);
    let known = states.iter().find(|&(id, _)| id == spec.producer_id).map(|(_, entry)| entry);
    if spec.producer_epoch < 0 {
        return Err(client::Error::of(ErrorCode::InvalidRequest));
    }
    if let Some(known) = known {
        let is_over = protocol == Protocol::Rising && spec.producer_epoch == known.epoch;
        if spec.producer_epoch < known.epoch || is_over {
            return Err(client::Error::of(ErrorCode::InvalidProducerEpoch));
        }
        if coordinator_epoch < known.coordinator_epoch {
            return Err(client::Error::of(ErrorCode::TransactionCoordinatorFenced));
        }
    }
    let (id, epoch) = (spec.producer_id, spec.producer_epoch);
    let mut marker =
        record::end_txn_batch(outcome, id, epoch, coordinator_epoch, now_ms()).map_err(Error::from)?;
    match outcome {
        EndTxn::Commit => locked.append(&mut marker, leader_epoch)?,
        EndTxn::Abort => locked.append_abort(&mut marker, leader_epoch, id)?,
    };
    Ok(locked.sync_and_publish()?)
}
