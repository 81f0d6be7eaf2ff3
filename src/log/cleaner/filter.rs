//! `Filter`: what stays of each batch, and the batch that is written in its place. Source: Kafka's `Cleaner.cleanInto` and
//! `MemoryRecords.filterTo`.
//!
//! A batch of which all stays is copied as it is. One that is written anew keeps its offsets, leader epoch, producer,
//! sequence and codec; with it goes a delete horizon if it has tombstones, or is a marker of which nothing is left, and has
//! none yet: from that moment on a later pass may drop those. One of an old format becomes one of the present format then.
//!
//! Cost: a record is decoded once where its batch stays as it is, else twice; nothing is allocated for it.

use super::offset_map::OffsetMap;
use super::transactions::{CleanedTransactions, Marker};
use crate::log::{AbortedTransaction, ProducerStates, Result};
use crate::record::{self, BatchBuilder, BatchHeader, BatchReader, Compression, ProducerStamp};
use crate::types::{LeaderEpoch, Offset, TimestampMs, TimestampType};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// `producer.id.expiration.ms`: of a producer that wrote nothing for so long, nothing needs to be known.
const PRODUCER_EXPIRES_MS: i64 = 24 * 60 * 60 * 1000;

/// What is the same for all batches of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The batch that ends here stays, if empty, so that it is known where the log ended.
    pub(super) round_end: Offset,
    pub(super) now: TimestampMs,
    pub(super) delete_retention_ms: i64,
}

/// The newest of a producer that must be told from a repetition.
#[derive(Clone, Copy, Debug)]
struct Newest {
    /// The last offset of its newest batch, if one of its epoch is there.
    data: Option<Offset>,
    epoch: i16,
}

pub(super) struct Filter {
    map: OffsetMap,
    transactions: CleanedTransactions,
    producers: BTreeMap<i64, Newest>,
    terms: Terms,
    reader: BatchReader,
    /// Which of a batch's records stay.
    keep: Vec<bool>,
    builders: BTreeMap<i16, BatchBuilder>,
}

/// What becomes of a batch.
#[derive(Debug)]
pub(super) enum Fate<'b> {
    Dropped,
    AsItIs,
    Rewritten(&'b [u8]),
}

/// What was found in a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) read: u64,
    pub(super) kept: u64,
    /// Whether one that stays has no value.
    tombstones: bool,
}

#[derive(Debug)]
pub(super) struct Judgement<'b> {
    pub(super) fate: Fate<'b>,
    pub(super) count: Count,
    /// To be noted in the index of aborted transactions.
    pub(super) aborted: Option<AbortedTransaction>,
}

impl Filter {
    /// `aborted` are the aborted transactions of the log, `producers` its producers as of its end.
    pub(super) fn new(
        map: OffsetMap,
        aborted: Vec<AbortedTransaction>,
        producers: &ProducerStates,
        terms: Terms,
    ) -> Filter {
        let is_alive =
            |timestamp: TimestampMs| terms.now.0.saturating_sub(timestamp.0) <= PRODUCER_EXPIRES_MS;
        let alive = producers
            .iter()
            .filter(|(_, entry)| entry.transaction_start.is_some() || is_alive(entry.timestamp))
            .map(|(id, entry)| (id, Newest { data: entry.last_data_offset(), epoch: entry.epoch }));
        Filter {
            map,
            transactions: CleanedTransactions::new(aborted),
            producers: alive.collect(),
            terms,
            reader: BatchReader::default(),
            keep: Vec::new(),
            builders: BTreeMap::new(),
        }
    }

    /// Decides about the next batch of the log.
    pub(super) fn judge(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<Judgement<'_>> {
        let (discardable, aborted) = if header.is_control() {
            match self.transactions.on_control(header, batch)? {
                Marker::Discardable => (true, None),
                Marker::Needed => (false, None),
                Marker::NeededAbort(entry) => (false, Some(entry)),
            }
        } else {
            (self.transactions.on_records(header), None)
        };
        let is_due = header.delete_horizon().is_some_and(|horizon| horizon <= self.terms.now);
        let none_stay = discardable && (!header.is_control() || is_due);
        let stays_empty = self.stays_empty(header);
        if none_stay && !stays_empty {
            let count = Count { read: header.record_count().unsigned_abs().into(), ..Count::default() };
            return Ok(Judgement { fate: Fate::Dropped, count, aborted });
        }
        let count = self.choose(header, batch, none_stay)?;
        let wants_horizon = count.tombstones || discardable && header.is_control();
        let horizon = match header.delete_horizon() {
            None if wants_horizon => {
                Some(TimestampMs(self.terms.now.0.saturating_add(self.terms.delete_retention_ms)))
            }
            known => known,
        };
        let fate = if count.kept == 0 && !stays_empty {
            Fate::Dropped
        } else if count.kept == count.read && (count.read == 0 || horizon == header.delete_horizon()) {
            Fate::AsItIs
        } else {
            let horizon = horizon.filter(|_| count.kept > 0);
            Fate::Rewritten(self.rewrite(header, batch, horizon)?)
        };
        Ok(Judgement { fate, count, aborted })
    }

    /// Whether a batch stays even without records: by it a producer that is at work is known, or the end of the log.
    fn stays_empty(&self, header: &BatchHeader) -> bool {
        if header.is_legacy() {
            return false;
        }
        let newest = self.producers.get(&header.producer_id()).filter(|_| header.producer_id() >= 0);
        let is_newest = newest.is_some_and(|newest| match newest.data {
            Some(last) => last == header.last_offset(),
            None => header.is_control() && header.producer_epoch() == newest.epoch,
        });
        is_newest || header.last_offset().next() == self.terms.round_end
    }

    /// Notes in `keep` which records stay.
    fn choose(&mut self, header: &BatchHeader, batch: &[u8], none_stay: bool) -> Result<Count> {
        let Filter { map, keep, reader, terms, .. } = self;
        keep.clear();
        let mut count = Count::default();
        let tombstones_stay = header.delete_horizon().is_none_or(|horizon| terms.now < horizon);
        let is_control = header.is_control();
        let _ = reader.for_each_of(header, batch, |record| {
            let stays = !none_stay
                && (is_control
                    || record.offset >= map.end()
                    || record.key.is_some_and(|key| {
                        (record.value.is_some() || tombstones_stay)
                            && map.get(key).is_none_or(|newest| record.offset >= newest)
                    }));
            count.read += 1;
            count.kept += u64::from(stays);
            count.tombstones |= stays && record.value.is_none();
            keep.push(stays);
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    /// The batch with the records that stay.
    fn rewrite(&mut self, header: &BatchHeader, batch: &[u8], horizon: Option<TimestampMs>) -> Result<&[u8]> {
        let codec = header.codec()?;
        let builder = self.builders.entry(codec.id()).or_insert_with(|| BatchBuilder::new(codec));
        builder.clear();
        if let Some(horizon) = horizon {
            builder.set_delete_horizon(horizon);
        }
        let mut base = (!header.is_legacy()).then(|| header.base_offset());
        let mut keep = self.keep.iter();
        let _ = self.reader.for_each_of(header, batch, |record| {
            if keep.next().is_some_and(|&stays| stays) {
                let base = *base.get_or_insert(record.offset);
                builder.append_view(i32::try_from(record.offset.since(base)).unwrap_or(i32::MAX), record);
            }
            ControlFlow::Continue(())
        })?;
        if !header.is_legacy() {
            return Ok(builder.finish_as(header)?);
        }
        let rewritten = builder.finish(&ProducerStamp::NONE)?;
        if header.timestamp_type() == TimestampType::LogAppend {
            record::set_log_append_time(rewritten, header.max_timestamp());
        }
        record::stamp(rewritten, base.unwrap_or(header.base_offset()), LeaderEpoch::UNKNOWN);
        Ok(rewritten)
    }
}

/// The codecs have few ids: the builders of a pass are as many.
const _: () = assert!(Compression::ALL.len() < 8);
