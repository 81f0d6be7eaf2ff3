//! Logs damaged at random, repaired, and read again: nothing that was sound is lost, and nothing is made up.

use super::tests::{CONFIG, circumstances, files, findings, write_log};
use super::*;
use crate::log::{Gaps, LogReader};
use crate::record::{BatchHeader, BatchReader, batch_size};
use crate::types::Offset;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

type Records = BTreeMap<i64, (Option<Vec<u8>>, Option<Vec<u8>>)>;

/// A small generator, for tests that must be repeatable.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn records_of(batch: &[u8], records: &mut Records) {
    if BatchHeader::parse(batch).unwrap().is_control() {
        return;
    }
    let flow = BatchReader::default().for_each(batch, |record| {
        let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        records.insert(record.offset.get(), (owned(record.key), owned(record.value)));
        ControlFlow::Continue(())
    });
    assert!(flow.unwrap().is_continue());
}

/// The batches of a file, each with its position.
fn batches(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let (mut found, mut position) = (Vec::new(), 0);
    while position < bytes.len() {
        let size = batch_size(&bytes[position..]).unwrap();
        found.push((position, &bytes[position..position + size]));
        position += size;
    }
    found
}

fn read(dir: &Path) -> Records {
    let bases = crate::log::segments(dir).unwrap();
    let end = crate::log::readable_end(dir).unwrap();
    let reader = LogReader::open(dir, bases[0], Gaps::Never).unwrap();
    let mut records = Records::new();
    let replayed: crate::log::Result<()> = reader.replay(end, |_, batch| {
        records_of(batch, &mut records);
        Ok(())
    });
    replayed.unwrap();
    records
}

fn repaired(dir: &Path, aside: &Path) -> Vec<Finding> {
    repair_partition(dir, &circumstances(), &CONFIG, &Aside::new(aside.to_owned(), dir)).unwrap()
}

/// Does one thing to the files; answers which batches are lost by it: file and position.
fn damage(dir: &Path, random: &mut Random) -> Vec<(PathBuf, usize)> {
    let all = files(dir);
    let (logs, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|path| path.extension().is_some_and(|extension| extension == "log"));
    let other = &others[random.below(others.len())];
    match random.below(8) {
        // A bit, outside the checksum or under it; or a byte under it.
        kind @ (0 | 1 | 7) => {
            let log = &logs[random.below(logs.len())];
            let mut bytes = std::fs::read(log).unwrap();
            let all: Vec<(usize, usize)> =
                batches(&bytes).iter().map(|(at, batch)| (*at, batch.len())).collect();
            let (position, size) = all[random.below(all.len())];
            let at = if kind == 0 { random.below(17) } else { 17 + random.below(size - 17) };
            let damage = if kind == 1 { 0b1011 } else { 1 };
            bytes[position + at] ^= damage << random.below(5);
            std::fs::write(log, bytes).unwrap();
            if kind == 1 { vec![(log.clone(), position)] } else { Vec::new() }
        }
        // A torn tail.
        2 => {
            let log = logs.last().unwrap();
            let bytes = std::fs::read(log).unwrap();
            let position = batches(&bytes).last().unwrap().0;
            let cut = position + 1 + random.below(bytes.len() - position - 1);
            std::fs::write(log, &bytes[..cut]).unwrap();
            vec![(log.clone(), position)]
        }
        // Zeros, or half a batch, behind the end.
        3 => {
            let log = logs.last().unwrap();
            let mut bytes = std::fs::read(log).unwrap();
            let more = if random.below(2) == 0 { vec![0; 100] } else { bytes[..bytes.len() / 3].to_vec() };
            bytes.extend(more);
            std::fs::write(log, bytes).unwrap();
            Vec::new()
        }
        4 => {
            std::fs::remove_file(other).unwrap();
            Vec::new()
        }
        5 => {
            let bytes = std::fs::read(other).unwrap();
            std::fs::write(other, &bytes[..random.below(bytes.len().max(1))]).unwrap();
            Vec::new()
        }
        _ => {
            let mut bytes = std::fs::read(other).unwrap();
            let length = bytes.len();
            if length > 0 {
                bytes[random.below(length)] ^= 1 << random.below(8);
            }
            std::fs::write(other, bytes).unwrap();
            Vec::new()
        }
    }
}

#[test]
fn whatever_is_damaged_no_valid_record_is_lost_by_the_repair() {
    let seed: u64 = std::env::var("KT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let rounds = if seed == 0 { 1..250 } else { seed..seed + 1 };
    for seed in rounds {
        let (dir, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_log(dir.path());
        let mut expected = Records::new();
        let logs = files(dir.path());
        let logs: Vec<(PathBuf, Vec<u8>)> = logs
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        let lost = damage(dir.path(), &mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        for (path, bytes) in &logs {
            for (position, batch) in batches(bytes) {
                if !lost.contains(&(path.clone(), position)) {
                    records_of(batch, &mut expected);
                }
            }
        }
        let before = findings(dir.path());
        let left = repaired(dir.path(), aside.path());
        assert_eq!(left, [], "seed {seed}: {before:#?}");
        assert_eq!(read(dir.path()), expected, "seed {seed}: {before:#?}");
        assert_eq!(repaired(dir.path(), aside.path()), [], "seed {seed}");
    }
}

#[test]
fn a_lost_segment_leaves_its_offsets_without_records() {
    let (dir, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_log(dir.path());
    let all = read(dir.path());
    let bases = crate::log::segments(dir.path()).unwrap();
    let gone = bases[1].get()..bases[2].get();
    std::fs::remove_file(crate::log::segment_file(dir.path(), bases[1], crate::log::FileKind::Log)).unwrap();
    assert!(!findings(dir.path()).is_empty());
    assert_eq!(repaired(dir.path(), aside.path()), []);
    let expected: Records = all.into_iter().filter(|(offset, _)| !gone.contains(offset)).collect();
    assert_eq!(read(dir.path()), expected);
}

#[test]
fn what_is_replaced_is_kept_as_it_was() {
    let (dir, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_log(dir.path());
    let path = crate::log::segment_file(dir.path(), Offset::ZERO, crate::log::FileKind::Log);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 0b101;
    std::fs::write(&path, &bytes).unwrap();
    std::fs::write(dir.path().join("core"), b"stray").unwrap();
    assert_eq!(repaired(dir.path(), aside.path()), []);
    let kept = aside.path();
    assert_eq!(std::fs::read(kept.join("00000000000000000000.log")).unwrap(), bytes);
    assert_eq!(std::fs::read(kept.join("core")).unwrap(), b"stray");
    let all = batches(&bytes);
    let (position, piece) = all.iter().rfind(|(position, _)| *position <= 100).unwrap();
    assert_eq!(std::fs::read(kept.join(format!("00000000000000000000.log@{position}"))).unwrap(), *piece);
}
