//! `TopicCatalog`: the topics there are, as far as a coordinator that shares them out has to know them.
//!
//! The hash of the topics that a group reads (KIP-1101) is in the group's record, so that a change of them is seen:
//! XXH3 (64 bits) of the topics' own hashes in order of their names, each a little-endian i64. A topic's hash is XXH3 of
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | 0 |
//! | 8 + 8 | the topic's id as two i64 |
//! | 2 each, 4 | its name in UTF-16, and its length |
//! | 4 | the number of partitions |
//! | 4 each | their numbers |
//!
//! all little-endian. (The racks of replicas would follow each number; kt's brokers have none.)

use crate::types::{PartitionId, Uuid};
use std::collections::{BTreeMap, BTreeSet};
use twox_hash::XxHash3_64;

/// A topic that can be shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CatalogTopic {
    pub(crate) id: Uuid,
    pub(crate) partition_count: i32,
}

/// All topics, by name and by id, as of one version of the metadata.
#[derive(Clone, Debug, Default)]
pub(crate) struct TopicCatalog {
    version: i64,
    topics: BTreeMap<String, CatalogTopic>,
    names: BTreeMap<Uuid, String>,
}

impl TopicCatalog {
    /// `version` grows with every change of the topics: the end offset of the metadata log will do.
    pub(crate) fn new(
        version: i64,
        topics: impl IntoIterator<Item = (String, CatalogTopic)>,
    ) -> TopicCatalog {
        let topics: BTreeMap<String, CatalogTopic> = topics.into_iter().collect();
        let names = topics.iter().map(|(name, topic)| (topic.id, name.clone())).collect();
        TopicCatalog { version, topics, names }
    }

    pub(crate) const fn version(&self) -> i64 {
        self.version
    }

    pub(crate) fn get(&self, name: &str) -> Option<CatalogTopic> {
        self.topics.get(name).copied()
    }

    /// The name of a topic that still exists.
    pub(crate) fn name(&self, id: Uuid) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }

    /// Whether there is such a partition.
    pub(crate) fn has(&self, id: Uuid, partition: PartitionId) -> bool {
        let topic = self.name(id).and_then(|name| self.get(name));
        topic.is_some_and(|topic| (0..topic.partition_count).contains(&partition.0))
    }

    /// The hash of those of `names` that exist; 0 where none does.
    pub(crate) fn hash_of<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> i64 {
        let sorted: BTreeSet<&str> = names.into_iter().collect();
        let mut bytes = Vec::new();
        for name in sorted {
            if let Some(topic) = self.get(name) {
                bytes.extend_from_slice(&topic_hash(name, topic).to_le_bytes());
            }
        }
        if bytes.is_empty() { 0 } else { XxHash3_64::oneshot(&bytes).cast_signed() }
    }
}

fn topic_hash(name: &str, topic: CatalogTopic) -> u64 {
    let mut bytes = vec![0];
    for half in topic.id.0.chunks_exact(8) {
        bytes.extend(half.iter().rev());
    }
    let mut units: i32 = 0;
    for unit in name.encode_utf16() {
        bytes.extend_from_slice(&unit.to_le_bytes());
        units = units.saturating_add(1);
    }
    bytes.extend_from_slice(&units.to_le_bytes());
    bytes.extend_from_slice(&topic.partition_count.to_le_bytes());
    for partition in 0..topic.partition_count {
        bytes.extend_from_slice(&partition.to_le_bytes());
    }
    XxHash3_64::oneshot(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(id: &str, partition_count: i32) -> CatalogTopic {
        CatalogTopic { id: id.parse().unwrap(), partition_count }
    }

    #[test]
    fn hashes_are_kafkas() {
        // Seen in records of a Kafka 4.2 broker.
        let catalog = TopicCatalog::new(
            9,
            [
                ("t".to_owned(), topic("QQb10EpnQVOng50zvRuvQQ", 4)),
                ("u".to_owned(), topic("oj9A3ks2RQ6X_0_W_MpEbA", 3)),
            ],
        );
        assert_eq!(catalog.hash_of(["t"]), -8_055_482_585_071_813_028);
        assert_eq!(catalog.hash_of(["u", "t", "no such topic"]), -8_615_645_119_801_666_544);
        assert_eq!(catalog.hash_of(["no such topic"]), 0);
    }

    #[test]
    fn topics_are_found_by_name_and_by_id() {
        let id = "QQb10EpnQVOng50zvRuvQQ".parse().unwrap();
        let catalog = TopicCatalog::new(9, [("t".to_owned(), topic("QQb10EpnQVOng50zvRuvQQ", 4))]);
        assert_eq!((catalog.version(), catalog.name(id)), (9, Some("t")));
        assert!(catalog.has(id, PartitionId(3)) && !catalog.has(id, PartitionId(4)));
        assert!(!catalog.has(id, PartitionId(-1)) && !catalog.has(Uuid::ZERO, PartitionId(0)));
    }
}
