//! `kt groups`, and groups whose members come and go.

use crate::support::{Kt, Output, wait_until};

fn describe(kt: &Kt, group: &str) -> Output {
    kt.run(format!("groups --describe --group {group}"))
}

/// CLIENT-ID and #PARTITIONS of each member, in order of client ids.
fn members(kt: &Kt, group: &str) -> Vec<String> {
    let output = kt.run(format!("groups --describe --group {group} --members"));
    let lines = output.lines();
    let cells = |line: &String| line.split_whitespace().rev().take(2).map(str::to_owned).collect::<Vec<_>>();
    let is_member = |line: &&String| line.starts_with(group);
    let mut members: Vec<String> =
        lines.iter().filter(is_member).map(cells).map(|cells| format!("{} {}", cells[1], cells[0])).collect();
    members.sort();
    members
}

/// TOPIC, PARTITION, CURRENT-OFFSET, LOG-END-OFFSET and LAG of each row.
fn rows(output: &Output) -> Vec<String> {
    let lines = output.lines();
    let cells = |line: &String| line.split_whitespace().skip(1).take(5).collect::<Vec<_>>().join(" ");
    lines.iter().filter(|line| !line.is_empty() && !line.starts_with("GROUP")).map(cells).collect()
}

#[test]
fn describe_shows_lag_of_a_dead_member() {
    let kt = Kt::new();
    kt.stdin("1\n2\n3\n4\n5\n").run("produce --topic log").shows("");
    let consumer = kt.start(
        "consume --topic log --group readers --from-beginning --command-property auto.commit.interval.ms=1",
    );
    consumer.wait_for_line("^5$");
    wait_until("the commit", || rows(&describe(&kt, "readers")) == ["log 0 5 5 0"]);
    let alive = describe(&kt, "readers");
    assert!(alive.to_string().contains("console-consumer"), "{alive}");
    consumer.kill();
    assert_eq!(consumer.finish().status(), 137);
    let dead = describe(&kt, "readers");
    assert!(dead.to_string().contains("has no active members"), "{dead}");
    kt.stdin("6\n7\n").run("produce --topic log").shows("");
    let after = describe(&kt, "readers");
    let row = rows(&after).pop().unwrap();
    let numbers: Vec<i64> = row.split_whitespace().skip(2).map(|number| number.parse().unwrap()).collect();
    assert_eq!((numbers[1], numbers[2]), (7, 7 - numbers[0]), "{after}");
}

#[test]
fn one_partition_has_one_reader_and_the_other_member_stands_by() {
    let kt = Kt::new();
    kt.stdin("1\n2\n").run("produce --topic log").shows("");
    // The member whose id comes first has the partition.
    let consume = |id: &str| {
        kt.start(format!(
            "consume --topic log --group readers --from-beginning --command-property client.id={id}"
        ))
    };
    let first = consume("a");
    first.wait_for_line("^2$");
    let second = consume("b");
    wait_until("both members", || members(&kt, "readers") == ["a 1", "b 0"]);
    kt.stdin("3\n").run("produce --topic log").shows("");
    first.wait_for_line("^3$");
    assert_eq!(second.stdout_so_far(), b"", "one partition has one reader");
    first.terminate();
    first.wait_for_error_line("Processed a total of 3 messages");
    kt.stdin("4\n").run("produce --topic log").shows("");
    second.wait_for_line("^4$");
    second.interrupt();
    assert_eq!(second.finish().interrupted().lines(), ["4"]);
    assert_eq!(rows(&describe(&kt, "readers")), ["log 0 4 4 0"]);
}

#[test]
fn a_second_member_takes_over_from_a_killed_one() {
    let kt = Kt::new();
    kt.stdin("1\n2\n").run("produce --topic log").shows("");
    let first = kt.start("consume --topic log --group readers --from-beginning");
    first.wait_for_line("^2$");
    let second = kt.start("consume --topic log --group readers --from-beginning");
    first.kill();
    assert_eq!(first.finish().status(), 137);
    kt.stdin("3\n").run("produce --topic log").shows("");
    second.wait_for_line("^3$");
}

#[test]
fn a_deleted_group_begins_again() {
    let kt = Kt::new();
    kt.stdin("1\n2\n").run("produce --topic log").shows("");
    let consume = "consume --topic log --group readers --from-beginning --max-messages 2";
    assert_eq!(kt.run(consume).success().lines(), ["1", "2"]);
    kt.run("groups --list").shows("readers\n");
    kt.run("groups --delete --group readers")
        .shows("Deletion of requested consumer groups ('readers') was successful.\n");
    kt.run("groups --list").shows("");
    assert_eq!(kt.run(consume).success().lines(), ["1", "2"]);
}

#[test]
fn a_group_in_use_is_not_deleted() {
    let kt = Kt::new();
    kt.stdin("1\n").run("produce --topic log").shows("");
    let consumer = kt.start("consume --topic log --group readers --from-beginning");
    consumer.wait_for_line("^1$");
    let streams = kt.run("groups --delete --group readers").failure(1);
    assert!(streams.errors().contains("The group is not empty."), "{}", streams.errors());
    kt.stdin("2\n").run("produce --topic log").shows("");
    consumer.wait_for_line("^2$");
}

#[test]
fn offsets_outlive_the_live_state() {
    let kt = Kt::new();
    kt.stdin("1\n2\n3\n").run("produce --topic log").shows("");
    let consume = "consume --topic log --group readers --from-beginning --max-messages 1";
    assert_eq!(kt.run(consume).success().lines(), ["1"]);
    std::fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    assert_eq!(kt.run(consume).success().lines(), ["2"]);
    std::fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    kt.stdin("4\n").run("produce --topic log").shows("");
    assert_eq!(kt.records("log", 0, ""), ["1", "2", "3", "4"]);
    assert_eq!(rows(&describe(&kt, "readers")), ["log 0 2 4 2"]);
}

#[test]
fn a_reset_beyond_the_ends_of_a_log_says_so() {
    let kt = Kt::new();
    kt.stdin("one\ntwo\n").run("produce --topic log").shows("");
    for (offset, note) in [
        (
            "-7",
            "kt: New offset (-7) is lower than earliest offset for topic partition log-0. Value will be set to 0\n",
        ),
        (
            "9",
            "kt: New offset (9) is higher than latest offset for topic partition log-0. Value will be set to 2\n",
        ),
        ("1", ""),
    ] {
        let arguments =
            format!("groups --reset-offsets --group g --topic log --to-offset {offset} --execute");
        assert_eq!(kt.run(arguments).success_with_notes().errors(), note);
    }
}
