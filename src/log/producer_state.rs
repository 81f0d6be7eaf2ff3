//! What a log knows of its producers: sequences for duplicates, first offsets of open transactions; and the
//! `.snapshot` files that hold it.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | i16 | version, 1 |
//! | 2 | u32 | CRC-32C of everything behind it |
//! | 6 | i32 | number of entries, of 46 bytes each |
//!
//! A snapshot speaks of the offsets below the number in its name. Only the newest batch of each producer is kept.

use super::names::{FileKind, segment_file, with_kind};
use super::read::Gaps;
use super::search::each_batch;
use super::{Error, Result};
use crate::disk::{self, File, Mode};
use crate::record::{self, BatchHeader, BatchReader, ControlRecord};
use crate::types::{Offset, TimestampMs};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

const HEADER_BYTES: usize = 10;
const ENTRY_BYTES: usize = 46;

/// What is kept of one producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerEntry {
    pub(crate) epoch: i16,
    pub(crate) last_sequence: i32,
    pub(crate) last_offset: Offset,
    pub(crate) offset_delta: i32,
    pub(crate) timestamp: TimestampMs,
    pub(crate) coordinator_epoch: i32,
    /// The first offset of the transaction that is open.
    pub(crate) transaction_start: Option<Offset>,
}

/// The producers of a log by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProducerStates {
    entries: BTreeMap<i64, ProducerEntry>,
}

impl ProducerStates {
    /// The state at `end`: the newest usable snapshot at or below it, and the batches since.
    pub(crate) fn load(dir: &Path, start: Offset, end: Offset) -> Result<ProducerStates> {
        let (mut states, from) = newest_snapshot(dir, end)?;
        each_batch(dir, from.max(start), end, Gaps::Compacted, |header, batch, _| {
            states.observe(header, batch)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(states)
    }

    /// The first offset that is not decided yet: the oldest open transaction's first, or `high_watermark`.
    pub(crate) fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        let open = self.entries.values().filter_map(|entry| entry.transaction_start).min();
        open.map_or(high_watermark, |first| first.min(high_watermark))
    }

    /// The first offset of the transaction that a producer has open.
    pub(crate) fn open_transaction(&self, producer_id: i64) -> Option<Offset> {
        self.entries.get(&producer_id).and_then(|entry| entry.transaction_start)
    }

    /// The first offset that would not be decided if this producer's transaction were; `end` if there is none.
    pub(crate) fn stable_without(&self, producer_id: i64, end: Offset) -> Offset {
        let others = self.entries.iter().filter(|&(&id, _)| id != producer_id);
        others.filter_map(|(_, entry)| entry.transaction_start).min().unwrap_or(end)
    }

    /// Takes a batch into account.
    pub(crate) fn observe(&mut self, header: &BatchHeader, batch: &[u8]) -> Result<()> {
        if header.magic() < 2 || header.producer_id() < 0 {
            return Ok(());
        }
        let fresh = ProducerEntry {
            epoch: header.producer_epoch(),
            last_sequence: -1,
            last_offset: Offset::new(-1),
            offset_delta: 0,
            timestamp: header.max_timestamp(),
            coordinator_epoch: -1,
            transaction_start: None,
        };
        let entry = self.entries.entry(header.producer_id()).or_insert(fresh);
        entry.epoch = header.producer_epoch();
        entry.timestamp = header.max_timestamp();
        if header.is_control() {
            if let Some(ControlRecord::EndTxn { coordinator_epoch, .. }) = control_record(batch)? {
                entry.coordinator_epoch = coordinator_epoch;
                entry.transaction_start = None;
            }
            return Ok(());
        }
        entry.last_sequence = header.last_sequence();
        entry.last_offset = header.last_offset();
        entry.offset_delta = i32::try_from(header.last_offset().since(header.base_offset())).unwrap_or(0);
        if header.is_transactional() && entry.transaction_start.is_none() {
            entry.transaction_start = Some(header.base_offset());
        }
        Ok(())
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(4 + self.entries.len() * ENTRY_BYTES);
        body.extend_from_slice(&i32::try_from(self.entries.len()).unwrap_or(i32::MAX).to_be_bytes());
        for (id, entry) in &self.entries {
            body.extend_from_slice(&id.to_be_bytes());
            body.extend_from_slice(&entry.epoch.to_be_bytes());
            body.extend_from_slice(&entry.last_sequence.to_be_bytes());
            body.extend_from_slice(&entry.last_offset.get().to_be_bytes());
            body.extend_from_slice(&entry.offset_delta.to_be_bytes());
            body.extend_from_slice(&entry.timestamp.0.to_be_bytes());
            body.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
            body.extend_from_slice(&entry.transaction_start.map_or(-1, Offset::get).to_be_bytes());
        }
        let mut bytes = Vec::with_capacity(6 + body.len());
        bytes.extend_from_slice(&1i16.to_be_bytes());
        bytes.extend_from_slice(&record::crc32c(&body).to_be_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// `None` if the bytes are no snapshot: then an older one serves, with more batches to look through.
    fn decode(bytes: &[u8]) -> Option<ProducerStates> {
        let (header, entries) = bytes.split_at_checked(HEADER_BYTES)?;
        let (stored, body) = bytes.get(2..)?.split_first_chunk::<4>()?;
        if !header.starts_with(&1i16.to_be_bytes()) || u32::from_be_bytes(*stored) != record::crc32c(body) {
            return None;
        }
        let mut states = ProducerStates::default();
        for entry in entries.chunks_exact(ENTRY_BYTES) {
            let (id, rest) = entry.split_first_chunk::<8>()?;
            let (epoch, rest) = rest.split_first_chunk::<2>()?;
            let (last_sequence, rest) = rest.split_first_chunk::<4>()?;
            let (last_offset, rest) = rest.split_first_chunk::<8>()?;
            let (offset_delta, rest) = rest.split_first_chunk::<4>()?;
            let (timestamp, rest) = rest.split_first_chunk::<8>()?;
            let (coordinator_epoch, rest) = rest.split_first_chunk::<4>()?;
            let start = i64::from_be_bytes(*rest.first_chunk::<8>()?);
            let entry = ProducerEntry {
                epoch: i16::from_be_bytes(*epoch),
                last_sequence: i32::from_be_bytes(*last_sequence),
                last_offset: Offset::new(i64::from_be_bytes(*last_offset)),
                offset_delta: i32::from_be_bytes(*offset_delta),
                timestamp: TimestampMs(i64::from_be_bytes(*timestamp)),
                coordinator_epoch: i32::from_be_bytes(*coordinator_epoch),
                transaction_start: (start >= 0).then(|| Offset::new(start)),
            };
            states.entries.insert(i64::from_be_bytes(*id), entry);
        }
        Some(states)
    }
}

/// What a control batch says; `None` for one without a record.
pub(crate) fn control_record(batch: &[u8]) -> Result<Option<ControlRecord>> {
    let mut decoded = None;
    let _ = BatchReader::default().for_each(batch, |record| {
        decoded = Some(ControlRecord::decode(record.key, record.value));
        ControlFlow::Break(())
    })?;
    Ok(decoded.transpose()?)
}

/// The newest sound snapshot at or below `end`, with the offset that it goes up to; nothing and 0 if there is none.
fn newest_snapshot(dir: &Path, end: Offset) -> Result<(ProducerStates, Offset)> {
    for at in with_kind(dir, FileKind::ProducerSnapshot)?.into_iter().rev().filter(|&at| at <= end) {
        let bytes = File::open(&segment_file(dir, at, FileKind::ProducerSnapshot), Mode::Read)?.read_all()?;
        if let Some(states) = ProducerStates::decode(&bytes) {
            return Ok((states, at));
        }
    }
    Ok((ProducerStates::default(), Offset::ZERO))
}

/// Writes the snapshot of a segment that is being rolled: the state at `end`, where the next segment begins.
pub(super) fn write_snapshot(dir: &Path, segment_base: Offset, end: Offset) -> Result<()> {
    let states = match ProducerStates::load(dir, Offset::ZERO, end) {
        // Without the segments before this one nothing older can be known.
        Err(Error::OutOfRange { .. }) => ProducerStates::load(dir, segment_base, end)?,
        other => other?,
    };
    Ok(disk::replace(&segment_file(dir, end, FileKind::ProducerSnapshot), &states.encode())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_survives_its_bytes_and_a_flipped_one_is_refused() {
        let entry = ProducerEntry {
            epoch: 3,
            last_sequence: 17,
            last_offset: Offset::new(41),
            offset_delta: 5,
            timestamp: TimestampMs(1_700_000_000_000),
            coordinator_epoch: -1,
            transaction_start: Some(Offset::new(36)),
        };
        let states = ProducerStates { entries: BTreeMap::from([(7, entry)]) };
        let bytes = states.encode();
        assert_eq!(bytes.len(), HEADER_BYTES + ENTRY_BYTES);
        assert_eq!(ProducerStates::decode(&bytes), Some(states.clone()));
        assert_eq!(states.last_stable_offset(Offset::new(50)), Offset::new(36));
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1;
            assert_eq!(ProducerStates::decode(&flipped), None, "byte {index}");
            assert_eq!(ProducerStates::decode(&bytes[..index]), None, "prefix {index}");
        }
        assert_eq!(ProducerStates::default().encode().len(), 10);
    }
}
