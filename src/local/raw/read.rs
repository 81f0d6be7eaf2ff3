//! Reading whole batches for consumers, and what they are told beside them. Part of `RawLogs`.

use super::logs::RawLogs;
use super::pool::Buffer;
use super::slot::Slot;
use super::topics::RawTopic;
use crate::client;
use crate::local::error::{Error, Result};
use crate::log::{self, AbortedTransaction, Chunk, LogReader};
use crate::types::{Offset, PartitionId};
use std::sync::Arc;

/// Up to where a consumer may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
}

/// What a consumer asks of a partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) offset: Offset,
    pub(crate) bytes_max: usize,
    /// Whether the first batch comes whole even if it is larger than `bytes_max`; else such a one is left out.
    pub(crate) at_least_one: bool,
    pub(crate) isolation: Isolation,
}

/// How far a partition's log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) log_start: Offset,
    pub(crate) high_watermark: Offset,
    /// The first offset that is not decided yet.
    pub(crate) last_stable: Offset,
}

/// What a partition has for a consumer.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) extent: Extent,
    /// Whole batches; the first one may begin below the offset asked for. Empty where there is nothing new.
    pub(crate) records: Buffer,
    /// For who reads committed records: whose records among these are to be passed over.
    pub(crate) aborted: Vec<AbortedTransaction>,
}

impl RawLogs {
    /// Reads batches from an offset on. Fails with `OffsetOutOfRange` outside of the log, with `CorruptMessage` at damage.
    pub(crate) fn read(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        wanted: &Wanted,
    ) -> client::Result<Fetched> {
        let slot = self.slot(topic, partition)?;
        let fetched = self.fetch(topic, &slot, wanted);
        fetched.map_err(|e| self.failed(&slot, e))
    }

    /// How far a partition's log goes by now.
    #[cfg(test)]
    pub(super) fn extent(&self, topic: &RawTopic, partition: PartitionId) -> client::Result<Extent> {
        let slot = self.slot(topic, partition)?;
        let looked = self.look(topic, &slot, Isolation::ReadCommitted);
        looked.map_err(|e| self.failed(&slot, e))
    }

    pub(super) fn failed(&self, slot: &Arc<Slot>, error: Error) -> client::Error {
        self.learn(slot, &error);
        error.into()
    }

    pub(super) fn look(&self, topic: &RawTopic, slot: &Slot, isolation: Isolation) -> Result<Extent> {
        let mut open = slot.open();
        open.treat_as(topic);
        let log_start = self.start_of(topic, slot, &mut open)?;
        let high_watermark = open.partition.high_watermark()?.max(log_start);
        let last_stable = match isolation {
            Isolation::ReadUncommitted => high_watermark,
            Isolation::ReadCommitted => {
                let dir = open.partition.dir().to_owned();
                open.producers.reach(&dir, high_watermark)?;
                open.producers.last_stable_offset(high_watermark)
            }
        };
        Ok(Extent { log_start, high_watermark, last_stable })
    }

    fn fetch(&self, topic: &RawTopic, slot: &Arc<Slot>, wanted: &Wanted) -> Result<Fetched> {
        let extent = self.look(topic, slot, wanted.isolation)?;
        let nothing = || Fetched { extent, records: Buffer::default(), aborted: Vec::new() };
        let limit = match wanted.isolation {
            Isolation::ReadUncommitted => extent.high_watermark,
            Isolation::ReadCommitted => extent.last_stable,
        };
        if wanted.offset < extent.log_start
            || wanted.offset > extent.high_watermark && !is_coming(slot, wanted)?
        {
            return Err(log::Error::OutOfRange { wanted: wanted.offset, start: extent.log_start }.into());
        }
        if wanted.offset >= limit {
            return Ok(nothing());
        }
        let mut reader = {
            let mut open = slot.open();
            match open.take_reader(wanted.offset) {
                Some(reader) => reader,
                None => open.partition.reader(wanted.offset)?,
            }
        };
        let read = self.read_with(&mut reader, limit, wanted)?;
        let mut open = slot.open();
        let Some((records, end)) = read else { return Ok(nothing()) };
        open.leave_reader(reader);
        let aborted = match wanted.isolation {
            Isolation::ReadUncommitted => Vec::new(),
            Isolation::ReadCommitted => {
                let dir = open.partition.dir().to_owned();
                open.producers.aborted(&dir, wanted.offset, end)?
            }
        };
        Ok(Fetched { extent, records, aborted })
    }

    /// Reads the batches from the offset on, and answers them with the offset behind them; `None` if there are none, or the
    /// first one is too large.
    fn read_with(
        &self,
        reader: &mut LogReader,
        limit: Offset,
        wanted: &Wanted,
    ) -> Result<Option<(Buffer, Offset)>> {
        let pool = &self.inner.pool;
        let mut bytes = pool.take(wanted.bytes_max.max(1));
        let place = loop {
            let chunk = match reader.read(&mut bytes, limit) {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break None,
                Err(e) => {
                    pool.give_back(bytes);
                    return Err(e.into());
                }
            };
            // The way from where the index leads.
            let start = bytes_before(&chunk, wanted.offset)?;
            if start < chunk.bytes.len() {
                break Some((start, chunk.bytes.len()));
            }
        };
        match place {
            Some((start, end)) if wanted.at_least_one || end - start <= wanted.bytes_max => {
                Ok(Some((Buffer::new(bytes, start, end, pool), reader.next())))
            }
            _ => {
                pool.give_back(bytes);
                Ok(None)
            }
        }
    }
}

/// Whether an offset behind the high watermark is in the log, and soon to be seen.
fn is_coming(slot: &Slot, wanted: &Wanted) -> Result<bool> {
    let state = slot.open().partition.published()?;
    Ok(state.is_some_and(|state| wanted.offset <= state.end.log_end))
}

/// How much of a chunk lies before the batch with an offset.
fn bytes_before(chunk: &Chunk<'_>, offset: Offset) -> Result<usize> {
    let mut before = 0;
    for batch in chunk.batches() {
        let (header, batch) = batch?;
        if header.last_offset() >= offset {
            break;
        }
        before += batch.len();
    }
    Ok(before)
}
