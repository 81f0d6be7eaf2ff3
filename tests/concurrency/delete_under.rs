//! A topic is deleted and made again under its producers' and followers' feet. They may fail, in words; nothing hangs,
//! and the new topic holds nothing of the old one.

use crate::support::{Kt, Random, Running};
use std::thread;
use std::time::Duration;

const ROUNDS: usize = 20;
const PRODUCERS: usize = 3;

#[test]
fn a_topic_deleted_under_its_users_leaves_nothing_behind() {
    let (kt, mut random) = (Kt::new(), Random::new());
    for round in 0..ROUNDS {
        kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
        let input: String = (0..20_000).map(|line| format!("round {round} line {line}\n")).collect();
        let producers: Vec<Running> =
            (0..PRODUCERS).map(|_| kt.stdin(input.clone()).start("produce --topic log")).collect();
        let follower = kt.start("consume --topic log --from-beginning");
        thread::sleep(random.time_below(Duration::from_millis(30)));
        kt.run("topics --delete --topic log").shows("");
        for producer in producers {
            let output = producer.finish();
            assert!(matches!(output.status(), 0 | 1), "{output}");
            assert!(!output.to_string().contains("panicked"), "{output}");
        }
        // A producer that came late may have made the topic again; it is whole then, and goes now.
        let listed = kt.run("topics --list").success().lines();
        if listed.contains(&"log".to_owned()) {
            kt.run("topics --delete --topic log").shows("");
        }
        follower.terminate();
        let seen = follower.finish();
        assert!(matches!(seen.status(), 1 | 143), "{seen}");
        assert!(!seen.to_string().contains("panicked"), "{seen}");
        assert_eq!(live_directories(&kt, "log"), Vec::<String>::new());
    }
    kt.run("topics --create --topic log").shows("Created topic log.\n");
    assert_eq!(kt.end("log", 0), 0, "a new topic is empty");
    kt.stdin("after\n").run("produce --topic log").shows("");
    assert_eq!(kt.records("log", 0, ""), ["after"]);
}

/// The partition directories of a topic that are not waiting for their deletion.
fn live_directories(kt: &Kt, topic: &str) -> Vec<String> {
    std::fs::read_dir(kt.broker())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(&format!("{topic}-")) && !name.ends_with("-delete"))
        .collect()
}

/// Whoever still knew the deleted topic used to take the new one's directory for its own.
#[test]
fn a_topic_made_again_at_once_is_nobody_elses() {
    let (kt, mut random) = (Kt::new(), Random::new());
    kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
    for round in 0..ROUNDS {
        let input: String = (0..20_000).map(|line| format!("round {round} line {line}\n")).collect();
        let producers: Vec<Running> =
            (0..PRODUCERS).map(|_| kt.stdin(input.clone()).start("produce --topic log")).collect();
        let follower = kt.start("consume --topic log --from-beginning");
        thread::sleep(random.time_below(Duration::from_millis(30)));
        kt.run("topics --delete --topic log").shows("");
        // A producer may be faster.
        kt.run("topics --create --topic log --partitions 2 --if-not-exists").success();
        kt.stdin("marked\n").run("produce --topic log --partition 0").shows("");
        let mut complete = 0;
        for producer in producers {
            let output = producer.finish();
            complete += usize::from(output.status() == 0);
            assert!(matches!(output.status(), 0 | 1), "{output}");
            assert!(!output.to_string().contains("damaged"), "{output}");
        }
        follower.terminate();
        let seen = follower.finish();
        assert!(!seen.to_string().contains("damaged"), "{seen}");
        let partitions = kt.run("get-offsets --topic log").success().lines().len();
        let records =
            (0..partitions).flat_map(|partition| kt.records("log", partition, "")).collect::<Vec<_>>();
        assert!(records.contains(&"marked".to_owned()), "what was acknowledged after the creation is there");
        let foreign =
            records.iter().find(|line| *line != "marked" && !line.starts_with(&format!("round {round} ")));
        assert_eq!(foreign, None, "a record of an earlier topic");
        println!("round {round}: {complete} complete, {} records", records.len());
    }
}
