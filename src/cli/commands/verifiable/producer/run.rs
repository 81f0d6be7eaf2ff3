//! The verifiable producer at work: send, keep to the throughput, tell of each record once it is stored.

use super::options::{PRODUCER, Request};
use super::throttle::{Throttle, Wait};
use crate::cli::commands::verifiable::event::Event;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status, Stream};
use crate::cli::parse::Parsed;
use crate::cli::target::Connection;
use crate::client::{self, Acks, Producer, ProducerRecord, Receipt};
use crate::signal;
use crate::types::{TimestampMs, java};
use std::io::Write;
use std::time::{Duration, Instant};

/// While records are on their way, their receipts are looked for this often.
const SHORT_NAP: Duration = Duration::from_millis(1);
/// The longest sleep: a signal is noticed after it.
const LONG_NAP: Duration = Duration::from_millis(20);
/// Unless there is time anyway, receipts are looked for after so many records.
const RECORDS_PER_LOOK: u64 = 64;
/// A record is at least so much later than the one before it, where their times are given.
const CREATE_TIME_STEP_MS: i64 = 5;

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    if context.is_kafka() && context.arguments.is_empty() {
        let about = PRODUCER.kafka_about.help;
        return Err(Failure::usage(about).kafka_says(Stream::Stdout, about, Status::SUCCESS));
    }
    let request = Request::new(context, parsed)?;
    let connection = context.connect(parsed)?;
    signal::install();
    let now = Instant::now();
    let session = Session {
        throttle: Throttle::new(request.throughput, now),
        create_time_ms: request.create_time_ms,
        context,
        request,
        connection,
        open: None,
        begun: now,
        sent: 0,
        acknowledged: 0,
        refused: 0,
        receipts: Vec::new(),
    };
    session.run()
}

/// One run from the first record to the last.
struct Session<'c> {
    context: &'c mut Context,
    request: Request,
    connection: Connection,
    /// Opened for the first record; a topic that can't be made is every record's error.
    open: Option<Open>,
    throttle: Throttle,
    begun: Instant,
    /// Of the next record.
    create_time_ms: Option<i64>,
    sent: u64,
    acknowledged: u64,
    refused: u64,
    /// Taken and not yet told; kept for its memory.
    receipts: Vec<Receipt>,
}

struct Open {
    producer: Box<dyn Producer>,
    /// The number of the record that was its first.
    first: u64,
}

impl Session<'_> {
    fn run(mut self) -> Result<Status, Failure> {
        self.begin("startup_complete").end();
        self.context.stdout.flush()?;
        let limit = self.request.record_count.unwrap_or(u64::MAX);
        for number in 0..limit {
            if signal::received().is_some() || self.is_fatal() {
                break;
            }
            let now = Instant::now();
            self.send(number)?;
            if number % RECORDS_PER_LOOK == 0 {
                self.tell_receipts()?;
            }
            match self.throttle.wait(number, now) {
                Wait::No => {}
                Wait::For(time) => self.wait(Some(now.max(Instant::now()) + time))?,
                Wait::ForEver => self.wait(None)?,
            }
        }
        self.close()
    }

    fn begin(&mut self, name: &str) -> Event<'_> {
        Event::new(self.context.stdout.buffer(), name)
    }

    fn is_fatal(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.producer.is_fatal())
    }

    fn send(&mut self, number: u64) -> Result<(), Failure> {
        self.sent += 1;
        let (key, value) = (self.key(number), self.value(number));
        let timestamp = self.create_time_ms.map(TimestampMs);
        if let Some(time) = &mut self.create_time_ms {
            let elapsed_ms = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
            *time = time.saturating_add(elapsed_ms.max(CREATE_TIME_STEP_MS));
        }
        let record = ProducerRecord {
            timestamp,
            key: key.as_ref().map(|key| key.as_bytes()),
            value: Some(value.as_bytes()),
            ..ProducerRecord::default()
        };
        let sent = match self.open(number) {
            Ok(producer) => producer.send(&record),
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => Ok(()),
            Err(error) => self.tell_refused(number, &error),
        }
    }

    fn open(&mut self, number: u64) -> client::Result<&mut dyn Producer> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let producer =
                    self.connection.producer(&self.request.topic, self.request.producer.clone())?;
                Open { producer, first: number }
            }
        };
        Ok(self.open.insert(open).producer.as_mut())
    }

    fn key(&self, number: u64) -> Option<String> {
        let count = self.request.key_count?;
        Some(number.checked_rem(count).unwrap_or(number).to_string())
    }

    fn value(&self, number: u64) -> String {
        match self.request.value_prefix {
            Some(prefix) => format!("{prefix}.{number}"),
            None => number.to_string(),
        }
    }

    /// Tells of what has been stored since the last look.
    fn tell_receipts(&mut self) -> Result<(), Failure> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let first = open.first;
        let mut receipts = std::mem::take(&mut self.receipts);
        open.producer.take_receipts(&mut receipts);
        let has_any = !receipts.is_empty();
        for Receipt { number, outcome } in receipts.drain(..) {
            let number = first + number;
            match outcome {
                Ok((partition, offset)) => {
                    self.acknowledged += 1;
                    let (key, value) = (self.key(number), self.value(number));
                    let is_unknown = self.request.producer.acks == Acks::None;
                    let offset = if is_unknown { -1 } else { offset.get() };
                    let topic = self.request.topic.as_bytes();
                    Event::new(self.context.stdout.buffer(), "producer_send_success")
                        .text("key", key.as_ref().map(|key| key.as_bytes()))
                        .text("value", Some(value.as_bytes()))
                        .value("offset", offset)
                        .text("topic", Some(topic))
                        .value("partition", partition)
                        .end();
                    self.context.stdout.flush_if_full()?;
                }
                Err(error) => self.tell_refused(number, &error)?,
            }
        }
        self.receipts = receipts;
        if has_any {
            self.context.stdout.flush()?;
        }
        Ok(())
    }

    /// Tells of a record that was not stored.
    #[cold]
    fn tell_refused(&mut self, number: u64, error: &client::Error) -> Result<(), Failure> {
        self.refused += 1;
        let (key, value) = (self.key(number), self.value(number));
        Event::new(self.context.stdout.buffer(), "producer_send_error")
            .text("topic", Some(self.request.topic.as_bytes()))
            .text("key", key.as_ref().map(|key| key.as_bytes()))
            .text("value", Some(value.as_bytes()))
            .text("exception", Some(format!("class {}", error.java_class()).as_bytes()))
            .text("message", Some(error.message.as_bytes()))
            .end();
        self.context.stdout.flush()?;
        if self.open.is_none() && self.request.record_count.is_none() {
            // There is no end to records that can't be sent: not too many of them at once.
            std::thread::sleep(LONG_NAP);
        }
        Ok(())
    }

    /// Waits until then, or until a signal comes, and tells of records meanwhile.
    fn wait(&mut self, until: Option<Instant>) -> Result<(), Failure> {
        while signal::received().is_none() {
            self.tell_receipts()?;
            let left = until.map_or(LONG_NAP, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            let is_settled = self.acknowledged + self.refused == self.sent;
            if !is_settled && let Some(open) = &mut self.open {
                // An error here concerns a batch, whose records have receipts.
                let _ = open.producer.idle();
            }
            std::thread::sleep(left.min(if is_settled { LONG_NAP } else { SHORT_NAP }));
        }
        Ok(())
    }

    fn close(mut self) -> Result<Status, Failure> {
        let flushed = self.open.as_mut().map_or(Ok(()), |open| open.producer.flush());
        self.tell_receipts()?;
        if let Err(error) = flushed
            && self.acknowledged + self.refused < self.sent
        {
            self.context.log(&format!("{}: {}", error.java_class(), error.message))?;
        }
        self.open = None;
        self.begin("shutdown_complete").end();
        let elapsed_ms = self.begun.elapsed().as_secs_f64().max(0.001) * 1_000.0;
        let average = 1_000.0 * self.acknowledged as f64 / elapsed_ms;
        let (sent, acknowledged) = (self.sent, self.acknowledged);
        let throughput = self.request.throughput;
        self.begin("tool_data")
            .value("sent", sent)
            .value("acked", acknowledged)
            .value("target_throughput", throughput)
            .value("avg_throughput", java::double_text(average))
            .end();
        self.context.stdout.flush()?;
        let lost = sent - acknowledged;
        if lost > 0 && !self.context.is_kafka() {
            self.context.log(&format!("{lost} of {sent} records were not stored"))?;
        }
        Ok(match signal::received() {
            Some(number) => Status::of_signal(number),
            None if lost > 0 && !self.context.is_kafka() => Status::FAILURE,
            None => Status::SUCCESS,
        })
    }
}
