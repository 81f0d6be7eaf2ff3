//! Standard input in big pieces: one reused buffer, no copy between it and who takes lines from it. On Linux a pipe is widened, so
//! that writer and reader switch less often. Knows no lines (see `format/lines.rs`).

use crate::output::widen_pipe;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// At first, and as much as one read may bring; a line that is longer lets the buffer grow.
const BUFFER_BYTES: usize = 1024 * 1024;

/// The longest line: what a Java array could hold.
const LINE_BYTES_MAX: usize = 1 << 31;

/// Standard input, with what was read and not yet taken.
pub(crate) struct Input {
    file: File,
    buffer: Vec<u8>,
    /// What is held lies between these two.
    start: usize,
    end: usize,
    has_ended: bool,
    /// A regular file is always readable: asking would be wasted.
    is_regular: bool,
    total_bytes: Option<u64>,
    taken_bytes: u64,
}

/// What waiting for input brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// A read won't block.
    Ready,
    TimedOut,
    /// A signal came.
    Interrupted,
}

/// The content of a file that the command line names.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// Whether users who are neither the owner nor of the group can read a file that the command line names.
pub(crate) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o004 != 0)
}

impl Input {
    /// The process's standard input.
    pub(crate) fn stdin() -> io::Result<Input> {
        Input::new(File::from(io::stdin().as_fd().try_clone_to_owned()?))
    }

    /// A file that the command line names.
    pub(crate) fn open(path: &Path) -> io::Result<Input> {
        Input::new(File::open(path)?)
    }

    fn new(file: File) -> io::Result<Input> {
        let metadata = file.metadata()?;
        if metadata.file_type().is_fifo() {
            widen_pipe(&file, BUFFER_BYTES);
        }
        let is_regular = metadata.is_file();
        Ok(Input {
            file,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            has_ended: false,
            is_regular,
            total_bytes: is_regular.then_some(metadata.len()),
            taken_bytes: 0,
        })
    }

    /// The size of the file that is read, if it is one.
    pub(crate) fn total_bytes(&self) -> Option<u64> {
        self.total_bytes
    }

    /// How many bytes have been taken.
    pub(crate) fn taken_bytes(&self) -> u64 {
        self.taken_bytes
    }

    /// What has been read and not taken.
    pub(crate) fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes the first `count` bytes of what is held.
    pub(crate) fn take(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        self.taken_bytes += count as u64;
    }

    /// Whether there is nothing more to read.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Waits until a read would not block, at most as long as `timeout` (`None`: for ever).
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<Readiness> {
        if self.is_regular {
            return Ok(Readiness::Ready);
        }
        // Rounded up, so that a short time isn't none at all and its end isn't asked for in a loop.
        let timeout_ms = timeout.map_or(-1, |timeout| {
            libc::c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
        });
        let mut asked = libc::pollfd { fd: self.file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `asked` is one valid entry for the time of the call.
        match unsafe { libc::poll(&raw mut asked, 1, timeout_ms) } {
            -1 => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(Readiness::Interrupted),
                error => Err(error),
            },
            0 => Ok(Readiness::TimedOut),
            _ => Ok(Readiness::Ready),
        }
    }

    /// Reads once, behind what is held; may block. A signal ends it with an error of kind `Interrupted`.
    pub(crate) fn read(&mut self) -> io::Result<()> {
        self.make_room()?;
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = match self.file.read(room) {
            // A terminal or pipe that was made non-blocking by its other users.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.wait(None)?;
                return Ok(());
            }
            read => read?,
        };
        self.end += count;
        self.has_ended = count == 0;
        Ok(())
    }

    /// Moves what is held to the front, and grows the buffer if that leaves too little room.
    fn make_room(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.is_empty() {
            self.buffer.resize(BUFFER_BYTES, 0);
        } else if self.end > self.buffer.len() / 2 {
            if self.end >= LINE_BYTES_MAX {
                return Err(io::Error::other("a line is longer than 2 GiB"));
            }
            self.buffer.resize(self.buffer.len().saturating_mul(2), 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn all_bytes_come_once_whatever_is_taken() {
        let mut file = tempfile::tempfile().unwrap();
        let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        file.write_all(&content).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut input = Input::new(file).unwrap();
        assert_eq!(input.total_bytes(), Some(3_000_000));
        let mut seen = Vec::new();
        while !input.has_ended() {
            input.read().unwrap();
            let count = input.held().len().saturating_sub(7);
            seen.extend_from_slice(&input.held()[..count]);
            input.take(count);
        }
        seen.extend_from_slice(input.held());
        assert!(seen == content);
    }

    #[test]
    fn waiting_for_an_empty_pipe_ends_in_time() {
        let (reader, mut writer) = io::pipe().unwrap();
        let input = Input::new(File::from(std::os::fd::OwnedFd::from(reader))).unwrap();
        assert_eq!(input.wait(Some(Duration::from_millis(1))).unwrap(), Readiness::TimedOut);
        writer.write_all(b"x").unwrap();
        assert_eq!(input.wait(Some(Duration::from_secs(60))).unwrap(), Readiness::Ready);
    }
}
