//! `--exec-batch`: one command that stays. It is fed records as they are printed, many at a time, and answers each with a
//! line, in the order it was fed them.
//!
//! Without an output topic a line is `ok`, or `error` with a text behind it; with one, it is the value of a record, and an
//! empty line means that there is none. When the command dies, the first record without an answer is the one that it
//! died of, so the others are fed to the next command without further ado; singly, so that it can be told which one it
//! is if that dies, too.

use super::failing::{Failing, How};
use super::process::{Process, Streams};
use super::record::OwnedRecord;
use super::window::Ticket;
use super::worker::{Report, Worker};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// A command reads this far ahead at most.
const UNFED_BYTES_MAX: usize = 1024 * 1024;

/// What a command's lines mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// `ok`, or `error TEXT`.
    Words,
    /// The value of a record of the output topic.
    Values,
}

/// A command and what it has been fed.
pub(super) struct Batch {
    command: OsString,
    streams: Streams,
    answers: Answers,
    /// How many records may be without an answer.
    most: usize,
    /// How long it may take to the next answer.
    timeout: Option<Duration>,
    process: Option<Process>,
    unanswered: VecDeque<Ticket>,
    /// So many records are fed singly.
    suspects: usize,
    deadline: Option<Instant>,
    timed_out: bool,
    /// It is killed for what it answers.
    is_broken: bool,
    stillborn: Vec<Report>,
    has_ended: bool,
}

impl Batch {
    pub(super) fn new(
        command: OsString,
        streams: Streams,
        answers: Answers,
        most: usize,
        timeout: Option<Duration>,
    ) -> Batch {
        Batch {
            command,
            streams: Streams { output: true, ..streams },
            answers,
            most,
            timeout,
            process: None,
            unanswered: VecDeque::new(),
            suspects: 0,
            deadline: None,
            timed_out: false,
            is_broken: false,
            stillborn: Vec::new(),
            has_ended: false,
        }
    }

    /// The running command, or a new one.
    fn process(&mut self) -> std::io::Result<&mut Process> {
        // One that died while there was nothing to do is replaced without a word.
        if self.unanswered.is_empty() && self.process.as_mut().is_some_and(|process| process.pump().is_some())
        {
            self.process = None;
        }
        let process = match self.process.take() {
            Some(process) => process,
            None => Process::start(&self.command, [], self.streams)?,
        };
        Ok(self.process.insert(process))
    }

    /// The clock runs from the first unanswered record on, and from each answer.
    fn wind_clock(&mut self) {
        let timeout = self.timeout.filter(|_| !self.unanswered.is_empty());
        self.deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    }

    fn take_answers(&mut self, reports: &mut Vec<Report>) {
        let Some(process) = &mut self.process else { return };
        let written = process.written();
        let mut taken = 0;
        while !self.is_broken
            && let Some(length) = memchr::memchr(b'\n', written.get(taken..).unwrap_or_default())
        {
            let line = written.get(taken..taken + length).unwrap_or_default();
            taken += length + 1;
            let report = match self.unanswered.front() {
                Some(ticket) => self.answers.report(*ticket, line),
                None => Report::Broken(format!("it answers what it was not asked: '{}'", shown(line))),
            };
            self.is_broken = matches!(report, Report::Broken(_));
            if !self.is_broken {
                self.unanswered.pop_front();
                self.suspects = self.suspects.saturating_sub(1);
            }
            reports.push(report);
        }
        written.drain(..taken);
        if self.is_broken {
            // What it was fed comes back with its death.
            self.kill();
        } else if taken > 0 {
            self.wind_clock();
        }
    }

    /// The command is gone; what it has not answered comes back.
    fn bury(&mut self, how: How, reports: &mut Vec<Report>) {
        let mut process = self.process.take();
        let last_errors = process.as_mut().map(Process::last_errors).unwrap_or_default();
        let has_written_too_much = process.is_some_and(|process| process.has_written_too_much());
        let timed_out = std::mem::take(&mut self.timed_out);
        self.suspects = self.suspects.max(self.unanswered.len());
        let failing = match self.timeout {
            _ if has_written_too_much => {
                Failing { how: How::Refused, message: b"it writes more than a record can hold".to_vec() }
            }
            Some(after) if timed_out => Failing { how: How::TimedOut(after), message: last_errors },
            _ => Failing { how, message: last_errors },
        };
        match self.unanswered.pop_front() {
            Some(ticket) => {
                self.suspects = self.suspects.saturating_sub(1);
                reports.push(Report::Failed(ticket, failing));
            }
            None if self.has_ended && failing.how != How::Status(0) => {
                reports.push(Report::Broken(failing.to_string()));
            }
            None => {}
        }
        reports.extend(self.unanswered.drain(..).map(Report::Returned));
        self.wind_clock();
    }
}

impl Worker for Batch {
    fn room(&self) -> usize {
        let unfed_bytes = self.process.as_ref().map_or(0, Process::unfed_bytes);
        match (self.suspects, &self.stillborn[..]) {
            (_, [_, ..]) => 0,
            _ if unfed_bytes >= UNFED_BYTES_MAX => 0,
            (0, []) => self.most.saturating_sub(self.unanswered.len()),
            (_, []) => usize::from(self.unanswered.is_empty()),
        }
    }

    fn hand_over(&mut self, ticket: Ticket, record: &OwnedRecord, _attempt: u32) {
        match self.process() {
            Ok(process) => {
                process.feed(&record.text);
                self.unanswered.push_back(ticket);
                if self.unanswered.len() == 1 {
                    self.wind_clock();
                }
            }
            Err(error) => {
                let failing = Failing { how: How::NotStarted, message: error.to_string().into_bytes() };
                self.stillborn.push(Report::Failed(ticket, failing));
            }
        }
    }

    fn pump(&mut self, reports: &mut Vec<Report>) {
        reports.append(&mut self.stillborn);
        let ended = self.process.as_mut().and_then(Process::pump);
        self.take_answers(reports);
        if let Some(how) = ended {
            self.bury(how, reports);
        } else if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) && !self.timed_out {
            self.timed_out = true;
            self.kill();
        }
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.process.iter_mut().for_each(Process::end_input);
    }

    fn processes(&self) -> Box<dyn Iterator<Item = &Process> + '_> {
        Box::new(self.process.iter())
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| !self.timed_out)
    }

    fn kill(&mut self) {
        self.process.iter_mut().for_each(Process::kill);
    }
}

impl Answers {
    fn report(self, ticket: Ticket, line: &[u8]) -> Report {
        if self == Answers::Values {
            return Report::Done(ticket, (!line.is_empty()).then(|| line.to_vec()));
        }
        let line = line.trim_ascii();
        match line.strip_prefix(b"error") {
            _ if line == b"ok" => Report::Done(ticket, None),
            Some(text) if text.first().is_none_or(u8::is_ascii_whitespace) => {
                Report::Failed(ticket, Failing { how: How::Answered, message: text.trim_ascii().to_vec() })
            }
            _ => Report::Broken(format!(
                "it answers '{}', which is neither 'ok' nor 'error TEXT'",
                shown(line)
            )),
        }
    }
}

/// As much of a line as fits into a message.
fn shown(line: &[u8]) -> String {
    String::from_utf8_lossy(line.get(..60).unwrap_or(line)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_what_they_are_for() {
        let failed = |text: &str| Report::Failed(7, Failing { how: How::Answered, message: text.into() });
        for (line, expected) in [
            ("ok", Report::Done(7, None)),
            (" ok\r", Report::Done(7, None)),
            ("error", failed("")),
            ("error no such thing ", failed("no such thing")),
        ] {
            assert_eq!(Answers::Words.report(7, line.as_bytes()), expected, "{line:?}");
        }
        for line in ["", "OK", "okay", "errors", "hello"] {
            assert!(matches!(Answers::Words.report(7, line.as_bytes()), Report::Broken(_)), "{line:?}");
        }
        assert_eq!(Answers::Values.report(7, b" ok\r"), Report::Done(7, Some(b" ok\r".to_vec())));
        assert_eq!(Answers::Values.report(7, b""), Report::Done(7, None));
    }
}
