//! The open files of one segment, and the settings by which a log rolls and indexes.

use super::names::{FileKind, Stage, segment_file, staged_file};
use super::{LogEnd, Result, offset_index, time_index};
use crate::disk::{self, File, Mode};
use crate::types::{Offset, TimestampMs};
use std::path::Path;
use std::sync::Arc;

/// The topic configurations that bear on how a log is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogConfig {
    /// `segment.bytes`: a segment is rolled before it would exceed this.
    pub(crate) segment_bytes: u64,
    /// `segment.ms`, by record time.
    pub(crate) segment_ms: i64,
    /// `segment.index.bytes`: the most that an index may hold.
    pub(crate) segment_index_bytes: u64,
    /// `index.interval.bytes`.
    pub(crate) index_interval_bytes: u64,
}

/// How much older a segment may seem than it is. Far less than anybody retains records for.
const TIME_INDEX_LAG_MAX_MS: i64 = 60_000;

/// A segment open for appending.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) base: Offset,
    /// Shared with whoever syncs while others go on appending.
    pub(super) log: Arc<File>,
    index: File,
    time_index: File,
}

impl Segment {
    /// Opens a segment's files; missing indexes are made.
    pub(super) fn open(dir: &Path, base: Offset) -> Result<Segment> {
        Ok(Segment {
            base,
            log: Arc::new(File::open(&segment_file(dir, base, FileKind::Log), Mode::Create)?),
            index: File::open(&segment_file(dir, base, FileKind::OffsetIndex), Mode::Create)?,
            time_index: File::open(&segment_file(dir, base, FileKind::TimeIndex), Mode::Create)?,
        })
    }

    /// Makes the files of a cleaned segment; what another cleaner left of them goes.
    pub(super) fn create_cleaned(dir: &Path, base: Offset) -> Result<Segment> {
        for kind in FileKind::OF_SEGMENT {
            disk::remove_file(&staged_file(dir, base, kind, Stage::Cleaned))?;
        }
        let make = |kind| File::open(&staged_file(dir, base, kind, Stage::Cleaned), Mode::New);
        Ok(Segment {
            base,
            log: Arc::new(make(FileKind::Log)?),
            index: make(FileKind::OffsetIndex)?,
            time_index: make(FileKind::TimeIndex)?,
        })
    }

    /// Adds index entries for the batch that begins at `position` and whose last offset is `last`, as Kafka does: the
    /// offset index always, the time index if time has moved on.
    pub(super) fn index_batch(&self, end: &mut LogEnd, last: Offset, position: u64) -> Result<()> {
        offset_index::write(&self.index, self.base, end.index_entries, last, position)?;
        end.index_entries += 1;
        self.index_time(end)
    }

    /// Adds the time index entry that is due, if any.
    pub(super) fn index_time(&self, end: &mut LogEnd) -> Result<()> {
        if end.max_timestamp > end.last_indexed_timestamp && end.max_timestamp > TimestampMs::NONE {
            let (timestamp, offset) = (end.max_timestamp, end.max_timestamp_offset);
            time_index::write(&self.time_index, self.base, end.time_index_entries, timestamp, offset)?;
            end.time_index_entries += 1;
            end.last_indexed_timestamp = end.max_timestamp;
        }
        Ok(())
    }

    /// Cuts the indexes to the entries in use, as on a roll: preallocated zeros and entries beyond a cut go.
    pub(super) fn trim_indexes(&self, end: &LogEnd) -> Result<()> {
        self.index.set_len(u64::from(end.index_entries) * offset_index::ENTRY_BYTES)?;
        self.time_index.set_len(u64::from(end.time_index_entries) * time_index::ENTRY_BYTES)?;
        Ok(())
    }

    /// Leaves the indexes as a broker does that closes the log, since one that finds it closed takes all of an index for
    /// entries, and the time of the last one for the segment's, by which it deletes. The next append may write over the
    /// entry that is added here: `end` doesn't count it. `since` is the time of the last entry that was there when this
    /// process began.
    pub(super) fn close(&self, end: &LogEnd, since: TimestampMs) -> Result<()> {
        let mut time_index_entries = end.time_index_entries;
        if end.max_timestamp > end.last_indexed_timestamp && end.max_timestamp > TimestampMs::NONE {
            let (timestamp, offset) = (end.max_timestamp, end.max_timestamp_offset);
            time_index::write(&self.time_index, self.base, time_index_entries, timestamp, offset)?;
            time_index_entries += 1;
        }
        // After a power failure an entry before may stand for the last one.
        let since = if since > TimestampMs::NONE { since } else { end.first_timestamp };
        let behind_ms = end.max_timestamp.0.saturating_sub(since.0);
        if time_index_entries > 1 && behind_ms > TIME_INDEX_LAG_MAX_MS {
            self.time_index.sync_data()?;
        }
        cut(&self.index, u64::from(end.index_entries) * offset_index::ENTRY_BYTES)?;
        cut(&self.time_index, u64::from(time_index_entries) * time_index::ENTRY_BYTES)
    }

    /// Makes everything in the segment's files durable.
    pub(super) fn sync(&self) -> Result<()> {
        self.log.sync_data()?;
        self.index.sync_data()?;
        self.time_index.sync_data()?;
        Ok(())
    }
}

/// Cuts what is behind `length`.
fn cut(file: &File, length: u64) -> Result<()> {
    if file.len()? > length {
        file.set_len(length)?;
    }
    Ok(())
}
