//! Fetch over the wire: every version, limits, long polls, sessions, fences and committed records.

use super::records::{NOBODY, batch, fetch, fetch_request, name, only_part, produce, read, topic_id};
use crate::support::{Kt, Served, Wire, wait_until};
use kafka_protocol::messages::fetch_request::{FetchRequest, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::fetch_response::FetchResponse;
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use std::time::Duration;

const OUT_OF_RANGE: i16 = 1;
const CORRUPT: i16 = 2;
const UNKNOWN_TOPIC: i16 = 3;
const NO_SESSION: i16 = 70;
const WRONG_SESSION_EPOCH: i16 = 71;
const FENCED_EPOCH: i16 = 74;
const UNKNOWN_EPOCH: i16 = 75;
const UNKNOWN_TOPIC_ID: i16 = 100;
const MINUTE_MS: i32 = 60_000;

fn served(partitions: i32) -> (Kt, Served) {
    let kt = Kt::new();
    kt.run(format!("topics --create --topic t --partitions {partitions}")).success();
    let server = Served::start(&kt, "");
    (kt, server)
}

fn values(records: &[(i64, String)]) -> Vec<&str> {
    records.iter().map(|(_, value)| value.as_str()).collect()
}

#[test]
fn every_version_reads_what_shell_commands_and_clients_wrote() {
    let (kt, server) = served(1);
    let mut wire = server.connect();
    kt.stdin("a\nb\n").run("produce --topic t").success();
    assert_eq!(produce(&mut wire, 9, ("t", 0), -1, batch(&["c"], NOBODY)).base_offset, 2);
    for version in 4..=18 {
        let part = fetch(&mut wire, version, ("t", 0), 1);
        assert_eq!((part.error_code, part.high_watermark), (0, 3));
        // Whole batches: what is before the offset is the client's to pass over.
        assert_eq!(values(&read(&part)), ["a", "b", "c"], "version {version}");
        assert_eq!(read(&fetch(&mut wire, version, ("t", 0), 3)), []);
        assert_eq!(fetch(&mut wire, version, ("t", 0), 4).error_code, OUT_OF_RANGE);
        let unknown = fetch(&mut wire, version, ("missing", 0), 0);
        assert_eq!(unknown.error_code, if version >= 13 { UNKNOWN_TOPIC_ID } else { UNKNOWN_TOPIC });
        assert_eq!((unknown.high_watermark, unknown.log_start_offset), (-1, -1));
    }
    assert_eq!(fetch(&mut wire, 12, ("t", 1), 0).error_code, UNKNOWN_TOPIC);
}

#[test]
fn limits_are_kept_but_for_the_first_batch() {
    let (_kt, server) = served(2);
    let mut wire = server.connect();
    let value = "v".repeat(1000);
    for partition in [0, 0, 0, 1] {
        produce(&mut wire, 9, ("t", partition), 1, batch(&[&value], NOBODY));
    }
    let mut request = fetch_request(&mut wire, 12, ("t", 0), 0);
    let other = request.topics[0].partitions[0].clone().with_partition(1);
    request.topics[0].partitions.push(other);
    let mut counts = |bytes_max: i32, partition_max: i32| {
        let mut request = request.clone().with_max_bytes(bytes_max);
        for partition in &mut request.topics[0].partitions {
            partition.partition_max_bytes = partition_max;
        }
        let answer = wire.call(12, &request);
        Vec::from_iter(answer.responses[0].partitions.iter().map(|part| read(part).len()))
    };
    assert_eq!(counts(1 << 20, 1 << 20), [3, 1]);
    assert_eq!(counts(1 << 20, 2300), [2, 1]);
    assert_eq!(counts(2300, 1 << 20), [2, 0]);
    assert_eq!(counts(10, 10), [1, 0]);
}

#[test]
fn a_long_poll_ends_with_a_record_of_another_process_of_a_client_and_with_its_time() {
    let (kt, server) = served(2);
    let mut wire = server.connect();
    let mut waiting = fetch_request(&mut wire, 12, ("t", 0), 0).with_max_wait_ms(MINUTE_MS);
    let other = waiting.topics[0].partitions[0].clone().with_partition(1);
    waiting.topics[0].partitions.push(other);
    wire.send(12, &waiting);
    // The other connection's answers show that the server goes on meanwhile.
    let mut client = server.connect();
    assert_eq!(read(&fetch(&mut client, 12, ("t", 0), 0)), []);
    kt.bash(
        "echo 0:x | $KT produce --topic t --reader-property parse.key=true --reader-property key.separator=:",
    )
    .success();
    let answer = wire.receive::<FetchRequest>(12);
    let found: Vec<_> = answer.responses[0].partitions.iter().flat_map(read).collect();
    assert_eq!(values(&found), ["x"]);
    let ends: Vec<i64> = answer.responses[0].partitions.iter().map(|part| part.high_watermark).collect();
    for (place, end) in ends.iter().enumerate() {
        waiting.topics[0].partitions[place].fetch_offset = *end;
    }
    wire.send(12, &waiting);
    produce(&mut client, 9, ("t", 1), -1, batch(&["y"], NOBODY));
    let answer = wire.receive::<FetchRequest>(12);
    assert_eq!(values(&read(&answer.responses[0].partitions[1])), ["y"]);
    waiting.topics[0].partitions[1].fetch_offset = answer.responses[0].partitions[1].high_watermark;
    let answer = wire.call(12, &waiting.clone().with_max_wait_ms(20));
    assert!(answer.responses[0].partitions.iter().all(|part| read(part).is_empty()));
    // More than there is has to come: one record after another, until it is enough.
    let wanted = waiting.with_min_bytes(500);
    wire.send(12, &wanted);
    let value = "z".repeat(200);
    for _ in 0..3 {
        produce(&mut client, 9, ("t", 0), 1, batch(&[&value], NOBODY));
    }
    let bytes = |answer: &FetchResponse| {
        let parts = answer.responses[0].partitions.iter();
        parts.map(|part| part.records.as_ref().map_or(0, |records| records.len())).sum::<usize>()
    };
    // What came first may be all that there was room to wait for; the rest is there for the next.
    assert!(bytes(&wire.receive::<FetchRequest>(12)) >= 500);
}

#[test]
fn a_poll_that_waits_learns_that_its_topic_is_gone() {
    let (kt, server) = served(1);
    let mut wire = server.connect();
    let waiting = fetch_request(&mut wire, 12, ("t", 0), 0).with_max_wait_ms(MINUTE_MS);
    wire.send(12, &waiting);
    kt.run("topics --delete --topic t").success();
    assert_eq!(only_part(wire.receive::<FetchRequest>(12)).error_code, UNKNOWN_TOPIC);
}

#[test]
fn a_server_that_ends_answers_those_who_wait() {
    let (_kt, mut server) = served(1);
    let mut wire = server.connect();
    let waiting = fetch_request(&mut wire, 12, ("t", 0), 0).with_max_wait_ms(MINUTE_MS);
    wire.send(12, &waiting);
    // Until the request has been read, the end could come before it.
    std::thread::sleep(Duration::from_millis(200));
    server.running.terminate();
    let answered = wire.receive_frame();
    wait_until("the server's end", || !server.running.is_alive());
    drop(answered);
}

struct Session {
    wire: Wire,
    id: i32,
    epoch: i32,
    by_id: bool,
}

impl Session {
    fn version(&self) -> i16 {
        if self.by_id { 17 } else { 12 }
    }

    /// Asks with these changes, and returns the partitions that are answered, with their numbers of records.
    fn ask(&mut self, topics: Vec<FetchTopic>, forgotten: Vec<ForgottenTopic>) -> Vec<(i32, usize)> {
        let request = FetchRequest::default()
            .with_max_bytes(1 << 20)
            .with_session_id(self.id)
            .with_session_epoch(self.epoch)
            .with_topics(topics)
            .with_forgotten_topics_data(forgotten);
        let answer = self.wire.call(self.version(), &request);
        assert_eq!(answer.error_code, 0);
        self.id = answer.session_id;
        self.epoch += 1;
        let parts = answer.responses.iter().flat_map(|topic| &topic.partitions);
        parts.map(|part| (part.partition_index, read(part).len())).collect()
    }
}

#[test]
fn a_session_tells_only_what_has_changed() {
    for by_id in [false, true] {
        let (kt, server) = served(3);
        let mut wire = server.connect();
        let version = if by_id { 17 } else { 12 };
        let first = fetch_request(&mut wire, version, ("t", 0), 0).topics.remove(0);
        let parts = |offsets: &[(i32, i64)]| {
            let of = |&(partition, offset): &(i32, i64)| {
                first.partitions[0].clone().with_partition(partition).with_fetch_offset(offset)
            };
            vec![first.clone().with_partitions(offsets.iter().map(of).collect())]
        };
        let mut session = Session { wire, id: 0, epoch: 0, by_id };
        assert_eq!(session.ask(parts(&[(0, 0), (1, 0), (2, 0)]), vec![]), [(0, 0), (1, 0), (2, 0)]);
        assert_ne!(session.id, 0);
        assert_eq!(session.ask(vec![], vec![]), []);
        let mut client = server.connect();
        produce(&mut client, 9, ("t", 1), 1, batch(&["a", "b"], NOBODY));
        assert_eq!(session.ask(vec![], vec![]), [(1, 2)]);
        assert_eq!(session.ask(parts(&[(1, 2)]), vec![]), []);
        kt.run(
            "configs --alter --entity-type topics --entity-name t --add-config retention.ms=1000000000000",
        )
        .success();
        assert_eq!(session.ask(vec![], vec![]), [], "settings are no news of records");
        let forget = ForgottenTopic::default()
            .with_topic(if by_id { name("") } else { name("t") })
            .with_topic_id(first.topic_id)
            .with_partitions(vec![2]);
        produce(&mut client, 9, ("t", 2), 1, batch(&["c"], NOBODY));
        assert_eq!(session.ask(vec![], vec![forget]), []);
        assert_eq!(session.ask(parts(&[(2, 0)]), vec![]), [(2, 1)]);

        let ask = |session: &mut Session, id, epoch| {
            let request = FetchRequest::default().with_session_id(id).with_session_epoch(epoch);
            session.wire.call(session.version(), &request).error_code
        };
        let (id, epoch) = (session.id, session.epoch);
        assert_eq!(ask(&mut session, id, epoch + 1), WRONG_SESSION_EPOCH);
        assert_eq!(ask(&mut session, id ^ 1, epoch), NO_SESSION);
        assert_eq!(ask(&mut session, id, -1), 0, "it is ended");
        assert_eq!(ask(&mut session, id, epoch), NO_SESSION);
    }
}

#[test]
fn clients_of_other_epochs_are_fenced() {
    let (_kt, server) = served(1);
    let mut wire = server.connect();
    produce(&mut wire, 9, ("t", 0), 1, batch(&["v"], NOBODY));
    let request = fetch_request(&mut wire, 12, ("t", 0), 0);
    let mut of_epoch = |epoch| {
        let mut request = request.clone();
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        only_part(wire.call(12, &request)).error_code
    };
    let current = (0..).find(|&epoch| of_epoch(epoch) != FENCED_EPOCH).unwrap();
    assert_eq!([of_epoch(current), of_epoch(current + 1), of_epoch(-1)], [0, UNKNOWN_EPOCH, 0]);
    for version in 2..=4 {
        let partition = OffsetForLeaderPartition::default()
            .with_partition(0)
            .with_current_leader_epoch(-1)
            .with_leader_epoch(current);
        let topic = OffsetForLeaderTopic::default().with_topic(name("t")).with_partitions(vec![partition]);
        let answer = wire.call(version, &OffsetForLeaderEpochRequest::default().with_topics(vec![topic]));
        let end = &answer.topics[0].partitions[0];
        assert_eq!((end.error_code, end.leader_epoch, end.end_offset), (0, current, 1));
    }
    let mut ahead = fetch_request(&mut wire, 12, ("t", 0), 1);
    ahead.topics[0].partitions[0].last_fetched_epoch = current;
    assert_eq!(only_part(wire.call(12, &ahead)).diverging_epoch.epoch, -1);
    ahead.topics[0].partitions[0].fetch_offset = 5;
    let parted = only_part(wire.call(12, &ahead)).diverging_epoch;
    assert_eq!((parted.epoch, parted.end_offset), (current, 1));
}

#[test]
fn damage_is_told_of_its_partition_alone() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").success();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    for partition in 0..2 {
        produce(&mut wire, 9, ("t", partition), -1, batch(&["value"], NOBODY));
    }
    let path = kt.broker().join("t-0/00000000000000000000.log");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut request = fetch_request(&mut wire, 12, ("t", 0), 0);
    let other = request.topics[0].partitions[0].clone().with_partition(1);
    request.topics[0].partitions.push(other);
    let answer = wire.call(12, &request);
    let parts = &answer.responses[0].partitions;
    assert_eq!((parts[0].error_code, read(&parts[1]).len()), (CORRUPT, 1));
}

#[test]
fn who_reads_committed_records_is_told_which_were_aborted() {
    let (kt, server) = served(1);
    let mut wire = server.connect();
    kt.stdin("a\nb\n").run("produce --topic t --command-property transactional.id=x").success();
    let id = topic_id(&mut wire, "t");
    assert_ne!(id, uuid::Uuid::nil());
    let request = fetch_request(&mut wire, 11, ("t", 0), 0);
    let committed = only_part(wire.call(11, &request.clone().with_isolation_level(1)));
    assert_eq!(committed.last_stable_offset, committed.high_watermark);
    assert_eq!(committed.aborted_transactions.as_deref(), Some(&[][..]));
    assert_eq!(values(&read(&committed)), ["a", "b"]);
    assert_eq!(only_part(wire.call(11, &request)).aborted_transactions, None);
}
