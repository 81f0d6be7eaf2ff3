//! The Admin call about log directories: what a broker's directory holds of each partition, and how much.

use super::cluster::Cluster;
use super::error::{Error, Result};
use super::paths;
use crate::client::{LogDirDescription, ReplicaInfo};
use crate::disk;
use crate::log::{self, FileKind};
use crate::types::{TopicName, TopicPartition};
use std::path::Path;

/// The directories of every broker that is there; a partition that has not been written to is empty.
pub(super) fn describe(cluster: &Cluster) -> Result<Vec<LogDirDescription>> {
    let broker = cluster.broker();
    let here = cluster.with_image(|image| {
        let of_topic = |topic: &crate::metadata::Topic| {
            let name = topic.name().to_owned();
            let ours = topic.partitions().filter(|(_, state)| state.replicas.contains(&broker.id));
            ours.map(|(partition, _)| TopicPartition { topic: name.clone(), partition }).collect::<Vec<_>>()
        };
        image.topics().sorted().into_iter().flat_map(of_topic).collect::<Vec<_>>()
    })?;
    let mut replicas = Vec::with_capacity(here.len());
    for partition in here {
        let Ok(topic) = TopicName::new(&partition.topic) else { continue };
        let size_bytes = size(&paths::partition_dir(&broker.dir, &topic, partition.partition))?;
        replicas.push(ReplicaInfo { partition, size_bytes, offset_lag: 0, is_future: false });
    }
    let path = std::path::absolute(&broker.dir).unwrap_or_else(|_| broker.dir.clone());
    let space_bytes = disk::space(&broker.dir).map(|space| (space.total_bytes, space.usable_bytes));
    Ok(vec![LogDirDescription { broker: broker.id, path, space_bytes, replicas }])
}

/// The bytes of a partition's records, in all segments.
fn size(dir: &Path) -> Result<u64> {
    let segments = match log::segments(dir) {
        Ok(segments) => segments,
        Err(log::Error::Disk(error)) if error.is_not_found() => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = 0;
    for base in segments {
        match disk::File::open(&log::segment_file(dir, base, FileKind::Log), disk::Mode::Read) {
            Ok(file) => bytes += file.len()?,
            // Retention was quicker.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(Error::from(error)),
        }
    }
    Ok(bytes)
}
