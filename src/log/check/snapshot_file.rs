//! A file in the form of a metadata snapshot (`.checkpoint`): batches with offsets from 0, all of one leader epoch, between a
//! header and a footer.

use super::finding::{Findings, Fix, Severity};
use super::partition::Depth;
use super::walk::Walk;
use crate::disk::{File, Mode};
use crate::log::{BatchHeader, control_record};
use crate::record::ControlRecord;
use crate::types::{LeaderEpoch, Offset};
use std::path::Path;

/// Checks the file at `path`; every sound batch of records is handed to `visit`.
pub(crate) fn check_snapshot_file(
    path: &Path,
    epoch: LeaderEpoch,
    meaning: &'static str,
    findings: &mut Findings,
    mut visit: impl FnMut(&BatchHeader, &[u8], u64, &mut Findings),
) {
    let log = match File::open(path, Mode::Read) {
        Ok(log) => log,
        Err(e) if e.is_not_found() => return,
        Err(e) => return findings.file(Severity::Error, path, e, meaning, Fix::None),
    };
    let Ok(end) = log.len() else { return };
    let mut walk = Walk {
        log: &log,
        end,
        expected: Offset::ZERO,
        first: Offset::ZERO,
        gaps_below: Offset::ZERO,
        limit: Offset::MAX,
        is_active: false,
        depth: Depth::Full,
        mends: None,
    };
    let mut kinds = Vec::new();
    let walked = walk.run(findings, |batch, findings| {
        let is_control = batch.header.is_control();
        let control = if is_control { control_record(batch.bytes)? } else { None };
        kinds.push(match control {
            Some(ControlRecord::SnapshotHeader { .. }) => 'h',
            Some(ControlRecord::SnapshotFooter { .. }) => 'f',
            _ => 'r',
        });
        if batch.header.leader_epoch() != epoch {
            let what = format!("leader epoch {} where {epoch} was expected", batch.header.leader_epoch());
            findings.at(Severity::Warning, path, batch.position, what, meaning, Fix::None);
        }
        if !is_control {
            visit(&batch.header, batch.bytes, batch.position, findings);
        }
        Ok(())
    });
    if let Err(e) = walked {
        findings.file(Severity::Error, path, e, meaning, Fix::None);
    }
    if kinds.first() != Some(&'h') || kinds.last() != Some(&'f') {
        findings.file(Severity::Error, path, "it doesn't go from a header to a footer", meaning, Fix::None);
    }
}
