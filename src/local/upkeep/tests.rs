//! Upkeep in a directory: what is done, what others do meanwhile, and what is left by those that died.

use super::report::{Deed, Outcome, Wanted};
use crate::client::{
    Acks, AlterConfigOp, CommittedOffset, ConfigResource, Consumer, ConsumerConfig, ConsumerRecord, NewTopic,
    OffsetReset, Polled, ProducerRecord,
};
use crate::disk;
use crate::local::Cluster;
use crate::local::tests::{consumer_config, producer_config};
use crate::types::{Offset, PartitionId, TimestampMs, TopicPartition, now_ms};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn create(cluster: &Cluster, name: &str, configs: &[(&str, &str)]) {
    let configs = configs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let topic = NewTopic { name: name.to_owned(), configs, ..NewTopic::default() };
    cluster.admin().create_topic(&topic).unwrap();
}

/// Sends records of `time`, each a batch of its own: key and value, or a tombstone.
fn put(cluster: &Cluster, topic: &str, time: i64, records: &[(&str, Option<&str>)]) {
    let mut producer = cluster.producer(topic, producer_config(Acks::Leader)).unwrap();
    for (key, value) in records {
        let (key, value) = (Some(key.as_bytes()), value.map(str::as_bytes));
        let timestamp = Some(TimestampMs(time));
        producer.send(&ProducerRecord { timestamp, key, value, ..ProducerRecord::default() }).unwrap();
        producer.flush().unwrap();
    }
}

fn maintain(cluster: &Cluster, dry_run: bool) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let wanted = Wanted { topics: None, dry_run };
    let mut tell = |outcome| {
        match outcome {
            Outcome::Done(deed) => deeds.push(deed),
            Outcome::Failed { what, error } => panic!("{what}: {error}"),
        }
        Ok(())
    };
    cluster.maintain(&wanted, &mut tell).unwrap();
    deeds
}

/// The offsets, keys and values that are handed over until nothing more is there.
fn poll(consumer: &mut dyn Consumer) -> Vec<(i64, String, Option<String>)> {
    let mut records = Vec::new();
    loop {
        let mut sink = |record: &ConsumerRecord<'_>| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let record = &record.record;
            records.push((record.offset.get(), text(record.key.unwrap()), record.value.map(text)));
            ControlFlow::Continue(())
        };
        if consumer.poll(Some(Duration::ZERO), &mut sink).unwrap() == Polled::TimedOut {
            return records;
        }
    }
}

fn consumer(cluster: &Cluster, topic: &str) -> Box<dyn Consumer> {
    cluster.consumer(consumer_config(topic, false)).unwrap()
}

fn partition(topic: &str) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionId(0) }
}

fn retain(cluster: &Cluster, ms: &str) {
    let ops = [AlterConfigOp::Set("retention.ms".to_owned(), ms.to_owned())];
    cluster.admin().alter_configs(&ConfigResource::Topic("old".into()), &ops).unwrap();
}

#[test]
fn old_records_go_and_who_was_at_them_goes_where_his_policy_says() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    create(&cluster, "old", &[("retention.ms", "-1"), ("internal.segment.bytes", "200")]);
    let now = now_ms().0;
    put(&cluster, "old", now - 3 * DAY_MS, &[("a", Some("1")), ("b", Some("2")), ("c", Some("3"))]);
    let mut waiting = consumer(&cluster, "old");
    assert_eq!(poll(waiting.as_mut()).len(), 3);
    let late = ConsumerConfig { offset_reset: OffsetReset::None, ..consumer_config("old", false) };
    let mut stopped = cluster.consumer(late).unwrap();
    assert!(
        stopped.poll(Some(Duration::ZERO), &mut |_: &ConsumerRecord<'_>| ControlFlow::Break(())).is_err()
    );
    put(&cluster, "old", now, &[("d", Some("4"))]);
    // The segment that was closed has been seen to.
    cluster.shared.upkeep.finish();
    retain(&cluster, "86400000");
    let would = maintain(&cluster, true);
    assert!(matches!(would.as_slice(), [Deed::Deleted { start, .. }] if start.get() > 0), "{would:?}");
    assert_eq!(poll(consumer(&cluster, "old").as_mut()).len(), 4, "it was only looked");
    assert_eq!(maintain(&cluster, false), would);
    assert_eq!(maintain(&cluster, false), []);
    let left = poll(consumer(&cluster, "old").as_mut());
    assert_eq!(left.last().unwrap().1, "d");
    assert!(left.len() < 4);
    assert_eq!(poll(waiting.as_mut()), [(3, "d".to_owned(), Some("4".to_owned()))]);
    // All of it is old now: the active segment goes too, and offsets go on.
    retain(&cluster, "1");
    let mut reader = consumer(&cluster, "old");
    std::thread::sleep(Duration::from_millis(5));
    maintain(&cluster, false);
    assert_eq!(poll(reader.as_mut()), []);
    put(&cluster, "old", now, &[("e", Some("5"))]);
    assert_eq!(poll(reader.as_mut()), [(4, "e".to_owned(), Some("5".to_owned()))]);
    let names = std::fs::read_dir(dir.path().join("broker-1/old-0")).unwrap();
    let names: Vec<String> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".deleted")), "{names:?}");
    assert_eq!(names.iter().filter(|name| name.ends_with(".log")).count(), 1, "{names:?}");
}

/// A compacted topic of small segments, with tombstones that may go at once.
fn compacted(cluster: &Cluster, name: &str) {
    let configs = [
        ("cleanup.policy", "compact"),
        ("internal.segment.bytes", "400"),
        ("min.cleanable.dirty.ratio", "0"),
        ("delete.retention.ms", "0"),
    ];
    create(cluster, name, &configs);
}

#[test]
fn of_each_key_the_newest_value_stays() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    compacted(&cluster, "kv");
    let now = now_ms().0;
    for round in 0..20 {
        let value = format!("value-{round}");
        let gone = if round == 19 { None } else { Some(value.as_str()) };
        put(&cluster, "kv", now, &[("a", Some(&value)), ("b", gone), ("c", Some(&value))]);
    }
    put(
        &cluster,
        "kv",
        now,
        &[("d", Some("end")), ("d", Some("end")), ("d", Some("end")), ("d", Some("end"))],
    );
    // The tombstone's time is counted from the first pass, markers' from the one after their data went.
    for _ in 0..3 {
        maintain(&cluster, false);
        put(
            &cluster,
            "kv",
            now,
            &[("d", Some("end")), ("d", Some("end")), ("d", Some("end")), ("d", Some("end"))],
        );
    }
    let left = poll(consumer(&cluster, "kv").as_mut());
    let of = |records: &[(i64, String, Option<String>)], key: &str| {
        records.iter().filter(|(_, k, _)| k == key).cloned().collect::<Vec<_>>()
    };
    for (offset, key) in [(57, "a"), (59, "c")] {
        assert_eq!(of(&left, key), [(offset, key.to_owned(), Some("value-19".to_owned()))]);
    }
    assert_eq!(of(&left, "b"), []);
    let noted = std::fs::read_to_string(dir.path().join("broker-1/cleaner-offset-checkpoint")).unwrap();
    assert!(noted.starts_with("0\n1\nkv 0 "), "{noted}");
    // Gaps stay gaps when the policy changes.
    let policy = [AlterConfigOp::Set("cleanup.policy".to_owned(), "delete".to_owned())];
    cluster.admin().alter_configs(&ConfigResource::Topic("kv".into()), &policy).unwrap();
    assert_eq!(poll(consumer(&cluster, "kv").as_mut()), left);
    cluster.admin().delete_topic("kv").unwrap();
    let noted = std::fs::read_to_string(dir.path().join("broker-1/cleaner-offset-checkpoint")).unwrap();
    assert_eq!(noted, "0\n0\n");
}

/// Producers and readers of a log that two others clean all the time: nobody sees an error, a gap or an old value last.
#[test]
fn nobody_notices_that_a_log_is_cleaned_under_him() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    compacted(&cluster, "busy");
    let now = now_ms().0;
    let is_over = AtomicBool::new(false);
    let newest = |cluster: &Cluster| {
        let mut newest = BTreeMap::new();
        let mut last = -1;
        for (offset, key, value) in poll(consumer(cluster, "busy").as_mut()) {
            assert!(offset > last, "{offset} after {last}");
            last = offset;
            newest.insert(key, value);
        }
        newest
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let cluster = Cluster::open(dir.path()).unwrap();
                while !is_over.load(Ordering::Relaxed) {
                    maintain(&cluster, false);
                }
            });
        }
        scope.spawn(|| {
            let cluster = Cluster::open(dir.path()).unwrap();
            while !is_over.load(Ordering::Relaxed) {
                let seen: Vec<Option<u32>> =
                    ["a", "b"].map(|key| newest(&cluster).get(key)?.as_ref()?.parse().ok()).into();
                let again: Vec<Option<u32>> =
                    ["a", "b"].map(|key| newest(&cluster).get(key)?.as_ref()?.parse().ok()).into();
                assert!(seen.iter().zip(&again).all(|(seen, again)| seen <= again), "{seen:?} {again:?}");
            }
        });
        let mut follower = consumer(&cluster, "busy");
        let mut followed = -1;
        for round in 0..150 {
            let value = round.to_string();
            put(&cluster, "busy", now, &[("a", Some(&value)), ("b", Some(&value))]);
            for (offset, ..) in poll(follower.as_mut()) {
                assert!(offset > followed);
                followed = offset;
            }
            assert_eq!(followed, 2 * round + 1, "the newest record is never cleaned away");
        }
        is_over.store(true, Ordering::Relaxed);
    });
    maintain(&cluster, false);
    let expected = ["a", "b"].map(|key| (key.to_owned(), Some("149".to_owned())));
    assert_eq!(newest(&cluster), BTreeMap::from(expected));
    assert!(poll(consumer(&cluster, "busy").as_mut()).len() < 20, "it was cleaned");
}

#[test]
fn who_closes_a_segment_cleans_up_behind_himself() {
    let dir = tempfile::tempdir().unwrap();
    {
        let cluster = Cluster::open(dir.path()).unwrap();
        compacted(&cluster, "kv");
        for _ in 0..30 {
            put(&cluster, "kv", now_ms().0, &[("k", Some("a value"))]);
        }
    }
    let cluster = Cluster::open(dir.path()).unwrap();
    let noted = std::fs::read_to_string(dir.path().join("broker-1/cleaner-offset-checkpoint")).unwrap();
    assert!(noted.starts_with("0\n1\nkv 0 "), "{noted}");
    assert!(poll(consumer(&cluster, "kv").as_mut()).len() < 30);
}

#[test]
fn offsets_expire_that_nobody_asks_for() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    put(&cluster, "t", now_ms().0, &[("k", Some("v"))]);
    let config = ConsumerConfig { group: Some("g".into()), ..consumer_config("t", false) };
    let mut member = cluster.consumer(config).unwrap();
    poll(member.as_mut());
    let committed = CommittedOffset { offset: Offset::new(1), leader_epoch: None, metadata: String::new() };
    member.commit(&[(partition("t"), committed)]).unwrap();
    let expired = |retention_ms| crate::local::groups::expire(&cluster, retention_ms, false).unwrap();
    assert_eq!(expired(0), [], "a member reads them");
    member.close().unwrap();
    drop(member);
    assert_eq!(expired(DAY_MS), []);
    assert_eq!(crate::local::groups::expire(&cluster, 0, true).unwrap(), [("g".to_owned(), 1)]);
    assert_eq!(expired(0), [("g".to_owned(), 1)]);
    assert_eq!(expired(0), []);
    assert!(cluster.admin().list_groups().unwrap().is_empty());
}

#[test]
fn leftovers_are_removed_and_what_no_topic_has_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    put(&cluster, "t", now_ms().0, &[("k", Some("v"))]);
    let broker = dir.path().join("broker-1");
    let deleted = "u-0.0123456789abcdef0123456789abcdef-delete";
    std::fs::create_dir(broker.join(deleted)).unwrap();
    std::fs::create_dir(broker.join("u-1")).unwrap();
    std::fs::write(broker.join("u-1/partition.metadata"), "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABQ")
        .unwrap();
    let temporary = broker.join("t-0/leader-epoch-checkpoint.99-0.tmp");
    std::fs::write(&temporary, "").unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::options().write(true).open(&temporary).unwrap().set_modified(long_ago).unwrap();
    std::fs::write(broker.join("t-0/leader-epoch-checkpoint.98-0.tmp"), "").unwrap();
    let would = maintain(&cluster, true);
    assert_eq!(would.len(), 3, "{would:?}");
    assert!(temporary.exists());
    let deeds = maintain(&cluster, false);
    assert!(deeds.contains(&Deed::Removed { name: deleted.to_owned() }), "{deeds:?}");
    assert!(!temporary.exists() && broker.join("t-0/leader-epoch-checkpoint.98-0.tmp").exists());
    let mut names: Vec<String> = disk::list(&broker).unwrap().into_iter().map(|entry| entry.name).collect();
    names.retain(|name| name.starts_with("u-"));
    assert!(
        matches!(names.as_slice(), [only] if only.starts_with("u-1.") && only.ends_with("-stray")),
        "{names:?}"
    );
    assert_eq!(maintain(&cluster, false), []);
    assert_eq!(poll(consumer(&cluster, "t").as_mut()).len(), 1);
}

/// A broker that dies in the middle of a swap has taken the old segments out and not put the new one in yet.
#[test]
fn what_a_broker_has_left_undone_is_finished_by_who_comes_next() {
    let dir = tempfile::tempdir().unwrap();
    let values = ["1", "2", "3", "4"].map(|value| ("k", Some(value)));
    {
        let cluster = Cluster::open(dir.path()).unwrap();
        create(&cluster, "kv", &[("internal.segment.bytes", "200")]);
        put(&cluster, "kv", now_ms().0, &values);
        cluster.shared.upkeep.finish();
    }
    let file = |name: &str| dir.path().join("broker-1/kv-0").join(name);
    for kind in ["log", "index", "timeindex"] {
        let live = file(&format!("00000000000000000000.{kind}"));
        std::fs::copy(&live, file(&format!("00000000000000000000.{kind}.deleted"))).unwrap();
        std::fs::rename(&live, file(&format!("00000000000000000000.{kind}.swap"))).unwrap();
    }
    std::fs::remove_dir_all(dir.path().join(".kt")).unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let read: Vec<i64> =
        poll(consumer(&cluster, "kv").as_mut()).into_iter().map(|(offset, ..)| offset).collect();
    assert_eq!(read, [0, 1, 2, 3]);
    assert!(file("00000000000000000000.log").exists() && !file("00000000000000000000.log.swap").exists());
    assert!(!file("00000000000000000000.index.deleted").exists());
    // Whoever comes next finds the same paths.
    let coordination = cluster.coordination().unwrap();
    let id = cluster.open_topic("kv").unwrap().unwrap().id;
    let beside = crate::local::paths::upkeep_beside(&coordination.partition(id, PartitionId(0)));
    assert_eq!(beside, Some(coordination.upkeep(id, PartitionId(0))));
}
