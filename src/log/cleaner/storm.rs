//! Random logs cleaned at random times by processes that die at any step, held against all that was written to them.
//!
//! `KT_SEED=n` has one seed only.

use super::model::{DELETE_RETENTION_MS, Outcome, Random, World, Written};
use crate::disk;
use crate::log::{Gaps, LogReader, ProducerStates, aborted_since, control_record, first_at_or_after, tidy};
use crate::record::{BatchHeader, BatchReader, Compression, ControlRecord, EndTxn};
use crate::types::{Offset, TimestampMs};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

/// A record that is still in the log.
struct Left {
    offset: i64,
    batch_last: i64,
    /// What a consumer sees that reads committed records only.
    visible: bool,
}

/// Reads the log as a consumer does, and compares each record with what was written.
fn read(world: &World) -> Vec<Left> {
    let dir = world.dir.path();
    let start = world.log_start();
    let mut aborted = aborted_since(dir, start).unwrap();
    aborted.sort_by_key(|entry| entry.first_offset);
    let mut aborted = aborted.into_iter().peekable();
    let mut aborting = BTreeSet::new();
    let mut left: Vec<Left> = Vec::new();
    let mut next = start;
    let stable = world.stable();
    let visit = |header: &BatchHeader, batch: &[u8]| {
        assert!(header.base_offset() >= next, "{} again", header.base_offset());
        next = header.last_offset().next();
        while let Some(entry) = aborted.next_if(|entry| entry.first_offset <= header.last_offset()) {
            aborting.insert(entry.producer_id);
        }
        if header.is_control() {
            if let Some(ControlRecord::EndTxn { outcome: EndTxn::Abort, .. }) = control_record(batch)? {
                aborting.remove(&header.producer_id());
            }
            return Ok::<(), crate::log::Error>(());
        }
        let is_aborted = header.is_transactional() && aborting.contains(&header.producer_id());
        let _ = BatchReader::default().for_each(batch, |record| {
            let offset = record.offset.get();
            let written = &world.written[&offset];
            assert_eq!((record.key, record.value), (Some(written.key.as_slice()), written.value.as_deref()));
            assert_eq!(record.timestamp.0, written.timestamp, "offset {offset}");
            assert!(left.last().is_none_or(|last| last.offset < offset), "{offset} again");
            let visible = !is_aborted && record.offset < stable;
            left.push(Left { offset, batch_last: header.last_offset().get(), visible });
            ControlFlow::Continue(())
        })?;
        Ok(())
    };
    LogReader::open(dir, start, Gaps::Compacted).unwrap().replay(world.end.log_end, visit).unwrap();
    left
}

/// Holds what is left against what was written.
fn check(world: &World) {
    let left = read(world);
    let start = world.log_start().get();
    let present: BTreeSet<i64> = left.iter().map(|record| record.offset).collect();
    let cleaned = world.cleaned.map_or(start, Offset::get);
    let mut newest: BTreeMap<&[u8], (i64, &Written)> = BTreeMap::new();
    for (&offset, record) in world.written.range(start..) {
        match record.outcome {
            Outcome::Committed => {
                newest.insert(&record.key, (offset, record));
            }
            Outcome::Open => assert!(present.contains(&offset), "{offset} of an open transaction is gone"),
            Outcome::Aborted => {}
        }
        let untouched = offset >= cleaned && record.first_pass.is_none();
        assert!(!untouched || present.contains(&offset), "{offset} was never cleaned and is gone");
    }
    let mut seen: BTreeMap<&[u8], i64> = BTreeMap::new();
    for record in left.iter().filter(|record| record.visible) {
        let written = &world.written[&record.offset];
        assert_eq!(written.outcome, Outcome::Committed, "{} is seen", record.offset);
        let before = seen.insert(&written.key, record.offset);
        let twice = before.is_some_and(|before| before >= start && record.offset < cleaned);
        assert!(!twice, "{before:?} and {} of one key in what is clean below {cleaned}", record.offset);
    }
    for (key, (offset, record)) in newest {
        let gone = record.value.is_none()
            && record.first_pass.is_some_and(|first| world.now >= first + DELETE_RETENTION_MS);
        if offset < world.stable().get() {
            let last = seen.get(key).copied();
            assert!(
                last == Some(offset) || last.is_none() && gone,
                "{offset} is the newest at {}, seen is {last:?}: {record:?}; {}",
                world.now,
                listing(world.dir.path())
            );
        }
    }
    check_places(world, &left);
    check_producers(world);
}

/// From each offset on the right record is found, and by time too. Where a process has died between putting a merged segment
/// in its place and taking the old ones out, who begins in one of those may find an old record first.
fn check_places(world: &World, left: &[Left]) {
    let dir = world.dir.path();
    let (start, end) = (world.log_start().get(), world.end.log_end);
    let is_tidy = std::fs::read_dir(dir).unwrap().all(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        [".log", "index", ".snapshot", "checkpoint"].iter().any(|live| name.ends_with(live))
    });
    let is_right = |found: Option<i64>, expected: Option<i64>| {
        found == expected
            || !is_tidy && found.is_some_and(|found| expected.is_none_or(|expected| found < expected))
    };
    let step = ((end.get() - start) / 7).max(1);
    for from in (start..end.get()).step_by(step as usize) {
        let mut found = None;
        let visit = |header: &BatchHeader, batch: &[u8]| {
            if !header.is_control() {
                let _ = BatchReader::default().for_each(batch, |record| {
                    if found.is_none() && record.offset.get() >= from {
                        found = Some(record.offset.get());
                    }
                    ControlFlow::Continue(())
                })?;
            }
            Ok::<(), crate::log::Error>(())
        };
        LogReader::open(dir, Offset::new(from), Gaps::Compacted).unwrap().replay(end, visit).unwrap();
        let expected = left.iter().map(|record| record.offset).find(|&offset| offset >= from);
        assert!(is_right(found, expected), "{found:?} instead of {expected:?} from {from}: {}", listing(dir));
        let time = TimestampMs(world.written.range(from..).next().map_or(world.now, |(_, r)| r.timestamp));
        let found = first_at_or_after(dir, time, Offset::new(start), end, Gaps::Compacted).unwrap();
        let expected = left.iter().map(|r| r.offset).find(|offset| world.written[offset].timestamp >= time.0);
        let found = found.map(|(offset, _)| offset.get());
        assert!(is_right(found, expected), "{found:?} instead of {expected:?} at {time}");
    }
    assert!(left.iter().all(|record| record.offset <= record.batch_last));
}

/// The files of a log with their lengths.
fn listing(dir: &Path) -> String {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<String> = entries
        .map(|entry| format!("{} {}", entry.file_name().display(), entry.metadata().unwrap().len()))
        .collect();
    files.sort();
    files.join(", ")
}

/// The producers are those of the whole log, from the newest state that was kept, and their sequences from the batches alone.
fn check_producers(world: &World) {
    let dir = world.dir.path();
    let newest = |states: &ProducerStates| {
        let entries = states.iter().map(|(id, entry)| {
            (id, (entry.epoch, entry.last_sequence(), entry.last_data_offset(), entry.transaction_start))
        });
        entries.collect::<BTreeMap<_, _>>()
    };
    let known = newest(&world.states);
    let found = newest(&ProducerStates::load(dir, Offset::ZERO, world.end.log_end).unwrap());
    assert_eq!(found, known);
    let mut walked = ProducerStates::default();
    let reader = LogReader::open(dir, world.log_start(), Gaps::Compacted).unwrap();
    reader.replay(world.end.log_end, |header, batch| walked.observe(header, batch)).unwrap();
    for (id, state) in newest(&walked) {
        // Of a producer whose newest batch is below the start, only a marker may be left.
        let is_there = known[&id].2.is_none_or(|last| last >= world.log_start());
        assert!(!is_there || state == known[&id], "producer {id}: {state:?} instead of {:?}", known[&id]);
    }
}

/// What happens next in a log's life.
fn act(world: &mut World, random: &mut Random) {
    let keys = 12;
    match random.below(20) {
        0..=9 => {
            let producer = [-1, -1, 1, 2, 10, 11, 12][random.below(7) as usize];
            let codec = Compression::ALL[random.below(5) as usize];
            let records: Vec<(u64, bool)> =
                (0..=random.below(4)).map(|_| (random.below(keys), !random.one_in(4))).collect();
            world.append(producer, codec, &records);
        }
        10..=13 => {
            let outcome = if random.one_in(2) { EndTxn::Abort } else { EndTxn::Commit };
            world.end_transaction(10 + random.below(3) as i64, outcome);
        }
        14 => world.roll(),
        15 => world.now += random.below(2 * DELETE_RETENTION_MS as u64) as i64,
        16 if random.one_in(3) => {
            let (start, end) = (world.log_start().get(), world.stable().get());
            let cut = start + random.below((end - start).max(1) as u64) as i64;
            let killed_after = random.below(12);
            mortal(world, killed_after, |world| world.trim(Offset::new(cut)));
        }
        _ => {
            let memory = [240, 1_000, 1 << 20][random.below(3) as usize];
            let killed_after = random.below(120);
            mortal(world, killed_after, |world| world.clean(memory));
            if random.one_in(3) {
                let killed_after = random.below(10);
                mortal(world, killed_after, |world| tidy(world.dir.path()).map(|_| ()));
            }
        }
    }
}

/// Has something done by a process that dies after so many operations, if it is not done by then.
fn mortal(world: &mut World, operations: u64, work: impl FnOnce(&mut World) -> crate::log::Result<()>) {
    disk::kill_after(operations);
    let outcome = work(world);
    if !disk::disarm() {
        outcome.unwrap();
    }
}

fn live(seed: u64) {
    let mut random = Random(seed);
    let mut world = World::new([300, 700, 3_000][random.below(3) as usize]);
    for _ in 0..80 {
        act(&mut world, &mut random);
        if random.one_in(4) {
            check(&world);
        }
    }
    world.clean(1 << 20).unwrap();
    check(&world);
    assert!(!tidy(world.dir.path()).unwrap(), "something was left to be done");
}

#[test]
fn a_cleaned_log_says_what_was_written_whoever_dies() {
    let seeds = match std::env::var("KT_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..60).collect(),
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| live(seed));
        assert!(outcome.is_ok(), "run again with KT_SEED={seed}");
    }
}
