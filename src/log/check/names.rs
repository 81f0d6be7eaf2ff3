//! The names in a partition's directory: what belongs there, what is left of a deletion or a cleaning, and what is stray.

use super::finding::{Findings, Fix, Severity};
use crate::disk::Entry;
use crate::types::Offset;
use std::path::Path;

/// The files of a segment that are nothing without its log.
const OF_A_LOG: [&str; 3] = ["index", "timeindex", "txnindex"];
/// Endings of names that are on their way in or out.
const PASSING: [&str; 4] = [".deleted", ".cleaned", ".swap", ".tmp"];
const SMALL: [&str; 3] = ["partition.metadata", "leader-epoch-checkpoint", "quorum-state"];

/// Holds the names of a directory against the segments that it has.
pub(super) fn check(dir: &Path, entries: &[Entry], bases: &[Offset], findings: &mut Findings) {
    let mut names: Vec<&Entry> = entries.iter().collect();
    names.sort();
    for entry in names {
        let path = dir.join(&entry.name);
        match kind(&entry.name) {
            _ if entry.is_dir => findings.file(
                Severity::Warning,
                &path,
                "a directory, where none belongs",
                "it is no part of the log",
                Fix::AsideWhole,
            ),
            Kind::Known => {}
            Kind::OfLog(base) if bases.contains(&base) => {}
            Kind::OfLog(_) => findings.file(
                Severity::Warning,
                &path,
                "no log of that name is there",
                "a segment may be missing; the file is of no use without it",
                Fix::AsideWhole,
            ),
            Kind::Stray => findings.file(
                Severity::Warning,
                &path,
                "a file of a name that no log has",
                "it is no part of the log",
                Fix::AsideWhole,
            ),
        }
    }
}

enum Kind {
    Known,
    /// Of the segment that begins there.
    OfLog(Offset),
    Stray,
}

fn kind(name: &str) -> Kind {
    if SMALL.contains(&name) || PASSING.iter().any(|ending| name.ends_with(ending)) {
        return Kind::Known;
    }
    let Some((stem, extension)) = name.split_once('.') else { return Kind::Stray };
    let is_number =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if extension == "checkpoint" {
        let legal =
            stem.split_once('-').is_some_and(|(offset, epoch)| is_number(offset, 20) && is_number(epoch, 10));
        return if legal { Kind::Known } else { Kind::Stray };
    }
    let base = stem.parse().ok().filter(|_| is_number(stem, 20)).map(Offset::new);
    match (base, extension) {
        (Some(_), "log" | "snapshot") => Kind::Known,
        (Some(base), extension) if OF_A_LOG.contains(&extension) => Kind::OfLog(base),
        _ => Kind::Stray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_place_is_stray() {
        let known = |name: &str| !matches!(kind(name), Kind::Stray);
        for name in [
            "00000000000000000042.log",
            "00000000000000000042.index",
            "00000000000000000042.log.deleted",
            "00000000000000000042.index.swap",
            "00000000000000000042-0000000003.checkpoint",
            "partition.metadata",
            "leader-epoch-checkpoint.tmp",
        ] {
            assert!(known(name), "{name}");
        }
        for name in ["notes.txt", "42.log", "0000000000000000004x.log", "x.checkpoint", "core"] {
            assert!(!known(name), "{name}");
        }
    }
}
