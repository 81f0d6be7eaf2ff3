//! What clients can't do to a server: use up its connections, its memory or its patience.

use crate::support::{Kt, Served, Wire, wait_until};
use kafka_protocol::messages::ApiVersionsRequest;
use kafka_protocol::protocol::StrBytes;
use std::io::{Read, Write};
use std::net::Shutdown;

fn is_answered(client: &mut Wire) -> bool {
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("test"))
        .with_client_software_version(StrBytes::from_static_str("1"));
    let frame = client.frame(3, &request);
    client.stream.write_all(&frame).is_ok() && client.receive_frame().is_ok()
}

fn is_closed(client: &mut Wire) -> bool {
    let mut rest = Vec::new();
    client.stream.read_to_end(&mut rest).is_err() || rest.is_empty()
}

/// The resident memory of a server, in bytes.
fn memory(server: &Served) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.running.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn connections_of_one_address_are_counted() {
    let kt = Kt::new();
    let server = Served::start(&kt, "--override max.connections.per.ip=2");
    let mut first = server.connect();
    let mut second = server.connect();
    assert!(is_answered(&mut first) && is_answered(&mut second));
    assert!(is_closed(&mut server.connect()));
    drop(first);
    wait_until("a place", || is_answered(&mut server.connect()));
    assert!(is_answered(&mut second));
}

#[test]
fn one_connection_too_many_waits_for_another_to_end() {
    let kt = Kt::new();
    let server = Served::start(&kt, "--override max.connections=1");
    let mut first = server.connect();
    assert!(is_answered(&mut first));
    let mut second = server.connect();
    assert!(is_answered(&mut first));
    first.stream.tcp().shutdown(Shutdown::Both).unwrap();
    assert!(is_answered(&mut second));
}

#[test]
fn who_says_nothing_is_hung_up_on() {
    let kt = Kt::new();
    let server = Served::start(&kt, "--override connections.max.idle.ms=300");
    let mut silent = server.connect();
    assert!(is_closed(&mut silent));
    assert!(is_answered(&mut server.connect()));
}

#[test]
fn announced_bytes_take_no_memory() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    assert!(is_answered(&mut server.connect()));
    let before = memory(&server);
    let mut clients: Vec<Wire> = (0..50).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.stream.write_all(&(100 * 1024 * 1024i32).to_be_bytes()).unwrap();
        client.stream.write_all(&[0; 1000]).unwrap();
    }
    assert!(is_answered(&mut server.connect()));
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes for 50 requests of which a thousand bytes came each");
}

#[test]
fn large_requests_pass_one_after_another_when_memory_is_short() {
    let kt = Kt::new();
    let server = Served::start(&kt, "--override queued.max.request.bytes=1048576");
    // Two that never come to an end have all of it; what others send is read nonetheless.
    let mut stuck: Vec<Wire> = (0..2).map(|_| server.connect()).collect();
    for client in &mut stuck {
        client.stream.write_all(&(8 * 1024 * 1024i32).to_be_bytes()).unwrap();
        client.stream.write_all(&[0; 600 * 1024]).unwrap();
    }
    assert!(is_answered(&mut server.connect()));
}

#[test]
fn who_takes_no_answers_is_not_given_more_and_costs_nobody() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    let mut greedy = server.connect();
    let request = greedy.frame(0, &ApiVersionsRequest::default());
    greedy.stream.tcp().set_nonblocking(true).unwrap();
    let before = memory(&server);
    // As many requests as the server takes, without ever taking an answer.
    let (mut sent, mut refusals) = (0, 0);
    wait_until("the server's refusal", || {
        refusals += 1;
        while let Ok(written) = greedy.stream.write(&request[sent % request.len()..]) {
            sent += written;
            refusals = 0;
        }
        refusals >= 50
    });
    assert!(is_answered(&mut server.connect()));
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes for a client that takes no answers");
}

#[test]
fn connections_beyond_the_descriptors_wait_and_the_server_goes_on() {
    let kt = Kt::new();
    let running =
        kt.under(&["bash", "-c", "ulimit -n 300; exec \"$@\"", "bash"]).start("serve --listen localhost:0");
    let server = Served::of(running);
    let mut first = server.connect();
    assert!(is_answered(&mut first));
    let crowd: Vec<Wire> = (0..100)
        .filter_map(|_| {
            let stream = std::net::TcpStream::connect(&server.address).ok()?;
            Some(Wire::over(crate::support::Stream::Plain(stream)))
        })
        .collect();
    assert!(is_answered(&mut first), "{} others wait", crowd.len());
    kt.run("topics --create --topic t").shows("Created topic t.\n");
    drop(crowd);
    wait_until("room", || is_answered(&mut server.connect()));
}
