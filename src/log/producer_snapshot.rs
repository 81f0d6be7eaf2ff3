//! The `.snapshot` files: what a log knows of its producers as of the offset in the file's name.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | i16 | version, 1 |
//! | 2 | u32 | CRC-32C of everything behind it |
//! | 6 | i32 | number of entries, of 46 bytes each |
//!
//! A snapshot speaks of the offsets below the number in its name. Only the newest batch of each producer is kept.

use super::Result;
use super::headers::each_of_producers;
use super::names::{FileKind, segment_file, with_kind};
use super::producer_state::{ProducerBatch, ProducerEntry, ProducerStates};
use crate::disk::{self, Durability, File, Mode};
use crate::record;
use crate::types::{Offset, TimestampMs};
use std::path::Path;

const HEADER_BYTES: usize = 10;
const ENTRY_BYTES: usize = 46;
/// What stands for the newest batch of a producer that has none in its epoch.
const NONE: ProducerBatch =
    ProducerBatch { last_sequence: -1, last_offset: Offset::new(-1), offset_delta: 0 };

impl ProducerStates {
    /// The state at `end`: the newest usable snapshot at or below it, and the batches since.
    pub(crate) fn load(dir: &Path, start: Offset, end: Offset) -> Result<ProducerStates> {
        let (mut states, from) = newest_snapshot(dir, end)?;
        each_of_producers(dir, from.max(start), end, |header, batch| states.observe(header, batch))?;
        Ok(states)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(4 + self.entries.len() * ENTRY_BYTES);
        body.extend_from_slice(&i32::try_from(self.entries.len()).unwrap_or(i32::MAX).to_be_bytes());
        for (id, entry) in &self.entries {
            body.extend_from_slice(&id.to_be_bytes());
            body.extend_from_slice(&entry.epoch.to_be_bytes());
            let batch = entry.batches.back().copied().unwrap_or(NONE);
            body.extend_from_slice(&batch.last_sequence.to_be_bytes());
            body.extend_from_slice(&batch.last_offset.get().to_be_bytes());
            body.extend_from_slice(&batch.offset_delta.to_be_bytes());
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
    pub(super) fn decode(bytes: &[u8]) -> Option<ProducerStates> {
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
            let batch = ProducerBatch {
                last_sequence: i32::from_be_bytes(*last_sequence),
                last_offset: Offset::new(i64::from_be_bytes(*last_offset)),
                offset_delta: i32::from_be_bytes(*offset_delta),
            };
            let entry = ProducerEntry {
                epoch: i16::from_be_bytes(*epoch),
                batches: Some(batch).filter(|batch| batch.last_offset >= Offset::ZERO).into_iter().collect(),
                timestamp: TimestampMs(i64::from_be_bytes(*timestamp)),
                coordinator_epoch: i32::from_be_bytes(*coordinator_epoch),
                transaction_start: (start >= 0).then(|| Offset::new(start)),
            };
            states.entries.insert(i64::from_be_bytes(*id), entry);
        }
        Some(states)
    }
}

/// The newest sound snapshot at or below `end`, with the offset that it goes up to; nothing and 0 if there is none.
fn newest_snapshot(dir: &Path, end: Offset) -> Result<(ProducerStates, Offset)> {
    for at in with_kind(dir, FileKind::ProducerSnapshot)?.into_iter().rev().filter(|&at| at <= end) {
        let bytes = match File::open(&segment_file(dir, at, FileKind::ProducerSnapshot), Mode::Read) {
            Ok(file) => file.read_all()?,
            // It went with its segment.
            Err(e) if e.is_not_found() => continue,
            Err(e) => return Err(e.into()),
        };
        if let Some(states) = ProducerStates::decode(&bytes) {
            return Ok((states, at));
        }
    }
    Ok((ProducerStates::default(), Offset::ZERO))
}

/// Writes the snapshot of a segment that is being rolled: the state at `end`, where the next segment begins. Who doesn't know
/// it has it read from the log.
pub(super) fn write_snapshot(dir: &Path, end: Offset, known: Option<&ProducerStates>) -> Result<()> {
    let content = match known {
        Some(states) => states.encode(),
        None => ProducerStates::load(dir, Offset::ZERO, end)?.encode(),
    };
    Ok(disk::replace(&segment_file(dir, end, FileKind::ProducerSnapshot), &content)?)
}

/// Writes the state at `end`, unless there is a snapshot already, or nothing to be said in one.
pub(crate) fn write_first(dir: &Path, end: Offset) -> Result<()> {
    if !with_kind(dir, FileKind::ProducerSnapshot)?.is_empty() {
        return Ok(());
    }
    let states = ProducerStates::load(dir, Offset::ZERO, end)?;
    if states.entries.is_empty() {
        return Ok(());
    }
    let path = segment_file(dir, end, FileKind::ProducerSnapshot);
    Ok(disk::replace_with(&path, &states.encode(), Durability::Atomic)?)
}

/// Removes the snapshots that speak of more than there is since the log was cut to `end`. What comes in the place of
/// what was cut would be taken for known.
pub(super) fn forget_beyond(dir: &Path, end: Offset) -> Result<()> {
    for at in with_kind(dir, FileKind::ProducerSnapshot)?.into_iter().filter(|&at| at > end) {
        disk::remove_file(&segment_file(dir, at, FileKind::ProducerSnapshot))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_snapshot_survives_its_bytes_and_a_flipped_one_is_refused() {
        let entry = ProducerEntry {
            epoch: 3,
            batches: [ProducerBatch { last_sequence: 17, last_offset: Offset::new(41), offset_delta: 5 }]
                .into(),
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
