//! A topic of jobs, workers on it, and how far they are.

use crate::support::{Kt, Running, wait_until};
use std::path::Path;

/// A topic `jobs` with these lines as records of its only partition.
pub(super) fn with_jobs(lines: &str) -> Kt {
    let kt = Kt::new();
    kt.stdin(lines).run("produce --topic jobs").shows("");
    kt
}

/// The arguments of a worker of group `g` on `jobs`, with more behind.
pub(super) fn worker<'a>(command: &'a str, more: &[&'a str]) -> Vec<std::ffi::OsString> {
    let words = ["consume", "--topic", "jobs", "--group", "g", "--from-beginning", "--exec", command];
    words.iter().chain(more).map(std::ffi::OsString::from).collect()
}

/// The committed offset of the only partition of `jobs`.
pub(super) fn committed(kt: &Kt) -> Option<u64> {
    committed_of(kt, "jobs")
}

/// What a group has committed of all partitions of a topic together.
pub(super) fn committed_of(kt: &Kt, topic: &str) -> Option<u64> {
    let groups = kt.run("groups --describe --group g");
    let lines = groups.lines();
    let words = lines.iter().map(|line| line.split_whitespace().collect::<Vec<&str>>());
    let offsets: Vec<u64> = words
        .filter(|words| words.get(1) == Some(&topic))
        .filter_map(|words| words.get(3)?.parse().ok())
        .collect();
    (!offsets.is_empty()).then(|| offsets.iter().sum())
}

/// Waits until the group has come this far, and has the worker leave.
pub(super) fn finish_at(kt: &Kt, worker: Running, offset: u64) {
    wait_until("the group to be done", || committed(kt) == Some(offset));
    worker.interrupt();
    let _ = worker.finish().interrupted();
}

pub(super) fn wait_for_file(path: &Path) {
    wait_until("a file of a command", || path.exists());
}

/// A file's lines; none if it isn't there.
pub(super) fn lines_of(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
