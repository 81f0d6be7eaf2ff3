//! `LogFile`: the batches of a `.log` or `.checkpoint` file, one after the other, without a look at their checksums.

use super::error::{Error, Result};
use crate::disk::{File, Mode};
use crate::record::{BatchHeader, LOG_OVERHEAD, batch_size, verify_crc};
use crate::types::Offset;
use std::path::Path;

/// As much as is needed to tell a batch's format: up to and with the magic.
const UP_TO_MAGIC: u64 = 17;
/// Bytes read at a time, unless a batch is larger.
const WINDOW_BYTES: usize = 256 * 1024;

/// A file of batches, walked from a position to an end.
pub(crate) struct LogFile {
    file: File,
    /// Where the next batch begins.
    position: u64,
    /// Exclusive: no batch is taken that goes beyond it.
    end: u64,
    window: Vec<u8>,
    window_start: u64,
}

/// A batch as it was found.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) header: BatchHeader,
    /// Of its first byte in the file.
    pub(crate) position: u64,
    /// All of it.
    pub(crate) bytes: &'a [u8],
}

impl Batch<'_> {
    /// Whether it agrees with its checksum.
    pub(crate) fn is_valid(&self) -> bool {
        verify_crc(self.bytes).is_ok()
    }
}

impl LogFile {
    /// Opens a file to be read up to byte `limit`, or to its end if that comes first.
    pub(crate) fn open(path: &Path, limit: u64) -> Result<LogFile> {
        let file = File::open(path, Mode::Read)?;
        let end = file.len()?.min(limit);
        Ok(LogFile { file, position: 0, end, window: Vec::new(), window_start: 0 })
    }

    /// Continues at `position`, and ends `size` bytes later or at the end of the file.
    pub(crate) fn walk_from(&mut self, position: u64, size: u64) -> Result<()> {
        self.end = self.file.len()?.min(position.saturating_add(size));
        self.position = position;
        Ok(())
    }

    /// The next batch that lies wholly before the end. An error if its length is impossible.
    pub(crate) fn next(&mut self) -> Result<Option<Batch<'_>>> {
        let position = self.position;
        let Some(size) = self.next_size()? else { return Ok(None) };
        self.position += size as u64;
        let damaged = |path: &Path, source| Error::Batch { path: path.to_owned(), position, source };
        self.fill(position, size)?;
        let bytes = slice(&self.window, self.window_start, position, size);
        let header =
            BatchHeader::parse_any_magic(bytes).map_err(|source| damaged(self.file.path(), source))?;
        Ok(Some(Batch { header, position, bytes }))
    }

    /// The first batch from here on whose last offset is `offset` or later.
    pub(crate) fn next_reaching(&mut self, offset: Offset) -> Result<Option<Batch<'_>>> {
        loop {
            let position = self.position;
            match self.next()? {
                None => return Ok(None),
                Some(batch) if batch.header.last_offset() >= offset => {
                    let size = batch.bytes.len();
                    let header = batch.header;
                    let bytes = slice(&self.window, self.window_start, position, size);
                    return Ok(Some(Batch { header, position, bytes }));
                }
                Some(_) => {}
            }
        }
    }

    /// How many bytes lie behind the last batch that was complete.
    pub(crate) fn remaining_bytes(&self) -> u64 {
        self.end.saturating_sub(self.position)
    }

    /// The size of the batch at the position; `None` if not all of it is there.
    fn next_size(&mut self) -> Result<Option<usize>> {
        let position = self.position;
        if position.saturating_add(UP_TO_MAGIC) >= self.end {
            return Ok(None);
        }
        self.fill(position, LOG_OVERHEAD)?;
        let prefix = slice(&self.window, self.window_start, position, LOG_OVERHEAD);
        let Some(size) = batch_size(prefix) else {
            let size = prefix.last_chunk::<4>().map_or(0, |bytes| i32::from_be_bytes(*bytes));
            return Err(Error::SmallBatch { path: self.file.path().to_owned(), position, size });
        };
        Ok((position + size as u64 <= self.end).then_some(size))
    }

    /// Makes the window hold `size` bytes from `position` on, if the file has them.
    fn fill(&mut self, position: u64, size: usize) -> Result<()> {
        let window_end = self.window_start + self.window.len() as u64;
        if position >= self.window_start && position + size as u64 <= window_end {
            return Ok(());
        }
        let ahead = usize::try_from(self.end.saturating_sub(position)).unwrap_or(usize::MAX);
        self.window.resize(size.max(ahead.min(WINDOW_BYTES)), 0);
        let filled = self.file.read_at(&mut self.window, position)?;
        self.window.truncate(filled);
        self.window_start = position;
        Ok(())
    }
}

/// What of the window lies at `position`; shorter if the file shrank meanwhile.
fn slice(window: &[u8], window_start: u64, position: u64, size: usize) -> &[u8] {
    let from = usize::try_from(position.saturating_sub(window_start)).unwrap_or(usize::MAX);
    let rest = window.get(from..).unwrap_or_default();
    rest.get(..size).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BatchBuilder, Compression, ProducerStamp, stamp};
    use crate::types::{LeaderEpoch, TimestampMs};

    fn batch(offset: i64, size: usize) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Compression::None);
        builder.append(TimestampMs(1), None, Some(&vec![b'x'; size]), &[]);
        let batch = builder.finish(&ProducerStamp::NONE).unwrap();
        stamp(batch, Offset::new(offset), LeaderEpoch(0));
        batch.to_vec()
    }

    fn log(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("00000000000000000000.log");
        std::fs::write(&path, bytes).unwrap();
        (directory, path)
    }

    #[test]
    fn batches_larger_than_the_window_and_torn_tails_are_told_apart() {
        let whole = [batch(0, 10), batch(1, 3 * WINDOW_BYTES), batch(2, 5)].concat();
        let tail = &batch(3, 50)[..40];
        let (_directory, path) = log(&[whole.as_slice(), tail].concat());
        let mut file = LogFile::open(&path, u64::MAX).unwrap();
        let mut offsets = Vec::new();
        while let Some(batch) = file.next().unwrap() {
            assert!(batch.is_valid());
            offsets.push((batch.header.base_offset().get(), batch.position));
        }
        assert_eq!(offsets.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(file.remaining_bytes(), 40);
        file.walk_from(offsets[1].1, u64::MAX).unwrap();
        assert_eq!(file.next_reaching(Offset::new(2)).unwrap().unwrap().position, offsets[2].1);
        assert!(file.next_reaching(Offset::new(3)).unwrap().is_none());
    }

    #[test]
    fn zeros_behind_the_batches_are_an_error() {
        let (_directory, path) = log(&[batch(0, 10), vec![0; 100]].concat());
        let mut file = LogFile::open(&path, u64::MAX).unwrap();
        assert!(file.next().unwrap().is_some());
        assert!(matches!(file.next(), Err(Error::SmallBatch { size: 0, .. })));
    }
}
