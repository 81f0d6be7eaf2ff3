//! ConsumerGroupDescribe: groups of the newer protocol (KIP-848).

use crate::group::{GroupKind, ModernGroup, ModernMember, ModernState, PartitionSet, TopicCatalog};
use crate::serve::call::Call;
use crate::serve::once::once;
use crate::serve::permissions::{NOT_ASKED, operations};
use crate::types::acl::AclOperation;
use crate::types::acl::ResourceType;
use crate::types::{ErrorCode, Uuid};
use kafka_protocol::messages::consumer_group_describe_request::ConsumerGroupDescribeRequest;
use kafka_protocol::messages::consumer_group_describe_response::{
    Assignment, ConsumerGroupDescribeResponse, DescribedGroup, Member, TopicPartitions,
};
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;

pub(in crate::serve) fn handle(
    call: &Call,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let access = call.access();
    let groups = once(request.group_ids, Clone::clone).map(|id| {
        if let Err(error) = access.group(AclOperation::Describe, &id) {
            return DescribedGroup::default()
                .with_error_code(error.code.code())
                .with_group_id(id)
                .with_authorized_operations(NOT_ASKED);
        }
        let operations = operations(call, request.include_authorized_operations, ResourceType::Group, &id);
        describe(call, &id).with_group_id(id).with_authorized_operations(operations)
    });
    ConsumerGroupDescribeResponse::default().with_groups(groups.collect())
}

fn describe(call: &Call, id: &GroupId) -> DescribedGroup {
    let groups = &call.context.groups;
    let refused = |code: ErrorCode, message: String| {
        DescribedGroup::default()
            .with_error_code(code.code())
            .with_error_message(Some(StrBytes::from_string(message)))
    };
    let not_found =
        |what: &str| refused(ErrorCode::GroupIdNotFound, format!("Group {} {what}.", id.as_str()));
    if id.is_empty() {
        let invalid = ErrorCode::InvalidGroupId;
        return refused(invalid, invalid.default_message().to_owned());
    }
    match (groups.describe(id), groups.catalog()) {
        (Ok(Some(GroupKind::Consumer(group))), Ok(catalog)) => described(call, &group, &catalog),
        (Ok(None), _) => not_found("not found"),
        (Ok(Some(_)), Ok(_)) => not_found("is not a consumer group"),
        (Err(code), _) => refused(code, code.default_message().to_owned()),
        (_, Err(error)) => refused(error.code, error.message),
    }
}

fn described(call: &Call, group: &ModernGroup, catalog: &TopicCatalog) -> DescribedGroup {
    let state = match group.state() {
        ModernState::Empty => "Empty",
        ModernState::Assigning => "Assigning",
        ModernState::Reconciling => "Reconciling",
        ModernState::Stable => "Stable",
    };
    let members = group.members().map(|(id, one)| member(call, id, one, catalog));
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(state))
        .with_group_epoch(group.epoch())
        .with_assignment_epoch(group.target_epoch())
        .with_assignor_name(StrBytes::from_static_str(group.assignor().name()))
        .with_members(members.collect())
}

fn member(call: &Call, id: &str, member: &ModernMember, catalog: &TopicCatalog) -> Member {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let profile = &member.profile;
    let described = Member::default()
        .with_member_id(text(id))
        .with_instance_id(profile.instance_id.as_deref().map(text))
        .with_rack_id(profile.rack_id.as_deref().map(text))
        .with_member_epoch(member.epoch())
        .with_client_id(text(&profile.client_id))
        .with_client_host(text(&profile.client_host))
        .with_subscribed_topic_names(profile.topics.iter().map(|topic| TopicName(text(topic))).collect())
        .with_subscribed_topic_regex(profile.topic_regex.as_deref().map(text))
        .with_assignment(assignment(member.assigned(), catalog))
        .with_target_assignment(assignment(member.target(), catalog));
    match call.version {
        0 => described,
        _ => described.with_member_type(i8::from(!member.is_classic())),
    }
}

/// Partitions of topics that are no more are left out.
fn assignment(partitions: &PartitionSet, catalog: &TopicCatalog) -> Assignment {
    let mut topics: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions.iter() {
        topics.entry(topic).or_default().push(partition.0);
    }
    let topics = topics.into_iter().filter_map(|(topic, partitions)| {
        let name = TopicName(StrBytes::from_string(catalog.name(topic)?.to_owned()));
        let known =
            TopicPartitions::default().with_topic_id(uuid::Uuid::from_bytes(topic.0)).with_topic_name(name);
        Some(known.with_partitions(partitions))
    });
    Assignment::default().with_topic_partitions(topics.collect())
}
