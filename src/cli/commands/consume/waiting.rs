//! `Waiting`: how long a consumer's poll may wait, with an eye on who reads standard output: its going away ends the wait.

use crate::client::Polled;
use crate::output::Stdout;
use crate::signal;
use std::io;
use std::time::Duration;

/// The waits of one run.
pub(in crate::cli::commands) struct Waiting {
    /// How long to wait for records; `None` for ever.
    limit: Option<Duration>,
    watches_output: bool,
}

impl Waiting {
    pub(in crate::cli::commands) const fn new(limit: Option<Duration>) -> Waiting {
        Waiting { limit, watches_output: false }
    }

    /// For the next poll. Who never has to wait needs no watch, so the first ones only look.
    pub(in crate::cli::commands) const fn timeout(&self) -> Option<Duration> {
        if self.watches_output { self.limit } else { Some(Duration::ZERO) }
    }

    /// What a poll's end means: `TimedOut` after a real wait only; an error when the reader has gone meanwhile.
    pub(in crate::cli::commands) fn end(&mut self, polled: Polled, out: &Stdout) -> io::Result<Polled> {
        let polled = if polled == Polled::TimedOut && !self.watches_output {
            self.watches_output = true;
            out.when_deserted(signal::interrupt);
            Polled::Interrupted
        } else {
            polled
        };
        if polled == Polled::Interrupted && out.is_deserted() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(polled)
    }
}
