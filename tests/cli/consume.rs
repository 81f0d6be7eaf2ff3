//! `kt consume`: following, positions that Kafka's tool lacks, and how it ends.

use crate::support::{Kt, wait_until};
use std::time::{Duration, Instant};

fn with_lines(count: usize) -> Kt {
    let kt = Kt::new();
    let lines: String = (0..count).map(|line| format!("{line}\n")).collect();
    kt.stdin(lines).run("produce --topic log").shows("");
    kt
}

#[test]
fn until_offset_ends_before_it() {
    let kt = with_lines(10);
    kt.run("consume --topic log --partition 0 --offset 3 --until-offset 6")
        .shows("3\n4\n5\n2> Processed a total of 3 messages\n");
    kt.run("consume --topic log --from-beginning --until-offset 2")
        .shows("0\n1\n2> Processed a total of 2 messages\n");
    kt.run("consume --topic log --partition 0 --offset 6 --until-offset 6")
        .shows("2> Processed a total of 0 messages\n");
}

#[test]
fn an_offset_can_be_a_time() {
    let kt = with_lines(3);
    let consume = "consume --topic log --partition 0 --max-messages 3";
    let all = "0\n1\n2\n2> Processed a total of 3 messages\n";
    kt.run(["consume", "--topic", "log", "--partition", "0", "--max-messages", "3", "--offset", "-1h"])
        .shows(all);
    kt.run(format!("{consume} --offset @2020-01-31T10:00:00Z")).shows(all);
    kt.run("consume --topic log --partition 0 --timeout-ms 50 --offset @2120-01-31T10:00:00Z")
        .shows("2> Processed a total of 0 messages\n");
    kt.run(format!("{consume} --offset @yesterday")).failure(1);
}

#[test]
fn a_follower_wakes_and_sleeps() {
    let kt = Kt::new();
    kt.run("topics --create --topic log").shows("Created topic log.\n");
    let mut follower = kt.start("consume --topic log --from-beginning");
    let mut producer = kt.start("produce --topic log");
    producer.write_line("the first");
    follower.wait_for_line("^the first$");
    for line in 0..20 {
        let start = Instant::now();
        producer.write_line(&format!("line {line}"));
        follower.wait_for_line(&format!("^line {line}$"));
        assert!(start.elapsed() < Duration::from_secs(1), "line {line} took {:?}", start.elapsed());
    }
    let before = processor_ticks(follower.id());
    let end = Instant::now() + Duration::from_millis(300);
    wait_until("some idle time to pass", || Instant::now() > end);
    assert!(processor_ticks(follower.id()) - before <= 1, "an idle follower uses the processor");
    assert!(follower.is_alive());
    producer.close_stdin();
    producer.finish().shows("");
    follower.interrupt();
    assert_eq!(follower.finish().interrupted().lines().len(), 21);
}

/// User and system time so far, in hundredths of a second (Linux; 0 elsewhere).
fn processor_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

#[test]
fn a_signal_ends_it_with_its_position_kept() {
    for terminate in [false, true] {
        let kt = with_lines(5);
        let consumer = kt.start("consume --topic log --group readers --from-beginning");
        consumer.wait_for_line("^4$");
        if terminate {
            consumer.terminate()
        } else {
            consumer.interrupt()
        }
        consumer.wait_for_error_line("^Processed a total of 5 messages$");
        let output = consumer.finish();
        let _ = if terminate { output.terminated() } else { output.interrupted() };
        kt.stdin("5\n").run("produce --topic log").shows("");
        kt.run("consume --topic log --group readers --max-messages 1")
            .shows("5\n2> Processed a total of 1 messages\n");
    }
}

#[test]
fn head_ends_it_quietly() {
    let kt = with_lines(100_000);
    let output = kt.bash("\"$KT\" consume --topic log --from-beginning | head -n 2; echo ${PIPESTATUS[0]}");
    assert_eq!(output.lines(), ["0", "1", "0"]);
    assert!(!output.success().errors().contains("panicked"));
}

#[test]
fn a_pattern_reads_topics_that_come_later() {
    let kt = with_lines(1);
    let consumer = kt.start(["consume", "--include", "log|later", "--from-beginning"]);
    consumer.wait_for_line("^0$");
    kt.stdin("later\n").run("produce --topic later").shows("");
    consumer.wait_for_line("^later$");
}

#[test]
fn a_topic_may_come_after_its_follower() {
    let kt = Kt::new();
    let consumer = kt.start("consume --topic log --from-beginning");
    kt.stdin("here\n").run("produce --topic log").shows("");
    consumer.wait_for_line("^here$");
    kt.run("topics --alter --topic log --partitions 3").shows("");
    kt.stdin("there\n").run("produce --topic log --partition 2").shows("");
    consumer.wait_for_line("^there$");
}

#[test]
fn a_record_is_only_seen_when_it_is_whole() {
    // A long batch takes a while to write; a follower that looks meanwhile must not see a part of it.
    let kt = Kt::new();
    kt.run("topics --create --topic log").shows("Created topic log.\n");
    let follower = kt.start("consume --topic log --from-beginning");
    let line = "x".repeat(100_000);
    let input: String = (0..200).map(|number| format!("{number} {line}\n")).collect();
    kt.stdin(input.clone()).run("produce --topic log").shows("");
    follower.wait_for_lines(200);
    follower.interrupt();
    assert!(
        follower.finish().interrupted().text() == input,
        "a follower saw something else than was produced"
    );
}

#[test]
fn show_assignments_says_when_partitions_come_and_go() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
    let consume = |name: &str| {
        let options = "--group readers --show-assignments --command-property";
        kt.start(format!("consume --topic log {options} client.id={name}"))
    };
    let first = consume("first");
    first.wait_for_error_line("^first assigned log-0 log-1$");
    let second = consume("second");
    first.wait_for_error_line("^first revoked log-0 log-1$");
    first.wait_for_error_line("^first assigned log-0$");
    second.wait_for_error_line("^second assigned log-1$");
    first.terminate();
    let ended = first.finish().failure(143).errors();
    let last: Vec<&str> = ended.lines().rev().take(2).collect();
    assert_eq!(last, ["Processed a total of 0 messages", "first revoked log-0"]);
    second.wait_for_error_line("^second assigned log-0 log-1$");
}
