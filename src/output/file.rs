//! A file that a command writes beside standard output: with a buffer, and able to go on where an earlier run stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Written out when more than this has gathered.
const BUFFER_BYTES: usize = 256 * 1024;

/// A file being written. What is not flushed when it is dropped is lost.
pub(crate) struct OutputFile {
    file: File,
    buffer: Vec<u8>,
}

impl OutputFile {
    /// An empty file: what was there is gone.
    pub(crate) fn create(path: &Path) -> io::Result<OutputFile> {
        let file = File::create(path)?;
        Ok(OutputFile { file, buffer: Vec::new() })
    }

    /// A file of which the first `length` bytes stay.
    pub(crate) fn go_on(path: &Path, length: u64) -> io::Result<OutputFile> {
        let file = OpenOptions::new().append(true).open(path)?;
        file.set_len(length)?;
        Ok(OutputFile { file, buffer: Vec::new() })
    }

    /// The bytes not yet written, for who formats straight into the buffer; call [`OutputFile::flush_if_full`] now and then.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes the buffer out. After an error a part of it may have been written.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written
    }

    /// Writes the buffer out and returns when the file is on the disk, if it is one that can be.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        if self.file.metadata()?.is_file() { self.file.sync_data() } else { Ok(()) }
    }
}

/// Whether there is something in the file at `path`.
pub(crate) fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}
