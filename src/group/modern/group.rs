//! `ModernGroup`: a group of the newer consumer protocol, as its records add up to it.

use super::super::assignor::ServerAssignor;
use super::super::records::{ConsumerMember, Family, GroupEpoch, GroupRecord, ResolvedRegex};
use super::member::{ModernMember, Ownership};
use super::partitions::PartitionSet;
use crate::types::{PartitionId, TimestampMs, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// What a group of the newer protocol is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModernState {
    /// No members.
    Empty,
    /// Something has changed, and the targets are not computed yet.
    Assigning,
    /// Members are on their way to their targets.
    Reconciling,
    Stable,
}

/// A group whose assignment the coordinator computes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModernGroup {
    pub(super) epoch: i32,
    /// Of the topics that its members read; see `TopicCatalog::hash_of`.
    pub(super) metadata_hash: i64,
    /// The epoch for which the targets of the members were computed.
    pub(super) target_epoch: i32,
    pub(super) members: BTreeMap<String, ModernMember>,
    /// What the members' regular expressions stand for.
    pub(super) regexes: BTreeMap<String, ResolvedRegex>,
    /// What is known of members whose own record has not come yet: a compacted log may have it last.
    orphans: BTreeMap<String, (Option<PartitionSet>, Ownership)>,
}

impl ModernGroup {
    pub(crate) const fn epoch(&self) -> i32 {
        self.epoch
    }

    pub(crate) const fn target_epoch(&self) -> i32 {
        self.target_epoch
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &ModernMember)> {
        self.members.iter().map(|(id, member)| (id.as_str(), member))
    }

    pub(crate) fn member(&self, member_id: &str) -> Option<&ModernMember> {
        self.members.get(member_id)
    }

    pub(crate) fn has_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// The id of the member that holds a static id.
    pub(crate) fn static_member(&self, instance_id: &str) -> Option<&str> {
        let holds = |member: &ModernMember| member.profile.instance_id.as_deref() == Some(instance_id);
        self.members.iter().find(|(_, member)| holds(member)).map(|(id, _)| id.as_str())
    }

    pub(crate) fn state(&self) -> ModernState {
        if self.members.is_empty() {
            ModernState::Empty
        } else if self.epoch > self.target_epoch {
            ModernState::Assigning
        } else if self.members.values().all(|m| m.ownership.is_reconciled_to(self.target_epoch)) {
            ModernState::Stable
        } else {
            ModernState::Reconciling
        }
    }

    /// The assignor that most members ask for; without wishes, the default.
    pub(crate) fn assignor(&self) -> ServerAssignor {
        let wishes = self.members.values().filter_map(|member| member.profile.server_assignor.as_deref());
        let wishes: Vec<ServerAssignor> = wishes.filter_map(ServerAssignor::named).collect();
        let votes = |assignor: &ServerAssignor| wishes.iter().filter(|wish| *wish == assignor).count();
        // On a tie the one that comes first.
        ServerAssignor::ALL.into_iter().rev().max_by_key(votes).unwrap_or(ServerAssignor::Uniform)
    }

    /// The topics that a member reads, by name or through its regular expression.
    pub(super) fn topics_of<'a>(&'a self, profile: &'a ConsumerMember) -> BTreeSet<&'a str> {
        let regex = profile.topic_regex.as_deref().and_then(|text| self.regexes.get(text));
        let by_regex = regex.into_iter().flat_map(|regex| &regex.topics);
        profile.topics.iter().chain(by_regex).map(String::as_str).collect()
    }

    /// The topics that any member reads.
    pub(super) fn topics(&self) -> BTreeSet<&str> {
        self.members.values().flat_map(|member| self.topics_of(&member.profile)).collect()
    }

    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        self.members.values().any(|member| self.topics_of(&member.profile).contains(topic))
    }

    /// Whether a member other than `member_id` has the partition, be it that it must let go of it.
    pub(super) fn is_taken(&self, member_id: &str, topic: Uuid, partition: PartitionId) -> bool {
        let has = |member: &ModernMember| {
            let ownership = &member.ownership;
            ownership.assigned.contains(topic, partition) || ownership.revoking.contains(topic, partition)
        };
        self.members.iter().any(|(id, member)| id != member_id && has(member))
    }

    /// Whether any member has this regular expression.
    pub(super) fn regex_is_used(&self, text: &str) -> bool {
        self.members.values().any(|member| member.regex() == Some(text))
    }

    /// Applies a record of this group; those of other types are ignored.
    pub(in crate::group) fn apply(&mut self, record: GroupRecord, timestamp: TimestampMs) {
        match record {
            GroupRecord::Group { value: Some(GroupEpoch { epoch, metadata_hash }), .. } => {
                self.epoch = epoch;
                self.metadata_hash = metadata_hash;
            }
            GroupRecord::TargetEpoch { value, .. } => self.target_epoch = value.unwrap_or(0),
            GroupRecord::ConsumerMember { member, value: Some(profile), .. } => {
                self.set_profile(member, profile, timestamp);
            }
            GroupRecord::ConsumerMember { member, value: None, .. } => {
                self.members.remove(&member);
                self.orphans.remove(&member);
            }
            GroupRecord::Target { member, value, .. } => {
                let target = value.as_deref().map(PartitionSet::from_record);
                match self.members.get_mut(&member) {
                    Some(known) => known.target = target,
                    None => self.orphan(member, |orphan| orphan.0 = target),
                }
            }
            GroupRecord::Current { member, value, .. } => {
                let ownership = value.as_ref().map(Ownership::from_record).unwrap_or_default();
                match self.members.get_mut(&member) {
                    Some(known) => {
                        known.heard_at = known.heard_at.max(timestamp);
                        known.set_ownership(ownership, timestamp);
                    }
                    None => self.orphan(member, |orphan| orphan.1 = ownership),
                }
            }
            GroupRecord::Regex { regex, value: Some(resolved), .. } => {
                self.regexes.insert(regex, resolved);
            }
            GroupRecord::Regex { regex, value: None, .. } => {
                self.regexes.remove(&regex);
            }
            _ => {}
        }
    }

    fn set_profile(&mut self, member_id: String, profile: ConsumerMember, timestamp: TimestampMs) {
        match self.members.get_mut(&member_id) {
            Some(known) => {
                known.profile = profile;
                known.heard_at = known.heard_at.max(timestamp);
            }
            None => {
                let mut member = ModernMember::new(profile, timestamp);
                let (target, ownership) = self.orphans.remove(&member_id).unwrap_or_default();
                member.target = target;
                member.set_ownership(ownership, timestamp);
                self.members.insert(member_id, member);
            }
        }
    }

    fn orphan(&mut self, member_id: String, change: impl FnOnce(&mut (Option<PartitionSet>, Ownership))) {
        let orphan = self.orphans.entry(member_id.clone()).or_default();
        change(orphan);
        if *orphan == (None, Ownership::default()) {
            self.orphans.remove(&member_id);
        }
    }

    /// Tombstones of everything that is written of the group itself (its offsets apart), in Kafka's order: what
    /// members own, their targets, themselves, then the group.
    pub(in crate::group) fn tombstones(&self, group: &str) -> Vec<GroupRecord> {
        let family = Family::Consumer;
        let mut records = family.tombstones_of_members(group, self.members.keys());
        let group = || group.to_owned();
        let regexes = self.regexes.keys().cloned();
        records.extend(regexes.map(|regex| GroupRecord::Regex { group: group(), regex, value: None }));
        // Kafka 4.0 wrote the topics' metadata; the key is cleared in case.
        records.push(GroupRecord::PartitionMetadata { group: group(), tombstone: true });
        records.push(GroupRecord::Group { family, group: group(), value: None });
        records
    }
}
