//! Consume, transform, produce: records and the positions they came from count together or not at all, wherever the
//! process that moves them dies.

use super::end::write_marker;
use super::log::{Sync, TransactionLog};
use super::tests::transactional;
use crate::client::{
    Acks, CommittedOffset, Consumer, ConsumerConfig, ConsumerRecord, GroupMetadata, NewTopic, Polled,
    ProducerRecord, TransactionalProducer,
};
use crate::local::Cluster;
use crate::local::tests::{consumer_config, read_committed, send};
use crate::txn::{self, Status, TransactionValue};
use crate::types::{ErrorCode, Offset, PartitionId, TopicPartition};
use std::ops::ControlFlow;
use std::time::Duration;

/// Longer than anything here takes on a slow machine.
const LONG: Duration = Duration::from_secs(60);

fn input() -> TopicPartition {
    TopicPartition { topic: "in".to_owned(), partition: PartitionId(0) }
}

fn position(offset: i64) -> (TopicPartition, CommittedOffset) {
    (input(), CommittedOffset { offset: Offset::new(offset), leader_epoch: None, metadata: String::new() })
}

fn outsider(group: &str) -> GroupMetadata {
    GroupMetadata { group: group.to_owned(), generation: -1, member_id: String::new(), instance_id: None }
}

fn committed(cluster: &Cluster, group: &str) -> Option<i64> {
    let offsets = cluster.admin().group_offsets(group).unwrap();
    offsets.iter().find(|(partition, _)| *partition == input()).map(|(_, committed)| committed.offset.get())
}

fn put(producer: &mut dyn TransactionalProducer, topic: &str, value: &str) {
    let record = ProducerRecord { value: Some(value.as_bytes()), ..ProducerRecord::default() };
    producer.send_to(topic, &record).unwrap();
}

fn member(cluster: &Cluster) -> Box<dyn Consumer> {
    let config = ConsumerConfig { group: Some("g".to_owned()), ..consumer_config("in", true) };
    cluster.consumer(config).unwrap()
}

/// Reads up to `most` records, but at least one if there are any.
fn take(consumer: &mut dyn Consumer, most: usize, patience: Duration) -> Vec<(String, i64)> {
    let mut taken = Vec::new();
    let mut sink = |record: &ConsumerRecord<'_>| {
        let value = String::from_utf8_lossy(record.record.value.unwrap()).into_owned();
        taken.push((value, record.record.offset.get()));
        if taken.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert!(matches!(consumer.poll(Some(patience), &mut sink).unwrap(), Polled::Records | Polled::TimedOut));
    taken
}

#[test]
fn offsets_count_with_the_records_of_their_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "in", Acks::All, &["a", "b", "c"]);
    let mut producer = transactional(&cluster, "out", "tx");
    assert_eq!(
        producer.send_offsets(&outsider("g"), &[position(1)]).unwrap_err().code,
        ErrorCode::InvalidTxnState
    );
    for (offset, commit) in [(1, true), (2, false), (3, true)] {
        let before = committed(&cluster, "g");
        producer.begin_transaction().unwrap();
        put(producer.as_mut(), "out", &format!("out {offset}"));
        put(producer.as_mut(), "audit", &format!("audit {offset}"));
        producer.send_offsets(&outsider("g"), &[position(offset)]).unwrap();
        assert_eq!(committed(&cluster, "g"), before, "nothing counts before the marker");
        if commit {
            producer.commit_transaction().unwrap()
        } else {
            producer.abort_transaction().unwrap()
        }
        assert_eq!(committed(&cluster, "g"), if commit { Some(offset) } else { before });
    }
    // A transaction of nothing but offsets.
    producer.begin_transaction().unwrap();
    producer.send_offsets(&outsider("other"), &[position(3)]).unwrap();
    producer.commit_transaction().unwrap();
    let again = Cluster::open(dir.path()).unwrap();
    assert_eq!((committed(&again, "g"), committed(&again, "other")), (Some(3), Some(3)));
    assert_eq!(read_committed(&again, "out"), ["out 1", "out 3"]);
    assert_eq!(read_committed(&again, "audit"), ["audit 1", "audit 3"]);
}

#[test]
fn who_is_not_a_member_cannot_send_offsets_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "in", Acks::All, &["a"]);
    let mut reader = member(&cluster);
    assert_eq!(take(reader.as_mut(), 1, LONG).len(), 1);
    let right = reader.group_metadata().unwrap();
    let stranger = GroupMetadata { member_id: "stranger".to_owned(), ..right.clone() };
    let late = GroupMetadata { generation: right.generation - 1, ..right.clone() };
    let mut producer = transactional(&cluster, "out", "tx");
    for (group, expected) in [(&stranger, ErrorCode::UnknownMemberId), (&late, ErrorCode::IllegalGeneration)]
    {
        producer.begin_transaction().unwrap();
        put(producer.as_mut(), "out", "refused");
        assert_eq!(producer.send_offsets(group, &[position(1)]).unwrap_err().code, expected);
        assert_eq!(producer.commit_transaction().unwrap_err().code, ErrorCode::InvalidTxnState);
        producer.abort_transaction().unwrap();
    }
    producer.begin_transaction().unwrap();
    put(producer.as_mut(), "out", "right");
    producer.send_offsets(&right, &[position(1)]).unwrap();
    producer.commit_transaction().unwrap();
    assert_eq!(read_committed(&cluster, "out"), ["right"]);
    assert_eq!(committed(&cluster, "g"), Some(1));
}

/// Where a run of the pipeline ends without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    Begun,
    Sent,
    Flushed,
    OffsetsSent,
    CommitDecided,
    AbortDecided,
    FirstMarkerWritten,
    Committed,
}

const DEATHS: [Death; 8] = [
    Death::Begun,
    Death::Sent,
    Death::Flushed,
    Death::OffsetsSent,
    Death::CommitDecided,
    Death::AbortDecided,
    Death::FirstMarkerWritten,
    Death::Committed,
];

/// Decides the end of the open transaction of "tx", as its producer or its heir would.
fn decide(log: &mut TransactionLog, to: Status) -> TransactionValue {
    log.update("tx", Sync::Now, |known, now| {
        let (id, epoch) = known.map(|known| (known.producer_id, known.producer_epoch)).unwrap();
        let prepared = txn::prepare(known, id, epoch, to, None, now)?;
        Ok((Some(prepared.clone()), prepared))
    })
    .unwrap()
}

/// One life of the pipeline: moves up to `most` records, then dies. Says whether there was anything left to move.
fn live(cluster: &Cluster, most: usize, death: Death) -> bool {
    let mut producer = transactional(cluster, "out", "tx");
    let mut consumer = member(cluster);
    let taken = take(consumer.as_mut(), most, Duration::ZERO);
    let Some((_, last)) = taken.last() else { return false };
    producer.begin_transaction().unwrap();
    if death == Death::Begun {
        return true;
    }
    for (value, _) in &taken {
        put(producer.as_mut(), "out", value);
    }
    if death == Death::Sent {
        return true;
    }
    producer.flush().unwrap();
    if death == Death::Flushed {
        return true;
    }
    producer.send_offsets(&consumer.group_metadata().unwrap(), &[position(last + 1)]).unwrap();
    if death == Death::OffsetsSent {
        return true;
    }
    if death == Death::Committed {
        producer.commit_transaction().unwrap();
        return true;
    }
    let mut log = TransactionLog::of(cluster, "tx").unwrap();
    let to = if death == Death::AbortDecided { Status::PrepareAbort } else { Status::PrepareCommit };
    let prepared = decide(&mut log, to);
    if death == Death::FirstMarkerWritten {
        let first = prepared.written().remove(0);
        write_marker(cluster, &mut log, "tx", &prepared, &first).unwrap();
    }
    true
}

#[test]
fn a_pipeline_that_dies_anywhere_moves_every_record_once() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    cluster.admin().create_topic(&NewTopic { name: "in".into(), ..NewTopic::default() }).unwrap();
    let values: Vec<String> = (0..150).map(|number| format!("v{number}")).collect();
    let all: Vec<&str> = values.iter().map(String::as_str).collect();
    send(&cluster, "in", Acks::All, &all);
    // Each death after 1 to 5 records, and before and after each other.
    let mut lives = 0;
    while live(&cluster, lives % 5 + 1, DEATHS[(lives * 3 + lives / 8) % DEATHS.len()]) {
        lives += 1;
        assert!(lives < 1000, "no progress");
    }
    assert!(lives > 50, "{lives} lives");
    assert_eq!(read_committed(&cluster, "out"), values);
    assert_eq!(committed(&cluster, "g"), Some(150));
}
