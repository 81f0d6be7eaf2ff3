//! ShareGroupDescribe: who is in a share group and what each one reads.

use crate::local::{ShareDescription, ShareMemberDescription};
use crate::serve::call::Call;
use crate::serve::once::once;
use crate::serve::{permissions, wire};
use crate::types::PartitionId;
use crate::types::acl::AclOperation;
use crate::types::acl::ResourceType;
use kafka_protocol::messages::share_group_describe_response::{
    Assignment, DescribedGroup, Member, TopicPartitions,
};
use kafka_protocol::messages::{ShareGroupDescribeRequest, ShareGroupDescribeResponse};

pub(in crate::serve) fn handle(
    call: &Call,
    request: ShareGroupDescribeRequest,
) -> ShareGroupDescribeResponse {
    let access = call.access();
    let groups = once(request.group_ids, Clone::clone).map(|id| {
        let permitted = access.group(AclOperation::Describe, &id);
        let described = match permitted.and_then(|()| call.context.shares.describe(id.as_str())) {
            Ok(description) => described(&description),
            Err(error) => DescribedGroup::default()
                .with_error_code(error.code.code())
                .with_error_message(Some(wire::text(error.message))),
        };
        let operations = permissions::operations(
            call,
            request.include_authorized_operations,
            ResourceType::Group,
            id.as_str(),
        );
        described.with_group_id(id).with_authorized_operations(operations)
    });
    ShareGroupDescribeResponse::default().with_groups(groups.collect())
}

fn described(description: &ShareDescription) -> DescribedGroup {
    DescribedGroup::default()
        .with_group_state(wire::text(description.state))
        .with_group_epoch(description.group_epoch)
        .with_assignment_epoch(description.assignment_epoch)
        .with_assignor_name(wire::text("simple"))
        .with_members(description.members.iter().map(member).collect())
}

fn member(member: &ShareMemberDescription) -> Member {
    let topics = member.assignment.iter().map(|(id, name, partitions)| {
        TopicPartitions::default()
            .with_topic_id(wire::uuid(*id))
            .with_topic_name(wire::topic(name))
            .with_partitions(partitions.iter().map(|&PartitionId(id)| id).collect())
    });
    Member::default()
        .with_member_id(wire::text(member.member_id.as_str()))
        .with_member_epoch(member.member_epoch)
        .with_client_id(wire::text(member.client_id.as_str()))
        .with_client_host(wire::text(member.client_host.as_str()))
        .with_subscribed_topic_names(member.topics.iter().map(|topic| wire::topic(topic)).collect())
        .with_assignment(Assignment::default().with_topic_partitions(topics.collect()))
}
