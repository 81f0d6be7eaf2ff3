//! The measuring itself. Cost per record: two additions; the clock is read once a read.

use super::request::{Request, blank, check_usage};
use super::stats::{Joining, Moment, Sum, interval_line, summary_line};
use crate::cli::commands::perf::metrics;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{self, CommittedOffset, Consumer, ConsumerRecord, Handler, Subscription};
use crate::types::{ErrorCode, TopicName, TopicPartition, now_ms};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const POLL_TIMEOUT: Duration = Duration::from_millis(100);
const COLUMNS: &str = "data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    check_usage(context, parsed)?;
    let request = Request::new(context, parsed);
    // Kafka's tool finds most faults only after its header.
    if !parsed.has("hide-header") && (request.is_ok() || context.is_kafka()) {
        let begin = if parsed.has("show-detailed-stats") { "time, threadId" } else { "start.time, end.time" };
        writeln!(context.stdout, "{begin}, {COLUMNS}")?;
        context.stdout.flush()?;
    }
    let request = request?;
    let connection = context.connect(parsed)?;
    let mut consumer = connection.consumer(request.consumer.clone()).map_err(failed)?;
    measure(context, &request, consumer.as_mut())
}

fn measure(context: &mut Context, request: &Request, consumer: &mut dyn Consumer) -> Result<Status, Failure> {
    let began = now();
    let mut reader = Reader {
        out: &mut context.stdout,
        request,
        sum: Sum::default(),
        read: 0,
        joining: Joining::new(began.instant),
        reported: (began, Sum::default()),
        last_read: began.instant,
        unwritten: None,
    };
    reader.read_all(consumer)?;
    let ended = now();
    let Reader { sum, joining, .. } = reader;
    if sum.records < request.record_count {
        let line = format!(
            "WARNING: Exiting before consuming the expected number of records: timeout ({} ms) exceeded. You can use the --timeout option to increase the timeout.",
            request.timeout_ms
        );
        context.note(&line)?;
    }
    consumer.close().map_err(failed)?;
    if !request.is_detailed {
        let line = summary_line(&request.dates, sum, joining.total, [began, ended]);
        writeln!(context.stdout, "{line}")?;
    }
    if request.prints_metrics {
        let seconds = ended.instant.duration_since(began.instant).as_secs_f64().max(1e-6);
        let group = "consumer-fetch-manager-metrics";
        let metrics = [
            ("consumer-coordinator-metrics", "rebalance-latency-total", joining.total.as_secs_f64() * 1e3),
            (group, "bytes-consumed-rate", sum.bytes as f64 / seconds),
            (group, "bytes-consumed-total", sum.bytes as f64),
            (group, "records-consumed-rate", sum.records as f64 / seconds),
            (group, "records-consumed-total", sum.records as f64),
        ];
        metrics::print(&mut context.stdout, &request.consumer.client_id, &metrics)?;
    }
    Ok(Status::SUCCESS)
}

fn now() -> Moment {
    Moment { instant: Instant::now(), time: now_ms() }
}

fn failed(error: client::Error) -> Failure {
    let failure = blank(&error.message);
    match error.hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// Counts what comes.
struct Reader<'c, W: Write> {
    out: &'c mut W,
    request: &'c Request,
    sum: Sum,
    /// Records of the present read: Kafka's consumer hands out no more than so many at once.
    read: u64,
    joining: Joining,
    /// The last interval's end, and what was read up to it.
    reported: (Moment, Sum),
    last_read: Instant,
    unwritten: Option<io::Error>,
}

impl<W: Write> Reader<'_, W> {
    fn read_all(&mut self, consumer: &mut dyn Consumer) -> Result<(), Failure> {
        if let Subscription::Topic(topic) = &self.request.consumer.subscription
            && TopicName::new(topic).is_err()
            && self.is_wanting()
        {
            let message = format!("Invalid topics: [{topic}]");
            return Err(failed(client::Error::new(ErrorCode::InvalidTopic, message)));
        }
        let timeout_ms = i128::from(self.request.timeout_ms);
        let waited_ms = |since: Instant| i128::try_from(since.elapsed().as_millis()).unwrap_or(i128::MAX);
        while self.is_wanting() && waited_ms(self.last_read) <= timeout_ms {
            consumer.poll(Some(POLL_TIMEOUT), self).map_err(failed)?;
            if self.read > 0 {
                self.end_read();
            }
            if let Some(error) = self.unwritten.take() {
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn is_wanting(&self) -> bool {
        self.sum.records < self.request.record_count
    }

    /// Looks at the clock, and prints how far it is if it is time.
    #[inline(never)]
    fn end_read(&mut self) {
        self.read = 0;
        self.last_read = Instant::now();
        let (began, earlier) = self.reported;
        // The clock counts in milliseconds, and begun ones as well: Kafka's is never so fast that none has passed.
        let elapsed_ms = self.last_read.duration_since(began.instant).as_nanos().div_ceil(1_000_000);
        if elapsed_ms < self.request.interval.as_millis() {
            return;
        }
        let moment = Moment { instant: self.last_read, time: now_ms() };
        if self.request.is_detailed {
            let joining = self.joining.recent;
            let line = interval_line(&self.request.dates, self.sum, earlier, joining, [began, moment]);
            self.unwritten = writeln!(self.out, "{line}").and_then(|()| self.out.flush()).err();
        }
        self.joining.recent = Duration::ZERO;
        self.reported = (moment, self.sum);
    }
}

impl<W: Write> Handler for Reader<'_, W> {
    #[inline]
    fn record(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, |bytes| bytes.len() as u64);
        self.sum.records += 1;
        self.sum.bytes += length(record.record.key) + length(record.record.value);
        self.read += 1;
        if self.read < self.request.poll_records {
            return ControlFlow::Continue(());
        }
        self.end_read();
        if self.is_wanting() && self.unwritten.is_none() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn assigned(&mut self, partitions: &[TopicPartition]) {
        self.joining.assigned(partitions, Instant::now());
    }

    fn revoked(&mut self, partitions: &[TopicPartition]) -> Vec<(TopicPartition, CommittedOffset)> {
        self.joining.revoked(partitions, Instant::now());
        Vec::new()
    }

    fn lost(&mut self, partitions: &[TopicPartition]) {
        self.joining.revoked(partitions, Instant::now());
    }
}
