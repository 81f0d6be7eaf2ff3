//! `Pass`: a log cleaned once, group of segments by group. Source: Kafka's `Cleaner.doClean`.
//!
//! A key of which a newer record was found in the dirty part goes from the whole log before it. If the dirty part has more
//! keys than fit into the memory, only the front of it counts, and the next pass goes on there.

use super::filter::{Fate, Filter, Terms};
use super::mapping::map_keys;
use super::offset_map::OffsetMap;
use super::output::Output;
use super::range::{Cleanable, CleanerConfig};
use super::replacement::{self, Replacement};
use super::source::Source;
use crate::disk::{File, Mode};
use crate::log::names::{FileKind, segment_file};
use crate::log::{ProducerStates, Result, SegmentSummary, aborted_since};
use crate::types::{Offset, TimestampMs};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CleanStats {
    /// Bytes read to find the newest offsets of keys.
    pub(crate) mapped_bytes: u64,
    pub(crate) bytes_before: u64,
    pub(crate) bytes_after: u64,
    pub(crate) records_before: u64,
    pub(crate) records_after: u64,
    pub(crate) segments_before: u64,
    pub(crate) segments_after: u64,
}

/// A pass under way.
pub(crate) struct Pass {
    dir: PathBuf,
    config: CleanerConfig,
    filter: Filter,
    groups: VecDeque<Vec<Span>>,
    buffer: Vec<u8>,
    end: Offset,
    stats: CleanStats,
}

/// A closed segment: its base, and that of the next one.
type Span = (Offset, Offset);

/// How far a pass has come.
#[derive(Debug)]
pub(crate) enum Step {
    /// A group of segments is to be replaced.
    Replace(Replacement),
    /// A segment stays as it is.
    Unchanged,
    /// That was the last one.
    Done,
    /// The caller wants no more of it.
    Stopped,
}

impl Pass {
    /// Reads the dirty part. `producers` are those of the log's end; about `memory_bytes` are taken. `None` if `go_on` has said no.
    pub(crate) fn begin(
        dir: &Path,
        segments: &[SegmentSummary],
        range: &Cleanable,
        producers: &ProducerStates,
        config: &CleanerConfig,
        (memory_bytes, now): (usize, TimestampMs),
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Pass>> {
        let first = segments.first().map_or(range.first_dirty, |segment| segment.base);
        let keys = u64::try_from(range.end.since(range.first_dirty)).unwrap_or(0);
        let mut map = OffsetMap::new(keys, memory_bytes, range.first_dirty);
        let mut buffer = Vec::new();
        let dirty = (range.first_dirty, range.end);
        let Some(read) = map_keys(dir, dirty, &mut map, &mut buffer, go_on)? else { return Ok(None) };
        let end = map.end();
        let terms = Terms { round_end: range.end, now, delete_retention_ms: config.delete_retention_ms };
        Ok(Some(Pass {
            dir: dir.to_owned(),
            config: *config,
            filter: Filter::new(map, aborted_since(dir, first)?, producers, terms),
            groups: group(dir, segments, end.min(range.end), range.end, config)?,
            buffer,
            end,
            stats: CleanStats { mapped_bytes: read.bytes, ..CleanStats::default() },
        }))
    }

    /// The offset up to which (exclusive) the log will have been cleaned.
    pub(crate) fn end(&self) -> Offset {
        self.end
    }

    pub(crate) fn stats(&self) -> &CleanStats {
        &self.stats
    }

    /// Cleans the next group of segments. What comes of it must be in its place before the next call.
    pub(crate) fn step(&mut self, go_on: &mut dyn FnMut() -> bool) -> Result<Step> {
        let Some(group) = self.groups.pop_front() else { return Ok(Step::Done) };
        let Some(&(base, _)) = group.first() else { return Ok(Step::Unchanged) };
        let outcome = self.clean(&group, go_on);
        if !matches!(outcome, Ok(Step::Replace(_))) {
            // What is left here is removed by the next one who cleans.
            let _ = replacement::abandon(&self.dir, base);
        }
        outcome
    }

    fn clean(&mut self, group: &[Span], go_on: &mut dyn FnMut() -> bool) -> Result<Step> {
        let Some(&(base, _)) = group.first() else { return Ok(Step::Unchanged) };
        let before = self.stats;
        let mut output = Output::create(&self.dir, base, &self.config.log)?;
        let mut sources = Vec::with_capacity(group.len());
        let mut changed = group.len() > 1;
        let mut modified = SystemTime::UNIX_EPOCH;
        for &(base, behind) in group {
            let mut source = Source::open(&self.dir, base, behind)?;
            sources.push((base, source.log().identity()?.0));
            modified = modified.max(source.log().modified()?);
            match self.copy(&mut source, &mut output, go_on)? {
                Some(differs) => changed |= differs,
                None => return Ok(Step::Stopped),
            }
        }
        self.stats.segments_before += group.len() as u64;
        self.stats.segments_after += 1;
        self.stats.bytes_after = before.bytes_after + output.size_bytes();
        if !changed {
            return Ok(Step::Unchanged);
        }
        let log = output.finish(modified)?;
        Ok(Step::Replace(Replacement { dir: self.dir.clone(), sources, log }))
    }

    /// Writes what stays of a segment. Says whether something doesn't; `None` if `go_on` has said no.
    fn copy(
        &mut self,
        source: &mut Source,
        output: &mut Output,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<bool>> {
        let mut changed = false;
        while let Some((header, batch)) = source.next(&mut self.buffer)? {
            self.stats.bytes_before += batch.len() as u64;
            let judgement = self.filter.judge(&header, batch)?;
            self.stats.records_before += judgement.count.read;
            self.stats.records_after += judgement.count.kept;
            if let Some(aborted) = &judgement.aborted {
                output.append_aborted(aborted);
            }
            match judgement.fate {
                Fate::AsItIs => output.append(batch)?,
                Fate::Rewritten(rewritten) => {
                    changed = true;
                    output.append(rewritten)?;
                }
                Fate::Dropped => changed = true,
            }
            if !go_on() {
                return Ok(None);
            }
        }
        Ok(Some(changed))
    }
}

/// The closed segments that begin below `end`, grouped so that each group fits into a segment. Their offsets fit too: the last
/// group ends at `round_end`.
fn group(
    dir: &Path,
    segments: &[SegmentSummary],
    end: Offset,
    round_end: Offset,
    config: &CleanerConfig,
) -> Result<VecDeque<Vec<Span>>> {
    let mut groups: VecDeque<Vec<Span>> = VecDeque::new();
    let (mut bytes, mut index_bytes, mut first) = (0, 0, Offset::ZERO);
    for (at, segment) in segments.iter().enumerate().take_while(|(_, segment)| segment.base < end) {
        let behind = segments.get(at + 1).map_or(round_end, |next| next.base).min(round_end);
        let index = index_size(dir, segment.base)?;
        bytes += segment.size_bytes;
        index_bytes += index;
        let fits = bytes <= config.log.segment_bytes
            && index_bytes <= config.log.segment_index_bytes
            && (segment.size_bytes == 0 || behind.since(first).saturating_sub(1) <= i64::from(i32::MAX));
        match groups.back_mut() {
            Some(group) if fits => group.push((segment.base, behind)),
            _ => {
                groups.push_back(vec![(segment.base, behind)]);
                (bytes, index_bytes, first) = (segment.size_bytes, index, segment.base);
            }
        }
    }
    Ok(groups)
}

/// The size of the larger one of a segment's indexes.
fn index_size(dir: &Path, base: Offset) -> Result<u64> {
    let mut largest = 0;
    for kind in [FileKind::OffsetIndex, FileKind::TimeIndex] {
        match File::open(&segment_file(dir, base, kind), Mode::Read) {
            Ok(file) => largest = file.len()?.max(largest),
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(largest)
}
