//! The data path as a whole, beside other processes on the same directory.

use super::*;
use crate::client::{Acks, NewTopic};
use crate::local::Cluster;
use crate::local::tests::{producer_config, read_all, send};
use crate::record::{BatchBuilder, BatchHeader, Compression, ProducerStamp};
use crate::types::{ErrorCode, Offset, PartitionId, TimestampMs, now_ms};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

const P0: PartitionId = PartitionId(0);
const LONG: Duration = Duration::from_secs(60);

fn batch_of(stamp: &ProducerStamp, values: &[&str]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    let now = now_ms();
    values.iter().for_each(|value| builder.append(now, None, Some(value.as_bytes()), &[]));
    builder.finish(stamp).unwrap().to_vec()
}

fn plain(values: &[&str]) -> Vec<u8> {
    batch_of(&ProducerStamp::NONE, values)
}

fn counted(base_sequence: i32, epoch: i16, values: &[&str]) -> Vec<u8> {
    batch_of(&ProducerStamp { producer_id: 5, epoch, base_sequence, transactional: false }, values)
}

struct Server {
    _dir: tempfile::TempDir,
    cluster: Cluster,
    logs: RawLogs,
}

impl Server {
    fn new(topic: &str, partitions: i32) -> Server {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::open(dir.path()).unwrap();
        let topic = NewTopic { name: topic.into(), partitions: Some(partitions), ..NewTopic::default() };
        cluster.admin().create_topic(&topic).unwrap();
        let logs = RawLogs::new(&cluster);
        Server { _dir: dir, cluster, logs }
    }

    fn another_process(&self) -> Cluster {
        Cluster::open(self._dir.path()).unwrap()
    }

    fn written(&self, batch: &[u8]) -> Result<i64, ErrorCode> {
        let topic = self.logs.topic("demo").unwrap();
        let stored = self.logs.append(&topic, P0, batch, When::Written, None);
        stored.map(|stored| stored.base_offset.get()).map_err(|refusal| refusal.code)
    }

    fn durable(&self, partition: PartitionId, batch: &[u8]) -> (i64, Receiver<bool>) {
        let topic = self.logs.topic("demo").unwrap();
        let (tell, told) = mpsc::channel();
        let done: Done = Box::new(move |outcome| tell.send(outcome.is_ok()).unwrap());
        let stored = self.logs.append(&topic, partition, batch, When::Durable(done), None).unwrap();
        (stored.base_offset.get(), told)
    }

    fn fetch(&self, offset: i64, bytes_max: usize, isolation: Isolation) -> crate::client::Result<Fetched> {
        let wanted = Wanted { offset: Offset::new(offset), bytes_max, at_least_one: true, isolation };
        self.logs.read(&self.logs.topic("demo").unwrap(), P0, &wanted)
    }

    /// The first and last offsets of the batches that a fetch brings.
    fn batches(&self, offset: i64, bytes_max: usize) -> Vec<(i64, i64)> {
        spans(&self.fetch(offset, bytes_max, Isolation::ReadUncommitted).unwrap())
    }
}

fn spans(fetched: &Fetched) -> Vec<(i64, i64)> {
    let chunk = crate::log::Chunk { bytes: fetched.records.as_ref() };
    let headers = chunk.batches().map(|batch| batch.unwrap().0);
    headers.map(|header| (header.base_offset().get(), header.last_offset().get())).collect()
}

#[test]
fn what_is_appended_is_fetched_as_it_was_and_by_shell_commands_too() {
    let server = Server::new("demo", 1);
    assert_eq!(server.written(&plain(&["one", "two"])), Ok(0));
    let (offset, told) = server.durable(P0, &plain(&["three"]));
    assert_eq!((offset, told.recv_timeout(LONG)), (2, Ok(true)));
    send(&server.another_process(), "demo", Acks::All, &["four"]);
    assert_eq!(server.written(&plain(&["five"])), Ok(4));
    assert_eq!(server.batches(0, 1 << 20), [(0, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(server.batches(1, 1 << 20), [(0, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(server.batches(4, 1 << 20), [(4, 4)]);
    assert_eq!(server.batches(5, 1 << 20), []);
    assert_eq!(read_all(&server.another_process(), "demo"), ["one", "two", "three", "four", "five"]);
    for outside in [-1, 6] {
        let error = server.fetch(outside, 100, Isolation::ReadUncommitted).unwrap_err();
        assert_eq!(error.code, ErrorCode::OffsetOutOfRange, "{outside}");
    }
}

#[test]
fn a_fetch_keeps_to_its_limit_but_for_a_first_batch_that_is_larger() {
    let server = Server::new("demo", 1);
    let value = "v".repeat(1000);
    (0..6).for_each(|_| assert!(server.written(&plain(&[&value])).is_ok()));
    assert_eq!(server.batches(0, 2300), [(0, 0), (1, 1)]);
    assert_eq!(server.batches(2, 10), [(2, 2)]);
    let topic = server.logs.topic("demo").unwrap();
    let wanted = Wanted {
        offset: Offset::new(2),
        bytes_max: 10,
        at_least_one: false,
        isolation: Isolation::ReadUncommitted,
    };
    assert_eq!(server.logs.read(&topic, P0, &wanted).unwrap().records.as_ref(), b"");
    // The reader that went too far is not used for what comes next.
    assert_eq!(server.batches(2, 2300), [(2, 2), (3, 3)]);
    assert_eq!(server.batches(4, 1 << 20), [(4, 4), (5, 5)]);
}

#[test]
fn a_batch_that_comes_again_keeps_its_place_whoever_wrote_in_between() {
    let server = Server::new("demo", 1);
    assert_eq!(server.written(&counted(0, 0, &["a", "b"])), Ok(0));
    send(&server.another_process(), "demo", Acks::All, &["other"]);
    assert_eq!(server.written(&counted(2, 0, &["c"])), Ok(3));
    assert_eq!(server.written(&counted(0, 0, &["a", "b"])), Ok(0));
    let (offset, told) = server.durable(P0, &counted(2, 0, &["c"]));
    assert_eq!((offset, told.recv_timeout(LONG)), (3, Ok(true)));
    assert_eq!(server.written(&counted(4, 0, &["gap"])), Err(ErrorCode::OutOfOrderSequence));
    // Another server takes over where this one was.
    let other = RawLogs::new(&server.another_process());
    let topic = other.topic("demo").unwrap();
    let again = other.append(&topic, P0, &counted(2, 0, &["c"]), When::Written, None).unwrap();
    assert_eq!(again.base_offset, Offset::new(3));
    let next = other.append(&topic, P0, &counted(3, 0, &["d"]), When::Written, None).unwrap();
    assert_eq!(next.base_offset, Offset::new(4));
    assert_eq!(server.written(&counted(3, 0, &["d"])), Ok(4));
    assert_eq!(server.written(&counted(0, 1, &["new epoch"])), Ok(5));
    assert_eq!(server.written(&counted(4, 0, &["e"])), Err(ErrorCode::InvalidProducerEpoch));
    assert_eq!(read_all(&server.cluster, "demo").len(), 6);
}

#[test]
fn transactions_hold_back_who_reads_committed_and_aborted_ones_are_named() {
    use crate::client::{ProducerConfig, ProducerRecord};
    let server = Server::new("demo", 1);
    let config = ProducerConfig { transactional_id: Some("tx".into()), ..producer_config(Acks::All) };
    let other = server.another_process();
    let mut producer = other.transactional_producer("demo", config).unwrap();
    assert_eq!(server.written(&plain(&["before"])), Ok(0));
    for commit in [false, true] {
        producer.begin_transaction().unwrap();
        producer.send(&ProducerRecord { value: Some(b"x"), ..ProducerRecord::default() }).unwrap();
        producer.flush().unwrap();
        let first =
            server.fetch(0, 1 << 20, Isolation::ReadUncommitted).unwrap().extent.high_watermark.get() - 1;
        assert!(server.written(&plain(&["between"])).is_ok());
        let fetched = server.fetch(0, 1 << 20, Isolation::ReadCommitted).unwrap();
        assert_eq!(fetched.extent.last_stable.get(), first);
        assert_eq!(spans(&fetched).last().unwrap().1, first - 1);
        if commit { producer.commit_transaction().unwrap() } else { producer.abort_transaction().unwrap() }
    }
    let fetched = server.fetch(0, 1 << 20, Isolation::ReadCommitted).unwrap();
    assert_eq!(fetched.extent.last_stable, fetched.extent.high_watermark);
    let aborted: Vec<(i64, i64)> =
        fetched.aborted.iter().map(|a| (a.first_offset.get(), a.last_offset.get())).collect();
    assert_eq!(aborted, [(1, 3)]);
    let behind = server.fetch(4, 1 << 20, Isolation::ReadCommitted).unwrap();
    assert!(behind.aborted.is_empty());
}

#[test]
fn a_transactional_batch_asks_the_gate_and_is_a_part_of_an_open_transaction_then() {
    let server = Server::new("demo", 1);
    let topic = server.logs.topic("demo").unwrap();
    let batch = |sequence, transactional| {
        batch_of(&ProducerStamp { producer_id: 9, epoch: 0, base_sequence: sequence, transactional }, &["v"])
    };
    let mut refuse = |_: &BatchHeader| Err(crate::client::Error::of(ErrorCode::InvalidTxnState));
    let refused = server.logs.append(&topic, P0, &batch(0, true), When::Written, Some(&mut refuse));
    assert_eq!(refused.unwrap_err().code, ErrorCode::InvalidTxnState);
    let mut asked = Vec::new();
    for sequence in 0..2 {
        let mut gate = |header: &BatchHeader| {
            asked.push(header.base_sequence());
            Ok(())
        };
        server.logs.append(&topic, P0, &batch(sequence, true), When::Written, Some(&mut gate)).unwrap();
    }
    assert_eq!(asked, [0, 1]);
    assert_eq!(server.written(&batch(2, false)), Err(ErrorCode::InvalidTxnState));
    assert_eq!(server.logs.extent(&topic, P0).unwrap().last_stable, Offset::ZERO);
}

#[test]
fn many_durable_batches_at_once_are_all_told_and_all_there() {
    let server = Server::new("demo", 3);
    let mut told = Vec::new();
    for round in 0..50 {
        for partition in 0..3 {
            let (offset, receiver) = server.durable(PartitionId(partition), &plain(&["v"]));
            assert_eq!(offset, round);
            told.push(receiver);
        }
    }
    told.iter().for_each(|told| assert_eq!(told.recv_timeout(LONG), Ok(true)));
    let topic = server.logs.topic("demo").unwrap();
    for partition in 0..3 {
        let extent = server.logs.extent(&topic, PartitionId(partition)).unwrap();
        assert_eq!(extent.high_watermark.get(), 50);
    }
}

#[test]
fn who_listens_hears_of_what_this_process_and_others_publish_and_of_the_end() {
    let server = Server::new("demo", 1);
    let topic = server.logs.topic("demo").unwrap();
    let (tell, told) = mpsc::channel();
    let ring: Ring = Arc::new(move || {
        let _ = tell.send(());
    });
    let bell = server.logs.listen(&topic, P0, ring).unwrap();
    let until = |end: i64| {
        while server.logs.extent(&topic, P0).unwrap().high_watermark.get() < end {
            told.recv_timeout(LONG).unwrap();
        }
    };
    server.written(&plain(&["one"])).unwrap();
    told.recv_timeout(LONG).unwrap();
    until(1);
    let other = server.another_process();
    let sender = std::thread::spawn(move || send(&other, "demo", Acks::All, &["two"]));
    until(2);
    sender.join().unwrap();
    let (_, durable) = server.durable(P0, &plain(&["three"]));
    until(3);
    durable.recv_timeout(LONG).unwrap();
    while told.try_recv().is_ok() {}
    server.another_process().admin().delete_topic("demo").unwrap();
    told.recv_timeout(LONG).unwrap();
    drop(bell);
    while told.try_recv().is_ok() {}
    assert!(told.recv_timeout(LONG).is_err(), "nobody rings any more");
}

#[test]
fn a_topic_that_was_deleted_and_made_again_begins_anew() {
    let server = Server::new("demo", 1);
    let old = server.logs.topic("demo").unwrap();
    server.written(&counted(0, 0, &["old"])).unwrap();
    let other = server.another_process();
    other.admin().delete_topic("demo").unwrap();
    let gone = server.logs.append(&old, P0, &plain(&["late"]), When::Written, None).unwrap_err();
    assert_eq!(gone.code, ErrorCode::UnknownTopicOrPartition);
    assert_eq!(server.logs.topic("demo").unwrap_err().code, ErrorCode::UnknownTopicOrPartition);
    assert_eq!(server.logs.topic_of(old.id()).unwrap_err().code, ErrorCode::UnknownTopicId);
    send(&other, "demo", Acks::All, &["new"]);
    assert_eq!(server.written(&counted(0, 0, &["newer"])), Ok(1));
    assert_eq!(server.logs.topic_of(server.logs.topic("demo").unwrap().id()).unwrap().name(), "demo");
    assert_eq!(read_all(&server.cluster, "demo"), ["new", "newer"]);
}

#[test]
fn more_partitions_than_there_is_room_for_take_turns() {
    let server = Server::new("demo", 40);
    let logs = RawLogs::with_room(&server.cluster, 16);
    let topic = logs.topic("demo").unwrap();
    for round in 0..3 {
        for partition in (0..40).map(PartitionId) {
            let stored =
                logs.append(&topic, partition, &counted(round, 0, &["v"]), When::Written, None).unwrap();
            assert_eq!(stored.base_offset.get(), i64::from(round));
        }
    }
    assert!(logs.append(&topic, PartitionId(40), &plain(&["v"]), When::Written, None).is_err());
}

#[test]
fn deleted_records_are_out_of_range_at_once() {
    use crate::types::TopicPartition;
    let server = Server::new("demo", 1);
    let topic = server.logs.topic("demo").unwrap();
    (0..5).for_each(|_| assert!(server.written(&plain(&["v"])).is_ok()));
    assert_eq!(server.logs.log_start(&topic, P0).unwrap(), Offset::ZERO);
    for start in 1..4 {
        let key = TopicPartition { topic: "demo".into(), partition: P0 };
        server.another_process().admin().delete_records(&key, Offset::new(start)).unwrap();
        assert_eq!(server.logs.log_start(&topic, P0).unwrap(), Offset::new(start));
        let below = server.fetch(start - 1, 100, Isolation::ReadUncommitted).unwrap_err();
        assert_eq!(below.code, ErrorCode::OffsetOutOfRange);
    }
}

#[test]
fn damage_is_an_error_of_that_partition_and_what_is_sound_before_it_is_read() {
    let server = Server::new("demo", 1);
    (0..3).for_each(|_| assert!(server.written(&plain(&["value"])).is_ok()));
    let path = server._dir.path().join("broker-1/demo-0/00000000000000000000.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(server.batches(0, 1 << 20), [(0, 0), (1, 1)]);
    let error = server.fetch(2, 1 << 20, Isolation::ReadUncommitted).unwrap_err();
    assert_eq!(error.code, ErrorCode::CorruptMessage);
}

#[test]
fn a_server_that_ends_leaves_the_directory_sealed() {
    let server = Server::new("demo", 1);
    let seal = server._dir.path().join("broker-1/.kafka_cleanshutdown");
    server.written(&counted(0, 0, &["one"])).unwrap();
    let (_, told) = server.durable(P0, &plain(&["two"]));
    told.recv_timeout(LONG).unwrap();
    server.written(&plain(&["three"])).unwrap();
    assert!(!seal.exists());
    let Server { _dir: dir, cluster, logs } = server;
    drop(cluster);
    drop(logs);
    assert!(seal.exists());
    assert_eq!(read_all(&Cluster::open(dir.path()).unwrap(), "demo"), ["one", "two", "three"]);
}

#[test]
fn times_are_as_the_topic_has_them() {
    let server = Server::new("demo", 1);
    let topic = server.logs.topic("demo").unwrap();
    let stored = server.logs.append(&topic, P0, &plain(&["v"]), When::Written, None).unwrap();
    assert_eq!(stored, Stored { base_offset: Offset::ZERO, append_time: None, log_start: Offset::ZERO });
    let mut builder = BatchBuilder::new(Compression::None);
    builder.append(TimestampMs(now_ms().0 + 7_200_000), None, Some(b"v"), &[]);
    let late = builder.finish(&ProducerStamp::NONE).unwrap().to_vec();
    assert_eq!(server.written(&late), Err(ErrorCode::InvalidTimestamp));
}
