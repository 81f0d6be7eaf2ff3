//! `kt groups --describe --all-groups` with a thousand groups that have commits of a hundred partitions each.

use crate::measure::{kt, median, timed};
use crate::report::Report;
use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

const RUNS: usize = 11;
const GROUPS: usize = 1000;
const PARTITIONS: usize = 100;

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    commit(&data, temporary.path());
    for (name, arguments, lines, limit_ms) in [
        ("groups --list", "groups --list", GROUPS, 200.0),
        (
            "groups --describe --all-groups",
            "groups --describe --all-groups",
            GROUPS * (PARTITIONS + 2),
            900.0,
        ),
        ("groups --describe --state", "groups --describe --all-groups --state", GROUPS * 3, 300.0),
    ] {
        let run = || {
            let mut command = kt(&data, &format!("{arguments} --output kafka"));
            let output = command.stderr(Stdio::null()).output().unwrap();
            assert!(output.status.success());
            output.stdout
        };
        assert_eq!(run().iter().filter(|byte| **byte == b'\n').count(), lines);
        let time_ms = median((0..RUNS).map(|_| timed(|| drop(run())).as_secs_f64() * 1000.0).collect());
        let detail = format!("{GROUPS} groups of {PARTITIONS} partitions");
        report.limit(name, time_ms, "ms", Some(limit_ms), &detail);
    }
}

/// Has every group commit an offset of every partition, through a plan.
fn commit(data: &Path, temporary: &Path) {
    let mut command = kt(data, &format!("topics --create --topic wide --partitions {PARTITIONS}"));
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
    let (mut plan, mut names) = (String::new(), String::new());
    for group in 0..GROUPS {
        write!(names, " --group g{group}").unwrap();
        for partition in 0..PARTITIONS {
            writeln!(plan, "g{group},wide,{partition},0").unwrap();
        }
    }
    let path = temporary.join("plan.csv");
    std::fs::write(&path, plan).unwrap();
    let reset = format!("groups --reset-offsets --execute --from-file {}{names}", path.display());
    assert!(kt(data, &reset).stdout(Stdio::null()).status().unwrap().success());
}
