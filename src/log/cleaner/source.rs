//! `Source`: the batches of a closed segment one after the other, each checked against its checksum.

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
    base: Offset,
    length: u64,
    /// Where the buffer's content begins in the file.
    position: u64,
    filled: usize,
    /// How far the reading is in the buffer.
    at: usize,
}

impl Source {
    pub(super) fn open(dir: &Path, base: Offset) -> Result<Source> {
        let log = File::open(&segment_file(dir, base, FileKind::Log), Mode::Read)?;
        let length = log.len()?;
        Ok(Source { log, base, length, position: 0, filled: 0, at: 0 })
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
            offset: self.base,
            what: what.to_string(),
        }
    }
}
