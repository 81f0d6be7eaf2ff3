//! A directory that nobody writes to is sealed, as a broker seals it that is stopped in good order, so that the real Kafka
//! starts on it without looking through its logs. What would make it start on a doubtful log must leave the seal off.

use crate::support::{Kt, wait_until};
use std::fs;
use std::path::PathBuf;

const MARKER: &str = ".kafka_cleanshutdown";

fn marker(kt: &Kt) -> PathBuf {
    kt.broker().join(MARKER)
}

fn is_sealed(kt: &Kt) -> bool {
    marker(kt).exists()
}

#[test]
fn a_directory_is_sealed_when_nobody_writes() {
    let kt = Kt::new();
    kt.run("topics --list").success();
    assert!(is_sealed(&kt), "a new directory");
    kt.stdin("one\n").run("produce --topic log").shows("");
    assert!(is_sealed(&kt), "after a write");
    let text = fs::read_to_string(marker(&kt)).unwrap();
    let content: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(content["version"], 0, "{text}");
    assert!(content["brokerEpoch"].as_i64().unwrap() > 0, "{text}");
}

#[test]
fn the_seal_is_broken_from_the_first_write_to_the_end_of_the_last_writer() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let mut first = kt.start("produce --topic log");
    let mut second = kt.start("produce --topic log");
    first.write_line("two");
    second.write_line("three");
    wait_until("both lines", || kt.end("log", 0) == 3);
    assert!(!is_sealed(&kt), "two are writing");
    first.finish().shows("");
    assert!(!is_sealed(&kt), "one is writing");
    kt.stdin("four\n").run("produce --topic log").shows("");
    assert!(!is_sealed(&kt), "one is still writing");
    second.finish().shows("");
    assert!(is_sealed(&kt));
}

#[test]
fn reading_leaves_the_seal_alone() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let before = fs::metadata(marker(&kt)).unwrap().modified().unwrap();
    assert_eq!(kt.records("log", 0, ""), ["one"]);
    kt.run("topics --list").success();
    assert_eq!(fs::metadata(marker(&kt)).unwrap().modified().unwrap(), before);
}

#[test]
fn what_a_killed_writer_left_is_put_in_order_before_the_seal_comes_back() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    kt.stdin("one\n").run("produce --topic other").shows("");
    let mut killed = kt.start("produce --topic log");
    killed.write_line("two");
    wait_until("its line", || kt.end("log", 0) == 2);
    killed.kill();
    killed.finish().failure(137);
    assert!(!is_sealed(&kt));
    // As if the kill had come in the middle of a write.
    let log = kt.broker().join("log-0/00000000000000000000.log");
    let mut bytes = fs::read(&log).unwrap();
    let sound = bytes.len();
    bytes.extend_from_within(..40);
    fs::write(&log, &bytes).unwrap();
    // Whoever comes next, even if it writes elsewhere.
    kt.stdin("two\n").run("produce --topic other").shows("");
    assert!(is_sealed(&kt));
    assert_eq!(fs::metadata(&log).unwrap().len(), sound as u64, "the torn tail is gone");
    assert_eq!(kt.records("log", 0, ""), ["one", "two"]);
}

#[test]
fn the_dead_are_not_forgotten_while_others_live() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let mut lives = kt.start("produce --topic log");
    let mut killed = kt.start("produce --topic log");
    lives.write_line("two");
    killed.write_line("three");
    wait_until("both lines", || kt.end("log", 0) == 3);
    killed.kill();
    killed.finish().failure(137);
    lives.finish().shows("");
    assert!(!is_sealed(&kt), "one died, and nobody has looked");
    kt.run("topics --list").success();
    kt.stdin("four\n").run("produce --topic log").shows("");
    assert!(is_sealed(&kt));
}

#[test]
fn a_damaged_log_keeps_the_seal_off() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let mut killed = kt.start("produce --topic log");
    killed.write_line("two");
    wait_until("its line", || kt.end("log", 0) == 2);
    killed.kill();
    killed.finish().failure(137);
    let log = kt.broker().join("log-0/00000000000000000000.log");
    let mut bytes = fs::read(&log).unwrap();
    // Records that were acknowledged are gone.
    bytes.pop();
    fs::write(&log, &bytes).unwrap();
    for _ in 0..2 {
        kt.stdin("elsewhere\n").run("produce --topic other").shows("");
        assert!(!is_sealed(&kt));
    }
}

#[test]
fn a_directory_that_was_not_sealed_stays_so() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    // As after a broker's crash: no marker, and no state of kt's of this time.
    fs::remove_file(marker(&kt)).unwrap();
    fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    kt.stdin("two\n").run("produce --topic log").shows("");
    assert!(!is_sealed(&kt));
    kt.stdin("three\n").run("produce --topic log").shows("");
    assert!(!is_sealed(&kt));
}

#[test]
fn records_that_nobody_syncs_keep_the_seal_off() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    kt.stdin("two\n").run("produce --topic log --request-required-acks 1").shows("");
    assert!(!is_sealed(&kt));
}

#[test]
fn a_log_with_producers_has_a_snapshot_from_its_first_batch_on() {
    let kt = Kt::new();
    kt.run(
        "producer-perf-test --topic paid --num-records 20 --throughput -1 --record-size 10 --transactional-id tx \
         --transaction-duration-ms 1",
    )
    .success();
    let names = fs::read_dir(kt.broker().join("paid-0")).unwrap().map(|entry| entry.unwrap().file_name());
    let snapshots = names.filter(|name| name.to_string_lossy().ends_with(".snapshot")).count();
    assert_eq!(snapshots, 1);
    assert!(is_sealed(&kt));
}

/// A broker that finds its logs in good order takes the last time in an index for the newest of the segment: it deleted
/// records that were newer than that, or all of them where a killed broker had left zeros in the index.
#[test]
fn the_indexes_of_a_sealed_directory_are_closed() {
    let kt = Kt::new();
    let dir = kt.broker().join("log-0");
    let (index, time_index) = ("00000000000000000000.index", "00000000000000000000.timeindex");
    kt.stdin("one\n").run("produce --topic log").shows("");
    assert_eq!(fs::metadata(dir.join(time_index)).unwrap().len(), 12);
    kt.stdin("two\nthree\n").run("produce --topic log").shows("");
    assert_eq!(
        fs::metadata(dir.join(time_index)).unwrap().len(),
        12,
        "the entry is of this segment, not of each run"
    );
    let dump = kt.run(["dump-log", "--files", dir.join(time_index).to_str().unwrap()]).success().text();
    assert!(dump.trim_end().ends_with("offset: 2"), "{dump}");
    for (name, length) in [(index, 10_485_760), (time_index, 10_485_756)] {
        fs::File::options().write(true).open(dir.join(name)).unwrap().set_len(length).unwrap();
    }
    kt.stdin("four\n").run("produce --topic log").shows("");
    assert_eq!(fs::metadata(dir.join(index)).unwrap().len(), 0);
    assert_eq!(fs::metadata(dir.join(time_index)).unwrap().len(), 12);
}

/// A reader that finds none of kt's state recovers the log, which cuts the entry with which its time index was closed.
#[test]
fn the_indexes_are_closed_again_after_a_reader_looked_for_the_end() {
    let kt = Kt::new();
    let time_index = kt.broker().join("log-0/00000000000000000000.timeindex");
    let line = format!("{}\n", "x".repeat(600));
    for _ in 0..9 {
        kt.stdin(line.as_str()).run("produce --topic log").shows("");
    }
    let before = fs::read(&time_index).unwrap();
    assert!(before.len() > 12, "one entry for the interval and one of the end");
    fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    assert_eq!(kt.records("log", 0, "").len(), 9);
    assert!(is_sealed(&kt));
    assert_eq!(fs::read(&time_index).unwrap(), before);
}

/// Who is counted in a file that was deleted can't tell whether it is the last one.
#[test]
fn a_writer_whose_state_was_deleted_leaves_the_seal_off() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let mut first = kt.start("produce --topic log");
    first.write_line("two");
    wait_until("its line", || kt.end("log", 0) == 2);
    fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    let mut second = kt.start("produce --topic log");
    second.write_line("three");
    wait_until("its line", || kt.end("log", 0) == 3);
    first.finish().shows("");
    assert!(!is_sealed(&kt), "one is writing");
    second.kill();
    second.finish().failure(137);
    assert!(!is_sealed(&kt));
}

/// Two directories side by side shared one count of writers: who died in one was forgotten over the other.
#[test]
fn of_directories_side_by_side_each_has_its_own_dead() {
    let kt = Kt::new();
    for topic in ["log", "other"] {
        kt.stdin("one\n").run(format!("produce --topic {topic}")).shows("");
    }
    let beside = kt.data().join("beside");
    let copied = std::process::Command::new("cp").arg("-r").args([kt.broker(), beside.clone()]).status();
    assert!(copied.unwrap().success());
    let on = |dir: &std::path::Path, topic: &str| {
        format!("produce --topic {topic} --writable --data-dir {}", dir.display())
    };
    let mut killed = kt.start(on(&kt.broker(), "log"));
    killed.write_line("two");
    let log = kt.broker().join("log-0/00000000000000000000.log");
    let before = fs::metadata(beside.join("log-0/00000000000000000000.log")).unwrap().len();
    wait_until("its line", || fs::metadata(&log).unwrap().len() > before);
    kt.stdin("two\n").run(on(&beside, "log")).shows("");
    killed.kill();
    killed.finish().failure(137);
    let mut bytes = fs::read(&log).unwrap();
    let sound = bytes.len();
    bytes.extend_from_within(..40);
    fs::write(&log, &bytes).unwrap();
    kt.stdin("three\n").run(on(&beside, "log")).shows("");
    kt.stdin("two\n").run(on(&kt.broker(), "other")).shows("");
    assert!(is_sealed(&kt));
    assert_eq!(fs::metadata(&log).unwrap().len(), sound as u64, "the torn tail is gone");
}

/// A broker's power cut leaves zeros in the indexes of segments that it had just closed. One that starts on a sealed
/// directory took the last of them for the time of the segment, and deleted it.
#[test]
fn closed_segments_are_put_in_order_before_a_directory_is_sealed_that_was_not() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --config segment.bytes=1048576").success();
    let lines = format!("{}\n", "x".repeat(100_000)).repeat(16);
    kt.stdin(lines).run("produce --topic log").shows("");
    let log = kt.broker().join("log-0");
    assert!(
        fs::read_dir(&log)
            .unwrap()
            .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "log"))
            .count()
            > 1
    );
    let files = ["index", "timeindex"].map(|kind| log.join(format!("{:020}.{kind}", 0)));
    let before = files.each_ref().map(|path| fs::read(path).unwrap());
    let cut = || {
        fs::remove_file(marker(&kt)).unwrap();
        fs::remove_dir_all(kt.data().join(".kt")).unwrap();
        let _ = fs::remove_file(kt.broker().join("recovery-point-offset-checkpoint"));
    };
    cut();
    for (path, length) in files.iter().zip([10_485_760, 10_485_756]) {
        fs::File::options().write(true).open(path).unwrap().set_len(length).unwrap();
    }
    kt.run("cluster graduate").success_with_notes();
    assert!(is_sealed(&kt));
    assert!(files.each_ref().map(|path| fs::read(path).unwrap()) == before);
    cut();
    let closed = log.join(format!("{:020}.log", 0));
    let mut bytes = fs::read(&closed).unwrap();
    bytes[200] ^= 1;
    fs::write(&closed, bytes).unwrap();
    kt.run("cluster graduate").failure(1);
    assert!(!is_sealed(&kt));
}
