//! Walking over a log without reading it: the heads of its batches, from one to the next.
//!
//! Records without a producer are passed over, so that who only wants to know about producers and their transactions needn't
//! read what all others wrote. What has a producer is read whole and checked. Cost: a read of 64 KiB for each batch that is
//! larger, else for as many as fit.

use super::names::{FileKind, segment_file};
use super::succession::{self, Next};
use super::{Error, Result, offset_index};
use crate::disk::{File, Mode};
use crate::record::{self, BatchHeader};
use crate::types::Offset;
use std::path::Path;

const BUFFER_BYTES: usize = 64 * 1024;

/// Hands every batch of a producer, from the one with `from` on and below `limit`, to `visit`: head and whole batch. A log
/// that begins later is walked over from its beginning.
pub(crate) fn each_of_producers(
    dir: &Path,
    from: Offset,
    limit: Offset,
    mut visit: impl FnMut(&BatchHeader, &[u8]) -> Result<()>,
) -> Result<()> {
    let mut next = from;
    let mut attempts = 0;
    let mut following = None;
    loop {
        let base = match following.take() {
            Some(base) => base,
            None => match succession::holding(dir, next) {
                Err(Error::OutOfRange { start, .. }) => start,
                Err(Error::NoSegment { .. }) => return Ok(()),
                other => other?,
            },
        };
        if base >= limit {
            return Ok(());
        }
        let log = match File::open(&segment_file(dir, base, FileKind::Log), Mode::Read) {
            // Taken away since the names were read, or merged into an earlier one.
            Err(e) if e.is_not_found() && attempts < succession::ATTEMPTS => {
                attempts += 1;
                continue;
            }
            other => other?,
        };
        let position = if base < next { start(dir, base, next, &log)? } else { 0 };
        let mut walk = Walk { log, position, buffer: vec![0; BUFFER_BYTES], filled: 0, at: 0 };
        let Some(behind) = walk.segment(next, limit, &mut visit)? else { return Ok(()) };
        next = next.max(behind);
        following = match succession::after(dir, base, &walk.log, next)? {
            Next::Segment(base) => Some(base),
            Next::Changed => None,
            Next::Nothing => return Ok(()),
        };
    }
}

/// The offset behind the last whole batch in a segment's file; `None` if there is none. Only heads are read.
pub(super) fn end_of_batches(path: &Path) -> Result<Option<Offset>> {
    let log = File::open(path, Mode::Read)?;
    let length = log.len()?;
    let (mut position, mut end) = (0, None);
    let mut head = [0; record::HEADER_SIZE];
    while position < length {
        let filled = log.read_at(&mut head, position)?;
        let Ok(header) = BatchHeader::parse(head.get(..filled).unwrap_or_default()) else { break };
        position += header.size_bytes() as u64;
        if position <= length {
            end = Some(header.last_offset().next());
        }
    }
    Ok(end)
}

/// Where to begin in a segment: at a batch that ends at or before `from`, if the index knows of one and is right.
pub(super) fn start(dir: &Path, base: Offset, from: Offset, log: &File) -> Result<u64> {
    let index = match File::open(&segment_file(dir, base, FileKind::OffsetIndex), Mode::Read) {
        Ok(index) => index,
        Err(e) if e.is_not_found() => return Ok(0),
        Err(e) => return Err(e.into()),
    };
    let Some((_, entry)) = offset_index::floor(&index, base, from)? else { return Ok(0) };
    let mut head = [0; record::HEADER_SIZE];
    let filled = log.read_at(&mut head, entry.position)?;
    let header = BatchHeader::parse(head.get(..filled).unwrap_or_default());
    Ok(if header.is_ok_and(|header| header.last_offset() == entry.last_offset) { entry.position } else { 0 })
}

/// A place in a segment's file, and what was read there.
struct Walk {
    log: File,
    /// Where the buffer's content begins in the file.
    position: u64,
    buffer: Vec<u8>,
    filled: usize,
    /// How far the walk is in the buffer.
    at: usize,
}

impl Walk {
    /// Hands over what is wanted of a segment. Answers up to which offset it goes; `None` where the limit was reached.
    fn segment(
        &mut self,
        from: Offset,
        limit: Offset,
        visit: &mut impl FnMut(&BatchHeader, &[u8]) -> Result<()>,
    ) -> Result<Option<Offset>> {
        let mut behind = from;
        while self.has(record::HEADER_SIZE)? {
            let header = BatchHeader::parse(self.rest()).map_err(|e| self.damaged(from, e.to_string()))?;
            if header.base_offset() >= limit {
                return Ok(None);
            }
            let size = header.size_bytes();
            let wanted = header.magic() >= 2 && header.producer_id() != -1 && header.last_offset() >= from;
            if wanted {
                if !self.has(size)? {
                    return Err(self.damaged(header.base_offset(), "the file ends inside a batch".to_owned()));
                }
                let batch = self.rest().get(..size).unwrap_or_default();
                record::verify_crc(batch).map_err(|e| self.damaged(header.base_offset(), e.to_string()))?;
                visit(&header, batch)?;
            }
            self.at += size;
            behind = header.last_offset().next();
            if behind >= limit {
                // What follows may be anything: an append under way, or what a crash has left of one.
                return Ok(None);
            }
        }
        Ok(Some(behind))
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// Sees to it that `size` bytes from here on are in the buffer; `false` where the file ends before.
    fn has(&mut self, size: usize) -> Result<bool> {
        if self.at + size <= self.filled {
            return Ok(true);
        }
        self.position += self.at as u64;
        self.at = 0;
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        self.filled = self.log.read_at(&mut self.buffer, self.position)?;
        Ok(self.filled >= size)
    }

    fn damaged(&self, offset: Offset, what: String) -> Error {
        let position = self.position + self.at as u64;
        Error::Damaged { file: self.log.path().to_owned(), position, offset, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::segments;
    use crate::log::{Appender, LogConfig, LogEnd};
    use crate::record::{BatchBuilder, Compression, ProducerStamp};
    use crate::types::{LeaderEpoch, TimestampMs};

    /// Batches of two records in segments of some batches; every third has a producer, every fifth is large.
    fn log(dir: &Path, count: i64) -> LogEnd {
        let config = LogConfig {
            segment_bytes: 400_000,
            segment_ms: i64::MAX,
            segment_index_bytes: 1 << 20,
            index_interval_bytes: 200,
        };
        let mut end = LogEnd::empty(Offset::ZERO, LeaderEpoch(0));
        let mut appender = Appender::open(dir, &end).unwrap();
        for number in 0..count {
            let mut builder = BatchBuilder::new(Compression::None);
            let value = vec![b'v'; if number % 5 == 0 { 100_000 } else { 10 }];
            for _ in 0..2 {
                builder.append(TimestampMs(5), None, Some(&value), &[]);
            }
            let id = if number % 3 == 0 { number } else { -1 };
            let stamp = ProducerStamp { producer_id: id, epoch: 0, base_sequence: 0, transactional: false };
            appender.append(&mut end, builder.finish(&stamp).unwrap(), LeaderEpoch(0), &config).unwrap();
        }
        end
    }

    fn found(dir: &Path, from: i64, limit: i64) -> Result<Vec<i64>> {
        let mut ids = Vec::new();
        each_of_producers(dir, Offset::new(from), Offset::new(limit), |header, batch| {
            assert_eq!(batch.len(), header.size_bytes());
            ids.push(header.producer_id());
            Ok(())
        })?;
        Ok(ids)
    }

    #[test]
    fn every_batch_of_a_producer_is_found_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let end = log(dir.path(), 40).log_end.get();
        assert!(segments(dir.path()).unwrap().len() > 2);
        for (from, limit) in [(0, end), (1, end), (31, 62), (6, 7), (7, 12), (end, end), (0, 0)] {
            // A batch counts if it ends at or after `from` and begins before `limit`.
            let expected: Vec<i64> =
                (0..40).filter(|n| n % 3 == 0 && n * 2 + 1 >= from && n * 2 < limit).collect();
            assert_eq!(found(dir.path(), from, limit).unwrap(), expected, "{from}..{limit}");
        }
        for index in std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if index.extension().is_some_and(|kind| kind == "index") {
                std::fs::write(&index, vec![7; 80]).unwrap();
            }
        }
        assert_eq!(found(dir.path(), 60, end).unwrap(), [30, 33, 36, 39], "the indexes are wrong");
    }

    #[test]
    fn nothing_behind_the_limit_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let end = log(dir.path(), 3);
        let path = segment_file(dir.path(), Offset::ZERO, FileKind::Log);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend([0; 300]);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(found(dir.path(), 0, end.log_end.get()).unwrap(), [0]);
    }

    #[test]
    fn a_damaged_batch_of_a_producer_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        log(dir.path(), 2);
        let path = segment_file(dir.path(), Offset::ZERO, FileKind::Log);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[5_000] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(found(dir.path(), 0, 4), Err(Error::Damaged { .. })));
        // The end of the producer's batch, cut off.
        std::fs::write(&path, &bytes[..9_000]).unwrap();
        assert!(matches!(found(dir.path(), 0, 4), Err(Error::Damaged { .. })));
    }
}
