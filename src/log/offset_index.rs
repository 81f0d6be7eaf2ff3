//! The `.index` file: every so many bytes, the last offset of a batch and where that batch begins.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | i32 | offset relative to the segment's base: the batch's last one |
//! | 4 | i32 | position of the batch in the .log |
//!
//! A file may be preallocated: its entries end where a relative offset other than the first is 0.

use super::Result;
use crate::disk::File;
use crate::types::Offset;

pub(super) const ENTRY_BYTES: u64 = 8;

/// An entry with its offset made absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) last_offset: Offset,
    pub(super) position: u64,
}

/// Reads entry number `slot`; `None` beyond the file's end.
pub(super) fn read(file: &File, base: Offset, slot: u64) -> Result<Option<Entry>> {
    let mut bytes = [0; 8];
    if file.read_at(&mut bytes, slot * ENTRY_BYTES)? < bytes.len() {
        return Ok(None);
    }
    let [a, b, c, d, e, f, g, h] = bytes;
    let relative = i64::from(i32::from_be_bytes([a, b, c, d]));
    let position = u64::from(u32::from_be_bytes([e, f, g, h]));
    Ok(Some(Entry { last_offset: base.plus(relative), position }))
}

/// How many entries the file has, preallocated zeros left out.
pub(super) fn count(file: &File, base: Offset) -> Result<u64> {
    let slots = file.len()? / ENTRY_BYTES;
    let used = |slot| {
        Ok(read(file, base, slot)?.is_some_and(|e| e.last_offset > base || slot == 0 && e.position > 0))
    };
    partition_point(slots, used)
}

/// The entry with the greatest offset at or below `target`, with its slot.
pub(super) fn floor(file: &File, base: Offset, target: Offset) -> Result<Option<(u64, Entry)>> {
    let slots = count(file, base)?;
    let below =
        partition_point(slots, |slot| Ok(read(file, base, slot)?.is_some_and(|e| e.last_offset <= target)))?;
    let Some(slot) = below.checked_sub(1) else { return Ok(None) };
    Ok(read(file, base, slot)?.map(|entry| (slot, entry)))
}

/// Writes entry number `slot`.
pub(super) fn write(file: &File, base: Offset, slot: u32, last_offset: Offset, position: u64) -> Result<()> {
    let relative = i32::try_from(last_offset.since(base)).unwrap_or(i32::MAX);
    let position = u32::try_from(position).unwrap_or(u32::MAX);
    let mut bytes = [0; 8];
    let (first, second) = bytes.split_at_mut(4);
    first.copy_from_slice(&relative.to_be_bytes());
    second.copy_from_slice(&position.to_be_bytes());
    Ok(file.write_at(&bytes, u64::from(slot) * ENTRY_BYTES)?)
}

/// The first of `count` slots for which `holds` is false; it must hold for a prefix of them.
pub(super) fn partition_point(count: u64, mut holds: impl FnMut(u64) -> Result<bool>) -> Result<u64> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Mode;

    #[test]
    fn lookups_find_the_entry_before_and_stop_at_preallocated_zeros() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::open(&dir.path().join("x.index"), Mode::Create).unwrap();
        file.set_len(8 * 100).unwrap();
        let base = Offset::new(1000);
        assert_eq!(count(&file, base).unwrap(), 0);
        for slot in 0..10u32 {
            write(&file, base, slot, base.plus(i64::from(slot) * 10 + 9), u64::from(slot) * 500 + 7).unwrap();
        }
        assert_eq!(count(&file, base).unwrap(), 10);
        assert_eq!(floor(&file, base, Offset::new(1008)).unwrap(), None);
        for (target, slot) in [(1009, 0), (1018, 0), (1019, 1), (9999, 9)] {
            let (found, entry) = floor(&file, base, Offset::new(target)).unwrap().unwrap();
            assert_eq!((found, entry.position), (slot, slot * 500 + 7));
        }
    }
}
