//! Every bit of every file of a small log, flipped; and logs that are sound in every way that writers have.

use super::*;
use crate::log::{AbortedTransaction, Appender, LogConfig, LogEnd, ProducerStates, write_partition_metadata};
use crate::record::{BatchBuilder, Compression, EndTxn, ProducerStamp, end_txn_batch};
use crate::types::{LeaderEpoch, Offset, TimestampMs, Uuid};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ID: Uuid = Uuid([7; 16]);
pub(super) const CONFIG: LogConfig = LogConfig {
    segment_bytes: 700,
    segment_ms: i64::MAX,
    segment_index_bytes: 1 << 20,
    index_interval_bytes: 100,
};

pub(super) fn circumstances() -> Circumstances {
    Circumstances {
        topic_id: Some(ID),
        leader_epoch: Some(LeaderEpoch(7)),
        gaps_below: Offset::ZERO,
        log_start: Offset::ZERO,
        published: None,
        depth: Depth::Full,
        asked: BTreeSet::new(),
    }
}

pub(super) fn findings(dir: &Path) -> Vec<Finding> {
    let mut findings = Findings::default();
    check_partition(dir, &circumstances(), &mut findings, |_, _, _, _, _| {}).unwrap();
    findings.into_all()
}

/// A log of several segments: plain, compressed, of producers, transactions committed, aborted and open, three epochs.
pub(super) fn write_log(dir: &Path) -> LogEnd {
    write_partition_metadata(dir, ID).unwrap();
    let mut end = LogEnd::empty(Offset::ZERO, LeaderEpoch(-1));
    let mut appender = Appender::open(dir, &end).unwrap();
    let mut sequence = 0;
    for number in 0..18_i64 {
        let epoch = LeaderEpoch(if number < 6 {
            0
        } else if number < 15 {
            2
        } else {
            5
        });
        if number % 6 == 5 {
            let outcome = if number == 11 { EndTxn::Commit } else { EndTxn::Abort };
            let producer_epoch = i16::try_from(number / 6).unwrap() + 1;
            let mut marker =
                end_txn_batch(outcome, 9, producer_epoch, 3, TimestampMs(2_000 + number)).unwrap();
            if outcome == EndTxn::Commit {
                appender.append(&mut end, &mut marker, epoch, &CONFIG).unwrap();
            } else {
                let producers = ProducerStates::load(dir, Offset::ZERO, end.log_end).unwrap();
                let aborted = AbortedTransaction {
                    producer_id: 9,
                    first_offset: producers.open_transaction(9).unwrap(),
                    last_offset: end.log_end,
                    last_stable_offset: producers.stable_without(9, end.log_end.next()),
                };
                appender.append_abort(&mut end, &mut marker, epoch, &CONFIG, &aborted).unwrap();
            }
            sequence = 0;
            continue;
        }
        let codec = if number % 4 == 3 { Compression::Lz4 } else { Compression::None };
        let mut builder = BatchBuilder::new(codec);
        let count = 1 + number % 3;
        for record in 0..count {
            let time = TimestampMs(1_000 + number * 10 - record);
            builder.append(time, Some(b"key"), Some(format!("value {number} {record}").as_bytes()), &[]);
        }
        let stamp = match number % 6 {
            0 | 1 => ProducerStamp::NONE,
            _ => ProducerStamp {
                producer_id: 9,
                epoch: i16::try_from(number / 6).unwrap(),
                base_sequence: sequence,
                transactional: true,
            },
        };
        if stamp.producer_id == 9 {
            sequence += i32::try_from(count).unwrap();
        }
        appender.append(&mut end, builder.finish(&stamp).unwrap(), epoch, &CONFIG).unwrap();
    }
    end
}

pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Flips each bit of the files `names` below `dir`, on copies of it and several at a time. Answers how many were tried, and
/// the file, byte and content of those that `found` didn't find, which gets the copy's directory and the file's name.
pub(crate) fn flip_every_bit(
    dir: &Path,
    names: Vec<PathBuf>,
    found: &(dyn Fn(&Path, &Path) -> bool + Sync),
) -> (usize, Vec<(PathBuf, usize, Vec<u8>)>) {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let names = &names;
    let flip = |worker: usize| {
        let copy = tempfile::tempdir().unwrap();
        copy_tree(dir, copy.path());
        let (mut tried, mut missed) = (0, Vec::new());
        for name in names {
            let path = copy.path().join(name);
            let sound = std::fs::read(&path).unwrap();
            for bit in (0..sound.len() * 8).filter(|bit| bit % threads == worker) {
                let mut flipped = sound.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&path, &flipped).unwrap();
                tried += 1;
                if !found(copy.path(), name) {
                    missed.push((name.clone(), bit / 8, flipped));
                }
            }
            std::fs::write(&path, &sound).unwrap();
        }
        (tried, missed)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|worker| scope.spawn(move || flip(worker))).collect();
        let results = workers.into_iter().map(|worker| worker.join().unwrap());
        results.fold((0, Vec::new()), |all, one| (all.0 + one.0, [all.1, one.1].concat()))
    })
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target)
        } else {
            std::fs::copy(entry.path(), target).map(|_| ()).unwrap()
        }
    }
}

#[test]
fn every_flipped_bit_of_every_file_of_a_log_is_found() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path());
    assert_eq!(findings(dir.path()), []);
    let files = files(dir.path());
    let kinds: BTreeSet<_> = files.iter().filter_map(|path| path.extension()?.to_str()).collect();
    for kind in ["log", "index", "timeindex", "txnindex", "snapshot", "metadata"] {
        assert!(kinds.contains(kind), "{kind}: {files:?}");
    }
    let names = files.iter().map(|path| path.strip_prefix(dir.path()).unwrap().to_owned()).collect();
    let found = |dir: &Path, _: &Path| !findings(dir).is_empty();
    let (tried, missed) = flip_every_bit(dir.path(), names, &found);
    let places: Vec<_> = missed.iter().map(|(name, byte, _)| (name, byte)).collect();
    assert!(missed.is_empty(), "{} of {tried} flipped bits were not found: {places:?}", missed.len());
    assert!(tried > 10_000, "{tried}");
}

#[test]
fn a_log_that_is_cut_anywhere_is_found_unless_it_ends_with_a_batch() {
    let dir = tempfile::tempdir().unwrap();
    let end = write_log(dir.path());
    let path = crate::log::segment_file(dir.path(), end.segment_base, crate::log::FileKind::Log);
    let sound = std::fs::read(&path).unwrap();
    for cut in 1..sound.len() {
        std::fs::write(&path, &sound[..cut]).unwrap();
        let found = findings(dir.path());
        assert!(!found.is_empty(), "{cut} of {} bytes", sound.len());
    }
    for more in [1, 11, 12, 60, 100] {
        std::fs::write(&path, [sound.clone(), vec![0; more]].concat()).unwrap();
        assert!(!findings(dir.path()).is_empty(), "{more} zeros more");
    }
}

#[test]
fn what_is_preallocated_or_passing_is_no_finding() {
    let dir = tempfile::tempdir().unwrap();
    let end = write_log(dir.path());
    for kind in [crate::log::FileKind::OffsetIndex, crate::log::FileKind::TimeIndex] {
        let path = crate::log::segment_file(dir.path(), end.segment_base, kind);
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length + 1200).unwrap();
    }
    std::fs::write(dir.path().join("00000000000000000000.log.deleted"), b"old").unwrap();
    assert_eq!(findings(dir.path()), []);
    std::fs::write(dir.path().join("core"), b"").unwrap();
    assert_eq!(findings(dir.path()).len(), 1);
}
