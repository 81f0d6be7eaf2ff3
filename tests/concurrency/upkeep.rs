//! Logs are cleaned and cut while producers and consumers go on, by processes that are killed at random.

use crate::support::{Kt, Random, Running};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

const PRODUCERS: usize = 2;
const KEYS: usize = 40;
const LINES: usize = 6_000;
const SMALL: &str = "--config internal.segment.bytes=20000";
const KEYED: &str = "--reader-property parse.key=true --reader-property key.separator=:";

/// What a producer sends: its own keys, each with ever higher values.
fn input(producer: usize) -> String {
    (0..LINES).map(|line| format!("p{producer}-{}:{line}\n", line % KEYS)).collect()
}

/// The last value of each key among the lines `KEY<tab>VALUE`.
fn newest(lines: &[String]) -> BTreeMap<String, usize> {
    let pairs = lines.iter().map(|line| line.split_once('\t').unwrap_or_else(|| panic!("{line:?}")));
    pairs.map(|(key, value)| (key.to_owned(), value.parse().unwrap())).collect()
}

#[test]
fn killed_maintenance_loses_nothing_and_keeps_nobody_waiting() {
    let (kt, mut random) = (Kt::new(), Random::new());
    let compact = "--config cleanup.policy=compact --config min.cleanable.dirty.ratio=0.01";
    kt.run(format!("topics --create --topic kv {compact} {SMALL}")).success();
    kt.run(format!("topics --create --topic plain {SMALL}")).success();
    let keyed = "--formatter-property print.key=true";
    let follower = kt.start(format!("consume --topic kv --group g --from-beginning {keyed}"));
    let plain: String = (0..LINES).map(|line| format!("line {line}\n")).collect();
    let mut producers: Vec<Running> = (0..PRODUCERS)
        .map(|number| {
            let produce = format!("produce --topic kv --batch-size 300 {KEYED}");
            kt.stdin(input(number)).start(produce)
        })
        .collect();
    producers.push(kt.stdin(plain.clone()).start("produce --topic plain --batch-size 300"));
    let mut kills = 0;
    while kills < 25 || kills < 500 && kt.end("plain", 0) < LINES as u64 {
        let maintenance = kt.start("maintain");
        thread::sleep(random.time_below(Duration::from_millis(60)));
        maintenance.kill();
        let output = maintenance.finish();
        assert!(["$ kt maintain", "$ kt maintain\n? 137"].contains(&output.to_string().trim()), "{output}");
        kills += 1;
    }
    for producer in producers {
        producer.finish().success();
    }
    let expected: BTreeMap<String, usize> = (0..PRODUCERS)
        .flat_map(|number| {
            (0..KEYS).map(move |key| (format!("p{number}-{key}"), (LINES - 1 - key) / KEYS * KEYS + key))
        })
        .map(|(key, value)| (key, if value < LINES { value } else { value - KEYS }))
        .collect();
    kt.run("maintain").success();
    let left = kt.records("kv", 0, keyed);
    assert_eq!(newest(&left), expected);
    assert!(left.len() < PRODUCERS * LINES / 4, "{} records are left", left.len());
    let sent: Vec<&str> = plain.lines().collect();
    assert!(kt.records("plain", 0, "") == sent, "a log that is not compacted keeps every record");
    crate::support::wait_until("the follower to see the newest values", || {
        let lines: Vec<String> =
            String::from_utf8_lossy(&follower.stdout_so_far()).lines().map(str::to_owned).collect();
        newest(&lines) == expected
    });
    follower.terminate();
    assert!(!follower.finish().to_string().contains("damaged"));
    let names: Vec<String> = std::fs::read_dir(kt.broker().join("kv-0"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let is_staged =
        |name: &String| [".cleaned", ".swap", ".deleted", ".tmp"].iter().any(|end| name.ends_with(end));
    assert!(!names.iter().any(is_staged), "{names:?}");
    // The checkpoints of ends are only noted now and then, which check warns of.
    let checked = kt.run("check").to_string();
    assert!(checked.contains("\nsound: ") || checked.contains("\n0 errors"), "{checked}");
}
