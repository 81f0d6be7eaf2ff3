//! A segment's offset and time index against its batches, as these go by. An index may lack its last entries, and zeros may
//! be preallocated behind them; what is there must be what a writer has put there.

use super::finding::{Finding, Findings, Fix, Severity};
use crate::disk::{File, Mode};
use crate::log::Result;
use crate::types::{Offset, TimestampMs};
use std::path::{Path, PathBuf};

/// A cleaner writes no more batches than this at once.
const STARTS_KEPT: usize = 1 << 16;
const MEANING: &str = "finding records by it may take longer or fail";

/// What the entries of an index are made of.
trait Entry: Sized {
    const BYTES: usize;
    /// `None` for zeros that end the entries: in the first slot, all of it; in others, the offset.
    fn decode(bytes: &[u8], base: Offset, is_first: bool) -> Option<Self>;
    fn offset(&self) -> Offset;
    /// Whether it can come after `before`.
    fn follows(&self, before: &Self) -> bool;
}

#[derive(Clone, Copy, Debug)]
struct AtPosition {
    last: Offset,
    position: u64,
}

impl Entry for AtPosition {
    const BYTES: usize = 8;

    fn decode(bytes: &[u8], base: Offset, is_first: bool) -> Option<AtPosition> {
        let (relative, rest) = bytes.split_first_chunk::<4>()?;
        let relative = i32::from_be_bytes(*relative);
        let position = u32::from_be_bytes(*rest.first_chunk()?);
        let used = relative != 0 || is_first && position != 0;
        used.then(|| AtPosition { last: base.plus(relative.into()), position: position.into() })
    }

    fn offset(&self) -> Offset {
        self.last
    }

    fn follows(&self, before: &AtPosition) -> bool {
        self.last > before.last && self.position > before.position
    }
}

#[derive(Clone, Copy, Debug)]
struct AtTime {
    timestamp: TimestampMs,
    last: Offset,
}

impl Entry for AtTime {
    const BYTES: usize = 12;

    fn decode(bytes: &[u8], base: Offset, is_first: bool) -> Option<AtTime> {
        let (timestamp, rest) = bytes.split_first_chunk::<8>()?;
        let timestamp = i64::from_be_bytes(*timestamp);
        let relative = i32::from_be_bytes(*rest.first_chunk()?);
        let used = relative != 0 || is_first && timestamp != 0;
        used.then(|| AtTime { timestamp: TimestampMs(timestamp), last: base.plus(relative.into()) })
    }

    fn offset(&self) -> Offset {
        self.last
    }

    fn follows(&self, before: &AtTime) -> bool {
        self.timestamp > before.timestamp && self.last > before.last
    }
}

/// The entries of a file, in order of their offsets, each with its slot.
struct Entries<E> {
    path: PathBuf,
    entries: Vec<(usize, E)>,
    next: usize,
    findings: Vec<Finding>,
}

impl<E: Entry> Entries<E> {
    fn load(path: PathBuf, base: Offset) -> Result<Entries<E>> {
        let mut loaded = Entries { path, entries: Vec::new(), next: 0, findings: Vec::new() };
        let bytes = match File::open(&loaded.path, Mode::Read).and_then(|file| file.read_all()) {
            Ok(bytes) => bytes,
            Err(e) => {
                let what = if e.is_not_found() { "it is missing".to_owned() } else { e.to_string() };
                loaded.add(None, what);
                return Ok(loaded);
            }
        };
        let mut used = 0;
        for (slot, entry) in bytes.chunks_exact(E::BYTES).enumerate() {
            let Some(entry) = E::decode(entry, base, slot == 0) else { break };
            used = (slot + 1) * E::BYTES;
            if loaded.entries.last().is_some_and(|(_, before)| !entry.follows(before)) {
                loaded.add(Some(slot), format!("entry {slot} is out of order"));
            }
            loaded.entries.push((slot, entry));
        }
        if bytes.len() % E::BYTES != 0 {
            loaded.add(None, format!("{} bytes, which is no whole number of entries", bytes.len()));
        }
        let behind = bytes.get(used..).unwrap_or_default();
        if let Some(at) = first_not_zero(behind) {
            loaded.add(
                Some((used + at) / E::BYTES),
                "bytes behind its last entry that are not zero".to_owned(),
            );
        }
        loaded.entries.sort_by_key(|(_, entry)| entry.offset());
        Ok(loaded)
    }

    fn add(&mut self, slot: Option<usize>, what: String) {
        self.findings.push(Finding {
            severity: Severity::Warning,
            file: self.path.clone(),
            position: slot.map(|slot| (slot * E::BYTES) as u64),
            offset: None,
            what,
            meaning: MEANING,
            fix: Fix::Rebuild,
        });
    }

    /// The entries for offsets up to `last`, which have had their turn then.
    fn up_to(&mut self, last: Offset) -> Vec<(usize, E)>
    where
        E: Copy,
    {
        let from = self.next;
        while self.entries.get(self.next).is_some_and(|(_, entry)| entry.offset() <= last) {
            self.next += 1;
        }
        self.entries.get(from..self.next).unwrap_or_default().to_vec()
    }
}

fn first_not_zero(bytes: &[u8]) -> Option<usize> {
    const ZEROS: [u8; 4096] = [0; 4096];
    let mut at = 0;
    for chunk in bytes.chunks(ZEROS.len()) {
        if chunk != ZEROS.get(..chunk.len()).unwrap_or_default() {
            return chunk.iter().position(|&byte| byte != 0).map(|inside| at + inside);
        }
        at += chunk.len();
    }
    None
}

/// Both indexes of a segment.
pub(super) struct Indexes {
    offsets: Entries<AtPosition>,
    times: Entries<AtTime>,
    base: Offset,
    max_timestamp: TimestampMs,
    /// Below this the cleaner has written the segment anew: an entry may speak of several batches at once.
    gaps_below: Offset,
    /// Where the newest batches of the part that was cleaned begin.
    starts: Vec<u64>,
}

impl Indexes {
    pub(super) fn load(
        offsets: PathBuf,
        times: PathBuf,
        base: Offset,
        gaps_below: Offset,
    ) -> Result<Indexes> {
        Ok(Indexes {
            offsets: Entries::load(offsets, base)?,
            times: Entries::load(times, base)?,
            base,
            max_timestamp: TimestampMs::NONE,
            gaps_below,
            starts: Vec::new(),
        })
    }

    /// A batch goes by.
    pub(super) fn see(&mut self, position: u64, last: Offset, max_timestamp: TimestampMs) {
        let ends = last;
        if last < self.gaps_below {
            self.starts.push(position);
        }
        for (slot, entry) in self.offsets.up_to(last) {
            if entry.last != last || entry.position != position {
                let AtPosition { last, position } = entry;
                let what = format!(
                    "entry {slot} says that a batch at position {position} ends at offset {last}, and none does"
                );
                // Older cleaners index several batches, written at once, by the first one's place and the last one's end.
                let at_once = last == ends && self.starts.contains(&position);
                if !((self.base..self.gaps_below).contains(&last) && at_once) {
                    self.offsets.add(Some(slot), what);
                }
            }
        }
        if self.starts.len() > STARTS_KEPT {
            self.starts.drain(..STARTS_KEPT / 2);
        }
        let (later, before) = (max_timestamp > self.max_timestamp, self.max_timestamp);
        self.max_timestamp = self.max_timestamp.max(max_timestamp);
        for (slot, entry) in self.times.up_to(last) {
            let right = entry.last == last && entry.timestamp == max_timestamp && later;
            let is_compacted = (self.base..self.gaps_below).contains(&entry.last);
            let covered =
                is_compacted && (entry.timestamp == self.max_timestamp || entry.timestamp == before);
            if !right && !covered {
                let AtTime { timestamp, last } = entry;
                let what = format!(
                    "entry {slot} says that the batch that ends at offset {last} is the first of time {timestamp}"
                );
                self.times.add(Some(slot), what);
            }
        }
    }

    /// The segment has gone by. `is_ahead`: entries of batches behind it may be there, which somebody is writing.
    pub(super) fn finish(mut self, is_ahead: bool, is_whole: bool, findings: &mut Findings) {
        if !is_ahead {
            for (slot, entry) in self.offsets.up_to(Offset::MAX) {
                self.offsets.add(
                    Some(slot),
                    format!("entry {slot} is for offset {}, behind the last batch", entry.last),
                );
            }
            for (slot, entry) in self.times.up_to(Offset::MAX) {
                self.times.add(
                    Some(slot),
                    format!("entry {slot} is for offset {}, behind the last batch", entry.last),
                );
            }
        }
        // Of a segment with damage the indexes are made anew anyway.
        if is_whole {
            self.offsets
                .findings
                .into_iter()
                .chain(self.times.findings)
                .for_each(|found| findings.add(found));
        }
    }
}

/// A path with another extension than that of the segment's log.
pub(super) fn beside(log: &Path, extension: &str) -> PathBuf {
    log.with_extension(extension)
}
