//! `LogReader`: batches from an offset on, each checked before anyone sees it.
//!
//! A reader takes no lock. It is told the offset up to which the log is published and looks at no byte beyond: there a
//! writer may be at work. Segments may be removed or replaced by cleaned ones while it reads; what it has open it reads on,
//! and then looks where its place is by now. Base offset, leader epoch and magic lie outside a batch's checksum; they are
//! checked against the neighbours, the index and the epoch checkpoint.

use super::names::{FileKind, segment_file, segments};
use super::salvage::{is_followed, next_sound};
use super::succession::{self, Next};
use super::{Error, LeaderEpochs, Notes, Result, offset_index};
use crate::disk::{File, Mode};
use crate::record::{self, BatchHeader};
use crate::types::{LeaderEpoch, Offset};
use std::path::{Path, PathBuf};

/// Logs are replayed in pieces of about this size.
const REPLAY_BYTES: usize = 256 * 1024;

/// Whether the offsets of a log can have gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// Every batch begins where the one before ended.
    Never,
    /// Compaction may have taken batches away.
    Compacted,
}

/// A place in a partition's log.
#[derive(Debug)]
pub(crate) struct LogReader {
    dir: PathBuf,
    gaps: Gaps,
    epochs: LeaderEpochs,
    next: Offset,
    segment: Option<OpenSegment>,
    /// Where reading stopped at damage: the segment and the position in it.
    stuck: Option<(Offset, u64)>,
    notes: Option<Notes>,
}

#[derive(Debug)]
struct OpenSegment {
    base: Offset,
    log: File,
    position: u64,
    /// What the batch at `position` must look like.
    expect: Expect,
}

/// What is known of a batch before it is read.
#[derive(Clone, Copy, Debug)]
enum Expect {
    /// It begins here, or later where there are gaps.
    Base(Offset),
    /// It ends here: an index entry says so.
    Last(Offset),
}

/// Whole batches, in order, all below the limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// The batches, each with its header.
    pub(crate) fn batches(&self) -> impl Iterator<Item = Result<(BatchHeader, &'a [u8])>> + use<'a> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let size = record::batch_size(rest)?;
            let (batch, behind) = rest.split_at_checked(size)?;
            rest = behind;
            Some(BatchHeader::parse(batch).map(|header| (header, batch)).map_err(Error::from))
        })
    }
}

impl LogReader {
    /// A reader of the log in `dir` that begins at `from`.
    pub(crate) fn open(dir: &Path, from: Offset, gaps: Gaps) -> Result<LogReader> {
        // The records can be read without; that the file is damaged is for others to say.
        let epochs = match LeaderEpochs::read(dir) {
            Err(Error::Malformed { .. }) => LeaderEpochs::default(),
            other => other?,
        };
        Ok(LogReader {
            dir: dir.to_owned(),
            gaps,
            epochs,
            next: from,
            segment: None,
            stuck: None,
            notes: None,
        })
    }

    /// A replay is to go on behind damage, and to note it.
    pub(crate) fn noting(mut self, notes: &Notes) -> LogReader {
        self.notes = Some(notes.clone());
        self
    }

    /// Hands every batch from this reader's offset on, below `limit`, to `visit`: a log replayed.
    pub(crate) fn replay<E: From<Error>>(
        mut self,
        limit: Offset,
        mut visit: impl FnMut(&BatchHeader, &[u8]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut buffer = vec![0; REPLAY_BYTES];
        loop {
            let from = self.next;
            let chunk = match (self.read(&mut buffer, limit), &self.notes) {
                (Ok(Some(chunk)), _) => chunk,
                (Ok(None), _) => return Ok(()),
                (Err(e), None) => return Err(e.into()),
                (Err(e), Some(notes)) => {
                    notes.add(e);
                    if self.skip_damage()?.is_none() {
                        return Ok(());
                    }
                    continue;
                }
            };
            for batch in chunk.batches() {
                let (header, batch) = batch?;
                if header.last_offset() >= from {
                    visit(&header, batch)?;
                }
            }
        }
    }

    /// The offset behind the last batch that was returned.
    pub(crate) fn next(&self) -> Offset {
        self.next
    }

    /// Goes on at `offset` instead.
    pub(crate) fn seek(&mut self, offset: Offset) {
        self.next = offset;
        self.segment = None;
    }

    /// Reads the next batches into `buffer`, which keeps its size from call to call and grows for a larger batch. The
    /// first batch may begin below the offset sought. `None` when `limit` is reached.
    pub(crate) fn read<'a>(&mut self, buffer: &'a mut Vec<u8>, limit: Offset) -> Result<Option<Chunk<'a>>> {
        loop {
            if self.next >= limit {
                return Ok(None);
            }
            let mut segment = match self.segment.take() {
                Some(segment) => segment,
                None => self.find_segment()?,
            };
            self.stuck = Some((segment.base, segment.position));
            let filled = segment.log.read_at(buffer, segment.position)?;
            let whole = match self.check(&mut segment, buffer.get(..filled).unwrap_or_default(), limit) {
                Err(Error::Damaged { .. }) if segment.is_found_by_index() => {
                    self.segment = self.open_from_its_beginning(segment.base)?;
                    continue;
                }
                other => other?,
            };
            match whole {
                Scan::Batches(bytes) => {
                    segment.position += bytes as u64;
                    self.segment = Some(segment);
                    return Ok(buffer.get(..bytes).map(|bytes| Chunk { bytes }));
                }
                Scan::NeedBytes(size) => {
                    let left = segment.log.len()?.saturating_sub(segment.position);
                    if size as u64 > left && segment.is_found_by_index() {
                        self.segment = self.open_from_its_beginning(segment.base)?;
                        continue;
                    }
                    if size as u64 > left {
                        return Err(segment.damaged(self.next, "the file ends inside a batch"));
                    }
                    buffer.resize(size.max(buffer.len()), 0);
                    self.segment = Some(segment);
                }
                Scan::End => self.segment = self.next_segment(&segment)?,
            }
        }
    }

    /// Goes on behind what `read` has just stopped at: at the next sound batch, be it in another segment. `None` if there
    /// is none; else the offset that is read next.
    pub(crate) fn skip_damage(&mut self) -> Result<Option<Offset>> {
        let bases = segments(&self.dir)?;
        let (mut base, mut from) = match self.stuck.take() {
            Some((base, position)) => (base, position),
            None => match bases.iter().rev().find(|&&base| base <= self.next).or(bases.first()) {
                Some(&base) => (base, 0),
                None => return Ok(None),
            },
        };
        loop {
            let next_base = bases.iter().copied().find(|&other| other > base);
            if let Ok(mut segment) = self.open_segment(base)
                && let Ok(Some((position, header))) = self.sound_behind(&segment.log, base, from, next_base)
            {
                segment.position = position;
                segment.expect = Expect::Base(header.base_offset());
                self.next = header.base_offset();
                self.segment = Some(segment);
                return Ok(Some(self.next));
            }
            let Some(next_base) = next_base else { return Ok(None) };
            (base, from) = (next_base, 0);
            self.next = self.next.max(next_base);
        }
    }

    /// The first sound batch of a segment at or behind byte `from`. One there whose offset is not the one expected, and
    /// with which the batch behind it doesn't go on either, is damaged where no checksum shows it.
    fn sound_behind(
        &self,
        log: &File,
        base: Offset,
        from: u64,
        next_base: Option<Offset>,
    ) -> Result<Option<(u64, BatchHeader)>> {
        let length = log.len()?;
        let first = if base > self.next { base } else { self.next.next() };
        let limit = next_base.unwrap_or(Offset::MAX);
        let found = next_sound(log, from, length, first, limit)?;
        match found {
            Some((position, header))
                if position == from
                    && header.base_offset() != base
                    && !is_followed(log, position, &header, length)? =>
            {
                next_sound(log, from + 1, length, first, limit)
            }
            found => Ok(found),
        }
    }

    /// Checks the batches at the front of `bytes` and finds where the last whole one ends. Damage behind sound batches is
    /// reported by the next call: what is sound is read first.
    fn check(&mut self, segment: &mut OpenSegment, bytes: &[u8], limit: Offset) -> Result<Scan> {
        let mut done = 0;
        while self.next < limit {
            let rest = bytes.get(done..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match self.check_batch(segment, rest) {
                Ok(Checked::Whole(size)) => done += size,
                _ if done > 0 => break,
                Ok(Checked::NeedBytes(size)) => return Ok(Scan::NeedBytes(size)),
                Err(what) => return Err(segment.damaged(self.next, what)),
            }
        }
        Ok(if done > 0 { Scan::Batches(done) } else { Scan::End })
    }

    /// Checks the first batch of `bytes`; the error says what is wrong with it.
    fn check_batch(
        &mut self,
        segment: &mut OpenSegment,
        bytes: &[u8],
    ) -> std::result::Result<Checked, String> {
        let Some(prefix) = bytes.get(..record::LOG_OVERHEAD) else {
            return Ok(Checked::NeedBytes(record::HEADER_SIZE));
        };
        let size = record::batch_size(prefix).ok_or("a batch length that cannot be")?;
        let Some(batch) = bytes.get(..size) else { return Ok(Checked::NeedBytes(size)) };
        let header = BatchHeader::parse(batch).map_err(|e| e.to_string())?;
        // What lies before the offset sought is only passed over, so that records behind damage can be asked for. Were the
        // offsets of such a batch wrong, its neighbours would show it; where there may be gaps they don't.
        if self.gaps == Gaps::Compacted || header.last_offset() >= self.next {
            record::verify_crc(batch).map_err(|e| e.to_string())?;
        }
        self.check_neighbours(segment, &header)?;
        self.next = self.next.max(header.last_offset().next());
        segment.expect = Expect::Base(header.last_offset().next());
        Ok(Checked::Whole(size))
    }

    /// The fields that no checksum covers.
    fn check_neighbours(
        &mut self,
        segment: &OpenSegment,
        header: &BatchHeader,
    ) -> std::result::Result<(), String> {
        let (base, last) = (header.base_offset(), header.last_offset());
        match segment.expect {
            // A legacy entry is one record, or a wrapper that carries only its last offset.
            Expect::Base(expected) if header.magic() < 2 => {
                if last < expected {
                    return Err(format!("offset {last} where {expected} or more was expected"));
                }
            }
            Expect::Base(expected) => {
                if base < expected || self.gaps == Gaps::Never && base != expected {
                    return Err(format!("base offset {base} where {expected} was expected"));
                }
            }
            Expect::Last(expected) => {
                if last != expected {
                    return Err(format!("last offset {last} where the index says {expected}"));
                }
            }
        }
        let epoch = header.leader_epoch();
        if header.magic() < 2 || epoch == LeaderEpoch::UNKNOWN || self.is_epoch_of(base, epoch) {
            return Ok(());
        }
        // A leader that came after this reader was opened has added its epoch.
        self.epochs = LeaderEpochs::read(&self.dir).map_err(|e| e.to_string())?;
        if self.is_epoch_of(base, epoch) {
            return Ok(());
        }
        Err(format!("leader epoch {epoch}, which is not the one in which offset {base} was written"))
    }

    /// Whether an epoch fits an offset; where no entry covers the offset, nothing can be said against it.
    fn is_epoch_of(&self, offset: Offset, epoch: LeaderEpoch) -> bool {
        self.epochs.of(offset).is_none_or(|covering| covering == epoch)
    }

    /// Opens the segment that holds the next offset, at the place that its index gives.
    fn find_segment(&self) -> Result<OpenSegment> {
        let mut attempts = 0;
        loop {
            let base = succession::holding(&self.dir, self.next)?;
            match self.open_segment(base).and_then(|segment| self.look_up(segment)) {
                Err(e) if e.is_not_found() && attempts < succession::ATTEMPTS => attempts += 1,
                other => return other,
            }
        }
    }

    /// Puts a segment at the place that its index gives for the next offset. The index may be of another time than the .log,
    /// and one that points behind the file or to no batch is not to be believed: the walk from the beginning finds the place.
    fn look_up(&self, mut segment: OpenSegment) -> Result<OpenSegment> {
        let path = segment_file(&self.dir, segment.base, FileKind::OffsetIndex);
        let index = match File::open(&path, Mode::Read) {
            Ok(index) => index,
            Err(e) if e.is_not_found() => return Ok(segment),
            Err(e) => return Err(e.into()),
        };
        if let Some((_, entry)) = offset_index::floor(&index, segment.base, self.next)? {
            let mut head = [0; record::HEADER_SIZE];
            let filled = segment.log.read_at(&mut head, entry.position)?;
            let header = BatchHeader::parse(head.get(..filled).unwrap_or_default());
            if header.is_ok_and(|header| header.last_offset() == entry.last_offset) {
                segment.position = entry.position;
                segment.expect = Expect::Last(entry.last_offset);
            }
        }
        Ok(segment)
    }

    /// The segment after one that was read to its end; `None` where the place is to be looked up anew.
    fn next_segment(&self, done: &OpenSegment) -> Result<Option<OpenSegment>> {
        let base = match succession::after(&self.dir, done.base, &done.log, self.next)? {
            Next::Segment(base) => base,
            Next::Changed => return Ok(None),
            Next::Nothing => {
                return Err(done.damaged(self.next, "the file ends here, and no other follows"));
            }
        };
        if base > self.next && self.gaps == Gaps::Never {
            let what = format!("the file ends here, and the next begins at offset {base}");
            return Err(done.damaged(self.next, what));
        }
        self.open_from_its_beginning(base)
    }

    /// A segment to be read from its beginning; `None` if it is gone by now.
    fn open_from_its_beginning(&self, base: Offset) -> Result<Option<OpenSegment>> {
        match self.open_segment(base) {
            Err(e) if e.is_not_found() => Ok(None),
            other => other.map(Some),
        }
    }

    fn open_segment(&self, base: Offset) -> Result<OpenSegment> {
        let log = File::open(&segment_file(&self.dir, base, FileKind::Log), Mode::Read)?;
        Ok(OpenSegment { base, log, position: 0, expect: Expect::Base(base) })
    }
}

impl OpenSegment {
    /// Whether an index alone says that a batch begins at `position`. If none does, the index may be what is damaged: the
    /// walk from the segment's beginning tells.
    fn is_found_by_index(&self) -> bool {
        matches!(self.expect, Expect::Last(_)) && self.position > 0
    }

    fn damaged(&self, offset: Offset, what: impl ToString) -> Error {
        Error::Damaged {
            file: self.log.path().to_owned(),
            position: self.position,
            offset,
            what: what.to_string(),
        }
    }
}

enum Checked {
    /// It is whole and takes this many bytes.
    Whole(usize),
    /// At least this many bytes are needed to tell.
    NeedBytes(usize),
}

enum Scan {
    /// This many bytes of whole batches.
    Batches(usize),
    /// The first batch needs a buffer of this size.
    NeedBytes(usize),
    /// No byte is left in the segment.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Appender, LogConfig, LogEnd};
    use crate::record::{BatchBuilder, Compression, ProducerStamp};
    use crate::types::TimestampMs;

    #[test]
    fn every_flipped_bit_of_a_log_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let config = LogConfig {
            segment_bytes: 1 << 20,
            segment_ms: i64::MAX,
            segment_index_bytes: 1 << 20,
            index_interval_bytes: 4096,
        };
        let mut end = LogEnd::empty(Offset::ZERO, LeaderEpoch(-1));
        let mut appender = Appender::open(dir.path(), &end).unwrap();
        let mut builder = BatchBuilder::new(Compression::None);
        for value in [b"one", b"two"] {
            builder.clear();
            builder.append(TimestampMs(7), Some(b"k"), Some(value), &[]);
            appender
                .append(&mut end, builder.finish(&ProducerStamp::NONE).unwrap(), LeaderEpoch(0), &config)
                .unwrap();
        }
        let path = segment_file(dir.path(), Offset::ZERO, FileKind::Log);
        let whole = std::fs::read(&path).unwrap();
        let read = || {
            let mut reader = LogReader::open(dir.path(), Offset::ZERO, Gaps::Never).unwrap();
            let mut buffer = vec![0; 4096];
            while reader.read(&mut buffer, end.log_end)?.is_some() {}
            Ok::<(), Error>(())
        };
        read().unwrap();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(read(), Err(Error::Damaged { .. })), "bit {bit}");
        }
    }
}
