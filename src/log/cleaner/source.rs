//! `Source`: the batches of a closed segment one after the other, each checked against its checksum and, as that doesn't
//! cover the base offset, against its neighbours: what looks as if it came earlier would be taken for superseded.

use crate::disk::{File, Mode};
use crate::log::names::{FileKind, segment_file};
use crate::log::{Error, Result};
use crate::record::{self, BatchHeader};
use crate::types::Offset;
use std::path::Path;

/// So much is read at a time.
pub(super) const BUFFER_BYTES: usize = 1024 * 1024;

/// A segment being read from some position to its end. What it reads into is the caller's, so that it serves many.
pub(super) struct Source {
    log: File,
    /// Everything before this offset has been read.
    next: Offset,
    /// Where the next segment begins.
    behind: Offset,
    length: u64,
    /// Where the buffer's content begins in the file.
    position: u64,
    filled: usize,
    /// How far the reading is in the buffer.
    at: usize,
}

impl Source {
    /// Opens the segment at `base`; the one after it begins at `behind`.
    pub(super) fn open(dir: &Path, base: Offset, behind: Offset) -> Result<Source> {
        let log = File::open(&segment_file(dir, base, FileKind::Log), Mode::Read)?;
        let length = log.len()?;
        Ok(Source { log, next: base, behind, length, position: 0, filled: 0, at: 0 })
    }

    /// Goes to a position at which a batch begins.
    pub(super) fn seek(&mut self, position: u64) {
        (self.position, self.filled, self.at) = (position, 0, 0);
    }

    pub(super) fn log(&self) -> &File {
        &self.log
    }

    /// The next batch with its header; `None` at the end.
    pub(super) fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Option<(BatchHeader, &'b [u8])>> {
        let left = self.length.saturating_sub(self.position + self.at as u64);
        if left == 0 {
            return Ok(None);
        }
        if !self.has(record::LOG_OVERHEAD, buffer)? {
            return Err(self.damaged("the file ends inside a batch header"));
        }
        let prefix = buffer.get(self.at..self.filled).unwrap_or_default();
        let size = record::batch_size(prefix).ok_or_else(|| self.damaged("a batch length that cannot be"))?;
        // Before a buffer of that size is asked for.
        if size as u64 > left || !self.has(size, buffer)? {
            return Err(self.damaged("the file ends inside a batch"));
        }
        let start = self.at;
        let batch = buffer.get(start..start + size).unwrap_or_default();
        let header = record::verify_crc(batch).and_then(|()| BatchHeader::parse(batch));
        let header = header.map_err(|e| self.damaged(e))?;
        // A message set of an old format only tells its last offset.
        let first = if header.is_legacy() { header.last_offset() } else { header.base_offset() };
        if first < self.next || header.last_offset() < first || header.last_offset() >= self.behind {
            let (last, next, behind) = (header.last_offset(), self.next, self.behind);
            return Err(self.damaged(format!("offsets {first} to {last}, between {next} and {behind}")));
        }
        self.next = header.last_offset().next();
        self.at += size;
        Ok(Some((header, batch)))
    }

    /// Sees to it that `size` bytes from here on are in the buffer; `false` where the file ends before.
    fn has(&mut self, size: usize, buffer: &mut Vec<u8>) -> Result<bool> {
        if self.at + size <= self.filled {
            return Ok(true);
        }
        self.position += self.at as u64;
        self.at = 0;
        if buffer.len() < size.max(BUFFER_BYTES) {
            buffer.resize(size.max(BUFFER_BYTES), 0);
        }
        self.filled = self.log.read_at(buffer, self.position)?;
        Ok(self.filled >= size)
    }

    fn damaged(&self, what: impl ToString) -> Error {
        let position = self.position + self.at as u64;
        Error::Damaged {
            file: self.log.path().to_owned(),
            position,
            offset: self.next,
            what: what.to_string(),
        }
    }
}
