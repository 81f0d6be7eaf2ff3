//! DescribeGroups: groups of the classic protocol.

use crate::group::{ClassicGroup, ClassicState, GroupKind};
use crate::serve::call::Call;
use crate::serve::once::once;
use crate::serve::permissions::{NOT_ASKED, operations};
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use crate::types::acl::ResourceType;
use kafka_protocol::messages::GroupId;
use kafka_protocol::messages::describe_groups_request::DescribeGroupsRequest;
use kafka_protocol::messages::describe_groups_response::{
    DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};
use kafka_protocol::protocol::StrBytes;

pub(in crate::serve) fn handle(call: &Call, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let access = call.access();
    let groups = once(request.groups, Clone::clone).map(|id| {
        if let Err(error) = access.group(AclOperation::Describe, &id) {
            return DescribedGroup::default()
                .with_error_code(error.code.code())
                .with_group_id(id)
                .with_authorized_operations(NOT_ASKED);
        }
        let operations = operations(call, request.include_authorized_operations, ResourceType::Group, &id);
        describe(call, &id).with_group_id(id).with_authorized_operations(operations)
    });
    DescribeGroupsResponse::default().with_groups(groups.collect())
}

fn describe(call: &Call, id: &GroupId) -> DescribedGroup {
    let not_found = |what: &str| {
        let dead = DescribedGroup::default().with_group_state(StrBytes::from_static_str("Dead"));
        if call.version < 6 {
            return dead;
        }
        let message = format!("Group {} {what}.", id.as_str());
        dead.with_error_code(ErrorCode::GroupIdNotFound.code())
            .with_error_message(Some(StrBytes::from_string(message)))
    };
    match call.context.groups.describe(id) {
        Ok(None) => not_found("not found"),
        Ok(Some(GroupKind::Classic(group))) => described(&group),
        Ok(Some(GroupKind::OffsetsOnly)) => {
            DescribedGroup::default().with_group_state(StrBytes::from_static_str("Empty"))
        }
        Ok(Some(_)) => not_found("is not a classic group"),
        Err(error) => DescribedGroup::default().with_error_code(error.code()),
    }
}

fn described(group: &ClassicGroup) -> DescribedGroup {
    let state = match group.state() {
        ClassicState::Empty => "Empty",
        ClassicState::PreparingRebalance => "PreparingRebalance",
        ClassicState::CompletingRebalance => "CompletingRebalance",
        ClassicState::Stable => "Stable",
    };
    // On its way to a new generation a group tells of no assignment.
    let protocol = group.protocol().filter(|_| group.state() == ClassicState::Stable);
    let members = group.members().map(|member| {
        let described = DescribedGroupMember::default()
            .with_member_id(StrBytes::from_string(member.member_id.clone()))
            .with_group_instance_id(member.instance_id.clone().map(StrBytes::from_string))
            .with_client_id(StrBytes::from_string(member.client_id.clone()))
            .with_client_host(StrBytes::from_string(member.client_host.clone()));
        match protocol {
            Some(protocol) => described
                .with_member_metadata(member.metadata(protocol).unwrap_or_default().to_vec().into())
                .with_member_assignment(member.assignment.clone().into()),
            None => described,
        }
    });
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(state))
        .with_protocol_type(StrBytes::from_string(group.protocol_type().unwrap_or_default().to_owned()))
        .with_protocol_data(StrBytes::from_string(protocol.unwrap_or_default().to_owned()))
        .with_members(members.collect())
}
