//! What nothing belongs to any more: directories of deleted partitions, those of topics that the metadata doesn't know, and
//! files that were about to replace others when their writer died. Source of the names: Kafka's `LogManager`.

use super::report::Deed;
use crate::client::Result;
use crate::disk;
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::paths;
use crate::local::site::partition_name;
use crate::log;
use crate::types::{PartitionId, TopicName, Uuid};
use std::path::Path;
use std::time::Duration;

/// Nobody takes so long to replace a small file.
const SURELY_DEAD: Duration = Duration::from_secs(60 * 60);
const METADATA: &str = "__cluster_metadata";

/// Removes them, and adds what it did to `deeds`.
pub(super) fn remove(cluster: &Cluster, dry_run: bool, deeds: &mut Vec<Deed>) -> Result<()> {
    let broker = &cluster.broker().dir;
    let mut entries = disk::list(broker).map_err(Error::from)?;
    entries.sort();
    for entry in entries {
        let path = broker.join(&entry.name);
        if entry.is_dir && is_deleted(&entry.name) {
            if !dry_run {
                disk::remove_tree(&path).map_err(Error::from)?;
            }
            deeds.push(Deed::Removed { name: entry.name });
        } else if !entry.is_dir {
            deeds.extend(remove_temporary(&path, &entry.name, dry_run)?);
        } else if let Some((topic, partition)) =
            partition_name(&entry.name).filter(|(name, _)| *name != METADATA)
        {
            deeds.extend(set_aside(cluster, topic, PartitionId(partition), dry_run)?);
            for inner in disk::list(&path).unwrap_or_default().iter().filter(|inner| !inner.is_dir) {
                deeds.extend(remove_temporary(&path.join(&inner.name), &inner.name, dry_run)?);
            }
        }
    }
    Ok(())
}

/// `TOPIC-PARTITION.<32 hex>-delete`
fn is_deleted(name: &str) -> bool {
    let unique = name.strip_suffix("-delete").and_then(|name| name.rsplit_once('.'));
    unique.is_some_and(|(_, hex)| hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `NAME.<process>-<number>.tmp`: see `disk::replace`.
fn is_temporary(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let stem = name.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.'));
    stem.and_then(|(_, writer)| writer.split_once('-'))
        .is_some_and(|(process, count)| number(process) && number(count))
}

fn remove_temporary(path: &Path, name: &str, dry_run: bool) -> Result<Option<Deed>> {
    if !is_temporary(name) || disk::age(path).is_none_or(|age| age < SURELY_DEAD) {
        return Ok(None);
    }
    if !dry_run {
        disk::remove_file(path).map_err(Error::from)?;
    }
    Ok(Some(Deed::Removed { name: name.to_owned() }))
}

/// Takes the directory of a partition out of the way if the metadata has no topic of its id; one without an id is left
/// alone. Whether it has is looked up under the lock of those who make partitions.
fn set_aside(cluster: &Cluster, topic: &str, partition: PartitionId, dry_run: bool) -> Result<Option<Deed>> {
    let Ok(topic) = TopicName::new(topic) else { return Ok(None) };
    let dir = paths::partition_dir(&cluster.broker().dir, &topic, partition);
    let Some(id) = log::read_partition_metadata(&dir).map_err(Error::from)? else { return Ok(None) };
    let is_known =
        |known: Uuid| cluster.with_image(|image| image.topics().iter().any(|topic| topic.id() == known));
    // A directory whose metadata tells of no topic at all may have lost it.
    if is_known(id)? || cluster.with_image(|image| image.topics().iter().next().is_none())? {
        return Ok(None);
    }
    let aside = paths::stray_dir(&cluster.broker().dir, &topic, partition, Uuid::random());
    if !dry_run {
        cluster.set_partition_aside(&topic, id, partition, &aside)?;
    }
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Deed::SetAside { name: name(&dir), now: name(&aside) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_kt_and_kafka_give_to_leftovers_are_taken_for_some() {
        assert!(is_deleted("t-0.0123456789abcdef0123456789abcdef-delete"));
        for other in ["t-0", "t-delete", "a.b-delete", "t-0.0123456789abcdef0123456789abcdeg-delete"] {
            assert!(!is_deleted(other), "{other}");
        }
        assert!(is_temporary("leader-epoch-checkpoint.4711-3.tmp"));
        for other in ["x.tmp", "cleaner-offset-checkpoint.tmp", "a.1-.tmp", "a.1-2", "t.1-2.tmp.x"] {
            assert!(!is_temporary(other), "{other}");
        }
    }
}
