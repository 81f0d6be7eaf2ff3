//! Members of one group: what becomes of a partition when its owner leaves, dies, is stopped or comes back.

use crate::support::{Kt, Running, deadline, wait_until};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Starts a member of the group `g` with the client id `id`, which prints each record's partition before its value.
pub(super) fn member(kt: &Kt, id: &str, topics: &str, settings: &[&str]) -> Running {
    let mut command = format!(
        "consume {topics} --group g --from-beginning --formatter-property print.partition=true \
         --command-property client.id={id}"
    );
    for setting in settings {
        command += &format!(" --command-property {setting}");
    }
    kt.start(command)
}

/// A session so short that a test can wait for its end.
const SHORT_SESSION: [&str; 2] = ["session.timeout.ms=1500", "heartbeat.interval.ms=300"];
pub(super) const COMMITS_AT_ONCE: &str = "auto.commit.interval.ms=1";
pub(super) const COMMITS_NEVER: &str = "auto.commit.interval.ms=1000000";

/// CLIENT-ID, #PARTITIONS and assignment of each member, in order of client ids.
pub(super) fn members(kt: &Kt) -> Vec<String> {
    let output = kt.run("groups --describe --group g --members --verbose");
    let mut members: Vec<String> = output
        .lines()
        .iter()
        .filter(|line| line.starts_with("g "))
        .map(|line| {
            // From the right: what is empty is a `-`.
            let cells: Vec<&str> = line.split_whitespace().rev().collect();
            format!("{} {}", cells[5], cells[2])
        })
        .collect();
    members.sort();
    members
}

#[track_caller]
pub(super) fn wait_for_members(kt: &Kt, expected: &[&str]) {
    let mut seen = Vec::new();
    wait_until(&format!("the members {expected:?}"), || {
        seen = members(kt);
        seen == expected
    });
}

/// TOPIC, PARTITION and CURRENT-OFFSET of what the group has committed.
pub(super) fn commits(kt: &Kt) -> Vec<String> {
    let output = kt.run("groups --describe --group g");
    let lines = output.lines();
    let rows = lines.iter().filter(|line| line.starts_with("g "));
    rows.map(|line| line.split_whitespace().skip(1).take(3).collect::<Vec<_>>().join(" ")).collect()
}

/// Writes each number as a record of its own key, so that all partitions get some.
pub(super) fn produce(kt: &Kt, topic: &str, numbers: std::ops::Range<u32>) {
    let lines: String = numbers.map(|number| format!("{number}:{number}\n")).collect();
    let keyed = "--reader-property parse.key=true --reader-property key.separator=:";
    kt.stdin(lines).run(format!("produce --topic {topic} {keyed}")).shows("");
}

/// The partition and value of each record that a member has printed.
pub(super) fn printed(member: &Running) -> Vec<(String, u32)> {
    let text = String::from_utf8(member.stdout_so_far()).unwrap();
    let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let split = |line: &str| {
        let (partition, value) = line.split_once('\t').unwrap();
        (partition.to_owned(), value.parse().unwrap())
    };
    complete.lines().map(split).collect()
}

pub(super) fn wait_for_numbers(members: &[&Running], numbers: std::ops::Range<u32>) {
    wait_until(&format!("the records {numbers:?}"), || {
        let all: Vec<u32> =
            members.iter().flat_map(|member| printed(member)).map(|(_, number)| number).collect();
        numbers.clone().all(|number| all.contains(&number))
    });
}

/// Stops a member until its session has ended. Who is stopped while it holds a lock, which takes much bad luck, holds
/// everyone up: it is let go on and stopped again.
#[track_caller]
fn stop_until_fenced(kt: &Kt, member: &Running, others: &[&str]) {
    let end = deadline();
    loop {
        member.stop();
        let round = Instant::now() + Duration::from_secs(15);
        while Instant::now() < round {
            if members(kt) == others {
                return;
            }
        }
        member.resume();
        assert!(Instant::now() < end, "never fenced: {:?}", members(kt));
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn each_record_is_read_once_while_nobody_dies() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 4").success();
    let a = member(&kt, "a", "--topic t", &[]);
    wait_for_members(&kt, &["a t:0,1,2,3"]);
    produce(&kt, "t", 0..100);
    wait_for_numbers(&[&a], 0..100);
    let b = member(&kt, "b", "--topic t", &[]);
    wait_for_members(&kt, &["a t:0,1", "b t:2,3"]);
    produce(&kt, "t", 100..200);
    wait_for_numbers(&[&a, &b], 0..200);
    let c = member(&kt, "c", "--topic t", &[]);
    wait_for_members(&kt, &["a t:0,1", "b t:2", "c t:3"]);
    produce(&kt, "t", 200..300);
    wait_for_numbers(&[&a, &b, &c], 0..300);
    b.interrupt();
    b.wait_for_error_line("Processed a total");
    wait_for_members(&kt, &["a t:0,1", "c t:2,3"]);
    produce(&kt, "t", 300..400);
    wait_for_numbers(&[&a, &b, &c], 0..400);
    let mut all: Vec<u32> = [&a, &b, &c].iter().flat_map(|member| printed(member)).map(|(_, n)| n).collect();
    all.sort_unstable();
    assert_eq!(all, (0..400).collect::<Vec<u32>>());
}

#[test]
fn a_killed_members_partitions_move() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 3").success();
    let a = member(&kt, "a", "--topic t", &[COMMITS_AT_ONCE]);
    let b = member(&kt, "b", "--topic t", &[COMMITS_AT_ONCE]);
    let c = member(&kt, "c", "--topic t", &[COMMITS_AT_ONCE]);
    wait_for_members(&kt, &["a t:0", "b t:1", "c t:2"]);
    produce(&kt, "t", 0..30);
    wait_for_numbers(&[&a, &b, &c], 0..30);
    b.kill();
    wait_for_members(&kt, &["a t:0,1", "c t:2"]);
    a.kill();
    wait_for_members(&kt, &["c t:0,1,2"]);
    produce(&kt, "t", 30..60);
    wait_for_numbers(&[&c], 30..60);
    c.kill();
    // Nobody is left to see it; whoever comes next does.
    wait_for_members(&kt, &[]);
    let d = member(&kt, "d", "--topic t", &[]);
    wait_for_members(&kt, &["d t:0,1,2"]);
    produce(&kt, "t", 60..90);
    wait_for_numbers(&[&d], 60..90);
}

#[test]
fn a_stopped_member_is_fenced_and_its_late_commit_refused() {
    let kt = Kt::new();
    kt.run("topics --create --topic t").success();
    let [session, heartbeat] = SHORT_SESSION;
    let a = member(&kt, "a", "--topic t", &[session, heartbeat, COMMITS_NEVER]);
    wait_for_members(&kt, &["a t:0"]);
    let b = member(&kt, "b", "--topic t", &[session, heartbeat, COMMITS_AT_ONCE]);
    wait_for_members(&kt, &["a t:0", "b -"]);
    produce(&kt, "t", 0..2);
    wait_for_numbers(&[&a], 0..2);
    stop_until_fenced(&kt, &a, &["b t:0"]);
    produce(&kt, "t", 2..5);
    // What was not committed is read again.
    wait_for_numbers(&[&b], 0..5);
    wait_until("the commit", || commits(&kt) == ["t 0 5"]);
    a.terminate();
    a.resume();
    a.wait_for_error_line("Processed a total of 2 messages");
    assert_eq!(commits(&kt), ["t 0 5"]);
    wait_for_members(&kt, &["b t:0"]);
}

#[test]
fn a_stopped_member_that_goes_on_comes_back() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").success();
    let a = member(&kt, "a", "--topic t", &SHORT_SESSION);
    let b = member(&kt, "b", "--topic t", &SHORT_SESSION);
    wait_for_members(&kt, &["a t:0", "b t:1"]);
    stop_until_fenced(&kt, &a, &["b t:0,1"]);
    a.resume();
    wait_for_members(&kt, &["a t:0", "b t:1"]);
    produce(&kt, "t", 0..20);
    wait_for_numbers(&[&a, &b], 0..20);
    let partitions = |member: &Running| -> Vec<String> {
        let mut all: Vec<String> = printed(member).into_iter().map(|(partition, _)| partition).collect();
        all.sort();
        all.dedup();
        all
    };
    assert_eq!(
        (partitions(&a), partitions(&b)),
        (vec!["Partition:0".to_owned()], vec!["Partition:1".to_owned()])
    );
}

#[test]
fn cooperative_members_hand_on_what_has_to_move() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 4").success();
    let cooperative =
        "partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
    let a = member(&kt, "a", "--topic t", &[cooperative, COMMITS_NEVER]);
    wait_for_members(&kt, &["a t:0,1,2,3"]);
    produce(&kt, "t", 0..40);
    wait_for_numbers(&[&a], 0..40);
    let b = member(&kt, "b", "--topic t", &[cooperative, COMMITS_NEVER]);
    wait_for_members(&kt, &["a t:0,1", "b t:2,3"]);
    produce(&kt, "t", 40..80);
    wait_for_numbers(&[&a, &b], 0..80);
    a.interrupt();
    a.wait_for_error_line("Processed a total");
    wait_for_members(&kt, &["b t:0,1,2,3"]);
    produce(&kt, "t", 80..120);
    wait_for_numbers(&[&a, &b], 0..120);
    let mut all: Vec<u32> = printed(&a).into_iter().chain(printed(&b)).map(|(_, number)| number).collect();
    all.sort_unstable();
    assert_eq!(all, (0..120).collect::<Vec<u32>>());
}

#[test]
fn a_static_member_comes_back_to_its_place_and_its_absence_ends() {
    let kt = Kt::new();
    kt.run("topics --create --topic t --partitions 2").success();
    let [session, heartbeat] = ["session.timeout.ms=60000", "heartbeat.interval.ms=300"];
    let fixed = ["group.instance.id=one", session, heartbeat, COMMITS_AT_ONCE];
    let one = member(&kt, "a", "--topic t", &fixed);
    wait_for_members(&kt, &["a t:0,1"]);
    let plain = member(&kt, "b", "--topic t", &[COMMITS_AT_ONCE]);
    wait_for_members(&kt, &["a t:0", "b t:1"]);
    produce(&kt, "t", 0..20);
    wait_for_numbers(&[&one, &plain], 0..20);
    one.kill();
    assert_eq!(one.finish().status(), 137);
    assert_eq!(members(&kt), ["a t:0", "b t:1"], "its place is kept");
    produce(&kt, "t", 20..40);
    let generation = generation(&kt);
    // It comes back, with a session that a test can wait for.
    let short = ["group.instance.id=one", SHORT_SESSION[0], SHORT_SESSION[1], COMMITS_AT_ONCE];
    let one = member(&kt, "a", "--topic t", &short);
    wait_for_numbers(&[&one, &plain], 20..40);
    assert_eq!(self::generation(&kt), generation, "nobody else was disturbed");
    one.interrupt();
    one.wait_for_error_line("Processed a total");
    wait_for_members(&kt, &["b t:0,1"]);
}

/// The generation in the group's newest record.
fn generation(kt: &Kt) -> String {
    let dump = kt.bash(
        "log=$(ls -S \"$KT_DATA_DIR\"/broker-1/__consumer_offsets-*/*.log | head -1); \
         $KT dump-log --offsets-decoder --files \"$log\"",
    );
    let text = dump.success().text();
    let generation = regex::Regex::new(r#""generation":(\d+)"#).unwrap();
    generation.captures_iter(&text).last().unwrap()[1].to_owned()
}

#[test]
fn a_second_process_in_a_static_place_ends_the_first() {
    let kt = Kt::new();
    kt.run("topics --create --topic t").success();
    let first = member(&kt, "a", "--topic t", &["group.instance.id=one"]);
    wait_for_members(&kt, &["a t:0"]);
    let second = member(&kt, "b", "--topic t", &["group.instance.id=one"]);
    let told = first.wait_for_error_line("same group.instance.id");
    assert!(told.contains("has registered with a different member.id"), "{told}");
    assert_eq!(first.finish().status(), 1);
    produce(&kt, "t", 0..3);
    wait_for_numbers(&[&second], 0..3);
    // The group knows it by the client id that it had first.
    assert_eq!(members(&kt), ["a t:0"]);
}

#[test]
fn new_partitions_and_topics_are_taken_up() {
    let kt = Kt::new();
    kt.run("topics --create --topic x1 --partitions 2").success();
    let a = member(&kt, "a", "--include x.*", &[]);
    let b = member(&kt, "b", "--include x.*", &[]);
    wait_for_members(&kt, &["a x1:0", "b x1:1"]);
    kt.run("topics --alter --topic x1 --partitions 4").success();
    wait_for_members(&kt, &["a x1:0,1", "b x1:2,3"]);
    kt.run("topics --create --topic x2 --partitions 2").success();
    wait_for_members(&kt, &["a x1:0,1;x2:0", "b x1:2,3;x2:1"]);
    produce(&kt, "x1", 0..40);
    produce(&kt, "x2", 40..60);
    wait_for_numbers(&[&a, &b], 0..60);
    kt.run("topics --delete --topic x1").success();
    wait_for_members(&kt, &["a x2:0", "b x2:1"]);
}

#[test]
fn a_damaged_live_state_costs_nothing() {
    let kt = Kt::new();
    kt.run("topics --create --topic t").success();
    for (round, damage) in ["flip", "cut", "empty", "gone"].into_iter().enumerate() {
        let first = u32::try_from(round).unwrap() * 3;
        let reader = member(&kt, "a", "--topic t", &[COMMITS_AT_ONCE]);
        wait_for_members(&kt, &["a t:0"]);
        produce(&kt, "t", first..first + 3);
        wait_for_numbers(&[&reader], first..first + 3);
        wait_until("the commit", || commits(&kt) == [format!("t 0 {}", first + 3)]);
        reader.kill();
        assert_eq!(reader.finish().status(), 137);
        let path = kt.data().join(".kt/groups/g-g/live");
        let mut bytes = fs::read(&path).unwrap();
        match damage {
            "flip" => bytes[40] ^= 1,
            "cut" => bytes.truncate(50),
            _ => bytes.clear(),
        }
        fs::write(&path, &bytes).unwrap();
        if damage == "gone" {
            // Nothing tells of the member's death now but that the next one finds nobody there.
            fs::remove_dir_all(kt.data().join(".kt")).unwrap();
        } else {
            wait_for_members(&kt, &[]);
        }
        assert_eq!(commits(&kt), [format!("t 0 {}", first + 3)], "{damage}");
    }
    let reader = member(&kt, "a", "--topic t", &[]);
    produce(&kt, "t", 100..101);
    wait_for_numbers(&[&reader], 100..101);
    assert_eq!(printed(&reader).len(), 1, "what was committed is not read again");
}

#[test]
fn who_does_not_come_along_for_too_long_gives_way() {
    let kt = Kt::new();
    let line = format!("{}\n", "x".repeat(1000));
    kt.stdin(line.repeat(500)).run("produce --topic t").shows("");
    // Nobody reads what it prints, so that it is stuck in the middle of a poll; its heart goes on beating.
    let mut stuck = kt
        .invocation()
        .command("consume --topic t --group g --from-beginning --command-property client.id=a --command-property max.poll.interval.ms=1000");
    let mut stuck = stuck.stdout(std::process::Stdio::piped()).spawn().unwrap();
    wait_for_members(&kt, &["a t:0"]);
    let next = kt.start("consume --topic t --group g --from-beginning --command-property client.id=b");
    wait_for_members(&kt, &["b t:0"]);
    next.wait_for_lines(500);
    stuck.kill().unwrap();
    stuck.wait().unwrap();
}
