//! OffsetCommit: what a group has read, durable when the answer goes out.

use crate::group::{NewCommit, TopicCatalog};
use crate::local::Commit;
use crate::serve::call::Call;
use crate::serve::permissions::Access;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, TopicPartition, Uuid};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequest, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};

/// From here on a client may be a member of a group of the newer protocol.
const KNOWS_EPOCHS: i16 = 9;

pub(in crate::serve) fn handle(call: &Call, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let groups = &call.context.groups;
    let access = call.access();
    if let Err(error) = access.group(AclOperation::Read, &request.group_id) {
        return everywhere(&request, error.code);
    }
    let catalog = match groups.catalog() {
        Ok(catalog) => catalog,
        Err(error) => return everywhere(&request, error.code),
    };
    let mut response: Vec<OffsetCommitResponseTopic> =
        request.topics.iter().map(|topic| answers(call, &access, topic, &catalog)).collect();
    // Those that exist are committed; the answers to the others are known.
    let mut offsets = Vec::new();
    for (topic, answer) in request.topics.iter().zip(&response) {
        let Some(name) = name_of(call, topic, &catalog) else { continue };
        for (partition, answer) in topic.partitions.iter().zip(&answer.partitions) {
            if answer.error_code == 0 {
                offsets.push(NewCommit {
                    partition: TopicPartition {
                        topic: name.to_owned(),
                        partition: PartitionId(partition.partition_index),
                    },
                    offset: Offset::new(partition.committed_offset),
                    leader_epoch: (partition.committed_leader_epoch >= 0)
                        .then_some(LeaderEpoch(partition.committed_leader_epoch)),
                    metadata: partition.committed_metadata.as_deref().unwrap_or_default().to_owned(),
                    topic_id: (call.version >= 10).then(|| Uuid(topic.topic_id.into_bytes())),
                });
            }
        }
    }
    if offsets.is_empty() {
        return OffsetCommitResponse::default().with_topics(response);
    }
    let committed = groups.commit(Commit {
        group: request.group_id.to_string(),
        member_id: request.member_id.to_string(),
        instance_id: request.group_instance_id.as_ref().map(|id| id.to_string()),
        generation: request.generation_id_or_member_epoch,
        offsets,
    });
    let open = response.iter_mut().flat_map(|topic| &mut topic.partitions);
    let open = open.filter(|partition| partition.error_code == 0);
    match committed {
        Ok(results) => {
            for (partition, result) in open.zip(results) {
                partition.error_code = result.map_or_else(ErrorCode::code, |()| 0);
            }
        }
        Err(error) => open.for_each(|partition| partition.error_code = as_known(call, error).code()),
    }
    OffsetCommitResponse::default().with_topics(response)
}

/// What a client is told that may know nothing of groups of the newer protocol.
fn as_known(call: &Call, code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::GroupIdNotFound if call.version < KNOWS_EPOCHS => ErrorCode::IllegalGeneration,
        ErrorCode::StaleMemberEpoch if call.version < KNOWS_EPOCHS => ErrorCode::UnsupportedVersion,
        code => code,
    }
}

fn name_of<'a>(
    call: &Call,
    topic: &'a OffsetCommitRequestTopic,
    catalog: &'a TopicCatalog,
) -> Option<&'a str> {
    match call.version {
        ..10 => Some(topic.name.as_str()),
        _ => catalog.name(Uuid(topic.topic_id.into_bytes())),
    }
}

/// An answer for each partition of a topic, before anything is done.
fn answers(
    call: &Call,
    access: &Access,
    topic: &OffsetCommitRequestTopic,
    catalog: &TopicCatalog,
) -> OffsetCommitResponseTopic {
    let name = name_of(call, topic, catalog);
    let is_denied = name.is_some_and(|name| access.topic(AclOperation::Read, name).is_err());
    let known = name.and_then(|name| catalog.get(name));
    let partitions = topic.partitions.iter().map(|partition| {
        let error = match known {
            _ if is_denied => ErrorCode::TopicAuthorizationFailed.code(),
            None if call.version >= 10 => ErrorCode::UnknownTopicId.code(),
            Some(known) if (0..known.partition_count).contains(&partition.partition_index) => 0,
            _ => ErrorCode::UnknownTopicOrPartition.code(),
        };
        OffsetCommitResponsePartition::default()
            .with_partition_index(partition.partition_index)
            .with_error_code(error)
    });
    OffsetCommitResponseTopic::default()
        .with_name(topic.name.clone())
        .with_topic_id(topic.topic_id)
        .with_partitions(partitions.collect())
}

fn everywhere(request: &OffsetCommitRequest, error: ErrorCode) -> OffsetCommitResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            OffsetCommitResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(error.code())
        });
        OffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_topic_id(topic.topic_id)
            .with_partitions(partitions.collect())
    });
    OffsetCommitResponse::default().with_topics(topics.collect())
}
