//! How a group of the newer protocol looks from outside.

use crate::client::{GroupDescription, GroupState, GroupType, MemberDescription};
use crate::group::{ModernGroup, ModernMember, ModernState, PartitionSet, TopicCatalog};
use crate::types::TopicPartition;

pub(super) fn state(group: &ModernGroup) -> GroupState {
    match group.state() {
        ModernState::Empty => GroupState::Empty,
        ModernState::Assigning => GroupState::Assigning,
        ModernState::Reconciling => GroupState::Reconciling,
        ModernState::Stable => GroupState::Stable,
    }
}

pub(super) fn describe(description: &mut GroupDescription, group: &ModernGroup, catalog: &TopicCatalog) {
    description.group_type = GroupType::Consumer;
    description.state = state(group);
    description.assignor = group.assignor().name().to_owned();
    description.group_epoch = Some(group.epoch());
    description.target_assignment_epoch = Some(group.target_epoch());
    description.members = group.members().map(|(id, one)| member(id, one, catalog)).collect();
}

fn member(id: &str, member: &ModernMember, catalog: &TopicCatalog) -> MemberDescription {
    MemberDescription {
        member_id: id.to_owned(),
        instance_id: member.profile.instance_id.clone(),
        client_id: member.profile.client_id.clone(),
        host: member.profile.client_host.clone(),
        assignment: named(member.assigned(), catalog),
        target_assignment: Some(named(member.target(), catalog)),
        epoch: Some(member.epoch()),
        upgraded: Some(!member.is_classic()),
    }
}

/// The partitions under the names of their topics; those of topics that are no more are left out, as on a broker.
fn named(partitions: &PartitionSet, catalog: &TopicCatalog) -> Vec<TopicPartition> {
    let with_name =
        |(topic, partition)| Some(TopicPartition { topic: catalog.name(topic)?.to_owned(), partition });
    partitions.iter().filter_map(with_name).collect()
}
