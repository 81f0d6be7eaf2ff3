//! Share groups over the wire: members that take records, say what became of them, and share them with those of this machine.

use crate::support::{Kt, Served, Wire, wait_until};
use kafka_protocol::messages::share_acknowledge_request::{
    AcknowledgePartition, AcknowledgeTopic, AcknowledgementBatch as Said, ShareAcknowledgeRequest,
};
use kafka_protocol::messages::share_fetch_request::{
    AcknowledgementBatch, FetchPartition, FetchTopic, ShareFetchRequest,
};
use kafka_protocol::messages::share_fetch_response::{PartitionData, ShareFetchResponse};
use kafka_protocol::messages::{
    GroupId, ResponseHeader, ShareGroupDescribeRequest, ShareGroupHeartbeatRequest, TopicName,
};
use kafka_protocol::protocol::{Decodable, StrBytes};
use kafka_protocol::records::RecordBatchDecoder;
use std::collections::BTreeMap;
use std::io::Write;

const ACCEPT: i8 = 1;
const RELEASE: i8 = 2;
const REJECT: i8 = 3;
const RENEW: i8 = 4;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// A member of group `g` that reads topic `t`.
struct Member {
    wire: Wire,
    id: String,
    epoch: i32,
    topic: uuid::Uuid,
    session: i32,
}

/// What a fetch has brought: offset, value, how often it was delivered.
type Records = Vec<(i64, String, i16)>;

impl Member {
    /// Joins, and goes on asking until there is something to read.
    fn join(server: &Served, id: &str) -> Member {
        let wire = server.connect();
        let mut member = Member { wire, id: id.to_owned(), epoch: 0, topic: uuid::Uuid::nil(), session: 0 };
        let answer = member.beat(0, Some("t"));
        assert_eq!((answer.error_code, answer.heartbeat_interval_ms), (0, 5000));
        let assignment = answer.assignment.expect("what is set up at once is assigned at once");
        let topic = assignment.topic_partitions[0].clone();
        assert_eq!(topic.partitions, [0]);
        member.topic = topic.topic_id;
        member.epoch = answer.member_epoch;
        member
    }

    fn beat(
        &mut self,
        epoch: i32,
        topic: Option<&str>,
    ) -> kafka_protocol::messages::ShareGroupHeartbeatResponse {
        let request = ShareGroupHeartbeatRequest::default()
            .with_group_id(GroupId(text("g")))
            .with_member_id(text(&self.id))
            .with_member_epoch(epoch)
            .with_subscribed_topic_names(topic.map(|topic| vec![TopicName(text(topic))]));
        self.wire.call(1, &request)
    }

    fn request(&self, words: &[(i64, i64, i8)], wait_ms: i32) -> ShareFetchRequest {
        let words = words.iter().map(|&(first, last, what)| {
            AcknowledgementBatch::default()
                .with_first_offset(first)
                .with_last_offset(last)
                .with_acknowledge_types(vec![what])
        });
        let partition = FetchPartition::default().with_acknowledgement_batches(words.collect());
        let topic = FetchTopic::default().with_topic_id(self.topic).with_partitions(vec![partition]);
        ShareFetchRequest::default()
            .with_group_id(Some(GroupId(text("g"))))
            .with_member_id(Some(text(&self.id)))
            .with_share_session_epoch(self.session)
            .with_max_wait_ms(wait_ms)
            .with_max_records(500)
            .with_max_bytes(1 << 20)
            .with_topics(vec![topic])
    }

    fn fetch_whole(&mut self, words: &[(i64, i64, i8)], wait_ms: i32) -> ShareFetchResponse {
        let request = self.request(words, wait_ms);
        let answer = self.wire.call(1, &request);
        self.session += 1;
        answer
    }

    /// Says something and fetches; the code of what was said, and what there is.
    fn fetch(&mut self, words: &[(i64, i64, i8)], wait_ms: i32) -> (i16, Records) {
        let answer = self.fetch_whole(words, wait_ms);
        assert_eq!((answer.error_code, answer.acquisition_lock_timeout_ms), (0, 30_000));
        let mut found = (0, Vec::new());
        for data in answer.responses.iter().flat_map(|topic| &topic.partitions) {
            assert_eq!(data.error_code, 0);
            found.0 = data.acknowledge_error_code;
            found.1 = records(data);
        }
        found
    }

    fn acknowledge(&mut self, words: &[(i64, i64, i8)], session: i32) -> (i16, Option<i16>) {
        let words = words.iter().map(|&(first, last, what)| {
            Said::default().with_first_offset(first).with_last_offset(last).with_acknowledge_types(vec![what])
        });
        let partition = AcknowledgePartition::default().with_acknowledgement_batches(words.collect());
        let topic = AcknowledgeTopic::default().with_topic_id(self.topic).with_partitions(vec![partition]);
        let request = ShareAcknowledgeRequest::default()
            .with_group_id(Some(GroupId(text("g"))))
            .with_member_id(Some(text(&self.id)))
            .with_share_session_epoch(session)
            .with_topics(vec![topic]);
        let answer = self.wire.call(1, &request);
        self.session += 1;
        (answer.error_code, answer.responses.first().map(|topic| topic.partitions[0].error_code))
    }

    /// Sends a request of version 2, with what that has beside the fields of 1 put in where it belongs.
    fn fetch_newest(&mut self, request: &ShareFetchRequest, more: [u8; 2]) -> ShareFetchResponse {
        let mut frame = self.wire.frame(1, request);
        // Behind the length: key, version, correlation id, client id and no tags; then "g", the member, six numbers.
        let header = 2 + 2 + 4 + 2 + self.wire.client_id.len() + 1;
        let at = 4 + header + 2 + 1 + self.id.len() + 24;
        frame[4 + 3] = 2;
        frame.splice(at..at, more);
        let length = u32::try_from(frame.len() - 4).unwrap();
        frame[..4].copy_from_slice(&length.to_be_bytes());
        self.wire.stream.write_all(&frame).unwrap();
        let mut answer = self.wire.receive_frame().unwrap();
        ResponseHeader::decode(&mut answer, 1).unwrap();
        self.session += 1;
        ShareFetchResponse::decode(&mut answer, 1).unwrap()
    }
}

/// The records that were acquired.
fn records(data: &PartitionData) -> Records {
    let mut values = BTreeMap::new();
    let mut bytes = data.records.clone().unwrap();
    for set in RecordBatchDecoder::decode_all(&mut bytes).unwrap() {
        for record in set.records {
            values.insert(record.offset, String::from_utf8(record.value.unwrap().to_vec()).unwrap());
        }
    }
    let mut found = Vec::new();
    for part in &data.acquired_records {
        for offset in part.first_offset..=part.last_offset {
            found.push((offset, values[&offset].clone(), part.delivery_count));
        }
    }
    found
}

fn of(records: &[(i64, &str, i16)]) -> Records {
    records.iter().map(|&(offset, value, count)| (offset, value.to_owned(), count)).collect()
}

fn directory() -> Kt {
    let kt = Kt::new();
    kt.run("topics --create --topic t").shows("Created topic t.\n");
    kt.run("configs --alter --group g --add-config share.auto.offset.reset=earliest").success();
    kt
}

fn produce(kt: &Kt, values: &[&str]) {
    kt.stdin(format!("{}\n", values.join("\n"))).run("produce --topic t").success();
}

#[test]
fn records_are_one_members_until_it_says_what_became_of_them() {
    let kt = directory();
    produce(&kt, &["a", "b", "c", "d"]);
    let server = Served::start(&kt, "");
    let (mut one, mut other) = (Member::join(&server, "one"), Member::join(&server, "other"));
    assert_eq!(one.fetch(&[], 60_000).1, of(&[(0, "a", 1), (1, "b", 1), (2, "c", 1), (3, "d", 1)]));
    assert_eq!(other.fetch(&[], 0).1, of(&[]));
    assert_eq!(one.acknowledge(&[(0, 0, ACCEPT), (1, 1, RELEASE), (2, 2, REJECT)], 1), (0, Some(0)));
    assert_eq!(other.fetch(&[], 60_000).1, of(&[(1, "b", 2)]));
    // What another has, or is finished, is not one's own to speak of; nor is what has been refused half done.
    assert_eq!(one.acknowledge(&[(1, 1, ACCEPT), (3, 3, ACCEPT)], 2), (0, Some(121)));
    assert_eq!(one.acknowledge(&[(3, 2, ACCEPT)], 3), (0, Some(42)));
    assert_eq!(one.acknowledge(&[(3, 3, RENEW)], 4), (0, Some(42)), "only version 2 knows that");
    assert_eq!(other.fetch(&[(1, 1, ACCEPT)], 0), (0, of(&[])));
    assert_eq!(other.fetch(&[(1, 1, ACCEPT)], 0), (0, of(&[])), "finished, and passed over");
    // The session ends, and what the member had not spoken of is given back.
    assert_eq!(one.acknowledge(&[], -1), (0, None));
    assert_eq!(other.fetch(&[], 60_000).1, of(&[(3, "d", 2)]));
    assert_eq!(other.acknowledge(&[(3, 3, ACCEPT)], -1), (0, Some(0)));
    let described = kt.run("share-groups --describe --group g --output csv").success_with_notes().lines();
    assert!(described[1].starts_with("g,t,0,"), "{described:?}");
    assert_eq!(described[1].split(',').nth(5), Some("0"), "nothing is left: {described:?}");
}

#[test]
fn who_waits_is_woken_by_what_a_command_produces_and_by_what_another_gives_back() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut one = Member::join(&server, "one");
    let request = one.request(&[], 60_000);
    one.wire.send(1, &request);
    produce(&kt, &["late"]);
    let answer = one.wire.receive::<ShareFetchRequest>(1);
    assert_eq!(records(&answer.responses[0].partitions[0]), of(&[(0, "late", 1)]));
    one.session += 1;
    let mut other = Member::join(&server, "other");
    let request = other.request(&[], 60_000);
    other.wire.send(1, &request);
    assert_eq!(one.acknowledge(&[(0, 0, RELEASE)], 1).0, 0);
    let answer = other.wire.receive::<ShareFetchRequest>(1);
    assert_eq!(records(&answer.responses[0].partitions[0]), of(&[(0, "late", 2)]));
}

#[test]
fn what_a_client_has_that_hangs_up_is_given_to_others_at_once() {
    let kt = directory();
    produce(&kt, &["a"]);
    let server = Served::start(&kt, "");
    let (mut one, mut other) = (Member::join(&server, "one"), Member::join(&server, "other"));
    assert_eq!(one.fetch(&[], 60_000).1, of(&[(0, "a", 1)]));
    let request = other.request(&[], 25_000);
    other.wire.send(1, &request);
    drop(one);
    // Before its lock would end.
    let answer = other.wire.receive::<ShareFetchRequest>(1);
    assert_eq!(records(&answer.responses[0].partitions[0]), of(&[(0, "a", 2)]));
}

#[test]
fn a_session_counts_its_requests() {
    let kt = directory();
    produce(&kt, &["a", "b", "c"]);
    let server = Served::start(&kt, "");
    let mut one = Member::join(&server, "one");
    one.session = 1;
    assert_eq!(one.fetch_whole(&[], 0).error_code, 122, "SHARE_SESSION_NOT_FOUND");
    assert_eq!(one.acknowledge(&[], 0).0, 123, "INVALID_SHARE_SESSION_EPOCH");
    one.session = 0;
    assert_eq!(one.fetch_whole(&[(0, 0, ACCEPT)], 0).error_code, 42);
    one.session = 0;
    let limited = one.request(&[], 0).with_max_records(2);
    let answer = one.fetch_newest(&limited, [1, 0]);
    assert_eq!(records(&answer.responses[0].partitions[0]), of(&[(0, "a", 1), (1, "b", 1)]));
    one.session = 7;
    assert_eq!(one.fetch_whole(&[], 0).error_code, 123);
    one.session = 1;
    let renewing = one.request(&[(0, 1, RENEW)], 0).with_max_records(0);
    let answer = one.fetch_newest(&renewing, [0, 1]);
    assert_eq!((answer.error_code, answer.responses[0].partitions[0].acknowledge_error_code), (0, 0));
    assert_eq!(one.fetch(&[(0, 1, ACCEPT)], 60_000), (0, of(&[(2, "c", 1)])));
    let mut lost = Member { topic: uuid::Uuid::from_u128(9), wire: server.connect(), ..one };
    lost.session = 0;
    assert_eq!(lost.fetch_whole(&[], 0).responses[0].partitions[0].error_code, 100, "UNKNOWN_TOPIC_ID");
}

#[test]
fn members_keep_their_place_by_heartbeats_and_are_described() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut one = Member::join(&server, "one");
    let epoch = one.epoch;
    let answer = one.beat(epoch, None);
    assert_eq!((answer.error_code, answer.member_epoch, answer.assignment), (0, epoch, None));
    assert_eq!(one.beat(epoch + 1, None).error_code, 110, "FENCED_MEMBER_EPOCH");
    assert_eq!(one.beat(0, None).error_code, 42);
    assert_eq!(one.beat(-2, None).error_code, 42);
    let mut other = Member::join(&server, "other");
    let answer = one.beat(epoch, None);
    assert!(answer.error_code == 0 && answer.member_epoch > epoch && answer.assignment.is_some());
    let groups = vec![GroupId(text("g")), GroupId(text("none"))];
    let describe = ShareGroupDescribeRequest::default().with_group_ids(groups);
    let described = one.wire.call(1, &describe).groups;
    assert_eq!((described[0].group_state.as_str(), described[0].members.len()), ("Stable", 2));
    let member = &described[0].members[0];
    assert_eq!((member.member_id.as_str(), member.client_host.as_str()), ("one", "/127.0.0.1"));
    assert_eq!(member.assignment.topic_partitions[0].topic_name.as_str(), "t");
    assert_eq!(described[1].error_code, 69, "GROUP_ID_NOT_FOUND");
    assert_eq!(other.beat(-1, None).member_epoch, -1);
    assert_eq!(other.beat(-1, None).error_code, 25, "UNKNOWN_MEMBER_ID");
    // A dead server's members are dead to others until they come to the next one.
    server.running.kill();
    let server = Served::start(&kt, "");
    one.wire = server.connect();
    let answer = one.beat(epoch, None);
    assert!(answer.error_code == 0 || answer.error_code == 25, "{answer:?}");
}

#[test]
fn members_here_and_there_share_the_records_of_a_group() {
    let kt = directory();
    let values: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let server = Served::start(&kt, "");
    let here = kt.start("share-consume --topic t --group g");
    let mut there = Member::join(&server, "there");
    let mut seen = Vec::new();
    let mut words = Vec::new();
    for batch in values.chunks(1) {
        produce(&kt, &[batch[0].as_str()]);
        let (code, found) = there.fetch(&words, 20);
        assert_eq!(code, 0);
        words = found.iter().map(|(offset, _, _)| (*offset, *offset, ACCEPT)).collect();
        seen.extend(found.into_iter().map(|(_, value, _)| value));
    }
    wait_until("every record", || {
        let (code, found) = there.fetch(&words, 20);
        assert_eq!(code, 0);
        words = found.iter().map(|(offset, _, _)| (*offset, *offset, ACCEPT)).collect();
        seen.extend(found.into_iter().map(|(_, value, _)| value));
        let theirs = here.stdout_so_far();
        seen.len() + theirs.iter().filter(|byte| **byte == b'\n').count() >= values.len()
    });
    let text = String::from_utf8(here.stdout_so_far()).unwrap();
    seen.extend(text.lines().map(str::to_owned));
    seen.sort_by_key(|value| value.parse::<i32>().unwrap());
    assert_eq!(seen, values, "each record once");
    // Whoever is killed loses what it has to the others.
    here.kill();
    let _ = here.finish();
    produce(&kt, &["last"]);
    assert_eq!(there.fetch(&words, 60_000).1.len(), 1);
}
