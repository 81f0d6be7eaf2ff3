//! The targets of a group's members: what the assignor of the group gives each of them.

use super::super::assignor::{Candidate, TopicPartitions};
use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::partitions::PartitionSet;
use crate::types::TopicPartition;
use std::collections::BTreeMap;

impl ModernGroup {
    /// Shares the topics out anew; answers the members whose target changes, with the new one.
    pub(super) fn new_targets(&self, catalog: &TopicCatalog) -> BTreeMap<String, PartitionSet> {
        let mut counts = TopicPartitions::new();
        for topic in self.topics() {
            if let Some(known) = catalog.get(topic) {
                counts.insert(topic.to_owned(), known.partition_count);
            }
        }
        let candidates: Vec<Candidate> = self.members.keys().map(|id| self.candidate(id, catalog)).collect();
        let by_name = self.assignor().assign(&candidates, &counts);
        let by_id = by_name.into_iter().map(|(member, partitions)| {
            let with_id = |tp: TopicPartition| Some((catalog.get(&tp.topic)?.id, tp.partition));
            (member, partitions.into_iter().filter_map(with_id).collect::<PartitionSet>())
        });
        // A member that never had a target gets a record of it even if it is empty.
        let is_new = |(member, target): &(String, PartitionSet)| {
            self.members.get(member).is_none_or(|known| known.target.as_ref() != Some(target))
        };
        by_id.filter(is_new).collect()
    }

    /// A member as the assignors see it: it has what its last target gave it, whether it has taken it or not.
    fn candidate(&self, member_id: &str, catalog: &TopicCatalog) -> Candidate {
        let Some(member) = self.members.get(member_id) else { return Candidate::default() };
        let topics = self.topics_of(&member.profile).into_iter();
        let with_name =
            |(id, partition)| Some(TopicPartition { topic: catalog.name(id)?.to_owned(), partition });
        Candidate {
            member_id: member_id.to_owned(),
            instance_id: member.profile.instance_id.clone(),
            topics: topics.filter(|topic| catalog.get(topic).is_some()).map(str::to_owned).collect(),
            owned: member.target().iter().filter_map(with_name).collect(),
            generation: self.target_epoch,
        }
    }
}
