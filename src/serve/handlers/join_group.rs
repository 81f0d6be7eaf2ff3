//! JoinGroup: answered when the group's members have all joined.

use crate::group::JoinRequest;
use crate::local::JoinAnswer;
use crate::serve::call::{Call, Hangup};
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::join_group_request::JoinGroupRequest;
use kafka_protocol::messages::join_group_response::{JoinGroupResponse, JoinGroupResponseMember};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

pub(in crate::serve) async fn handle(
    call: Call,
    request: JoinGroupRequest,
) -> Result<JoinGroupResponse, Hangup> {
    let (tell, told) = oneshot::channel();
    let group = request.group_id.to_string();
    let join = wanted(&call, request);
    call.blocking(move |call| {
        match call.access().group(AclOperation::Read, &group) {
            Ok(()) => {
                // Who has hung up meanwhile is told nothing.
                let reply = Box::new(move |answer| drop(tell.send(answer)));
                call.context.groups.join(&group, &join, reply);
            }
            Err(error) => {
                let refused = JoinAnswer { member_id: join.member_id, result: Err(error.code) };
                drop(tell.send(refused));
            }
        }
    })
    .await?;
    let told = tokio::select! {
        told = told => told,
        () = call.context.stopping() => return Ok(stopped()),
    };
    match told {
        Ok(answer) => Ok(response(&call, answer)),
        Err(_) => Err(call.failed()),
    }
}

/// The server ends while the client waits: its next try is for whoever comes after.
fn stopped() -> JoinGroupResponse {
    JoinGroupResponse::default()
        .with_error_code(ErrorCode::CoordinatorNotAvailable.code())
        .with_generation_id(-1)
        .with_protocol_name(Some(StrBytes::default()))
}

fn wanted(call: &Call, request: JoinGroupRequest) -> JoinRequest {
    let instance_id = request.group_instance_id.map(|id| id.to_string());
    let name = instance_id.as_deref().unwrap_or_else(|| call.client_id());
    let protocols = request.protocols.into_iter();
    JoinRequest {
        member_id: request.member_id.to_string(),
        new_member_id: format!("{name}-{}", uuid::Uuid::new_v4()),
        client_id: call.client_id().to_owned(),
        client_host: call.peer.host(),
        // In version 0 the one was the other.
        rebalance_timeout_ms: match call.version {
            0 => request.session_timeout_ms,
            _ => request.rebalance_timeout_ms,
        },
        session_timeout_ms: request.session_timeout_ms,
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols.map(|one| (one.name.to_string(), one.metadata.to_vec())).collect(),
        asks_for_id: call.version >= 4,
        instance_id,
    }
}

fn response(call: &Call, answer: JoinAnswer) -> JoinGroupResponse {
    let response = JoinGroupResponse::default().with_member_id(StrBytes::from_string(answer.member_id));
    // Before version 7 it could not be left out.
    let no_name = || (call.version < 7).then(StrBytes::default);
    let joined = match answer.result {
        Ok(joined) => joined,
        Err(error) => {
            return response
                .with_error_code(error.code())
                .with_generation_id(-1)
                .with_protocol_type(None)
                .with_protocol_name(no_name());
        }
    };
    let response = response
        .with_generation_id(joined.generation)
        .with_protocol_type(Some(StrBytes::from_string(joined.protocol_type)))
        .with_protocol_name(Some(StrBytes::from_string(joined.protocol)));
    if joined.skip_assignment && call.version < 9 {
        // A leader that can't be told to leave things as they are is told that it isn't the leader.
        return response;
    }
    let members = joined.members.into_iter().map(|member| {
        JoinGroupResponseMember::default()
            .with_member_id(StrBytes::from_string(member.member_id))
            .with_group_instance_id(member.instance_id.map(StrBytes::from_string))
            .with_metadata(member.metadata.into())
    });
    response
        .with_leader(StrBytes::from_string(joined.leader))
        .with_skip_assignment(joined.skip_assignment)
        .with_members(members.collect())
}
