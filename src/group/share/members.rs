//! How members of a share group come, learn what they are to read, and go. Source: KIP-932 (ShareGroupHeartbeat), and the
//! order in which Kafka 4.2 writes its records.

use super::super::modern::{PartitionSet, Refusal, TopicCatalog};
use super::super::records::{Family, GroupEpoch, GroupRecord, ShareMember};
use super::super::state::{GroupKind, Groups};
use super::assignor::{self, Candidate};
use super::group::ShareGroup;
use crate::types::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};

/// `group.share.max.size`
const MEMBERS_MAX: usize = 200;

/// Someone who wants to be in a share group.
#[derive(Clone, Debug)]
pub(crate) struct ShareJoin {
    pub(crate) member_id: String,
    pub(crate) client_id: String,
    /// With the slash before the address: `/127.0.0.1`.
    pub(crate) client_host: String,
    pub(crate) topics: Vec<String>,
}

/// What one request works with beside the group itself, and the records that it takes.
pub(super) struct Change<'a> {
    pub(super) group_id: &'a str,
    pub(super) records: Vec<GroupRecord>,
}

impl Change<'_> {
    pub(super) fn new(group_id: &str) -> Change<'_> {
        Change { group_id, records: Vec::new() }
    }

    /// Applies a record and keeps it for the log.
    pub(super) fn put(&mut self, group: &mut ShareGroup, record: GroupRecord) {
        group.apply(record.clone());
        self.records.push(record);
    }
}

impl Groups {
    /// The group, if it is a share group.
    pub(crate) fn share(&self, group_id: &str) -> Option<&ShareGroup> {
        match &self.get(group_id)?.kind {
            GroupKind::Share(group) => Some(group),
            _ => None,
        }
    }

    /// The share group to be changed, made if there is none of that name.
    pub(super) fn share_or_new(&mut self, group_id: &str) -> Result<&mut ShareGroup, Refusal> {
        let is_new = self.get(group_id).is_none();
        let group = self.get_or_insert(group_id);
        if is_new {
            group.kind = GroupKind::Share(ShareGroup::default());
        }
        group.kind.share_mut().ok_or_else(|| {
            let message = format!("Group {group_id} is not a share group.");
            Refusal::new(ErrorCode::GroupIdNotFound, message)
        })
    }

    pub(super) fn share_mut(&mut self, group_id: &str) -> Option<&mut ShareGroup> {
        self.get_mut(group_id)?.kind.share_mut()
    }

    /// Takes in a member, or what a member says anew of itself, and tells the topics whose state is to be set up first:
    /// they are among the group's `initialising` afterwards.
    pub(crate) fn share_join(
        &mut self,
        group_id: &str,
        join: &ShareJoin,
        catalog: &TopicCatalog,
    ) -> Result<Vec<GroupRecord>, Refusal> {
        let group = self.share_or_new(group_id)?;
        let is_new = !group.members.contains_key(&join.member_id);
        if is_new && group.members.len() >= MEMBERS_MAX {
            let message =
                format!("The share group has reached its maximum capacity of {MEMBERS_MAX} members.");
            return Err(Refusal::new(ErrorCode::GroupMaxSizeReached, message));
        }
        let mut topics = join.topics.clone();
        topics.sort();
        topics.dedup();
        let profile = ShareMember {
            rack_id: None,
            client_id: join.client_id.clone(),
            client_host: join.client_host.clone(),
            topics,
        };
        let mut change = Change::new(group_id);
        if group.members.get(&join.member_id).map(|member| &member.profile) != Some(&profile) {
            let (group_id, member) = (group_id.to_owned(), join.member_id.clone());
            change.put(group, GroupRecord::ShareMember { group: group_id, member, value: Some(profile) });
            group.raise_epoch(&mut change, catalog);
        }
        group.catch_up(&join.member_id, &mut change, catalog);
        group.begin_initialising(&mut change, catalog);
        Ok(change.records)
    }

    /// A member looks whether there is anything new for it. `UnknownMemberId` for one that was taken out.
    pub(crate) fn share_heartbeat(
        &mut self,
        group_id: &str,
        member_id: &str,
        catalog: &TopicCatalog,
    ) -> Result<Vec<GroupRecord>, ErrorCode> {
        let group = self.share_mut(group_id).ok_or(ErrorCode::UnknownMemberId)?;
        if !group.members.contains_key(member_id) {
            return Err(ErrorCode::UnknownMemberId);
        }
        let mut change = Change::new(group_id);
        let is_settled = group.epoch == group.target_epoch;
        if catalog.hash_of(group.subscriptions()) != group.metadata_hash
            || is_settled && !group.new_targets(catalog).is_empty()
        {
            group.raise_epoch(&mut change, catalog);
        }
        group.catch_up(member_id, &mut change, catalog);
        group.begin_initialising(&mut change, catalog);
        Ok(change.records)
    }

    /// Takes out the members that `is_gone` names: they leave, or are dead.
    pub(crate) fn share_remove(
        &mut self,
        group_id: &str,
        is_gone: impl Fn(&str) -> bool,
        catalog: &TopicCatalog,
    ) -> Vec<GroupRecord> {
        let Some(group) = self.share_mut(group_id) else { return Vec::new() };
        let gone: Vec<String> = group.members.keys().filter(|id| is_gone(id)).cloned().collect();
        let mut change = Change::new(group_id);
        for tombstone in gone.iter().flat_map(|id| Family::Share.tombstones_of_member(group_id, id)) {
            change.put(group, tombstone);
        }
        if !gone.is_empty() {
            group.raise_epoch(&mut change, catalog);
        }
        change.records
    }
}

impl ShareGroup {
    fn raise_epoch(&mut self, change: &mut Change<'_>, catalog: &TopicCatalog) {
        let metadata_hash = catalog.hash_of(self.subscriptions());
        let value = GroupEpoch { epoch: self.epoch.saturating_add(1), metadata_hash };
        let group = change.group_id.to_owned();
        change.put(self, GroupRecord::Group { family: Family::Share, group, value: Some(value) });
    }

    /// Shares out anew if the group has changed, and gives the member what it is to have.
    fn catch_up(&mut self, member_id: &str, change: &mut Change<'_>, catalog: &TopicCatalog) {
        let (family, group) = (Family::Share, || change.group_id.to_owned());
        if self.epoch > self.target_epoch {
            let group = group();
            for (member, target) in self.new_targets(catalog) {
                let value = Some(target.to_record());
                change.put(self, GroupRecord::Target { family, group: group.clone(), member, value });
            }
            let value = Some(self.epoch);
            change.put(self, GroupRecord::TargetEpoch { family, group, value });
        }
        let Some(member) = self.members.get(member_id) else { return };
        let target = member.target.clone().unwrap_or_default();
        if member.epoch != self.target_epoch {
            let value = Some(member.current(self.target_epoch, &target));
            let (group, member) = (change.group_id.to_owned(), member_id.to_owned());
            change.put(self, GroupRecord::Current { family, group, member, value });
        }
    }

    /// The members whose target changes if everything that is set up is shared out now. A member that never had a target
    /// gets one even if it is empty.
    fn new_targets(&self, catalog: &TopicCatalog) -> BTreeMap<String, PartitionSet> {
        let mut partitions = BTreeSet::new();
        for topic in self.initialised() {
            let there = topic.partitions.iter().filter(|&&p| catalog.has(topic.topic_id, p));
            partitions.extend(there.map(|&partition| (topic.topic_id, partition)));
        }
        let candidates: Vec<Candidate> = self
            .members
            .iter()
            .map(|(id, member)| Candidate {
                member_id: id.clone(),
                topics: member.profile.topics.iter().filter_map(|name| Some(catalog.get(name)?.id)).collect(),
                target: member.target.clone().unwrap_or_default(),
            })
            .collect();
        let mut targets = assignor::assign(&candidates, &partitions);
        targets.retain(|id, target| {
            self.members.get(id).is_some_and(|member| member.target.as_ref() != Some(target))
        });
        targets
    }
}
