//! Heartbeat: a member of the classic protocol lives, and learns whether it has to join again.

use crate::group::Speaker;
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use kafka_protocol::messages::heartbeat_request::HeartbeatRequest;
use kafka_protocol::messages::heartbeat_response::HeartbeatResponse;

pub(in crate::serve) fn handle(call: &Call, request: HeartbeatRequest) -> HeartbeatResponse {
    let speaker = Speaker {
        member_id: &request.member_id,
        instance_id: request.group_instance_id.as_deref(),
        generation: request.generation_id,
    };
    let permitted = call.access().group(AclOperation::Read, &request.group_id).map_err(|error| error.code);
    let answer = permitted.and_then(|()| call.context.groups.heartbeat(&request.group_id, speaker));
    HeartbeatResponse::default().with_error_code(answer.map_or_else(|error| error.code(), |()| 0))
}
