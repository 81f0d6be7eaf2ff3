//! Producers that fence one another, die and give up, while others end what they leave: each transaction is seen whole or
//! not at all, and what was acknowledged is seen.

use super::janitor::{Janitor, Patience};
use super::tests::{put, transactional};
use crate::client::NewTopic;
use crate::local::Cluster;
use crate::local::tests::{read_all, read_committed};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const THREADS: u64 = 4;
const TRANSACTIONS: u64 = 25;
const RECORDS: u64 = 5;

/// What a producer was told of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Committed,
    /// It was refused, given up or never ended.
    Lost,
}

/// Numbers that look random (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// One transaction of a producer that shares its id with those of other threads.
fn transact(cluster: &Cluster, name: &str, dice: &mut Dice) -> Told {
    let id = format!("tx-{}", dice.below(2));
    let mut producer = transactional(cluster, "demo", &id);
    producer.begin_transaction().unwrap();
    let pause = dice.below(RECORDS);
    for record in 0..RECORDS {
        let partition = i32::try_from(dice.below(2)).unwrap();
        let sent = put(producer.as_mut(), partition, &format!("{name}.{record}"));
        if sent.is_err() || record == pause && producer.flush().is_err() {
            return Told::Lost;
        }
    }
    match dice.below(4) {
        0 => Told::Lost,
        1 => {
            // Whoever was fenced has nothing left to abort.
            let _ = producer.abort_transaction();
            Told::Lost
        }
        _ if producer.commit_transaction().is_ok() => Told::Committed,
        _ => Told::Lost,
    }
}

fn produce(dir: &Path, thread: u64) -> BTreeMap<String, Told> {
    let cluster = Cluster::open(dir).unwrap();
    let mut dice = Dice(thread);
    let names = (0..TRANSACTIONS).map(|number| format!("{thread}.{number}"));
    names.map(|name| (name.clone(), transact(&cluster, &name, &mut dice))).collect()
}

#[test]
fn each_transaction_is_seen_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    cluster
        .admin()
        .create_topic(&NewTopic { name: "demo".into(), partitions: Some(2), ..NewTopic::default() })
        .unwrap();
    let (path, is_over) = (dir.path(), AtomicBool::new(false));
    let told: BTreeMap<String, Told> = thread::scope(|scope| {
        scope.spawn(|| {
            let cluster = Cluster::open(path).unwrap();
            let mut janitor = Janitor::default();
            while !is_over.load(Ordering::Relaxed) {
                janitor.sweep(&cluster, Patience::None).unwrap();
                thread::yield_now();
            }
        });
        let producers: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || produce(path, n))).collect();
        let told = producers.into_iter().flat_map(|producer| producer.join().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        told
    });
    Janitor::default().sweep(&cluster, Patience::None).unwrap();
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for value in read_committed(&cluster, "demo") {
        let (name, record) = value.rsplit_once('.').unwrap();
        seen.entry(name.to_owned()).or_default().push(record.parse().unwrap());
    }
    for records in seen.values_mut() {
        records.sort_unstable();
        assert_eq!(*records, (0..RECORDS).collect::<Vec<_>>(), "whole, and once");
    }
    let committed: Vec<&String> =
        told.iter().filter(|(_, told)| **told == Told::Committed).map(|(name, _)| name).collect();
    assert_eq!(seen.keys().collect::<Vec<_>>(), committed);
    assert!(!committed.is_empty() && (committed.len() as u64) < THREADS * TRANSACTIONS);
    assert!(read_all(&cluster, "demo").len() > committed.len() * 5, "something was taken back");
}
