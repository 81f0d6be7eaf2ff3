//! Producers beyond a network, on a directory: what they may, how they and those of this machine fence one another, and what
//! is left when the process that speaks for them dies.

use super::janitor::{Janitor, Patience};
use super::network::{Entry, NetworkTransactions, NewProducer, ProducerIdentity};
use super::network_offsets::TransactionOffsets;
use super::tests::{put, transactional};
use crate::client::{
    Acks, CommittedOffset, GroupMetadata, ProducerConfig, Result, TransactionFilter, TransactionState,
};
use crate::disk;
use crate::local::Cluster;
use crate::local::tests::{producer_config, read_all, read_committed, send};
use crate::record::{EndTxn, ProducerStamp};
use crate::txn::Protocol;
use crate::types::{ErrorCode, Offset, PartitionId, TopicPartition, now_ms};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const MINUTE_MS: i32 = 60_000;

/// A client as it sees itself.
struct Client<'a> {
    cluster: &'a Cluster,
    network: &'a NetworkTransactions,
    id: &'a str,
    protocol: Protocol,
    me: ProducerIdentity,
    sequences: BTreeMap<TopicPartition, i32>,
}

fn at(topic: &str) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionId(0) }
}

fn init(
    network: &NetworkTransactions,
    id: &str,
    former: Option<ProducerIdentity>,
) -> Result<ProducerIdentity> {
    network.init_producer(NewProducer { transactional_id: Some(id), timeout_ms: MINUTE_MS, former })
}

impl<'a> Client<'a> {
    fn new(cluster: &'a Cluster, network: &'a NetworkTransactions, id: &'a str, protocol: Protocol) -> Self {
        let me = init(network, id, None).unwrap();
        Client { cluster, network, id, protocol, me, sequences: BTreeMap::new() }
    }

    fn entry(&self) -> Entry {
        if self.protocol == Protocol::Classic { Entry::Said } else { Entry::Written }
    }

    fn write(&mut self, topic: &str, value: &str) -> Result<()> {
        let key = at(topic);
        self.network.enter(self.id, self.me, std::slice::from_ref(&key), self.entry())?;
        let open = self.cluster.open_topic_to_produce(topic)?;
        let mut partition = self.cluster.partition(&open, key.partition)?;
        let next = self.sequences.entry(key.clone()).or_default();
        let stamp = ProducerStamp {
            producer_id: self.me.id,
            epoch: self.me.epoch,
            base_sequence: *next,
            transactional: true,
        };
        let mut builder = open.config.builder(crate::client::Codec::None);
        builder.append(now_ms(), None, Some(value.as_bytes()), &[]);
        let mut locked = partition.lock()?;
        self.network.check(self.id, self.me, &key)?;
        let batch = builder.finish(&stamp).map_err(crate::local::error::Error::from)?;
        locked.append(batch, open.partitions[0].1)?;
        *next += 1;
        Ok(locked.sync_and_publish()?)
    }

    fn offsets(&self, group: GroupMetadata, offset: i64) -> Result<()> {
        let committed =
            CommittedOffset { offset: Offset::new(offset), leader_epoch: None, metadata: String::new() };
        let entry = self.entry();
        if entry == Entry::Said {
            self.network.enter_group(self.id, self.me, &group.group, entry)?;
        }
        let results = self.network.commit_offsets(&TransactionOffsets {
            transactional_id: self.id,
            producer: self.me,
            group,
            offsets: vec![(at("in"), committed)],
            entry: if entry == Entry::Said { Entry::Verified } else { entry },
        })?;
        results.into_iter().try_for_each(|result| result.map_err(crate::client::Error::of))
    }

    fn end(&mut self, outcome: EndTxn) -> Result<()> {
        let me = self.network.end(self.id, self.me, outcome, self.protocol)?;
        if me != self.me {
            self.sequences.clear();
        }
        self.me = me;
        Ok(())
    }
}

fn outsider(group: &str) -> GroupMetadata {
    GroupMetadata { group: group.to_owned(), generation: -1, member_id: String::new(), instance_id: None }
}

fn committed(cluster: &Cluster, group: &str) -> Option<i64> {
    let offsets = cluster.admin().group_offsets(group).unwrap();
    offsets.first().map(|(_, committed)| committed.offset.get())
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorCode {
    outcome.unwrap_err().code
}

#[test]
fn transactions_of_either_protocol_count_whole_or_not_at_all() {
    for protocol in [Protocol::Classic, Protocol::Rising] {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::open(dir.path()).unwrap();
        send(&cluster, "in", Acks::All, &["a", "b", "c"]);
        let network = NetworkTransactions::open(&cluster);
        let mut client = Client::new(&cluster, &network, "tx", protocol);
        let first = client.me;
        for (offset, outcome) in [(1, EndTxn::Commit), (2, EndTxn::Abort), (3, EndTxn::Commit)] {
            let before = committed(&cluster, "g");
            client.write("out", &format!("out {offset}")).unwrap();
            client.write("audit", &format!("audit {offset}")).unwrap();
            client.offsets(outsider("g"), offset).unwrap();
            assert_eq!(committed(&cluster, "g"), before, "nothing counts before the marker");
            client.end(outcome).unwrap();
        }
        let rises = i16::from(protocol == Protocol::Rising);
        assert_eq!(client.me, ProducerIdentity { epoch: first.epoch + 3 * rises, ..first });
        let again = Cluster::open(dir.path()).unwrap();
        assert_eq!(committed(&again, "g"), Some(3));
        assert_eq!(read_committed(&again, "out"), ["out 1", "out 3"]);
        assert_eq!(read_committed(&again, "audit"), ["audit 1", "audit 3"]);
        assert_eq!(read_all(&again, "out"), ["out 1", "out 2", "out 3"]);
    }
}

#[test]
fn what_is_asked_wrongly_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let network = NetworkTransactions::open(&cluster);
    let new = |transactional_id, timeout_ms| NewProducer { transactional_id, timeout_ms, former: None };
    assert_eq!(code(network.init_producer(new(Some(""), 1))), ErrorCode::InvalidRequest);
    for timeout_ms in [0, -1, 900_001] {
        let refused = network.init_producer(new(Some("tx"), timeout_ms));
        assert_eq!(code(refused), ErrorCode::InvalidTransactionTimeout);
    }
    let ids: Vec<_> = (0..2).map(|_| network.init_producer(new(None, -1)).unwrap()).collect();
    assert_eq!((ids[0].epoch, ids[1].id), (0, ids[0].id + 1));
    let nobody = ProducerIdentity { id: 77, epoch: 0 };
    let enter = |who, entry| network.enter("tx", who, &[at("out")], entry);
    assert_eq!(code(enter(nobody, Entry::Said)), ErrorCode::InvalidProducerIdMapping);
    let me = init(&network, "tx", None).unwrap();
    assert_eq!(code(enter(nobody, Entry::Written)), ErrorCode::InvalidProducerIdMapping);
    let (newer, other) =
        (ProducerIdentity { epoch: 9, ..me }, network.end("tx", nobody, EndTxn::Abort, Protocol::Rising));
    assert_eq!(code(enter(newer, Entry::Said)), ErrorCode::ProducerFenced);
    assert_eq!(code(enter(newer, Entry::Verified)), ErrorCode::ProducerFenced);
    assert_eq!(code(enter(me, Entry::Verified)), ErrorCode::InvalidTxnState);
    assert_eq!(code(other), ErrorCode::InvalidProducerIdMapping);
    assert_eq!(code(network.end("tx", me, EndTxn::Commit, Protocol::Rising)), ErrorCode::InvalidTxnState);
    assert_eq!(code(network.check("tx", me, &at("out"))), ErrorCode::InvalidTxnState);
    enter(me, Entry::Written).unwrap();
    assert_eq!(code(network.check("tx", me, &at("else"))), ErrorCode::InvalidTxnState);
    network.check("tx", me, &at("out")).unwrap();
    let stranger = GroupMetadata { member_id: "stranger".to_owned(), generation: 3, ..outsider("g") };
    let client = Client {
        cluster: &cluster,
        network: &network,
        id: "tx",
        protocol: Protocol::Rising,
        me,
        sequences: BTreeMap::new(),
    };
    assert_eq!(code(client.offsets(stranger, 1)), ErrorCode::IllegalGeneration);
    assert_eq!(code(client.offsets(outsider(""), 1)), ErrorCode::InvalidGroupId);
}

#[test]
fn the_newest_producer_fences_the_others_wherever_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let network = NetworkTransactions::open(&cluster);
    let mut first = Client::new(&cluster, &network, "tx", Protocol::Classic);
    first.write("out", "lost").unwrap();
    let mut second = Client::new(&cluster, &network, "tx", Protocol::Rising);
    assert_eq!(code(first.write("out", "zombie")), ErrorCode::ProducerFenced);
    assert_eq!(code(first.end(EndTxn::Commit)), ErrorCode::ProducerFenced);
    assert_eq!(code(init(&network, "tx", Some(first.me))), ErrorCode::ProducerFenced);
    second.write("out", "lost too").unwrap();
    // One of this machine takes over, and then one beyond the network from that.
    let mut local = transactional(&Cluster::open(dir.path()).unwrap(), "out", "tx");
    assert_eq!(code(second.write("out", "zombie")), ErrorCode::ProducerFenced);
    local.begin_transaction().unwrap();
    put(local.as_mut(), 0, "local").unwrap();
    local.commit_transaction().unwrap();
    local.begin_transaction().unwrap();
    put(local.as_mut(), 0, "lost as well").unwrap();
    local.flush().unwrap();
    let mut third = Client::new(&cluster, &network, "tx", Protocol::Classic);
    put(local.as_mut(), 0, "zombie").unwrap();
    assert_eq!(code(local.flush()), ErrorCode::ProducerFenced);
    third.write("out", "third").unwrap();
    third.end(EndTxn::Commit).unwrap();
    assert_eq!(read_committed(&cluster, "out"), ["local", "third"]);
    assert_eq!(read_all(&cluster, "out"), ["lost", "lost too", "local", "lost as well", "third"]);
}

/// Waits, for as long as a slow machine may take.
fn until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn state(cluster: &Cluster) -> TransactionState {
    cluster.admin().describe_transaction("tx").unwrap().state
}

#[test]
fn a_transaction_is_its_producers_until_its_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let network = NetworkTransactions::open(&cluster);
    let mut client = Client::new(&cluster, &network, "tx", Protocol::Rising);
    client.write("out", "kept").unwrap();
    let (me, sequences) = (client.me, client.sequences);
    // The server dies; the producer goes on with the next.
    drop(network);
    let mut janitor = Janitor::default();
    janitor.sweep(&cluster, Patience::None).unwrap();
    assert_eq!(state(&cluster), TransactionState::Ongoing);
    let network = NetworkTransactions::open(&cluster);
    let (id, protocol) = ("tx", Protocol::Rising);
    let mut client = Client { cluster: &cluster, network: &network, id, protocol, me, sequences };
    client.write("out", "kept too").unwrap();
    client.end(EndTxn::Commit).unwrap();
    let short = NewProducer { transactional_id: Some("tx"), timeout_ms: 1, former: Some(client.me) };
    client.me = network.init_producer(short).unwrap();
    client.sequences.clear();
    // It may be over at once.
    let _ = client.write("out", "lost");
    until(|| state(&cluster) == TransactionState::CompleteAbort);
    assert_ne!(client.write("out", "late").map_err(|e| e.code), Ok(()));
    let again = init(&network, "tx", Some(client.me)).unwrap();
    assert!(again.epoch > client.me.epoch + 1);
    client.me = again;
    client.sequences.clear();
    client.write("out", "and on").unwrap();
    client.end(EndTxn::Commit).unwrap();
    assert_eq!(read_committed(&cluster, "out"), ["kept", "kept too", "and on"]);
}

#[test]
fn a_server_ends_what_was_left_by_those_before_it_and_by_the_dead_of_this_machine() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let config = ProducerConfig {
        transactional_id: Some("tx".to_owned()),
        transaction_timeout_ms: 1,
        ..producer_config(Acks::All)
    };
    let mut producer = cluster.transactional_producer("out", config).unwrap();
    producer.begin_transaction().unwrap();
    let _ = put(producer.as_mut(), 0, "lost").and_then(|()| producer.flush());
    let network = NetworkTransactions::open(&cluster);
    let all = TransactionFilter::default();
    let log = super::log::TransactionLog::of(&cluster, "tx").unwrap();
    assert!(log.get("tx").is_some());
    until(|| {
        let mut log = super::log::TransactionLog::of(&cluster, "tx").unwrap();
        log.refresh().unwrap();
        log.get("tx").unwrap().status != crate::txn::Status::Ongoing
    });
    assert_eq!(cluster.admin().list_transactions(&all).unwrap().len(), 1);
    network.somebody_waits();
    drop(network);
    assert_eq!(read_committed(&cluster, "out"), Vec::<String>::new());
}

/// The server dies at every one of the operations that the end of a transaction takes.
#[test]
fn a_commit_that_is_cut_short_is_finished_by_whoever_comes_next() {
    for protocol in [Protocol::Classic, Protocol::Rising] {
        let mut operations = 0;
        loop {
            let dir = tempfile::tempdir().unwrap();
            let cluster = Cluster::open(dir.path()).unwrap();
            let network = NetworkTransactions::open(&cluster);
            let mut client = Client::new(&cluster, &network, "tx", protocol);
            client.write("out", "a").unwrap();
            client.write("audit", "a").unwrap();
            disk::kill_after(operations);
            let ended = client.end(EndTxn::Commit).is_ok();
            let killed = disk::disarm();
            assert!(ended || killed);
            let next = NetworkTransactions::open(&cluster);
            client.network = &next;
            // The client asks again, for it doesn't know.
            if !ended {
                client.end(EndTxn::Commit).unwrap();
            }
            client.write("out", "b").unwrap();
            client.end(EndTxn::Abort).unwrap();
            assert_eq!(read_committed(&cluster, "out"), ["a"], "{protocol:?} {operations}");
            assert_eq!(read_committed(&cluster, "audit"), ["a"], "{protocol:?} {operations}");
            if !killed {
                break;
            }
            operations += 1;
        }
        assert!(operations > 5, "{operations}");
    }
}
