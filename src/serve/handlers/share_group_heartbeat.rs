//! ShareGroupHeartbeat: a member of a share group joins, stays or leaves, and learns what it is to read.

use crate::local::{ShareBeat, SharePlace};
use crate::serve::call::Call;
use crate::serve::wire;
use kafka_protocol::messages::share_group_heartbeat_response::{Assignment, TopicPartitions};
use kafka_protocol::messages::{ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse};

pub(in crate::serve) fn handle(
    call: &Call,
    request: ShareGroupHeartbeatRequest,
) -> ShareGroupHeartbeatResponse {
    let topics = request.subscribed_topic_names.as_ref();
    let host = call.peer.host();
    let beat = ShareBeat {
        group: request.group_id.as_str(),
        member_id: request.member_id.as_str(),
        member_epoch: request.member_epoch,
        topics: topics.map(|topics| topics.iter().map(|topic| topic.as_str().to_owned()).collect()),
        client_id: call.client_id(),
        client_host: &host,
    };
    let permitted = call.access().member(beat.group, beat.topics.iter().flatten());
    match permitted.and_then(|()| call.context.shares.beat(&beat)) {
        Ok(place) => placed(&place).with_member_id(Some(request.member_id)),
        Err(error) => ShareGroupHeartbeatResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(Some(wire::text(error.message))),
    }
}

fn placed(place: &SharePlace) -> ShareGroupHeartbeatResponse {
    let assignment = place.assignment.as_ref().map(|topics| {
        let topics = topics.iter().map(|(id, partitions)| {
            let partitions = partitions.iter().map(|partition| partition.0);
            TopicPartitions::default().with_topic_id(wire::uuid(*id)).with_partitions(partitions.collect())
        });
        Assignment::default().with_topic_partitions(topics.collect())
    });
    ShareGroupHeartbeatResponse::default()
        .with_member_epoch(place.member_epoch)
        .with_heartbeat_interval_ms(i32::try_from(place.heartbeat.as_millis()).unwrap_or(i32::MAX))
        .with_assignment(assignment)
}
