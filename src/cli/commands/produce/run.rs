//! The console producer's loop: read, cut into lines, send; when nothing is at hand, let the producer write; at the end, flush.
//!
//! Cost per record: one search for the line's end and the producer's copy. Nothing is allocated for a record.

use super::config::Request;
use crate::cli::context::{Context, Register};
use crate::cli::error::{Failure, Status};
use crate::cli::format::{BadLine, Lines};
use crate::cli::input::{Input, Readiness};
use crate::cli::parse::Parsed;
use crate::cli::target::Connection;
use crate::client::{self, Idle, Producer, ProducerRecord};
use crate::output::Progress;
use crate::signal;
use crate::types::{ErrorCode, Header};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Duration;

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(context, parsed)?;
    let connection = context.connect(parsed)?;
    let input = Input::stdin().map_err(|error| unreadable(&error))?;
    let progress = match (context.register, context.terminals.stderr, input.total_bytes()) {
        (Register::Kt, true, Some(total)) => Progress::bytes(total),
        _ => Progress::none(),
    };
    signal::install();
    let session = Session { context, connection, request, producer: None, line_number: 0, has_failed: false };
    session.run(input, progress)
}

/// One run from the first line to the last.
struct Session<'c> {
    context: &'c mut Context,
    connection: Connection,
    request: Request,
    /// Made for the first record: without one no topic is made.
    producer: Option<Box<dyn Producer>>,
    line_number: u64,
    has_failed: bool,
}

/// Why reading goes no further.
enum Stop {
    /// What was sent before is still to be flushed.
    Failed(Failure),
    /// The failure has been told.
    Told,
    Signal(i32),
}

impl Session<'_> {
    fn run(mut self, mut input: Input, mut progress: Progress) -> Result<Status, Failure> {
        let stop = match self.read_all(&mut input, &mut progress) {
            // Who sends the signal often closes the input as well.
            ControlFlow::Continue(()) => signal::received().map(Stop::Signal),
            ControlFlow::Break(stop) => Some(stop),
        };
        progress.clear();
        if let Some(Err(error)) = self.producer.as_mut().map(|producer| producer.flush()) {
            self.has_failed = true;
            self.context.log(&error.to_string())?;
            // Kafka gives each record up by itself and ends with 0; a log that can't be written is worse than that.
            if self.producer.as_ref().is_some_and(|producer| producer.is_fatal()) {
                return Ok(Status::FAILURE);
            }
        }
        match stop {
            Some(Stop::Failed(failure)) => Err(failure),
            Some(Stop::Told) => Ok(Status::FAILURE),
            Some(Stop::Signal(number)) => Ok(Status::of_signal(number)),
            None if self.has_failed && self.context.register == Register::Kt => Ok(Status::FAILURE),
            None => Ok(Status::SUCCESS),
        }
    }

    fn read_all(&mut self, input: &mut Input, progress: &mut Progress) -> ControlFlow<Stop> {
        let mut after_cr = false;
        let mut scanned = 0;
        self.prompt()?;
        loop {
            let mut lines = Lines::new(input.held(), after_cr, scanned);
            let lines_before = self.line_number;
            self.send_lines(&mut lines)?;
            if input.has_ended() {
                // The last line may lack its end.
                let rest = lines.rest();
                return if rest.is_empty() {
                    ControlFlow::Continue(())
                } else {
                    self.send(rest, &mut Vec::new())
                };
            }
            after_cr = lines.after_cr();
            scanned = lines.rest().len();
            let consumed = lines.consumed();
            input.take(consumed);
            progress.set(input.taken_bytes());
            if self.line_number > lines_before {
                self.prompt()?;
            }
            self.read_more(input)?;
        }
    }

    #[inline]
    fn send_lines(&mut self, lines: &mut Lines<'_>) -> ControlFlow<Stop> {
        let mut headers = Vec::new();
        for line in lines {
            self.send(line, &mut headers)?;
        }
        ControlFlow::Continue(())
    }

    /// Sends one line; an error of this record alone is told, and the next may follow.
    #[inline]
    fn send<'a>(&mut self, line: &'a [u8], headers: &mut Vec<Header<'a>>) -> ControlFlow<Stop> {
        self.line_number += 1;
        let (key, value) = match self.request.reader.read(line, headers) {
            Ok(parts) => parts,
            Err(error) => return self.line_is_bad(error),
        };
        if self.producer.is_none() {
            self.open_producer()?;
        }
        let Some(producer) = &mut self.producer else { return ControlFlow::Continue(()) };
        let record =
            ProducerRecord { partition: self.request.partition, timestamp: None, key, value, headers };
        let mut sent = producer.send(&record);
        if self.request.sync && sent.is_ok() {
            sent = producer.flush();
        }
        match sent {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.record_failed(&error),
        }
    }

    /// Opens the topic's producer. There is none afterwards if Kafka would let each record fail by itself.
    #[cold]
    fn open_producer(&mut self) -> ControlFlow<Stop> {
        match self.connection.producer(&self.request.topic, self.request.producer.clone()) {
            Ok(producer) => self.producer = Some(producer),
            Err(error) if error.code == ErrorCode::InvalidTopic && self.context.is_kafka() => {
                return self.record_failed(&error);
            }
            Err(error) => return ControlFlow::Break(Stop::Failed(error.into())),
        }
        ControlFlow::Continue(())
    }

    #[cold]
    fn line_is_bad(&self, error: BadLine) -> ControlFlow<Stop> {
        let failure = Failure::logged(format!("line {}: {error}", self.line_number));
        let hint = "add --reader-property ignore.error=true to take such lines as they are";
        ControlFlow::Break(Stop::Failed(failure.with_hint(hint)))
    }

    /// Tells of a record that was not stored. With `--sync`, or if none can be stored any more, it was the last.
    #[cold]
    fn record_failed(&mut self, error: &client::Error) -> ControlFlow<Stop> {
        self.has_failed = true;
        let told = self.context.log(&format!("line {}: {error}", self.line_number));
        let is_fatal = self.producer.as_ref().is_some_and(|producer| producer.is_fatal());
        match told {
            Err(failure) => ControlFlow::Break(Stop::Failed(failure)),
            Ok(()) if self.request.sync || is_fatal => ControlFlow::Break(Stop::Told),
            Ok(()) => ControlFlow::Continue(()),
        }
    }

    /// Reads more input. While there is none, the producer writes what it holds.
    fn read_more(&mut self, input: &mut Input) -> ControlFlow<Stop> {
        loop {
            if let Some(number) = signal::received() {
                return ControlFlow::Break(Stop::Signal(number));
            }
            if self.wait(input)? == Readiness::Interrupted {
                continue;
            }
            match input.read() {
                Ok(()) => return ControlFlow::Continue(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return ControlFlow::Break(Stop::Failed(unreadable(&error))),
            }
        }
    }

    fn wait(&mut self, input: &Input) -> ControlFlow<Stop, Readiness> {
        let mut timeout = Some(Duration::ZERO);
        loop {
            match input.wait(timeout) {
                Ok(Readiness::TimedOut) => {}
                Ok(readiness) => return ControlFlow::Continue(readiness),
                Err(error) => return ControlFlow::Break(Stop::Failed(unreadable(&error))),
            }
            timeout = match self.producer.as_mut().map_or(Ok(Idle::Nothing), |producer| producer.idle()) {
                Ok(Idle::Nothing) => None,
                Ok(Idle::CallAgainWithin(time)) => Some(time),
                Err(error) => {
                    self.record_failed(&error)?;
                    None
                }
            };
        }
    }

    /// `>` before each line that is typed.
    fn prompt(&mut self) -> ControlFlow<Stop> {
        if !(self.context.terminals.stdin && self.context.terminals.stdout) {
            return ControlFlow::Continue(());
        }
        let out = &mut self.context.stdout;
        match out.write_all(b">").and_then(|()| out.flush()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(Stop::Failed(error.into())),
        }
    }
}

#[cold]
fn unreadable(error: &io::Error) -> Failure {
    Failure::plain(format!("can't read standard input: {error}"))
}
