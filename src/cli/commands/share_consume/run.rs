//! The console share consumer's loop: poll, format into the output's buffer, write at the end of each poll.
//!
//! What is said of a record the group is told after the record was written: when its reader is gone nothing is said, and
//! the records go to somebody else.

use super::config::Request;
use crate::cli::context::{Context, Register};
use crate::cli::error::{Failure, Status};
use crate::cli::format::FormatterError;
use crate::cli::parse::Parsed;
use crate::client::{self, Acknowledge, ConsumerRecord, Polled, ShareConsumer};
use crate::signal;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Duration;

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(context, parsed)?;
    let limit = match (parsed.number::<i32>("max-messages"), context.register) {
        (Ok(limit), _) => limit.unwrap_or(-1),
        (Err(failure), Register::Kt) => return Err(failure),
        (Err(failure), Register::Kafka) => {
            say_count(context, 0)?;
            context.log(failure.message())?;
            return Ok(Status::FAILURE);
        }
    };
    let connection = context.connect(parsed)?;
    signal::install();
    let mut consumer = connection.share_consumer(request.consumer.clone())?;
    // -1 is no limit; any other negative number is reached at once.
    let limit = if limit == -1 { u64::MAX } else { u64::try_from(limit).unwrap_or(0) };
    let session = Session { context, request, limit, count: 0, watches_output: false };
    session.run(consumer.as_mut())
}

fn say_count(context: &mut Context, count: u64) -> Result<(), Failure> {
    context.say(&format!("Processed a total of {count} messages"))
}

/// One run from the first record to the last.
struct Session<'c> {
    context: &'c mut Context,
    request: Request,
    /// How many records are wanted.
    limit: u64,
    /// How many were handed over by the consumer.
    count: u64,
    /// The reader's going away ends a wait for records.
    watches_output: bool,
}

/// Why the run is over.
enum Ending {
    /// The limit or the time was reached.
    Complete,
    Signal(i32),
    /// A record could not be formatted.
    Unformatted(FormatterError),
    Unwritten(io::Error),
    Unread(client::Error),
    /// Standard error can't be written.
    Untold(Failure),
}

impl Session<'_> {
    fn run(mut self, consumer: &mut dyn ShareConsumer) -> Result<Status, Failure> {
        let status = match self.read_all(consumer) {
            Ending::Unwritten(error) => return self.end_unwritten(error),
            Ending::Untold(failure) => return Err(failure),
            Ending::Complete => Status::SUCCESS,
            Ending::Signal(number) => Status(u8::try_from(128 + number).unwrap_or(1)),
            Ending::Unformatted(error) => {
                self.context.log(&format!("record {}: {error}", self.count))?;
                if self.context.is_kafka() { Status::SUCCESS } else { Status::FAILURE }
            }
            Ending::Unread(error) => self.tell(&error)?,
        };
        let closed = consumer.close();
        let status = match closed {
            Ok(()) => status,
            Err(error) => self.tell(&error)?.max(status),
        };
        if self.request.prints_events {
            writeln!(self.context.stdout, "shutdown_complete")?;
        }
        say_count(self.context, self.count)?;
        Ok(status)
    }

    fn read_all(&mut self, consumer: &mut dyn ShareConsumer) -> Ending {
        while self.count < self.limit {
            if let Some(number) = signal::received() {
                return Ending::Signal(number);
            }
            match self.poll(consumer) {
                Ok(Polled::Interrupted) if self.context.stdout.is_deserted() => {
                    return Ending::Unwritten(io::ErrorKind::BrokenPipe.into());
                }
                Ok(Polled::Records | Polled::Interrupted) => {}
                Ok(Polled::TimedOut | Polled::End) => break,
                Err(ending) => return ending,
            }
        }
        Ending::Complete
    }

    /// Polls once and writes what came.
    fn poll(&mut self, consumer: &mut dyn ShareConsumer) -> Result<Polled, Ending> {
        let mut ending = None;
        // Who never has to wait needs no watch.
        let timeout = if self.watches_output { self.request.timeout } else { Some(Duration::ZERO) };
        let polled = consumer.poll(timeout, &mut |record: &ConsumerRecord<'_>| match self.print(record) {
            Ok(word) if self.count < self.limit => ControlFlow::Continue(word),
            Ok(word) => ControlFlow::Break(Some(word)),
            Err(reason) => {
                ending = Some(reason);
                ControlFlow::Break(None)
            }
        });
        if let Some(ending) = ending {
            return Err(ending);
        }
        self.context.stdout.flush().map_err(Ending::Unwritten)?;
        match polled.map_err(Ending::Unread)? {
            Polled::TimedOut if !self.watches_output => {
                self.watches_output = true;
                self.context.stdout.when_deserted(signal::interrupt);
                Ok(Polled::Interrupted)
            }
            polled => Ok(polled),
        }
    }

    /// Prints a record; answers what is to be said of it.
    fn print(&mut self, record: &ConsumerRecord<'_>) -> Result<Acknowledge, Ending> {
        self.count += 1;
        let out = &mut self.context.stdout;
        if let Err(error) = self.request.formatter.write(record, out.buffer()) {
            if !self.request.rejects_on_error {
                return Err(Ending::Unformatted(error));
            }
            out.flush().map_err(Ending::Unwritten)?;
            let message = format!("record {} rejected: {error}", self.count);
            self.context.log(&message).map_err(Ending::Untold)?;
            return Ok(Acknowledge::Reject);
        }
        out.flush_if_full().map_err(Ending::Unwritten)?;
        Ok(self.request.acknowledge)
    }

    /// The consumer is not closed: what was not written must not count as done.
    fn end_unwritten(self, error: io::Error) -> Result<Status, Failure> {
        if self.context.register == Register::Kt {
            return Err(error.into());
        }
        self.context.stdout.discard();
        self.context.say("Unable to write to standard out, closing consumer.")?;
        say_count(self.context, self.count)?;
        Ok(Status::SUCCESS)
    }

    /// Tells of a failed call. Kafka logs it and ends as if all was well.
    fn tell(&mut self, error: &client::Error) -> Result<Status, Failure> {
        match self.context.register {
            Register::Kafka => {
                self.context.log(&format!("{}: {error}", error.java_class()))?;
                Ok(Status::SUCCESS)
            }
            Register::Kt => {
                self.context.log(&error.message)?;
                if let (Some(hint), true) = (&error.hint, self.context.terminals.stderr) {
                    self.context.say(&format!("hint: {hint}"))?;
                }
                Ok(Status::FAILURE)
            }
        }
    }
}
