//! Which part of a log can be cleaned, and whether that is worth its while. Source: Kafka's `LogCleanerManager`.

use crate::disk::{File, Mode};
use crate::log::names::{FileKind, segment_file};
use crate::log::{LogConfig, LogEnd, Result, SegmentSummary};
use crate::record::{self, BatchHeader};
use crate::types::{Offset, TimestampMs};
use std::path::Path;

/// The topic configurations that bear on compaction. Times are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CleanerConfig {
    pub(crate) log: LogConfig,
    /// `delete.retention.ms`: tombstones and markers can be read for so long after the first pass.
    pub(crate) delete_retention_ms: i64,
    /// `min.compaction.lag.ms`: younger records stay.
    pub(crate) min_lag_ms: i64,
    /// `max.compaction.lag.ms`: with older ones the log is cleaned whatever the ratio.
    pub(crate) max_lag_ms: i64,
    /// `min.cleanable.dirty.ratio`: of all bytes that can be cleaned, more than this must be dirty.
    pub(crate) min_dirty_ratio: f64,
}

/// The part of a log that a pass would clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleanable {
    /// Keys are noted from here on.
    pub(crate) first_dirty: Offset,
    /// The base of the first segment that is left alone.
    pub(crate) end: Offset,
    pub(crate) clean_bytes: u64,
    pub(crate) dirty_bytes: u64,
    /// Whether something dirty is older than `max.compaction.lag.ms`.
    pub(crate) overdue: bool,
}

impl Cleanable {
    /// Whether a pass is to be made.
    pub(crate) fn is_due(&self, config: &CleanerConfig) -> bool {
        let total = self.clean_bytes + self.dirty_bytes;
        total > 0
            && (self.overdue && self.dirty_bytes > 0
                || self.dirty_bytes as f64 / total as f64 > config.min_dirty_ratio)
    }
}

/// Finds the part that can be cleaned. `checkpoint` is where the last pass ended; `stable` the first offset that is not decided
/// or not visible yet: nothing from there on, nor the active segment, is touched.
pub(crate) fn cleanable(
    dir: &Path,
    segments: &[SegmentSummary],
    checkpoint: Option<Offset>,
    log_start: Offset,
    (end, stable): (&LogEnd, Offset),
    config: &CleanerConfig,
    now: TimestampMs,
) -> Result<Cleanable> {
    let valid = |offset: &Offset| (log_start..=end.log_end).contains(offset);
    let first_dirty = checkpoint.filter(valid).unwrap_or(log_start);
    let closed = || segments.iter().filter(|segment| segment.base < end.segment_base);
    let holding = |offset: Offset| {
        let holding = closed().map(|segment| segment.base).rfind(|&base| base <= offset);
        holding.unwrap_or_else(|| segments.first().map_or(offset, |first| first.base))
    };
    let dirty_from = if first_dirty < end.segment_base { holding(first_dirty) } else { end.segment_base };
    let is_young = |segment: &&SegmentSummary| {
        segment.base >= dirty_from && segment.newest.0 > now.0.saturating_sub(config.min_lag_ms)
    };
    let young = closed().find(is_young).filter(|_| config.min_lag_ms > 0).map(|segment| segment.base);
    let uncleanable = stable.min(end.segment_base).min(young.unwrap_or(Offset::MAX)).max(first_dirty);
    let cleanable_end = if uncleanable >= end.segment_base { end.segment_base } else { holding(uncleanable) };
    let dirty_from = if first_dirty < cleanable_end { dirty_from } else { cleanable_end };
    let bytes = |from: Offset, to: Offset| {
        closed().filter(|segment| (from..to).contains(&segment.base)).map(|segment| segment.size_bytes).sum()
    };
    let mut overdue = false;
    if config.max_lag_ms < i64::MAX {
        let limit = now.0.saturating_sub(config.max_lag_ms.max(0));
        for segment in closed().filter(|segment| segment.base >= dirty_from) {
            overdue |= first_timestamp(dir, segment.base)?.is_some_and(|time| time.0 > 0 && time.0 < limit);
        }
    }
    Ok(Cleanable {
        first_dirty,
        end: cleanable_end,
        clean_bytes: bytes(Offset::ZERO, first_dirty),
        dirty_bytes: bytes(dirty_from, cleanable_end),
        overdue,
    })
}

/// The largest timestamp of a segment's first batch.
fn first_timestamp(dir: &Path, base: Offset) -> Result<Option<TimestampMs>> {
    let log = match File::open(&segment_file(dir, base, FileKind::Log), Mode::Read) {
        Ok(log) => log,
        Err(e) if e.is_not_found() => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let mut head = [0; record::HEADER_SIZE];
    let filled = log.read_at(&mut head, 0)?;
    let header = BatchHeader::parse(head.get(..filled).unwrap_or_default());
    Ok(header.ok().map(|header| header.max_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::LeaderEpoch;

    const CONFIG: CleanerConfig = CleanerConfig {
        log: LogConfig {
            segment_bytes: 100,
            segment_ms: i64::MAX,
            segment_index_bytes: 100,
            index_interval_bytes: 10,
        },
        delete_retention_ms: 0,
        min_lag_ms: 0,
        max_lag_ms: i64::MAX,
        min_dirty_ratio: 0.5,
    };
    const NOW: TimestampMs = TimestampMs(1_000);

    /// Segments at 0, 10, 20, 30 of 5 bytes each, written at 100, 200, 300, 400; the last one is active and ends at 35.
    fn look(
        checkpoint: Option<i64>,
        start: i64,
        stable: i64,
        config: &CleanerConfig,
    ) -> (i64, i64, u64, u64) {
        let segment = |index: i64| SegmentSummary {
            base: Offset::new(index * 10),
            size_bytes: 5,
            newest: TimestampMs((index + 1) * 100),
        };
        let segments: Vec<_> = (0..4).map(segment).collect();
        let mut end = LogEnd::empty(Offset::new(30), LeaderEpoch(0));
        end.log_end = Offset::new(35);
        let range = cleanable(
            Path::new("nowhere"),
            &segments,
            checkpoint.map(Offset::new),
            Offset::new(start),
            (&end, Offset::new(stable)),
            config,
            NOW,
        );
        let range = range.unwrap();
        (range.first_dirty.get(), range.end.get(), range.clean_bytes, range.dirty_bytes)
    }

    #[test]
    fn everything_between_the_last_pass_and_the_active_segment_is_cleaned() {
        assert_eq!(look(None, 0, 35, &CONFIG), (0, 30, 0, 15));
        assert_eq!(look(Some(20), 0, 35, &CONFIG), (20, 30, 10, 5));
        assert_eq!(look(Some(30), 0, 35, &CONFIG), (30, 30, 15, 0));
        assert_eq!(look(Some(33), 0, 35, &CONFIG).3, 0, "cleaned up to a segment that is active now");
        assert_eq!(look(Some(99), 0, 35, &CONFIG).0, 0, "a checkpoint behind the end says nothing");
        assert_eq!(look(Some(5), 12, 35, &CONFIG).0, 12, "nor one below the start");
    }

    #[test]
    fn nothing_undecided_and_nothing_young_is_cleaned() {
        assert_eq!(look(None, 0, 25, &CONFIG), (0, 20, 0, 10), "the segment with an open transaction stays");
        assert_eq!(look(None, 0, 3, &CONFIG), (0, 0, 0, 0));
        let lag = |min_lag_ms| CleanerConfig { min_lag_ms, ..CONFIG };
        assert_eq!(look(None, 0, 35, &lag(750)), (0, 20, 0, 10));
        assert_eq!(look(None, 0, 35, &lag(5_000)), (0, 0, 0, 0));
    }

    #[test]
    fn a_pass_is_due_when_enough_is_dirty_or_something_too_old() {
        let range = |clean_bytes, dirty_bytes, overdue| Cleanable {
            first_dirty: Offset::ZERO,
            end: Offset::ZERO,
            clean_bytes,
            dirty_bytes,
            overdue,
        };
        assert!(range(49, 51, false).is_due(&CONFIG));
        assert!(!range(50, 50, false).is_due(&CONFIG));
        assert!(range(99, 1, true).is_due(&CONFIG));
        assert!(!range(99, 0, true).is_due(&CONFIG) && !range(0, 0, true).is_due(&CONFIG));
    }
}
