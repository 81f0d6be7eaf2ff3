//! The measuring itself: send a record, wait until it is acknowledged and read, look at the clock.

use super::record::{Parts, Records};
use super::request::Request;
use crate::cli::commands::consume::consumer_config;
use crate::cli::commands::produce::producer_config;
use crate::cli::config::InvalidSetting;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status, Stream};
use crate::cli::parse::Parsed;
use crate::cli::target::{Connection, Target};
use crate::client::{self, Consumer, ConsumerRecord, NewTopic, Producer, ProducerRecord, Subscription};
use crate::types::{Header, java, now_ms};
use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const POLL_TIMEOUT: Duration = Duration::from_secs(60);
/// Of so many records one is printed.
const RECORDS_PER_LINE: usize = 1_000;

/// Runs the tool.
pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::new(context, parsed)?;
    let target = Target::of(parsed, request.servers.as_deref(), &context.environment)?;
    let connection = Connection::open(target)?;
    let admin = connection.admin().map_err(failed)?;
    let topics = admin.list_topics().map_err(failed)?;
    if !topics.iter().any(|topic| topic.name == request.topic) {
        create(context, admin.as_ref(), &request.topic)?;
    }
    let group = format!("test-group-{}", now_ms());
    let mut consumer = consumer(&connection, &request)?;
    let mut producer = producer(context, &connection, &request)?;
    // Finds the ends of the partitions, from which on it reads.
    consumer
        .poll(Some(Duration::ZERO), &mut |_: &ConsumerRecord<'_>| ControlFlow::Break(()))
        .map_err(failed)?;
    consumer.positions();
    let mut records = Records::new(request.sizes);
    let mut latencies = Vec::with_capacity(request.record_count.min(1 << 20));
    for number in 0..request.record_count {
        let elapsed = round_trip(&records.next(), producer.as_mut(), consumer.as_mut())?;
        if number.is_multiple_of(RECORDS_PER_LINE) {
            let elapsed_ms = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX) as f64 / 1_000.0 / 1_000.0;
            writeln!(context.stdout, "{number}\t{}", java::double_text(elapsed_ms))?;
            context.stdout.flush()?;
        }
        latencies.push(elapsed);
    }
    print_summary(context, &mut latencies)?;
    let positions: Vec<_> =
        consumer.positions().into_iter().map(|(key, committed)| (key, committed.offset)).collect();
    admin.alter_group_offsets(&group, &positions).map_err(failed)?;
    Ok(Status::SUCCESS)
}

fn create(context: &mut Context, admin: &dyn client::Admin, topic: &str) -> Result<(), Failure> {
    context.note(&format!(
        "Topic \"{topic}\" does not exist. Will create topic with 1 partition(s) and replication factor = 1"
    ))?;
    let new = NewTopic {
        name: topic.to_owned(),
        partitions: Some(1),
        replication_factor: Some(1),
        ..NewTopic::default()
    };
    match admin.create_topic(&new) {
        Ok(_) => Ok(()),
        Err(error) => {
            context.note(&format!("Creation of topic {topic} failed"))?;
            let text = format!("java.util.concurrent.ExecutionException: {}: {error}", error.java_class());
            Err(failed(error).kafka_says(Stream::Stderr, text, Status::FAILURE))
        }
    }
}

/// Reads what comes from now on, in no group: the offsets are committed in the end, in the name of one.
fn consumer(connection: &Connection, request: &Request) -> Result<Box<dyn Consumer>, Failure> {
    let mut settings = request.settings.clone();
    settings.set("auto.offset.reset", "latest");
    settings.set("enable.auto.commit", "false");
    let config = consumer_config(Subscription::Topic(request.topic.clone()), None, &settings);
    connection.consumer(config.map_err(invalid)?).map_err(failed)
}

fn producer(
    context: &Context,
    connection: &Connection,
    request: &Request,
) -> Result<Box<dyn Producer>, Failure> {
    let mut settings = request.settings.clone();
    settings.set("acks", request.acks.as_str());
    settings.set("linger.ms", "0");
    settings.set("max.block.ms", i64::MAX.to_string());
    let config = producer_config(context.register, &settings).map_err(invalid)?;
    connection.producer(&request.topic, config).map_err(failed)
}

/// An exception that the tool prints with its stack.
fn failed(error: client::Error) -> Failure {
    let failure = Failure::with_blank(error.message);
    match error.hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

fn invalid(error: InvalidSetting) -> Failure {
    Failure::with_blank(error.to_string())
}

/// How long the record takes.
fn round_trip(
    parts: &Parts,
    producer: &mut dyn Producer,
    consumer: &mut dyn Consumer,
) -> Result<Duration, Failure> {
    let headers: Vec<Header<'_>> =
        parts.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() }).collect();
    let record = ProducerRecord {
        key: Some(&parts.key),
        value: Some(&parts.value),
        headers: &headers,
        ..ProducerRecord::default()
    };
    let mut count = 0;
    let mut other = None;
    let begun = Instant::now();
    producer.send(&record).map_err(failed)?;
    producer.flush().map_err(failed)?;
    let polled = consumer.poll(Some(POLL_TIMEOUT), &mut |read: &ConsumerRecord<'_>| {
        count += 1;
        if count == 1 && !is_same(parts, read) {
            other = Some(String::from_utf8_lossy(read.record.value.unwrap_or_default()).into_owned());
        }
        ControlFlow::Continue(())
    });
    let elapsed = begun.elapsed();
    polled.map_err(failed)?;
    match (count, other) {
        (0, _) => Err(Failure::with_blank(format!(
            "poll() timed out before finding a result (timeout:[{}ms])",
            POLL_TIMEOUT.as_millis()
        ))),
        (_, Some(read)) => Err(Failure::with_blank(format!(
            "The message value read [{read}] did not match the message value sent [{}]",
            String::from_utf8_lossy(&parts.value)
        ))),
        (1, None) => Ok(elapsed),
        (count, None) => Err(Failure::with_blank(format!(
            "Only one result was expected during this test. We found [{count}]"
        ))),
    }
}

fn is_same(parts: &Parts, read: &ConsumerRecord<'_>) -> bool {
    let headers = parts.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() });
    read.record.key == Some(&parts.key)
        && read.record.value == Some(&parts.value)
        && read.record.headers.iter().eq(headers)
}

fn print_summary(context: &mut Context, latencies: &mut [Duration]) -> Result<(), Failure> {
    let total_ms: f64 = latencies.iter().map(|latency| latency.as_secs_f64() * 1_000.0).sum();
    writeln!(context.stdout, "Avg latency: {:.4} ms", total_ms / latencies.len() as f64)?;
    latencies.sort_unstable();
    let percentile =
        |per_mille: usize| latencies.get(latencies.len() * per_mille / 1_000).map_or(0, Duration::as_millis);
    let [p50, p99, p999] = [500, 990, 999].map(percentile);
    writeln!(context.stdout, "Percentiles: 50th = {p50}, 99th = {p99}, 99.9th = {p999}")?;
    Ok(())
}
