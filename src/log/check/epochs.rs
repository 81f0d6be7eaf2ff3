//! `leader-epoch-checkpoint` against the batches: the epoch of a batch is under no checksum, and neither is the file.

use super::finding::{Finding, Findings, Fix, Severity};
use crate::disk;
use crate::log::LeaderEpochs;
use crate::log::epochs::FILE;
use crate::types::{LeaderEpoch, Offset};
use std::path::{Path, PathBuf};

const MEANING: &str = "followers of this log could cut it at a wrong place";

/// Where an epoch was seen to begin.
struct Begun {
    epoch: LeaderEpoch,
    base: Offset,
    /// Behind the batch before.
    earliest: Offset,
    log: PathBuf,
    position: u64,
}

/// The epochs of the batches that have gone by.
#[derive(Default)]
pub(super) struct Epochs {
    begun: Vec<Begun>,
    has_lost_track: bool,
}

/// What else bears on epochs.
pub(super) struct Around {
    /// Where the log begins, by its files and the broker's checkpoint.
    pub(super) start: Offset,
    pub(super) end: Offset,
    pub(super) gaps_below: Offset,
    /// The leader's by the metadata.
    pub(super) newest: Option<LeaderEpoch>,
    /// Somebody writes: entries may be there for what was not looked at.
    pub(super) is_ahead: bool,
}

impl Epochs {
    pub(super) fn see(
        &mut self,
        epoch: LeaderEpoch,
        base: Offset,
        earliest: Offset,
        log: &Path,
        position: u64,
    ) {
        if epoch == LeaderEpoch::UNKNOWN || self.begun.last().is_some_and(|last| last.epoch == epoch) {
            return;
        }
        self.begun.push(Begun { epoch, base, earliest, log: log.to_owned(), position });
    }

    pub(super) fn lose_track(&mut self) {
        self.has_lost_track = true;
    }

    pub(super) fn finish(self, dir: &Path, around: &Around, findings: &mut Findings) {
        let path = dir.join(FILE);
        let mut wrong = |what: String| findings.file(Severity::Warning, &path, what, MEANING, Fix::Rebuild);
        let entries = match (LeaderEpochs::read(dir), disk::read_text(&path)) {
            (Err(e), _) => return wrong(e.to_string()),
            (_, Err(e)) => return wrong(e.to_string()),
            (Ok(_), Ok(None)) if self.begun.is_empty() => return,
            (Ok(_), Ok(None)) => return wrong("it is missing".to_owned()),
            // Made empty, and nobody has led since.
            (Ok(epochs), Ok(Some(text))) if !text.is_empty() && epochs.text() != text => {
                return wrong("it is not written as such a file is".to_owned());
            }
            (Ok(epochs), Ok(Some(_))) => epochs.entries().to_vec(),
        };
        if let Some(((one, at), (other, _))) =
            entries.iter().zip(entries.iter().skip(1)).find(|((a, from), (b, to))| a >= b || from >= to)
        {
            return wrong(format!("epoch {other} after epoch {one}, which begins at offset {at}"));
        }
        if self.has_lost_track {
            return;
        }
        self.compare(&entries, &path, around, findings);
    }

    fn compare(
        &self,
        entries: &[(LeaderEpoch, Offset)],
        path: &Path,
        around: &Around,
        findings: &mut Findings,
    ) {
        let pairs = self.begun.iter().zip(self.begun.iter().skip(1));
        for (before, after) in pairs.filter(|(before, after)| after.epoch < before.epoch) {
            let what = format!("leader epoch {} after {}", after.epoch, before.epoch);
            findings.add(at(after, what));
        }
        for (index, begun) in self.begun.iter().enumerate() {
            let Some(&(_, start)) = entries.iter().find(|(epoch, _)| *epoch == begun.epoch) else {
                findings
                    .add(at(begun, format!("leader epoch {}, of which {FILE} knows nothing", begun.epoch)));
                continue;
            };
            let earliest = if index == 0 { around.start.min(begun.base) } else { begun.earliest };
            let right = match index {
                // It was moved along when the log's start was.
                0 => start == around.start.max(begun.base) || start == around.start,
                _ => start == begun.base,
            };
            let between =
                start >= earliest && start <= begun.base.max(around.start) && begun.base <= around.gaps_below;
            if !right && !between {
                let what = format!(
                    "epoch {} begins at offset {start}, and its first batch at {}",
                    begun.epoch, begun.base
                );
                findings.file(Severity::Warning, path, what, MEANING, Fix::Rebuild);
            }
        }
        for (index, &(epoch, start)) in entries.iter().enumerate() {
            if self.begun.iter().any(|begun| begun.epoch == epoch) {
                continue;
            }
            let is_last = index + 1 == entries.len();
            let allowed = if is_last {
                (start == around.end || around.is_ahead && start > around.end)
                    && around.newest.is_none_or(|newest| epoch <= newest)
            } else {
                start < around.gaps_below
            };
            if !allowed {
                let what = format!("epoch {epoch} from offset {start} on, where nothing of it is");
                findings.file(Severity::Warning, path, what, MEANING, Fix::Rebuild);
            }
        }
    }
}

fn at(begun: &Begun, what: String) -> Finding {
    Finding {
        severity: Severity::Error,
        file: begun.log.clone(),
        position: Some(begun.position),
        offset: Some(begun.base),
        what,
        meaning: "readers stop here",
        fix: Fix::Restore,
    }
}
