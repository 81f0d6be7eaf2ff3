//! Transactions over the wire: every version of their requests, who fences whom, and servers that are killed.

use super::records::{Stamp, batch, fetch_request, only_part, produce_as, read};
use crate::support::{Kt, Served, Wire, wait_until};
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, DescribeTransactionsRequest, EndTxnRequest, GroupId, InitProducerIdRequest,
    ListTransactionsRequest, ProducerId, TopicName, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

const FENCED: i16 = 90;
const OLD_EPOCH: i16 = 47;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn id(name: &str) -> TransactionalId {
    TransactionalId(text(name))
}

/// A client with a transactional id.
struct Producer {
    wire: Wire,
    name: String,
    sequence: i32,
    id: TransactionalId,
    producer: ProducerId,
    epoch: i16,
}

impl Producer {
    fn new(server: &Served, name: &str) -> Producer {
        let mut wire = server.connect();
        let answer = wire.call(5, &init(name));
        assert_eq!(answer.error_code, 0);
        let (producer, epoch) = (answer.producer_id, answer.producer_epoch);
        Producer { wire, name: name.to_owned(), sequence: 0, id: id(name), producer, epoch }
    }

    /// Writes a record to a partition of `t`, as a client of the newest protocol or one before.
    fn write(&mut self, version: i16, partition: i32, value: &str) -> i16 {
        let stamp =
            Stamp { id: self.producer.0, epoch: self.epoch, sequence: self.sequence, transactional: true };
        let records = batch(&[value], stamp);
        let answer = produce_as(&mut self.wire, version, ("t", partition), -1, records, Some(&self.name));
        answer.error_code
    }

    /// Adds `t-0`; the code that the partition gets.
    fn add(&mut self, version: i16) -> i16 {
        let topic =
            AddPartitionsToTxnTopic::default().with_name(TopicName(text("t"))).with_partitions(vec![0]);
        if version < 4 {
            let request = AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(self.id.clone())
                .with_v3_and_below_producer_id(self.producer)
                .with_v3_and_below_producer_epoch(self.epoch)
                .with_v3_and_below_topics(vec![topic]);
            let answer = self.wire.call(version, &request);
            return answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code;
        }
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(self.id.clone())
            .with_producer_id(self.producer)
            .with_producer_epoch(self.epoch)
            .with_topics(vec![topic]);
        let request = AddPartitionsToTxnRequest::default().with_transactions(vec![transaction]);
        let answer = self.wire.call(version, &request);
        answer.results_by_transaction[0].topic_results[0].results_by_partition[0].partition_error_code
    }

    fn add_offsets(&mut self, version: i16, group: &str) -> i16 {
        let request = AddOffsetsToTxnRequest::default()
            .with_transactional_id(self.id.clone())
            .with_producer_id(self.producer)
            .with_producer_epoch(self.epoch)
            .with_group_id(GroupId(text(group)));
        self.wire.call(version, &request).error_code
    }

    /// Commits an offset of `t-0`.
    fn commit_offset(&mut self, version: i16, group: &str, offset: i64) -> i16 {
        let partition = TxnOffsetCommitRequestPartition::default().with_committed_offset(offset);
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(TopicName(text("t")))
            .with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(self.id.clone())
            .with_group_id(GroupId(text(group)))
            .with_producer_id(self.producer)
            .with_producer_epoch(self.epoch)
            .with_topics(vec![topic]);
        self.wire.call(version, &request).topics[0].partitions[0].error_code
    }

    fn end(&mut self, version: i16, committed: bool) -> i16 {
        let request = EndTxnRequest::default()
            .with_transactional_id(self.id.clone())
            .with_producer_id(self.producer)
            .with_producer_epoch(self.epoch)
            .with_committed(committed);
        let answer = self.wire.call(version, &request);
        if version >= 5 && answer.error_code == 0 {
            (self.producer, self.epoch, self.sequence) = (answer.producer_id, answer.producer_epoch, 0);
        }
        answer.error_code
    }
}

fn init(name: &str) -> InitProducerIdRequest {
    InitProducerIdRequest::default().with_transactional_id(Some(id(name))).with_transaction_timeout_ms(60_000)
}

fn committed(kt: &Kt, group: &str) -> String {
    let described = kt.run(format!("groups --describe --group {group} --output csv")).success_with_notes();
    let lines = described.lines();
    lines[1].split(',').nth(4).unwrap().to_owned()
}

fn directory() -> Kt {
    let kt = Kt::new();
    kt.run("topics --create --topic t").shows("Created topic t.\n");
    kt
}

#[test]
fn every_producer_gets_an_id_of_its_own_and_a_transactional_one_its_epoch() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let nobody = InitProducerIdRequest::default().with_transactional_id(None);
    let mut ids: Vec<i64> = (0..=5)
        .map(|version| {
            let answer = wire.call(version, &nobody);
            assert_eq!((answer.error_code, answer.producer_epoch), (0, 0));
            answer.producer_id.0
        })
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 6);
    let epochs: Vec<i16> = (0..=5).map(|version| wire.call(version, &init("tx")).producer_epoch).collect();
    assert_eq!(epochs, [0, 1, 2, 3, 4, 5]);
    let long = init("tx").with_transaction_timeout_ms(900_001);
    let answer = wire.call(5, &long);
    assert_eq!((answer.error_code, answer.producer_id.0, answer.producer_epoch), (50, -1, -1));
    let stranger = init("tx").with_producer_id(ProducerId(77)).with_producer_epoch(3);
    assert_eq!(wire.call(3, &stranger).error_code, OLD_EPOCH);
    assert_eq!(wire.call(4, &stranger).error_code, FENCED);
    assert_eq!(wire.call(4, &init("tx").with_producer_id(ProducerId(77))).error_code, 42);
}

#[test]
fn every_version_of_a_transaction_commits_its_offsets() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut producer = Producer::new(&server, "tx");
    for version in 0..=4_i16 {
        assert_eq!(producer.add(version.min(3)), 0);
        assert_eq!(producer.commit_offset(version, "g", 9), if version == 4 { 120 } else { 48 });
        assert_eq!(producer.add_offsets(version, "g"), 0);
        assert_eq!(producer.commit_offset(version, "g", i64::from(version)), 0);
        let epoch = producer.epoch;
        assert_eq!(producer.end(version, true), 0);
        assert_eq!(producer.end(version, true), 0, "the answer may have been lost");
        assert_eq!(producer.end(version, false), 48, "INVALID_TXN_STATE");
        assert_eq!((producer.epoch, committed(&kt, "g")), (epoch, version.to_string()));
    }
    // From here on the group is added with its offsets, and the epoch rises.
    for (offset, commit) in [(5, true), (6, false), (7, true)] {
        let epoch = producer.epoch;
        assert_eq!(producer.add(4 + i16::from(commit)), 0);
        assert_eq!(producer.commit_offset(5, "g", offset), 0);
        assert_eq!(producer.end(5, commit), 0);
        assert_eq!(producer.epoch, epoch + 1);
    }
    assert_eq!(committed(&kt, "g"), "7");
}

#[test]
fn the_newer_producer_is_the_only_one_whether_it_is_here_or_there() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut first = Producer::new(&server, "tx");
    assert_eq!(first.add(3), 0);
    let mut second = Producer::new(&server, "tx");
    assert_eq!((first.add(1), first.add(2)), (OLD_EPOCH, FENCED));
    assert_eq!((first.end(1, true), first.end(5, true)), (OLD_EPOCH, FENCED));
    assert_eq!(first.commit_offset(5, "g", 1), OLD_EPOCH);
    assert_eq!(second.add(5), 0);
    // A command takes the id over, and what was open is aborted.
    let line =
        "producer-perf-test --topic t --num-records 5 --record-size 5 --throughput -1 --transactional-id tx";
    kt.run(line).success();
    assert_eq!(second.end(5, true), FENCED);
    let mut third = Producer::new(&server, "tx");
    assert!(third.epoch > second.epoch + 1);
    let mut stranger = Producer { producer: ProducerId(third.producer.0 + 1), ..third };
    assert_eq!(stranger.add(3), 49, "INVALID_PRODUCER_ID_MAPPING");
    third = Producer { producer: ProducerId(stranger.producer.0 - 1), ..stranger };
    assert_eq!((third.add(3), third.end(4, false)), (0, 0));
    assert_eq!(kt.records("t", 0, "--isolation-level read_committed").len(), 5);
}

#[test]
fn a_producer_goes_on_when_its_server_was_killed() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut producer = Producer::new(&server, "tx");
    assert_eq!((producer.add(5), producer.commit_offset(5, "g", 3)), (0, 0));
    server.running.kill();
    let server = Served::start(&kt, "");
    producer.wire = server.connect();
    let list = ListTransactionsRequest::default().with_transactional_id_pattern(Some(text("t.")));
    let listed = producer.wire.call(2, &list).transaction_states;
    assert_eq!((listed.len(), listed[0].transaction_state.as_str()), (1, "Ongoing"));
    let none = ListTransactionsRequest::default().with_state_filters(vec![text("Dead"), text("Odd")]);
    let answer = producer.wire.call(1, &none);
    assert_eq!((answer.transaction_states.len(), answer.unknown_state_filters), (0, vec![text("Odd")]));
    assert_eq!(producer.commit_offset(5, "g", 4), 0);
    assert_eq!(producer.end(5, true), 0);
    let describe = DescribeTransactionsRequest::default().with_transactional_ids(vec![id("tx"), id("no")]);
    let described = producer.wire.call(0, &describe).transaction_states;
    assert_eq!((described[0].error_code, described[0].transaction_state.as_str()), (0, "CompleteCommit"));
    assert_eq!((described[0].producer_id, described[0].producer_epoch), (producer.producer, producer.epoch));
    assert_eq!(described[1].error_code, 105, "TRANSACTIONAL_ID_NOT_FOUND");
    assert_eq!(committed(&kt, "g"), "4");
}

/// What a client reads that wants committed records only.
fn committed_records(wire: &mut Wire) -> Vec<String> {
    let request = fetch_request(wire, 12, ("t", 0), 0).with_isolation_level(1);
    let data = only_part(wire.call(12, &request));
    let aborted = data.aborted_transactions.clone().unwrap_or_default();
    let values = read(&data).into_iter().map(|(_, value)| value);
    // Each aborted transaction here is of one record.
    let aborted: Vec<i64> = aborted.iter().map(|one| one.first_offset).collect();
    let offsets = read(&data).into_iter().map(|(offset, _)| offset);
    offsets.zip(values).filter(|(offset, _)| !aborted.contains(offset)).map(|(_, value)| value).collect()
}

#[test]
fn records_and_offsets_count_together_or_not_at_all() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut reader = server.connect();
    let mut producer = Producer::new(&server, "tx");
    for (offset, value, commit) in [(1, "a", true), (2, "b", false), (3, "c", true)] {
        assert_eq!(producer.write(12, 0, value), 0);
        assert_eq!(producer.commit_offset(5, "g", offset), 0);
        assert!(!committed_records(&mut reader).contains(&value.to_owned()), "its transaction is open");
        assert_eq!(producer.end(5, commit), 0);
    }
    assert_eq!(
        (committed_records(&mut reader), committed(&kt, "g")),
        (vec!["a".into(), "c".into()], "3".into())
    );
    // A client that keeps its epoch goes on counting.
    let mut classic = Producer::new(&server, "classic");
    for (value, commit) in [("d", true), ("e", false), ("f", true)] {
        assert_eq!((classic.add(3), classic.write(9, 0, value)), (0, 0));
        classic.sequence += 1;
        assert_eq!(classic.end(4, commit), 0);
    }
    assert_eq!(committed_records(&mut reader), ["a", "c", "d", "f"]);
    assert_eq!(kt.records("t", 0, "--isolation-level read_committed"), ["a", "c", "d", "f"]);
    assert_eq!(kt.records("t", 0, "").len(), 6);
}

#[test]
fn who_was_replaced_writes_no_more_on_either_side() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut first = Producer::new(&server, "tx");
    assert_eq!(first.write(12, 0, "lost"), 0);
    let mut second = Producer::new(&server, "tx");
    assert_eq!(first.write(12, 0, "zombie"), OLD_EPOCH);
    assert_eq!(second.write(12, 0, "lost too"), 0);
    let here = kt.start(
        "producer-perf-test --topic t --num-records 100000 --record-size 5 --throughput 50 --transactional-id tx \
         --transaction-duration-ms 600000",
    );
    wait_until("the command to take over", || second.write(12, 0, "zombie") == OLD_EPOCH);
    // Two records and two markers, and then the command's.
    wait_until("the command's records", || kt.end("t", 0) > 4);
    let mut third = Producer::new(&server, "tx");
    assert_ne!(here.finish().status(), 0, "there is a newer producer");
    assert_eq!((third.write(12, 0, "third"), third.end(5, true)), (0, 0));
    assert_eq!(kt.records("t", 0, "--isolation-level read_committed"), ["third"]);
}

/// Whatever became of the commit when its server was killed, the client asks the next one until it is told.
#[test]
fn a_commit_counts_once_however_its_server_dies() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 8").shows("Created topic t.\n");
    let mut values = Vec::new();
    for round in 0..6 {
        let server = Served::start(&kt, "");
        let mut producer = Producer::new(&server, "tx");
        let value = format!("v{round}");
        for partition in 0..8 {
            assert_eq!(producer.write(12, partition, &value), 0);
        }
        let request = EndTxnRequest::default()
            .with_transactional_id(producer.id.clone())
            .with_producer_id(producer.producer)
            .with_producer_epoch(producer.epoch)
            .with_committed(true);
        producer.wire.send(5, &request);
        // From dying at once to dying behind it all.
        std::thread::sleep(std::time::Duration::from_millis(round * 3));
        server.running.kill();
        let _ = server.running.finish();
        // A command finishes what was decided, or else the next server does.
        if round % 2 == 0 {
            kt.run("transactions list").success();
        }
        let server = Served::start(&kt, "");
        producer.wire = server.connect();
        assert_eq!(producer.end(5, true), 0, "round {round}");
        values.push(value);
        for partition in 0..8 {
            let found = kt.records("t", partition, "--isolation-level read_committed");
            assert_eq!(found, values, "round {round}, partition {partition}");
        }
    }
}

#[test]
fn a_transaction_whose_time_is_over_is_aborted_and_its_producer_goes_on() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut producer = Producer::new(&server, "tx");
    let short = init("tx").with_transaction_timeout_ms(200);
    let answer = producer.wire.call(5, &short);
    producer.epoch = answer.producer_epoch;
    assert_eq!(producer.write(12, 0, "lost"), 0);
    let describe = DescribeTransactionsRequest::default().with_transactional_ids(vec![id("tx")]);
    let mut admin = server.connect();
    wait_until("the end of the transaction", || {
        admin.call(0, &describe).transaction_states[0].transaction_state.as_str() == "CompleteAbort"
    });
    assert_eq!(producer.write(12, 0, "late"), OLD_EPOCH);
    let again = init("tx").with_producer_id(producer.producer).with_producer_epoch(producer.epoch);
    let answer = producer.wire.call(5, &again);
    assert_eq!(answer.error_code, 0, "it may go on");
    producer.epoch = answer.producer_epoch;
    assert_eq!((producer.write(12, 0, "kept"), producer.end(5, true)), (0, 0));
    assert_eq!(kt.records("t", 0, "--isolation-level read_committed"), ["kept"]);
}
