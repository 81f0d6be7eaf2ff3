//! `LocalBulkReader`: `BulkReader` on a directory. One buffer serves all ranges.

use super::part::{Part, visit_batch};
use crate::client::{
    self, BulkGap, BulkOrder, BulkPass, BulkRange, BulkReader, BulkReading, ConsumerRecord, StoredBatch,
};
use crate::disk::Channels;
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::transactions::{Janitor, Patience};
use crate::log::{self, BatchHeader, Chunk};
use crate::record::BatchReader;
use crate::types::{ErrorCode, Offset};
use std::ops::ControlFlow;
use std::time::Duration;

const BUFFER_BYTES: usize = 1024 * 1024;

/// Reads ranges of a directory's partitions.
pub(in crate::local) struct LocalBulkReader {
    cluster: Cluster,
    parts: Vec<Part>,
    reading: BulkReading,
    /// The first damage that ended a range.
    damage: Option<client::Error>,
    turn: usize,
    buffer: Vec<u8>,
    batches: BatchReader,
    gaps: Vec<BulkGap>,
    /// The counter of changes before the last look.
    seen: u32,
    janitor: Janitor,
}

/// What is done with a batch of a range of which something is wanted, from and until these offsets.
type Visit<'v> = dyn FnMut(
        usize,
        &mut Part,
        &BatchHeader,
        &[u8],
        (Offset, Offset),
        &mut BatchReader,
    ) -> client::Result<ControlFlow<()>>
    + 'v;

impl LocalBulkReader {
    pub(in crate::local) fn open(
        cluster: &Cluster,
        ranges: &[BulkRange],
        reading: BulkReading,
    ) -> client::Result<LocalBulkReader> {
        let mut parts = Vec::with_capacity(ranges.len());
        for range in ranges {
            let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
            let topic = cluster.open_topic(&range.partition.topic)?.ok_or_else(unknown)?;
            if !topic.partitions.iter().any(|&(id, _)| id == range.partition.partition) {
                return Err(unknown());
            }
            parts.push(Part::open(cluster, &topic, range, reading.read_committed)?);
        }
        Ok(LocalBulkReader {
            cluster: cluster.clone(),
            parts,
            reading,
            damage: None,
            turn: 0,
            buffer: Vec::new(),
            batches: BatchReader::default(),
            gaps: Vec::new(),
            seen: cluster.wake().current(),
            janitor: Janitor::default(),
        })
    }

    /// Fetches the next piece of a range that has one: which range, and how many bytes.
    fn fetch(&mut self) -> client::Result<Option<(usize, usize)>> {
        self.seen = self.cluster.wake().current();
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER_BYTES];
        }
        let count = self.parts.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            if let Some(length) = self.fetch_from(index)? {
                self.turn = match self.reading.order {
                    BulkOrder::OneByOne => index,
                    BulkOrder::InTurn => (index + 1) % count,
                };
                return Ok(Some((index, length)));
            }
        }
        // Told when everything that is sound has been read.
        self.damage.take().map_or(Ok(None), Err)
    }

    /// Fetches the next piece of one range.
    fn fetch_from(&mut self, index: usize) -> client::Result<Option<usize>> {
        let Some(part) = self.parts.get_mut(index) else { return Ok(None) };
        loop {
            let error = match part.fetch(&mut self.buffer) {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            if let Error::Log(log::Error::OutOfRange { .. }) = &error
                && let Some((from, until)) = part.catch_up(&self.cluster)?
            {
                self.gaps.push(BulkGap { range: index, from, until });
            } else if self.reading.skip_damaged && part.skip_damage()? {
                self.cluster.notes().add(error);
            } else {
                part.give_up();
                if self.damage.is_some() || self.reading.skip_damaged {
                    self.cluster.notes().add(error);
                } else {
                    self.damage = Some(error.into());
                }
                return Ok(None);
            }
        }
    }

    fn read(&mut self, visit: &mut Visit<'_>) -> client::Result<BulkPass> {
        let Some((index, length)) = self.fetch()? else { return Ok(BulkPass::Nothing) };
        let Some(part) = self.parts.get_mut(index) else { return Ok(BulkPass::Nothing) };
        let bytes = self.buffer.get(..length).unwrap_or_default();
        for batch in (Chunk { bytes }).batches() {
            let (header, batch) = batch.map_err(Error::from)?;
            if header.last_offset() < part.position {
                continue;
            }
            if let Some(wanted) = part.wanted(&header, batch)?
                && visit(index, part, &header, batch, wanted, &mut self.batches)?.is_break()
            {
                part.rewind();
                return Ok(BulkPass::Read);
            }
            part.pass(&header);
        }
        Ok(BulkPass::Read)
    }
}

impl BulkReader for LocalBulkReader {
    fn position(&self, range: usize) -> Offset {
        self.parts.get(range).map_or(Offset::ZERO, |part| part.position)
    }

    fn end(&mut self, range: usize) -> client::Result<Offset> {
        Ok(self.parts.get_mut(range).map_or(Ok(Offset::ZERO), Part::end)?)
    }

    fn stop_at(&mut self, range: usize, until: Offset) {
        if let Some(part) = self.parts.get_mut(range) {
            part.stop_at(until);
        }
    }

    fn read_batches(
        &mut self,
        visit: &mut dyn FnMut(usize, &StoredBatch<'_>) -> ControlFlow<()>,
    ) -> client::Result<BulkPass> {
        self.read(&mut |index, part, header, batch, wanted, batches| {
            let flow = visit_batch(header, batch, wanted, batches, &mut |stored| visit(index, stored))?;
            if flow.is_break() {
                part.pass(header);
            }
            Ok(flow)
        })
    }

    fn read_records(
        &mut self,
        visit: &mut dyn FnMut(usize, &ConsumerRecord<'_>) -> ControlFlow<()>,
    ) -> client::Result<BulkPass> {
        self.read(&mut |index, part, _, batch, wanted, batches| {
            Ok(part.visit_records(batch, wanted, batches, &mut |record| visit(index, record))?)
        })
    }

    fn take_gaps(&mut self) -> Vec<BulkGap> {
        std::mem::take(&mut self.gaps)
    }

    fn wait(&mut self, timeout: Duration) {
        // What a dead producer has left open is ended by who waits for it, in time.
        let again = self.janitor.look_after(&self.cluster, Patience::ForAWhile);
        let channels = self.parts.iter().fold(Channels::NONE, |all, part| all.with(part.channels()));
        self.cluster.wake().wait(self.seen, channels, Some(timeout.min(again)));
    }
}
