//! The real `kafka-consumer-groups --describe --all-groups` with as many groups as kt has in `groups`.

use crate::measure::{median, timed};
use crate::report::Report;
use crate::tools::Tools;

const GROUPS: usize = 1_000;
const PARTITIONS: usize = 100;
const RUNS: usize = 3;
/// So many groups are made at a time.
const GROUPS_PER_COMMAND: usize = 100;

pub(crate) fn measure(report: &mut Report, tools: &Tools) {
    let topic = tools.create_topic("described", PARTITIONS);
    let numbers: Vec<usize> = (0..GROUPS).collect();
    let time = timed(|| {
        for numbers in numbers.chunks(GROUPS_PER_COMMAND) {
            let groups: String = numbers.iter().map(|number| format!(" --group {topic}-{number}")).collect();
            let offsets = format!("--reset-offsets --topic {topic} --to-earliest --execute{groups}");
            tools.run("consumer-groups", &offsets);
        }
    });
    let each_ms = time.as_secs_f64() * 1_000.0 / GROUPS as f64;
    let detail = format!("for a group's {PARTITIONS} offsets, of {GROUPS} groups");
    report.limit(&tools.label("groups --reset-offsets"), each_ms, "ms", None, &detail);
    let describe = || {
        let mut shown = Vec::new();
        let time = timed(|| shown = tools.run("consumer-groups", "--describe --all-groups"));
        let text = String::from_utf8_lossy(&shown);
        let rows = text.lines().filter(|line| line.starts_with(&topic)).count();
        assert_eq!(rows, GROUPS * PARTITIONS);
        time.as_secs_f64() * 1_000.0
    };
    let times_ms = (0..RUNS).map(|_| describe()).collect();
    let detail = format!("with {GROUPS} groups of {PARTITIONS} partitions");
    report.limit(&tools.label("groups --describe --all-groups"), median(times_ms), "ms", None, &detail);
}
