//! `Feed`: the file that is imported, and how much of it is in.

use crate::cli::error::Failure;
use crate::cli::input::{Input, Readiness};
use crate::signal;
use std::io;
use std::time::Duration;

/// A file or standard input, with a checksum of all that was taken.
pub(super) struct Feed {
    input: Input,
    /// For messages.
    name: String,
    crc: crc32fast::Hasher,
}

/// What an attempt to read on has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supply {
    More,
    /// Nothing for now; the next read may take long.
    Waiting,
    Ended,
    Signal(i32),
}

impl Feed {
    pub(super) fn new(input: Input, name: String) -> Feed {
        Feed { input, name, crc: crc32fast::Hasher::new() }
    }

    pub(super) fn total_bytes(&self) -> Option<u64> {
        self.input.total_bytes()
    }

    /// How many bytes were taken.
    pub(super) fn position(&self) -> u64 {
        self.input.taken_bytes()
    }

    /// The checksum of what was taken.
    pub(super) fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    pub(super) fn held(&self) -> &[u8] {
        self.input.held()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.input.has_ended()
    }

    pub(super) fn take(&mut self, count: usize) {
        self.crc.update(self.input.held().get(..count).unwrap_or_default());
        self.input.take(count);
    }

    /// Reads on if that can be done at once; with `patience`, waits for it.
    pub(super) fn read(&mut self, patience: bool) -> Result<Supply, Failure> {
        loop {
            if let Some(number) = signal::received() {
                return Ok(Supply::Signal(number));
            }
            if self.input.has_ended() {
                return Ok(Supply::Ended);
            }
            let timeout = if patience { None } else { Some(Duration::ZERO) };
            match self.input.wait(timeout) {
                Ok(Readiness::Ready) => {}
                Ok(Readiness::Interrupted) => continue,
                Ok(Readiness::TimedOut) => return Ok(Supply::Waiting),
                Err(error) => return Err(self.unreadable(&error)),
            }
            match self.input.read() {
                Ok(()) if self.input.has_ended() => return Ok(Supply::Ended),
                Ok(()) => return Ok(Supply::More),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(&error)),
            }
        }
    }

    /// Takes what an earlier import has taken: `length` bytes with this checksum.
    pub(super) fn pass(&mut self, length: u64, crc: u32) -> Result<(), Failure> {
        while self.position() < length {
            let left = usize::try_from(length - self.position()).unwrap_or(usize::MAX);
            let count = self.held().len().min(left);
            self.take(count);
            if self.position() < length && matches!(self.read(true)?, Supply::Ended) && self.held().is_empty()
            {
                let at = self.position();
                return Err(self.other_file(&format!("{at} bytes long, and {length} are in already")));
            }
            if let Some(number) = signal::received() {
                return Err(Failure::Quiet(crate::cli::error::Status(
                    u8::try_from(128 + number).unwrap_or(1),
                )));
            }
        }
        if self.crc() == crc { Ok(()) } else { Err(self.is_another()) }
    }

    /// The failure of a file that is not the one of which a part is in.
    pub(super) fn is_another(&self) -> Failure {
        self.other_file("another file than the one that was imported before")
    }

    fn other_file(&self, what: &str) -> Failure {
        Failure::plain(format!("'{}' is {what}", self.name))
            .with_hint("give another --name to import it from its beginning")
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        Failure::plain(format!("can't read '{}': {error}", self.name))
    }
}
