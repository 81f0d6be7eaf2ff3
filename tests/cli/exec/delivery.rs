//! How often a record is handed over when kt is killed in the middle.

use super::jobs::{committed, committed_of, finish_at, lines_of, with_jobs, worker};
use crate::support::{Kt, Random, wait_until};
use std::time::Duration;

const RECORDS: u64 = 60;

fn many() -> String {
    (0..RECORDS).map(|number| format!("{number}\n")).collect()
}

/// Kills workers again and again until the group is done; returns what their commands wrote down.
fn storm(kt: &Kt, more: &[&str]) -> Vec<u64> {
    let mut random = Random::new();
    let command = "echo $KT_RECORD_OFFSET >>log";
    let mut lives = 0;
    while committed(kt).unwrap_or(0) < RECORDS {
        let worker = kt.start(worker(command, more));
        if lives < 25 {
            std::thread::sleep(Duration::from_millis(random.below(80)));
        } else {
            wait_until("the group to be done", || committed(kt) == Some(RECORDS));
        }
        worker.kill();
        let _ = worker.finish();
        lives += 1;
    }
    lines_of(&kt.work().join("log")).iter().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn at_least_once_nothing_is_lost() {
    for more in [&["--commit", "record"][..], &["--commit", "batch", "--parallel", "3"]] {
        let kt = with_jobs(&many());
        let mut done = storm(&kt, more);
        done.sort_unstable();
        done.dedup();
        assert_eq!(done, (0..RECORDS).collect::<Vec<u64>>(), "{more:?}");
    }
}

#[test]
fn at_most_once_nothing_comes_twice() {
    let kt = with_jobs(&many());
    let done = storm(&kt, &["--delivery", "at-most-once"]);
    let mut once = done.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), done.len(), "{done:?}");
    assert!(!done.is_empty());
}

#[test]
fn a_group_that_begins_at_the_end_has_a_place_before_anything_is_done() {
    // Without a committed offset, who comes after a crash would begin behind the record that was being worked on.
    let kt = Kt::new();
    kt.run("topics --create --topic jobs").shows("Created topic jobs.\n");
    let line = |command| ["consume", "--topic", "jobs", "--group", "g", "--exec", command];
    let first = kt.start(line("touch started; sleep 0.2; kill -9 $PPID"));
    wait_until("a place", || committed(&kt) == Some(0));
    kt.stdin("a\n").run("produce --topic jobs").shows("");
    let _ = first.finish().failure(128 + libc::SIGKILL);
    let second = kt.start(line("cat >>log; echo >>log"));
    finish_at(&kt, second, 1);
    assert_eq!(lines_of(&kt.work().join("log")), ["a"]);
}

#[test]
fn at_most_once_does_not_hand_a_failed_record_over_again() {
    let kt = with_jobs("a\nb\n");
    let errors = kt.run(worker("exit 1", &["--delivery", "at-most-once"])).failure(1).errors();
    assert!(errors.contains("jobs-0 at offset 0 after 1 attempt"), "{errors}");
    assert_eq!(committed(&kt), Some(1));
    let _ = kt
        .run(worker(
            "exit 1",
            &["--delivery", "at-most-once", "--dead-letter", "dead", "--max-messages", "1"],
        ))
        .success();
    assert_eq!(kt.records("dead", 0, ""), ["b"]);
}

#[test]
fn without_a_group_nothing_is_committed() {
    let kt = with_jobs("a\n");
    kt.run(["consume", "--topic", "jobs", "--from-beginning", "--max-messages", "1", "--exec", "cat"])
        .shows("a\n2> Processed a total of 1 messages\n");
    assert_eq!(committed_of(&kt, "jobs"), None);
}

#[test]
fn outputs_have_their_records_key_and_nothing_is_no_record() {
    let kt = Kt::new();
    kt.stdin("k1:v1\nk2:v2\nk3:v3\n")
        .run("produce --topic jobs --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
    let command = "[ $KT_RECORD_OFFSET = 1 ] || { tr v x; echo; }";
    kt.run(worker(command, &["--output-topic", "out", "--max-messages", "3"]))
        .shows("2> Processed a total of 3 messages\n");
    assert_eq!(kt.records("out", 0, "--formatter-property print.key=true"), ["k1\tx1", "k3\tx3"]);
}

#[test]
fn an_output_that_is_too_large_is_a_failure_of_its_record() {
    let kt = with_jobs("a\nb\n");
    kt.run("topics --create --topic out --config max.message.bytes=1000").shows("Created topic out.\n");
    let command = "if [ $KT_RECORD_OFFSET = 0 ]; then head -c 100000 /dev/zero; else cat; fi";
    for more in [&["--delivery", "at-least-once"], &["--delivery", "exactly-once"]] {
        let errors =
            kt.run(worker(command, &[&more[..], &["--output-topic", "out"]].concat())).failure(1).errors();
        assert!(errors.contains("jobs-0 at offset 0 after 1 attempt: its output is refused"), "{errors}");
        assert_eq!(committed(&kt), Some(0));
    }
    let more = [
        "--output-topic",
        "out",
        "--delivery",
        "exactly-once",
        "--dead-letter",
        "dead",
        "--max-messages",
        "2",
    ];
    let _ = kt.run(worker(command, &more)).success();
    assert_eq!(
        (kt.records("out", 0, ""), kt.records("dead", 0, "")),
        (vec!["b".to_owned()], vec!["a".to_owned()])
    );
}
