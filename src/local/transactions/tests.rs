//! Transactions on a directory as a whole: what is read of them, what a killed producer leaves, and who is fenced.

use crate::client::{Acks, NewTopic, OffsetSpec, ProducerConfig, ProducerRecord, TransactionalProducer};
use crate::local::Cluster;
use crate::local::tests::{producer_config, read_all, read_committed, send};
use crate::log::{AbortedTransaction, aborted_since};
use crate::types::{ErrorCode, Offset, PartitionId, TopicPartition};
use std::path::Path;

pub(super) fn transactional(cluster: &Cluster, topic: &str, id: &str) -> Box<dyn TransactionalProducer> {
    let config = ProducerConfig { transactional_id: Some(id.to_owned()), ..producer_config(Acks::All) };
    cluster.transactional_producer(topic, config).unwrap()
}

pub(super) fn put(
    producer: &mut dyn TransactionalProducer,
    partition: i32,
    value: &str,
) -> crate::client::Result<()> {
    let partition = Some(PartitionId(partition));
    producer.send(&ProducerRecord { partition, value: Some(value.as_bytes()), ..ProducerRecord::default() })
}

fn end(cluster: &Cluster, topic: &str, partition: i32) -> i64 {
    let key = TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) };
    let found = cluster.admin().list_offsets(&[(key, OffsetSpec::Latest)]).remove(0);
    found.unwrap().offset.unwrap().get()
}

fn aborted(dir: &Path, partition: &str) -> Vec<AbortedTransaction> {
    aborted_since(&dir.join("broker-1").join(partition), Offset::ZERO).unwrap()
}

#[test]
fn committed_records_are_read_and_aborted_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["before"]);
    let mut producer = transactional(&cluster, "demo", "tx");
    for (value, commit) in [("a", true), ("b", false), ("c", true)] {
        producer.begin_transaction().unwrap();
        put(producer.as_mut(), 0, value).unwrap();
        producer.flush().unwrap();
        assert_ne!(read_committed(&cluster, "demo").last().map(String::as_str), Some(value));
        if commit { producer.commit_transaction().unwrap() } else { producer.abort_transaction().unwrap() }
    }
    // What never left the producer is as if it had never been.
    producer.begin_transaction().unwrap();
    put(producer.as_mut(), 0, "unsent").unwrap();
    producer.abort_transaction().unwrap();
    send(&cluster, "demo", Acks::All, &["after"]);
    let other = Cluster::open(dir.path()).unwrap();
    assert_eq!(read_committed(&other, "demo"), ["before", "a", "c", "after"]);
    assert_eq!(read_all(&other, "demo"), ["before", "a", "b", "c", "after"]);
    assert_eq!(end(&other, "demo", 0), 8, "each marker has an offset");
    let expected = AbortedTransaction {
        producer_id: 0,
        first_offset: Offset::new(3),
        last_offset: Offset::new(4),
        last_stable_offset: Offset::new(5),
    };
    assert_eq!(aborted(dir.path(), "demo-0"), [expected]);
}

#[test]
fn an_open_transaction_of_a_killed_producer_is_ended_by_the_next_of_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    cluster
        .admin()
        .create_topic(&NewTopic { name: "demo".into(), partitions: Some(2), ..NewTopic::default() })
        .unwrap();
    let mut killed = transactional(&cluster, "demo", "tx");
    killed.begin_transaction().unwrap();
    put(killed.as_mut(), 0, "lost").unwrap();
    put(killed.as_mut(), 1, "lost too").unwrap();
    killed.flush().unwrap();
    drop(killed);
    send(&cluster, "demo", Acks::All, &["x", "y", "z"]);
    assert!(read_committed(&cluster, "demo").is_empty(), "nothing behind an open transaction is stable");
    let mut bystander = transactional(&cluster, "demo", "another");
    bystander.begin_transaction().unwrap();
    put(bystander.as_mut(), 0, "bystander").unwrap();
    bystander.commit_transaction().unwrap();
    assert!(read_committed(&cluster, "demo").is_empty());
    drop(transactional(&Cluster::open(dir.path()).unwrap(), "demo", "tx"));
    let mut values = read_committed(&cluster, "demo");
    values.sort();
    assert_eq!(values, ["bystander", "x", "y", "z"]);
    assert_eq!((aborted(dir.path(), "demo-0").len(), aborted(dir.path(), "demo-1").len()), (1, 1));
}

#[test]
fn a_producer_that_was_replaced_is_fenced() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let mut old = transactional(&cluster, "demo", "tx");
    old.begin_transaction().unwrap();
    put(old.as_mut(), 0, "old").unwrap();
    old.flush().unwrap();
    let mut new = transactional(&Cluster::open(dir.path()).unwrap(), "demo", "tx");
    put(old.as_mut(), 0, "zombie").unwrap();
    assert_eq!(old.flush().unwrap_err().code, ErrorCode::ProducerFenced);
    assert!(old.is_fatal());
    assert!(old.commit_transaction().is_err());
    new.begin_transaction().unwrap();
    put(new.as_mut(), 0, "new").unwrap();
    new.commit_transaction().unwrap();
    assert_eq!(read_committed(&cluster, "demo"), ["new"]);
    assert_eq!(read_all(&cluster, "demo"), ["old", "new"]);
}

/// A process that dies between the decision and the markers leaves them to the next one.
#[test]
fn a_decided_end_is_completed_by_whoever_comes_next() {
    use super::log::{Sync, TransactionLog};
    use crate::txn::{self, Status};
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let mut producer = transactional(&cluster, "demo", "tx");
    producer.begin_transaction().unwrap();
    put(producer.as_mut(), 0, "decided").unwrap();
    producer.flush().unwrap();
    let mut log = TransactionLog::of(&cluster, "tx").unwrap();
    log.update("tx", Sync::Now, |known, now| {
        let prepared = txn::prepare(known, 0, 0, Status::PrepareCommit, None, now)?;
        Ok((Some(prepared), ()))
    })
    .unwrap();
    assert!(read_committed(&cluster, "demo").is_empty(), "its producer is about to do it");
    drop(producer);
    // A reader that is held up does it.
    assert_eq!(read_committed(&cluster, "demo"), ["decided"]);
    drop(transactional(&cluster, "demo", "tx"));
    assert_eq!(end(&cluster, "demo", 0), 2);
    log.refresh().unwrap();
    let known = log.get("tx").unwrap();
    assert_eq!((known.status, known.producer_epoch), (Status::Empty, 2));
}

#[test]
fn steps_out_of_turn_are_refused_and_an_idempotent_producer_needs_none() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let mut producer = transactional(&cluster, "demo", "tx");
    assert_eq!(put(producer.as_mut(), 0, "early").unwrap_err().code, ErrorCode::InvalidTxnState);
    assert_eq!(producer.commit_transaction().unwrap_err().code, ErrorCode::InvalidTxnState);
    producer.begin_transaction().unwrap();
    assert!(producer.begin_transaction().is_err());
    assert!(put(producer.as_mut(), 7, "nowhere").is_err());
    assert_eq!(producer.commit_transaction().unwrap_err().code, ErrorCode::InvalidTxnState);
    producer.abort_transaction().unwrap();
    let config = ProducerConfig { idempotent: true, ..producer_config(Acks::All) };
    let mut plain = cluster.transactional_producer("demo", config).unwrap();
    assert!(plain.begin_transaction().is_err());
    put(plain.as_mut(), 0, "one").unwrap();
    plain.flush().unwrap();
    assert_eq!(read_committed(&cluster, "demo"), ["one"]);
    let log = std::fs::read(dir.path().join("broker-1/demo-0/00000000000000000000.log")).unwrap();
    let header = crate::record::BatchHeader::parse(&log).unwrap();
    assert_eq!((header.producer_id(), header.producer_epoch(), header.last_sequence()), (1, 0, 0));
}

/// What a retry after a lost answer comes to, by whichever process and after a crash.
#[test]
fn a_batch_that_is_sent_twice_is_in_the_log_once() {
    use crate::local::locked::Placed;
    use crate::record::{BatchBuilder, Compression, ProducerStamp};
    use crate::types::{LeaderEpoch, TimestampMs};
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let topic = cluster.open_topic_to_produce("demo").unwrap();
    let append = |epoch, base_sequence| {
        let mut partition = cluster.partition(&topic, PartitionId(0)).unwrap();
        let mut builder = BatchBuilder::new(Compression::None);
        builder.append(TimestampMs(1), None, Some(b"a"), &[]);
        builder.append(TimestampMs(1), None, Some(b"b"), &[]);
        let stamp = ProducerStamp { producer_id: 9, epoch, base_sequence, transactional: false };
        let mut locked = partition.lock().unwrap();
        let placed = locked.append_once(builder.finish(&stamp).unwrap(), LeaderEpoch(0));
        locked.sync_and_publish().unwrap();
        placed.map_err(crate::client::Error::from).map(|placed| match placed {
            Placed::Now(appended) => (true, appended.last_offset.get()),
            Placed::Before { last_offset } => (false, last_offset.get()),
        })
    };
    assert_eq!(append(0, 0).unwrap(), (true, 1));
    assert_eq!(append(0, 2).unwrap(), (true, 3));
    assert_eq!(append(0, 0).unwrap(), (false, 1));
    assert_eq!(append(0, 2).unwrap(), (false, 3));
    std::fs::remove_dir_all(dir.path().join(".kt/partitions")).unwrap();
    assert_eq!(append(0, 2).unwrap(), (false, 3));
    assert_eq!(append(0, 6).unwrap_err().code, ErrorCode::OutOfOrderSequence);
    assert_eq!(append(1, 0).unwrap(), (true, 5));
    assert_eq!(append(0, 4).unwrap_err().code, ErrorCode::InvalidProducerEpoch);
    assert_eq!(read_all(&cluster, "demo"), ["a", "b", "a", "b", "a", "b"]);
}
