//! OffsetForLeaderEpoch: where the history that a client has read parts from the log's.

use crate::client;
use crate::serve::call::Call;
use crate::serve::permissions::Access;
use crate::types::acl::AclOperation;
use crate::types::{LeaderEpoch, Offset, PartitionId};
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::offset_for_leader_epoch_request::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderEpochResponse, OffsetForLeaderTopicResult,
};

pub(in crate::serve) fn handle(
    call: &Call,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let access = call.access();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let answer = EpochEndOffset::default()
                .with_partition(partition.partition)
                .with_leader_epoch(-1)
                .with_end_offset(-1);
            match end(call, &access, &topic.topic, partition) {
                Ok(Some((epoch, end))) => answer.with_leader_epoch(epoch.0).with_end_offset(end.get()),
                Ok(None) => answer,
                Err(error) => answer.with_error_code(error.code.code()),
            }
        });
        OffsetForLeaderTopicResult::default()
            .with_topic(topic.topic.clone())
            .with_partitions(partitions.collect())
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}

fn end(
    call: &Call,
    access: &Access,
    name: &TopicName,
    partition: &OffsetForLeaderPartition,
) -> client::Result<Option<(LeaderEpoch, Offset)>> {
    access.topic(AclOperation::Describe, name.as_str())?;
    let logs = &call.context.logs;
    let topic = logs.topic(name.as_str())?;
    let id = PartitionId(partition.partition);
    let believed =
        (partition.current_leader_epoch >= 0).then_some(LeaderEpoch(partition.current_leader_epoch));
    logs.leader_epoch(&topic, id, believed)?;
    logs.epoch_end(&topic, id, LeaderEpoch(partition.leader_epoch))
}
