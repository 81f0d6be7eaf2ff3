//! Frames, versions, the order of answers, and the end.

use crate::support::{Kt, Served, wait_until};
use bytes::Buf;
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest};
use kafka_protocol::protocol::StrBytes;
use std::io::{Read, Write};

fn software() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("test"))
        .with_client_software_version(StrBytes::from_static_str("1"))
}

#[test]
fn a_client_learns_what_is_served_and_where() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 3").shows("Created topic t.\n");
    let server = Served::start(&kt, "");
    let mut client = server.connect();
    for version in 0..=4 {
        let answer = client.call(version, &software());
        assert_eq!(answer.error_code, 0);
        let own = answer.api_keys.iter().find(|api| api.api_key == 18).unwrap();
        assert_eq!((own.min_version, own.max_version), (0, 4));
    }
    for version in 0..=13 {
        // In version 0 no topics at all are all of them.
        let all = MetadataRequest::default().with_topics((version == 0).then(Vec::new));
        let answer = client.call(version, &all);
        let broker = &answer.brokers[0];
        assert_eq!(format!("{}:{}", broker.host.as_str(), broker.port), server.address);
        let topic = answer.topics.iter().find(|topic| topic.name.as_ref().unwrap().as_str() == "t").unwrap();
        assert_eq!((topic.error_code, topic.partitions.len()), (0, 3));
    }
    assert_eq!(server.end().status(), 0);
}

#[test]
fn an_unknown_version_of_api_versions_is_told_the_known_ones() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    let mut client = server.connect();
    // Key 18, version 99, correlation id 7, and a header that nobody knows.
    let frame = [0, 0, 0, 10, 0, 18, 0, 99, 0, 0, 0, 7, 1, 2];
    client.stream.write_all(&frame).unwrap();
    let mut answer = client.receive_frame().unwrap();
    assert_eq!((answer.get_i32(), answer.get_i16()), (7, 35), "UNSUPPORTED_VERSION in version 0");
    assert_eq!((answer.get_i32(), answer.get_i16(), answer.get_i16(), answer.get_i16()), (1, 18, 0, 4));
    assert_eq!(client.call(3, &software()).error_code, 0, "the connection goes on");
}

#[test]
fn a_frame_that_makes_no_sense_ends_its_connection_alone() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    let mut other = server.connect();
    let nonsense: [&[u8]; 5] = [
        &[0xff; 8],
        &[0x7f, 0xff, 0xff, 0xff, 0, 0],
        &[0, 0, 0, 2, 0, 18],
        &[0, 0, 0, 8, 0x7f, 0, 0, 0, 0, 0, 0, 1],
        b"GET / HTTP/1.1\r\n\r\n",
    ];
    for bytes in nonsense {
        let mut client = server.connect();
        client.stream.write_all(bytes).unwrap();
        let mut rest = Vec::new();
        let end = client.stream.read_to_end(&mut rest);
        assert!(end.is_err() || rest.is_empty(), "{bytes:?} was answered with {rest:?}");
        assert_eq!(other.call(3, &software()).error_code, 0);
    }
}

#[test]
fn requests_sent_at_once_are_answered_in_their_order() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    let mut client = server.connect();
    for _ in 0..100 {
        client.send(12, &MetadataRequest::default());
        client.send(3, &software());
    }
    for _ in 0..100 {
        client.receive::<MetadataRequest>(12);
        assert_eq!(client.receive::<ApiVersionsRequest>(3).error_code, 0);
    }
}

#[test]
fn a_server_that_is_asked_to_end_hangs_up_and_leaves_the_directory_in_order() {
    let kt = Kt::new();
    let mut server = Served::start(&kt, "");
    let mut client = server.connect();
    assert_eq!(client.call(3, &software()).error_code, 0);
    server.running.terminate();
    assert!(client.receive_frame().is_err(), "the connection is closed");
    wait_until("the server's end", || !server.running.is_alive());
    assert!(kt.broker().join(".kafka_cleanshutdown").exists());
}
