//! What becomes of transactions that nobody ends, and what administrators see and do of all of them.

use super::janitor::{Janitor, Patience};
use super::tests::{put, transactional};
use crate::client::{
    AbortTransactionSpec, Acks, ConsumerConfig, ConsumerRecord, GroupMetadata, Polled, ProducerConfig,
    TransactionFilter, TransactionState,
};
use crate::local::Cluster;
use crate::local::tests::{consumer_config, producer_config, read_committed, send};
use crate::types::{ErrorCode, Offset, PartitionId, TopicPartition};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a slow machine.
const LONG: Duration = Duration::from_secs(60);

fn wait_until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn demo() -> TopicPartition {
    TopicPartition { topic: "demo".to_owned(), partition: PartitionId(0) }
}

fn state(cluster: &Cluster) -> (TransactionState, i16) {
    let description = cluster.admin().describe_transaction("tx").unwrap();
    (description.state, description.producer_epoch)
}

#[test]
fn a_transaction_that_takes_too_long_is_aborted_by_who_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let config = ProducerConfig {
        transactional_id: Some("tx".to_owned()),
        transaction_timeout_ms: 1,
        ..producer_config(Acks::All)
    };
    let mut slow = cluster.transactional_producer("demo", config).unwrap();
    slow.begin_transaction().unwrap();
    put(slow.as_mut(), 0, "slow").unwrap();
    slow.flush().unwrap();
    send(&cluster, "demo", Acks::All, &["behind it"]);
    wait_until(|| read_committed(&cluster, "demo") == ["behind it"]);
    assert_eq!(state(&cluster), (TransactionState::CompleteAbort, 1));
    assert_eq!(slow.commit_transaction().unwrap_err().code, ErrorCode::ProducerFenced);
}

#[test]
fn the_transaction_of_a_dead_producer_stays_open_to_be_seen_until_someone_has_waited_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let mut producer = transactional(&cluster, "demo", "tx");
    producer.begin_transaction().unwrap();
    put(producer.as_mut(), 0, "lost").unwrap();
    producer.flush().unwrap();
    let sweep = |patience| Janitor::default().sweep(&cluster, patience).unwrap();
    sweep(Patience::None);
    assert_eq!(state(&cluster), (TransactionState::Ongoing, 0), "it lives");
    drop(producer);
    sweep(Patience::UntilTimeout);
    sweep(Patience::ForAWhile);
    assert!(read_committed(&cluster, "demo").is_empty());
    assert_eq!(state(&cluster), (TransactionState::Ongoing, 0));
    let place = dir.path().join(".kt/transactions/g-tx");
    std::fs::rename(&place, place.with_extension("aside")).unwrap();
    sweep(Patience::None);
    assert_eq!(state(&cluster), (TransactionState::Ongoing, 0), "nobody knows");
    std::fs::rename(place.with_extension("aside"), &place).unwrap();
    sweep(Patience::None);
    assert_eq!(state(&cluster), (TransactionState::CompleteAbort, 1));
}

/// A member that takes over waits until it is decided how far the one before it has got, but not for a dead one.
#[test]
fn who_takes_a_partition_over_does_not_wait_for_the_dead() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    send(&cluster, "demo", Acks::All, &["a", "b"]);
    let mut producer = transactional(&cluster, "out", "tx");
    producer.begin_transaction().unwrap();
    let group =
        GroupMetadata { group: "g".to_owned(), generation: -1, member_id: String::new(), instance_id: None };
    let offset = crate::client::CommittedOffset {
        offset: Offset::new(1),
        leader_epoch: None,
        metadata: String::new(),
    };
    producer.send_offsets(&group, &[(demo(), offset)]).unwrap();
    let config = ConsumerConfig { group: Some("g".to_owned()), ..consumer_config("demo", false) };
    let mut consumer = cluster.consumer(config).unwrap();
    let mut first = None;
    let mut sink = |record: &ConsumerRecord<'_>| {
        first.get_or_insert(record.record.offset.get());
        ControlFlow::Break(())
    };
    let waits = Some(Duration::from_millis(200));
    assert_eq!(consumer.poll(waits, &mut sink).unwrap(), Polled::TimedOut, "nothing is decided");
    drop(producer);
    assert_eq!(consumer.poll(Some(LONG), &mut sink).unwrap(), Polled::Records);
    assert_eq!(first, Some(0), "what was sent was aborted");
}

#[test]
fn administrators_see_transactions_and_end_them() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let admin = cluster.admin();
    assert!(admin.list_transactions(&TransactionFilter::default()).unwrap().is_empty());
    let not_found = admin.describe_transaction("tx").unwrap_err();
    assert_eq!(not_found.code, ErrorCode::TransactionalIdNotFound);
    let mut producer = transactional(&cluster, "demo", "tx");
    producer.begin_transaction().unwrap();
    put(producer.as_mut(), 0, "one").unwrap();
    put(producer.as_mut(), 0, "two").unwrap();
    producer.flush().unwrap();
    let open = admin.describe_producers(&demo()).unwrap().remove(0);
    assert_eq!((open.producer_id, open.producer_epoch, open.last_sequence), (0, 0, 1));
    assert_eq!((open.coordinator_epoch, open.transaction_start), (None, Some(Offset::ZERO)));
    let description = admin.describe_transaction("tx").unwrap();
    assert_eq!((description.partitions.as_slice(), description.timeout_ms), ([demo()].as_slice(), 60_000));
    assert!(description.start.is_some());
    admin.fence_producer("tx").unwrap();
    assert_eq!(state(&cluster), (TransactionState::Empty, 2));
    let ended = admin.describe_producers(&demo()).unwrap().remove(0);
    assert_eq!((ended.producer_epoch, ended.last_sequence, ended.transaction_start), (1, -1, None));
    assert!(producer.commit_transaction().is_err());

    let spec = |producer_epoch, coordinator_epoch| AbortTransactionSpec {
        partition: demo(),
        producer_id: 0,
        producer_epoch,
        coordinator_epoch,
    };
    admin.abort_transaction(&spec(1, 5)).unwrap();
    let refused = |spec| admin.abort_transaction(&spec).unwrap_err().code;
    assert_eq!(refused(spec(1, 4)), ErrorCode::TransactionCoordinatorFenced);
    assert_eq!(refused(spec(0, 5)), ErrorCode::InvalidProducerEpoch);
    let nowhere = TopicPartition { topic: "nowhere".to_owned(), ..demo() };
    assert_eq!(
        refused(AbortTransactionSpec { partition: nowhere, ..spec(1, 5) }),
        ErrorCode::UnknownTopicOrPartition
    );
    let filter = |age, pattern: &str| TransactionFilter {
        running_longer_than_ms: age,
        pattern: Some(regex::Regex::new(pattern).unwrap()),
    };
    admin.fence_producer("other").unwrap();
    let listed = |filter| admin.list_transactions(&filter).unwrap().len();
    assert_eq!((listed(filter(None, "^t")), listed(filter(Some(1 << 40), ""))), (1, 2));
}
