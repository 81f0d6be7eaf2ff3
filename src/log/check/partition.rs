//! All files of a partition's directory, held against each other.

use super::epochs::{Around, Epochs};
use super::finding::{Findings, Fix, Severity};
use super::indexes::{Indexes, beside};
use super::names;
use super::producers::Producers;
use super::walk::{Sound, Walk};
use crate::disk::{self, File, Mode};
use crate::log::names::{FileKind, PARTITION_METADATA, segment_file, segments};
use crate::log::{AbortedTransaction, BatchHeader, Result};
use crate::types::{LeaderEpoch, Offset, Uuid};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Batches as a whole: checksums, offsets, indexes.
    Quick,
    /// Every record too.
    Full,
}

/// Up to where a log that somebody writes to can be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Published {
    pub(crate) segment_base: Offset,
    pub(crate) segment_bytes: u64,
}

/// What is known of a partition from elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Circumstances {
    /// The topic's id by the metadata.
    pub(crate) topic_id: Option<Uuid>,
    /// The leader's epoch by the metadata.
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    /// Below this offset the log may have been compacted.
    pub(crate) gaps_below: Offset,
    /// The checkpointed start; 0 if there is none.
    pub(crate) log_start: Offset,
    /// `None` where nobody writes: then all of it is looked at.
    pub(crate) published: Option<Published>,
    pub(crate) depth: Depth,
    /// Offsets of which it is to be told whether a batch begins or the log ends there.
    pub(crate) asked: BTreeSet<Offset>,
}

/// What a partition was found to hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The first offset that is in a file.
    pub(crate) first: Offset,
    pub(crate) end: Offset,
    pub(crate) batch_count: u64,
    pub(crate) record_count: u64,
    pub(crate) bytes: u64,
    /// Those of the offsets asked about at which a batch begins or the log ends.
    pub(crate) boundaries: BTreeSet<Offset>,
    /// Below this there may be gaps: any offset may have been a boundary.
    pub(crate) gaps_below: Offset,
    /// Whether something in its logs is damaged: then what others say of them can't be compared.
    pub(crate) is_damaged: bool,
}

/// Gets every sound batch: its head, its bytes, its file and position, and where findings go.
pub(crate) trait Visit: FnMut(&BatchHeader, &[u8], &Path, u64, &mut Findings) {}
impl<T: FnMut(&BatchHeader, &[u8], &Path, u64, &mut Findings)> Visit for T {}

/// A check on its way through a partition.
struct Check<'a> {
    dir: &'a Path,
    how: &'a Circumstances,
    producers: Producers,
    epochs: Epochs,
    report: Report,
    is_ahead: bool,
}

/// Checks the log in `dir`; every sound batch is handed to `visit`. An error only if the directory can't be listed.
pub(crate) fn check_partition(
    dir: &Path,
    how: &Circumstances,
    findings: &mut Findings,
    mut visit: impl Visit,
) -> Result<Report> {
    let entries = disk::list(dir)?;
    let bases = segments(dir)?;
    names::check(dir, &entries, &bases, findings);
    check_metadata(dir, how.topic_id, findings);
    let Some(&first) = bases.first() else {
        let what = "no segment is there";
        findings.file(Severity::Error, dir, what, "all records of the partition are gone", Fix::None);
        return Ok(Report { is_damaged: true, ..Report::default() });
    };
    let mut check = Check {
        dir,
        how,
        producers: Producers::load(dir, first, how.gaps_below, findings)?,
        epochs: Epochs::default(),
        report: Report { first, end: first, gaps_below: how.gaps_below, ..Report::default() },
        is_ahead: false,
    };
    for (index, &base) in bases.iter().enumerate() {
        let next = bases.get(index + 1).copied();
        let path = segment_file(dir, base, FileKind::Log);
        match File::open(&path, Mode::Read) {
            Ok(log) => check.segment(&log, base, next, findings, &mut visit)?,
            // Taken away since it was listed.
            Err(e) if e.is_not_found() => {}
            Err(e) => check.lose(&path, &e, next, findings),
        }
    }
    Ok(check.finish(findings))
}

impl Check<'_> {
    fn segment(
        &mut self,
        log: &File,
        base: Offset,
        next: Option<Offset>,
        findings: &mut Findings,
        visit: &mut impl Visit,
    ) -> Result<()> {
        let (how, path) = (self.how, log.path());
        let before = findings.all().len();
        check_begin(path, base, self.report.end, how.gaps_below, findings);
        let length = log.len()?;
        let published = how.published.filter(|published| published.segment_base == base);
        let end = published.map_or(length, |published| published.segment_bytes.min(length));
        self.is_ahead |= published.is_some() && length != end;
        self.report.bytes += end;
        let mut indexes =
            Indexes::load(beside(path, "index"), beside(path, "timeindex"), base, how.gaps_below)?;
        let mut aborted = Vec::new();
        let mut walk = Walk {
            log,
            end,
            expected: self.report.end.max(base),
            first: base,
            gaps_below: how.gaps_below,
            limit: next.unwrap_or(Offset::MAX),
            is_active: next.is_none(),
            depth: how.depth,
            mends: None,
        };
        let mut earliest = walk.expected;
        let walked = walk.run(findings, |batch, findings| {
            if findings.all().len() > before {
                self.producers.lose_track();
            }
            self.see(batch, earliest, path, &mut aborted, findings)?;
            indexes.see(batch.position, batch.last, batch.header.max_timestamp());
            visit(&batch.header, batch.bytes, path, batch.position, findings);
            earliest = batch.last.next();
            Ok(())
        });
        match walked {
            Ok(end) => self.report.end = end,
            Err(e) => self.lose(path, &e, next, findings),
        }
        let is_whole = findings.all().iter().skip(before).all(|finding| finding.file != path);
        indexes.finish(self.is_ahead, is_whole, findings);
        if is_whole {
            let index = beside(path, "txnindex");
            self.producers.compare_index(&index, &aborted, base, self.report.end, findings);
        } else {
            self.lose_track();
        }
        Ok(())
    }

    /// Takes a batch into account.
    fn see(
        &mut self,
        batch: &Sound<'_>,
        earliest: Offset,
        path: &Path,
        aborted: &mut Vec<AbortedTransaction>,
        findings: &mut Findings,
    ) -> Result<()> {
        self.producers.reach(batch.base, findings);
        if self.how.asked.contains(&batch.base) {
            self.report.boundaries.insert(batch.base);
        }
        aborted.extend(self.producers.see(batch, path, findings)?);
        if !batch.header.is_legacy() {
            self.epochs.see(batch.header.leader_epoch(), batch.base, earliest, path, batch.position);
        }
        self.report.batch_count += 1;
        self.report.record_count += u64::try_from(batch.header.record_count()).unwrap_or(0);
        Ok(())
    }

    /// A segment can't be read.
    fn lose(&mut self, path: &Path, why: &dyn Display, next: Option<Offset>, findings: &mut Findings) {
        findings.file(Severity::Error, path, why, "its records can't be read", Fix::None);
        self.report.end = next.unwrap_or(self.report.end);
        self.lose_track();
    }

    fn lose_track(&mut self) {
        self.report.is_damaged = true;
        self.producers.lose_track();
        self.epochs.lose_track();
    }

    fn finish(mut self, findings: &mut Findings) -> Report {
        self.producers.reach(Offset::MAX, findings);
        if self.how.asked.contains(&self.report.end) {
            self.report.boundaries.insert(self.report.end);
        }
        let around = Around {
            start: self.how.log_start.max(self.report.first),
            end: self.report.end,
            gaps_below: self.how.gaps_below,
            newest: self.how.leader_epoch,
            is_ahead: self.is_ahead,
        };
        self.epochs.finish(self.dir, &around, findings);
        self.report
    }
}

/// A segment begins where the one before ended.
fn check_begin(path: &Path, base: Offset, end: Offset, gaps_below: Offset, findings: &mut Findings) {
    if base < end {
        let what = format!("it begins before offset {end}, with which the log before it ends");
        findings.file(Severity::Error, path, what, "records of some offsets are there twice", Fix::None);
    } else if base > end && end >= gaps_below {
        let what = format!("it begins at offset {base}, and the log before it ends at {end}");
        findings.file(Severity::Error, path, what, "a segment, or the end of one, is missing", Fix::Aside);
    }
}

fn check_metadata(dir: &Path, topic_id: Option<Uuid>, findings: &mut Findings) {
    let path = dir.join(PARTITION_METADATA);
    let meaning = "nobody can say for sure whose partition this is";
    let mut wrong = |what: String| {
        let fix = if topic_id.is_some() { Fix::Rebuild } else { Fix::None };
        findings.file(Severity::Warning, &path, what, meaning, fix);
    };
    let text = match disk::read_text(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return wrong("it is missing".to_owned()),
        Err(e) => return wrong(e.to_string()),
    };
    let id = text.strip_prefix("version: 0\ntopic_id: ").and_then(|id| Some((id, id.parse::<Uuid>().ok()?)));
    match (id, topic_id) {
        (None, _) => wrong("it is not written as such a file is".to_owned()),
        (Some((text, id)), _) if text != id.to_string() => wrong(format!("{text} is no id")),
        (Some((_, id)), Some(wanted)) if id != wanted => {
            wrong(format!("topic id {id}, and the metadata says {wanted}"))
        }
        _ => {}
    }
}
