//! The command that a test is about.

use super::server::Server;
use crate::cli::error::{Failure, Status};
use crate::signal::{self, Bell};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};

/// It can't be run.
const UNUSABLE: Status = Status(126);
/// It isn't there.
const UNKNOWN: Status = Status(127);
/// There is no server.
pub(super) const NO_SERVER: Status = Status(125);

/// The command, running.
pub(super) struct Program {
    child: Child,
    /// It has a process group of its own, of its number.
    has_group: bool,
}

impl Program {
    /// Starts it beside the server.
    pub(super) fn start(
        words: &[OsString],
        dir: &Path,
        server: &mut Server,
        on_terminal: bool,
    ) -> Result<Program, Failure> {
        let Some((name, arguments)) = words.split_first() else {
            return Err(Failure::misuse("name a command: kt test [OPTIONS] -- CMD"));
        };
        let mut command = Command::new(name);
        command.args(arguments).env("KT_DATA_DIR", dir);
        for variable in ["BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"] {
            command.env(variable, &server.address);
        }
        signal::gone_with_parent(&mut command, !on_terminal);
        let child = command.spawn().map_err(|error| {
            let status = if error.kind() == io::ErrorKind::NotFound { UNKNOWN } else { UNUSABLE };
            Failure::plain(format!("can't run '{}': {error}", name.to_string_lossy())).kt_status(status)
        })?;
        if !on_terminal {
            server.guard(child.id());
        }
        Ok(Program { child, has_group: !on_terminal })
    }

    /// Waits for its end, and passes signals on meanwhile. What it has left running ends, too.
    pub(super) fn finish(mut self, server: &mut Server, bell: &Bell) -> Result<Status, Failure> {
        let failed = |error: io::Error| Failure::plain(format!("can't wait for the command: {error}"));
        let mut passed_on = 0;
        let status = loop {
            bell.answer();
            if let Some(status) = self.child.try_wait().map_err(failed)? {
                break status;
            }
            if server.has_died() {
                let why = server.end();
                self.send(libc::SIGKILL);
                self.child.wait().map_err(failed)?;
                return Err(Failure::plain(format!("the server has ended: {why}")).kt_status(NO_SERVER));
            }
            if let Some(signal) = signal::received().filter(|_| signal::count() > passed_on) {
                passed_on = signal::count();
                self.send(signal);
            }
            wait_for(bell);
        };
        self.send(libc::SIGKILL);
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => Status(u8::try_from(code).unwrap_or(u8::MAX)),
            (None, signal) => Status::of_signal(signal.unwrap_or_default()),
        })
    }

    /// Where it has no group of its own, the terminal has told it already.
    fn send(&self, signal: i32) {
        if self.has_group {
            signal::send_to_group(self.child.id().cast_signed(), signal);
        }
    }
}

/// Sleeps until the bell rings.
fn wait_for(bell: &Bell) {
    let mut asked = libc::pollfd { fd: bell.descriptor(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry, which outlives the call.
    unsafe { libc::poll(&raw mut asked, 1, -1) };
}
