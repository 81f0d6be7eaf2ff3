//! `Appender`: batches go to the end of the active segment; segments are rolled when due.

use super::segment::Segment;
use super::{
    AbortedTransaction, LeaderEpochs, LogConfig, LogEnd, ProducerStates, Result, offset_index,
    producer_snapshot, time_index, txn_index,
};
use crate::disk::{self, File};
use crate::record::{self, BatchHeader};
use crate::types::{LeaderEpoch, Offset, TimestampMs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log opened for appending. The caller holds the partition's lock during every call.
#[derive(Debug)]
pub(crate) struct Appender {
    dir: PathBuf,
    segment: Segment,
    /// The time of the last entry that its time index had when it was opened.
    indexed_before: TimestampMs,
    /// Whether a producer snapshot is known to be there.
    has_snapshot: bool,
    /// Whether one was due and couldn't be written.
    owes_snapshot: bool,
}

/// Where a batch went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appended {
    pub(crate) last_offset: Offset,
    /// Whether it is the first batch of its segment: then the file's name may be as new as its content.
    pub(crate) first_in_segment: bool,
}

impl Appender {
    /// Opens the active segment that `end` names, making it where the log is new.
    pub(crate) fn open(dir: &Path, end: &LogEnd) -> Result<Appender> {
        Ok(Appender {
            dir: dir.to_owned(),
            segment: Segment::open(dir, end.segment_base)?,
            indexed_before: end.last_indexed_timestamp,
            has_snapshot: false,
            owes_snapshot: false,
        })
    }

    /// The base offset of the segment that is open.
    pub(crate) fn segment_base(&self) -> Offset {
        self.segment.base
    }

    /// The active .log, to be synced while others append.
    pub(crate) fn log_file(&self) -> Arc<File> {
        Arc::clone(&self.segment.log)
    }

    /// The identity and length of the active .log.
    pub(crate) fn identity(&self) -> Result<(u64, u64)> {
        Ok(self.segment.log.identity()?)
    }

    /// Leaves the indexes as a broker does that stops in good order.
    pub(crate) fn close(&self, end: &LogEnd) -> Result<()> {
        if self.owes_snapshot {
            producer_snapshot::write_first(&self.dir, end.log_end)?;
        }
        self.segment.close(end, self.indexed_before)
    }

    /// Gives a whole batch its offset and leader epoch and writes it. On an error the log is as it was.
    pub(crate) fn append(
        &mut self,
        end: &mut LogEnd,
        batch: &mut [u8],
        epoch: LeaderEpoch,
        config: &LogConfig,
    ) -> Result<Appended> {
        let header = BatchHeader::parse(batch)?;
        let last_offset = self.make_room(end, &header, batch.len(), config, None)?;
        record::stamp(batch, end.log_end, epoch);
        self.put(end, &header, last_offset, (batch, &[]), epoch, config)
    }

    /// As `append`, for a batch that is not to be copied: the parts are a copy of its header and what follows that. `known` are
    /// the producers as of the log's end, which a roll needs.
    pub(crate) fn append_parts(
        &mut self,
        end: &mut LogEnd,
        (head, records): (&mut [u8; record::HEADER_SIZE], &[u8]),
        known: Option<&ProducerStates>,
        epoch: LeaderEpoch,
        config: &LogConfig,
    ) -> Result<Appended> {
        let header = BatchHeader::parse(head)?;
        let last_offset = self.make_room(end, &header, head.len() + records.len(), config, known)?;
        record::stamp(head, end.log_end, epoch);
        self.put(end, &header, last_offset, (head, records), epoch, config)
    }

    /// Writes a batch that is in two parts, and takes it into account.
    fn put(
        &mut self,
        end: &mut LogEnd,
        header: &BatchHeader,
        last_offset: Offset,
        (front, rest): (&[u8], &[u8]),
        epoch: LeaderEpoch,
        config: &LogConfig,
    ) -> Result<Appended> {
        let position = end.segment_bytes;
        if let Err(error) = self.segment.log.write_parts_at(front, rest, position) {
            // A part may have been written. Cut it, so that the next append finds the end where it expects it; if that
            // fails too, recovery will cut it.
            let _ = self.segment.log.set_len(position);
            return Err(error.into());
        }
        let appended = Appended { last_offset, first_in_segment: position == 0 };
        self.lead(end, epoch)?;
        let size_bytes = (front.len() + rest.len()) as u64;
        account(end, Some(&self.segment), config, last_offset, header.max_timestamp(), size_bytes)?;
        if header.producer_id() >= 0 && !self.has_snapshot {
            // A broker that finds a directory in good order looks for producers only behind a snapshot. Where this one
            // can't be written the next append tries again.
            self.has_snapshot = producer_snapshot::write_first(&self.dir, end.log_end).is_ok();
            self.owes_snapshot = !self.has_snapshot;
        }
        Ok(appended)
    }

    /// Writes an ABORT marker and, before it, the entry of the transaction index that says what it ends.
    pub(crate) fn append_abort(
        &mut self,
        end: &mut LogEnd,
        marker: &mut [u8],
        epoch: LeaderEpoch,
        config: &LogConfig,
        aborted: &AbortedTransaction,
    ) -> Result<Appended> {
        let header = BatchHeader::parse(marker)?;
        let last_offset = self.make_room(end, &header, marker.len(), config, None)?;
        txn_index::add(&self.dir, self.segment.base, &AbortedTransaction { last_offset, ..*aborted })?;
        self.append(end, marker, epoch, config)
    }

    /// Rolls if this batch is not to go into the active segment; returns the last offset that it will have.
    fn make_room(
        &mut self,
        end: &mut LogEnd,
        header: &BatchHeader,
        size: usize,
        config: &LogConfig,
        known: Option<&ProducerStates>,
    ) -> Result<Offset> {
        let last_offset = end.log_end.plus(header.last_offset().since(header.base_offset()));
        if self.must_roll(end, size as u64, header.max_timestamp(), last_offset, config) {
            self.roll_with(end, known)?;
        }
        Ok(last_offset)
    }

    /// Notes in `leader-epoch-checkpoint` that a new epoch begins at the log's end.
    fn lead(&self, end: &mut LogEnd, epoch: LeaderEpoch) -> Result<()> {
        if epoch > end.leader_epoch {
            let mut epochs = LeaderEpochs::read(&self.dir)?;
            if epochs.assign(epoch, end.log_end) {
                epochs.write(&self.dir, disk::Durability::Synced)?;
            }
            end.leader_epoch = epoch;
        }
        Ok(())
    }

    /// Kafka's rule (`LogSegment.shouldRoll`): by size, by record time, by a full index, by a relative offset that
    /// would not fit. An empty segment is never rolled.
    fn must_roll(&self, end: &LogEnd, size: u64, max: TimestampMs, last: Offset, config: &LogConfig) -> bool {
        if end.segment_bytes == 0 {
            return false;
        }
        let index_slots = config.segment_index_bytes / offset_index::ENTRY_BYTES;
        let time_slots = config.segment_index_bytes / time_index::ENTRY_BYTES;
        let aged = end.first_timestamp > TimestampMs::NONE
            && max.0.saturating_sub(end.first_timestamp.0) > config.segment_ms;
        end.segment_bytes + size > config.segment_bytes
            || aged
            || u64::from(end.index_entries) >= index_slots
            || u64::from(end.time_index_entries) >= time_slots.saturating_sub(1)
            || last.since(end.segment_base) > i64::from(i32::MAX)
    }

    /// Closes the active segment for good, durably, and begins the next one at the log's end.
    pub(crate) fn roll(&mut self, end: &mut LogEnd) -> Result<()> {
        self.roll_with(end, None)
    }

    fn roll_with(&mut self, end: &mut LogEnd, known: Option<&ProducerStates>) -> Result<()> {
        self.segment.index_time(end)?;
        self.segment.trim_indexes(end)?;
        self.segment.sync()?;
        producer_snapshot::write_snapshot(&self.dir, end.log_end, known)?;
        let next = Segment::open(&self.dir, end.log_end)?;
        disk::sync_path(&self.dir)?;
        self.segment = next;
        self.indexed_before = TimestampMs::NONE;
        *end = LogEnd::empty(end.log_end, end.leader_epoch);
        Ok(())
    }
}

/// Takes a batch that lies at the end of the active segment into the account of that end, and adds the index entries
/// that are due by Kafka's rule: strictly more than index.interval.bytes since the last entry, this batch not counted.
pub(super) fn account(
    end: &mut LogEnd,
    segment: Option<&Segment>,
    config: &LogConfig,
    last_offset: Offset,
    max_timestamp: TimestampMs,
    size_bytes: u64,
) -> Result<()> {
    if max_timestamp > end.max_timestamp {
        end.max_timestamp = max_timestamp;
        end.max_timestamp_offset = last_offset;
    }
    if end.segment_bytes == 0 {
        end.first_timestamp = max_timestamp;
    }
    if end.bytes_since_index > config.index_interval_bytes {
        if let Some(segment) = segment {
            segment.index_batch(end, last_offset, end.segment_bytes)?;
        }
        end.bytes_since_index = 0;
    }
    end.bytes_since_index += size_bytes;
    end.segment_bytes += size_bytes;
    end.log_end = last_offset.next();
    Ok(())
}

/// Completes the indexes of a segment to which nothing is added any more, and cuts them to what they hold.
pub(super) fn roll_indexes(segment: &Segment, end: &mut LogEnd) -> Result<()> {
    segment.index_time(end)?;
    segment.trim_indexes(end)
}

/// Makes the files of a new, empty log: its first segment begins at `base`.
pub(crate) fn create(dir: &Path, base: Offset) -> Result<()> {
    Segment::open(dir, base).map(|_| ())
}
