//! Deleting the oldest records of a partition: its log begins later from then on.

use super::checkpoints;
use super::cluster::Cluster;
use super::error::Error;
use crate::client::{self, Result};
use crate::log;
use crate::types::{ErrorCode, INTERNAL_TOPICS, Offset, TopicPartition};

/// What stands for the end of the log.
const END: Offset = Offset::new(-1);

/// Deletes the records below `before`, or all of them for -1. Returns the offset at which the log begins now.
pub(super) fn delete_records(
    cluster: &Cluster,
    partition: &TopicPartition,
    before: Offset,
) -> Result<Offset> {
    cluster.coordination()?;
    let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
    if INTERNAL_TOPICS.contains(&partition.topic.as_str()) {
        return Err(client::Error::of(ErrorCode::InvalidTopic));
    }
    let topic = cluster.open_topic(&partition.topic)?.ok_or_else(unknown)?;
    let id = partition.partition;
    if !topic.partitions.iter().any(|&(known, _)| known == id) {
        return Err(unknown());
    }
    if !topic.config.deletes() {
        return Err(client::Error::of(ErrorCode::PolicyViolation));
    }
    let mut handle = cluster.partition(&topic, id)?;
    let dir = handle.dir().to_owned();
    let locked = handle.lock()?;
    let end = locked.high_watermark();
    let wanted = if before == END { end } else { before };
    if wanted < Offset::ZERO || wanted > end {
        return Err(client::Error::of(ErrorCode::OffsetOutOfRange));
    }
    let start = cluster.log_start(&topic, id)?;
    if wanted <= start {
        return Ok(start);
    }
    // The note comes first: records whose file is gone must not be asked for.
    checkpoints::set_log_start(cluster, partition, Some(wanted))?;
    let first = log::trim(&dir, wanted).map_err(Error::from)?;
    if first >= wanted {
        checkpoints::set_log_start(cluster, partition, None)?;
    }
    drop(locked);
    log::remove_deleted(&dir).map_err(Error::from)?;
    Ok(wanted)
}
