//! A command that the shell runs beside kt: fed, listened to, watched and killed without ever being waited for.
//!
//! It has a process group of its own: Ctrl-C on a terminal reaches kt alone, and what is killed is all that it has
//! started. Of kt's descriptors it has the three standard ones; every other is closed on exec.

use super::environment::is_of_record;
use super::failing::{How, MESSAGE_BYTES_MAX};
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

/// The shell that runs it.
const SHELL: &str = "/bin/sh";
/// A command that writes more without a stop is killed.
const OUTPUT_BYTES_MAX: usize = 128 * 1024 * 1024;
const CHUNK_BYTES: usize = 16 * 1024;
/// Who writes without a stop is interrupted after so many of them, so that it can be looked after.
const CHUNKS_AT_ONCE: usize = 128;

/// What becomes of what a command writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Streams {
    /// Standard output is read; it goes to where kt's goes otherwise.
    pub(super) output: bool,
    /// The end of standard error is kept; all of it goes to where kt's goes in any case.
    pub(super) errors: bool,
}

/// A running command.
pub(super) struct Process {
    child: Child,
    input: Option<Input>,
    output: Option<Box<dyn Source>>,
    errors: Option<Box<dyn Source>>,
    /// What it has written to standard output and nobody has taken yet.
    written: Vec<u8>,
    last_errors: Vec<u8>,
    status: Option<ExitStatus>,
}

/// The end of a pipe that a command writes to.
trait Source: Read + AsFd {}
impl<T: Read + AsFd> Source for T {}

/// What is still to be written to a command's standard input.
struct Input {
    pipe: ChildStdin,
    bytes: Vec<u8>,
    written: usize,
    /// Closed once everything is written.
    is_last: bool,
}

impl Process {
    /// Has the shell run `command` with these variables besides kt's own.
    pub(super) fn start(
        command: &OsStr,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        streams: Streams,
    ) -> io::Result<Process> {
        let read = |read: bool| if read { Stdio::piped() } else { Stdio::inherit() };
        let mut shell = Command::new(SHELL);
        shell.arg("-c").arg(command).process_group(0);
        shell.stdin(Stdio::piped()).stdout(read(streams.output)).stderr(read(streams.errors));
        for (name, _) in env::vars_os().filter(|(name, _)| is_of_record(name)) {
            shell.env_remove(name);
        }
        let mut child = shell.envs(variables).spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut process = Process {
            child,
            input: None,
            output: stdout.map(|pipe| Box::new(pipe) as Box<dyn Source>),
            errors: stderr.map(|pipe| Box::new(pipe) as Box<dyn Source>),
            written: Vec::new(),
            last_errors: Vec::new(),
            status: None,
        };
        process.input = stdin.map(|pipe| Input { pipe, bytes: Vec::new(), written: 0, is_last: false });
        match process.prepare() {
            Ok(()) => Ok(process),
            Err(error) => {
                process.kill();
                Err(error)
            }
        }
    }

    fn prepare(&self) -> io::Result<()> {
        self.input.iter().try_for_each(|input| do_not_block(&input.pipe))?;
        self.output.iter().chain(&self.errors).try_for_each(do_not_block)
    }

    /// Has it read these bytes after those before.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if let Some(input) = &mut self.input {
            input.bytes.extend_from_slice(bytes);
        }
    }

    /// Nothing follows what it has been fed.
    pub(super) fn end_input(&mut self) {
        if let Some(input) = &mut self.input {
            input.is_last = true;
        }
    }

    /// How much of what it was fed is not in its pipe yet.
    pub(super) fn unfed_bytes(&self) -> usize {
        self.input.as_ref().map_or(0, |input| input.bytes.len() - input.written)
    }

    /// Writes and reads as much as goes at once. Says how it ended, if it has; what it had written by then has been
    /// read.
    pub(super) fn pump(&mut self) -> Option<How> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.pump_input();
        self.pump_output();
        self.pump_errors();
        let status = self.status?;
        Some(match status.signal() {
            Some(signal) => How::Signal(signal),
            None => How::Status(status.code().unwrap_or(-1)),
        })
    }

    fn pump_input(&mut self) {
        let Some(input) = &mut self.input else { return };
        while let Some(rest) = input.bytes.get(input.written..).filter(|rest| !rest.is_empty()) {
            match input.pipe.write(rest) {
                Ok(count) => input.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It need not read what it is given.
                Err(_) => {
                    self.input = None;
                    return;
                }
            }
        }
        input.bytes.clear();
        input.written = 0;
        if input.is_last {
            self.input = None;
        }
    }

    fn pump_output(&mut self) {
        let Some(pipe) = &mut self.output else { return };
        if !read_all(pipe, |bytes| self.written.extend_from_slice(bytes)) {
            self.output = None;
        }
        if self.has_written_too_much() {
            self.kill();
        }
    }

    fn pump_errors(&mut self) {
        let Some(pipe) = &mut self.errors else { return };
        let last = &mut self.last_errors;
        let goes_on = read_all(pipe, |bytes| {
            // There is nobody to tell.
            let _ = io::stderr().write_all(bytes);
            last.extend_from_slice(bytes);
            let surplus = last.len().saturating_sub(MESSAGE_BYTES_MAX);
            last.drain(..surplus);
        });
        if !goes_on {
            self.errors = None;
        }
    }

    /// Whether it is killed for what it writes.
    pub(super) fn has_written_too_much(&self) -> bool {
        self.written.len() > OUTPUT_BYTES_MAX
    }

    /// What it has written to standard output since this was last taken.
    pub(super) fn written(&mut self) -> &mut Vec<u8> {
        &mut self.written
    }

    /// The end of what it has written to standard error.
    pub(super) fn last_errors(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.last_errors)
    }

    /// Kills it, with everything in its process group. It has ended only when `pump` says so.
    pub(super) fn kill(&mut self) {
        if self.status.is_none() {
            let group = self.child.id().cast_signed();
            // SAFETY: kill touches no memory. The number is that of a child which nobody has waited for yet, so it
            // can't belong to anybody else.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }

    /// What poll(2) should wait for; its end rings the process's bell.
    pub(super) fn interests(&self, all: &mut Vec<libc::pollfd>) {
        let interest = |descriptor: &dyn AsRawFd, events| libc::pollfd {
            fd: descriptor.as_raw_fd(),
            events,
            revents: 0,
        };
        if let Some(input) = self.input.as_ref().filter(|input| input.written < input.bytes.len()) {
            all.push(interest(&input.pipe, libc::POLLOUT));
        }
        for pipe in self.output.iter().chain(&self.errors) {
            all.push(interest(&pipe.as_fd(), libc::POLLIN));
        }
    }
}

/// Reads what is there; `false` at the end.
fn read_all(pipe: &mut impl Read, mut take: impl FnMut(&[u8])) -> bool {
    let mut chunk = [0; CHUNK_BYTES];
    for _ in 0..CHUNKS_AT_ONCE {
        match pipe.read(&mut chunk) {
            Ok(0) => return false,
            Ok(count) => take(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
    }
    true
}

/// Makes this end of a pipe one that never blocks; the other end is the command's own.
fn do_not_block(pipe: &impl AsFd) -> io::Result<()> {
    let descriptor = pipe.as_fd().as_raw_fd();
    // SAFETY: the calls take numbers only; the descriptor is open.
    let changed = unsafe {
        let flags = libc::fcntl(descriptor, libc::F_GETFL);
        flags >= 0 && libc::fcntl(descriptor, libc::F_SETFL, flags | libc::O_NONBLOCK) == 0
    };
    if changed { Ok(()) } else { Err(io::Error::last_os_error()) }
}
