//! ListGroups: all groups, or those of some states or types.

use crate::client::GroupListing;
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::GroupId;
use kafka_protocol::messages::list_groups_request::ListGroupsRequest;
use kafka_protocol::messages::list_groups_response::{ListGroupsResponse, ListedGroup};
use kafka_protocol::protocol::StrBytes;

pub(in crate::serve) fn handle(call: &Call, request: ListGroupsRequest) -> ListGroupsResponse {
    let groups = match call.context.groups.list() {
        Ok(groups) => groups,
        Err(error) => return ListGroupsResponse::default().with_error_code(error.code.code()),
    };
    let access = call.access();
    let sees_all = access.cluster(AclOperation::Describe).is_ok();
    let fits = |wanted: &[StrBytes], name: &str| {
        wanted.is_empty() || wanted.iter().any(|one| one.eq_ignore_ascii_case(name))
    };
    let groups = groups.into_iter().filter(|group| {
        fits(&request.states_filter, group.state.name())
            && fits(&request.types_filter, group.group_type.name())
            && (sees_all || access.group(AclOperation::Describe, &group.group).is_ok())
    });
    ListGroupsResponse::default().with_groups(groups.map(listed).collect())
}

fn listed(group: GroupListing) -> ListedGroup {
    ListedGroup::default()
        .with_group_state(StrBytes::from_static_str(group.state.name()))
        .with_group_type(StrBytes::from_static_str(group.group_type.name()))
        .with_group_id(GroupId(StrBytes::from_string(group.group)))
        .with_protocol_type(StrBytes::from_string(group.protocol))
}
