//! `Assigned`: one partition that a consumer reads, and how far it has got.

use super::error::{Error, Result};
use super::partition::Partition;
use super::topic::OpenTopic;
use super::transactions::CommittedFilter;
use crate::client::{self, CommittedOffset, ConsumerRecord, Handler, StartOffset};
use crate::disk::Channels;
use crate::log::{self, BatchHeader, Chunk, LogReader};
use crate::record::BatchReader;
use crate::types::{LeaderEpoch, Offset, PartitionId, TopicPartition, Uuid};
use std::ops::ControlFlow;

/// How delivering a chunk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Every record of it was handed over.
    Done,
    /// The receiver stopped; so many bytes at the chunk's end, beginning with the batch it stopped in, are still to be
    /// looked at.
    Stopped { left_bytes: usize },
}

/// A partition being read.
pub(super) struct Assigned {
    topic: OpenTopic,
    partition: PartitionId,
    handle: Partition,
    reader: Option<LogReader>,
    /// The offset of the next record to be handed over; `None` until it has been found.
    position: Option<Offset>,
    /// The epoch of the batch that ends at `position`, if it was read to its end.
    epoch: Option<LeaderEpoch>,
    /// What was committed last.
    committed: Option<Offset>,
    /// The end that the log had when it was last looked at.
    known_end: Offset,
    filter: Option<CommittedFilter>,
    /// Whether an open transaction is all that keeps records from being read.
    held_back: bool,
    /// Whether the next record can't be read.
    damaged: bool,
}

impl Assigned {
    pub(super) fn new(
        topic: &OpenTopic,
        partition: PartitionId,
        handle: Partition,
        read_committed: bool,
    ) -> Assigned {
        Assigned {
            topic: topic.clone(),
            partition,
            handle,
            reader: None,
            position: None,
            epoch: None,
            committed: None,
            known_end: Offset::ZERO,
            filter: read_committed.then(CommittedFilter::default),
            held_back: false,
            damaged: false,
        }
    }

    /// Whether damage ended the reading of this partition.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Reads no more of this partition.
    pub(super) fn give_up(&mut self) {
        self.damaged = true;
    }

    /// Goes on behind the damage that a fetch has just come upon; `false` if nothing sound is there.
    pub(super) fn skip_damage(&mut self) -> Result<bool> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        let Some(next) = reader.skip_damage()? else { return Ok(false) };
        self.position = Some(next);
        self.epoch = None;
        Ok(true)
    }

    pub(super) fn is(&self, topic_id: Uuid, partition: PartitionId) -> bool {
        self.topic.id == topic_id && self.partition == partition
    }

    pub(super) fn topic(&self) -> &OpenTopic {
        &self.topic
    }

    pub(super) fn partition(&self) -> PartitionId {
        self.partition
    }

    pub(super) fn key(&self) -> TopicPartition {
        TopicPartition { topic: self.topic.name.to_string(), partition: self.partition }
    }

    pub(super) fn position(&self) -> Option<Offset> {
        self.position
    }

    pub(super) fn channels(&self) -> Channels {
        self.handle.channels()
    }

    /// Whether an open transaction was all that kept records from being read when that was last tried.
    pub(super) fn is_held_back(&self) -> bool {
        self.held_back
    }

    /// Puts the position where `start` says; `false` if that lies outside of the log.
    pub(super) fn begin(&mut self, start: StartOffset, log_start: Offset) -> client::Result<bool> {
        let end = match self.handle.high_watermark() {
            Ok(end) => end,
            // Deleted between looking at the metadata and here: the next look will tell.
            Err(e) if e.is_gone() => return Ok(true),
            Err(e) => return Err(e.into()),
        };
        let offset = match start {
            StartOffset::Earliest => log_start,
            StartOffset::Latest => end,
            StartOffset::At(offset) => offset,
            StartOffset::Timestamp(time) => {
                let found =
                    log::first_at_or_after(self.handle.dir(), time, log_start, end, self.handle.gaps());
                found.map_err(Error::from)?.map_or(end, |(offset, _)| offset)
            }
        };
        if offset < log_start || offset > end {
            return Ok(false);
        }
        if matches!(start, StartOffset::At(_)) {
            self.committed = Some(offset);
        }
        self.position = Some(offset);
        self.known_end = end;
        self.epoch = None;
        self.reader = None;
        Ok(true)
    }

    /// Has the reader go back to the position, for a chunk that was fetched is dropped.
    pub(super) fn rewind(&mut self) {
        self.reader = None;
    }

    /// Reads the next batches into the front of `buffer`; says how many bytes, `None` if there is nothing to be read.
    pub(super) fn fetch(&mut self, buffer: &mut Vec<u8>, until: Option<Offset>) -> Result<Option<usize>> {
        let Some(position) = self.position else { return Ok(None) };
        if until.is_some_and(|until| position >= until) {
            return Ok(None);
        }
        self.known_end = self.handle.high_watermark()?;
        let mut limit = self.known_end;
        if let Some(filter) = &mut self.filter {
            limit = filter.limit(self.handle.dir(), position, limit)?;
        }
        self.held_back = position >= limit && limit < self.known_end;
        if position >= limit {
            return Ok(None);
        }
        if self.reader.is_none() {
            self.reader = Some(self.handle.reader(position)?);
        }
        let Some(reader) = &mut self.reader else { return Ok(None) };
        Ok(reader.read(buffer, limit)?.map(|chunk| chunk.bytes.len()))
    }

    /// Hands the records of a fetched chunk to `handler`, from the position on.
    pub(super) fn deliver(
        &mut self,
        bytes: &[u8],
        batches: &mut BatchReader,
        until: Option<Offset>,
        handler: &mut dyn Handler,
    ) -> client::Result<Flow> {
        let (mut left_bytes, mut has_stopped) = (bytes.len(), false);
        for batch in (Chunk { bytes }).batches() {
            let (header, batch) = batch.map_err(Error::from)?;
            let behind = header.last_offset().next();
            if has_stopped {
                // As a consumer that looks for a next record finds none there, and knows it.
                if until.is_some_and(|until| behind > until) || self.is_visible(&header, batch)? {
                    break;
                }
                self.pass(&header);
            } else if self.deliver_batch(&header, batch, batches, until, handler)?.is_break() {
                has_stopped = true;
                if self.position < Some(behind) {
                    break;
                }
            }
            left_bytes -= batch.len();
        }
        Ok(if has_stopped { Flow::Stopped { left_bytes } } else { Flow::Done })
    }

    /// Whether a batch has records for the reader. Is asked of every batch, in order.
    fn is_visible(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<bool> {
        let admitted = match &mut self.filter {
            Some(filter) => filter.admits(header, batch)?,
            None => true,
        };
        Ok(admitted && !header.is_control())
    }

    /// Puts the position behind a batch that was read to its end.
    fn pass(&mut self, header: &BatchHeader) {
        self.position = Some(header.last_offset().next());
        self.epoch = Some(header.leader_epoch()).filter(|&epoch| epoch != LeaderEpoch::UNKNOWN);
    }

    fn deliver_batch(
        &mut self,
        header: &BatchHeader,
        batch: &[u8],
        batches: &mut BatchReader,
        until: Option<Offset>,
        handler: &mut dyn Handler,
    ) -> client::Result<ControlFlow<()>> {
        let behind = header.last_offset().next();
        let Some(mut position) = self.position.filter(|&position| position < behind) else {
            return Ok(ControlFlow::Continue(()));
        };
        let until = until.unwrap_or(Offset::MAX);
        if position >= until {
            return Ok(ControlFlow::Continue(()));
        }
        let mut flow = ControlFlow::Continue(());
        if self.is_visible(header, batch)? {
            let (topic, partition) = (self.topic.name.as_str(), self.partition);
            let from = position;
            flow = batches
                .for_each(batch, |record| {
                    if record.offset < from {
                        return ControlFlow::Continue(());
                    }
                    if record.offset >= until {
                        return ControlFlow::Break(());
                    }
                    position = record.offset.next();
                    let delivery_count = None;
                    handler.record(&ConsumerRecord { topic, partition, record: *record, delivery_count })
                })
                .map_err(Error::from)?;
        }
        if flow.is_break() && position < until {
            self.position = Some(position);
            // Who stops at a batch's last record has read it to its end.
            let whole = position >= behind;
            self.epoch = whole.then(|| header.leader_epoch()).filter(|&epoch| epoch != LeaderEpoch::UNKNOWN);
            return Ok(ControlFlow::Break(()));
        }
        let whole = behind <= until;
        self.position = Some(if whole { behind } else { until });
        self.epoch = whole.then(|| header.leader_epoch()).filter(|&epoch| epoch != LeaderEpoch::UNKNOWN);
        Ok(ControlFlow::Continue(()))
    }

    /// Records between the position and the end last seen.
    pub(super) fn remaining(&self, until: Option<Offset>) -> Option<u64> {
        let end = until.map_or(self.known_end, |until| until.min(self.known_end));
        u64::try_from(end.since(self.position?)).ok().or(Some(0))
    }

    pub(super) fn has_uncommitted(&self) -> bool {
        self.position.is_some() && self.position != self.committed
    }

    /// The position to be committed, if it has moved.
    pub(super) fn due_commit(&self) -> Option<(TopicPartition, CommittedOffset)> {
        if self.has_uncommitted() { self.to_commit() } else { None }
    }

    /// The position as it is committed. Records behind it that were fetched and not handed over leave no epoch, as with a
    /// consumer that seeks back.
    pub(super) fn to_commit(&self) -> Option<(TopicPartition, CommittedOffset)> {
        let position = self.position?;
        let leader_epoch = self.epoch.filter(|_| position >= self.known_end);
        Some((self.key(), CommittedOffset { offset: position, leader_epoch, metadata: String::new() }))
    }

    /// Notes that the position has been committed.
    pub(super) fn committed(&mut self) {
        self.committed = self.position;
    }
}
