//! What a log says of its producers and their transactions, batch by batch, against the files that repeat it: `.snapshot` and
//! `.txnindex`; and the producers' own order.

use super::finding::{Finding, Findings, Fix, Severity};
use super::walk::Sound;
use crate::disk::{File, Mode};
use crate::log::names::{FileKind, segment_file};
use crate::log::txn_index::{self, AbortedTransaction};
use crate::log::{ProducerEntry, ProducerStates, Result, control_record};
use crate::record::{ControlRecord, EndTxn};
use crate::types::Offset;
use std::path::{Path, PathBuf};

const SNAPSHOT: &str = "a broker that starts here may forget producers, or take their batches twice";
const INDEX: &str = "readers of committed records may be given aborted ones";

/// The state of a log's producers while it is being walked.
pub(super) struct Producers {
    dir: PathBuf,
    states: ProducerStates,
    /// Whether all of it comes from the log as it is.
    is_known: bool,
    snapshots: Vec<(Offset, ProducerStates)>,
    next: usize,
    gaps_below: Offset,
}

impl Producers {
    /// The state at `start`, where the log begins, by the snapshots that are sound; the others are findings.
    pub(super) fn load(
        dir: &Path,
        start: Offset,
        gaps_below: Offset,
        findings: &mut Findings,
    ) -> Result<Producers> {
        let mut snapshots = Vec::new();
        for at in crate::log::names::with_kind(dir, FileKind::ProducerSnapshot)? {
            let path = segment_file(dir, at, FileKind::ProducerSnapshot);
            let bytes = match File::open(&path, Mode::Read).and_then(|file| file.read_all()) {
                Ok(bytes) => bytes,
                Err(e) if e.is_not_found() => continue,
                Err(e) => {
                    findings.file(Severity::Warning, &path, e, SNAPSHOT, Fix::None);
                    continue;
                }
            };
            match ProducerStates::decode(&bytes) {
                Some(states) if states.encode().len() == bytes.len() => snapshots.push((at, states)),
                _ => findings.file(
                    Severity::Warning,
                    &path,
                    "its bytes are not a snapshot that agrees with its checksum",
                    SNAPSHOT,
                    Fix::Rebuild,
                ),
            }
        }
        let next = snapshots.iter().take_while(|(at, _)| *at <= start).count();
        let at_start =
            next.checked_sub(1).and_then(|index| snapshots.get(index)).filter(|(at, _)| *at == start);
        let states = at_start.map_or_else(ProducerStates::default, |(_, states)| states.clone());
        let is_known = start == Offset::ZERO || at_start.is_some();
        Ok(Producers { dir: dir.to_owned(), states, is_known, snapshots, next, gaps_below })
    }

    /// Something could not be read, and nobody knows of which producer it was.
    pub(super) fn lose_track(&mut self) {
        self.is_known = false;
    }

    /// The state at an offset that the walk has come to.
    pub(super) fn reach(&mut self, offset: Offset, findings: &mut Findings) {
        while let Some((at, snapshot)) = self.snapshots.get(self.next).filter(|(at, _)| *at <= offset) {
            if self.is_known && *at >= self.gaps_below {
                let differing = snapshot.iter().find(|(id, entry)| {
                    let own = self.states.iter().find(|(known, _)| known == id);
                    own.is_none_or(|(_, own)| !is_same(own, entry))
                });
                if let Some((id, _)) = differing {
                    let path = segment_file(&self.dir, *at, FileKind::ProducerSnapshot);
                    let what = format!("producer {id} is not as the log has it at offset {at}");
                    findings.file(Severity::Warning, &path, what, SNAPSHOT, Fix::Rebuild);
                }
            }
            self.next += 1;
        }
    }

    /// Takes a batch into account. Answers the aborted transaction that it ends.
    pub(super) fn see(
        &mut self,
        batch: &Sound<'_>,
        log: &Path,
        findings: &mut Findings,
    ) -> Result<Option<AbortedTransaction>> {
        let header = &batch.header;
        if header.record_count() == 0 && header.producer_id() < 0 {
            // It stands for batches that were lost, and nobody knows whose.
            self.lose_track();
        }
        if header.is_legacy() || header.producer_id() < 0 {
            return Ok(None);
        }
        let mut aborted = None;
        if header.is_control() {
            if let Ok(Some(ControlRecord::EndTxn { outcome: EndTxn::Abort, .. })) =
                control_record(batch.bytes)
            {
                let id = header.producer_id();
                aborted = self.states.open_transaction(id).map(|first_offset| AbortedTransaction {
                    producer_id: id,
                    first_offset,
                    last_offset: batch.last,
                    last_stable_offset: self.states.stable_without(id, batch.last.next()),
                });
            }
        } else if self.is_known && batch.base >= self.gaps_below {
            let order = match self.states.check(header) {
                Ok(None) => None,
                Ok(Some(before)) => Some(format!("the same batch as the one that ends at offset {before}")),
                Err(e) => Some(e.to_string()),
            };
            if let Some(what) = order {
                findings.add(Finding {
                    severity: Severity::Warning,
                    file: log.to_owned(),
                    position: Some(batch.position),
                    offset: Some(batch.base),
                    what,
                    meaning: "a producer's batches are not as it sent them",
                    fix: Fix::None,
                });
            }
        }
        self.states.observe(header, batch.bytes)?;
        Ok(aborted)
    }

    /// Holds a segment's transaction index against what was seen in it.
    pub(super) fn compare_index(
        &self,
        path: &Path,
        found: &[AbortedTransaction],
        base: Offset,
        end: Offset,
        findings: &mut Findings,
    ) {
        let mut wrong = |what: String| findings.file(Severity::Error, path, what, INDEX, Fix::Rebuild);
        let bytes = match File::open(path, Mode::Read).and_then(|file| file.read_all()) {
            Ok(bytes) => bytes,
            Err(e) if e.is_not_found() && found.is_empty() => return,
            Err(e) => {
                return wrong(if e.is_not_found() { "it is missing".to_owned() } else { e.to_string() });
            }
        };
        let Some(entries) = txn_index::decode_all(&bytes) else {
            return wrong("its bytes are not whole entries of version 0".to_owned());
        };
        if base < self.gaps_below || !self.is_known {
            // Markers and data may be gone that entries are left of.
            let sane = |entry: &AbortedTransaction| {
                entry.first_offset <= entry.last_offset
                    && entry.last_offset >= base
                    && entry.last_stable_offset > base
            };
            if let Some(entry) = entries.iter().find(|entry| !sane(entry)) {
                wrong(format!("the entry of the marker at offset {} can't be", entry.last_offset));
            }
            let is_in =
                |seen: &AbortedTransaction| entries.iter().any(|entry| entry.last_offset == seen.last_offset);
            if let Some(seen) = found.iter().find(|seen| !is_in(seen)) {
                wrong(format!("no entry of the marker at offset {}", seen.last_offset));
            }
            return;
        }
        // An entry is written before its marker: a crash may have left one without.
        let entries: Vec<_> = entries.into_iter().filter(|entry| entry.last_offset < end).collect();
        if entries != found {
            let differing = found.iter().zip(&entries).find(|(seen, entry)| seen != entry);
            let marker = differing.map_or(end, |(seen, _)| seen.last_offset);
            wrong(format!(
                "{} entries that are not those of the {} markers before offset {end}; they differ from the one at {marker}",
                entries.len(),
                found.len()
            ));
        }
    }
}

/// Whether two entries of a producer say the same; the newest batch counts, as a snapshot has no more.
fn is_same(one: &ProducerEntry, other: &ProducerEntry) -> bool {
    let newest = |entry: &ProducerEntry| entry.batches.back().copied();
    one.epoch == other.epoch
        && newest(one) == newest(other)
        && one.coordinator_epoch == other.coordinator_epoch
        && one.transaction_start == other.transaction_start
}
