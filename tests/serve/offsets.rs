//! ListOffsets and DeleteRecords over the wire.

use super::records::{NOBODY, batch, fetch, name, now_ms, produce, read};
use crate::support::{Kt, Served, Wire};
use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use kafka_protocol::messages::list_offsets_request::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};

const OUT_OF_RANGE: i16 = 1;
const UNKNOWN_TOPIC: i16 = 3;
const UNSUPPORTED: i16 = 35;
const INVALID_REQUEST: i16 = 42;
const FENCED_EPOCH: i16 = 74;

fn ask(timestamp: i64, partition: i32) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::default()
        .with_partition_index(partition)
        .with_current_leader_epoch(-1)
        .with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(name("t")).with_partitions(vec![partition]);
    ListOffsetsRequest::default().with_topics(vec![topic])
}

/// Error, offset and timestamp.
fn find(wire: &mut Wire, version: i16, timestamp: i64) -> (i16, i64, i64) {
    let answer = wire.call(version, &ask(timestamp, 0));
    let found = &answer.topics[0].partitions[0];
    (found.error_code, found.offset, found.timestamp)
}

#[test]
fn offsets_are_found_by_place_and_by_time_in_every_version() {
    let kt = Kt::new();
    kt.run("topics --create --topic t").success();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    for version in 1..=10 {
        assert_eq!(find(&mut wire, version, -1), (0, 0, -1), "an empty log");
        assert_eq!(find(&mut wire, version, 0), (0, -1, -1));
    }
    assert_eq!(find(&mut wire, 7, -3), (0, -1, -1));
    let before = now_ms();
    for _ in 0..3 {
        produce(&mut wire, 9, ("t", 0), -1, batch(&["v"], NOBODY));
    }
    for version in 1..=10 {
        assert_eq!(find(&mut wire, version, -1), (0, 3, -1));
        assert_eq!(find(&mut wire, version, -2), (0, 0, -1));
        let (error, offset, time) = find(&mut wire, version, before);
        assert_eq!((error, offset), (0, 0));
        assert!(time >= before);
        assert_eq!(find(&mut wire, version, now_ms() + 1_000_000), (0, -1, -1));
        let newest = find(&mut wire, version, -3);
        assert_eq!(newest.0, if version >= 7 { 0 } else { UNSUPPORTED });
        assert_eq!(
            find(&mut wire, version, -4),
            if version >= 8 { (0, 0, -1) } else { (UNSUPPORTED, -1, -1) }
        );
        assert_eq!(find(&mut wire, version, -5).0, if version >= 9 { 0 } else { UNSUPPORTED });
        assert_eq!(find(&mut wire, version, -6), (UNSUPPORTED, -1, -1));
    }
    assert_eq!(wire.call(7, &ask(-1, 1)).topics[0].partitions[0].error_code, UNKNOWN_TOPIC);
    let mut twice = ask(-1, 0);
    let again = twice.topics[0].partitions[0].clone();
    twice.topics[0].partitions.push(again);
    let answer = wire.call(7, &twice);
    assert!(answer.topics[0].partitions.iter().all(|part| part.error_code == INVALID_REQUEST));
    let mut fenced = ask(-1, 0);
    let current = wire.call(7, &ask(-1, 0)).topics[0].partitions[0].leader_epoch;
    fenced.topics[0].partitions[0].current_leader_epoch = current - 1;
    let answer = wire.call(7, &fenced).topics[0].partitions[0].error_code;
    assert_eq!(answer, if current > 0 { FENCED_EPOCH } else { 0 });
}

#[test]
fn deleted_records_are_gone_for_clients_and_shell_commands() {
    let kt = Kt::new();
    kt.run("topics --create --topic t").success();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    for _ in 0..6 {
        produce(&mut wire, 9, ("t", 0), 1, batch(&["v"], NOBODY));
    }
    let mut delete = |version, before| {
        let partition = DeleteRecordsPartition::default().with_partition_index(0).with_offset(before);
        let topic = DeleteRecordsTopic::default().with_name(name("t")).with_partitions(vec![partition]);
        let answer = wire.call(version, &DeleteRecordsRequest::default().with_topics(vec![topic]));
        let done = &answer.topics[0].partitions[0];
        (done.error_code, done.low_watermark)
    };
    assert_eq!([delete(0, 1), delete(1, 2), delete(2, 3)], [(0, 1), (0, 2), (0, 3)]);
    assert_eq!(delete(2, 9), (OUT_OF_RANGE, -1));
    assert_eq!(fetch(&mut wire, 12, ("t", 0), 2).error_code, OUT_OF_RANGE);
    assert_eq!(read(&fetch(&mut wire, 12, ("t", 0), 3)).len(), 3);
    assert_eq!(find(&mut wire, 5, -2), (0, 3, -1));
    assert_eq!(kt.records("t", 0, "").len(), 3);
}
