//! Sixteen producers and four followers on one topic: each record is there once, offsets are dense, each producer's
//! order is kept, and each follower sees exactly what is stored.

use crate::support::{Kt, Random, Running};
use std::collections::HashMap;

const PRODUCERS: usize = 16;
const FOLLOWERS: usize = 4;
const LINES: usize = 400;

/// Starts the producers and writes their lines in turns, in bursts of random length, so that their batches interleave.
fn produce(kt: &Kt, arguments: &str) {
    let mut random = Random::new();
    let mut producers: Vec<Running> = (0..PRODUCERS).map(|_| kt.start(arguments)).collect();
    let mut next = [0; PRODUCERS];
    while next.iter().any(|next| *next < LINES) {
        for (producer, running) in producers.iter_mut().enumerate() {
            let end = LINES.min(next[producer] + random.below(40) as usize);
            let burst: Vec<String> = (next[producer]..end).map(|line| format!("{producer} {line}")).collect();
            if !burst.is_empty() {
                running.write_line(&burst.join("\n"));
            }
            next[producer] = end;
        }
    }
    for producer in producers {
        producer.finish().shows("");
    }
}

/// Checks `Partition:P<tab>Offset:O<tab>PRODUCER LINE` records: dense offsets, all lines once, each producer's lines
/// rising within a partition.
#[track_caller]
fn check(records: &[String]) {
    let mut next_offset: HashMap<&str, u64> = HashMap::new();
    let mut next_line: HashMap<(&str, usize), usize> = HashMap::new();
    let mut seen = vec![[false; LINES]; PRODUCERS];
    for record in records {
        let mut columns = record.split('\t');
        let (partition, offset) = (columns.next().unwrap(), columns.next().unwrap());
        let expected = next_offset.entry(partition).or_default();
        assert_eq!(offset, format!("Offset:{expected}"), "{partition}: offsets are dense");
        *expected += 1;
        let (producer, line) = columns.next().unwrap().split_once(' ').unwrap();
        let (producer, line): (usize, usize) = (producer.parse().unwrap(), line.parse().unwrap());
        let at_least = next_line.entry((partition, producer)).or_default();
        assert!(
            line >= *at_least,
            "{partition}: producer {producer}'s line {line} comes after its line {at_least}"
        );
        *at_least = line + 1;
        assert!(!seen[producer][line], "producer {producer}'s line {line} is there twice");
        seen[producer][line] = true;
    }
    assert!(seen.iter().flatten().all(|seen| *seen), "lines are missing");
}

#[track_caller]
fn run(partitions: usize) {
    let kt = Kt::new();
    let show = "--formatter-property print.partition=true --formatter-property print.offset=true";
    let create =
        format!("topics --create --topic log --partitions {partitions} --config segment.bytes=1048576");
    kt.run(create).shows("Created topic log.\n");
    let follow = format!("consume --topic log --from-beginning {show}");
    let followers: Vec<Running> = (0..FOLLOWERS).map(|_| kt.start(follow.as_str())).collect();
    produce(&kt, "produce --topic log");
    let stored: Vec<Vec<String>> =
        (0..partitions).map(|partition| kt.records("log", partition, show)).collect();
    check(&stored.concat());
    for follower in followers {
        follower.wait_for_lines(PRODUCERS * LINES);
        follower.terminate();
        let shown = follower.finish().terminated().lines();
        check(&shown);
        for (partition, stored) in stored.iter().enumerate() {
            let head = format!("Partition:{partition}\t");
            let of_partition: Vec<&String> = shown.iter().filter(|line| line.starts_with(&head)).collect();
            assert!(of_partition.into_iter().eq(stored), "a follower saw something else than is stored");
        }
    }
}

#[test]
fn sixteen_producers_and_four_followers_share_a_partition() {
    run(1);
}

#[test]
fn sixteen_producers_and_four_followers_share_three_partitions() {
    run(3);
}
