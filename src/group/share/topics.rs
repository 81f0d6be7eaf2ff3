//! Which topics' state a share group has set up: begun before the state is written, finished after, so that a process that
//! dies in between leaves something that the next one finishes. Taking a state away goes the same two steps.

use super::super::modern::{Refusal, TopicCatalog};
use super::super::records::{GroupRecord, ShareTopic, ShareTopics};
use super::super::state::Groups;
use super::group::ShareGroup;
use super::members::Change;
use crate::types::{ErrorCode, PartitionId, Uuid};

/// Partitions of a topic, by its id and name.
pub(crate) type NamedPartitions = (Uuid, String, Vec<PartitionId>);

impl Groups {
    /// Begins to set up, or to set up anew, the state of partitions in an empty share group, which is made if it isn't
    /// there. Answers the group's epoch too.
    pub(crate) fn share_reset(
        &mut self,
        group_id: &str,
        partitions: &[NamedPartitions],
    ) -> Result<(Vec<GroupRecord>, i32), Refusal> {
        let group = self.share_or_new(group_id)?;
        if group.has_members() {
            return Err(Refusal::new(ErrorCode::GroupNotEmpty, ErrorCode::GroupNotEmpty.default_message()));
        }
        let mut topics = group.topics.clone().unwrap_or_default();
        for named in partitions {
            insert(&mut topics.initializing, named);
        }
        let mut change = Change::new(group_id);
        group.put_topics(topics, &mut change);
        Ok((change.records, group.epoch))
    }

    /// Notes that the state of everything that was begun is set up.
    pub(crate) fn share_initialised(&mut self, group_id: &str) -> Vec<GroupRecord> {
        let Some(group) = self.share_mut(group_id) else { return Vec::new() };
        let mut change = Change::new(group_id);
        if !group.initialising().is_empty() {
            let mut topics = group.topics.clone().unwrap_or_default();
            for topic in std::mem::take(&mut topics.initializing) {
                insert(&mut topics.initialized, &(topic.topic_id, topic.name, topic.partitions));
            }
            group.put_topics(topics, &mut change);
        }
        change.records
    }

    /// Begins to take away the state of topics; those that the group doesn't know are left out. `None` where it knows none
    /// of them.
    pub(crate) fn share_begin_deleting(
        &mut self,
        group_id: &str,
        topics: &[Uuid],
    ) -> Option<Vec<GroupRecord>> {
        let group = self.share_mut(group_id)?;
        let mut known = group.topics.clone()?;
        let mut doomed = Vec::new();
        for list in [&mut known.initialized, &mut known.initializing] {
            doomed.extend(list.extract_if(.., |topic| topics.contains(&topic.topic_id)));
        }
        if doomed.is_empty() {
            return None;
        }
        for mut topic in doomed {
            topic.partitions.clear();
            if !known.deleting.contains(&topic) {
                known.deleting.push(topic);
            }
        }
        let mut change = Change::new(group_id);
        group.put_topics(known, &mut change);
        Some(change.records)
    }

    /// Notes that nothing is left of the state of topics.
    pub(crate) fn share_deleted(&mut self, group_id: &str, topics: &[Uuid]) -> Vec<GroupRecord> {
        let Some(group) = self.share_mut(group_id) else { return Vec::new() };
        let mut change = Change::new(group_id);
        if let Some(mut known) = group.topics.clone() {
            for list in [&mut known.initializing, &mut known.initialized, &mut known.deleting] {
                list.retain(|topic| !topics.contains(&topic.topic_id));
            }
            if group.topics.as_ref() != Some(&known) {
                group.put_topics(known, &mut change);
            }
        }
        change.records
    }
}

impl ShareGroup {
    /// Begins to set up the state of partitions that members read and that have none.
    pub(super) fn begin_initialising(&mut self, change: &mut Change<'_>, catalog: &TopicCatalog) {
        let mut wanted = Vec::new();
        for name in self.subscriptions() {
            let Some(topic) = catalog.get(name) else { continue };
            let begun = self.initialising().iter().find(|one| one.topic_id == topic.id);
            let is_new = |partition: &PartitionId| {
                !self.is_initialised(topic.id, *partition)
                    && begun.is_none_or(|one| !one.partitions.contains(partition))
            };
            let partitions: Vec<PartitionId> =
                (0..topic.partition_count).map(PartitionId).filter(is_new).collect();
            if !partitions.is_empty() {
                wanted.push((topic.id, name.to_owned(), partitions));
            }
        }
        if !wanted.is_empty() {
            let mut topics = self.topics.clone().unwrap_or_default();
            wanted.iter().for_each(|named| insert(&mut topics.initializing, named));
            self.put_topics(topics, change);
        }
    }

    fn put_topics(&mut self, topics: ShareTopics, change: &mut Change<'_>) {
        let group = change.group_id.to_owned();
        change.put(self, GroupRecord::ShareTopics { group, value: Some(topics) });
    }
}

/// Adds partitions to a list of topics, each once and in order.
fn insert(list: &mut Vec<ShareTopic>, (topic_id, name, partitions): &NamedPartitions) {
    let known = match list.iter().position(|topic| topic.topic_id == *topic_id) {
        Some(index) => index,
        None => {
            list.push(ShareTopic { topic_id: *topic_id, name: name.clone(), partitions: Vec::new() });
            list.len() - 1
        }
    };
    if let Some(topic) = list.get_mut(known) {
        topic.partitions.extend(partitions);
        topic.partitions.sort();
        topic.partitions.dedup();
    }
}
