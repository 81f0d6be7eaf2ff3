//! kill -9 at random moments. A run that ended with status 0 has been told that its records are safe; of a run that was
//! killed, any first part may be there. So, after all rounds, a partition must hold of each run a first part of its
//! lines (all of them if it ended well), whole, in order and once. What a follower has shown must be there as well.

use crate::support::{Kt, Random, deadline};
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

/// The longest wait before the kill; runs of a few thousand lines take about as long.
const KILL_WITHIN: Duration = Duration::from_millis(25);
/// What a command that follows a kill may take: it must not wait for the dead.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A producer's run: its lines are `RUN.0`, `RUN.1`, …
struct Run {
    lines: u64,
    acknowledged: bool,
}

fn input(run: usize, lines: u64) -> String {
    (0..lines).map(|line| format!("{run}.{line} {}\n", "x".repeat((line % 90) as usize))).collect()
}

/// Starts a producer, kills it at a random moment (or not), and says what it was told.
fn run_and_kill(kt: &Kt, random: &mut Random, topic: &str, runs: &mut Vec<Run>) {
    let lines = 1 + random.below(4000);
    let codec = ["none", "lz4", "zstd"][random.below(3) as usize];
    let arguments = format!("produce --topic {topic} --compression-codec {codec}");
    let producer = kt.stdin(input(runs.len(), lines)).start(arguments);
    thread::sleep(random.time_below(KILL_WITHIN));
    producer.kill();
    let output = producer.finish();
    assert!(matches!(output.status(), 0 | 137), "neither done nor killed:\n{output}");
    runs.push(Run { lines, acknowledged: output.status() == 0 });
}

/// A short run that nothing disturbs.
fn run_at_once(kt: &Kt, topic: &str, runs: &mut Vec<Run>) {
    let start = Instant::now();
    kt.stdin(input(runs.len(), 3)).run(format!("produce --topic {topic}")).shows("");
    assert!(start.elapsed() < AT_ONCE, "the run after a kill took {:?}", start.elapsed());
    runs.push(Run { lines: 3, acknowledged: true });
}

/// Checks the lines of one partition; returns how many lines of each run there are.
#[track_caller]
fn check_partition(records: &[String], runs: &[Run]) -> Vec<u64> {
    let mut counts = vec![0; runs.len()];
    for record in records {
        let (run, rest) = record.split_once('.').expect("a line of this test");
        let run: usize = run.parse().unwrap();
        let line = counts[run];
        let whole = format!("{line} {}", "x".repeat((line % 90) as usize));
        assert!(rest == whole, "run {run}: expected its line {line}, found {record:?}");
        counts[run] += 1;
    }
    for (run, (count, expected)) in counts.iter().zip(runs).enumerate() {
        let complete = *count == expected.lines;
        assert!(
            complete || !expected.acknowledged,
            "run {run}: {count} of {} acknowledged lines",
            expected.lines
        );
        assert!(*count <= expected.lines, "run {run}: {count} lines of {}", expected.lines);
    }
    counts
}

#[test]
fn a_killed_producer_loses_nothing_acknowledged() {
    const ROUNDS: usize = 250;
    let (kt, mut random) = (Kt::new(), Random::new());
    kt.run("topics --create --topic log --config segment.bytes=1048576").shows("Created topic log.\n");
    let mut runs = Vec::new();
    let mut read_before: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        run_and_kill(&kt, &mut random, "log", &mut runs);
        if round % 5 == 0 {
            run_at_once(&kt, "log", &mut runs);
        }
        if round % 50 == 49 {
            let read = kt.records("log", 0, "");
            assert!(read.starts_with(&read_before), "what was read once has changed or gone");
            check_partition(&read, &runs);
            read_before = read;
        }
    }
    let acknowledged = runs.iter().filter(|run| run.acknowledged).count();
    println!("{acknowledged} of {} runs acknowledged, {} records", runs.len(), read_before.len());
    assert!(acknowledged < runs.len(), "no run was killed: the test tests nothing");
}

/// A producer was killed between making a new segment's files and saying that it had. The next one went on in the old
/// segment, so that the new one's name was wrong, and the roll after that failed.
#[test]
fn a_roll_that_was_cut_short_is_finished() {
    let kt = Kt::new();
    let lines: Vec<String> = (0..30).map(|line| format!("{line}")).collect();
    kt.stdin(lines[..10].join("\n")).run("produce --topic log").shows("");
    std::fs::write(kt.broker().join("log-0/00000000000000000010.log"), "").unwrap();
    for range in [10..20, 20..30] {
        kt.stdin(lines[range].join("\n")).run("produce --topic log").shows("");
    }
    assert_eq!(kt.records("log", 0, ""), lines);
    let first = std::fs::read(kt.broker().join("log-0/00000000000000000000.log")).unwrap();
    assert_eq!(first.len(), 12 + u32::from_be_bytes(first[8..12].try_into().unwrap()) as usize, "one batch");
}

#[test]
fn killed_producers_leave_their_neighbours_whole() {
    const ROUNDS: usize = 40;
    const AT_ONCE_COUNT: u64 = 4;
    let (kt, mut random) = (Kt::new(), Random::new());
    let mut runs: Vec<Run> = Vec::new();
    for _ in 0..ROUNDS {
        let started: Vec<_> = (0..AT_ONCE_COUNT)
            .map(|_| {
                let lines = 1 + random.below(3000);
                runs.push(Run { lines, acknowledged: false });
                kt.stdin(input(runs.len() - 1, lines)).start("produce --topic shared")
            })
            .collect();
        let first = runs.len() - started.len();
        let killed = random.below(AT_ONCE_COUNT) as usize;
        thread::sleep(random.time_below(KILL_WITHIN));
        started[killed].kill();
        for (index, producer) in started.into_iter().enumerate() {
            let output = producer.finish();
            assert!(
                output.status() == 0 || index == killed,
                "a neighbour of a killed producer failed:\n{output}"
            );
            runs[first + index].acknowledged = output.status() == 0;
        }
    }
    check_partition(&kt.records("shared", 0, ""), &runs);
}

#[test]
fn what_a_follower_has_shown_survives_its_producers() {
    const ROUNDS: usize = 60;
    let (kt, mut random) = (Kt::new(), Random::new());
    kt.run("topics --create --topic typed").shows("Created topic typed.\n");
    let follower = kt.start("consume --topic typed --partition 0 --offset earliest");
    for round in 0..ROUNDS {
        let mut producer = kt.start("produce --topic typed");
        for line in 0..1 + random.below(4) {
            producer.write_line(&format!("round {round} line {line}"));
            follower.wait_for_line(&format!("^round {round} line {line}$"));
        }
        // One more, of which nobody knows how far it comes; the next producer may find it whole and publish it.
        producer.write_line(&format!("round {round} last"));
        thread::sleep(random.time_below(Duration::from_millis(2)));
        producer.kill();
        let shown = lines_of(&follower.stdout_so_far()).len();
        assert_eq!(producer.finish().status(), 137);
        assert!(kt.end("typed", 0) as usize >= shown, "the follower has shown more than there is");
    }
    kt.stdin("the end\n").run("produce --topic typed").shows("");
    follower.wait_for_line("^the end$");
    follower.interrupt();
    assert_eq!(follower.finish().interrupted().lines(), kt.records("typed", 0, ""));
}

/// The whole lines; the last one of a killed process may be cut.
fn lines_of(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8(output.to_vec()).unwrap();
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
}

#[test]
fn a_killed_consumer_skips_nothing() {
    const RECORDS: usize = 3000;
    let (kt, mut random) = (Kt::new(), Random::new());
    let lines: Vec<String> = (0..RECORDS).map(|line| format!("line {line}")).collect();
    kt.stdin(lines.join("\n")).run("produce --topic work").shows("");
    let mut next = 0;
    let give_up = deadline();
    while next < RECORDS {
        assert!(Instant::now() < give_up, "the group has come no further than {next}");
        let consumer = kt.start(format!(
            "consume --topic work --group workers --from-beginning --max-messages {} \
             --command-property auto.commit.interval.ms=1",
            1 + random.below(700)
        ));
        thread::sleep(random.time_below(Duration::from_millis(40)));
        consumer.kill();
        let output = consumer.finish();
        let done = output.status() == 0;
        let read = if done { output.success() } else { output.failure(137) };
        // A killed consumer's last line may be cut by the pipe.
        let text = String::from_utf8(read.stdout).unwrap();
        let whole: Vec<&str> =
            text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).collect();
        let Some(first) = whole.first() else { continue };
        let start = lines.iter().position(|line| line == first).expect("a line of this test");
        assert!(start <= next, "the group goes on at {start}, but had come no further than {next}");
        assert_eq!(whole[..], lines[start..start + whole.len()]);
        next = next.max(start + whole.len());
        if done {
            let described = kt.run("groups --describe --group workers");
            let committed = committed_offset(&described.to_string());
            assert_eq!(
                committed,
                Some(start + whole.len()),
                "a consumer that ends commits what it has shown"
            );
        }
    }
}

/// CURRENT-OFFSET of the only partition.
fn committed_offset(described: &str) -> Option<usize> {
    let row = described.lines().find(|line| line.starts_with("workers "))?;
    row.split_whitespace().nth(3)?.parse().ok()
}

#[test]
fn a_killed_topic_creation_leaves_all_or_nothing() {
    const ROUNDS: usize = 100;
    let (kt, mut random) = (Kt::new(), Random::new());
    let mut acknowledged = HashMap::new();
    for round in 0..ROUNDS {
        let topic = format!("topic-{round}");
        let creation = kt.start(format!("topics --create --topic {topic} --partitions 3"));
        thread::sleep(random.time_below(Duration::from_millis(12)));
        creation.kill();
        acknowledged.insert(topic, creation.finish().status() == 0);
    }
    let listed = kt.run("topics --list").success().lines();
    for (topic, acknowledged) in &acknowledged {
        assert!(listed.contains(topic) || !acknowledged, "{topic} was acknowledged, but is not there");
    }
    for topic in &listed {
        let described = kt.run(format!("topics --describe --topic {topic}")).success().lines();
        assert_eq!(described.len(), 4, "{topic}: a head and three partitions:\n{described:#?}");
        for partition in 0..3 {
            kt.stdin("a line\n").run(format!("produce --topic {topic} --partition {partition}")).shows("");
            assert_eq!(kt.records(topic, partition, ""), ["a line"]);
        }
    }
    kt.run("topics --create --topic afterwards").shows("Created topic afterwards.\n");
}
