//! The names of a log's files: a 20-digit base offset and what the file is.

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

/// The path of a segment's file.
pub(crate) fn segment_file(dir: &Path, base: Offset, kind: FileKind) -> PathBuf {
    dir.join(format!("{:020}{}", base.get(), kind.suffix()))
}

/// The base offsets of the live segments in `dir`, ascending. Only names that match exactly are live: what ends in
/// `.deleted`, `.cleaned` or `.swap` is not.
pub(crate) fn segments(dir: &Path) -> Result<Vec<Offset>> {
    with_kind(dir, FileKind::Log)
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
}
