//! Produce over the wire: every version, every kind of acknowledgement, what is refused, and servers that are killed.

use super::records::{NOBODY, Stamp, batch, fetch, produce, produce_as, produce_request, read};
use crate::support::{Kt, Served, Wire};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{InitProducerIdRequest, ProduceRequest};
use std::io::Write;

const CORRUPT: i16 = 2;
const UNKNOWN_TOPIC: i16 = 3;
const TOO_LARGE: i16 = 10;
const INVALID_TOPIC: i16 = 17;
const INVALID_ACKS: i16 = 21;
const OUT_OF_ORDER: i16 = 45;
const OLD_EPOCH: i16 = 47;
const INVALID_TXN_STATE: i16 = 48;
const INVALID_RECORD: i16 = 87;
const UNKNOWN_TOPIC_ID: i16 = 100;
const ABORTABLE: i16 = 120;

fn served(partitions: i32) -> (Kt, Served) {
    let kt = Kt::new();
    kt.run(format!("topics --create --topic t --partitions {partitions}")).success();
    let server = Served::start(&kt, "");
    (kt, server)
}

#[test]
fn every_version_and_acknowledgement_stores_what_was_sent() {
    let (kt, server) = served(1);
    let mut wire = server.connect();
    let mut expected = Vec::new();
    for version in 3..=13 {
        for acks in [-1, 1] {
            let values = [format!("{version}/{acks}/a"), format!("{version}/{acks}/b")];
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let answer = produce(&mut wire, version, ("t", 0), acks, batch(&values, NOBODY));
            assert_eq!((answer.error_code, answer.base_offset), (0, expected.len() as i64));
            assert_eq!(answer.log_append_time_ms, -1);
            expected.extend(values.iter().map(|value| (*value).to_owned()));
        }
    }
    // Who wants no answer gets none: what comes is the answer to the next request.
    let request = produce_request(&mut wire, 12, ("t", 0), 0, batch(&["quiet"], NOBODY));
    wire.send(12, &request);
    expected.push("quiet".to_owned());
    let read = read(&fetch(&mut wire, 12, ("t", 0), 0));
    assert_eq!(read.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), Vec::from_iter(0..45));
    assert_eq!(read.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), expected);
    assert_eq!(kt.end("t", 0), 45, "shell commands see it while the server runs");
}

#[test]
fn what_can_not_be_stored_is_refused_with_a_reason() {
    let (kt, server) = served(1);
    kt.run("topics --create --topic small --config max.message.bytes=100").success();
    kt.run("topics --create --topic compacted --config cleanup.policy=compact").success();
    let mut wire = server.connect();
    let good = batch(&["v"], NOBODY);
    let code = |wire: &mut Wire, at, records| produce(wire, 12, at, -1, records).error_code;
    assert_eq!(code(&mut wire, ("missing", 0), good.clone()), UNKNOWN_TOPIC);
    assert_eq!(code(&mut wire, ("t", 1), good.clone()), UNKNOWN_TOPIC);
    assert_eq!(produce(&mut wire, 13, ("missing", 0), -1, good.clone()).error_code, UNKNOWN_TOPIC_ID);
    assert_eq!(code(&mut wire, ("__consumer_offsets", 0), good.clone()), UNKNOWN_TOPIC);
    let long = "x".repeat(200);
    assert_eq!(code(&mut wire, ("small", 0), batch(&[&long], NOBODY)), TOO_LARGE);
    let mut flipped = BytesMut::from(&good[..]);
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(code(&mut wire, ("t", 0), flipped.freeze()), CORRUPT);
    assert_eq!(code(&mut wire, ("t", 0), Bytes::new()), INVALID_RECORD);
    let two = [&good[..], &good[..]].concat();
    assert_eq!(code(&mut wire, ("t", 0), two.into()), INVALID_RECORD);
    let answer = produce(&mut wire, 8, ("compacted", 0), 1, batch(&["a", "b"], NOBODY));
    assert_eq!((answer.error_code, answer.base_offset), (INVALID_RECORD, -1));
    let blamed: Vec<i32> = answer.record_errors.iter().map(|error| error.batch_index).collect();
    assert_eq!(blamed, [0, 1]);
    assert!(answer.error_message.unwrap().as_str().contains("rejected"));
    assert_eq!(produce(&mut wire, 9, ("t", 0), 7, good.clone()).error_code, INVALID_ACKS);
    assert_eq!(code(&mut wire, ("t", 0), good), 0);
}

#[test]
fn kafkas_own_topics_are_not_written_to() {
    let (kt, server) = served(1);
    kt.stdin("a\n").run("produce --topic t").success();
    kt.run("consume --topic t --group g --from-beginning --max-messages 1").success_with_notes();
    let mut wire = server.connect();
    let answer = produce(&mut wire, 12, ("__consumer_offsets", 0), 1, batch(&["v"], NOBODY));
    assert_eq!(answer.error_code, INVALID_TOPIC);
}

#[test]
fn old_versions_and_refused_batches_without_acknowledgement_end_the_connection() {
    let (_kt, server) = served(1);
    let mut wire = server.connect();
    // A Produce of version 2: acks, timeout, no topics.
    let frame = [0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0];
    wire.stream.write_all(&frame).unwrap();
    assert!(wire.receive_frame().is_err());
    let mut wire = server.connect();
    let request = produce_request(&mut wire, 12, ("missing", 0), 0, batch(&["v"], NOBODY));
    wire.send(12, &request);
    assert!(wire.receive_frame().is_err());
}

#[test]
fn batches_of_an_idempotent_producer_are_stored_once_and_in_order() {
    let (kt, server) = served(1);
    let mut wire = server.connect();
    let id = wire.call(4, &InitProducerIdRequest::default().with_transactional_id(None)).producer_id.0;
    let mut send = |sequence, epoch, value: &str| {
        let stamp = Stamp { id, epoch, sequence, transactional: false };
        let answer = produce(&mut wire, 11, ("t", 0), -1, batch(&[value], stamp));
        (answer.error_code, answer.base_offset)
    };
    assert_eq!(send(0, 0, "a"), (0, 0));
    assert_eq!(send(1, 0, "b"), (0, 1));
    assert_eq!(send(0, 0, "a"), (0, 0));
    assert_eq!(send(3, 0, "gap"), (OUT_OF_ORDER, -1));
    assert_eq!(send(0, 1, "c"), (0, 2));
    assert_eq!(send(2, 0, "late"), (OLD_EPOCH, -1));
    assert_eq!(kt.records("t", 0, "").len(), 3);
}

#[test]
fn a_partition_enters_a_transaction_with_what_is_written_to_it_or_must_have_been_added() {
    use kafka_protocol::messages::TransactionalId;
    use kafka_protocol::protocol::StrBytes;
    let (_kt, server) = served(1);
    let mut wire = server.connect();
    let init = InitProducerIdRequest::default()
        .with_transactional_id(Some(TransactionalId(StrBytes::from_static_str("tx"))))
        .with_transaction_timeout_ms(60_000);
    let producer = wire.call(4, &init);
    let (id, epoch) = (producer.producer_id.0, producer.producer_epoch);
    let stamp = |sequence| Stamp { id, epoch, sequence, transactional: true };
    let mut send = |version, sequence, tx| {
        produce_as(&mut wire, version, ("t", 0), -1, batch(&["v"], stamp(sequence)), tx).error_code
    };
    assert_eq!(send(10, 0, Some("tx")), INVALID_TXN_STATE, "it was not added");
    assert_eq!(send(11, 0, Some("tx")), ABORTABLE, "it was not added");
    assert_eq!(send(12, 0, Some("tx")), 0);
    assert_eq!(send(11, 1, Some("tx")), 0);
    assert_ne!(send(12, 2, None), 0, "a transaction has an id");
    let fetched = fetch(&mut wire, 12, ("t", 0), 0);
    assert_eq!(fetched.high_watermark, 2);
    let committed = super::records::fetch_request(&mut wire, 12, ("t", 0), 0).with_isolation_level(1);
    let held = super::records::only_part(wire.call(12, &committed));
    assert_eq!((held.last_stable_offset, read(&held).len()), (0, 0));
}

#[test]
fn requests_sent_at_once_are_stored_in_their_order() {
    let (kt, server) = served(1);
    let mut wire = server.connect();
    let id = wire.call(4, &InitProducerIdRequest::default().with_transactional_id(None)).producer_id.0;
    for sequence in 0..100 {
        let stamp = Stamp { id, epoch: 0, sequence, transactional: false };
        let request = produce_request(&mut wire, 9, ("t", 0), -1, batch(&[&sequence.to_string()], stamp));
        wire.send(9, &request);
    }
    for sequence in 0..100 {
        let answer = wire.receive::<ProduceRequest>(9);
        let answer = &answer.responses[0].partition_responses[0];
        assert_eq!((answer.error_code, answer.base_offset), (0, sequence));
    }
    assert_eq!(kt.records("t", 0, ""), Vec::from_iter((0..100).map(|number| number.to_string())));
}

#[test]
fn what_was_acknowledged_outlives_a_server_that_is_killed() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").success();
    let mut acknowledged = [0, 0];
    let mut next = [0, 0];
    for round in 0..5 {
        let server = Served::start(&kt, "");
        let mut wire = server.connect();
        for number in 0..60 {
            let partition = number % 2;
            let stamp = Stamp { id: 77, epoch: 0, sequence: next[partition], transactional: false };
            let value = next[partition].to_string();
            let at = ("t", i32::try_from(partition).unwrap());
            let request = produce_request(&mut wire, 9, at, -1, batch(&[&value], stamp));
            wire.send(9, &request);
            next[partition] += 1;
        }
        // Killed while some are on their way.
        for number in 0..20 + round * 5 {
            let answer = wire.receive::<ProduceRequest>(9);
            assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
            acknowledged[number % 2] += 1;
        }
        server.running.kill();
        drop(server);
        for partition in 0..2 {
            let there = kt.records("t", partition, "");
            assert!(there.len() >= acknowledged[partition], "{} of {}", there.len(), acknowledged[partition]);
            // As a producer that goes on where it is told it was.
            next[partition] = i32::try_from(there.len()).unwrap();
            acknowledged[partition] = there.len();
            assert_eq!(there, Vec::from_iter((0..there.len()).map(|number| number.to_string())));
        }
    }
    kt.run("check").success();
}

#[test]
fn a_thousand_partitions_are_written_in_one_request_and_read_in_another() {
    let (_kt, server) = served(1000);
    let mut wire = server.connect();
    let mut request = produce_request(&mut wire, 9, ("t", 0), -1, batch(&["v"], NOBODY));
    let first = request.topic_data[0].partition_data[0].clone();
    request.topic_data[0].partition_data = (0..1000).map(|index| first.clone().with_index(index)).collect();
    let answer = wire.call(9, &request);
    let answers = &answer.responses[0].partition_responses;
    assert_eq!(answers.len(), 1000);
    assert!(answers.iter().all(|answer| (answer.error_code, answer.base_offset) == (0, 0)));
    let mut request = super::records::fetch_request(&mut wire, 12, ("t", 0), 0);
    let first = request.topics[0].partitions[0].clone();
    request.topics[0].partitions = (0..1000).map(|index| first.clone().with_partition(index)).collect();
    let answer = wire.call(12, &request);
    let parts = &answer.responses[0].partitions;
    assert!(parts.iter().all(|part| read(part) == [(0, "v".to_owned())]));
    assert_eq!(parts.len(), 1000);
}
