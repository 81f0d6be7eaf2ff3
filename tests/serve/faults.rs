//! Faults that are asked for: errors, delays and disconnects, in the places where clients meet them.

use crate::support::{Kt, Served, Wire};
use bytes::Bytes;
use kafka_protocol::messages::find_coordinator_request::FindCoordinatorRequest;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiVersionsRequest, InitProducerIdRequest, MetadataRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use std::time::{Duration, Instant};

fn topic(name: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(name))
}

fn describe(client: &mut Wire, name: &'static str) -> i16 {
    let wanted = MetadataRequestTopic::default().with_name(Some(topic(name)));
    let answer = client.call(12, &MetadataRequest::default().with_topics(Some(vec![wanted])));
    assert_eq!(answer.brokers.len(), 1, "a client finds its broker all the same");
    answer.topics[0].error_code
}

#[test]
fn an_error_is_told_as_often_as_asked_and_only_of_what_is_named() {
    let kt = Kt::new();
    kt.run("topics --create --topic orders").success();
    kt.run("topics --create --topic others").success();
    let options = "--fault Metadata:orders:LEADER_NOT_AVAILABLE:2 --fault InitProducerId:*:COORDINATOR_LOAD_IN_PROGRESS \
                   --fault FindCoordinator:g:COORDINATOR_NOT_AVAILABLE";
    let server = Served::start(&kt, options);
    let mut client = server.connect();
    assert_eq!(describe(&mut client, "others"), 0);
    assert_eq!(describe(&mut client, "orders"), 5);
    assert_eq!(describe(&mut client, "orders"), 5);
    assert_eq!(describe(&mut client, "orders"), 0);
    let id = |client: &mut Wire| {
        client.call(4, &InitProducerIdRequest::default().with_transactional_id(None)).error_code
    };
    assert_eq!((id(&mut client), id(&mut client)), (14, 0));
    let keys = vec![StrBytes::from_static_str("g"), StrBytes::from_static_str("h")];
    let answer = client.call(4, &FindCoordinatorRequest::default().with_coordinator_keys(keys));
    let codes: Vec<i16> = answer.coordinators.iter().map(|found| found.error_code).collect();
    assert_eq!(codes, [15, 15]);
    server.end().success();
}

#[test]
fn what_is_refused_is_not_done() {
    let kt = Kt::new();
    kt.run("topics --create --topic orders").success();
    let server = Served::start(&kt, "--fault Produce:orders:NOT_LEADER_OR_FOLLOWER");
    let data = PartitionProduceData::default().with_records(Some(Bytes::from_static(b"no batch")));
    let data = TopicProduceData::default().with_name(topic("orders")).with_partition_data(vec![data]);
    let request = ProduceRequest::default().with_acks(-1).with_topic_data(vec![data]);
    let mut client = server.connect();
    let answer = client.call(9, &request);
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!((partition.error_code, partition.base_offset), (6, -1));
    assert_eq!(kt.end("orders", 0), 0);
    server.end().success();
}

#[test]
fn connections_are_closed_and_answers_come_late() {
    let kt = Kt::new();
    let server = Served::start(
        &kt,
        "--disconnect Metadata:1 --delay ApiVersions:100ms:1 --disconnect InitProducerId:after",
    );
    let mut client = server.connect();
    client.send(12, &MetadataRequest::default());
    assert!(client.receive_frame().is_err(), "closed instead of an answer");
    let mut client = server.connect();
    client.send(4, &InitProducerIdRequest::default().with_transactional_id(None));
    assert!(client.receive_frame().is_err());
    let mut client = server.connect();
    let begun = Instant::now();
    let _ = client.call(3, &ApiVersionsRequest::default());
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let _ = client.call(12, &MetadataRequest::default());
    server.end().success();
}

#[test]
fn what_is_no_fault_is_refused_by_name() {
    let kt = Kt::new();
    for (option, told) in [
        ("--fault Produce:t:NO_SUCH", "kt: --fault 'Produce:t:NO_SUCH': there is no error 'NO_SUCH'"),
        ("--delay Nothing:5", "kt: --delay 'Nothing:5': there is no request 'Nothing'"),
        ("--seed x", "kt: Cannot parse argument 'x' of option seed"),
    ] {
        for line in [format!("serve --listen localhost:0 {option}"), format!("test {option} -- true")] {
            let errors = kt.run(line).failure(2).errors();
            assert!(errors.starts_with(told), "{errors}");
        }
    }
}
