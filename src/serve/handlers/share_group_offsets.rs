//! DescribeShareGroupOffsets, AlterShareGroupOffsets and DeleteShareGroupOffsets: how far a share group has come.

use crate::client::{self, SharePosition};
use crate::serve::call::{Answer, Call, Hangup};
use crate::serve::newer::{self, DescribedOffsets, OffsetsOfGroup, OffsetsOfTopic};
use crate::serve::once::once;
use crate::serve::wire;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, Offset, PartitionId, TopicPartition, Uuid};
use bytes::Bytes;
use kafka_protocol::messages::alter_share_group_offsets_response::{
    AlterShareGroupOffsetsResponse, AlterShareGroupOffsetsResponsePartition,
    AlterShareGroupOffsetsResponseTopic,
};
use kafka_protocol::messages::delete_share_group_offsets_response::{
    DeleteShareGroupOffsetsResponse, DeleteShareGroupOffsetsResponseTopic,
};
use kafka_protocol::messages::describe_share_group_offsets_request::{
    DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsRequestGroup,
};
use kafka_protocol::messages::{AlterShareGroupOffsetsRequest, DeleteShareGroupOffsetsRequest};
use kafka_protocol::protocol::Decodable;
use std::collections::BTreeMap;

/// Requests of version 1 have the fields of 0; the answer has one more, and is written by hand.
pub(in crate::serve) async fn describe(call: Call, mut body: Bytes) -> Result<Answer, Hangup> {
    let request = DescribeShareGroupOffsetsRequest::decode(&mut body, 0).map_err(|e| call.malformed(&e))?;
    let reply = call.blocking(move |call| {
        let groups = once(&request.groups, |group| group.group_id.clone());
        let groups: Vec<OffsetsOfGroup> = groups.map(|group| of_group(call, group)).collect();
        let body = newer::described_offsets(&groups, call.version).map_err(|e| call.unanswerable(&e))?;
        call.frame(&body)
    });
    Ok(Answer::Now(reply.await??))
}

fn of_group(call: &Call, group: &DescribeShareGroupOffsetsRequestGroup) -> OffsetsOfGroup {
    let id = group.group_id.to_string();
    let access = call.access();
    let permitted = access.group(AclOperation::Describe, &id);
    let positions = match permitted.and_then(|()| call.context.cluster.admin().share_group_offsets(&id)) {
        Ok(positions) => positions,
        Err(error) => return OffsetsOfGroup { id, outcome: Err(error) },
    };
    let may_see = |at: &TopicPartition| access.topic(AclOperation::Describe, &at.topic).is_ok();
    let known: BTreeMap<TopicPartition, SharePosition> =
        positions.into_iter().filter(|(at, _)| may_see(at)).collect();
    let wanted: Vec<TopicPartition> = match &group.topics {
        None => known.keys().cloned().collect(),
        Some(topics) => {
            let of_topic = |name: &str, ids: &[i32]| -> Vec<TopicPartition> {
                let one = |&id: &i32| TopicPartition { topic: name.to_owned(), partition: PartitionId(id) };
                ids.iter().map(one).collect()
            };
            topics.iter().flat_map(|topic| of_topic(topic.topic_name.as_str(), &topic.partitions)).collect()
        }
    };
    let mut topics: Vec<OffsetsOfTopic> = Vec::new();
    for partition in wanted {
        let described = offsets(partition.partition, known.get(&partition));
        match topics.iter_mut().find(|topic| topic.name == partition.topic) {
            Some(topic) => topic.partitions.push(described),
            None => {
                let id = call.context.shares.topic_id(&partition.topic).unwrap_or(Uuid::ZERO);
                topics.push(OffsetsOfTopic { name: partition.topic, id, partitions: vec![described] });
            }
        }
    }
    OffsetsOfGroup { id, outcome: Ok(topics) }
}

fn offsets(partition: PartitionId, position: Option<&SharePosition>) -> DescribedOffsets {
    let position = position.cloned();
    let start = position.as_ref().and_then(|position| position.start);
    DescribedOffsets {
        partition,
        start: start.map_or(-1, Offset::get),
        leader_epoch: position.as_ref().and_then(|p| p.leader_epoch).map_or(0, |epoch| epoch.0),
        lag: position.and_then(|position| position.lag).unwrap_or(-1),
    }
}

pub(in crate::serve) fn alter(
    call: &Call,
    request: AlterShareGroupOffsetsRequest,
) -> AlterShareGroupOffsetsResponse {
    let mut offsets = Vec::new();
    for topic in &request.topics {
        offsets.extend(topic.partitions.iter().map(|partition| {
            let id = PartitionId(partition.partition_index);
            let key = TopicPartition { topic: topic.topic_name.as_str().to_owned(), partition: id };
            (key, Offset::new(partition.start_offset))
        }));
    }
    let admin = call.context.cluster.admin();
    let access = call.access();
    let permitted = access
        .group(AclOperation::Read, request.group_id.as_str())
        .and_then(|()| offsets.iter().try_for_each(|(at, _)| access.topic(AclOperation::Read, &at.topic)));
    let altered =
        permitted.and_then(|()| admin.alter_share_group_offsets(request.group_id.as_str(), &offsets));
    let answers = match altered {
        Ok(answers) => answers,
        Err(error) => {
            let (code, message) = wire::outcome::<()>(&Err(error));
            return AlterShareGroupOffsetsResponse::default()
                .with_error_code(code)
                .with_error_message(message);
        }
    };
    let mut answers = answers.into_iter();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let answer =
                answers.next().unwrap_or_else(|| Err(client::Error::of(ErrorCode::UnknownServerError)));
            let (code, message) = wire::outcome(&answer);
            AlterShareGroupOffsetsResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(code)
                .with_error_message(message)
        });
        let id = call.context.shares.topic_id(topic.topic_name.as_str()).unwrap_or(Uuid::ZERO);
        AlterShareGroupOffsetsResponseTopic::default()
            .with_topic_name(topic.topic_name.clone())
            .with_topic_id(wire::uuid(id))
            .with_partitions(partitions.collect())
    });
    AlterShareGroupOffsetsResponse::default().with_responses(topics.collect())
}

pub(in crate::serve) fn delete(
    call: &Call,
    request: DeleteShareGroupOffsetsRequest,
) -> DeleteShareGroupOffsetsResponse {
    let topics: Vec<String> =
        request.topics.iter().map(|topic| topic.topic_name.as_str().to_owned()).collect();
    let admin = call.context.cluster.admin();
    let access = call.access();
    let permitted = access.group(AclOperation::Delete, request.group_id.as_str());
    let permitted =
        permitted.and_then(|()| topics.iter().try_for_each(|topic| access.topic(AclOperation::Read, topic)));
    let deleted =
        permitted.and_then(|()| admin.delete_share_group_offsets(request.group_id.as_str(), &topics));
    let answers = match deleted {
        Ok(answers) => answers,
        Err(error) => {
            let (code, message) = wire::outcome::<()>(&Err(error));
            return DeleteShareGroupOffsetsResponse::default()
                .with_error_code(code)
                .with_error_message(message);
        }
    };
    let responses = topics.iter().zip(&answers).map(|(topic, answer)| {
        let (code, message) = wire::outcome(answer);
        // As a broker has it, a topic that nothing was deleted of has no id.
        let id = answer.as_ref().ok().and_then(|()| call.context.shares.topic_id(topic));
        DeleteShareGroupOffsetsResponseTopic::default()
            .with_topic_name(wire::topic(topic))
            .with_topic_id(wire::uuid(id.unwrap_or(Uuid::ZERO)))
            .with_error_code(code)
            .with_error_message(message)
    });
    DeleteShareGroupOffsetsResponse::default().with_responses(responses.collect())
}
