//! Records through `kt serve`: a client that sends and fetches batches over a connection, beside a process that does no more
//! with the same bytes than write them to a file, or read them from it.

use crate::measure::{self, Paired, in_turns, megabytes_per_second, pair_count, quantile, timed};
use crate::report::Report;
use crate::serving::{Connection, Server};
use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchRequest, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_protocol::messages::{FetchResponse, ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// As many requests are under way as the Java producer keeps.
const IN_FLIGHT: usize = 5;
const BATCH_BYTES: usize = 16 * 1024;
const TOTAL_BYTES: u64 = 512 << 20;
const FETCH_BYTES: i32 = 1 << 20;
const LATENCIES: usize = 500;
const PRODUCE: i16 = 9;
const FETCH: i16 = 12;

pub(crate) fn bench_produce(report: &mut Report) {
    for record_bytes in [100, 1000] {
        for (acks, name) in [(1, "1"), (-1, "all")] {
            let batch = batch(record_bytes);
            let paired = produce(acks, &batch);
            let speeds = [paired.kt, paired.peer].map(|time| megabytes_per_second(TOTAL_BYTES, time));
            let records = (TOTAL_BYTES / batch.len() as u64 * records_of(record_bytes)) as f64;
            let detail = format!(
                "a write to a file: {:.0} beside {:.0} MB/s, {:.2} million records/s",
                speeds[0],
                speeds[1],
                records / paired.kt.as_secs_f64() / 1e6
            );
            report.ratio(&format!("produce {record_bytes} B, acks {name}"), paired.ratio, None, &detail);
        }
    }
    latency(report);
}

pub(crate) fn bench_fetch(report: &mut Report) {
    let server = Server::start("t", 1);
    send_all(&server, 1, &batch(100), TOTAL_BYTES);
    let log = server.data().join("broker-1/t-0/00000000000000000000.log");
    let paired = in_turns(pair_count(), || timed(|| read_file(&log)), || timed(|| fetch_all(&server)));
    let speeds = [paired.kt, paired.peer].map(|time| megabytes_per_second(TOTAL_BYTES, time));
    let detail = format!("a read of the file: {:.0} beside {:.0} MB/s", speeds[0], speeds[1]);
    report.ratio("fetch 100 B", paired.ratio, None, &detail);
}

fn records_of(record_bytes: usize) -> u64 {
    (BATCH_BYTES / (record_bytes + 10)) as u64
}

/// A batch as a producer makes it of records of this size.
fn batch(record_bytes: usize) -> Bytes {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let records: Vec<Record> = (0..records_of(record_bytes))
        .map(|place| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: TimestampType::Creation,
            offset: place as i64,
            sequence: place as i32,
            timestamp: now,
            key: None,
            value: Some(Bytes::from(vec![b'v'; record_bytes])),
            headers: IndexMap::default(),
        })
        .collect();
    let mut bytes = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
    bytes.freeze()
}

fn produce_frame(connection: &mut Connection, acks: i16, batch: &Bytes) -> Vec<u8> {
    let data = PartitionProduceData::default().with_records(Some(batch.clone()));
    let topic = TopicProduceData::default()
        .with_name(TopicName(StrBytes::from_static_str("t")))
        .with_partition_data(vec![data]);
    let request =
        ProduceRequest::default().with_acks(acks).with_timeout_ms(30_000).with_topic_data(vec![topic]);
    connection.frame(PRODUCE, &request)
}

fn check(connection: &mut Connection) {
    let answer: ProduceResponse = connection.receive(PRODUCE);
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
}

fn produce(acks: i16, batch: &Bytes) -> Paired {
    let temporary = tempfile::tempdir().unwrap();
    in_turns(
        pair_count(),
        || write_file(&temporary.path().join("file"), batch, acks == -1),
        || {
            let server = Server::start("t", 1);
            timed(|| send_all(&server, acks, batch, TOTAL_BYTES))
        },
    )
}

fn send_all(server: &Server, acks: i16, batch: &Bytes, total: u64) {
    let mut connection = server.connect();
    let frame = produce_frame(&mut connection, acks, batch);
    let count = total as usize / batch.len();
    for sent in 0..count {
        if sent >= IN_FLIGHT {
            check(&mut connection);
        }
        connection.stream.write_all(&frame).unwrap();
    }
    (0..IN_FLIGHT.min(count)).for_each(|_| check(&mut connection));
}

fn write_file(path: &Path, batch: &Bytes, sync: bool) -> Duration {
    let mut file = File::create(path).unwrap();
    timed(|| {
        for _ in 0..TOTAL_BYTES as usize / batch.len() {
            file.write_all(batch).unwrap();
        }
        if sync {
            file.sync_data().unwrap();
        }
    })
}

fn read_file(path: &Path) {
    let (mut file, mut buffer) = (File::open(path).unwrap(), vec![0; FETCH_BYTES as usize]);
    while file.read(&mut buffer).unwrap() > 0 {}
}

fn fetch_request(offset: i64, wait_ms: i32) -> FetchRequest {
    let partition = FetchPartition::default().with_fetch_offset(offset).with_partition_max_bytes(FETCH_BYTES);
    let topic = FetchTopic::default()
        .with_topic(TopicName(StrBytes::from_static_str("t")))
        .with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(50 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// The offset behind the last batch of an answer.
fn end_of(answer: &FetchResponse, from: i64) -> i64 {
    let records = answer.responses[0].partitions[0].records.as_ref().unwrap();
    let mut next = from;
    let mut rest = &records[..];
    while rest.len() > 27 {
        let base = i64::from_be_bytes(rest[..8].try_into().unwrap());
        let length = i32::from_be_bytes(rest[8..12].try_into().unwrap());
        let last_delta = i32::from_be_bytes(rest[23..27].try_into().unwrap());
        next = base + i64::from(last_delta) + 1;
        rest = &rest[12 + length as usize..];
    }
    next
}

fn fetch_all(server: &Server) {
    let mut connection = server.connect();
    let mut next = 0;
    loop {
        let frame = connection.frame(FETCH, &fetch_request(next, 0));
        connection.stream.write_all(&frame).unwrap();
        let answer: FetchResponse = connection.receive(FETCH);
        let end = end_of(&answer, next);
        if end == next {
            return;
        }
        next = end;
    }
}

/// One record at a time: until it is acknowledged, and until somebody who waits for it has it.
fn latency(report: &mut Report) {
    let server = Server::start("t", 1);
    let (mut producer, mut consumer) = (server.connect(), server.connect());
    let batch = batch(15_000);
    let mut next = 0;
    for (acks, name) in [(1, "1"), (-1, "all")] {
        let frame = produce_frame(&mut producer, acks, &batch);
        let (mut acknowledged, mut arrived) = (Vec::new(), Vec::new());
        for _ in 0..LATENCIES {
            let waiting = consumer.frame(FETCH, &fetch_request(next, 30_000));
            consumer.stream.write_all(&waiting).unwrap();
            // It waits by then.
            std::thread::sleep(Duration::from_millis(1));
            let start = Instant::now();
            producer.stream.write_all(&frame).unwrap();
            check(&mut producer);
            acknowledged.push(start.elapsed().as_secs_f64() * 1000.0);
            let answer: FetchResponse = consumer.receive(FETCH);
            arrived.push(start.elapsed().as_secs_f64() * 1000.0);
            next = end_of(&answer, next);
        }
        for (what, times) in [("acknowledged", acknowledged), ("at a consumer", arrived)] {
            let detail = format!("p99 {:.2} ms", quantile(times.clone(), 0.99));
            report.limit(&format!("{what}, acks {name}, p50"), quantile(times, 0.5), "ms", None, &detail);
        }
    }
    let temporary = tempfile::tempdir().unwrap();
    let mut file = File::create(temporary.path().join("file")).unwrap();
    let synced = (0..LATENCIES).map(|_| {
        let time = measure::timed(|| {
            file.write_all(&batch).unwrap();
            file.sync_data().unwrap();
        });
        time.as_secs_f64() * 1000.0
    });
    let synced: Vec<f64> = synced.collect();
    let detail = format!("p99 {:.2} ms", quantile(synced.clone(), 0.99));
    report.limit("  a write and a sync alone, p50", quantile(synced, 0.5), "ms", None, &detail);
}
