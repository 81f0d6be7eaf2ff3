//! A log for tests, and beside it everything that was ever written to it: what a cleaned log must still say.

use super::{CleanerConfig, Pass, Step, cleanable};
use crate::log::{
    AbortedTransaction, Appender, LogConfig, LogEnd, ProducerStates, Result, segments, summarise, tidy, trim,
};
use crate::record::{BatchBuilder, BatchHeader, Compression, EndTxn, ProducerStamp, end_txn_batch, stamp};
use crate::types::{LeaderEpoch, Offset, TimestampMs};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// What became of a record's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    Committed,
    Aborted,
}

/// A record as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) timestamp: i64,
    pub(super) outcome: Outcome,
    producer: i64,
    /// When a pass first came by.
    pub(super) first_pass: Option<i64>,
}

/// Numbers from a seed (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// A producer's next sequence.
#[derive(Clone, Copy, Debug, Default)]
struct Producer {
    epoch: i16,
    sequence: i32,
}

pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) end: LogEnd,
    pub(super) written: BTreeMap<i64, Written>,
    pub(super) states: ProducerStates,
    producers: BTreeMap<i64, Producer>,
    pub(super) config: CleanerConfig,
    /// Up to where the last pass came that was ended.
    pub(super) cleaned: Option<Offset>,
    pub(super) now: i64,
}

pub(super) const EPOCH: LeaderEpoch = LeaderEpoch(0);
pub(super) const DELETE_RETENTION_MS: i64 = 1_000;

impl World {
    pub(super) fn new(segment_bytes: u64) -> World {
        // Where there is a file system in memory, syncs cost nothing.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let log = LogConfig {
            segment_bytes,
            segment_ms: i64::MAX,
            segment_index_bytes: 1 << 20,
            index_interval_bytes: 150,
        };
        let config = CleanerConfig {
            log,
            delete_retention_ms: DELETE_RETENTION_MS,
            min_lag_ms: 0,
            max_lag_ms: i64::MAX,
            min_dirty_ratio: 0.0,
        };
        let end = LogEnd::empty(Offset::ZERO, EPOCH);
        Appender::open(dir.path(), &end).unwrap();
        World {
            dir,
            end,
            written: BTreeMap::new(),
            states: ProducerStates::default(),
            producers: BTreeMap::new(),
            config,
            cleaned: None,
            now: 1_700_000_000_000,
        }
    }

    /// Appends a batch of keys, with values or tombstones; `producer` below 0 is none, from 10 on it has transactions.
    pub(super) fn append(&mut self, producer: i64, codec: Compression, records: &[(u64, bool)]) {
        let transactional = producer >= 10;
        let mut builder = BatchBuilder::new(codec);
        let offset = self.end.log_end.get();
        for (index, &(key, has_value)) in records.iter().enumerate() {
            let offset = offset + index as i64;
            let written = Written {
                key: format!("key-{key}").into_bytes(),
                value: has_value
                    .then(|| format!("value-{offset}-{}", "x".repeat(offset as usize % 40)).into_bytes()),
                timestamp: self.now - (offset * 7) % 50,
                outcome: if transactional { Outcome::Open } else { Outcome::Committed },
                producer,
                first_pass: None,
            };
            let (key, value) = (written.key.as_slice(), written.value.as_deref());
            builder.append(TimestampMs(written.timestamp), Some(key), value, &[]);
            self.written.insert(offset, written);
        }
        let known = self.producers.entry(producer).or_default();
        let has_producer = producer >= 0;
        let producer = ProducerStamp {
            producer_id: producer,
            epoch: if has_producer { known.epoch } else { -1 },
            base_sequence: if has_producer { known.sequence } else { -1 },
            transactional,
        };
        known.sequence += records.len() as i32;
        let batch = builder.finish(&producer).unwrap();
        let mut appender = Appender::open(self.dir.path(), &self.end).unwrap();
        appender.append(&mut self.end, batch, EPOCH, &self.config.log).unwrap();
        let header = BatchHeader::parse(batch).unwrap();
        self.states.observe(&header, batch).unwrap();
    }

    /// Ends the transaction that a producer has open, if it has one; its epoch rises.
    pub(super) fn end_transaction(&mut self, producer: i64, outcome: EndTxn) {
        let Some(first_offset) = self.states.open_transaction(producer) else { return };
        let known = self.producers.entry(producer).or_default();
        *known = Producer { epoch: known.epoch + 1, sequence: 0 };
        let mut marker = end_txn_batch(outcome, producer, known.epoch, 0, TimestampMs(self.now)).unwrap();
        let mut appender = Appender::open(self.dir.path(), &self.end).unwrap();
        let last_offset = self.end.log_end;
        let appended = match outcome {
            EndTxn::Commit => appender.append(&mut self.end, &mut marker, EPOCH, &self.config.log),
            EndTxn::Abort => {
                let last_stable_offset = self.states.stable_without(producer, last_offset.next());
                let aborted = AbortedTransaction {
                    producer_id: producer,
                    first_offset,
                    last_offset,
                    last_stable_offset,
                };
                appender.append_abort(&mut self.end, &mut marker, EPOCH, &self.config.log, &aborted)
            }
        };
        appended.unwrap();
        stamp(&mut marker, last_offset, EPOCH);
        self.states.observe(&BatchHeader::parse(&marker).unwrap(), &marker).unwrap();
        let outcome = if outcome == EndTxn::Commit { Outcome::Committed } else { Outcome::Aborted };
        let open = |record: &&mut Written| record.producer == producer && record.outcome == Outcome::Open;
        self.written.values_mut().filter(open).for_each(|record| record.outcome = outcome);
    }

    pub(super) fn roll(&mut self) {
        if self.end.segment_bytes > 0 {
            Appender::open(self.dir.path(), &self.end).unwrap().roll(&mut self.end).unwrap();
        }
    }

    pub(super) fn stable(&self) -> Offset {
        self.states.last_stable_offset(self.end.log_end)
    }

    pub(super) fn log_start(&self) -> Offset {
        segments(self.dir.path()).unwrap().first().copied().unwrap()
    }

    /// One pass with so much memory, as whoever cleans a log makes it.
    pub(super) fn clean(&mut self, memory_bytes: usize) -> Result<()> {
        let dir = self.dir.path();
        tidy(dir)?;
        let all = summarise(dir, &self.end)?;
        let (start, now) = (self.log_start(), TimestampMs(self.now));
        let range = cleanable(dir, &all, self.cleaned, start, (&self.end, self.stable()), &self.config, now)?;
        for (_, record) in self.written.range_mut(..range.end.get()) {
            record.first_pass.get_or_insert(self.now);
        }
        let go_on = &mut || true;
        let begun = Pass::begin(dir, &all, &range, &self.states, &self.config, (memory_bytes, now), go_on)?;
        let mut pass = begun.unwrap();
        loop {
            match pass.step(go_on)? {
                Step::Replace(replacement) => {
                    assert!(replacement.stage()?);
                    replacement.make_durable()?;
                    assert!(replacement.put_in_place()?);
                    replacement.clear()?;
                }
                Step::Unchanged => {}
                Step::Done => break,
                Step::Stopped => unreachable!("nobody said no"),
            }
        }
        self.cleaned = Some(pass.end());
        Ok(())
    }

    /// Has the log begin at `start`, as deletion of records and retention do.
    pub(super) fn trim(&mut self, start: Offset) -> Result<()> {
        trim(self.dir.path(), start).map(|_| ())
    }
}
