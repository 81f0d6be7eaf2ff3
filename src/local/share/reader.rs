//! `RecordReader`: finds the records that a member has in the log and hands them over.

use super::super::error::Result;
use super::super::transactions::CommittedFilter;
use super::settings::ShareSettings;
use super::work::Work;
use crate::client::{ConsumerRecord, ShareHandler};
use crate::log::{Chunk, LogReader};
use crate::record::{BatchHeader, BatchReader};
use crate::share::ShareKey;
use crate::types::Offset;
use std::ops::ControlFlow;

/// How much of a log is read at a time: one buffer serves all partitions.
const BUFFER_BYTES: usize = 1024 * 1024;

/// The part of a log that was read last.
#[derive(Default)]
pub(super) struct RecordReader {
    buffer: Vec<u8>,
    batches: BatchReader,
    /// Whose part is in the buffer, how long it is, and which offsets it covers, the second one exclusive.
    read: Option<(ShareKey, usize, Offset, Offset)>,
}

impl RecordReader {
    /// Reads anew from here on: topics may have changed.
    pub(super) fn forget(&mut self) {
        self.read = None;
    }

    /// Hands over the records that the member has of a partition, and notes what is said of each. Breaks where the handler
    /// does.
    pub(super) fn deliver(
        &mut self,
        work: &mut Work,
        settings: &ShareSettings,
        handler: ShareHandler<'_>,
    ) -> Result<ControlFlow<()>> {
        while let Some(next) = work.next_held() {
            let end = work.ledger.readable_end(settings)?;
            let mut filter = settings.read_committed.then(CommittedFilter::default);
            if let Some(filter) = &mut filter {
                filter.limit(work.ledger.handle.dir(), next.first, end)?;
            }
            // A filter has to see every batch, once and in order.
            if filter.is_some() || !self.covers(&work.ledger.key, next.first) {
                self.read(work, next.first, end)?;
            }
            let Some((_, length, _, behind)) = self.read.clone() else {
                // The log was cut: these records are no more.
                work.pass_gaps(end.max(next.last.next()));
                continue;
            };
            let bytes = self.buffer.get(..length).unwrap_or_default();
            for batch in (Chunk { bytes }).batches() {
                let (header, batch) = batch?;
                let visible = match &mut filter {
                    Some(filter) => filter.admits(&header, batch)?,
                    None => !header.is_control(),
                };
                if visible && deliver_batch(work, &header, batch, &mut self.batches, handler)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            work.pass_gaps(behind);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn covers(&self, key: &ShareKey, offset: Offset) -> bool {
        self.read
            .as_ref()
            .is_some_and(|(read, _, first, behind)| read == key && (*first..*behind).contains(&offset))
    }

    /// Reads the batches from `first` on into the buffer.
    fn read(&mut self, work: &Work, first: Offset, end: Offset) -> Result<()> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER_BYTES];
        }
        self.read = None;
        let mut reader: LogReader = work.ledger.handle.reader(first)?;
        let Some(chunk) = reader.read(&mut self.buffer, end)? else { return Ok(()) };
        let mut behind = first;
        for batch in chunk.batches() {
            behind = batch?.0.last_offset().next();
        }
        let length = chunk.bytes.len();
        self.read = (behind > first).then(|| (work.ledger.key.clone(), length, first, behind));
        Ok(())
    }
}

fn deliver_batch(
    work: &mut Work,
    header: &BatchHeader,
    batch: &[u8],
    batches: &mut BatchReader,
    handler: ShareHandler<'_>,
) -> Result<ControlFlow<()>> {
    if work.next_held().is_none_or(|next| next.first > header.last_offset()) {
        return Ok(ControlFlow::Continue(()));
    }
    let name = work.name();
    let mut stopped = ControlFlow::Continue(());
    let _ = batches.for_each(batch, |record| {
        work.pass_gaps(record.offset);
        let Some(held) = work.next_held() else { return ControlFlow::Break(()) };
        if held.first > record.offset {
            return ControlFlow::Continue(());
        }
        let (topic, partition) = (name.topic.as_str(), work.id());
        let delivery_count = Some(held.delivery_count);
        let record = &ConsumerRecord { topic, partition, record: *record, delivery_count };
        match handler(record) {
            ControlFlow::Continue(what) => {
                work.acknowledge(record.record.offset, what);
                ControlFlow::Continue(())
            }
            ControlFlow::Break(what) => {
                if let Some(what) = what {
                    work.acknowledge(record.record.offset, what);
                }
                stopped = ControlFlow::Break(());
                stopped
            }
        }
    })?;
    Ok(stopped)
}
