//! `--exec`: a command for each record, whose value is on its standard input and which is done when it ends with status 0.

use super::environment::Variables;
use super::failing::{Failing, How};
use super::process::{Process, Streams};
use super::record::OwnedRecord;
use super::window::Ticket;
use super::worker::{Report, Worker};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// Runs commands, a few of them at once.
pub(super) struct Each {
    command: OsString,
    streams: Streams,
    /// How many may run at once.
    parallel: usize,
    timeout: Option<Duration>,
    running: Vec<Running>,
    /// What could not even be started.
    stillborn: Vec<Report>,
}

struct Running {
    ticket: Ticket,
    process: Process,
    deadline: Option<Instant>,
    timed_out: bool,
}

impl Each {
    pub(super) fn new(
        command: OsString,
        streams: Streams,
        parallel: usize,
        timeout: Option<Duration>,
    ) -> Each {
        Each { command, streams, parallel, timeout, running: Vec::new(), stillborn: Vec::new() }
    }
}

impl Worker for Each {
    fn room(&self) -> usize {
        self.parallel.saturating_sub(self.running.len() + self.stillborn.len())
    }

    fn hand_over(&mut self, ticket: Ticket, record: &OwnedRecord, attempt: u32) {
        match Process::start(&self.command, Variables::of(record, attempt), self.streams) {
            Ok(mut process) => {
                process.feed(record.value.as_deref().unwrap_or_default());
                process.end_input();
                let deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
                self.running.push(Running { ticket, process, deadline, timed_out: false });
            }
            Err(error) => {
                let failing = Failing { how: How::NotStarted, message: error.to_string().into_bytes() };
                self.stillborn.push(Report::Failed(ticket, failing));
            }
        }
    }

    fn pump(&mut self, reports: &mut Vec<Report>) {
        reports.append(&mut self.stillborn);
        let now = Instant::now();
        let (timeout, wants_output) = (self.timeout, self.streams.output);
        self.running.retain_mut(|running| {
            if let Some(how) = running.process.pump() {
                reports.push(running.report(how, timeout, wants_output));
                return false;
            }
            if running.deadline.is_some_and(|deadline| deadline <= now) && !running.timed_out {
                running.timed_out = true;
                running.process.kill();
            }
            true
        });
    }

    fn end(&mut self) {}

    fn processes(&self) -> Box<dyn Iterator<Item = &Process> + '_> {
        Box::new(self.running.iter().map(|running| &running.process))
    }

    fn deadline(&self) -> Option<Instant> {
        self.running.iter().filter(|running| !running.timed_out).filter_map(|running| running.deadline).min()
    }

    fn kill(&mut self) {
        self.running.iter_mut().for_each(|running| running.process.kill());
    }
}

impl Running {
    fn report(&mut self, how: How, timeout: Option<Duration>, wants_output: bool) -> Report {
        let how = match (how, timeout) {
            (How::Status(0), _) => {
                let written = std::mem::take(self.process.written());
                return Report::Done(self.ticket, wants_output.then(|| value(written)).flatten());
            }
            (_, Some(after)) if self.timed_out => How::TimedOut(after),
            _ if self.process.has_written_too_much() => {
                let message = b"it writes more than a record can hold".to_vec();
                return Report::Failed(self.ticket, Failing { how: How::Refused, message });
            }
            (how, _) => how,
        };
        Report::Failed(self.ticket, Failing { how, message: self.process.last_errors() })
    }
}

/// The value that a command has written, without the line end that most of them put behind it; none if it has written
/// nothing at all.
fn value(mut written: Vec<u8>) -> Option<Vec<u8>> {
    if written.is_empty() {
        return None;
    }
    if written.last() == Some(&b'\n') {
        written.pop();
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_value() {
        for (written, expected) in [
            ("", None),
            ("\n", Some("")),
            ("a", Some("a")),
            ("a\n", Some("a")),
            ("a\n\n", Some("a\n")),
            ("a\nb\n", Some("a\nb")),
        ] {
            assert_eq!(value(written.into()).as_deref(), expected.map(str::as_bytes), "{written:?}");
        }
    }
}
