//! The checkpoint files of the broker's directory, as a broker keeps them: up to where each log is flushed, and its
//! high watermark, which kt itself never needs; where logs begin that don't begin with their first segment; and up to
//! where compacted ones were cleaned.

use super::cluster::Cluster;
use super::error::Result;
use crate::disk::{self, Durability, FileLock};
use crate::log::{read_checkpoint, write_checkpoint};
use crate::types::{Offset, TopicPartition};
use std::time::Duration;

const LOG_STARTS: &str = "log-start-offset-checkpoint";
const CLEANED: &str = "cleaner-offset-checkpoint";
const FILES: [&str; 2] = ["recovery-point-offset-checkpoint", "replication-offset-checkpoint"];

/// A file younger than this is left as it is, as a broker's own timer would: an entry that lags is still true.
const INTERVAL: Duration = Duration::from_secs(5);

/// Notes durable ends of partitions. A lagging or missing note costs a broker some recovery and nothing else, so it is
/// neither synced nor, if it fails, an error of whoever wrote the records.
pub(super) fn note(cluster: &Cluster, ends: &[(TopicPartition, Offset)]) {
    if !ends.is_empty() {
        let _ = try_note(cluster, ends);
    }
}

/// Drops every entry of a topic: one of the same name that comes later begins anew.
pub(super) fn forget(cluster: &Cluster, topic: &str) -> Result<()> {
    let _lock = FileLock::acquire(&cluster.coordination()?.checkpoint_lock())?;
    for name in FILES.iter().chain([&LOG_STARTS, &CLEANED]) {
        let path = cluster.broker().checkpoint(name);
        let mut entries = read_checkpoint(&path)?;
        let before = entries.len();
        entries.retain(|partition, _| partition.topic != topic);
        if entries.len() != before {
            write_checkpoint(&path, &entries, Durability::Synced)?;
        }
    }
    Ok(())
}

/// Notes, durably, where a log begins: `None` for one that begins with its first segment.
pub(super) fn set_log_start(
    cluster: &Cluster,
    partition: &TopicPartition,
    start: Option<Offset>,
) -> Result<()> {
    let _lock = FileLock::acquire(&cluster.coordination()?.checkpoint_lock())?;
    let path = cluster.broker().checkpoint(LOG_STARTS);
    let mut entries = read_checkpoint(&path)?;
    let before = match start {
        Some(start) => entries.insert(partition.clone(), start),
        None => entries.remove(partition),
    };
    if before != start {
        write_checkpoint(&path, &entries, Durability::Synced)?;
    }
    Ok(())
}

/// Drops the note of where a log begins if that is not behind `first`, where its first segment does.
pub(super) fn settle_log_start(cluster: &Cluster, partition: &TopicPartition, first: Offset) -> Result<()> {
    let _lock = FileLock::acquire(&cluster.coordination()?.checkpoint_lock())?;
    let path = cluster.broker().checkpoint(LOG_STARTS);
    let mut entries = read_checkpoint(&path)?;
    if entries.get(partition).is_some_and(|&start| start <= first) {
        entries.remove(partition);
        write_checkpoint(&path, &entries, Durability::Synced)?;
    }
    Ok(())
}

/// Up to where a log was cleaned, if it ever was.
pub(super) fn cleaned(cluster: &Cluster, partition: &TopicPartition) -> Result<Option<Offset>> {
    Ok(read_checkpoint(&cluster.broker().checkpoint(CLEANED))?.get(partition).copied())
}

/// Notes, durably, up to where a log was cleaned.
pub(super) fn set_cleaned(cluster: &Cluster, partition: &TopicPartition, end: Offset) -> Result<()> {
    let _lock = FileLock::acquire(&cluster.coordination()?.checkpoint_lock())?;
    let path = cluster.broker().checkpoint(CLEANED);
    let mut entries = read_checkpoint(&path)?;
    if entries.insert(partition.clone(), end) != Some(end) {
        write_checkpoint(&path, &entries, Durability::Synced)?;
    }
    Ok(())
}

fn try_note(cluster: &Cluster, ends: &[(TopicPartition, Offset)]) -> Result<()> {
    let paths = FILES.map(|name| cluster.broker().checkpoint(name));
    if paths.iter().all(|path| disk::age(path).is_some_and(|age| age < INTERVAL)) {
        return Ok(());
    }
    let _lock = FileLock::acquire(&cluster.coordination()?.checkpoint_lock())?;
    for path in &paths {
        let mut entries = read_checkpoint(path)?;
        for (partition, end) in ends {
            entries.entry(partition.clone()).and_modify(|known| *known = (*end).max(*known)).or_insert(*end);
        }
        write_checkpoint(path, &entries, Durability::Atomic)?;
    }
    Ok(())
}
