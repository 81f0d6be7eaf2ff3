//! `.index` and `.timeindex` files, entry by entry. An entry's offset is relative to the base offset in the file's name;
//! a file may be preallocated with zeros, so the entries end where a relative offset of 0 comes again.

use super::error::Result;
use crate::disk::{File, Mode};
use crate::types::{Offset, TimestampMs};
use std::path::Path;

/// `relative offset i32, position i32`
const OFFSET_ENTRY_SIZE: usize = 8;
/// `timestamp i64, relative offset i32`
const TIME_ENTRY_SIZE: usize = 12;

/// An entry of an `.index`: the batch at `position` ends with `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OffsetEntry {
    pub(crate) offset: Offset,
    pub(crate) position: i32,
}

/// An entry of a `.timeindex`: up to `offset` nothing is later than `timestamp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp: TimestampMs,
    pub(crate) offset: Offset,
}

/// What a broker finds when it checks an index at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sanity {
    Sound,
    /// The file's length, and the size of an entry of which it is no multiple.
    Length {
        found: usize,
        entry_size: usize,
    },
    /// The last offset lies below the base offset.
    LastOffset {
        last: Offset,
        base: Offset,
    },
    /// The last timestamp lies before the first one.
    LastTimestamp {
        last: TimestampMs,
        first: TimestampMs,
    },
}

/// An `.index` in memory.
pub(crate) struct OffsetIndexFile {
    base: Offset,
    bytes: Vec<u8>,
}

impl OffsetIndexFile {
    pub(crate) fn read(path: &Path, base: Offset) -> Result<OffsetIndexFile> {
        Ok(OffsetIndexFile { base, bytes: File::open(path, Mode::Read)?.read_all()? })
    }

    /// Whether there is not one entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.len() < OFFSET_ENTRY_SIZE
    }

    /// The entries up to the zeros.
    pub(crate) fn entries(&self) -> impl Iterator<Item = OffsetEntry> {
        until_zeros(self.all(), self.base, |entry| entry.offset)
    }

    /// Where to look for `offset`: the position of the last entry at or below it, 0 if there is none.
    pub(crate) fn lookup(&self, offset: Offset) -> i32 {
        let below = self.all().take_while(|entry| entry.offset <= offset).last();
        below.map_or(0, |entry| entry.position)
    }

    pub(crate) fn sanity(&self) -> Sanity {
        match self.all().last() {
            Some(last) if last.offset < self.base => {
                Sanity::LastOffset { last: last.offset, base: self.base }
            }
            _ => whole_entries(&self.bytes, OFFSET_ENTRY_SIZE),
        }
    }

    fn all(&self) -> impl Iterator<Item = OffsetEntry> {
        let (entries, _) = self.bytes.as_chunks::<OFFSET_ENTRY_SIZE>();
        entries.iter().map(|&[a, b, c, d, e, f, g, h]| OffsetEntry {
            offset: self.base.plus(i32::from_be_bytes([a, b, c, d]).into()),
            position: i32::from_be_bytes([e, f, g, h]),
        })
    }
}

/// A `.timeindex` in memory.
pub(crate) struct TimeIndexFile {
    base: Offset,
    bytes: Vec<u8>,
}

impl TimeIndexFile {
    pub(crate) fn read(path: &Path, base: Offset) -> Result<TimeIndexFile> {
        Ok(TimeIndexFile { base, bytes: File::open(path, Mode::Read)?.read_all()? })
    }

    /// The entries up to the zeros.
    pub(crate) fn entries(&self) -> impl Iterator<Item = TimeEntry> {
        until_zeros(self.all(), self.base, |entry| entry.offset)
    }

    pub(crate) fn sanity(&self) -> Sanity {
        let (Some(first), Some(last)) = (self.all().next(), self.all().last()) else {
            return whole_entries(&self.bytes, TIME_ENTRY_SIZE);
        };
        if last.timestamp < first.timestamp {
            Sanity::LastTimestamp { last: last.timestamp, first: first.timestamp }
        } else if last.offset < self.base {
            Sanity::LastOffset { last: last.offset, base: self.base }
        } else {
            whole_entries(&self.bytes, TIME_ENTRY_SIZE)
        }
    }

    fn all(&self) -> impl Iterator<Item = TimeEntry> {
        let (entries, _) = self.bytes.as_chunks::<TIME_ENTRY_SIZE>();
        entries.iter().map(|&[a, b, c, d, e, f, g, h, i, j, k, l]| TimeEntry {
            timestamp: TimestampMs(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
            offset: self.base.plus(i32::from_be_bytes([i, j, k, l]).into()),
        })
    }
}

fn until_zeros<E>(
    entries: impl Iterator<Item = E>,
    base: Offset,
    offset: impl Fn(&E) -> Offset,
) -> impl Iterator<Item = E> {
    let mut first = true;
    entries.take_while(move |entry| std::mem::take(&mut first) || offset(entry) != base)
}

fn whole_entries(bytes: &[u8], entry_size: usize) -> Sanity {
    if bytes.len().is_multiple_of(entry_size) {
        Sanity::Sound
    } else {
        Sanity::Length { found: bytes.len(), entry_size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(pairs: &[(i32, i32)]) -> OffsetIndexFile {
        let bytes = pairs.iter().flat_map(|(a, b)| [a.to_be_bytes(), b.to_be_bytes()].concat()).collect();
        OffsetIndexFile { base: Offset::new(100), bytes }
    }

    fn times(pairs: &[(i64, i32)]) -> TimeIndexFile {
        let entry = |(time, offset): &(i64, i32)| {
            [time.to_be_bytes().as_slice(), offset.to_be_bytes().as_slice()].concat()
        };
        TimeIndexFile { base: Offset::new(100), bytes: pairs.iter().flat_map(entry).collect() }
    }

    #[test]
    fn entries_end_at_the_zeros() {
        let index = offsets(&[(4, 500), (9, 900), (0, 0), (0, 0)]);
        let positions: Vec<_> = index.entries().map(|e| (e.offset.get(), e.position)).collect();
        assert_eq!(positions, [(104, 500), (109, 900)]);
        assert_eq!(offsets(&[(0, 0), (0, 0)]).entries().count(), 1);
        assert!(offsets(&[]).is_empty());
        assert_eq!(times(&[(7, 1), (0, 0)]).entries().count(), 1);
    }

    #[test]
    fn lookup_takes_the_last_entry_at_or_below() {
        let index = offsets(&[(4, 500), (9, 900)]);
        for (offset, position) in [(100, 0), (103, 0), (104, 500), (108, 500), (109, 900), (999, 900)] {
            assert_eq!(index.lookup(Offset::new(offset)), position, "{offset}");
        }
    }

    #[test]
    fn sanity_is_a_brokers() {
        assert_eq!(offsets(&[(4, 500), (0, 0)]).sanity(), Sanity::Sound);
        assert!(matches!(offsets(&[(-1, 5)]).sanity(), Sanity::LastOffset { .. }));
        let mut cut = offsets(&[(4, 500), (9, 900)]);
        cut.bytes.pop();
        assert_eq!(cut.sanity(), Sanity::Length { found: 15, entry_size: 8 });
        assert!(matches!(times(&[(7, 1), (0, 0)]).sanity(), Sanity::LastTimestamp { .. }));
        assert!(matches!(times(&[(7, 1), (8, -5)]).sanity(), Sanity::LastOffset { .. }));
        assert_eq!(times(&[]).sanity(), Sanity::Sound);
    }
}
