//! OffsetDelete: a group forgets what it has committed of partitions that nobody reads.

use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, PartitionId, TopicPartition};
use kafka_protocol::messages::offset_delete_request::OffsetDeleteRequest;
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};

pub(in crate::serve) fn handle(call: &Call, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    match delete(call, &request) {
        Ok(topics) => OffsetDeleteResponse::default().with_topics(topics),
        Err(error) => OffsetDeleteResponse::default().with_error_code(error.code()),
    }
}

fn delete(call: &Call, request: &OffsetDeleteRequest) -> Result<Vec<OffsetDeleteResponseTopic>, ErrorCode> {
    let groups = &call.context.groups;
    let access = call.access();
    access.group(AclOperation::Delete, &request.group_id).map_err(|error| error.code)?;
    let may_read = |topic: &str| access.topic(AclOperation::Read, topic).is_ok();
    let catalog = groups.catalog().map_err(|error| error.code)?;
    let exists = |topic: &str, index: i32| {
        catalog.get(topic).is_some_and(|known| (0..known.partition_count).contains(&index))
    };
    let all = request.topics.iter().flat_map(|topic| {
        let named = |one: &_| (topic.name.as_str(), index_of(one));
        topic.partitions.iter().map(named)
    });
    let known: Vec<TopicPartition> = all
        .filter(|&(topic, index)| exists(topic, index) && may_read(topic))
        .map(|(topic, index)| TopicPartition { topic: topic.to_owned(), partition: PartitionId(index) })
        .collect();
    let mut deleted = groups.delete_offsets(&request.group_id, &known)?.into_iter();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|one| {
            let result = match exists(topic.name.as_str(), one.partition_index) {
                _ if !may_read(topic.name.as_str()) => Err(ErrorCode::TopicAuthorizationFailed),
                true => deleted.next().unwrap_or(Ok(())),
                false => Err(ErrorCode::UnknownTopicOrPartition),
            };
            OffsetDeleteResponsePartition::default()
                .with_partition_index(one.partition_index)
                .with_error_code(result.map_or_else(ErrorCode::code, |()| 0))
        });
        OffsetDeleteResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    Ok(topics.collect())
}

fn index_of(
    partition: &kafka_protocol::messages::offset_delete_request::OffsetDeleteRequestPartition,
) -> i32 {
    partition.partition_index
}
