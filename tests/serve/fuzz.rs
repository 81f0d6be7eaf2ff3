//! Damaged requests of every kind and version: a server never crashes or hangs, and what it needs of memory has an end.
//!
//! `KT_FUZZ_ROUNDS` says how many damaged requests of each kind and version are sent, `KT_TEST_SEED` which.

use super::seeds::seeds;
use crate::support::{Kt, Random, Served, Wire};
use bytes::BytesMut;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, MetadataRequest, RequestHeader, RequestKind};
use kafka_protocol::protocol::{Encodable, StrBytes};
use std::io::{Read, Write};
use std::time::Duration;

/// How long an answer is waited for; what waits longer is left alone.
const MOMENT: Duration = Duration::from_millis(20);
const MEMORY_MOST: usize = 1 << 30;

/// The number of a request's kind, and its body in a version; `None` where the version can't say it.
fn body(kind: &RequestKind, key: ApiKey, version: i16) -> Option<Vec<u8>> {
    let header = RequestHeader::default()
        .with_request_api_key(key as i16)
        .with_request_api_version(version)
        .with_correlation_id(1)
        .with_client_id(Some(StrBytes::from_static_str("fuzz")));
    let mut bytes = BytesMut::new();
    header.encode(&mut bytes, key.request_header_version(version)).ok()?;
    kind.encode(&mut bytes, version).ok()?;
    Some(bytes.to_vec())
}

/// Damages a request in one of the ways in which bytes go wrong.
fn damage(random: &mut Random, frame: &mut Vec<u8>) {
    const LENGTHS: [&[u8]; 9] = [
        &[0x7f, 0xff, 0xff, 0xff],
        &[0x80, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff],
        &[0, 0x10, 0, 0],
        &[0x7f, 0xff],
        &[0x80, 0],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0x80, 0x80, 0x80, 0x80, 0x08],
        &[0xff],
    ];
    let at = random.below(frame.len() as u64) as usize;
    match random.below(7) {
        0 => frame[at] ^= 1 << random.below(8),
        1 => frame.truncate(at),
        2 => {
            let length = LENGTHS[random.below(LENGTHS.len() as u64) as usize];
            for (byte, new) in frame[at..].iter_mut().zip(length) {
                *byte = *new;
            }
        }
        3 => frame.extend((0..random.below(64)).map(|n| n as u8)),
        4 => frame[at] = random.below(256) as u8,
        5 => drop(frame.splice(at..at, (0..random.below(9)).map(|_| 0))),
        _ => drop(frame.drain(at..(at + 1 + random.below(8) as usize).min(frame.len()))),
    }
}

/// Sends a frame and takes what comes for a moment.
fn send(client: &mut Wire, frame: &[u8]) -> bool {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    if client.stream.write_all(&[&length[..], frame].concat()).is_err() {
        return false;
    }
    let mut size = [0; 4];
    if client.stream.read_exact(&mut size).is_err() {
        return false;
    }
    let mut answer = vec![0; u32::from_be_bytes(size) as usize];
    client.stream.read_exact(&mut answer).is_ok()
}

fn connect(server: &Served) -> Wire {
    let client = server.connect();
    client.stream.tcp().set_read_timeout(Some(MOMENT)).unwrap();
    client
}

/// The most that a process has had of memory.
fn memory_peak(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn damaged_requests_neither_crash_nor_hang_a_server() {
    let rounds: u64 = std::env::var("KT_FUZZ_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    let mut random = Random::new();
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").shows("Created topic t.\n");
    let mut server = Served::start(&kt, "");
    let served = server.connect().call(0, &ApiVersionsRequest::default()).api_keys;
    let seeds = seeds();
    let process = server.running.id();
    for round in 0..rounds {
        for api in &served {
            let key = ApiKey::try_from(api.api_key).unwrap();
            for version in api.min_version..=api.max_version {
                let bodies = seeds.iter().filter(|(of, _)| *of == key);
                for mut frame in bodies.filter_map(|(_, kind)| body(kind, key, version)) {
                    let mut client = connect(&server);
                    for _ in 0..=random.below(3) {
                        if frame.is_empty() {
                            break;
                        }
                        damage(&mut random, &mut frame);
                    }
                    send(&mut client, &frame);
                    assert!(server.running.is_alive(), "round {round}: {key:?} v{version} {frame:02x?}");
                }
            }
            // Whoever asks something sensible is answered, and patiently.
            server.connect().call(12, &MetadataRequest::default());
            let peak = memory_peak(process);
            assert!(peak < MEMORY_MOST, "round {round}: {peak} bytes after {key:?}");
        }
    }
    assert_eq!(server.running.id(), process);
    let output = server.end();
    assert_eq!(output.status(), 0);
    let said = output.success_with_notes().errors();
    assert!(!said.contains("panicked"), "{said}");
}
