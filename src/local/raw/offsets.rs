//! Offsets by time and by name (`ListOffsets`). Part of `RawLogs`.

use super::logs::RawLogs;
use super::read::Isolation;
use super::topics::RawTopic;
use crate::client::{self, OffsetSpec};
use crate::local::error::Error;
use crate::log::{self, LeaderEpochs};
use crate::types::{LeaderEpoch, Offset, PartitionId, TimestampMs};

/// A place in a partition's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffsetFound {
    pub(crate) offset: Offset,
    /// The record's own, where a record was sought.
    pub(crate) timestamp: Option<TimestampMs>,
    /// The epoch that the offset was, or will be, written in; `None` if that isn't known.
    pub(crate) epoch: Option<LeaderEpoch>,
}

impl RawLogs {
    /// Finds an offset among those that a reader of this isolation sees; `None` if there is none.
    pub(crate) fn find_offset(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        spec: OffsetSpec,
        isolation: Isolation,
    ) -> client::Result<Option<OffsetFound>> {
        let slot = self.slot(topic, partition)?;
        let extent = self.look(topic, &slot, isolation).map_err(|e| self.failed(&slot, e))?;
        let limit = match isolation {
            Isolation::ReadUncommitted => extent.high_watermark,
            Isolation::ReadCommitted => extent.last_stable,
        };
        if spec == OffsetSpec::Latest {
            let epoch = topic.leader_epoch(partition);
            return Ok(Some(OffsetFound { offset: limit, timestamp: None, epoch }));
        }
        let (dir, gaps) = {
            let open = slot.open();
            (open.partition.dir().to_owned(), open.partition.gaps())
        };
        let found = match spec {
            OffsetSpec::Earliest | OffsetSpec::Latest => Ok(Some((extent.log_start, TimestampMs::NONE))),
            OffsetSpec::MaxTimestamp => log::newest(&dir, limit, gaps),
            OffsetSpec::Timestamp(time) => log::first_at_or_after(&dir, time, extent.log_start, limit, gaps),
        };
        let found = found.map_err(|e| self.failed(&slot, e.into()))?;
        let Some((offset, timestamp)) = found else { return Ok(None) };
        let epochs = LeaderEpochs::read(&dir).map_err(Error::from)?;
        let timestamp = Some(timestamp).filter(|_| spec != OffsetSpec::Earliest);
        Ok(Some(OffsetFound { offset, timestamp, epoch: epochs.of(offset) }))
    }
}
