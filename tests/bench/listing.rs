//! `kt topics --list`, from its start to its end, with few topics and with very many.

use crate::measure::{kt, median, timed};
use crate::report::Report;
use std::path::Path;
use std::process::{Command, Stdio};

const RUNS: usize = 101;
const FEW: usize = 10;
const MANY: usize = 10_000;

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    let nothing_ms = median_ms(|| Command::new("true"));
    report.limit("start and end of `true`", nothing_ms, "ms", None, "");
    create(&data, 0, FEW);
    list(report, &data, FEW, 3.0);
    let time = timed(|| create(&data, FEW, MANY));
    let each_ms = time.as_secs_f64() * 1000.0 / (MANY - FEW) as f64;
    report.limit("topics --create", each_ms, "ms", None, &format!("each, for the {MANY} topics"));
    list(report, &data, MANY, 25.0);
}

fn list(report: &mut Report, data: &Path, count: usize, limit_ms: f64) {
    let listed = kt(data, "topics --list").output().unwrap().stdout;
    assert_eq!(listed.iter().filter(|byte| **byte == b'\n').count(), count);
    let time_ms = median_ms(|| kt(data, "topics --list"));
    report.limit(&format!("topics --list, {count} topics"), time_ms, "ms", Some(limit_ms), "");
}

fn create(data: &Path, from: usize, to: usize) {
    for number in from..to {
        let mut command = kt(data, &format!("topics --create --topic topic-{number}"));
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    }
}

fn median_ms(command: impl Fn() -> Command) -> f64 {
    let run = || timed(|| assert!(command().stdout(Stdio::null()).status().unwrap().success()));
    median((0..RUNS).map(|_| run().as_secs_f64() * 1000.0).collect())
}
