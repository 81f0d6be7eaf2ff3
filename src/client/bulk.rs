//! Records moved in bulk: read as they are stored, and written with their times and their places kept.
//!
//! A reader goes over ranges of partitions without a group. A writer can keep count of what it has written, in the place
//! where it writes: then whoever takes up its work after a crash writes nothing twice and leaves nothing out.

use super::{ConsumerRecord, Result};
use crate::types::{Header, Offset, PartitionId, TimestampMs, TopicPartition};
use std::ops::ControlFlow;
use std::time::Duration;

/// A part of a partition.
#[derive(Clone, Debug)]
pub(crate) struct BulkRange {
    pub(crate) partition: TopicPartition,
    /// The first offset wanted; one below the log's start means that start.
    pub(crate) from: Offset,
    /// The offset to stop at, exclusive; `None` reads on as the log grows.
    pub(crate) until: Option<Offset>,
}

/// How ranges are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BulkReading {
    /// Records of aborted and open transactions are left out.
    pub(crate) read_committed: bool,
    /// Damage is passed over, and noted; else a range ends there, and the error comes when the others are read.
    pub(crate) skip_damaged: bool,
    pub(crate) order: BulkOrder,
}

/// In which order a reader takes its ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkOrder {
    /// Each to its end before the next.
    OneByOne,
    /// A piece of each that has something.
    InTurn,
}

/// Records as they are stored together: bytes that only a cluster reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredBatch<'a> {
    /// The last offset.
    pub(crate) last: Offset,
    pub(crate) record_count: u64,
    pub(crate) bytes: &'a [u8],
}

/// What became of an attempt to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkPass {
    /// Something was read, though perhaps nothing that the reader may see.
    Read,
    /// No range has anything more for now.
    Nothing,
}

/// Records that were deleted before they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BulkGap {
    /// Which range.
    pub(crate) range: usize,
    pub(crate) from: Offset,
    /// Exclusive.
    pub(crate) until: Offset,
}

/// Reads ranges of partitions, each in its log's order. `usize` is a range's place in the list that was asked for.
pub(crate) trait BulkReader {
    /// Where reading a range goes on.
    fn position(&self, range: usize) -> Offset;

    /// How far a range can be read now: its end, the log's, or the first record of a transaction that is open.
    fn end(&mut self, range: usize) -> Result<Offset>;

    /// Has a range end at this offset, exclusive.
    fn stop_at(&mut self, range: usize, until: Offset);

    /// Reads the next piece batch by batch. After a `Break` the next call goes on behind the batch it came with.
    fn read_batches(
        &mut self,
        visit: &mut dyn FnMut(usize, &StoredBatch<'_>) -> ControlFlow<()>,
    ) -> Result<BulkPass>;

    /// Reads the next piece record by record. After a `Break` the next call goes on behind that record.
    fn read_records(
        &mut self,
        visit: &mut dyn FnMut(usize, &ConsumerRecord<'_>) -> ControlFlow<()>,
    ) -> Result<BulkPass>;

    /// What has been missed since the last call.
    fn take_gaps(&mut self) -> Vec<BulkGap>;

    /// Sleeps until there may be more to read than the last call found, a signal comes or the time is over.
    fn wait(&mut self, timeout: Duration);
}

/// Where a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkPlace {
    Partition(PartitionId),
    /// By the key's hash; without a key, by this number's remainder: the same for the same record at every attempt.
    Spread(u64),
}

/// A record to be written with its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BulkRecord<'a> {
    pub(crate) timestamp: TimestampMs,
    /// The time was set by the log it comes from (`LogAppendTime`).
    pub(crate) is_append_time: bool,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a [Header<'a>],
}

/// How far a source was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BulkMark {
    /// Everything of the source before this is written.
    pub(crate) position: Offset,
    /// What else the one who set the mark wants to know again: one line, at most a few hundred bytes.
    pub(crate) note: String,
}

/// A source of records, as a writer knows it; see [`BulkWriter::begin`].
pub(crate) type BulkSource = usize;

/// Where a source begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BulkStart {
    /// Here, whatever was written of it before.
    Anew(BulkMark),
    /// At its last mark, which there must be.
    Resumed,
}

/// Where bytes come from, and how far they are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkOrigin {
    /// A [`BulkReader`] has just read them.
    Log,
    /// Anywhere: they are looked at to the last header.
    Foreign,
}

/// Writes records to any topics that exist, durably. Dropping it abandons what was not flushed.
///
/// It keeps count of sources that have a name: the position lies in a group of that name, and what was written behind it is
/// told by the batches' producer id. Such a source must be given again from its mark on, in the same order; and a source that
/// was resumed may be marked only when all has been given that any earlier writer can have had: what is there already is
/// counted for each partition by itself, and none may be left out.
pub(crate) trait BulkWriter {
    /// The last mark of a source, by the name that it is counted under and that of a partition. Nobody else can count under
    /// this name from here on.
    fn last_mark(&mut self, name: &str, source: &TopicPartition) -> Result<Option<BulkMark>>;

    /// Begins a source. One without a name is not counted. The start is kept before anything is written, at the next flush
    /// at the latest.
    fn begin(&mut self, name: Option<&str>, source: &TopicPartition, start: BulkStart) -> Result<BulkSource>;

    /// Writes one record of a source. Answers whether it was written now; `false`: an earlier writer had written it.
    fn write_record(
        &mut self,
        source: BulkSource,
        topic: &str,
        place: BulkPlace,
        record: &BulkRecord<'_>,
    ) -> Result<bool>;

    /// Writes a batch of stored records, as it is where that is possible. Answers how many records were written now. To the
    /// number of [`BulkPlace::Spread`] each record's offset is added.
    fn write_batch(
        &mut self,
        source: BulkSource,
        topic: &str,
        place: BulkPlace,
        bytes: &[u8],
        origin: BulkOrigin,
    ) -> Result<u64>;

    /// Returns when everything written is on the disk and can be read.
    fn flush(&mut self) -> Result<()>;

    /// Flushes, and keeps how far sources are written.
    fn mark(&mut self, marks: &[(BulkSource, BulkMark)]) -> Result<()>;
}
