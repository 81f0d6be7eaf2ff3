//! `.log` and `.checkpoint` files: a line for each batch and, if asked for, one for each record.

use super::exceptions;
use super::files::Named;
use super::parsers::{Parser, Shown};
use super::reports::Reports;
use crate::cli::error::Failure;
use crate::cli::records::{ControlKind, control_kind, java_text};
use crate::log::dump::{Batch, BatchReader, Compression, LegacyRecord, LogFile, sequence_after};
use crate::output::Stdout;
use crate::types::{Offset, RecordView, TimestampType};
use std::io::Write;
use std::ops::ControlFlow;

/// How a log is to be dumped.
pub(super) struct Settings {
    /// Keys and payloads as well.
    pub(super) contents: bool,
    /// A line for each record.
    pub(super) deep: bool,
    /// Keys and payloads only.
    pub(super) skip_metadata: bool,
    pub(super) parser: Parser,
    pub(super) max_bytes: i32,
}

/// Dumps a file of batches.
pub(super) fn dump(
    out: &mut Stdout,
    settings: &Settings,
    file: &Named,
    reports: &mut Reports,
) -> Result<(), Failure> {
    heading(out, file)?;
    let failed = |error| exceptions::of_file(file, &error);
    let mut log = LogFile::open(file.path(), u64::MAX).map_err(failed)?;
    let Ok(limit) = u64::try_from(settings.max_bytes) else {
        return Err(exceptions::invalid_slice(
            "size",
            settings.max_bytes.into(),
            file,
            log.remaining_bytes(),
        ));
    };
    log.walk_from(0, limit).map_err(failed)?;
    let mut dumper = Dumper { out, settings, file, reports, reader: BatchReader::default(), last: None };
    while let Some(batch) = log.next().map_err(failed)? {
        dumper.batch(&batch)?;
    }
    if log.remaining_bytes() > 0 && settings.max_bytes == i32::MAX {
        writeln!(out, "Found {} invalid bytes at the end of {}", log.remaining_bytes(), file.name())?;
    }
    Ok(())
}

fn heading(out: &mut Stdout, file: &Named) -> Result<(), Failure> {
    if file.suffix() == Some("log") {
        writeln!(out, "Log starting offset: {}", file.base_offset()?)?;
    } else if file.name() == "bootstrap.checkpoint" {
        writeln!(out, "KRaft bootstrap snapshot")?;
    } else {
        let (offset, epoch) = file
            .snapshot()
            .ok_or_else(|| exceptions::uncaught("java.util.NoSuchElementException", "No value present"))?;
        writeln!(out, "Snapshot end offset: {offset}, epoch: {epoch}")?;
    }
    Ok(())
}

/// Nothing can follow it.
const NO_OFFSET: Offset = Offset::new(-1);

struct Dumper<'d> {
    out: &'d mut Stdout,
    settings: &'d Settings,
    file: &'d Named,
    reports: &'d mut Reports,
    reader: BatchReader,
    /// The offset of the record before.
    last: Option<Offset>,
}

impl Dumper<'_> {
    fn batch(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let is_valid = batch.is_valid();
        self.batch_line(batch, is_valid)?;
        if !self.settings.deep {
            return Ok(());
        }
        let mut reader = std::mem::take(&mut self.reader);
        let result = self.batch_records(batch, is_valid, &mut reader);
        self.reader = reader;
        result
    }

    fn batch_records(
        &mut self,
        batch: &Batch<'_>,
        is_valid: bool,
        reader: &mut BatchReader,
    ) -> Result<(), Failure> {
        let header = &batch.header;
        // Kafka unfolds a compressed batch before it shows the first record: a damaged one shows none.
        if !is_valid && !header.codec().is_ok_and(|codec| codec == Compression::None) {
            let nothing = |_: &RecordView<'_>| ControlFlow::Continue(());
            if let Err(error) = reader.for_each_of(header, batch.bytes, nothing) {
                return Err(exceptions::of_records(self.file, batch, reader, &error));
            }
        }
        let mut failure = None;
        let mut keep = |result: Result<(), Failure>| match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        };
        let read = if header.is_legacy() {
            reader.for_each_legacy(header, batch.bytes, |record| {
                keep(self.record_line(batch, &record.view, Some(record)))
            })
        } else {
            reader.for_each_of(header, batch.bytes, |record| keep(self.record_line(batch, record, None)))
        };
        match (read, failure) {
            (_, Some(failure)) => Err(failure),
            (Ok(_), None) => Ok(()),
            (Err(error), None) => Err(exceptions::of_records(self.file, batch, reader, &error)),
        }
    }

    fn batch_line(&mut self, batch: &Batch<'_>, is_valid: bool) -> Result<(), Failure> {
        let header = &batch.header;
        if header.is_legacy() {
            write!(self.out, "offset: {}", header.last_offset())?;
        } else {
            write!(
                self.out,
                "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} \
                 producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: ",
                header.base_offset(),
                header.last_offset(),
                header.record_count(),
                header.base_sequence(),
                header.last_sequence(),
                header.producer_id(),
                header.producer_epoch(),
                header.leader_epoch(),
                header.is_transactional(),
                header.is_control(),
            )?;
            match header.delete_horizon() {
                Some(horizon) => write!(self.out, "OptionalLong[{horizon}]")?,
                None => write!(self.out, "OptionalLong.empty")?,
            }
        }
        let codec = header.codec().map_err(|error| exceptions::of_batch(self.file, batch, &error))?;
        writeln!(
            self.out,
            " position: {} {}: {} size: {} magic: {} compresscodec: {codec} crc: {} isvalid: {}",
            batch.position,
            header.timestamp_type().name(),
            header.max_timestamp(),
            header.size_bytes(),
            header.magic(),
            header.crc(),
            is_valid,
        )?;
        Ok(())
    }

    fn record_line(
        &mut self,
        batch: &Batch<'_>,
        record: &RecordView<'_>,
        legacy: Option<&LegacyRecord<'_>>,
    ) -> Result<(), Failure> {
        if let Some(last) = self.last.filter(|last| *last != NO_OFFSET)
            && record.offset != last.next()
        {
            self.reports.gap(&self.file.absolute(), last, record.offset);
        }
        self.last = Some(record.offset);
        if !self.settings.skip_metadata {
            self.record_metadata(batch, record, legacy)?;
        }
        if self.settings.contents && !batch.header.is_control() {
            let shown = self.settings.parser.parse(record)?;
            self.contents(shown)?;
        }
        Ok(writeln!(self.out)?)
    }

    fn record_metadata(
        &mut self,
        batch: &Batch<'_>,
        record: &RecordView<'_>,
        legacy: Option<&LegacyRecord<'_>>,
    ) -> Result<(), Failure> {
        let size = |bytes: Option<&[u8]>| bytes.map_or(-1, |bytes| bytes.len() as i64);
        // A wrapper's type goes for what it wraps, even if its time is not taken over.
        let timestamp_type: TimestampType = batch.header.timestamp_type();
        write!(
            self.out,
            "| offset: {} {}: {} keySize: {} valueSize: {}",
            record.offset,
            timestamp_type.name(),
            record.timestamp,
            size(record.key),
            size(record.value)
        )?;
        match legacy {
            Some(legacy) => {
                write!(self.out, " isValid: {} crc: {}}}", legacy.is_valid(), legacy.crc)?;
            }
            None => {
                let delta = record.offset.since(batch.header.base_offset());
                let base = batch.header.base_sequence();
                let sequence = if base < 0 { -1 } else { sequence_after(base, delta as i32) };
                write!(self.out, " sequence: {sequence} headerKeys: [")?;
                for (index, header) in record.headers.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(self.out, "{comma}{}", java_text(header.key))?;
                }
                write!(self.out, "]")?;
            }
        }
        if batch.header.is_control() { self.control(record) } else { Ok(()) }
    }

    fn control(&mut self, record: &RecordView<'_>) -> Result<(), Failure> {
        let invalid =
            |words: &str| exceptions::uncaught("org.apache.kafka.common.InvalidRecordException", words);
        let key = record.key.unwrap_or_default();
        let value = record.value.unwrap_or_default();
        let kind = control_kind(key).ok_or_else(|| {
            let words = format!("Invalid value size found for end control record key. Must have at least 4 bytes, but found only {}", key.len());
            invalid(&words)
        })?;
        let name = match kind {
            ControlKind::Abort | ControlKind::Commit => {
                let [_, _, a, b, c, d, ..] = *value else {
                    let words = format!(
                        "Invalid value size found for end transaction marker. Must have at least 6 bytes, but found only {}",
                        value.len()
                    );
                    return Err(invalid(&words));
                };
                let outcome = if kind == ControlKind::Commit { "COMMIT" } else { "ABORT" };
                let epoch = i32::from_be_bytes([a, b, c, d]);
                return Ok(write!(self.out, " endTxnMarker: {outcome} coordinatorEpoch: {epoch}")?);
            }
            ControlKind::LeaderChange => "LeaderChange:",
            ControlKind::SnapshotHeader => "SnapshotHeader",
            ControlKind::SnapshotFooter => "SnapshotFooter",
            ControlKind::KRaftVersion => "KRaftVersion",
            ControlKind::KRaftVoters => "KRaftVoters",
            ControlKind::Unknown(number) => {
                return Ok(write!(self.out, " controlType: UNKNOWN({number})")?);
            }
        };
        let json = kind.json(value).unwrap_or_else(|| Ok(String::new()));
        let json = json.map_err(|reason| exceptions::uncaught("java.lang.RuntimeException", &reason))?;
        Ok(write!(self.out, " {name} {json}")?)
    }

    /// Key and payload; the bar stands before the first thing on the line, if that is not the payload.
    fn contents(&mut self, (key, payload): Shown<'_>) -> Result<(), Failure> {
        if let Some(key) = key {
            let bar = if self.settings.skip_metadata { "|" } else { "" };
            write!(self.out, "{bar} key: {key}")?;
        }
        if let Some(payload) = payload {
            write!(self.out, " payload: {payload}")?;
        }
        Ok(())
    }
}
