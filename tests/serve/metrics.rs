//! What a server tells of itself: metrics, health, and its log.

use crate::support::{Kt, Served, wait_until};
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest};
use std::io::{Read, Write};
use std::net::TcpStream;

/// The status line and the body of an answer.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn get(address: &str, path: &str) -> (String, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"))
}

fn start(kt: &Kt, options: &str) -> (Served, String) {
    let server = Served::start(kt, &format!("--metrics 127.0.0.1:0 {options}"));
    let line = server.running.wait_for_line("^metrics at ");
    let address = line.trim_start_matches("metrics at http://").trim_end_matches("/metrics").to_owned();
    (server, address)
}

#[test]
fn metrics_tell_of_requests_and_of_the_directory() {
    let kt = Kt::new();
    kt.run("topics --create --topic orders --partitions 2").success();
    kt.stdin("1\n2\n3\n").run("produce --topic orders --partition 1").success();
    kt.run("consume --topic orders --group readers --from-beginning --max-messages 1").success();
    let (server, address) = start(&kt, "");
    let mut client = server.connect();
    let _ = client.call(3, &ApiVersionsRequest::default());
    let _ = client.call(12, &MetadataRequest::default());
    let _ = client.call(12, &MetadataRequest::default());
    let has = |line: &str| {
        let (status, page) = get(&address, "/metrics");
        assert_eq!(status, "HTTP/1.1 200 OK");
        page.lines().any(|found| found == line)
    };
    for line in [
        "kt_requests_total{api=\"ApiVersions\"} 1",
        "kt_requests_total{api=\"Metadata\"} 2",
        "kt_request_duration_seconds_count{api=\"Metadata\"} 2",
        "kt_connections_open 1",
        "kt_topics 1",
        "kt_partitions 2",
        "kt_partition_end_offset{topic=\"orders\",partition=\"1\"} 3",
        "kt_partition_end_offset{topic=\"orders\",partition=\"0\"} 0",
        "kt_group_lag{group=\"readers\",topic=\"orders\",partition=\"1\"} 2",
        "kt_directory_readable 1",
    ] {
        assert!(has(line), "{line}\n{}", get(&address, "/metrics").1);
    }
    drop(client);
    wait_until("the connection to be counted out", || has("kt_connections_open 0"));
    server.end().success();
}

#[test]
fn health_is_asked_for_by_anybody() {
    let kt = Kt::new();
    let (server, address) = start(&kt, "");
    for path in ["/health/live", "/health/ready", "/health", "/health?x=1"] {
        assert_eq!(get(&address, path), ("HTTP/1.1 200 OK".to_owned(), "ok\n".to_owned()), "{path}");
    }
    assert_eq!(get(&address, "/other").0, "HTTP/1.1 404 Not Found");
    assert_eq!(ask(&address, "POST /metrics HTTP/1.1\r\n\r\n").0, "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(ask(&address, "HEAD /metrics HTTP/1.1\r\n\r\n").1, "");
    // Whoever says nothing, or too much, keeps nobody else from asking.
    let mut idle: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let _ = idle[0].write_all(&[b'x'; 20_000]);
    assert_eq!(get(&address, "/health/live").0, "HTTP/1.1 200 OK");
    server.end().success();
}

#[test]
fn the_log_says_what_is_asked_for_and_no_more() {
    let kt = Kt::new();
    let run = |options: &str| {
        let server = Served::start(&kt, options);
        let _ = server.connect().call(3, &ApiVersionsRequest::default());
        server.end().success_with_notes().stderr
    };
    assert_eq!(run(""), b"");
    let text = String::from_utf8(run("--log-level trace")).unwrap();
    for part in [
        "INFO serving",
        "DEBUG connected peer=127.0.0.1",
        "TRACE request api=ApiVersions version=3",
        "INFO ending",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let json =
        String::from_utf8(run("--log-level info --log-format json --fault Metadata:*:UNKNOWN_SERVER_ERROR"))
            .unwrap();
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["message"], "serving");
    assert_eq!(lines[0]["level"], "INFO");
    for bad in ["--log-level loud", "--log-format xml", "--metrics nowhere"] {
        kt.run(format!("serve --listen localhost:0 {bad}")).failure(2);
    }
}
