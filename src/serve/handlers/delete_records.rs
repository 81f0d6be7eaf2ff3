//! DeleteRecords: the oldest records of partitions go.

use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use crate::types::{Offset, PartitionId, TopicPartition};
use kafka_protocol::messages::delete_records_request::DeleteRecordsRequest;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponse, DeleteRecordsTopicResult,
};

pub(in crate::serve) fn handle(call: &Call, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let key = TopicPartition {
                topic: topic.name.to_string(),
                partition: PartitionId(partition.partition_index),
            };
            let answer =
                DeleteRecordsPartitionResult::default().with_partition_index(partition.partition_index);
            let permitted = access.topic(AclOperation::Delete, &key.topic);
            match permitted.and_then(|()| admin.delete_records(&key, Offset::new(partition.offset))) {
                Ok(start) => answer.with_low_watermark(start.get()),
                Err(error) => answer.with_low_watermark(-1).with_error_code(error.code.code()),
            }
        });
        DeleteRecordsTopicResult::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}
