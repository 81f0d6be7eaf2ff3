//! kt consume reads what kafka-dump-log shows, which `cli/dump_log.rs` compares with the real tool's output: every record,
//! or, with isolation, every record whose transaction was committed.

use super::directory::{ALL, unpack};
use crate::support::{Kt, normalize, wait_until};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

static BATCH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^baseOffset: .* producerId: (-?\d+) .* isTransactional: (\w+) isControl: (\w+) ").unwrap()
});
static RECORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\| offset: (\d+) \w+: -?\d+ keySize: (-?\d+) valueSize: (-?\d+) .*?headerKeys: \[.*?\](.*)$",
    )
    .unwrap()
});

/// A record as dump-log shows it.
#[derive(Debug)]
struct Dumped {
    offset: u64,
    /// The producer whose transaction it belongs to.
    transaction: Option<i64>,
    kind: Kind,
    /// Key and value as the consumer prints them.
    text: String,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Data,
    Commit,
    Abort,
}

/// The partitions of a directory that hold records, with where they begin, internal topics left out.
fn partitions(kt: &Kt) -> Vec<(String, usize, u64)> {
    let starts = kt.run("get-offsets --time -2 --exclude-internal-topics").success().lines();
    let parse = |line: &String| {
        let mut parts = line.rsplitn(3, ':');
        let start = parts.next().unwrap().parse().unwrap();
        (parts.next().unwrap().parse().unwrap(), start, parts.next().unwrap().to_owned())
    };
    starts.iter().map(parse).map(|(partition, start, topic)| (topic, partition, start)).collect()
}

/// Everything that lies in a partition's segments.
fn dump(kt: &Kt, topic: &str, partition: usize) -> Vec<Dumped> {
    let directory = kt.broker().join(format!("{topic}-{partition}"));
    let mut files: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".log"))
        .collect();
    files.sort();
    let stdout =
        kt.run(["dump-log", "--print-data-log", "--files", &files.join(",")]).success_with_notes().stdout;
    let (mut transaction, mut records) = (None, Vec::<Dumped>::new());
    for line in String::from_utf8_lossy(&stdout).split('\n') {
        if let Some(batch) = BATCH.captures(line) {
            transaction = (&batch[2] == "true").then(|| batch[1].parse().unwrap());
        } else if let Some(record) = RECORD.captures(line) {
            let rest = &record[4];
            let kind = match rest.trim_start() {
                marker if marker.starts_with("endTxnMarker: COMMIT") => Kind::Commit,
                marker if marker.starts_with("endTxnMarker: ABORT") => Kind::Abort,
                _ => Kind::Data,
            };
            let (key, value) = match rest.split_once(" payload: ") {
                Some((key, value)) => (key, value),
                None => (rest, "null"),
            };
            let key = key.strip_prefix(" key: ").unwrap_or("null");
            records.push(Dumped {
                offset: record[1].parse().unwrap(),
                transaction,
                kind,
                text: format!("{key}\t{value}"),
            });
        } else if !line.starts_with("Dumping ")
            && !line.starts_with("Log starting offset")
            && !line.is_empty()
        {
            panic!("dump-log has a line that is no record: {line:?}");
        }
    }
    records
}

/// What a reader of committed records sees: nothing from the first open transaction on, nothing of aborted ones.
fn committed(records: &[Dumped]) -> Vec<&Dumped> {
    let mut open: HashMap<i64, Vec<usize>> = HashMap::new();
    let mut dropped = vec![false; records.len()];
    for (index, record) in records.iter().enumerate() {
        let Some(producer) = record.transaction else { continue };
        match record.kind {
            Kind::Data => open.entry(producer).or_default().push(index),
            Kind::Commit => drop(open.remove(&producer)),
            Kind::Abort => {
                open.remove(&producer).into_iter().flatten().for_each(|index| dropped[index] = true)
            }
        }
    }
    let stable = open.values().flatten().min().copied().unwrap_or(records.len());
    (0..stable).filter(|index| !dropped[*index]).map(|index| &records[index]).collect()
}

fn consume(kt: &Kt, topic: &str, partition: usize, options: &str) -> Vec<String> {
    let show = "--formatter-property print.offset=true --formatter-property print.key=true";
    let consume =
        format!("consume --topic {topic} --partition {partition} --offset earliest --timeout-ms 50");
    normalize(&kt.run(format!("{consume} {show} {options}")).success().stdout)
}

fn shown<'a>(records: impl IntoIterator<Item = &'a Dumped>, start: u64) -> Vec<String> {
    let data = records.into_iter().filter(|record| record.kind == Kind::Data && record.offset >= start);
    let text: String = data.map(|record| format!("Offset:{}\t{}\n", record.offset, record.text)).collect();
    normalize(text.as_bytes())
}

#[test]
fn every_record_is_read() {
    let mut count = 0;
    // What "plain" holds are bytes that dump-log can't show.
    for name in ALL.iter().filter(|name| **name != "plain") {
        let kt = unpack(name);
        for (topic, partition, start) in partitions(&kt) {
            let want = shown(&dump(&kt, &topic, partition), start);
            let got = consume(&kt, &topic, partition, "");
            assert!(want == got, "{name}: {topic}-{partition}: {} records, want {}", got.len(), want.len());
            count += got.len();
        }
    }
    assert!(count > 3000, "{count} records");
}

#[test]
fn only_committed_records_are_read_where_asked_for() {
    let kt = unpack("txn");
    let mut withheld = 0;
    for (topic, partition, start) in partitions(&kt) {
        let mut dumped = dump(&kt, &topic, partition);
        let before = shown(committed(&dumped), start).len();
        // Who waits for the transaction that was left open, long out of its time, ends it: in the first run or a later one.
        let ended = &format!("what is committed of {topic}-{partition} to be all that is read");
        wait_until(ended, || {
            let got = consume(&kt, &topic, partition, "--isolation-level read_committed");
            dumped = dump(&kt, &topic, partition);
            assert!(got.len() >= before, "{topic}-{partition}: {} records, {before} at first", got.len());
            got == shown(committed(&dumped), start)
        });
        withheld += shown(&dumped, start).len() - shown(committed(&dumped), start).len();
    }
    assert!(withheld > 0, "the directory has aborted and open transactions");
}
