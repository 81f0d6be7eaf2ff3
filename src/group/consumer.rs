//! `NewGroup`: a group of one of the new protocols (consumer, KIP-848; share, KIP-932) as its records tell of it.
//! kt shows, empties and deletes such groups; it does not coordinate them.

use super::records::{
    ConsumerMember, CurrentAssignment, Family, GroupEpoch, GroupRecord, ResolvedRegex, ShareMember,
    TopicIdPartitions,
};
use std::collections::BTreeMap;

/// A group whose assignment the coordinator computes.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewGroup {
    pub(crate) epoch: i32,
    /// The epoch for which the targets of the members were computed.
    pub(crate) target_epoch: i32,
    pub(crate) members: BTreeMap<String, NewMember>,
    /// What the members' regular expressions stand for.
    pub(crate) regexes: BTreeMap<String, ResolvedRegex>,
    /// Whether there is a record that names the initialised topics of a share group.
    pub(crate) has_share_topics: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct NewMember {
    pub(crate) profile: Option<Profile>,
    pub(crate) target: Vec<TopicIdPartitions>,
    pub(crate) current: Option<CurrentAssignment>,
}

/// What a member said of itself.
#[derive(Clone, Debug)]
pub(crate) enum Profile {
    Consumer(ConsumerMember),
    Share(ShareMember),
}

impl NewGroup {
    /// Whether a member reads `topic`, by name or through a regular expression.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        let named = self.members.values().any(|member| match &member.profile {
            Some(Profile::Consumer(profile)) => profile.topics.iter().any(|name| name == topic),
            Some(Profile::Share(profile)) => profile.topics.iter().any(|name| name == topic),
            None => false,
        });
        named || self.regexes.values().any(|regex| regex.topics.iter().any(|name| name == topic))
    }

    pub(super) fn is_tombstone(record: &GroupRecord) -> bool {
        matches!(
            record,
            GroupRecord::Group { value: None, .. }
                | GroupRecord::ConsumerMember { value: None, .. }
                | GroupRecord::TargetEpoch { value: None, .. }
                | GroupRecord::Target { value: None, .. }
                | GroupRecord::Current { value: None, .. }
                | GroupRecord::ShareMember { value: None, .. }
                | GroupRecord::ShareTopics { value: None, .. }
                | GroupRecord::Regex { value: None, .. }
        )
    }

    /// Applies a record of this group; those of other types are ignored.
    pub(super) fn apply(&mut self, record: GroupRecord) {
        match record {
            GroupRecord::Group { value: Some(value), .. } => self.epoch = value.epoch,
            GroupRecord::TargetEpoch { value, .. } => self.target_epoch = value.unwrap_or(0),
            GroupRecord::ConsumerMember { member, value, .. } => match value {
                Some(profile) => self.member(member).profile = Some(Profile::Consumer(profile)),
                None => {
                    self.members.remove(&member);
                }
            },
            GroupRecord::ShareMember { member, value, .. } => match value {
                Some(profile) => self.member(member).profile = Some(Profile::Share(profile)),
                None => {
                    self.members.remove(&member);
                }
            },
            GroupRecord::Target { member, value, .. } => match value {
                Some(target) => self.member(member).target = target,
                None => self.clear(&member, |known| known.target.clear()),
            },
            GroupRecord::Current { member, value, .. } => match value {
                Some(current) => self.member(member).current = Some(current),
                None => self.clear(&member, |known| known.current = None),
            },
            GroupRecord::Regex { regex, value, .. } => match value {
                Some(resolved) => {
                    self.regexes.insert(regex, resolved);
                }
                None => {
                    self.regexes.remove(&regex);
                }
            },
            GroupRecord::ShareTopics { value, .. } => self.has_share_topics = value.is_some(),
            _ => {}
        }
    }

    fn member(&mut self, id: String) -> &mut NewMember {
        self.members.entry(id).or_default()
    }

    fn clear(&mut self, id: &str, change: impl FnOnce(&mut NewMember)) {
        if let Some(member) = self.members.get_mut(id) {
            change(member);
            if member.profile.is_none() && member.target.is_empty() && member.current.is_none() {
                self.members.remove(id);
            }
        }
    }

    /// What Kafka writes when every member has left: for each one its tombstones, then the group's next epoch.
    pub(super) fn departures(&self, family: Family, group: &str) -> Vec<GroupRecord> {
        let group = || group.to_owned();
        let mut records = Vec::new();
        for member in self.members.keys() {
            let member = || member.clone();
            records.push(GroupRecord::Current { family, group: group(), member: member(), value: None });
            records.push(GroupRecord::Target { family, group: group(), member: member(), value: None });
            records.push(match family {
                Family::Consumer => {
                    GroupRecord::ConsumerMember { group: group(), member: member(), value: None }
                }
                Family::Share => GroupRecord::ShareMember { group: group(), member: member(), value: None },
            });
        }
        let next = GroupEpoch { epoch: self.epoch.saturating_add(1), metadata_hash: 0 };
        records.push(GroupRecord::Group { family, group: group(), value: Some(next) });
        records
    }

    /// Tombstones of everything that is written of the group itself (its offsets apart), in Kafka's order: what
    /// members own, their targets, themselves, then the group.
    pub(super) fn tombstones(&self, family: Family, group: &str) -> Vec<GroupRecord> {
        let group = || group.to_owned();
        let mut records = Vec::new();
        let members = || self.members.keys().cloned();
        records.extend(members().map(|member| GroupRecord::Current {
            family,
            group: group(),
            member,
            value: None,
        }));
        records.extend(members().map(|member| GroupRecord::Target {
            family,
            group: group(),
            member,
            value: None,
        }));
        records.push(GroupRecord::TargetEpoch { family, group: group(), value: None });
        records.extend(members().map(|member| match family {
            Family::Consumer => GroupRecord::ConsumerMember { group: group(), member, value: None },
            Family::Share => GroupRecord::ShareMember { group: group(), member, value: None },
        }));
        let regexes = self.regexes.keys().cloned();
        records.extend(regexes.map(|regex| GroupRecord::Regex { group: group(), regex, value: None }));
        if self.has_share_topics {
            records.push(GroupRecord::ShareTopics { group: group(), value: None });
        }
        records.push(GroupRecord::Group { family, group: group(), value: None });
        records
    }
}
