//! The runs: members only come and leave, or are killed, stopped and replaced as well, under each assignor, in the newer
//! protocol, and in both at once. `KT_STORM_SECONDS` makes each last for that long instead of a few seconds.

use super::members::{Protocol, Setup};
use super::producers::Producers;
use super::weather::{MEMBERS, PARTITIONS, Weather};
use crate::support::Kt;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much happens at least.
const EVENTS: usize = 40;

/// A dozen processes and as many again: one run at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[track_caller]
fn run(protocol: Protocol, is_rough: bool) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = std::env::var("KT_STORM_SECONDS").map_or(0, |seconds| seconds.parse().unwrap());
    let length = Duration::from_secs(seconds);
    let session_timeout_ms = match protocol {
        Protocol::Classic(_) | Protocol::Both(_) if is_rough => 1_500,
        // Kafka's shortest in the newer protocol. In calm weather nobody may be taken for dead because the machine is slow.
        _ => 45_000,
    };
    let mut weather = Weather::new(Setup { protocol, session_timeout_ms }, is_rough, length);
    let producers = Producers::start(&weather.kt, &mut weather.random);
    let begun = Instant::now();
    let mut events = 0;
    while events < EVENTS || begun.elapsed() < length {
        weather.event();
        events += 1;
    }
    weather.clear_up();
    let written = producers.finish();
    weather.wait_until("the group to be stable and to have read everything", is_quiet);
    weather.end();
    weather.wait_until("everybody to leave", Weather::is_over);
    check(&weather, &written);
    println!(
        "{protocol:?}: {events} events, {} records, {} deliveries repeated, {} taken for dead without a cause",
        written.iter().sum::<usize>(),
        weather.deliveries.repeated(),
        weather.ownership.slow()
    );
}

/// Whether the group is stable, everything is read and committed, and its owners are those of the journal.
fn is_quiet(weather: &Weather) -> bool {
    let state = weather.kt.run("groups --describe --group storm --state").lines().join("\n");
    let rows = weather.kt.run("groups --describe --group storm").lines();
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.split_whitespace().collect()).collect();
    let mut rows: Vec<&Vec<&str>> = rows.iter().filter(|row| row.first() == Some(&"storm")).collect();
    rows.sort_by_key(|row| row[2].parse::<usize>().unwrap());
    // A static member's place keeps the client id of its first process.
    let agree = |row: &&Vec<&str>, owner| row[6].starts_with("static-") || row[8] == owner;
    let owners = weather.owners();
    state.split_whitespace().rev().take(2).eq([MEMBERS.to_string().as_str(), "Stable"])
        && rows.iter().all(|row| row[5] == "0")
        && rows.len() == PARTITIONS
        && owners.len() == PARTITIONS
        && rows.iter().zip(&owners).all(|(row, owner)| agree(row, owner))
}

fn check(weather: &Weather, written: &[usize]) {
    if let Some(missing) = weather.deliveries.missing(written) {
        weather.fail(&format!("{missing} was never delivered"));
    }
    let ends: Vec<u64> = (0..PARTITIONS).map(|partition| weather.kt.end("log", partition)).collect();
    let commits = commits(&weather.kt);
    for (partition, end) in ends.iter().enumerate() {
        let offsets = &commits[&partition];
        if let Some(back) = offsets.windows(2).find(|pair| pair[1] < pair[0]) {
            weather.fail(&format!("the commits of partition {partition} go back: {back:?}"));
        }
        assert_eq!(offsets.last(), Some(end), "what is committed of partition {partition}");
        assert_eq!(weather.deliveries.ends()[partition], *end, "what is delivered of partition {partition}");
    }
}

/// Every offset that was committed of each partition, in order.
fn commits(kt: &Kt) -> BTreeMap<usize, Vec<u64>> {
    let key = r#""group":"storm","topic":"log","partition":(\d+)\}\} payload: \{"version":"\d+","data":\{"offset":(\d+)"#;
    let commit = Regex::new(key).unwrap();
    let mut commits: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for directory in std::fs::read_dir(kt.broker()).unwrap() {
        let directory = directory.unwrap();
        if !directory.file_name().to_string_lossy().starts_with("__consumer_offsets-") {
            continue;
        }
        let log = directory.path().join("00000000000000000000.log");
        // Whoever made the topic may have been killed over it; a partition is completed when it is used.
        if !log.exists() {
            continue;
        }
        let dumped = kt.run(["dump-log", "--offsets-decoder", "--files", log.to_str().unwrap()]);
        for line in dumped.success().lines() {
            if let Some(found) = commit.captures(&line) {
                commits.entry(found[1].parse().unwrap()).or_default().push(found[2].parse().unwrap());
            }
        }
    }
    commits
}

#[test]
fn members_come_and_leave_with_the_range_assignor() {
    run(Protocol::Classic("RangeAssignor"), false);
}

#[test]
fn members_come_and_leave_with_the_cooperative_sticky_assignor() {
    run(Protocol::Classic("CooperativeStickyAssignor"), false);
}

#[test]
fn a_storm_with_the_range_assignor() {
    run(Protocol::Classic("RangeAssignor"), true);
}

#[test]
fn a_storm_with_the_round_robin_assignor() {
    run(Protocol::Classic("RoundRobinAssignor"), true);
}

#[test]
fn a_storm_with_the_sticky_assignor() {
    run(Protocol::Classic("StickyAssignor"), true);
}

#[test]
fn a_storm_with_the_cooperative_sticky_assignor() {
    run(Protocol::Classic("CooperativeStickyAssignor"), true);
}

#[test]
fn members_come_and_leave_in_the_newer_protocol() {
    run(Protocol::Modern, false);
}

#[test]
fn a_storm_in_the_newer_protocol() {
    run(Protocol::Modern, true);
}

#[test]
fn members_of_both_protocols_come_and_leave() {
    run(Protocol::Both("RangeAssignor"), false);
}

#[test]
fn a_storm_in_both_protocols() {
    run(Protocol::Both("CooperativeStickyAssignor"), true);
}
