//! LeaveGroup: members go, one or, from version 3 on, several.

use crate::local::Leaver;
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::leave_group_request::{LeaveGroupRequest, MemberIdentity};
use kafka_protocol::messages::leave_group_response::{LeaveGroupResponse, MemberResponse};

pub(in crate::serve) fn handle(call: &Call, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let members = match call.version {
        ..3 => vec![MemberIdentity::default().with_member_id(request.member_id)],
        _ => request.members,
    };
    let leavers: Vec<Leaver> = members
        .iter()
        .map(|member| Leaver {
            member_id: member.member_id.to_string(),
            instance_id: member.group_instance_id.as_ref().map(|id| id.to_string()),
        })
        .collect();
    let response = LeaveGroupResponse::default();
    let permitted = call.access().group(AclOperation::Read, &request.group_id).map_err(|error| error.code);
    let answers = match permitted.and_then(|()| call.context.groups.leave(&request.group_id, &leavers)) {
        Ok(answers) => answers.into_iter().map(|answer| answer.map_or_else(|error| error.code(), |()| 0)),
        Err(error) => return response.with_error_code(error.code()),
    };
    if call.version < 3 {
        return response.with_error_code(answers.into_iter().next().unwrap_or(0));
    }
    let answers = members.into_iter().zip(answers).map(|(member, code)| {
        MemberResponse::default()
            .with_member_id(member.member_id)
            .with_group_instance_id(member.group_instance_id)
            .with_error_code(code)
    });
    response.with_members(answers.collect())
}
