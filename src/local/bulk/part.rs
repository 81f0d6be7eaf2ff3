//! `Part`: a range of one partition being read. What lies on its edge, or in an old format, is put into a batch of its own.

use crate::client::{BulkRange, ConsumerRecord, StoredBatch};
use crate::disk::Channels;
use crate::local::cluster::Cluster;
use crate::local::error::Result;
use crate::local::partition::Partition;
use crate::local::topic::OpenTopic;
use crate::local::transactions::CommittedFilter;
use crate::log::{BatchHeader, LogReader};
use crate::record::{self, BatchBuilder, BatchReader, Compression, ProducerStamp};
use crate::types::{Header, LeaderEpoch, Offset, TimestampType};
use std::ops::ControlFlow;

/// A range being read.
pub(super) struct Part {
    range: BulkRange,
    topic: OpenTopic,
    handle: Partition,
    reader: Option<LogReader>,
    filter: Option<CommittedFilter>,
    pub(super) position: Offset,
    /// Reading has ended at damage.
    is_given_up: bool,
}

impl Part {
    pub(super) fn open(
        cluster: &Cluster,
        topic: &OpenTopic,
        range: &BulkRange,
        read_committed: bool,
    ) -> Result<Part> {
        let start = cluster.log_start(topic, range.partition.partition)?;
        Ok(Part {
            range: range.clone(),
            topic: topic.clone(),
            handle: cluster.partition(topic, range.partition.partition)?,
            reader: None,
            filter: read_committed.then(CommittedFilter::default),
            position: range.from.max(start),
            is_given_up: false,
        })
    }

    pub(super) fn channels(&self) -> Channels {
        self.handle.channels()
    }

    pub(super) fn stop_at(&mut self, until: Offset) {
        self.range.until = Some(until);
    }

    /// How far can be read now.
    pub(super) fn end(&mut self) -> Result<Offset> {
        let mut end = self.handle.high_watermark()?;
        if let Some(filter) = &mut self.filter {
            end = filter.limit(self.handle.dir(), self.position, end)?;
        }
        Ok(self.range.until.map_or(end, |until| until.min(end)))
    }

    /// Reads the next batches into the front of `buffer`; says how many bytes, `None` if there is nothing to be read.
    pub(super) fn fetch(&mut self, buffer: &mut Vec<u8>) -> Result<Option<usize>> {
        if self.is_given_up {
            return Ok(None);
        }
        let end = self.end()?;
        if self.position >= end {
            return Ok(None);
        }
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.handle.reader(self.position)?,
        };
        let length = reader.read(buffer, end).map(|chunk| chunk.map(|chunk| chunk.bytes.len()));
        self.reader = Some(reader);
        Ok(length?)
    }

    /// Goes on behind the damage that a fetch has just come upon; `false` if nothing sound is there.
    pub(super) fn skip_damage(&mut self) -> Result<bool> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        let Some(next) = reader.skip_damage()? else { return Ok(false) };
        self.position = self.position.max(next);
        Ok(true)
    }

    /// Reads no more.
    pub(super) fn give_up(&mut self) {
        self.is_given_up = true;
    }

    /// Goes to where the log begins now, if that is behind the position. Answers what is passed over.
    pub(super) fn catch_up(&mut self, cluster: &Cluster) -> Result<Option<(Offset, Offset)>> {
        let start = cluster.log_start(&self.topic, self.range.partition.partition)?;
        if start <= self.position {
            return Ok(None);
        }
        let missed = (self.position, start);
        self.position = start;
        self.reader = None;
        Ok(Some(missed))
    }

    /// Has the next piece begin at the position: what was fetched behind it is given up.
    pub(super) fn rewind(&mut self) {
        self.reader = None;
        // Where it is in the order of the transactions is not known any more.
        if let Some(filter) = &mut self.filter {
            *filter = CommittedFilter::default();
        }
    }

    /// The wanted offsets of a batch: from (inclusive), until (exclusive). `None` if the reader is not to see any of it.
    pub(super) fn wanted(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<Option<(Offset, Offset)>> {
        let admitted = match &mut self.filter {
            Some(filter) => filter.admits(header, batch)?,
            None => true,
        };
        let behind = header.last_offset().next();
        let until = self.range.until.unwrap_or(Offset::MAX).min(behind);
        let visible = admitted && !header.is_control() && self.position < until;
        Ok(visible.then_some((self.position, until)))
    }

    /// Moves on behind a batch.
    pub(super) fn pass(&mut self, header: &BatchHeader) {
        let behind = header.last_offset().next();
        let next = self.range.until.map_or(behind, |until| until.min(behind));
        self.position = self.position.max(next);
    }

    /// Hands over the wanted records of a batch, one by one.
    pub(super) fn visit_records(
        &mut self,
        batch: &[u8],
        (from, until): (Offset, Offset),
        batches: &mut BatchReader,
        visit: &mut dyn FnMut(&ConsumerRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let (topic, partition) = (self.topic.name.as_str(), self.range.partition.partition);
        let position = &mut self.position;
        let mut stopped = false;
        let _ = batches.for_each(batch, |record| {
            if record.offset < from {
                return ControlFlow::Continue(());
            }
            if record.offset >= until {
                return ControlFlow::Break(());
            }
            *position = record.offset.next();
            let flow = visit(&ConsumerRecord { topic, partition, record: *record, delivery_count: None });
            stopped = flow.is_break();
            flow
        })?;
        Ok(if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Hands over the wanted records of a batch in one batch: as it is where all of it is wanted, else in one made anew with the
/// same offsets. Nothing is handed over where none of them is left.
pub(super) fn visit_batch(
    header: &BatchHeader,
    batch: &[u8],
    (from, until): (Offset, Offset),
    batches: &mut BatchReader,
    visit: &mut dyn FnMut(&StoredBatch<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let is_whole = from <= header.base_offset() && header.last_offset() < until;
    if is_whole && !header.is_legacy() && header.record_count() > 0 {
        let record_count = u64::try_from(header.record_count()).unwrap_or(0);
        let last = header.last_offset();
        return Ok(visit(&StoredBatch { last, record_count, bytes: batch }));
    }
    let mut builder = BatchBuilder::new(Compression::None);
    let (mut first, mut last) = (None, from);
    let mut append_time = None;
    let _ = batches.for_each(batch, |record| {
        if record.offset < from {
            return ControlFlow::Continue(());
        }
        if record.offset >= until {
            return ControlFlow::Break(());
        }
        let first = *first.get_or_insert(record.offset);
        last = record.offset;
        if record.timestamp_type == TimestampType::LogAppend {
            append_time = Some(record.timestamp);
        }
        let delta = i32::try_from(record.offset.since(first)).unwrap_or(i32::MAX);
        let headers: Vec<Header<'_>> = record.headers.iter().collect();
        let each = headers.iter().copied();
        builder.append_at(delta, record.timestamp, record.key, record.value, headers.len(), each);
        ControlFlow::Continue(())
    })?;
    let Some(first) = first else { return Ok(ControlFlow::Continue(())) };
    let record_count = u64::try_from(builder.record_count()).unwrap_or(0);
    let bytes = builder.finish(&ProducerStamp::NONE)?;
    if let Some(time) = append_time {
        record::set_log_append_time(bytes, time);
    }
    record::stamp(bytes, first, LeaderEpoch::UNKNOWN);
    Ok(visit(&StoredBatch { last, record_count, bytes }))
}
