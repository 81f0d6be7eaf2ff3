//! What befalls groups rarely: a lock that is held for long, names that no file could have, a group deleted under a stopped
//! member, a coordination directory that was thrown away, members that live long among many that don't.

use crate::support::{Kt, Running, wait_until};
use std::fs;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SESSION: Duration = Duration::from_millis(2_000);

fn member(kt: &Kt, group: &str, name: &str) -> Running {
    let session_ms = SESSION.as_millis();
    kt.start(format!(
        "consume --topic log --group '{group}' --from-beginning --show-assignments --command-property 'client.id={name}' \
         --command-property session.timeout.ms={session_ms} --command-property heartbeat.interval.ms=200 \
         --command-property auto.commit.interval.ms=1"
    ))
}

/// State and number of members of a group.
fn state(kt: &Kt, group: &str) -> String {
    let lines = kt.run(["groups", "--describe", "--state", "--group", group]).lines();
    let row = lines.iter().find(|line| line.starts_with(group)).cloned().unwrap_or_default();
    row.split_whitespace().rev().take(2).collect::<Vec<_>>().join(" ")
}

/// The lock files of every partition, held for as long as this lives.
pub(super) fn hold_locks(kt: &Kt) -> Vec<fs::File> {
    let states = fs::read_dir(kt.data().join(".kt/partitions")).unwrap();
    let hold = |path: PathBuf| {
        let file = fs::File::open(path).unwrap();
        // SAFETY: the descriptor is open.
        assert_eq!(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) }, 0);
        file
    };
    states.map(|state| hold(state.unwrap().path())).collect()
}

/// Members that could not give signs of life while someone held the group's lock were all taken for dead by the first
/// that got it.
#[test]
fn who_waits_for_the_groups_lock_is_not_taken_for_dead() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 3").shows("Created topic log.\n");
    let members = ["a", "b", "c"].map(|name| member(&kt, "readers", name));
    wait_until("three members", || state(&kt, "readers") == "3 Stable");
    for (name, member) in ["a", "b", "c"].iter().zip(&members) {
        member.wait_for_error_line(&format!("^{name} assigned log-.$"));
    }
    let held = hold_locks(&kt);
    let end = Instant::now() + SESSION * 2;
    wait_until("longer than a session lasts", || Instant::now() >= end);
    drop(held);
    kt.stdin("0:0\n1:1\n2:2\n3:3\n4:4\n5:5\n6:6\n7:7\n")
        .run("produce --topic log --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
    let row_is_read =
        |row: &String| row.split_whitespace().nth(5).is_none_or(|lag| lag == "0" || lag == "LAG");
    wait_until("everything to be read and committed", || {
        kt.run("groups --describe --group readers").lines().iter().all(row_is_read)
    });
    assert_eq!(state(&kt, "readers"), "3 Stable");
    for member in members {
        member.terminate();
        let said = member.finish().failure(143).errors();
        assert!(!said.contains("lost"), "{said}");
    }
}

#[test]
fn a_member_of_a_group_that_was_deleted_joins_it_anew() {
    let kt = Kt::new();
    kt.run("topics --create --topic log").shows("Created topic log.\n");
    let sleeper = member(&kt, "readers", "sleeper");
    sleeper.wait_for_error_line("^sleeper assigned log-0$");
    wait_until("the member", || state(&kt, "readers") == "1 Stable");
    sleeper.stop();
    wait_until("the end of its session", || state(&kt, "readers") == "0 Empty");
    kt.run("groups --delete --group readers").success();
    sleeper.resume();
    sleeper.wait_for_error_line("^sleeper lost log-0$");
    kt.stdin("new\n").run("produce --topic log").shows("");
    sleeper.wait_for_line("^new$");
    assert_eq!(state(&kt, "readers"), "1 Stable");
}

#[test]
fn names_that_no_file_could_have_are_groups_and_members_like_any_other() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
    let long = "g".repeat(250);
    let longer = format!("{}/..", "g".repeat(3_000));
    for group in ["../../up", ".", "a b/c", "\u{fc}ber\u{202e}", &long, &longer] {
        let one = member(&kt, group, "../x/\u{1F600}");
        let other = member(&kt, group, &"n".repeat(300));
        one.wait_for_error_line("assigned log-.$");
        other.wait_for_error_line("assigned log-.$");
        let listed = kt.run("groups --list").success().lines();
        assert!(listed.iter().any(|line| line == group), "{group:?} in {listed:?}");
        one.kill();
        other.wait_for_error_line("assigned log-0 log-1$|assigned log-.$");
        wait_until("the other to have both", || {
            let described = kt.run(["groups", "--describe", "--members", "--group", group]);
            let lines = described.lines();
            lines.len() == 2 + usize::from(lines[0].is_empty())
                && lines.last().unwrap().trim_end().ends_with(" 2")
        });
        other.terminate();
        assert_eq!(other.finish().status(), 143);
    }
    let above = kt.data().parent().unwrap().to_owned();
    let mut names: Vec<_> = fs::read_dir(above).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["data", "work"]);
}

#[test]
fn without_the_coordination_directory_a_group_goes_on_from_its_commits() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
    kt.stdin("1\n2\n").run("produce --topic log --partition 0").shows("");
    let members = ["a", "b"].map(|name| member(&kt, "readers", name));
    wait_until("two members", || state(&kt, "readers") == "2 Stable");
    wait_until("the commit", || {
        kt.run("groups --describe --group readers")
            .lines()
            .iter()
            .any(|row| row.contains(" 2               2 "))
    });
    for member in members {
        member.kill();
        assert_eq!(member.finish().status(), 137);
    }
    fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    assert_eq!(state(&kt, "readers"), "0 Empty");
    fs::remove_dir_all(kt.data().join(".kt")).unwrap();
    let next = member(&kt, "readers", "next");
    next.wait_for_error_line("^next assigned log-0 log-1$");
    kt.stdin("3\n").run("produce --topic log --partition 0").shows("");
    next.wait_for_line("^3$");
    next.terminate();
    assert_eq!(next.finish().failure(143).text(), "3\n");
}

/// How many open files and threads a process has.
#[cfg(target_os = "linux")]
fn holdings(process: &Running) -> (usize, usize) {
    let count = |what| fs::read_dir(format!("/proc/{}/{what}", process.id())).unwrap().count();
    (count("fd"), count("task"))
}

#[cfg(target_os = "linux")]
#[test]
fn a_member_that_sees_many_come_and_go_keeps_nothing_of_them() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 4").shows("Created topic log.\n");
    let long = member(&kt, "readers", "long");
    let visit = || {
        let visitors = ["v", "w"].map(|name| member(&kt, "readers", name));
        wait_until("the visitors", || state(&kt, "readers") == "3 Stable");
        let [one, other] = visitors;
        one.kill();
        other.terminate();
        assert_eq!((one.finish().status(), other.finish().status()), (137, 143));
        wait_until("their end", || state(&kt, "readers") == "1 Stable");
    };
    visit();
    wait_until("what a member keeps when it is alone", || holdings(&long).1 <= 4);
    let (files, threads) = holdings(&long);
    (0..15).for_each(|_| visit());
    wait_until("no more than that", || {
        let (now_files, now_threads) = holdings(&long);
        now_files <= files + 1 && now_threads <= threads
    });
    let left = fs::read_dir(kt.data().join(".kt/groups/g-readers/members")).unwrap().count();
    assert_eq!(left, 1, "a file for who is there");
    long.terminate();
    let said = long.finish().failure(143).errors();
    assert!(!said.contains("lost"), "{said}");
}

/// A static member that was away kept the others waiting for the rest of its session.
#[test]
fn nobody_waits_for_a_static_member_that_is_away() {
    let kt = Kt::new();
    kt.run("topics --create --topic log --partitions 2").shows("Created topic log.\n");
    let consume = |name: &str, more: &str| {
        kt.start(format!(
            "consume --topic log --group readers --show-assignments --command-property session.timeout.ms=1000000 \
             --command-property client.id={name} {more}"
        ))
    };
    let fixed = consume("fixed", "--command-property group.instance.id=fixed");
    fixed.wait_for_error_line("^fixed assigned log-0 log-1$");
    fixed.kill();
    assert_eq!(fixed.finish().status(), 137);
    let one = consume("one", "");
    one.wait_for_error_line("^one assigned log-.$");
    assert_eq!(state(&kt, "readers"), "2 Stable");
    let other = consume("other", "");
    other.wait_for_error_line("^other assigned (log-.|no partitions)$");
    assert_eq!(state(&kt, "readers"), "3 Stable");
}
