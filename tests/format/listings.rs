//! What Kafka's tools said of a directory, kt's say of it too: topics with ids and configs, offsets, groups.

use super::directory::{ALL, fixture, unpack};
use crate::support::{Kt, unified};
use std::path::Path;

/// A command with what it printed.
pub(super) struct Listing {
    pub(super) command: String,
    pub(super) stdout: Vec<String>,
    pub(super) status: i32,
}

pub(super) fn listings(file: &str) -> Vec<Listing> {
    let mut listings: Vec<Listing> = Vec::new();
    let mut in_stdout = true;
    for line in std::fs::read_to_string(fixture(file)).unwrap().lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            listings.push(Listing { command: command.to_owned(), stdout: Vec::new(), status: 0 });
            in_stdout = true;
        } else if line == "--- stderr" {
            in_stdout = false;
        } else if let Some(status) = line.strip_prefix("? ") {
            listings.last_mut().unwrap().status = status.parse().unwrap();
        } else if in_stdout && !line.is_empty() {
            listings.last_mut().unwrap().stdout.push(line.to_owned());
        }
    }
    listings
}

/// Runs the commands of a listing under their own names and compares what `keep` leaves of each line.
#[track_caller]
fn compare(kt: &Kt, file: &str, keep: fn(&str) -> Option<String>) {
    compare_in(kt, &kt.data(), file, keep);
}

#[track_caller]
fn compare_in(kt: &Kt, data: &Path, file: &str, keep: fn(&str) -> Option<String>) {
    let mut wrong = String::new();
    for listing in listings(file) {
        let (tool, arguments) = listing.command.split_once(' ').unwrap();
        let run = kt.named(tool).env("KT_OFFLINE", "1").env("KT_DATA_DIR", data.to_str().unwrap());
        let output = run.run(format!("--bootstrap-server localhost:9092 {arguments}"));
        assert_eq!(output.status(), listing.status, "{output}");
        let stdout = output.success_with_notes().text();
        let want: Vec<String> = listing.stdout.iter().filter_map(|line| keep(line)).collect();
        let got: Vec<String> = stdout.lines().filter(|line| !line.is_empty()).filter_map(keep).collect();
        if want != got {
            wrong += &format!("{file}: $ {}\n{}", listing.command, unified(&want, &got));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn topics_are_described_as_kafka_did() {
    // That broker ran with log.retention.ms=-1 in its server.properties, which isn't in the directory.
    let without_static = |line: &str| Some(line.replace(",retention.ms=-1", ""));
    for name in ALL {
        compare(&unpack(name), &format!("{name}.topics.txt"), without_static);
    }
}

#[test]
fn offsets_are_those_of_kafka() {
    for name in ALL {
        compare(&unpack(name), &format!("{name}.offsets.txt"), |line| Some(line.to_owned()));
    }
}

#[test]
fn groups_are_listed_and_described_as_kafka_did() {
    for name in ALL.iter().filter(|name| **name != "groups") {
        let without_note = |line: &str| (!line.starts_with("Consumer group '")).then(|| line.to_owned());
        compare(&unpack(name), &format!("{name}.groups.txt"), without_note);
    }
}

#[test]
fn the_groups_of_a_stopped_broker_have_the_members_that_it_knew() {
    let kt = unpack("groups");
    let mut seen = 0;
    for listing in listings("groups.groups.txt") {
        let Some((tool, arguments)) = listing.command.split_once(' ') else { continue };
        if tool == "kafka-share-groups.sh" {
            continue;
        }
        let output = kt
            .named(tool)
            .env("KT_OFFLINE", "1")
            .run(format!("--bootstrap-server localhost:9092 {arguments}"));
        let got = output.success_with_notes().lines();
        assert_eq!(rows(&got), rows(&listing.stdout), "{}", listing.command);
        seen += listing.stdout.len();
    }
    assert!(seen > 50, "the listings have been found");
    // To write, kt has to do with who is here: nobody.
    kt.run("groups --delete --group new-live")
        .shows("Deletion of requested consumer groups ('new-live') was successful.\n");
}

/// The rows of tables, in order of their text: Kafka promises none. Where a broker listened is not its directory's.
fn rows(lines: &[String]) -> Vec<String> {
    let address = regex::Regex::new(r"\S+:\d+ +\(").unwrap();
    let is_row = |line: &&String| !line.is_empty() && !line.starts_with("Consumer group '");
    let mut rows: Vec<String> =
        lines.iter().filter(is_row).map(|line| address.replace(line.trim_end(), "(").into_owned()).collect();
    rows.sort();
    rows
}

#[test]
fn transactions_are_those_of_kafka() {
    let columns = |line: &str| {
        let mut columns: Vec<&str> = line.split('\t').collect();
        // The duration goes on.
        if columns.len() > 9 {
            columns.remove(7);
        }
        // Producers that are done are forgotten after a day.
        let is_done = columns.len() == 7 && columns.get(5).is_some_and(|start| start.starts_with("None"));
        (!is_done).then(|| columns.join("\t"))
    };
    let kt = unpack("txn");
    // A broker's own directory: in one that kt may write to, it would abort what has taken too long.
    compare_in(&kt, &kt.data().join("broker-1"), "txn.transactions.txt", columns);
}
