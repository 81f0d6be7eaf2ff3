//! `--delivery exactly-once`: outputs and offsets count together, whoever is killed when.

use super::jobs::{committed_of, with_jobs, worker};
use crate::support::{Kt, Random, Running, deadline, wait_until};
use std::time::{Duration, Instant};

/// What a reader of committed records sees of a partition, in order.
fn outputs(kt: &Kt, partition: usize) -> Vec<String> {
    let options = "--isolation-level read_committed";
    let lines = kt.records("out", partition, options);
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

#[test]
fn outputs_and_offsets_are_committed_together() {
    for commit in ["record", "batch", "interval"] {
        let kt = with_jobs("a\nb\nc\n");
        let more = [
            "--output-topic",
            "out",
            "--delivery",
            "exactly-once",
            "--max-messages",
            "3",
            "--commit",
            commit,
        ];
        kt.run(worker("tr abc xyz", &more)).shows("2> Processed a total of 3 messages\n");
        assert_eq!(outputs(&kt, 0), ["x", "y", "z"], "{commit}");
        assert_eq!(committed_of(&kt, "jobs"), Some(3));
    }
}

#[test]
fn an_input_that_was_taken_back_has_no_output() {
    // What may be taken back is not read: another pipeline's transaction is still open here.
    let kt = with_jobs("a\n");
    let open = kt.start("producer-perf-test --topic jobs --num-records 1000 --record-size 10 --throughput 10 --producer-props acks=all --transactional-id other --transaction-duration-ms 600000");
    wait_until("records of an open transaction", || kt.end("jobs", 0) > 5);
    let more = ["--output-topic", "out", "--delivery", "exactly-once", "--timeout-ms", "300"];
    let _ = kt.run(worker("cat", &more)).success();
    assert_eq!(outputs(&kt, 0), ["a"]);
    open.kill();
}

/// Three partitions, two at a time of whose members are killed again and again: each input has one output, in order.
fn storm(batch: bool) {
    const RECORDS: u64 = 90;
    let kt = Kt::new();
    kt.run("topics --create --topic jobs --partitions 3").shows("Created topic jobs.\n");
    kt.run("topics --create --topic out").shows("Created topic out.\n");
    let lines: String = (0..RECORDS).map(|number| format!("{number}:{number}\n")).collect();
    kt.stdin(lines)
        .run("produce --topic jobs --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
    let (option, command) = match batch {
        true => ("--exec-batch", "while read line; do echo \"<$line>\"; done"),
        false => ("--exec", "echo \"<$(cat)>\""),
    };
    let start = || -> Running {
        let words = "consume --topic jobs --group g --from-beginning --output-topic out --delivery exactly-once --commit record";
        let words: Vec<std::ffi::OsString> =
            words.split(' ').chain([option, command]).map(std::ffi::OsString::from).collect();
        kt.start(words)
    };
    let mut random = Random::new();
    let mut members = vec![start(), start()];
    for _ in 0..30 {
        if committed_of(&kt, "jobs") == Some(RECORDS) {
            break;
        }
        std::thread::sleep(Duration::from_millis(random.below(60)));
        let at = usize::try_from(random.below(2)).unwrap();
        members[at].kill();
        members[at] = start();
    }
    wait_until("the group to be done", || committed_of(&kt, "jobs") == Some(RECORDS));
    for member in members {
        member.interrupt();
        let _ = member.finish();
    }
    let mut all: Vec<u64> =
        outputs(&kt, 0).iter().map(|line| line.trim_matches(['<', '>']).parse().unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, (0..RECORDS).collect::<Vec<u64>>());
}

#[test]
fn members_that_are_killed_leave_each_input_with_one_output() {
    storm(false);
}

#[test]
fn members_with_commands_that_stay_leave_each_input_with_one_output() {
    storm(true);
}

#[test]
fn what_a_dead_member_left_open_does_not_hold_up_readers() {
    // A member that was stopped in the middle of anything is as good as dead once another has its partition, and what
    // it does when it wakes up is refused.
    let kt = with_jobs("a\nb\n");
    let line = "consume --topic jobs --group g --from-beginning --output-topic out --delivery exactly-once \
                --command-property session.timeout.ms=1000 --command-property heartbeat.interval.ms=300";
    let start = |command: &str| {
        kt.start(
            line.split_whitespace()
                .chain(["--exec", command])
                .map(std::ffi::OsString::from)
                .collect::<Vec<_>>(),
        )
    };
    let zombie = start("touch started; while [ ! -e go ]; do sleep 0.02; done; echo zombie");
    wait_until("the first command", || kt.work().join("started").exists());
    zombie.stop();
    let next = start("cat");
    // Who is stopped while it holds a lock holds everyone up: it is let go on and stopped again.
    let end = deadline();
    while !comes_to_be(|| committed_of(&kt, "jobs") == Some(2)) {
        zombie.resume();
        assert!(Instant::now() < end, "the group is never done");
        std::thread::sleep(Duration::from_millis(50));
        zombie.stop();
    }
    std::fs::write(kt.work().join("go"), "").unwrap();
    zombie.resume();
    kt.stdin("c\n").run("produce --topic jobs").shows("");
    wait_until("the group to be done", || committed_of(&kt, "jobs") == Some(3));
    for member in [zombie, next] {
        member.interrupt();
        let _ = member.finish();
    }
    assert_eq!(outputs(&kt, 0)[..2], ["a", "b"]);
    assert_eq!(outputs(&kt, 0).len(), 3, "{:?}", outputs(&kt, 0));
}

/// Whether `condition` holds within a while.
fn comes_to_be(condition: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(15);
    while Instant::now() < end {
        if condition() {
            return true;
        }
    }
    false
}
