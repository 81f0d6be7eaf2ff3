//! The names of a log's files: a 20-digit base offset and what the file is, and behind that what is to become of it.
//!
//! While a log is cleaned its files change under those who list them. What is listed here was there at some moment, and what
//! was there all the time is listed.

use super::Result;
use crate::disk::{self, Durability, File, Mode};
use crate::types::{Offset, Uuid};
use std::path::{Path, PathBuf};

/// The files of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Log,
    OffsetIndex,
    TimeIndex,
    TransactionIndex,
    ProducerSnapshot,
}

impl FileKind {
    /// The files of a segment without the state of the producers, the .log first.
    pub(super) const OF_SEGMENT: [FileKind; 4] =
        [FileKind::Log, FileKind::OffsetIndex, FileKind::TimeIndex, FileKind::TransactionIndex];

    const ALL: [FileKind; 5] = [
        FileKind::Log,
        FileKind::OffsetIndex,
        FileKind::TimeIndex,
        FileKind::TransactionIndex,
        FileKind::ProducerSnapshot,
    ];

    const fn suffix(self) -> &'static str {
        match self {
            FileKind::Log => ".log",
            FileKind::OffsetIndex => ".index",
            FileKind::TimeIndex => ".timeindex",
            FileKind::TransactionIndex => ".txnindex",
            FileKind::ProducerSnapshot => ".snapshot",
        }
    }
}

/// What a file is that is no part of the log, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Being written by a cleaner.
    Cleaned,
    /// Complete, and about to take the place of what was cleaned.
    Swap,
    /// About to be removed.
    Deleted,
}

impl Stage {
    const ALL: [Stage; 3] = [Stage::Cleaned, Stage::Swap, Stage::Deleted];

    const fn suffix(self) -> &'static str {
        match self {
            Stage::Cleaned => ".cleaned",
            Stage::Swap => ".swap",
            Stage::Deleted => ".deleted",
        }
    }
}

/// The path of a segment's file at a stage.
pub(super) fn staged_file(dir: &Path, base: Offset, kind: FileKind, stage: Stage) -> PathBuf {
    dir.join(format!("{:020}{}{}", base.get(), kind.suffix(), stage.suffix()))
}

/// A file of a log, live if it has no stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentFile {
    pub(super) base: Offset,
    pub(super) kind: FileKind,
    pub(super) stage: Option<Stage>,
}

impl SegmentFile {
    fn parse(name: &str) -> Option<SegmentFile> {
        let staged = |stage: &Stage| Some((name.strip_suffix(stage.suffix())?, *stage));
        let (name, stage) = match Stage::ALL.iter().find_map(staged) {
            Some((name, stage)) => (name, Some(stage)),
            None => (name, None),
        };
        FileKind::ALL.iter().find_map(|&kind| Some(SegmentFile { base: parse(name, kind)?, kind, stage }))
    }

    pub(super) fn path(&self, dir: &Path) -> PathBuf {
        match self.stage {
            Some(stage) => staged_file(dir, self.base, self.kind, stage),
            None => segment_file(dir, self.base, self.kind),
        }
    }
}

/// The files of all segments, at every stage, in no order.
pub(super) fn segment_files(dir: &Path) -> Result<Vec<SegmentFile>> {
    Ok(disk::list(dir)?.iter().filter_map(|entry| SegmentFile::parse(&entry.name)).collect())
}

/// The path of a segment's file.
pub(crate) fn segment_file(dir: &Path, base: Offset, kind: FileKind) -> PathBuf {
    dir.join(format!("{:020}{}", base.get(), kind.suffix()))
}

/// The base offsets of the live segments in `dir`, ascending. Only names that match exactly are live: what ends in
/// `.deleted`, `.cleaned` or `.swap` is not.
pub(crate) fn segments(dir: &Path) -> Result<Vec<Offset>> {
    with_kind(dir, FileKind::Log)
}

/// As [`segments`], where a segment that is there must not be missed: a listing may pass over a name that is given to
/// another file meanwhile.
pub(super) fn settled_segments(dir: &Path) -> Result<Vec<Offset>> {
    let mut bases = segments(dir)?;
    loop {
        let again = segments(dir)?;
        if again == bases {
            return Ok(bases);
        }
        bases = again;
    }
}

/// The offsets in the names of all files of one kind, ascending.
pub(crate) fn with_kind(dir: &Path, kind: FileKind) -> Result<Vec<Offset>> {
    let entries = disk::list(dir)?;
    let mut bases: Vec<Offset> = entries.iter().filter_map(|entry| parse(&entry.name, kind)).collect();
    bases.sort_unstable();
    Ok(bases)
}

/// Whether nothing was ever written to the log in `dir`.
pub(crate) fn is_empty(dir: &Path) -> Result<bool> {
    match segments(dir)?.as_slice() {
        [] => Ok(true),
        [only] => Ok(File::open(&segment_file(dir, *only, FileKind::Log), Mode::Read)?.len()? == 0),
        _ => Ok(false),
    }
}

fn parse(name: &str, kind: FileKind) -> Option<Offset> {
    let digits = name.strip_suffix(kind.suffix())?;
    let legal = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
    legal.then(|| digits.parse().ok().map(Offset::new)).flatten()
}

/// The file that tells whose partition a directory holds.
pub(super) const PARTITION_METADATA: &str = "partition.metadata";

/// The small files of a partition's directory that are not a segment's.
pub(crate) fn companions(dir: &Path) -> [PathBuf; 2] {
    [dir.join(PARTITION_METADATA), dir.join(super::epochs::FILE)]
}

/// Writes `partition.metadata`, without a newline at its end, as Kafka does. Not synced: see [`companions`].
pub(crate) fn write_partition_metadata(dir: &Path, topic_id: Uuid) -> Result<()> {
    let text = format!("version: 0\ntopic_id: {topic_id}");
    Ok(disk::replace_with(&dir.join(PARTITION_METADATA), text.as_bytes(), Durability::Atomic)?)
}

/// The id of the topic whose partition lies in `dir`, if the directory says.
pub(crate) fn read_partition_metadata(dir: &Path) -> Result<Option<Uuid>> {
    let text = disk::read_text(&dir.join(PARTITION_METADATA))?.unwrap_or_default();
    Ok(text.lines().find_map(|line| line.strip_prefix("topic_id: ")?.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_segments() {
        assert_eq!(parse("00000000000000000042.log", FileKind::Log), Some(Offset::new(42)));
        for name in [
            "42.log",
            "00000000000000000042.log.deleted",
            "0000000000000000004x.log",
            "99999999999999999999.log",
        ] {
            assert_eq!(parse(name, FileKind::Log), None, "{name}");
        }
    }

    #[test]
    fn every_file_has_its_name_at_every_stage() {
        let dir = Path::new("d");
        let stages = Stage::ALL.map(Some).into_iter().chain([None]);
        for (kind, stage) in stages.flat_map(|stage| FileKind::ALL.map(|kind| (kind, stage))) {
            let file = SegmentFile { base: Offset::new(42), kind, stage };
            let name = file.path(dir).file_name().unwrap().to_str().unwrap().to_owned();
            assert_eq!(SegmentFile::parse(&name), Some(file), "{name}");
        }
        for name in ["x.log", "00000000000000000042.log.swap.tmp", "leader-epoch-checkpoint"] {
            assert_eq!(SegmentFile::parse(name), None, "{name}");
        }
    }
}
