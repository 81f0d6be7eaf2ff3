//! The files beside a `.log`: offset and time indexes, which are compared with it, aborted transactions, producers.

use super::exceptions;
use super::files::Named;
use super::reports::Reports;
use crate::cli::error::Failure;
use crate::log::dump::{
    BatchReader, Error, LogFile, OffsetIndexFile, Sanity, SnapshotDamage, TimeEntry, TimeIndexFile,
    read_aborted, read_producers,
};
use crate::output::Stdout;
use crate::types::Offset;
use std::io::Write;
use std::ops::ControlFlow;

/// What is to be done with an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Print its entries, and compare them with the log.
    Print,
    /// Compare them only.
    Verify,
    /// Only what a broker looks at.
    Sanity,
}

/// Dumps an `.index`; `size` limits how much of the log is looked at for each entry.
pub(super) fn dump_offsets(
    out: &mut Stdout,
    mode: Mode,
    file: &Named,
    size: i32,
    reports: &mut Reports,
) -> Result<(), Failure> {
    let base = file.base_offset()?;
    let log = file.sibling("log");
    let mut batches = open_log(&log)?;
    let index = open_offsets(file, base)?;
    if index.is_empty() {
        return Ok(writeln!(out, "{} is empty.", file.shown())?);
    }
    if mode == Mode::Sanity {
        return sanity(out, file, index.sanity(), Kind::Offsets);
    }
    let log_size = batches.remaining_bytes();
    for entry in index.entries() {
        let position = slice_start(entry.position, &log, log_size)?;
        let Ok(size) = u64::try_from(size) else {
            return Err(exceptions::invalid_slice("size", size.into(), &log, log_size));
        };
        batches.walk_from(position, size).map_err(|error| exceptions::of_file(&log, &error))?;
        let Some(batch) = batches.next().map_err(|error| exceptions::of_file(&log, &error))? else {
            let message = format!("{}: no batch at byte {position}", log.shown());
            return Err(exceptions::bare("java.util.NoSuchElementException", &message));
        };
        let found = batch.header.last_offset();
        if found != entry.offset {
            reports.index_mismatch(&file.absolute(), entry.offset, found);
        }
        if mode == Mode::Print {
            writeln!(out, "offset: {} position: {}", entry.offset, entry.position)?;
        }
    }
    Ok(())
}

/// Dumps a `.timeindex`.
pub(super) fn dump_times(
    out: &mut Stdout,
    mode: Mode,
    file: &Named,
    reports: &mut Reports,
) -> Result<(), Failure> {
    let base = file.base_offset()?;
    let log = file.sibling("log");
    let mut batches = open_log(&log)?;
    let offsets = open_offsets(&file.sibling("index"), base)?;
    let index = TimeIndexFile::read(file.path(), base).map_err(|error| missing_index(file, &error))?;
    if mode == Mode::Sanity {
        return sanity(out, file, index.sanity(), Kind::Times);
    }
    let mut reader = BatchReader::default();
    let log_size = batches.remaining_bytes();
    let mut before = -1;
    for entry in index.entries() {
        let position = slice_start(offsets.lookup(entry.offset), &log, log_size)?;
        let batch = walk_to(&mut batches, position, entry.offset);
        let batch = batch.map_err(|error| exceptions::of_file(&log, &error))?;
        compare(&mut reader, file, &log, entry, before, batch, reports)?;
        if mode == Mode::Print {
            writeln!(out, "timestamp: {} offset: {}", entry.timestamp, entry.offset)?;
        }
        before = entry.timestamp.0;
    }
    Ok(())
}

/// Where in the log an index leads to.
fn slice_start(position: i32, log: &Named, log_size: u64) -> Result<u64, Failure> {
    match u64::try_from(position) {
        Err(_) => Err(exceptions::invalid_slice("position", position.into(), log, log_size)),
        Ok(position) if position > log_size => Err(exceptions::slice_behind_end(position, log, log_size)),
        Ok(position) => Ok(position),
    }
}

type FoundBatch<'a> = Option<crate::log::dump::Batch<'a>>;

fn walk_to(batches: &mut LogFile, position: u64, offset: Offset) -> Result<FoundBatch<'_>, Error> {
    batches.walk_from(position, u64::MAX)?;
    batches.next_reaching(offset)
}

/// Compares an entry with the batch that should end with its offset.
fn compare(
    reader: &mut BatchReader,
    file: &Named,
    log: &Named,
    entry: TimeEntry,
    before: i64,
    batch: FoundBatch<'_>,
    reports: &mut Reports,
) -> Result<(), Failure> {
    let Some(batch) = batch else {
        reports.not_found(&file.absolute(), entry.offset, -1);
        return Ok(());
    };
    let last = batch.header.last_offset();
    if last != entry.offset {
        reports.not_found(&file.absolute(), entry.offset, last.get());
        return Ok(());
    }
    let mut latest = -1;
    let visit = |record: &crate::types::RecordView<'_>| {
        latest = latest.max(record.timestamp.0);
        ControlFlow::Continue(())
    };
    if let Err(error) = reader.for_each_of(&batch.header, batch.bytes, visit) {
        return Err(exceptions::of_records(log, &batch, reader, &error));
    }
    if latest != entry.timestamp.0 {
        reports.time_mismatch(&file.absolute(), entry.timestamp.0, latest);
    }
    if before >= entry.timestamp.0 {
        reports.out_of_order(&file.absolute(), entry.timestamp.0, before);
    }
    Ok(())
}

/// Dumps a `.txnindex`.
pub(super) fn dump_transactions(out: &mut Stdout, file: &Named) -> Result<(), Failure> {
    file.base_offset()?;
    for entry in read_aborted(file.path()).map_err(|error| exceptions::of_file(file, &error))? {
        writeln!(
            out,
            "version: {} producerId: {} firstOffset: {} lastOffset: {} lastStableOffset: {}",
            entry.version, entry.producer_id, entry.first_offset, entry.last_offset, entry.last_stable_offset
        )?;
    }
    Ok(())
}

/// Dumps a `.snapshot`; returns what is wrong with it, for standard error.
pub(super) fn dump_producers(out: &mut Stdout, file: &Named) -> Result<Option<String>, Failure> {
    let producers = match read_producers(file.path()) {
        Ok(Ok(producers)) => producers,
        Ok(Err(damage)) => return Ok(Some(snapshot_damage(damage))),
        Err(_) => return Ok(Some(format!("Snapshot failed schema validation: {}", file.shown()))),
    };
    for entry in producers {
        let first = match entry.transaction_first_offset {
            Some(offset) => format!("OptionalLong[{offset}]"),
            None => "OptionalLong.empty".to_owned(),
        };
        write!(
            out,
            "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {first} lastTimestamp: {} ",
            entry.producer_id, entry.producer_epoch, entry.coordinator_epoch, entry.timestamp
        )?;
        if entry.last_offset >= Offset::ZERO {
            let first_sequence = first_sequence(entry.last_sequence, entry.offset_delta);
            write!(
                out,
                "firstSequence: {first_sequence} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
                entry.last_sequence, entry.last_offset, entry.offset_delta, entry.timestamp
            )?;
        }
        writeln!(out)?;
    }
    Ok(None)
}

/// Sequence numbers go round at 2^31.
fn first_sequence(last: i32, delta: i32) -> i32 {
    if last < delta { i32::MAX - (delta - last) + 1 } else { last.wrapping_sub(delta) }
}

fn snapshot_damage(damage: SnapshotDamage) -> String {
    match damage {
        SnapshotDamage::Checksum { stored, computed } => {
            format!(
                "Snapshot is corrupt (CRC is no longer valid). Stored crc: {stored}. Computed crc: {computed}"
            )
        }
        SnapshotDamage::Count { count, remaining } => format!(
            "Snapshot failed schema validation: Tried to allocate a collection of size {count}, but there are only {remaining} bytes remaining."
        ),
        SnapshotDamage::NegativeCount => {
            "Snapshot failed schema validation: non-nullable field producerEntries was serialized as null"
                .to_owned()
        }
        SnapshotDamage::Truncated => "Snapshot failed schema validation: null".to_owned(),
    }
}

fn open_log(log: &Named) -> Result<LogFile, Failure> {
    LogFile::open(log.path(), u64::MAX).map_err(|error| exceptions::of_file(log, &error))
}

fn open_offsets(file: &Named, base: Offset) -> Result<OffsetIndexFile, Failure> {
    OffsetIndexFile::read(file.path(), base).map_err(|error| missing_index(file, &error))
}

/// Kafka makes an index that isn't there, and then fails. Here nothing is made.
fn missing_index(file: &Named, error: &Error) -> Failure {
    match error {
        Error::Disk(cause) if cause.is_not_found() => {
            exceptions::uncaught("java.lang.IllegalArgumentException", "Invalid max index size: -1")
                .kt_message(cause.to_string())
        }
        _ => exceptions::of_file(file, error),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Offsets,
    Times,
}

fn sanity(out: &mut Stdout, file: &Named, sanity: Sanity, kind: Kind) -> Result<(), Failure> {
    let path = file.absolute();
    let (corrupt, index, bound) = match kind {
        Kind::Offsets => (format!("Corrupt index found, index file {path}"), "Index", "base"),
        Kind::Times => (format!("Corrupt time index found, time index file ({path})"), "Time index", "first"),
    };
    let message = match sanity {
        Sanity::Sound => return Ok(writeln!(out, "{} passed sanity check.", file.shown())?),
        Sanity::Length { found, entry_size } => format!(
            "{index} file {path} is corrupt, found {found} bytes which is neither positive nor a multiple of {entry_size}"
        ),
        Sanity::LastOffset { last, base } => format!(
            "{corrupt} has non-zero size but the last offset is {last} which is less than the {bound} offset {base}"
        ),
        Sanity::LastTimestamp { last, first } => format!(
            "{corrupt} has non-zero size but the last timestamp is {last} which is less than the first timestamp {first}"
        ),
    };
    Err(exceptions::uncaught("org.apache.kafka.storage.internals.log.CorruptIndexException", &message))
}
