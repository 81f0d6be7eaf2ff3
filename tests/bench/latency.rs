//! From a line's write into a producer's pipe to its appearance in a follower's, one line at a time.

use crate::measure::{kt, quantile, wait};
use crate::report::Report;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

const LINES: usize = 2000;
const IDLE: Duration = Duration::from_secs(2);

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    let status = kt(&data, "topics --create --topic lines").stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    let mut follower = kt(&data, "consume --topic lines --from-beginning")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut producer = kt(&data, "produce --topic lines").stdin(Stdio::piped()).spawn().unwrap();
    let mut to = producer.stdin.take().unwrap();
    let mut from = BufReader::new(follower.stdout.take().unwrap());
    let mut round_trip = |line: &str| {
        let start = Instant::now();
        to.write_all(line.as_bytes()).unwrap();
        let mut seen = String::new();
        from.read_line(&mut seen).unwrap();
        assert_eq!(seen, line);
        start.elapsed().as_secs_f64() * 1000.0
    };
    round_trip("the first line waits for both to be ready\n");
    let times_ms: Vec<f64> = (0..LINES).map(|line| round_trip(&format!("line {line}\n"))).collect();
    let detail = format!("of {LINES} lines, each synced before it is seen");
    report.limit("line to follower, p50", quantile(times_ms.clone(), 0.5), "ms", None, &detail);
    report.limit("line to follower, p99", quantile(times_ms, 0.99), "ms", None, &detail);

    let before = processor_ticks(follower.id());
    std::thread::sleep(IDLE);
    let ticks = processor_ticks(follower.id()) - before;
    report.limit(
        "processor time of an idle follower",
        ticks as f64,
        "ticks",
        Some(0.0),
        &format!("in {IDLE:?}"),
    );
    drop(to);
    assert!(producer.wait().unwrap().success());
    follower.kill().unwrap();
    wait(follower);
}

/// User and system time of a process so far, in the system's ticks (Linux; 0 elsewhere).
fn processor_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
