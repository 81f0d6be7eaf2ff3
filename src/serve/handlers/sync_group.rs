//! SyncGroup: answered when the leader has given everyone their part.

use crate::group::{Speaker, SyncRequest};
use crate::serve::call::{Call, Hangup};
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::sync_group_request::SyncGroupRequest;
use kafka_protocol::messages::sync_group_response::SyncGroupResponse;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

pub(in crate::serve) async fn handle(
    call: Call,
    request: SyncGroupRequest,
) -> Result<SyncGroupResponse, Hangup> {
    let (tell, told) = oneshot::channel();
    call.blocking(move |call| {
        let assignments = request.assignments.into_iter();
        let sync = SyncRequest {
            speaker: Speaker {
                member_id: &request.member_id,
                instance_id: request.group_instance_id.as_deref(),
                generation: request.generation_id,
            },
            protocol_type: request.protocol_type.as_deref(),
            protocol: request.protocol_name.as_deref(),
            assignments: assignments
                .map(|one| (one.member_id.to_string(), one.assignment.to_vec()))
                .collect(),
        };
        match call.access().group(AclOperation::Read, &request.group_id) {
            Ok(()) => {
                // Who has hung up meanwhile is told nothing.
                let reply = Box::new(move |answer| drop(tell.send(answer)));
                call.context.groups.sync(&request.group_id, sync, reply);
            }
            Err(error) => drop(tell.send(Err(error.code))),
        }
    })
    .await?;
    let told = tokio::select! {
        told = told => told,
        () = call.context.stopping() => {
            // Its next try is for whoever comes after.
            let code = ErrorCode::CoordinatorNotAvailable.code();
            return Ok(SyncGroupResponse::default().with_error_code(code));
        }
    };
    match told {
        Ok(Ok(synced)) => Ok(SyncGroupResponse::default()
            .with_protocol_type(Some(StrBytes::from_string(synced.protocol_type)))
            .with_protocol_name(Some(StrBytes::from_string(synced.protocol)))
            .with_assignment(synced.assignment.into())),
        Ok(Err(error)) => Ok(SyncGroupResponse::default().with_error_code(error.code())),
        Err(_) => Err(call.failed()),
    }
}
