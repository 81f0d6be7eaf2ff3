//! Members of a share group on one directory: who gets what, and what is left when one of them dies, dawdles or says no.

use crate::client::{
    Acknowledge, Acks, AlterConfigOp, ConfigResource, GroupState, NewTopic, Polled, ProducerConfig,
    ProducerRecord, ShareConsumer, ShareConsumerConfig, SharePosition,
};
use crate::local::Cluster;
use crate::local::tests::{producer_config, send};
use crate::types::{Offset, PartitionId, TopicPartition};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const G: &str = "workers";
/// Longer than anything takes, so that a test that waits in vain ends.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

/// A directory with a topic of `values` in one partition, which the group reads from the beginning.
fn directory(values: &[&str]) -> (tempfile::TempDir, Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::open(dir.path()).unwrap();
    let topic = NewTopic { name: "tasks".into(), partitions: Some(1), ..NewTopic::default() };
    cluster.admin().create_topic(&topic).unwrap();
    set(&cluster, "share.auto.offset.reset", "earliest");
    if !values.is_empty() {
        send(&cluster, "tasks", Acks::All, values);
    }
    (dir, cluster)
}

fn set(cluster: &Cluster, name: &str, value: &str) {
    let op = AlterConfigOp::Set(name.to_owned(), value.to_owned());
    cluster.admin().alter_configs(&ConfigResource::Group(G.to_owned()), &[op]).unwrap();
}

/// A member with a view of the directory of its own.
fn member(dir: &Path, poll_records_max: i32) -> Box<dyn ShareConsumer> {
    let config = ShareConsumerConfig {
        group: G.to_owned(),
        topic: "tasks".to_owned(),
        client_id: "test".to_owned(),
        create_topics: true,
        poll_records_max,
    };
    Cluster::open(dir).unwrap().share_consumer(config).unwrap()
}

/// Values with the numbers of their deliveries, as one poll hands them over; `word` is said of each.
fn poll_for(member: &mut dyn ShareConsumer, timeout: Option<Duration>, word: Acknowledge) -> Vec<String> {
    let mut seen = Vec::new();
    let polled = member.poll(timeout, &mut |record| {
        let value = String::from_utf8_lossy(record.record.value.unwrap()).into_owned();
        seen.push(format!("{value}{}", record.delivery_count.unwrap()));
        ControlFlow::Continue(word)
    });
    assert_eq!(polled.unwrap() == Polled::Records, !seen.is_empty());
    seen
}

fn poll(member: &mut dyn ShareConsumer) -> Vec<String> {
    poll_for(member, PATIENCE, Acknowledge::Accept)
}

fn poll_in_vain(member: &mut dyn ShareConsumer) {
    assert_eq!(poll_for(member, Some(Duration::ZERO), Acknowledge::Accept), Vec::<String>::new());
}

/// Looks at the next record without a word about it, and keeps it with all that came with it.
fn peek(member: &mut dyn ShareConsumer) -> String {
    let mut seen = String::new();
    let polled = member.poll(PATIENCE, &mut |record| {
        seen = String::from_utf8_lossy(record.record.value.unwrap()).into_owned();
        ControlFlow::Break(None)
    });
    assert_eq!(polled.unwrap(), Polled::Records);
    seen
}

fn position(cluster: &Cluster) -> SharePosition {
    let offsets = cluster.admin().share_group_offsets(G).unwrap();
    assert_eq!(offsets.len(), 1, "{offsets:?}");
    offsets[0].1
}

fn lag(cluster: &Cluster) -> Option<i64> {
    position(cluster).lag
}

#[test]
fn two_members_never_have_one_record_and_what_is_not_spoken_of_comes_back() {
    let (dir, cluster) = directory(&["a", "b", "c", "d", "e"]);
    let (mut one, mut other) = (member(dir.path(), 3), member(dir.path(), 3));
    assert_eq!(peek(one.as_mut()), "a");
    assert_eq!(poll(other.as_mut()), ["d1", "e1"]);
    poll_in_vain(other.as_mut());
    assert_eq!(lag(&cluster), Some(3));
    // What was peeked at is still the first one's.
    assert_eq!(poll(one.as_mut()), ["a1", "b1", "c1"]);
    one.close().unwrap();
    assert_eq!(lag(&cluster), Some(0));
    send(&cluster, "tasks", Acks::All, &["f", "g"]);
    assert_eq!(peek(other.as_mut()), "f");
    other.close().unwrap();
    let mut next = member(dir.path(), 3);
    assert_eq!(poll(next.as_mut()), ["f2", "g2"]);
    next.close().unwrap();
    let description = cluster.admin().describe_share_group(G).unwrap();
    assert_eq!((description.state, description.members.len()), (GroupState::Empty, 0));
}

#[test]
fn a_dead_members_records_go_to_who_waits() {
    let (dir, cluster) = directory(&["a", "b"]);
    let mut dead = member(dir.path(), 500);
    assert_eq!(peek(dead.as_mut()), "a");
    let (path, (joined, joins)) = (dir.path().to_owned(), mpsc::channel());
    let waiting = thread::spawn(move || {
        let mut heir = member(&path, 500);
        poll_in_vain(heir.as_mut());
        joined.send(()).unwrap();
        let inherited = poll(heir.as_mut());
        heir.close().unwrap();
        inherited
    });
    joins.recv().unwrap();
    assert_eq!(cluster.admin().describe_share_group(G).unwrap().members.len(), 2);
    // What a crash does.
    drop(dead);
    assert_eq!(waiting.join().unwrap(), ["a2", "b2"]);
    assert_eq!(lag(&cluster), Some(0));
    assert_eq!(cluster.admin().describe_share_group(G).unwrap().state, GroupState::Empty);
}

#[test]
fn a_dead_member_is_taken_out_by_the_next_one() {
    let (dir, cluster) = directory(&["a"]);
    let mut dead = member(dir.path(), 500);
    assert_eq!(peek(dead.as_mut()), "a");
    drop(dead);
    assert_eq!(cluster.admin().describe_share_group(G).unwrap().members.len(), 0, "it doesn't show");
    let mut next = member(dir.path(), 500);
    assert_eq!(poll(next.as_mut()), ["a2"]);
    next.close().unwrap();
}

#[test]
fn released_records_come_back_until_they_are_given_up() {
    let (dir, cluster) = directory(&["a", "b"]);
    let mut member = member(dir.path(), 500);
    let mut deliveries = Vec::new();
    loop {
        let seen = poll_for(member.as_mut(), Some(Duration::ZERO), Acknowledge::Release);
        if seen.is_empty() {
            break;
        }
        deliveries.extend(seen);
    }
    deliveries.sort();
    assert_eq!(deliveries, ["a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "b4", "b5"]);
    assert_eq!(lag(&cluster), Some(0), "they are archived");
    send(&cluster, "tasks", Acks::All, &["c", "d"]);
    assert_eq!(poll_for(member.as_mut(), PATIENCE, Acknowledge::Reject), ["c1", "d1"]);
    poll_in_vain(member.as_mut());
    member.close().unwrap();
    assert_eq!(lag(&cluster), Some(0));
}

#[test]
fn what_was_said_outlives_the_live_state() {
    let (dir, cluster) = directory(&["a", "b", "c"]);
    let mut first = member(dir.path(), 2);
    assert_eq!(poll(first.as_mut()), ["a1", "b1"]);
    first.close().unwrap();
    // As after a restart of the machine: nothing but the logs is left.
    std::fs::remove_dir_all(dir.path().join(".kt").join("groups")).unwrap();
    let mut next = member(dir.path(), 2);
    assert_eq!(poll(next.as_mut()), ["c1"]);
    next.close().unwrap();
    let position = position(&cluster);
    assert_eq!((position.start, position.lag), (Some(Offset::new(2)), Some(0)));
}

#[test]
fn offsets_that_hold_no_records_are_passed_over() {
    let (dir, cluster) = directory(&["a"]);
    let config = ProducerConfig { transactional_id: Some("tx".to_owned()), ..producer_config(Acks::All) };
    let mut producer = cluster.transactional_producer("tasks", config).unwrap();
    let record = |value: &'static str| {
        let value = Some(value.as_bytes());
        ProducerRecord { partition: Some(PartitionId(0)), value, ..ProducerRecord::default() }
    };
    for (value, commits) in [("b", true), ("c", false)] {
        producer.begin_transaction().unwrap();
        producer.send(&record(value)).unwrap();
        if commits { producer.commit_transaction().unwrap() } else { producer.abort_transaction().unwrap() }
    }
    set(&cluster, "share.isolation.level", "read_committed");
    let mut committed = member(dir.path(), 500);
    assert_eq!(poll(committed.as_mut()), ["a1", "b1"]);
    poll_in_vain(committed.as_mut());
    // What is still open is waited for.
    producer.begin_transaction().unwrap();
    producer.send(&record("d")).unwrap();
    producer.flush().unwrap();
    poll_in_vain(committed.as_mut());
    producer.commit_transaction().unwrap();
    assert_eq!(poll(committed.as_mut()), ["d1"]);
    committed.close().unwrap();
    assert_eq!(lag(&cluster), Some(0));
}

#[test]
fn a_group_begins_anew_where_it_is_told_to() {
    let (dir, cluster) = directory(&["a", "b", "c"]);
    let admin = cluster.admin();
    let tp = TopicPartition { topic: "tasks".to_owned(), partition: PartitionId(0) };
    let reset = |offset| admin.alter_share_group_offsets(G, &[(tp.clone(), Offset::new(offset))]);
    let mut busy = member(dir.path(), 500);
    assert_eq!(poll(busy.as_mut()), ["a1", "b1", "c1"]);
    assert!(reset(1).is_err(), "somebody is in the group");
    assert!(admin.delete_group(G).is_err());
    busy.close().unwrap();
    reset(1).unwrap().remove(0).unwrap();
    assert_eq!((position(&cluster).start, lag(&cluster)), (Some(Offset::new(1)), None));
    let mut again = member(dir.path(), 500);
    assert_eq!(poll(again.as_mut()), ["b1", "c1"]);
    again.close().unwrap();
    admin.delete_share_group_offsets(G, &["tasks".to_owned()]).unwrap().remove(0).unwrap();
    assert!(admin.share_group_offsets(G).unwrap().is_empty());
    let mut anew = member(dir.path(), 500);
    assert_eq!(poll(anew.as_mut()), ["a1", "b1", "c1"]);
    anew.close().unwrap();
    admin.delete_topic("tasks").unwrap();
    assert!(admin.share_group_offsets(G).unwrap().is_empty());
    admin.delete_group(G).unwrap();
    assert!(admin.describe_share_group(G).is_err() && admin.list_groups().unwrap().is_empty());
}

#[test]
fn a_state_that_was_written_often_is_read_from_where_it_was_written_whole() {
    let values: Vec<String> = (0..60).map(|number| number.to_string()).collect();
    let (dir, cluster) = directory(&values.iter().map(String::as_str).collect::<Vec<_>>());
    let mut first = member(dir.path(), 1);
    for value in values.iter().take(50) {
        assert_eq!(poll(first.as_mut()), [format!("{value}1")]);
    }
    first.close().unwrap();
    let checkpoint = dir.path().join("broker-1").join("log-start-offset-checkpoint");
    assert!(std::fs::read_to_string(checkpoint).unwrap().contains("__share_group_state"));
    assert_eq!(lag(&Cluster::open(dir.path()).unwrap()), Some(10));
    std::fs::remove_dir_all(dir.path().join(".kt").join("groups")).unwrap();
    let mut next = member(dir.path(), 500);
    assert_eq!(poll(next.as_mut()).len(), 10);
    next.close().unwrap();
    assert_eq!(lag(&cluster), Some(0));
}

#[test]
fn a_silent_member_is_taken_out_and_comes_back_as_another() {
    let (dir, cluster) = directory(&["a", "b"]);
    // So that no sign of life comes between.
    set(&cluster, "share.heartbeat.interval.ms", "15000");
    let mut silent = member(dir.path(), 500);
    assert_eq!(peek(silent.as_mut()), "a");
    let before = cluster.admin().describe_share_group(G).unwrap().members;
    let file = dir.path().join(".kt/groups").join(format!("g-{G}/members/g-{}", before[0].member_id));
    // As if it had been stopped for longer than a session lasts.
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
    let mut heir = member(dir.path(), 500);
    assert_eq!(poll(heir.as_mut()), ["a2", "b2"]);
    heir.close().unwrap();
    assert_eq!(lag(&cluster), Some(0));
    // What it had is another's; what it says of that counts for nothing.
    poll_in_vain(silent.as_mut());
    let after = cluster.admin().describe_share_group(G).unwrap().members;
    assert!(after.len() == 1 && after[0].member_id != before[0].member_id);
    send(&cluster, "tasks", Acks::All, &["c"]);
    assert_eq!(poll(silent.as_mut()), ["c1"]);
    silent.close().unwrap();
    assert!(!file.exists());
}

#[test]
fn members_share_partitions_and_take_up_new_ones() {
    let (dir, cluster) = directory(&[]);
    let admin = cluster.admin();
    let mut one = member(dir.path(), 500);
    poll_in_vain(one.as_mut());
    admin.create_partitions("tasks", 2, None).unwrap();
    poll_in_vain(one.as_mut());
    let mut other = member(dir.path(), 500);
    poll_in_vain(other.as_mut());
    poll_in_vain(one.as_mut());
    let members = admin.describe_share_group(G).unwrap().members;
    let assigned: Vec<usize> = members.iter().map(|member| member.assignment.len()).collect();
    assert_eq!(assigned, [1, 1]);
    send(&cluster, "tasks", Acks::All, &["a"]);
    send(&cluster, "tasks", Acks::All, &["b"]);
    let mut seen = [poll(one.as_mut()), poll(other.as_mut())].concat();
    seen.sort();
    assert_eq!(seen, ["a1", "b1"]);
    one.close().unwrap();
    poll_in_vain(other.as_mut());
    assert_eq!(admin.describe_share_group(G).unwrap().members[0].assignment.len(), 2);
    other.close().unwrap();
}
