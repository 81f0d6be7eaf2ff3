//! Tombstones of what the two newer protocols write of a group's members alike, in Kafka's order.

use super::record::{Family, GroupRecord};

impl Family {
    /// Of one member: what it owns, what it shall own, itself.
    pub(crate) fn tombstones_of_member(self, group: &str, member: &str) -> [GroupRecord; 3] {
        [self.no_current(group, member), self.no_target(group, member), self.no_member(group, member)]
    }

    /// Of all members and the epoch of their targets: first what each owns, then what each shall own, and themselves last.
    pub(crate) fn tombstones_of_members<'m>(
        self,
        group: &str,
        members: impl Iterator<Item = &'m String> + Clone,
    ) -> Vec<GroupRecord> {
        let target_epoch = GroupRecord::TargetEpoch { family: self, group: group.to_owned(), value: None };
        let mut records: Vec<GroupRecord> =
            members.clone().map(|member| self.no_current(group, member)).collect();
        records.extend(members.clone().map(|member| self.no_target(group, member)));
        records.push(target_epoch);
        records.extend(members.map(|member| self.no_member(group, member)));
        records
    }

    fn no_current(self, group: &str, member: &str) -> GroupRecord {
        let (group, member) = (group.to_owned(), member.to_owned());
        GroupRecord::Current { family: self, group, member, value: None }
    }

    fn no_target(self, group: &str, member: &str) -> GroupRecord {
        let (group, member) = (group.to_owned(), member.to_owned());
        GroupRecord::Target { family: self, group, member, value: None }
    }

    fn no_member(self, group: &str, member: &str) -> GroupRecord {
        let (group, member) = (group.to_owned(), member.to_owned());
        match self {
            Family::Consumer => GroupRecord::ConsumerMember { group, member, value: None },
            Family::Share => GroupRecord::ShareMember { group, member, value: None },
        }
    }
}

impl GroupRecord {
    /// Whether the record ends what its key names.
    pub(crate) const fn is_tombstone(&self) -> bool {
        match self {
            GroupRecord::Offset { value, .. } => value.is_none(),
            GroupRecord::ClassicGroup { value, .. } => value.is_none(),
            GroupRecord::Group { value, .. } => value.is_none(),
            GroupRecord::ConsumerMember { value, .. } => value.is_none(),
            GroupRecord::TargetEpoch { value, .. } => value.is_none(),
            GroupRecord::Target { value, .. } => value.is_none(),
            GroupRecord::Current { value, .. } => value.is_none(),
            GroupRecord::ShareMember { value, .. } => value.is_none(),
            GroupRecord::ShareTopics { value, .. } => value.is_none(),
            GroupRecord::Regex { value, .. } => value.is_none(),
            GroupRecord::PartitionMetadata { tombstone, .. } | GroupRecord::Streams { tombstone, .. } => {
                *tombstone
            }
            GroupRecord::Unknown { .. } => false,
        }
    }
}
