//! What a log has kept long enough: which of its oldest segments are to go. Decides only; `trim` carries it out.
//!
//! As Kafka decides (`UnifiedLog.deleteOldSegments`): whole segments, the oldest first, up to the first that stays; by
//! record time, not by when it was written. What readers can't see yet stays.

use super::names::{FileKind, segment_file, segments};
use super::{LogEnd, Result, time_index};
use crate::disk::{File, Mode};
use crate::types::{Offset, TimestampMs};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The limits of a log; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// `retention.ms`: a segment goes whose newest record is older.
    pub(crate) ms: Option<i64>,
    /// `retention.bytes`: a segment goes if that many are left without it.
    pub(crate) bytes: Option<u64>,
}

/// A live segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentSummary {
    pub(crate) base: Offset,
    pub(crate) size_bytes: u64,
    /// The latest record time; when the file was changed last, where no record has a time.
    pub(crate) newest: TimestampMs,
}

/// What is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expired {
    /// Where the log begins afterwards.
    pub(crate) start: Offset,
    pub(crate) segments: usize,
    pub(crate) bytes: u64,
    /// Nothing stays: the active segment is to be rolled first.
    pub(crate) everything: bool,
}

/// The live segments of a log; `end` is its end.
pub(crate) fn summarise(dir: &Path, end: &LogEnd) -> Result<Vec<SegmentSummary>> {
    let mut all = Vec::new();
    for base in segments(dir)? {
        let path = segment_file(dir, base, FileKind::Log);
        let log = match File::open(&path, Mode::Read) {
            Ok(log) => log,
            Err(e) if e.is_not_found() => continue,
            Err(e) => return Err(e.into()),
        };
        let is_active = base == end.segment_base;
        let newest = if is_active { end.max_timestamp } else { newest_indexed(dir, base)? };
        let newest = if newest > TimestampMs::NONE { newest } else { changed(&log)? };
        let size_bytes = if is_active { end.segment_bytes } else { log.len()? };
        all.push(SegmentSummary { base, size_bytes, newest });
    }
    Ok(all)
}

/// The last entry of a closed segment's time index, which is its latest record time.
fn newest_indexed(dir: &Path, base: Offset) -> Result<TimestampMs> {
    let index = match File::open(&segment_file(dir, base, FileKind::TimeIndex), Mode::Read) {
        Ok(index) => index,
        Err(e) if e.is_not_found() => return Ok(TimestampMs::NONE),
        Err(e) => return Err(e.into()),
    };
    Ok(time_index::last(&index, base)?.map_or(TimestampMs::NONE, |entry| entry.timestamp))
}

fn changed(log: &File) -> Result<TimestampMs> {
    let since = log.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(TimestampMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// Decides what goes of `segments`: what lies below `log_start`, and what is beyond the limits. `log_end` is the offset of the
/// next record, `visible` the first that readers may not see.
pub(crate) fn expired(
    segments: &[SegmentSummary],
    limits: &Retention,
    log_start: Offset,
    (visible, log_end): (Offset, Offset),
    now: TimestampMs,
) -> Option<Expired> {
    let behind = |index: usize| segments.get(index + 1).map_or(log_end, |next| next.base);
    let may_go = |index: usize, segment: &SegmentSummary| {
        let is_last = index + 1 == segments.len();
        behind(index) <= visible && !(is_last && segment.size_bytes == 0)
    };
    let mut gone = 0;
    let mut go_on = |goes: &mut dyn FnMut(usize, &SegmentSummary) -> bool| {
        let rest = segments.iter().enumerate().skip(gone);
        gone += rest.take_while(|&(index, segment)| may_go(index, segment) && goes(index, segment)).count();
        gone
    };
    let below = go_on(&mut |index, _| index + 1 < segments.len() && behind(index) <= log_start);
    if let Some(limit) = limits.bytes {
        let left: u64 = segments.iter().skip(below).map(|segment| segment.size_bytes).sum();
        let mut excess = left.saturating_sub(limit);
        go_on(&mut |_, segment| match excess.checked_sub(segment.size_bytes) {
            Some(rest) if left >= limit => {
                excess = rest;
                true
            }
            _ => false,
        });
    }
    if let Some(limit) = limits.ms {
        go_on(&mut |_, segment| now.0.saturating_sub(segment.newest.0) > limit);
    }
    let last = gone.checked_sub(1)?;
    let bytes = segments.iter().take(gone).map(|segment| segment.size_bytes).sum();
    Some(Expired { start: behind(last), segments: gone, bytes, everything: gone == segments.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimestampMs = TimestampMs(1_000_000);

    /// Segments of ten offsets each, by size and age.
    fn log(shape: &[(u64, i64)]) -> Vec<SegmentSummary> {
        let segment = |(index, &(size_bytes, age)): (usize, &(u64, i64))| SegmentSummary {
            base: Offset::new(index as i64 * 10),
            size_bytes,
            newest: TimestampMs(NOW.0 - age),
        };
        shape.iter().enumerate().map(segment).collect()
    }

    /// Where the log begins afterwards, and whether all of it goes.
    fn start(shape: &[(u64, i64)], limits: Retention, log_start: i64, visible: i64) -> Option<(i64, bool)> {
        let end = shape.len() as i64 * 10;
        let ends = (Offset::new(visible.min(end)), Offset::new(end));
        expired(&log(shape), &limits, Offset::new(log_start), ends, NOW)
            .map(|expired| (expired.start.get(), expired.everything))
    }

    const ANY: i64 = i64::MAX;

    fn by_time(ms: i64) -> Retention {
        Retention { ms: Some(ms), bytes: None }
    }

    fn by_size(bytes: u64) -> Retention {
        Retention { ms: None, bytes: Some(bytes) }
    }

    #[test]
    fn time_takes_the_oldest_up_to_the_first_that_stays() {
        let shape = [(5, 300), (5, 200), (5, 100), (5, 300)];
        assert_eq!(start(&shape, by_time(300), 0, ANY), None, "older than the limit, not as old");
        assert_eq!(start(&shape, by_time(150), 0, ANY), Some((20, false)));
        assert_eq!(start(&shape, by_time(0), 0, ANY), Some((40, true)), "the active one too");
        assert_eq!(start(&shape, Retention::default(), 0, ANY), None);
        assert_eq!(start(&shape, by_time(0), 0, 25), Some((20, false)), "what is not visible stays");
        assert_eq!(start(&[(0, 300)], by_time(0), 0, ANY), None, "an empty log");
        assert_eq!(start(&[(5, 300), (0, 300)], by_time(0), 0, ANY), Some((10, false)));
    }

    #[test]
    fn size_takes_what_is_beyond_the_limit_without_going_below_it() {
        let shape = [(5, 0), (5, 0), (5, 0), (3, 0)];
        for (limit, expected) in
            [(18, None), (14, None), (13, Some(10)), (8, Some(20)), (4, Some(20)), (3, Some(30))]
        {
            assert_eq!(
                start(&shape, by_size(limit), 0, ANY),
                expected.map(|start| (start, false)),
                "{limit}"
            );
        }
        assert_eq!(start(&shape, by_size(0), 0, ANY), Some((40, true)));
        assert_eq!(start(&shape, by_size(100), 0, ANY), None);
    }

    #[test]
    fn what_lies_below_the_start_goes_whatever_the_limits() {
        let shape = [(5, 0), (5, 0), (5, 0)];
        for (log_start, expected) in
            [(9, None), (10, Some((10, false))), (25, Some((20, false))), (30, Some((20, false)))]
        {
            assert_eq!(start(&shape, Retention::default(), log_start, ANY), expected, "{log_start}");
        }
    }

    #[test]
    fn what_one_limit_leaves_the_next_may_take() {
        let shape = [(5, 0), (5, 900), (5, 0)];
        let limits = Retention { ms: Some(500), bytes: Some(10) };
        assert_eq!(start(&shape, limits, 0, ANY), Some((20, false)));
    }
}
