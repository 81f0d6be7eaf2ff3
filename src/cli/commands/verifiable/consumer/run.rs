//! The verifiable consumer at work: read, tell, commit, and say when partitions come and go.

use super::batch::{Batch, push_committed, push_partition};
use super::options::{CONSUMER, Request};
use crate::cli::commands::consume::waiting::Waiting;
use crate::cli::commands::verifiable::event::Event;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status, Stream};
use crate::cli::parse::Parsed;
use crate::client::{self, CommittedOffset, Consumer, ConsumerRecord, Handler, Polled};
use crate::output::Stdout;
use crate::signal;
use crate::types::{ErrorCode, TopicName, TopicPartition};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Duration;

type Due = Vec<(TopicPartition, CommittedOffset)>;

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    if context.is_kafka() && context.arguments.is_empty() {
        let about = CONSUMER.kafka_about.help;
        return Err(Failure::usage(about).kafka_says(Stream::Stdout, about, Status::SUCCESS));
    }
    let request = Request::new(context, parsed)?;
    let connection = context.connect(parsed)?;
    signal::install();
    let mut consumer = connection.consumer(request.consumer.clone())?;
    let mut teller = Teller {
        out: &mut context.stdout,
        batch: Batch::default(),
        left: request.record_count.unwrap_or(u64::MAX),
        due_at_revocation: Vec::new(),
        assigned: BTreeSet::new(),
        failed: None,
        request,
    };
    Event::new(teller.out.buffer(), "startup_complete").end();
    teller.out.flush()?;
    let read = teller.read_all(consumer.as_mut());
    let failed = match (teller.failed.take(), read) {
        (Some(error), _) => return Err(error.into()),
        (None, Err(Stop::Unwritten(error))) => return Err(error.into()),
        (None, Err(Stop::Unread(error))) => Some(error),
        (None, Ok(())) => None,
    };
    teller.let_go()?;
    let closed = consumer.close();
    Event::new(teller.out.buffer(), "shutdown_complete").end();
    teller.out.flush()?;
    for error in [failed.as_ref(), closed.as_ref().err()].into_iter().flatten() {
        tell_error(context, error)?;
    }
    Ok(match signal::received() {
        Some(number) => Status::of_signal(number),
        None if (failed.is_some() || closed.is_err()) && !context.is_kafka() => Status::FAILURE,
        None => Status::SUCCESS,
    })
}

/// Why reading stops before its end.
enum Stop {
    Unread(client::Error),
    Unwritten(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Unwritten(error)
    }
}

fn tell_error(context: &mut Context, error: &client::Error) -> Result<(), Failure> {
    if context.is_kafka() {
        context.log("Error during processing, terminating consumer process:")?;
        return context.say(&format!("{}: {}", error.java_class(), error.message));
    }
    context.log(&error.message)
}

/// What stands between the consumer and standard output.
struct Teller<'o> {
    out: &'o mut Stdout,
    request: Request,
    batch: Batch,
    /// Records that are still wanted.
    left: u64,
    /// What a revocation has the consumer commit, to be told when that is done.
    due_at_revocation: Due,
    assigned: BTreeSet<TopicPartition>,
    /// Standard output could not be written while the consumer was at work.
    failed: Option<io::Error>,
}

impl Teller<'_> {
    fn read_all(&mut self, consumer: &mut dyn Consumer) -> Result<(), Stop> {
        if self.left > 0 && TopicName::new(&self.request.topic).is_err() {
            let message = format!("Invalid topics: [{}]", self.request.topic);
            return Err(Stop::Unread(client::Error::new(ErrorCode::InvalidTopic, message)));
        }
        let mut waiting = Waiting::new(None);
        while self.left > 0 && signal::received().is_none() {
            let polled = self.poll(consumer, waiting.timeout())?;
            if waiting.end(polled, self.out)? == Polled::Records {
                self.gather(consumer)?;
            }
            self.tell_batch(consumer)?;
        }
        Ok(())
    }

    fn poll(&mut self, consumer: &mut dyn Consumer, timeout: Option<Duration>) -> Result<Polled, Stop> {
        let polled = consumer.poll(timeout, self);
        if let Some(error) = self.failed.take() {
            return Err(Stop::Unwritten(error));
        }
        let due = std::mem::take(&mut self.due_at_revocation);
        if !due.is_empty() {
            tell_commit(self.out, &due, polled.as_ref().err())?;
        }
        polled.map_err(Stop::Unread)
    }

    /// Takes what other partitions have, as one read of Kafka's does. Not where the consumer commits by itself: what it
    /// commits must have been told.
    fn gather(&mut self, consumer: &mut dyn Consumer) -> Result<(), Stop> {
        while !self.request.commits_itself && !self.is_full() {
            if self.poll(consumer, Some(Duration::ZERO))? != Polled::Records {
                break;
            }
        }
        Ok(())
    }

    /// Tells of what was read and commits it.
    fn tell_batch(&mut self, consumer: &mut dyn Consumer) -> Result<(), Stop> {
        if self.batch.count() == 0 {
            return Ok(());
        }
        let due = self.tell_records();
        self.out.flush()?;
        if self.request.commits_itself {
            return Ok(());
        }
        let committed = consumer.commit(&due);
        tell_commit(self.out, &due, committed.as_ref().err())?;
        match committed {
            // Another has this consumer's place in the group.
            Err(error) if error.code == ErrorCode::FencedInstanceId => Err(Stop::Unread(error)),
            _ => Ok(()),
        }
    }

    fn tell_records(&mut self) -> Due {
        let (count, due) = self.batch.tell(self.left, self.out.buffer());
        self.left -= count;
        due
    }

    fn tell_partitions<'p>(&mut self, name: &str, partitions: impl IntoIterator<Item = &'p TopicPartition>) {
        let sorted: BTreeSet<&TopicPartition> = partitions.into_iter().collect();
        Event::new(self.out.buffer(), name).list("partitions", sorted, push_partition).end();
        if let Err(error) = self.out.flush() {
            self.failed = Some(error);
        }
    }

    /// Tells of what has been read, and that these partitions go.
    fn go(&mut self, partitions: &[TopicPartition]) -> Due {
        let due = if self.batch.count() > 0 { self.tell_records() } else { Vec::new() };
        self.tell_partitions("partitions_revoked", partitions);
        for partition in partitions {
            self.assigned.remove(partition);
        }
        due
    }

    /// Tells that the partitions go, before others can have them.
    fn let_go(&mut self) -> io::Result<()> {
        let assigned: Vec<TopicPartition> = std::mem::take(&mut self.assigned).into_iter().collect();
        if !assigned.is_empty() {
            self.tell_partitions("partitions_revoked", &assigned);
        }
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl Handler for Teller<'_> {
    fn record(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        self.batch.add(record, self.request.is_verbose);
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_full(&self) -> bool {
        self.batch.count() >= self.request.poll_records
    }

    fn assigned(&mut self, partitions: &[TopicPartition]) {
        self.assigned.extend(partitions.iter().cloned());
        self.tell_partitions("partitions_assigned", partitions);
    }

    fn revoked(&mut self, partitions: &[TopicPartition]) -> Due {
        let due = self.go(partitions);
        if self.request.commits_itself {
            return Vec::new();
        }
        self.due_at_revocation.clone_from(&due);
        due
    }

    fn lost(&mut self, partitions: &[TopicPartition]) {
        self.go(partitions);
    }
}

/// Tells that offsets were committed, or why not.
fn tell_commit(out: &mut Stdout, due: &Due, error: Option<&client::Error>) -> io::Result<()> {
    let event =
        Event::new(out.buffer(), "offsets_committed")
            .list("offsets", due, |out, (key, committed)| push_committed(out, key, committed.offset));
    let event = match error {
        Some(error) => event.text("error", Some(error.message.as_bytes())),
        None => event,
    };
    event.value("success", error.is_none()).end();
    out.flush()
}
