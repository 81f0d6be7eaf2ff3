//! The console consumer's loop: poll, format into the output's buffer, write at the end of each poll or when the buffer is full.
//!
//! Cost per record, values alone: one copy into the buffer. Records that were handed over but could not be written are not
//! committed: nothing is lost when the reader of standard output goes away. That is noticed while waiting for records, too.

use super::assignments::ShowsAssignments;
use super::by_hand::{ByHand, Committed};
use super::config::Request;
use super::ending::{self, Ending, say_count};
use super::exec;
use super::printing::Printing;
use super::taken::Taken;
use super::waiting::Waiting;
use crate::cli::context::{Context, Register};
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::target::Connection;
use crate::client::{Consumer, Polled};
use crate::output::Progress;
use crate::signal;
use std::io::{self, Write};

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(context, parsed)?;
    let limit = match (parsed.number::<i32>("max-messages"), context.register) {
        (Ok(limit), _) => ending::limit(limit),
        (Err(failure), Register::Kt) => return Err(failure),
        (Err(failure), Register::Kafka) => {
            context.log(failure.message())?;
            say_count(context, 0)?;
            return Ok(Status::FAILURE);
        }
    };
    let connection = context.connect(parsed)?;
    signal::install();
    let mut consumer = connection.consumer(request.consumer.clone())?;
    if parsed.has("show-assignments") {
        consumer = Box::new(ShowsAssignments::new(consumer, &request.consumer.client_id));
    }
    let mut request = request;
    if let Some(plan) = request.plan.take() {
        return work(context, connection, consumer.as_mut(), request, plan, limit);
    }
    let (choice, waiting) = (request.choice, Waiting::new(request.timeout));
    let session = Session {
        context,
        request,
        by_hand: choice.by_hand.then(|| ByHand::new(choice.commit, choice.delivery)),
        limit,
        count: 0,
        taken: Taken::default(),
        notes: Vec::new(),
        waiting,
        progress: Progress::none(),
    };
    session.run(consumer.as_mut())
}

/// Has a command work on the records.
fn work(
    context: &mut Context,
    connection: Connection,
    consumer: &mut dyn Consumer,
    request: Request,
    plan: exec::Plan,
    limit: u64,
) -> Result<Status, Failure> {
    let prints_events = request.prints_events;
    let worked = exec::work(context, connection, consumer, request, plan, limit)?;
    let closed = consumer.close();
    say_count(context, worked.count)?;
    if prints_events {
        writeln!(context.stdout, "shutdown_complete")?;
    }
    closed?;
    Ok(worked.status)
}

/// After so many chunks of records a consumer is taken to move much.
const POLLS_THAT_ARE_MUCH: u32 = 3;

/// One run from the first record to the last.
pub(super) struct Session<'c> {
    pub(super) context: &'c mut Context,
    pub(super) request: Request,
    /// Of who commits by hand.
    pub(super) by_hand: Option<ByHand>,
    /// How many records are wanted.
    pub(super) limit: u64,
    /// How many were handed over by the consumer.
    pub(super) count: u64,
    /// How many of them have reached the reader of standard output.
    taken: Taken,
    /// What is to be told after what was printed.
    pub(super) notes: Vec<String>,
    waiting: Waiting,
    progress: Progress,
}

impl Session<'_> {
    fn run(mut self, consumer: &mut dyn Consumer) -> Result<Status, Failure> {
        let ending = self.read_all(consumer);
        self.progress.clear();
        let status = match ending {
            Ending::Unwritten(error) => return self.end_unwritten(error),
            Ending::Untold(failure) => return Err(failure),
            Ending::Complete => Status::SUCCESS,
            Ending::Signal(number) => Status::of_signal(number),
            Ending::Unformatted(error) => {
                self.context.log(&format!("record {}: {error}", self.count))?;
                Status::FAILURE
            }
            Ending::Unread(error) => ending::tell(self.context, &error)?,
        };
        let closed = consumer.close();
        say_count(self.context, self.count)?;
        let status = match closed {
            Ok(()) => status,
            Err(error) => ending::tell(self.context, &error)?.max(status),
        };
        if self.request.prints_events {
            writeln!(self.context.stdout, "shutdown_complete")?;
        }
        Ok(status)
    }

    fn read_all(&mut self, consumer: &mut dyn Consumer) -> Ending {
        let total = self.start_progress(consumer);
        let mut polls_in_a_row = 0;
        while self.count < self.limit {
            if let Some(number) = signal::received() {
                return Ending::Signal(number);
            }
            let polled = match self.poll(consumer) {
                Ok(polled) => polled,
                Err(ending) => return ending,
            };
            match polled {
                Polled::Records => {
                    polls_in_a_row += 1;
                    // Not at once: who takes a few lines and leaves shall not find that many more count as read.
                    if polls_in_a_row == POLLS_THAT_ARE_MUCH {
                        self.context.stdout.expect_much();
                    }
                }
                Polled::Interrupted => {}
                Polled::TimedOut | Polled::End => break,
            }
            if let (Some(total), Some(remaining)) = (total, consumer.remaining()) {
                self.progress.set(total.saturating_sub(remaining));
                if remaining == 0 {
                    self.progress.clear();
                }
            }
        }
        Ending::Complete
    }

    /// Polls once and writes what came.
    fn poll(&mut self, consumer: &mut dyn Consumer) -> Result<Polled, Ending> {
        let timeout = self.waiting.timeout();
        let commits_ahead = self.by_hand.as_ref().is_some_and(ByHand::commits_ahead);
        let mut printing = Printing::new(self);
        let polled = consumer.poll(timeout, &mut printing);
        if let Some(ending) = printing.ending {
            return Err(ending);
        }
        if commits_ahead && self.commit(consumer)? == Committed::NotNow {
            self.context.stdout.discard();
        }
        self.context.stdout.flush().map_err(Ending::Unwritten)?;
        self.note_written();
        for note in std::mem::take(&mut self.notes) {
            self.context.log(&note).map_err(Ending::Untold)?;
        }
        if !commits_ahead {
            self.commit(consumer)?;
        }
        self.waiting.end(polled.map_err(Ending::Unread)?, &self.context.stdout).map_err(Ending::Unwritten)
    }

    /// Commits what was handed over, if that is done by hand.
    fn commit(&mut self, consumer: &mut dyn Consumer) -> Result<Committed, Ending> {
        let commit = self.by_hand.as_mut().map(|by_hand| by_hand.commit(consumer));
        commit.unwrap_or(Ok(Committed::Yes)).map_err(Ending::Unread)
    }

    pub(super) fn note_written(&mut self) {
        self.taken.written(self.context.stdout.written_bytes(), self.count);
    }

    /// Kafka notices after each record, so that it has counted one more than were taken.
    fn end_unwritten(self, error: io::Error) -> Result<Status, Failure> {
        let (count, taken) = (self.count, self.taken);
        ending::unwritten(self.context, error, |out| {
            count.min(taken.count(out.written_bytes(), out.untaken_bytes()) + 1)
        })
    }

    /// Shows how far it has come to who can't see the records themselves. Returns how many there are to begin with.
    fn start_progress(&mut self, consumer: &dyn Consumer) -> Option<u64> {
        let context = &self.context;
        if context.is_kafka() || context.terminals.stdout || !context.terminals.stderr {
            return None;
        }
        let total = consumer.remaining()?;
        self.progress = Progress::records(total);
        Some(total)
    }
}
