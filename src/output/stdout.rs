//! Standard output with a buffer of its own. A reader that has gone away is an error of kind `BrokenPipe`, at once and at every
//! later write; nothing else is decided here.

use super::{far_end, widen_pipe};
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
    /// How many bytes have been written so far.
    written_bytes: u64,
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
        Stdout { sink, buffer: Vec::new(), written_bytes: 0, broken: false }
    }

    /// Prepares for much: a pipe is made wide, so that its reader and this process work side by side.
    pub(crate) fn expect_much(&self) {
        if let Sink::File(file) = &self.sink {
            widen_pipe(file, PIPE_BYTES);
        }
    }

    /// Calls `then` once when the reader has gone, from another thread and without a write. Nothing is watched where
    /// standard output is no pipe or socket.
    pub(crate) fn when_deserted(&self, then: impl FnOnce() + Send + 'static) {
        if let Sink::File(file) = &self.sink
            && far_end::has_reader(file)
            && let Ok(end) = file.as_fd().try_clone_to_owned()
        {
            far_end::when_deserted(end, then);
        }
    }

    /// Whether the reader has gone, so that the next write would fail.
    pub(crate) fn is_deserted(&self) -> bool {
        match &self.sink {
            Sink::File(file) => self.broken || far_end::is_deserted(file),
            _ => self.broken,
        }
    }

    /// How many bytes have been written so far, those included that still lie in the pipe.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// How many of the written bytes still lie in the pipe; `None` where that can't be told.
    pub(crate) fn untaken_bytes(&self) -> Option<u64> {
        match &self.sink {
            Sink::File(file) => far_end::untaken_bytes(file),
            _ => None,
        }
    }

    /// An output that only remembers.
    #[cfg(test)]
    pub(crate) fn memory() -> Stdout {
        Stdout { sink: Sink::Memory(Vec::new()), buffer: Vec::new(), written_bytes: 0, broken: false }
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

    /// Whether enough has gathered to be written out.
    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= BUFFER_BYTES
    }

    /// Writes the buffer out if enough has gathered.
    #[inline]
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.is_full() { self.flush() } else { Ok(()) }
    }

    /// Forgets what has not been written.
    pub(crate) fn discard(&mut self) {
        self.buffer.clear();
    }

    fn write_out(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let written = self.write_counted(bytes);
        self.broken |= written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }

    /// Writes all of it, or as much as goes: what a reader has got before it went is counted.
    fn write_counted(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = match &mut self.sink {
                Sink::File(file) => file.write(rest),
                Sink::Closed => Ok(rest.len()),
                #[cfg(test)]
                Sink::Memory(memory) => memory.write(rest),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written_bytes += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
