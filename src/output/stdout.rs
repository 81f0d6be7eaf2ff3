//! Standard output with a buffer of its own. A reader that has gone away is an error of kind `BrokenPipe`, at once and at every
//! later write; nothing else is decided here.

use super::widen_pipe;
use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::os::fd::AsFd;

/// Written out when more than this has gathered.
const BUFFER_BYTES: usize = 128 * 1024;

/// As wide as an unprivileged user may make a pipe.
const PIPE_BYTES: usize = 1024 * 1024;

/// Standard output. Nothing is written until the buffer is full or `flush` is called.
pub(crate) struct Stdout {
    sink: Sink,
    buffer: Vec<u8>,
    /// The reader has gone: every write fails.
    broken: bool,
}

enum Sink {
    /// The file itself, without the line buffering of `std::io::Stdout`.
    File(File),
    /// Standard output is closed: writing to it is no error, as in Rust's own.
    Closed,
    #[cfg(test)]
    Memory(Vec<u8>),
}

impl Stdout {
    /// The process's standard output.
    pub(crate) fn open() -> Stdout {
        let sink = match io::stdout().as_fd().try_clone_to_owned() {
            Ok(descriptor) => Sink::File(File::from(descriptor)),
            Err(_) => Sink::Closed,
        };
        Stdout { sink, buffer: Vec::new(), broken: false }
    }

    /// Prepares for much: a pipe is made wide, so that its reader and this process work side by side.
    pub(crate) fn expect_much(&self) {
        if let Sink::File(file) = &self.sink {
            widen_pipe(file, PIPE_BYTES);
        }
    }

    /// An output that only remembers.
    #[cfg(test)]
    pub(crate) fn memory() -> Stdout {
        Stdout { sink: Sink::Memory(Vec::new()), buffer: Vec::new(), broken: false }
    }

    /// Everything printed to [`Stdout::memory`].
    #[cfg(test)]
    pub(crate) fn printed(&mut self) -> String {
        self.flush().unwrap();
        match &self.sink {
            Sink::Memory(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        }
    }

    /// The bytes not yet written, for who formats straight into the buffer; call [`Stdout::flush_if_full`] after each record.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes the buffer out if enough has gathered.
    #[inline]
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Forgets what has not been written.
    pub(crate) fn discard(&mut self) {
        self.buffer.clear();
    }

    fn write_out(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let written = match &mut self.sink {
            Sink::File(file) => file.write_all(bytes),
            Sink::Closed => Ok(()),
            #[cfg(test)]
            Sink::Memory(memory) => memory.write_all(bytes),
        };
        self.broken |= written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        self.flush_if_full()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let mut buffer = mem::take(&mut self.buffer);
        let written = self.write_out(&buffer);
        // What couldn't be written is gone: it must not come twice.
        buffer.clear();
        self.buffer = buffer;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_once_and_in_order() {
        let mut out = Stdout::memory();
        let line = "x".repeat(1000);
        for number in 0..1000 {
            writeln!(out, "{number} {line}").unwrap();
        }
        let printed = out.printed();
        assert_eq!(printed.lines().count(), 1000);
        assert!(printed.lines().enumerate().all(|(n, text)| text == format!("{n} {line}")));
    }
}
