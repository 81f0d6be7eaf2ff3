//! The engine's ways as a whole, without the command line: what is sent is read, by others and after a crash.

use super::Cluster;
use crate::client::{
    Acks, Codec, Consumer, ConsumerConfig, ConsumerRecord, GroupProtocol, Handler, NewTopic, OffsetReset,
    OffsetSpec, Partitioner, Polled, ProducerConfig, ProducerRecord, Subscription, TRANSACTION_TIMEOUT_MS,
};
use crate::disk;
use crate::record::{BatchBuilder, Compression, ProducerStamp};
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, TimestampMs, TopicPartition};
use std::ops::ControlFlow;
use std::time::Duration;

pub(super) fn producer_config(acks: Acks) -> ProducerConfig {
    ProducerConfig {
        acks,
        codec: Codec::None,
        partitioner: Partitioner::Rotation,
        ignore_keys: false,
        batch_size_bytes: None,
        max_request_size_bytes: 1 << 20,
        idempotent: false,
        transactional_id: None,
        transaction_timeout_ms: TRANSACTION_TIMEOUT_MS,
        receipts: false,
    }
}

pub(super) fn consumer_config(topic: &str, read_committed: bool) -> ConsumerConfig {
    ConsumerConfig {
        subscription: Subscription::Topic(topic.to_owned()),
        group: None,
        group_is_made_up: false,
        client_id: "test".to_owned(),
        instance_id: None,
        offset_reset: OffsetReset::Earliest,
        start: None,
        until: None,
        skip_damaged: false,
        auto_commit: None,
        read_committed,
        create_topics: true,
        session_timeout_ms: 45_000,
        rebalance_timeout_ms: 300_000,
        heartbeat_interval_ms: 3_000,
        assignors: vec!["range".to_owned()],
        protocol: GroupProtocol::Classic,
    }
}

fn consumer(cluster: &Cluster, topic: &str, read_committed: bool) -> Box<dyn Consumer> {
    cluster.consumer(consumer_config(topic, read_committed)).unwrap()
}

pub(super) fn read_all(cluster: &Cluster, topic: &str) -> Vec<String> {
    values(consumer(cluster, topic, false).as_mut())
}

/// Everything that there is to be read by one who reads committed records.
pub(super) fn read_committed(cluster: &Cluster, topic: &str) -> Vec<String> {
    values(consumer(cluster, topic, true).as_mut())
}

fn values(consumer: &mut dyn Consumer) -> Vec<String> {
    let mut values = Vec::new();
    loop {
        let mut sink = |record: &crate::client::ConsumerRecord<'_>| {
            values.push(String::from_utf8_lossy(record.record.value.unwrap()).into_owned());
            ControlFlow::Continue(())
        };
        if consumer.poll(Some(Duration::ZERO), &mut sink).unwrap() == Polled::TimedOut {
            return values;
        }
    }
}

pub(super) fn send(cluster: &Cluster, topic: &str, acks: Acks, values: &[&str]) {
    let mut producer = cluster.producer(topic, producer_config(acks)).unwrap();
    for value in values {
        producer
            .send(&ProducerRecord { value: Some(value.as_bytes()), ..ProducerRecord::default() })
            .unwrap();
    }
    producer.flush().unwrap();
}

#[test]
fn what_is_sent_is_read_by_whoever_opens_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    for acks in [Acks::All, Acks::Leader, Acks::None] {
        send(&cluster, "demo", acks, &["one", "two"]);
    }
    let other = Cluster::open(dir.path()).unwrap();
    assert_eq!(read_all(&other, "demo"), ["one", "two", "one", "two", "one", "two"]);
}

#[test]
fn records_without_a_key_go_in_rotation_across_runs() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let topic = NewTopic { name: "turns".into(), partitions: Some(3), ..NewTopic::default() };
    cluster.admin().create_topic(&topic).unwrap();
    for value in ["a", "b", "c", "d", "e"] {
        send(&cluster, "turns", Acks::All, &[value]);
    }
    let end = |partition| {
        (TopicPartition { topic: "turns".into(), partition: PartitionId(partition) }, OffsetSpec::Latest)
    };
    let ends = cluster.admin().list_offsets(&[end(0), end(1), end(2)]);
    let ends: Vec<Offset> = ends.into_iter().map(|end| end.unwrap().offset.unwrap()).collect();
    assert_eq!(ends, [Offset::new(2), Offset::new(2), Offset::new(1)]);
}

#[test]
fn without_the_shared_state_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    send(&Cluster::open(dir.path()).unwrap(), "demo", Acks::All, &["one", "two"]);
    std::fs::remove_dir_all(dir.path().join(".kt")).unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    assert_eq!(read_all(&cluster, "demo"), ["one", "two"]);
    std::fs::remove_dir_all(dir.path().join(".kt")).unwrap();
    send(&Cluster::open(dir.path()).unwrap(), "demo", Acks::All, &["three"]);
    assert_eq!(read_all(&Cluster::open(dir.path()).unwrap(), "demo"), ["one", "two", "three"]);
}

#[test]
fn a_deleted_topic_takes_its_records_with_it_and_its_producer_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["old"]);
    let mut late = Cluster::open(dir.path()).unwrap().producer("demo", producer_config(Acks::All)).unwrap();
    cluster.admin().delete_topic("demo").unwrap();
    late.send(&ProducerRecord { value: Some(b"late"), ..ProducerRecord::default() }).unwrap();
    assert!(late.flush().is_err());
    send(&cluster, "demo", Acks::All, &["new"]);
    assert_eq!(read_all(&cluster, "demo"), ["new"]);
    assert!(cluster.admin().delete_topic("missing").is_err());
}

#[test]
fn two_first_uses_at_once_end_with_one_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fresh");
    let ids: Vec<String> = std::thread::scope(|scope| {
        let open =
            || scope.spawn(|| Cluster::open(&path).unwrap().admin().describe_cluster().unwrap().cluster_id);
        let threads: Vec<_> = (0..8).map(|_| open()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[test]
fn a_snapshot_gives_the_same_metadata_as_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    for number in 0..3 {
        let topic = NewTopic { name: format!("t{number}"), partitions: Some(2), ..NewTopic::default() };
        cluster.admin().create_topic(&topic).unwrap();
    }
    cluster.write_metadata_snapshot().unwrap();
    cluster.admin().delete_topic("t1").unwrap();
    let names = |cluster: &Cluster| -> Vec<String> {
        cluster.admin().list_topics().unwrap().into_iter().map(|topic| topic.name).collect()
    };
    assert_eq!(names(&Cluster::open(dir.path()).unwrap()), ["t0", "t2"]);
    let snapshots = std::fs::read_dir(dir.path().join("broker-1/__cluster_metadata-0")).unwrap();
    assert!(snapshots.flatten().any(|entry| entry.path().extension().is_some_and(|e| e == "checkpoint")));
}

#[test]
fn a_partition_that_a_full_disk_left_half_made_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    cluster.admin().create_topic(&NewTopic { name: "demo".into(), ..NewTopic::default() }).unwrap();
    let partition = dir.path().join("broker-1/demo-0");
    std::fs::remove_file(partition.join("partition.metadata")).unwrap();
    std::fs::remove_file(partition.join("leader-epoch-checkpoint")).unwrap();
    send(&cluster, "demo", Acks::All, &["one"]);
    assert_eq!(read_all(&cluster, "demo"), ["one"]);
    assert!(partition.join("partition.metadata").exists());
    assert!(partition.join("leader-epoch-checkpoint").exists());
}

/// The checkpoints of a deleted topic said that offset 100 was durable; of its successor of the same name the last
/// batch, torn by a crash, was then taken for damage.
#[test]
fn a_topic_made_anew_has_nothing_to_do_with_its_predecessor() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["old"; 100]);
    let points = dir.path().join("broker-1/recovery-point-offset-checkpoint");
    assert!(std::fs::read_to_string(&points).unwrap().contains("demo 0 100"));
    cluster.admin().delete_topic("demo").unwrap();
    assert!(!std::fs::read_to_string(&points).unwrap().contains("demo"));
    send(&cluster, "demo", Acks::All, &["one"]);
    send(&cluster, "demo", Acks::All, &["two"]);
    let log = dir.path().join("broker-1/demo-0/00000000000000000000.log");
    let length = std::fs::metadata(&log).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length - 3).unwrap();
    std::fs::remove_dir_all(dir.path().join(".kt")).unwrap();
    assert_eq!(read_all(&Cluster::open(dir.path()).unwrap(), "demo"), ["one"]);
}

/// A log that had been cut at the end of a batch looked like one that had never been longer.
#[test]
fn a_log_that_has_become_shorter_is_not_taken_for_whole() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["one"]);
    let log = dir.path().join("broker-1/demo-0/00000000000000000000.log");
    let length = std::fs::metadata(&log).unwrap().len();
    send(&cluster, "demo", Acks::All, &["two"]);
    std::fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length).unwrap();
    let mut late = Cluster::open(dir.path()).unwrap().producer("demo", producer_config(Acks::All)).unwrap();
    late.send(&ProducerRecord { value: Some(b"late"), ..ProducerRecord::default() }).unwrap();
    let refused = late.flush().unwrap_err().to_string();
    assert!(
        refused.contains("00000000000000000000.log is damaged at position") && refused.contains("(offset 1)")
    );
    let mut consumer = consumer(&cluster, "demo", false);
    let mut seen = 0;
    let mut count = |_: &crate::client::ConsumerRecord<'_>| {
        seen += 1;
        ControlFlow::Continue(())
    };
    assert_eq!(consumer.poll(Some(Duration::ZERO), &mut count).unwrap(), Polled::Records);
    assert!(consumer.poll(Some(Duration::ZERO), &mut count).is_err());
    assert_eq!(seen, 1);
}

/// Takes so many records.
struct Basket(usize);

impl Handler for Basket {
    fn record(&mut self, _record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        self.0 -= 1;
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_full(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn who_is_full_is_handed_nothing_and_positions_stand_behind_what_was_handed_over() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["a", "b", "c"]);
    let mut consumer = consumer(&cluster, "demo", false);
    let mut position = |room: usize, polled: Polled| {
        assert_eq!(consumer.poll(Some(Duration::ZERO), &mut Basket(room)).unwrap(), polled);
        consumer.positions().iter().map(|(_, committed)| committed.offset.get()).collect::<Vec<i64>>()
    };
    assert_eq!(position(0, Polled::TimedOut), [0]);
    assert_eq!(position(2, Polled::Records), [2]);
    assert_eq!(position(0, Polled::TimedOut), [2]);
    assert_eq!(position(9, Polled::Records), [3]);
}

#[test]
fn a_producer_that_is_asked_to_keeps_receipts() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(directory.path()).unwrap();
    let config = ProducerConfig {
        receipts: true,
        batch_size_bytes: Some(1),
        max_request_size_bytes: 300,
        ..producer_config(Acks::All)
    };
    let mut producer = cluster.producer("t", config).unwrap();
    let mut receipts = Vec::new();
    for value in [&b"a"[..], &[b'x'; 400], b"c"] {
        let record = ProducerRecord { value: Some(value), ..ProducerRecord::default() };
        assert_eq!(producer.send(&record).is_err(), value.len() == 400);
    }
    producer.flush().unwrap();
    producer.take_receipts(&mut receipts);
    let places: Vec<(u64, Offset)> =
        receipts.iter().map(|receipt| (receipt.number, receipt.outcome.as_ref().unwrap().1)).collect();
    assert_eq!(places, [(0, Offset::ZERO), (2, Offset::new(1))]);
    receipts.clear();
    producer.take_receipts(&mut receipts);
    assert!(receipts.is_empty(), "each is given once");
}

#[test]
fn a_log_whose_oldest_records_are_deleted_begins_later_for_whoever_opens_it() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["a", "b", "c", "d"]);
    let key = TopicPartition { topic: "demo".into(), partition: PartitionId(0) };
    let delete = |before| cluster.admin().delete_records(&key, Offset::new(before));
    assert_eq!(delete(2).unwrap(), Offset::new(2));
    assert_eq!(delete(1).unwrap(), Offset::new(2), "what is gone is gone");
    for bad in [5, -2] {
        assert_eq!(delete(bad).unwrap_err().code, ErrorCode::OffsetOutOfRange);
    }
    assert_eq!(read_all(&Cluster::open(dir.path()).unwrap(), "demo"), ["c", "d"]);
    assert_eq!(delete(-1).unwrap(), Offset::new(4));
    std::fs::remove_dir_all(dir.path().join(".kt")).unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    assert!(read_all(&cluster, "demo").is_empty());
    send(&cluster, "demo", Acks::All, &["e"]);
    assert_eq!(read_all(&cluster, "demo"), ["e"]);
    let found = cluster.admin().list_offsets(&[(key.clone(), OffsetSpec::Earliest)]).remove(0);
    assert_eq!(found.unwrap().offset, Some(Offset::new(4)));
    let state = TopicPartition { topic: "__consumer_offsets".into(), ..key };
    assert_eq!(
        cluster.admin().delete_records(&state, Offset::ZERO).unwrap_err().code,
        ErrorCode::InvalidTopic
    );
}

fn batch(producer_id: i64) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.append(TimestampMs(7), None, Some(b"value"), &[]);
    let stamp = ProducerStamp { producer_id, epoch: 0, base_sequence: 0, transactional: false };
    builder.finish(&stamp).unwrap().to_vec()
}

/// What a process appends and leaves before it is synced is in the log, and a broker that finds the directory sealed takes
/// all of that for durable.
#[test]
fn a_directory_is_sealed_over_synced_records_only() {
    let dir = tempfile::tempdir().unwrap();
    let sealed = || dir.path().join("broker-1/.kafka_cleanshutdown").exists();
    send(&Cluster::open(dir.path()).unwrap(), "demo", Acks::All, &["one"]);
    assert!(sealed());
    let append = |fails: bool| {
        let cluster = Cluster::open(dir.path()).unwrap();
        let topic = cluster.open_topic("demo").unwrap().unwrap();
        let mut partition = cluster.partition(&topic, PartitionId(0)).unwrap();
        let mut locked = partition.lock().unwrap();
        locked.append(&mut batch(-1), LeaderEpoch(0)).unwrap();
        if fails {
            disk::kill_after(0);
            assert!(locked.sync_and_publish().is_err());
            assert!(disk::disarm());
        }
    };
    append(false);
    assert!(sealed());
    assert_eq!(read_all(&Cluster::open(dir.path()).unwrap(), "demo"), ["one", "value"]);
    append(true);
    assert!(!sealed(), "a sync failed");
}

/// Who appended the first batch of a producer may die before the snapshot of it.
#[test]
fn what_a_dead_process_wrote_gets_the_snapshot_that_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["one"]);
    let snapshot = dir.path().join("broker-1/demo-0/00000000000000000002.snapshot");
    let topic = cluster.open_topic("demo").unwrap().unwrap();
    let mut partition = cluster.partition(&topic, PartitionId(0)).unwrap();
    partition.settle_durably().unwrap();
    assert!(!snapshot.exists(), "there is nothing to be said");
    partition.lock().unwrap().append(&mut batch(7), LeaderEpoch(0)).unwrap();
    std::fs::remove_file(&snapshot).unwrap();
    partition.settle_durably().unwrap();
    assert!(snapshot.exists());
}
