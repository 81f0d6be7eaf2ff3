//! Walking over the batches of a segment, sound and damaged: what each batch says, and what is wrong with it. Behind damage
//! the walk goes on with the next sound batch.

use super::finding::{Finding, Findings, Fix, Severity};
use super::partition::Depth;
use crate::disk::File;
use crate::log::Result;
use crate::log::salvage::{is_followed, next_sound};
use crate::record::{self, BatchHeader, BatchReader, HEADER_SIZE, LOG_OVERHEAD};
use crate::types::{LeaderEpoch, Offset};
use std::ops::ControlFlow;

const WINDOW_BYTES: usize = 1024 * 1024;
const MAGIC_AT: usize = 16;
const LOST: &str = "its records can't be read";
const UNTOLD: &str = "readers stop here";

/// A batch that can be relied upon, at its place.
pub(super) struct Sound<'a> {
    pub(super) header: BatchHeader,
    pub(super) position: u64,
    pub(super) bytes: &'a [u8],
    /// As the neighbours have it, whatever the batch says.
    pub(super) base: Offset,
    pub(super) last: Offset,
}

/// A segment's file with what is known of its offsets.
pub(super) struct Walk<'f> {
    pub(super) log: &'f File,
    /// Bytes to look at.
    pub(super) end: u64,
    /// The offset that the next batch begins with, or at the earliest.
    pub(super) expected: Offset,
    /// The segment's base.
    pub(super) first: Offset,
    /// Below this there may be gaps.
    pub(super) gaps_below: Offset,
    /// The base of the next segment.
    pub(super) limit: Offset,
    pub(super) is_active: bool,
    pub(super) depth: Depth,
    /// Filled while the walk goes on, if it is to be.
    pub(super) mends: Option<Vec<Mend>>,
}

/// What to make of a piece of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mend {
    /// A sound batch.
    Keep { position: u64, size: usize, base: Offset, epoch: LeaderEpoch },
    /// A batch whose base offset, length or magic is to be set, and in which this bit is flipped.
    Restore { position: u64, size: usize, base: Offset, epoch: LeaderEpoch, flip: Option<usize> },
    /// Nothing that can be read; the offsets from `first` to `next`, exclusive, have no records. `None`: nothing follows.
    Leave { position: u64, bytes: u64, first: Offset, next: Option<Offset> },
}

/// What is at a place.
enum Place {
    Batch(BatchHeader),
    Broken { what: String, meaning: &'static str, fix: Fix },
}

impl Walk<'_> {
    /// Hands every sound batch to `visit`; answers the offset behind the last.
    pub(super) fn run(
        &mut self,
        findings: &mut Findings,
        mut visit: impl FnMut(&Sound<'_>, &mut Findings) -> Result<()>,
    ) -> Result<Offset> {
        let mut buffer = vec![0; WINDOW_BYTES];
        let (mut start, mut filled) = (0, 0);
        let mut position = 0;
        let mut reader = BatchReader::default();
        while position < self.end {
            let left = usize::try_from(self.end - position).unwrap_or(usize::MAX);
            let have = |start: u64, filled: usize| {
                usize::try_from((start + filled as u64).saturating_sub(position)).unwrap_or(0)
            };
            let mut size = LOG_OVERHEAD.min(left);
            loop {
                if have(start, filled) < size.min(left) {
                    buffer.resize(size.max(WINDOW_BYTES), 0);
                    (start, filled) = (position, self.log.read_at(&mut buffer, position)?);
                    if have(start, filled) < size.min(left) {
                        break;
                    }
                }
                let at = usize::try_from(position - start).unwrap_or(0);
                match record::batch_size(buffer.get(at..filled).unwrap_or_default()) {
                    Some(whole) if whole > size && whole <= left => size = whole,
                    _ => break,
                }
            }
            let at = usize::try_from(position.saturating_sub(start)).unwrap_or(0);
            let bytes = buffer.get(at..filled).unwrap_or_default();
            let bytes = bytes.get(..left.min(bytes.len())).unwrap_or_default();
            match self.look(bytes, left, &mut reader) {
                Place::Batch(header) => {
                    let Some((base, last)) = self.settle_offsets(&header, position, findings)? else {
                        position += header.size_bytes() as u64;
                        continue;
                    };
                    let batch = bytes.get(..header.size_bytes()).unwrap_or_default();
                    self.expected = last.next();
                    visit(&Sound { header, position, bytes: batch, base, last }, findings)?;
                    position += header.size_bytes() as u64;
                }
                Place::Broken { what, meaning, fix } => {
                    let next = self.behind(position, bytes, findings, what, meaning, fix)?;
                    let Some(next) = next else { break };
                    position = next;
                }
            }
        }
        Ok(self.expected)
    }

    fn mend(&mut self, mend: Mend) {
        let Some(mends) = &mut self.mends else { return };
        match (mends.last_mut(), mend) {
            (
                Some(Mend::Leave { position: from, bytes: size, next: until @ None, .. }),
                Mend::Leave { position, bytes, next, .. },
            ) if *from + *size == position => (*size, *until) = (*size + bytes, next),
            _ => mends.push(mend),
        }
    }

    /// What lies at the front of `bytes`, of which the segment has `left`.
    fn look(&self, bytes: &[u8], left: usize, reader: &mut BatchReader) -> Place {
        let broken = |what: String, meaning, fix| Place::Broken { what, meaning, fix };
        let torn = if self.is_active { "a write that was cut short, or damage" } else { LOST };
        let Some(size) = record::batch_size(bytes) else {
            let what = if bytes.len() < LOG_OVERHEAD {
                "the file ends inside a batch's head"
            } else {
                "a batch length that cannot be"
            };
            return broken(what.to_owned(), torn, Fix::Aside);
        };
        if size > left {
            return broken(
                format!("a batch of {size} bytes, and the file ends after {left}"),
                torn,
                Fix::Aside,
            );
        }
        let Some(batch) = bytes.get(..size) else {
            return broken("the batch can't be read".to_owned(), LOST, Fix::Aside);
        };
        let magic = batch.get(MAGIC_AT).copied().unwrap_or_default();
        let header = match BatchHeader::parse(batch) {
            Ok(header) if record::verify_crc(batch).is_ok() => header,
            found => {
                if magic != 2 && with_magic_2(batch).is_some() {
                    return broken(
                        format!("magic {magic} where the checksum is that of magic 2"),
                        UNTOLD,
                        Fix::Restore,
                    );
                }
                if let Some((header, flip, mended)) = with_bit(batch)
                    && self.inside(&header, &mended, reader).is_ok()
                {
                    let place = format!("bit {} of byte {} of the batch", flip % 8, flip / 8);
                    return broken(
                        format!("{place} is flipped: with it as it was the checksum agrees"),
                        LOST,
                        Fix::Restore,
                    );
                }
                let what = match found {
                    Err(e) => e.to_string(),
                    Ok(_) => record::verify_crc(batch).err().map_or_else(String::new, |e| e.to_string()),
                };
                return broken(what, LOST, Fix::Aside);
            }
        };
        match self.inside(&header, batch, reader) {
            Ok(()) => Place::Batch(header),
            Err(what) => broken(what, LOST, Fix::Aside),
        }
    }

    /// What a batch with a right checksum can still have wrong, if whoever wrote it was wrong.
    fn inside(
        &self,
        header: &BatchHeader,
        batch: &[u8],
        reader: &mut BatchReader,
    ) -> std::result::Result<(), String> {
        if header.is_legacy() {
            let read = reader.for_each(batch, |_| ControlFlow::Continue(()));
            return read.map(|_| ()).map_err(|e| e.to_string());
        }
        let delta = header.last_offset().since(header.base_offset());
        let count = i64::from(header.record_count());
        if delta < 0 || count < 0 || count > delta + 1 {
            return Err(format!("{count} records for {} offsets", delta.saturating_add(1)));
        }
        if self.depth == Depth::Quick {
            return Ok(());
        }
        let (mut wrong, mut next) = (None, header.base_offset());
        let read = reader.for_each(batch, |record| {
            if record.offset < next || record.offset > header.last_offset() {
                wrong.get_or_insert(format!("a record of offset {} in the batch", record.offset));
            }
            next = record.offset.next();
            ControlFlow::Continue(())
        });
        match (read, wrong) {
            (Err(e), _) => Err(e.to_string()),
            (Ok(_), Some(wrong)) => Err(wrong),
            (Ok(_), None) => Ok(()),
        }
    }

    /// Holds a batch's offsets against its neighbours; answers those that are right, `None` if the batch has no place here.
    fn settle_offsets(
        &mut self,
        header: &BatchHeader,
        position: u64,
        findings: &mut Findings,
    ) -> Result<Option<(Offset, Offset)>> {
        let (base, last) = (header.base_offset(), header.last_offset());
        let may_gap = self.expected < self.gaps_below;
        let fits = if header.is_legacy() {
            last >= self.expected && last < self.limit
        } else if may_gap {
            base >= self.expected && last < self.limit
        } else {
            base == self.expected
        };
        let (size, epoch) = (header.size_bytes(), header.leader_epoch());
        if fits {
            self.mend(Mend::Keep { position, size, base, epoch });
            return Ok(Some((base, last)));
        }
        // A single bit is damage; another offset that the log has had is another batch.
        let is_again = base < self.expected && base >= self.first && is_far(base, self.expected);
        let gap =
            base > self.expected && last < self.limit && is_followed(self.log, position, header, self.end)?;
        let (what, meaning, fix) = if is_again && !may_gap {
            let what = format!("a batch of offset {base} where {} was expected", self.expected);
            (what, "it is there twice, or doesn't belong here; readers stop here", Fix::Aside)
        } else if gap {
            let what = format!("offset {base} follows, where {} was expected", self.expected);
            (what, "the offsets between have no records: a part of the file is missing", Fix::Aside)
        } else {
            let what = format!("base offset {base} where {} was expected", self.expected);
            (what, UNTOLD, if may_gap { Fix::None } else { Fix::Restore })
        };
        findings.add(Finding {
            severity: Severity::Error,
            file: self.log.path().to_owned(),
            position: Some(position),
            offset: Some(self.expected),
            what,
            meaning,
            fix,
        });
        if is_again && !may_gap {
            self.mend(Mend::Leave { position, bytes: size as u64, first: self.expected, next: None });
            return Ok(None);
        }
        if gap || may_gap {
            if gap && !may_gap {
                self.mend(Mend::Leave { position, bytes: 0, first: self.expected, next: Some(base) });
            }
            self.mend(Mend::Keep { position, size, base, epoch });
        } else {
            self.mend(Mend::Restore { position, size, base: self.expected, epoch, flip: None });
        }
        if gap || may_gap && base >= self.expected {
            return Ok(Some((base, last.min(Offset::new(self.limit.get().saturating_sub(1)).max(base)))));
        }
        let delta = last.since(base).max(0);
        Ok(Some((self.expected, self.expected.plus(delta))))
    }

    /// Notes what is broken at `position` and finds where to go on.
    fn behind(
        &mut self,
        position: u64,
        bytes: &[u8],
        findings: &mut Findings,
        mut what: String,
        mut meaning: &'static str,
        mut fix: Fix,
    ) -> Result<Option<u64>> {
        // One that is only misnamed keeps its place.
        if fix == Fix::Restore
            && let Some((header, flip)) = with_magic_2(bytes)
                .map(|header| (header, None))
                .or_else(|| with_bit(bytes).map(|(header, flip, _)| (header, Some(flip))))
        {
            self.note(position, what, meaning, fix, findings);
            self.restore(position, &header, header.size_bytes(), flip);
            return Ok(Some(position + header.size_bytes() as u64));
        }
        // A length that is all right leads to the next batch; a wrong one doesn't, and neither does another's bytes.
        let found = next_sound(self.log, position + 1, self.end, self.expected, self.limit)?;
        if let Some((next, header)) = found {
            let size = usize::try_from(next - position).unwrap_or(usize::MAX);
            if let Some(batch) = bytes.get(..size)
                && let Some(own) = with_size(batch)
                && own.last_offset().since(own.base_offset()) >= 0
                && self.expected.plus(own.last_offset().since(own.base_offset())).next()
                    == header.base_offset()
            {
                what = format!("{what}; its length is {size} bytes by the next batch and its checksum");
                self.note(position, what, UNTOLD, Fix::Restore, findings);
                self.restore(position, &own, size, None);
                return Ok(Some(next));
            }
            if self.is_active && meaning != LOST {
                meaning = LOST;
            }
        } else if let Some(own) = self.to_the_end(position, bytes) {
            what = format!("{what}; its length is {} bytes by its checksum", own.size_bytes());
            self.note(position, what, UNTOLD, Fix::Restore, findings);
            self.restore(position, &own, own.size_bytes(), None);
            return Ok(None);
        } else {
            fix = Fix::Aside;
        }
        self.note(position, what, meaning, fix, findings);
        let (behind, next) = found.map_or((self.end, None), |(at, header)| (at, Some(header.base_offset())));
        self.mend(Mend::Leave { position, bytes: behind - position, first: self.expected, next });
        if let Some((next, header)) = found {
            self.expected = header.base_offset();
            return Ok(Some(next));
        }
        Ok(None)
    }

    /// A batch that has its place once fields outside its checksum are set.
    fn restore(&mut self, position: u64, header: &BatchHeader, size: usize, flip: Option<usize>) {
        let may_gap = self.expected < self.gaps_below && header.base_offset() >= self.expected;
        let base = if may_gap { header.base_offset() } else { self.expected };
        self.mend(Mend::Restore { position, size, base, epoch: header.leader_epoch(), flip });
        self.expected = base.plus(header.last_offset().since(header.base_offset())).next();
    }

    /// The last batch of the file, if only its length is wrong.
    fn to_the_end(&self, position: u64, bytes: &[u8]) -> Option<BatchHeader> {
        let size = usize::try_from(self.end - position).ok()?;
        with_size(bytes.get(..size)?)
    }

    fn note(&self, position: u64, what: String, meaning: &'static str, fix: Fix, findings: &mut Findings) {
        findings.add(Finding {
            severity: Severity::Error,
            file: self.log.path().to_owned(),
            position: Some(position),
            offset: Some(self.expected),
            what,
            meaning,
            fix,
        });
    }
}

/// Whether two offsets differ in more than a bit.
fn is_far(one: Offset, other: Offset) -> bool {
    (one.get() ^ other.get()).count_ones() > 1
}

/// The head of a batch whose magic is wrong, if with magic 2 it agrees with its checksum.
pub(super) fn with_magic_2(batch: &[u8]) -> Option<BatchHeader> {
    let size = record::batch_size(batch)?;
    let mut mended = batch.get(..size)?.to_vec();
    *mended.get_mut(MAGIC_AT)? = 2;
    record::verify_crc(&mended).ok()?;
    BatchHeader::parse(&mended).ok()
}

/// A batch in which a single bit keeps the checksum from agreeing: its head, the bit, and the batch as it was.
pub(super) fn with_bit(bytes: &[u8]) -> Option<(BatchHeader, usize, Vec<u8>)> {
    let batch = bytes.get(..record::batch_size(bytes)?).filter(|batch| batch.get(MAGIC_AT) == Some(&2))?;
    let flip = record::flipped_bit(batch)?;
    let mut mended = batch.to_vec();
    *mended.get_mut(flip / 8)? ^= 1 << (flip % 8);
    Some((BatchHeader::parse(&mended).ok()?, flip, mended))
}

/// The head of a batch whose length is wrong, if all of `batch` agrees with its checksum.
pub(super) fn with_size(batch: &[u8]) -> Option<BatchHeader> {
    if batch.len() < HEADER_SIZE {
        return None;
    }
    let mut mended = batch.to_vec();
    let length = i32::try_from(batch.len() - LOG_OVERHEAD).ok()?;
    mended.get_mut(8..LOG_OVERHEAD)?.copy_from_slice(&length.to_be_bytes());
    record::verify_crc(&mended).ok()?;
    BatchHeader::parse(&mended).ok()
}
