//! Admin calls about offsets of partitions: where a log begins and ends, and what was written when.

use super::cluster::Cluster;
use super::error::Error;
use crate::client::{self, OffsetInfo, OffsetSpec, Result};
use crate::log;
use crate::types::{ErrorCode, TopicPartition};

/// Answers one `ListOffsets` request.
pub(super) fn list_offset(
    cluster: &Cluster,
    partition: &TopicPartition,
    spec: OffsetSpec,
) -> Result<OffsetInfo> {
    let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
    let topic = cluster.open_topic(&partition.topic)?.ok_or_else(unknown)?;
    let id = partition.partition;
    if !topic.partitions.iter().any(|&(known, _)| known == id) {
        return Err(unknown());
    }
    let start = cluster.log_start(&topic, id)?;
    let mut handle = cluster.partition(&topic, id)?;
    let at = |offset| Ok(OffsetInfo { offset: Some(offset) });
    let found = match spec {
        OffsetSpec::Earliest => return at(start),
        OffsetSpec::Latest => return at(handle.high_watermark()?.max(start)),
        OffsetSpec::MaxTimestamp => {
            let end = handle.high_watermark()?;
            log::newest(handle.dir(), end, topic.gaps())
        }
        OffsetSpec::Timestamp(time) => {
            let end = handle.high_watermark()?;
            log::first_at_or_after(handle.dir(), time, start, end, topic.gaps())
        }
    };
    let found = found.map_err(Error::from)?;
    Ok(OffsetInfo { offset: found.map(|(offset, _)| offset) })
}
