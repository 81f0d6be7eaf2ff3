//! The server of a test: `kt serve` in a process of its own, at the other end of a pipe.

use crate::cli::error::Failure;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// What the line begins with that a server prints when it is ready.
const READY: &str = "listening on ";

/// A server that runs. When this is dropped it ends, and clears the directory away unless it was told to keep it.
pub(super) struct Server {
    child: Child,
    /// `None` once it is to end.
    orders: Option<ChildStdin>,
    /// `HOST:PORT`
    pub(super) address: String,
}

impl Server {
    /// Starts a server on `dir` and waits until it is ready.
    pub(super) fn start(dir: &Path, options: &[OsString]) -> Result<Server, Failure> {
        let failed = |error: std::io::Error| Failure::plain(format!("can't start the server: {error}"));
        let mut command = Command::new(env::current_exe().map_err(failed)?);
        command.args(["serve", "--guarded", "--listen", "127.0.0.1:0", "--data-dir"]).arg(dir).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let orders = child.stdin.take();
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(failed)?;
        }
        let address = line.trim_end().strip_prefix(READY).and_then(|all| all.split(',').next());
        let address = address.unwrap_or_default().to_owned();
        let mut server = Server { child, orders, address };
        if server.address.is_empty() {
            let status = server.end();
            return Err(Failure::plain(format!("the server has not come up: {status}")));
        }
        Ok(server)
    }

    /// Has it kill this process group when it ends.
    pub(super) fn guard(&mut self, group: u32) {
        self.order(&format!("group {group}"));
    }

    /// Has it leave the directory as it is.
    pub(super) fn keep(&mut self) {
        self.order("keep");
    }

    fn order(&mut self, line: &str) {
        // Where it has ended there is nobody to be told.
        let _ = self.orders.as_mut().map(|pipe| pipe.write_all(format!("{line}\n").as_bytes()));
    }

    /// Whether it has ended though nobody asked it to.
    pub(super) fn has_died(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it; says how it ended.
    pub(super) fn end(&mut self) -> String {
        self.orders = None;
        self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
