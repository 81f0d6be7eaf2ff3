//! The console share consumer's loop: poll, format into the output's buffer, write at the end of each poll.
//!
//! What is said of a record the group is told after the record was written: when its reader is gone nothing is said, and
//! the records go to somebody else.

use super::config::Request;
use crate::cli::commands::consume::ending::{self, Ending, say_count};
use crate::cli::commands::consume::waiting::Waiting;
use crate::cli::context::{Context, Register};
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{Acknowledge, ConsumerRecord, Polled, ShareConsumer};
use crate::signal;
use std::io::Write;
use std::ops::ControlFlow;

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(context, parsed)?;
    let limit = match (parsed.number::<i32>("max-messages"), context.register) {
        (Ok(limit), _) => ending::limit(limit),
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
    let waiting = Waiting::new(request.timeout);
    let session = Session { context, request, limit, count: 0, waiting };
    session.run(consumer.as_mut())
}

/// One run from the first record to the last.
struct Session<'c> {
    context: &'c mut Context,
    request: Request,
    /// How many records are wanted.
    limit: u64,
    /// How many were handed over by the consumer.
    count: u64,
    waiting: Waiting,
}

impl Session<'_> {
    fn run(mut self, consumer: &mut dyn ShareConsumer) -> Result<Status, Failure> {
        let status = match self.read_all(consumer) {
            Ending::Unwritten(error) => return ending::unwritten(self.context, error, |_| self.count),
            Ending::Untold(failure) => return Err(failure),
            Ending::Complete => Status::SUCCESS,
            Ending::Signal(number) => Status::of_signal(number),
            Ending::Unformatted(error) => {
                self.context.log(&format!("record {}: {error}", self.count))?;
                if self.context.is_kafka() { Status::SUCCESS } else { Status::FAILURE }
            }
            Ending::Unread(error) => ending::tell(self.context, &error)?,
        };
        let closed = consumer.close();
        let status = match closed {
            Ok(()) => status,
            Err(error) => ending::tell(self.context, &error)?.max(status),
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
        let timeout = self.waiting.timeout();
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
        self.waiting.end(polled.map_err(Ending::Unread)?, &self.context.stdout).map_err(Ending::Unwritten)
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
}
