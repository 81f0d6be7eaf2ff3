//! The checkpoint files of a log directory: version, count, then `TOPIC PARTITION OFFSET` a line.

use super::{Error, Result};
use crate::disk;
use crate::types::{Offset, PartitionId, TopicPartition};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// What a checkpoint file says of each partition.
pub(crate) type OffsetCheckpoint = BTreeMap<TopicPartition, Offset>;

/// Reads a checkpoint file; one that is missing or of zero length has no entries.
pub(crate) fn read_checkpoint(path: &Path) -> Result<OffsetCheckpoint> {
    let text = disk::read_text(path)?.unwrap_or_default();
    parse(&text).map_err(|what| Error::Malformed { file: path.to_owned(), what })
}

fn parse(text: &str) -> std::result::Result<OffsetCheckpoint, String> {
    let mut lines = text.lines();
    let Some(version) = lines.next() else { return Ok(OffsetCheckpoint::new()) };
    if version != "0" {
        return Err(format!("version {version:?} instead of 0"));
    }
    let count: usize = lines.next().and_then(|l| l.parse().ok()).ok_or("no number of entries")?;
    let mut entries = OffsetCheckpoint::new();
    for line in lines.by_ref() {
        let mut words = line.split(' ');
        let entry = (|| {
            let topic = words.next()?.to_owned();
            let partition = PartitionId(words.next()?.parse().ok()?);
            let offset = Offset::new(words.next()?.parse().ok()?);
            Some((TopicPartition { topic, partition }, offset))
        })();
        let (partition, offset) = entry.ok_or_else(|| format!("the line {line:?}"))?;
        entries.insert(partition, offset);
    }
    if entries.len() != count {
        return Err(format!("{} entries instead of {count}", entries.len()));
    }
    Ok(entries)
}

/// Replaces a checkpoint file.
pub(crate) fn write_checkpoint(
    path: &Path,
    entries: &OffsetCheckpoint,
    durability: disk::Durability,
) -> Result<()> {
    let mut text = format!("0\n{}\n", entries.len());
    for (TopicPartition { topic, partition }, offset) in entries {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{topic} {partition} {offset}");
    }
    Ok(disk::replace_with(path, text.as_bytes(), durability)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_survives_its_text_and_damage_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("checkpoint");
        assert!(read_checkpoint(&path).unwrap().is_empty());
        let at = |topic: &str, p, o| {
            (TopicPartition { topic: topic.into(), partition: PartitionId(p) }, Offset::new(o))
        };
        let entries = OffsetCheckpoint::from([at("a-b", 0, 7), at("a-b", 1, 0)]);
        write_checkpoint(&path, &entries, disk::Durability::Atomic).unwrap();
        assert_eq!(read_checkpoint(&path).unwrap(), entries);
        for bad in ["1\n0\n", "0\n", "0\n2\na 0 7\n", "0\n1\na 0\n", "0\n1\na 0 x\n"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert!(parse("").unwrap().is_empty());
    }
}
