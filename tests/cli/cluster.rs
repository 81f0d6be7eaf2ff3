//! `kt cluster graduate`: what it prints, and what it says of a directory that Kafka would not keep as it is.

use crate::support::{Kt, wait_until};
use std::fs;

/// The settings that were printed, without comments.
fn settings(printed: &str) -> Vec<(String, String)> {
    let lines = printed.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect()
}

fn setting<'a>(settings: &'a [(String, String)], name: &str) -> &'a str {
    settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn graduate_prints_what_kafka_needs_to_start_on_the_directory() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let printed = settings(&kt.run("cluster graduate").success().text());
    let broker = fs::canonicalize(kt.broker()).unwrap();
    assert_eq!(setting(&printed, "log.dirs"), broker.to_str().unwrap());
    assert_eq!(setting(&printed, "node.id"), "1");
    assert_eq!(setting(&printed, "controller.quorum.voters"), "1@localhost:9093");
    let printed = settings(&kt.run("cluster graduate --listen 127.0.0.1:19092").success().text());
    assert_eq!(setting(&printed, "listeners"), "PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093");
    assert_eq!(setting(&printed, "advertised.listeners"), "PLAINTEXT://127.0.0.1:19092");
}

#[test]
fn graduate_refuses_what_is_no_address() {
    let kt = Kt::new();
    for address in ["9092", "localhost", "localhost:0", "localhost:65535", ":9092", "localhost:x"] {
        let errors = kt.run(format!("cluster graduate --listen {address}")).failure(2).errors();
        assert!(errors.contains("--listen takes HOST:PORT"), "{errors}");
    }
}

#[test]
fn graduate_puts_in_order_what_was_not() {
    let kt = Kt::new();
    let marker = kt.broker().join(".kafka_cleanshutdown");
    kt.stdin("one\n").run("produce --topic log --request-required-acks 1").shows("");
    assert!(!marker.exists());
    kt.run("cluster graduate").success();
    assert!(marker.exists());
    // As after a broker's crash.
    fs::remove_file(&marker).unwrap();
    fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    let log = kt.broker().join("log-0/00000000000000000000.log");
    let mut bytes = fs::read(&log).unwrap();
    let sound = bytes.len();
    bytes.extend_from_within(..sound - 1);
    fs::write(&log, bytes).unwrap();
    kt.run("cluster graduate").success();
    assert!(marker.exists());
    assert_eq!(fs::metadata(&log).unwrap().len(), sound as u64);
    assert_eq!(kt.records("log", 0, ""), ["one"]);
}

#[test]
fn graduate_says_who_is_in_the_way_and_what_would_be_lost() {
    let kt = Kt::new();
    kt.run("topics --create --topic kept --config retention.ms=-1").success();
    kt.run("topics --create --topic latest --config cleanup.policy=compact").success();
    for topic in ["old", "kept", "latest"] {
        kt.stdin("{\"topic\":\"TOPIC\",\"partition\":0,\"timestamp\":1600000000000,\"key\":\"k\",\"value\":\"v\"}\n".replace("TOPIC", topic))
            .run("import").success_with_notes();
    }
    kt.stdin("new\n").run("produce --topic fresh").shows("");
    let notes = kt.run("cluster graduate").success_with_notes().errors();
    assert!(notes.contains("records of topic 'old' that are older"), "{notes}");
    assert_eq!(notes.lines().count(), 1, "{notes}");
    let mut producer = kt.start("produce --topic fresh");
    producer.write_line("more");
    wait_until("its line", || kt.end("fresh", 0) == 2);
    let notes = kt.run("cluster graduate").success_with_notes().errors();
    assert!(notes.contains("other processes write"), "{notes}");
    producer.finish().shows("");
}

#[test]
fn only_kt_has_graduate() {
    let kt = Kt::new();
    let errors = kt.named("kafka-cluster").run("graduate --bootstrap-server localhost:1").failure(1).errors();
    assert!(errors.contains("error: invalid") && errors.contains("'graduate'"), "{errors}");
}
