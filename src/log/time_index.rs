//! The `.timeindex` file: up to which time the batches before an offset go.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | i64 | timestamp: no batch up to the offset has a later one |
//! | 8 | i32 | offset relative to the base: the last one of the batch that holds the timestamp |
//!
//! As in the offset index, preallocated zeros may follow.

use super::Result;
use super::offset_index::partition_point;
use crate::disk::File;
use crate::types::{Offset, TimestampMs};

pub(super) const ENTRY_BYTES: u64 = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) timestamp: TimestampMs,
    pub(super) offset: Offset,
}

/// Reads entry number `slot`; `None` beyond the file's end.
pub(super) fn read(file: &File, base: Offset, slot: u64) -> Result<Option<Entry>> {
    let mut bytes = [0; 12];
    if file.read_at(&mut bytes, slot * ENTRY_BYTES)? < bytes.len() {
        return Ok(None);
    }
    let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
    let timestamp = TimestampMs(i64::from_be_bytes([a, b, c, d, e, f, g, h]));
    let relative = i64::from(i32::from_be_bytes([i, j, k, l]));
    Ok(Some(Entry { timestamp, offset: base.plus(relative) }))
}

/// How many entries the file has, preallocated zeros left out.
pub(super) fn count(file: &File, base: Offset) -> Result<u64> {
    let slots = file.len()? / ENTRY_BYTES;
    partition_point(slots, |slot| {
        let entry = read(file, base, slot)?;
        Ok(entry.is_some_and(|e| e.offset > base || slot == 0 && e.timestamp.0 != 0))
    })
}

/// The last entry, if there is one.
pub(super) fn last(file: &File, base: Offset) -> Result<Option<Entry>> {
    match count(file, base)?.checked_sub(1) {
        Some(slot) => read(file, base, slot),
        None => Ok(None),
    }
}

/// The entry with the greatest timestamp below `target`: no record before its offset is at or after `target`.
pub(super) fn below(file: &File, base: Offset, target: TimestampMs) -> Result<Option<Entry>> {
    let slots = count(file, base)?;
    let point =
        partition_point(slots, |slot| Ok(read(file, base, slot)?.is_some_and(|e| e.timestamp < target)))?;
    match point.checked_sub(1) {
        Some(slot) => read(file, base, slot),
        None => Ok(None),
    }
}

/// Writes entry number `slot`.
pub(super) fn write(
    file: &File,
    base: Offset,
    slot: u32,
    timestamp: TimestampMs,
    offset: Offset,
) -> Result<()> {
    let relative = i32::try_from(offset.since(base)).unwrap_or(i32::MAX);
    let mut bytes = [0; 12];
    let (first, second) = bytes.split_at_mut(8);
    first.copy_from_slice(&timestamp.0.to_be_bytes());
    second.copy_from_slice(&relative.to_be_bytes());
    Ok(file.write_at(&bytes, u64::from(slot) * ENTRY_BYTES)?)
}
