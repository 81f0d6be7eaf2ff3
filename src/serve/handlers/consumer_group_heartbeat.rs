//! ConsumerGroupHeartbeat: all that a member of the newer protocol says (KIP-848).

use crate::group::{HeartbeatRequest, PartitionSet, Refusal};
use crate::serve::call::Call;
use crate::types::{PartitionId, Uuid};
use kafka_protocol::messages::consumer_group_heartbeat_request::ConsumerGroupHeartbeatRequest;
use kafka_protocol::messages::consumer_group_heartbeat_response::{
    Assignment, ConsumerGroupHeartbeatResponse, TopicPartitions,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;

pub(in crate::serve) fn handle(
    call: &Call,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    let groups = &call.context.groups;
    let group = request.group_id.clone();
    let heartbeat = wanted(call, request);
    let response = ConsumerGroupHeartbeatResponse::default();
    match permitted(call, &group, &heartbeat).and_then(|()| groups.consumer_heartbeat(&group, &heartbeat)) {
        Err(refusal) => response
            .with_error_code(refusal.code.code())
            .with_error_message(Some(StrBytes::from_string(refusal.message))),
        Ok(answer) => {
            let interval_ms = match answer.member_epoch {
                ..0 => 0,
                _ => groups.heartbeat_interval_ms(&group),
            };
            response
                .with_member_id(Some(StrBytes::from_string(heartbeat.member_id)))
                .with_member_epoch(answer.member_epoch)
                .with_heartbeat_interval_ms(interval_ms)
                .with_assignment(answer.assignment.as_ref().map(assignment))
        }
    }
}

/// Whether the client may be a member, and see the topics that it names.
fn permitted(call: &Call, group: &str, heartbeat: &HeartbeatRequest) -> Result<(), Refusal> {
    let permitted = call.access().member(group, heartbeat.topics.iter().flatten());
    permitted.map_err(|error| Refusal { code: error.code, message: error.message })
}

fn wanted(call: &Call, request: ConsumerGroupHeartbeatRequest) -> HeartbeatRequest {
    let text = |text: Option<StrBytes>| text.map(|text| text.to_string());
    let mut member_id = request.member_id.to_string();
    if call.version == 0 && member_id.is_empty() && request.member_epoch == 0 {
        // From version 1 on clients make their ids themselves.
        member_id = Uuid::random().to_string();
    }
    let owned = request.topic_partitions.map(|topics| {
        let of_topic = topics.iter().flat_map(|topic| {
            let id = Uuid(topic.topic_id.into_bytes());
            topic.partitions.iter().map(move |&partition| (id, PartitionId(partition)))
        });
        of_topic.collect::<PartitionSet>()
    });
    let topics = request.subscribed_topic_names;
    HeartbeatRequest {
        member_id,
        member_epoch: request.member_epoch,
        instance_id: text(request.instance_id),
        rack_id: text(request.rack_id),
        client_id: call.client_id().to_owned(),
        client_host: call.peer.host(),
        rebalance_timeout_ms: (request.rebalance_timeout_ms >= 0).then_some(request.rebalance_timeout_ms),
        topics: topics.map(|names| names.iter().map(|name| name.as_str().to_owned()).collect()),
        topic_regex: text(request.subscribed_topic_regex),
        assignor: text(request.server_assignor),
        owned,
        classic: None,
    }
}

fn assignment(partitions: &PartitionSet) -> Assignment {
    let mut topics: BTreeMap<Uuid, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions.iter() {
        topics.entry(topic).or_default().push(partition.0);
    }
    let topics = topics.into_iter().map(|(topic, partitions)| {
        TopicPartitions::default().with_topic_id(uuid::Uuid::from_bytes(topic.0)).with_partitions(partitions)
    });
    Assignment::default().with_topic_partitions(topics.collect())
}
