//! A pipeline (consume, transform, produce) that is killed with kill -9 again and again, at random moments, while its input
//! grows. Whoever reads committed records, meanwhile or in the end, sees each input's output once, and in the order of the
//! inputs. `KT_KILLS` says how often it is killed.

use crate::support::{Kt, Random, Running, wait_until};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::thread;
use std::time::Duration;

/// Unless the environment says otherwise.
const KILLS: usize = 40;
const PARTITIONS: usize = 2;
/// The longest life of a pipeline: about what it takes to begin and move a few batches.
const LIFE: Duration = Duration::from_millis(250);

fn kills() -> usize {
    std::env::var("KT_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// Lines `KEY:NUMBER` with numbers from `from` on, of few keys.
fn input(from: u64, count: u64) -> String {
    (from..from + count).map(|number| format!("k{}:{number}\n", number % 7)).collect()
}

fn feed(kt: &Kt, from: u64, count: u64) {
    kt.stdin(input(from, count))
        .run("produce --topic in --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
}

/// The pipeline, with its output by key into as many partitions as its input has.
fn pipeline(kt: &Kt) -> Running {
    let words = "consume --topic in --group g --from-beginning --output-topic out --delivery exactly-once";
    let command = ["--exec-batch", "while read line; do echo \"<$line>\"; done"];
    kt.start(words.split(' ').chain(command).map(OsString::from).collect::<Vec<_>>())
}

/// How many inputs the group has behind it.
fn committed(kt: &Kt) -> u64 {
    let rows = kt.run("groups --describe --group g").lines();
    let rows = rows.iter().map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(1) == Some(&"in")).filter_map(|row| row.get(3)?.parse::<u64>().ok()).sum()
}

#[test]
fn a_pipeline_that_is_killed_again_and_again_has_one_output_for_each_input() {
    let (kt, mut random) = (Kt::new(), Random::new());
    for topic in ["in", "out"] {
        kt.run(format!("topics --create --topic {topic} --partitions {PARTITIONS}"))
            .shows(&format!("Created topic {topic}.\n"));
    }
    let follower = kt.start("consume --topic out --from-beginning --isolation-level read_committed");
    let mut fed = 0;
    for _ in 0..kills() {
        let count = 1 + random.below(60);
        feed(&kt, fed, count);
        fed += count;
        let running = pipeline(&kt);
        thread::sleep(random.time_below(LIFE));
        running.kill();
        assert_eq!(running.finish().status(), 137, "it ended by itself");
    }
    let last = pipeline(&kt);
    wait_until("the last pipeline to be done", || committed(&kt) == fed);
    last.interrupt();
    let _ = last.finish();
    let mut all = BTreeSet::new();
    for partition in 0..PARTITIONS {
        let expected: Vec<String> =
            kt.records("in", partition, "").iter().map(|line| format!("<{line}>")).collect();
        let outputs = kt.records("out", partition, "--isolation-level read_committed");
        assert_eq!(outputs, expected, "partition {partition}");
        all.extend(outputs);
    }
    assert_eq!(all.len() as u64, fed);
    // Who has followed all along has seen the same: nothing twice and nothing that was taken back.
    let lines = || follower.stdout_so_far().iter().filter(|&&byte| byte == b'\n').count();
    wait_until("the follower to have seen the end", || lines() as u64 >= fed);
    follower.interrupt();
    let seen = follower.finish().interrupted().lines();
    assert_eq!(seen.len() as u64, fed);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
}
