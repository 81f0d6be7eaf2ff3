//! `PartitionSet`: partitions by the ids of their topics, as the records of the new protocols name them.

use super::super::records::TopicIdPartitions;
use crate::types::{PartitionId, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// A set of partitions; no topic in it is without partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartitionSet {
    by_topic: BTreeMap<Uuid, BTreeSet<PartitionId>>,
}

impl PartitionSet {
    pub(crate) const NONE: PartitionSet = PartitionSet { by_topic: BTreeMap::new() };

    /// What a record lists.
    pub(crate) fn from_record(list: &[TopicIdPartitions]) -> PartitionSet {
        list.iter()
            .flat_map(|one| one.partitions.iter().map(|&partition| (one.topic_id, partition)))
            .collect()
    }

    /// The set as a record lists it, by topic id and number.
    pub(crate) fn to_record(&self) -> Vec<TopicIdPartitions> {
        let one = |(&topic_id, partitions): (&Uuid, &BTreeSet<PartitionId>)| TopicIdPartitions {
            topic_id,
            partitions: partitions.iter().copied().collect(),
        };
        self.by_topic.iter().map(one).collect()
    }

    pub(crate) fn insert(&mut self, topic: Uuid, partition: PartitionId) {
        self.by_topic.entry(topic).or_default().insert(partition);
    }

    pub(crate) fn contains(&self, topic: Uuid, partition: PartitionId) -> bool {
        self.by_topic.get(&topic).is_some_and(|partitions| partitions.contains(&partition))
    }

    /// By topic id, then number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Uuid, PartitionId)> + '_ {
        self.by_topic.iter().flat_map(|(&topic, numbers)| numbers.iter().map(move |&number| (topic, number)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_topic.is_empty()
    }

    /// Those that `keep` says yes to.
    pub(crate) fn filtered(&self, keep: impl Fn(Uuid, PartitionId) -> bool) -> PartitionSet {
        self.iter().filter(|&(topic, partition)| keep(topic, partition)).collect()
    }

    /// Those that are in both.
    pub(crate) fn and(&self, other: &PartitionSet) -> PartitionSet {
        self.filtered(|topic, partition| other.contains(topic, partition))
    }

    /// Those that are not in `other`.
    pub(crate) fn without(&self, other: &PartitionSet) -> PartitionSet {
        self.filtered(|topic, partition| !other.contains(topic, partition))
    }

    pub(crate) fn is_subset_of(&self, other: &PartitionSet) -> bool {
        self.iter().all(|(topic, partition)| other.contains(topic, partition))
    }
}

impl FromIterator<(Uuid, PartitionId)> for PartitionSet {
    fn from_iter<I: IntoIterator<Item = (Uuid, PartitionId)>>(partitions: I) -> PartitionSet {
        let mut set = PartitionSet::default();
        set.extend(partitions);
        set
    }
}

impl Extend<(Uuid, PartitionId)> for PartitionSet {
    fn extend<I: IntoIterator<Item = (Uuid, PartitionId)>>(&mut self, partitions: I) {
        for (topic, partition) in partitions {
            self.insert(topic, partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(list: &[(u8, i32)]) -> PartitionSet {
        list.iter().map(|&(topic, partition)| (Uuid([topic; 16]), PartitionId(partition))).collect()
    }

    #[test]
    fn sets_meet_differ_and_go_through_records() {
        let (a, b) = (set(&[(1, 0), (1, 1), (2, 0)]), set(&[(1, 1), (3, 0)]));
        assert_eq!(a.and(&b), set(&[(1, 1)]));
        assert_eq!(a.without(&b), set(&[(1, 0), (2, 0)]));
        assert!(a.and(&b).is_subset_of(&a) && !b.is_subset_of(&a));
        assert!(a.without(&a).is_empty());
        assert_eq!(PartitionSet::from_record(&a.to_record()), a);
        assert_eq!(a.to_record().len(), 2);
    }
}
