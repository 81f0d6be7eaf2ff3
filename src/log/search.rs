//! Finding records by time (`ListOffsets` with a timestamp).

use super::names::{FileKind, segment_file, segments};
use super::read::{Gaps, LogReader};
use super::{Error, Result, time_index};
use crate::disk::{File, Mode};
use crate::record::{BatchHeader, BatchReader};
use crate::types::{Offset, TimestampMs};
use std::ops::ControlFlow;
use std::path::Path;

/// How much is read at a time while looking through batches.
const BUFFER_BYTES: usize = 256 * 1024;

/// A record's place in the log and in time.
pub(crate) type Found = (Offset, TimestampMs);

/// The first record from `start` on, below `limit`, whose timestamp is at or after `target`.
pub(crate) fn first_at_or_after(
    dir: &Path,
    target: TimestampMs,
    start: Offset,
    limit: Offset,
    gaps: Gaps,
) -> Result<Option<Found>> {
    let from = lower_bound(dir, target)?.max(start);
    let mut found = None;
    each_batch(dir, from, limit, gaps, |header, batch, reader| {
        if header.is_control() || header.max_timestamp() < target {
            return Ok(ControlFlow::Continue(()));
        }
        let flow = reader.for_each(batch, |record| {
            if record.timestamp >= target && record.offset >= start && record.offset < limit {
                found = Some((record.offset, record.timestamp));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(flow)
    })?;
    Ok(found)
}

/// The record with the largest timestamp below `limit`; the first of several. As a broker does, it looks at everything
/// that is in the files: transaction markers, and records below the log's start that are not removed yet.
pub(crate) fn newest(dir: &Path, limit: Offset, gaps: Gaps) -> Result<Option<Found>> {
    let bases = segments(dir)?;
    let mut best: Option<time_index::Entry> = None;
    let mut indexed = Offset::ZERO;
    for &base in &bases {
        indexed = base;
        let index = match File::open(&segment_file(dir, base, FileKind::TimeIndex), Mode::Read) {
            Ok(index) => index,
            Err(e) if e.is_not_found() => break,
            Err(e) => return Err(e.into()),
        };
        // An entry behind the limit speaks of records that are gone or not published yet.
        if let Some(last) = time_index::last(&index, base)?.filter(|last| last.offset < limit) {
            indexed = last.offset;
            if best.is_none_or(|best| last.timestamp > best.timestamp) {
                best = Some(last);
            }
        }
    }
    // The index of the active segment lags behind its log.
    each_batch(dir, indexed, limit, gaps, |header, _, _| {
        let later = best.is_none_or(|best| header.max_timestamp() > best.timestamp);
        if later && header.max_timestamp() > TimestampMs::NONE {
            best =
                Some(time_index::Entry { timestamp: header.max_timestamp(), offset: header.last_offset() });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let Some(best) = best else { return Ok(None) };
    let mut found = None;
    each_batch(dir, best.offset, limit, gaps, |_, batch, reader| {
        let _ = reader.for_each(batch, |record| {
            if record.timestamp == best.timestamp {
                found = Some((record.offset, record.timestamp));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// An offset before which no record is at or after `target`, by the time indexes.
fn lower_bound(dir: &Path, target: TimestampMs) -> Result<Offset> {
    let mut bound = Offset::ZERO;
    for base in segments(dir)? {
        bound = bound.max(base);
        let index = match File::open(&segment_file(dir, base, FileKind::TimeIndex), Mode::Read) {
            Ok(index) => index,
            Err(e) if e.is_not_found() => return Ok(bound),
            Err(e) => return Err(e.into()),
        };
        let last = time_index::last(&index, base)?;
        if last.is_some_and(|last| last.timestamp >= target) {
            let below = time_index::below(&index, base, target)?;
            return Ok(below.map_or(bound, |entry| entry.offset.max(bound)));
        }
        // The active segment's index lags behind its log, so its last entry only bounds what comes after it.
        bound = last.map_or(bound, |entry| entry.offset.max(bound));
    }
    Ok(bound)
}

/// Hands every batch from `from` to `limit` to `visit` until it breaks.
fn each_batch(
    dir: &Path,
    from: Offset,
    limit: Offset,
    gaps: Gaps,
    mut visit: impl FnMut(&BatchHeader, &[u8], &mut BatchReader) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut reader = LogReader::open(dir, from, gaps)?;
    let mut batches = BatchReader::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let chunk = match reader.read(&mut buffer, limit) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(()),
            Err(Error::OutOfRange { start, .. }) => {
                reader.seek(start);
                continue;
            }
            Err(e) => return Err(e),
        };
        for batch in chunk.batches() {
            let (header, batch) = batch?;
            if visit(&header, batch, &mut batches)?.is_break() {
                return Ok(());
            }
        }
    }
}
