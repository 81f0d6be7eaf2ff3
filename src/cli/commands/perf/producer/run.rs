//! The measuring itself: send, keep to the throughput, note when each record is acknowledged, print.

use super::request::Request;
use super::stats::Stats;
use crate::cli::commands::perf::metrics::{self, Metric};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::cli::target::{Connection, Target};
use crate::client::{self, Producer, ProducerRecord, TransactionalProducer};
use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

/// While records are held back, acknowledgements are looked for this often.
const NAP: Duration = Duration::from_millis(1);

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(context, parsed)?;
    let target = Target::of(parsed, request.servers.as_deref(), &context.environment)?;
    let connection = Connection::open(target)?;
    let sender = match request.transaction {
        Some(duration) => Sender::Transactional {
            producer: connection.transactional_producer(&request.topic, request.producer.clone())?,
            duration,
            open_since: None,
        },
        None => Sender::Plain(connection.producer(&request.topic, request.producer.clone())?),
    };
    if request.warmup_records > 0 {
        let count = request.warmup_records;
        let line = format!(
            "Warmup first {count} records. Steady state results will print after the complete test summary."
        );
        writeln!(context.stdout, "{line}")?;
        context.stdout.flush()?;
    }
    let now = Instant::now();
    let measuring = Measuring {
        all: Stats::new(request.record_count, request.interval, now),
        steady: None,
        warmup_left: request.warmup_records,
        in_flight: VecDeque::new(),
        acknowledged: 0,
        failed: 0,
        begun: now,
        context,
        request,
        sender,
    };
    measuring.run()
}

/// The producer that is measured.
enum Sender {
    Plain(Box<dyn Producer>),
    Transactional {
        producer: Box<dyn TransactionalProducer>,
        /// After this time a transaction is committed.
        duration: Duration,
        open_since: Option<Instant>,
    },
}

impl Sender {
    fn producer(&mut self) -> &mut dyn Producer {
        match self {
            Sender::Plain(producer) => producer.as_mut(),
            Sender::Transactional { producer, .. } => producer.as_mut(),
        }
    }

    /// Opens a transaction if records go into one and none is open.
    fn begin(&mut self) -> client::Result<()> {
        if let Sender::Transactional { producer, open_since: open @ None, .. } = self {
            producer.begin_transaction()?;
            *open = Some(Instant::now());
        }
        Ok(())
    }

    /// Commits the open transaction once it is old enough, or in any case.
    fn commit_if(&mut self, in_any_case: bool) -> client::Result<()> {
        if let Sender::Transactional { producer, duration, open_since } = self
            && open_since.is_some_and(|since| in_any_case || since.elapsed() >= *duration)
        {
            producer.commit_transaction()?;
            *open_since = None;
        }
        Ok(())
    }
}

struct Measuring<'c> {
    context: &'c mut Context,
    request: Request,
    sender: Sender,
    all: Stats,
    /// From the first record after the warm-up on.
    steady: Option<Stats>,
    warmup_left: u64,
    /// When each record that is not acknowledged yet was sent, and its size: acknowledgements come in this order, but for
    /// those of different partitions, which differ by little.
    in_flight: VecDeque<(Instant, u64)>,
    /// Of all records, those that have been taken out of `in_flight`.
    acknowledged: u64,
    failed: u64,
    begun: Instant,
}

impl Measuring<'_> {
    fn run(mut self) -> Result<Status, Failure> {
        for number in 0..self.request.record_count {
            self.sender.begin()?;
            self.send(number)?;
            self.take_acknowledged()?;
            self.sender.commit_if(false)?;
            self.hold_back(number + 1)?;
        }
        match self.sender.producer().flush() {
            Ok(()) => self.sender.commit_if(true)?,
            Err(error) => self.tell(&error)?,
        }
        self.take_acknowledged()?;
        let now = Instant::now();
        let summary = self.all.summary("", now);
        writeln!(self.context.stdout, "{summary}")?;
        if let Some(steady) = &mut self.steady {
            writeln!(self.context.stdout, "{}", steady.summary(" steady state", now))?;
        }
        if self.request.print_metrics {
            self.print_metrics(now)?;
        }
        Ok(if self.failed > 0 && !self.context.is_kafka() { Status::FAILURE } else { Status::SUCCESS })
    }

    fn send(&mut self, number: u64) -> Result<(), Failure> {
        let value = self.request.payload.value(number);
        let bytes = value.len() as u64;
        let record = ProducerRecord { value: Some(value), ..ProducerRecord::default() };
        let now = Instant::now();
        match self.sender.producer().send(&record) {
            Ok(()) => self.in_flight.push_back((now, bytes)),
            Err(error) => self.tell(&error)?,
        }
        Ok(())
    }

    /// Tells of a record that was not stored; an error if none can be any more.
    #[cold]
    fn tell(&mut self, error: &client::Error) -> Result<(), Failure> {
        self.failed += 1;
        let in_transaction = matches!(self.sender, Sender::Transactional { .. });
        if in_transaction || self.sender.producer().is_fatal() {
            let failure = Failure::uncaught(&error.java_class(), error.message.clone());
            return Err(match &error.hint {
                Some(hint) => failure.with_hint(hint.clone()),
                None => failure,
            });
        }
        match self.context.is_kafka() {
            true => self.context.say(&format!("{}: {}", error.java_class(), error.message)),
            false => self.context.say(&format!("kt: {}", error.message)),
        }
    }

    /// Counts what has been acknowledged since the last look.
    fn take_acknowledged(&mut self) -> Result<(), Failure> {
        let acknowledged = self.sender.producer().acknowledged();
        if acknowledged == self.acknowledged {
            return Ok(());
        }
        let now = Instant::now();
        while self.acknowledged < acknowledged {
            self.acknowledged += 1;
            let Some((sent, bytes)) = self.in_flight.pop_front() else { continue };
            self.count(bytes, now.duration_since(sent), now)?;
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64, latency: Duration, now: Instant) -> Result<(), Failure> {
        let line = self.all.record(bytes, latency, now);
        let line = match &mut self.steady {
            None if self.request.warmup_records > 0 && self.warmup_left == 0 => {
                let left = self.request.record_count - self.request.warmup_records;
                let steady = self.steady.insert(Stats::new(left, self.request.interval, now));
                // From here on only what is steady is printed.
                steady.record(bytes, latency, now)
            }
            None => {
                self.warmup_left = self.warmup_left.saturating_sub(1);
                line
            }
            Some(steady) => steady.record(bytes, latency, now),
        };
        if let Some((line, is_first)) = line {
            if is_first && self.steady.is_some() {
                writeln!(self.context.stdout, "In steady state.")?;
            }
            writeln!(self.context.stdout, "{line}")?;
            self.context.stdout.flush()?;
        }
        Ok(())
    }

    /// Sleeps until `sent` records are not too many for the throughput asked for.
    fn hold_back(&mut self, sent: u64) -> Result<(), Failure> {
        let throughput = self.request.throughput;
        if throughput < 0.0 {
            return Ok(());
        }
        // With 0 the rest is never due.
        while sent as f64 > throughput * self.begun.elapsed().as_secs_f64() {
            if let Err(error) = self.sender.producer().idle() {
                self.tell(&error)?;
            }
            self.take_acknowledged()?;
            std::thread::sleep(NAP);
        }
        Ok(())
    }

    fn print_metrics(&mut self, now: Instant) -> Result<(), Failure> {
        let metrics = self.all.metrics(self.failed, now);
        let metrics: Vec<Metric> =
            metrics.into_iter().map(|(name, value)| ("producer-metrics", name, value)).collect();
        Ok(metrics::print(&mut self.context.stdout, &self.request.client_id, &metrics)?)
    }
}
