//! `LogEnd`: everything that the next append needs to know of a log, and nothing that takes longer to find in a
//! longer log.

use crate::types::{LeaderEpoch, Offset, TimestampMs};

/// The state of a log's end: where the active segment stands and what its indexes still owe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogEnd {
    /// The offset that the next record gets.
    pub(crate) log_end: Offset,
    /// The base offset of the active segment.
    pub(crate) segment_base: Offset,
    /// Bytes of whole batches in the active segment: where the next batch goes.
    pub(crate) segment_bytes: u64,
    /// The largest timestamp of the active segment's first batch; segment.ms counts from it.
    pub(crate) first_timestamp: TimestampMs,
    /// The largest timestamp in the active segment, and the last offset of the batch that holds it.
    pub(crate) max_timestamp: TimestampMs,
    pub(crate) max_timestamp_offset: Offset,
    /// Bytes appended since the last index entry.
    pub(crate) bytes_since_index: u64,
    /// Entries in the active segment's indexes; behind them a file may have preallocated zeros.
    pub(crate) index_entries: u32,
    pub(crate) time_index_entries: u32,
    /// The timestamp of the last time index entry.
    pub(crate) last_indexed_timestamp: TimestampMs,
    /// The leader epoch of the last batch in the log, or the last epoch that led it.
    pub(crate) leader_epoch: LeaderEpoch,
}

impl LogEnd {
    /// The end of a log whose active segment is new and empty.
    pub(crate) const fn empty(base: Offset, leader_epoch: LeaderEpoch) -> LogEnd {
        LogEnd {
            log_end: base,
            segment_base: base,
            segment_bytes: 0,
            first_timestamp: TimestampMs::NONE,
            max_timestamp: TimestampMs::NONE,
            max_timestamp_offset: base,
            bytes_since_index: 0,
            index_entries: 0,
            time_index_entries: 0,
            last_indexed_timestamp: TimestampMs::NONE,
            leader_epoch,
        }
    }
}
