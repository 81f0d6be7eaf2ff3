//! Where leader epochs end, for clients that make sure they read on in the same history (KIP-101, KIP-320, KIP-595). Part of
//! `RawLogs`.

use super::logs::RawLogs;
use super::slot::Open;
use super::topics::RawTopic;
use crate::client;
use crate::local::error::{Error, Result};
use crate::log::{self, LeaderEpochs};
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId};

impl RawLogs {
    /// The newest epoch at or below `epoch` that the log knows, and the offset at which it ended, the log's end for one that
    /// goes on; `None` if it knows none, or not even an epoch that is as new.
    pub(crate) fn epoch_end(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        epoch: LeaderEpoch,
    ) -> client::Result<Option<(LeaderEpoch, Offset)>> {
        let slot = self.slot(topic, partition)?;
        let found = end_of(&mut slot.open(), epoch);
        found.map_err(|e| self.failed(&slot, e))
    }

    /// Whether a client whose newest batch, up to `offset`, is of `last_epoch` has records that this log hasn't: then the epoch
    /// and the offset up to which both have the same.
    pub(crate) fn diverging(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        last_epoch: LeaderEpoch,
        offset: Offset,
    ) -> client::Result<Option<(LeaderEpoch, Offset)>> {
        let out_of_range = || client::Error::of(ErrorCode::OffsetOutOfRange);
        let (epoch, end) = self.epoch_end(topic, partition, last_epoch)?.ok_or_else(out_of_range)?;
        if offset < self.log_start(topic, partition)? {
            return Err(out_of_range());
        }
        Ok((epoch < last_epoch || end < offset).then_some((epoch, end)))
    }
}

fn end_of(open: &mut Open, epoch: LeaderEpoch) -> Result<Option<(LeaderEpoch, Offset)>> {
    let epochs = match LeaderEpochs::read(open.partition.dir()) {
        // A damaged file is found and told of by checks; nothing is known then.
        Err(log::Error::Malformed { .. }) => LeaderEpochs::default(),
        other => other.map_err(Error::from)?,
    };
    let end = match open.partition.published()? {
        Some(state) => state.end.log_end,
        None => open.partition.high_watermark()?,
    };
    Ok(epochs.end_of(epoch, end))
}
