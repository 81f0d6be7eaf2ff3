//! Topics made out from the directories of their partitions, where the metadata is not here or is damaged: names and numbers
//! are the directories' own, ids are in `partition.metadata`. Settings can't be told from there.

use super::replicas::Replicas;
use super::site::partition_name;
use crate::disk;
use crate::log::{self, Notes};
use crate::metadata::{Image, PartitionRecord, PartitionState, Record, TopicRecord};
use crate::types::{BrokerId, LeaderEpoch, PartitionId, Uuid};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The log that no topic is made of.
const METADATA: &str = "__cluster_metadata";

#[derive(Debug, Default)]
struct Found {
    id: Option<Uuid>,
    /// By number: who has it, in order.
    partitions: BTreeMap<i32, Vec<(BrokerId, PathBuf)>>,
}

/// The records of the topics that have directories and are not in `image`.
pub(super) fn topics(replicas: &Replicas, image: &Image, notes: &Notes) -> Vec<Record> {
    let mut records = Vec::new();
    for (name, found) in find(replicas, notes) {
        let id = found.id.unwrap_or_else(|| made_up_id(&name));
        if image.topics().get(&name).is_some() || image.topics().iter().any(|topic| topic.id() == id) {
            continue;
        }
        notes.add(format!(
            "the metadata knows no topic {name}: it is made out from its partitions' directories, its settings are not known"
        ));
        records.push(Record::Topic(TopicRecord { name: name.as_str().into(), id }));
        for (number, at) in found.partitions {
            let brokers: Vec<BrokerId> = at.iter().map(|(broker, _)| *broker).collect();
            let directories = vec![Uuid::ZERO; brokers.len()];
            let epochs = at.iter().filter_map(|(_, dir)| log::LeaderEpochs::read(dir).ok()?.last());
            let mut state = PartitionState::new(
                brokers.as_slice().into(),
                brokers.as_slice().into(),
                directories.as_slice().into(),
            );
            // Of several, nobody can say who led.
            state.leader = state.leader.filter(|_| brokers.len() == 1);
            state.leader_epoch = epochs.max().unwrap_or(LeaderEpoch(0));
            records.push(Record::Partition(PartitionRecord {
                partition: PartitionId(number),
                topic_id: id,
                state,
            }));
        }
    }
    records
}

fn find(replicas: &Replicas, notes: &Notes) -> BTreeMap<String, Found> {
    let mut topics: BTreeMap<String, Found> = BTreeMap::new();
    for broker in replicas.all() {
        let entries = match disk::list(&broker.dir) {
            Ok(entries) => entries,
            Err(e) => {
                notes.add(e);
                continue;
            }
        };
        for entry in entries.iter().filter(|entry| entry.is_dir) {
            let Some((topic, number)) = partition_name(&entry.name).filter(|(topic, _)| *topic != METADATA)
            else {
                continue;
            };
            let dir = broker.dir.join(&entry.name);
            let found = topics.entry(topic.to_owned()).or_default();
            match log::read_partition_metadata(&dir) {
                Ok(Some(id)) if found.id.is_some_and(|known| known != id) => {
                    notes.add(format!("{}: of another topic of the same name, {id}", dir.display()));
                    continue;
                }
                Ok(Some(id)) => found.id = Some(id),
                Ok(None) => {
                    notes.add(format!("{}: no usable partition.metadata says whose it is", dir.display()));
                }
                Err(e) => notes.add(e),
            }
            let at = found.partitions.entry(number).or_default();
            if !at.iter().any(|(known, _)| *known == broker.id) {
                at.push((broker.id, dir));
            }
        }
    }
    topics
}

/// An id for a topic whose own is lost: always the same for a name.
fn made_up_id(name: &str) -> Uuid {
    let hash = name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    Uuid(hash.to_be_bytes())
}
