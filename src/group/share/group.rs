//! `ShareGroup`: a share group, as its records add up to it.

use super::super::modern::PartitionSet;
use super::super::records::{
    CurrentAssignment, Family, GroupEpoch, GroupRecord, ShareMember, ShareTopic, ShareTopics,
};
use crate::types::{PartitionId, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// A group whose members work on the same records side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShareGroup {
    pub(super) epoch: i32,
    /// Of the topics that its members read; see `TopicCatalog::hash_of`.
    pub(super) metadata_hash: i64,
    /// The epoch for which the targets of the members were computed.
    pub(super) target_epoch: i32,
    pub(super) members: BTreeMap<String, ShareGroupMember>,
    /// Whose state is set up, or on the way to it; `None` where nothing was ever written of that.
    pub(super) topics: Option<ShareTopics>,
}

/// A member of a share group.
#[derive(Clone, Debug)]
pub(crate) struct ShareGroupMember {
    pub(crate) profile: ShareMember,
    /// 0 before it was given something.
    pub(crate) epoch: i32,
    pub(crate) assigned: PartitionSet,
    pub(super) target: Option<PartitionSet>,
}

impl ShareGroup {
    pub(crate) const fn epoch(&self) -> i32 {
        self.epoch
    }

    pub(crate) const fn target_epoch(&self) -> i32 {
        self.target_epoch
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &ShareGroupMember)> {
        self.members.iter().map(|(id, member)| (id.as_str(), member))
    }

    pub(crate) fn member(&self, member_id: &str) -> Option<&ShareGroupMember> {
        self.members.get(member_id)
    }

    pub(crate) fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// Whether a member reads `topic`.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.subscriptions().contains(topic)
    }

    /// The topics that any member reads.
    pub(super) fn subscriptions(&self) -> BTreeSet<&str> {
        self.members.values().flat_map(|member| &member.profile.topics).map(String::as_str).collect()
    }

    /// The topics whose state is set up, with the partitions it is set up for.
    pub(crate) fn initialised(&self) -> &[ShareTopic] {
        self.topics.as_ref().map_or(&[], |topics| &topics.initialized)
    }

    /// The topics whose state is being set up.
    pub(crate) fn initialising(&self) -> &[ShareTopic] {
        self.topics.as_ref().map_or(&[], |topics| &topics.initializing)
    }

    pub(super) fn is_initialised(&self, topic: Uuid, partition: PartitionId) -> bool {
        self.initialised().iter().any(|one| one.topic_id == topic && one.partitions.contains(&partition))
    }

    /// Applies a record of this group; those of other types, and of members that are not known, are ignored.
    pub(in crate::group) fn apply(&mut self, record: GroupRecord) {
        match record {
            GroupRecord::Group { value: Some(GroupEpoch { epoch, metadata_hash }), .. } => {
                self.epoch = epoch;
                self.metadata_hash = metadata_hash;
            }
            GroupRecord::TargetEpoch { value, .. } => self.target_epoch = value.unwrap_or(0),
            GroupRecord::ShareMember { member, value: Some(profile), .. } => {
                match self.members.get_mut(&member) {
                    Some(known) => known.profile = profile,
                    None => {
                        self.members.insert(member, ShareGroupMember::new(profile));
                    }
                }
            }
            GroupRecord::ShareMember { member, value: None, .. } => {
                self.members.remove(&member);
            }
            GroupRecord::Target { member, value, .. } => {
                if let Some(known) = self.members.get_mut(&member) {
                    known.target = value.as_deref().map(PartitionSet::from_record);
                }
            }
            GroupRecord::Current { member, value, .. } => {
                if let Some(known) = self.members.get_mut(&member) {
                    known.epoch = value.as_ref().map_or(0, |current| current.member_epoch);
                    known.assigned = value
                        .as_ref()
                        .map_or(PartitionSet::NONE, |current| PartitionSet::from_record(&current.assigned));
                }
            }
            GroupRecord::ShareTopics { value, .. } => self.topics = value,
            _ => {}
        }
    }

    /// Tombstones of everything that is written of the group, in Kafka's order.
    pub(in crate::group) fn tombstones(&self, group: &str) -> Vec<GroupRecord> {
        let family = Family::Share;
        let mut records = family.tombstones_of_members(group, self.members.keys());
        let group = || group.to_owned();
        if self.topics.is_some() {
            records.push(GroupRecord::ShareTopics { group: group(), value: None });
        }
        records.push(GroupRecord::Group { family, group: group(), value: None });
        records
    }
}

impl ShareGroupMember {
    fn new(profile: ShareMember) -> ShareGroupMember {
        ShareGroupMember { profile, epoch: 0, assigned: PartitionSet::NONE, target: None }
    }

    /// The record of what it has from `epoch` on.
    pub(super) fn current(&self, epoch: i32, assigned: &PartitionSet) -> CurrentAssignment {
        CurrentAssignment {
            member_epoch: epoch,
            previous_member_epoch: self.epoch,
            state: 0,
            assigned: assigned.to_record(),
            pending_revocation: Vec::new(),
        }
    }
}
