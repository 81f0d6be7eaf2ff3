//! Answers that carry an error, each in the place where clients look for it.

use super::names::decode;
use crate::serve::call::{Call, Hangup, Reply};
use crate::serve::handlers::metadata;
use crate::types::ErrorCode;
use bytes::Bytes;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::OffsetFetchResponseGroup;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message};

/// The requests whose answers can carry an error.
const KEYS: &[ApiKey] = &[
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ListOffsets,
    ApiKey::Metadata,
    ApiKey::OffsetCommit,
    ApiKey::OffsetFetch,
    ApiKey::FindCoordinator,
    ApiKey::JoinGroup,
    ApiKey::Heartbeat,
    ApiKey::LeaveGroup,
    ApiKey::SyncGroup,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::DeleteRecords,
    ApiKey::InitProducerId,
    ApiKey::OffsetForLeaderEpoch,
    ApiKey::AddPartitionsToTxn,
    ApiKey::AddOffsetsToTxn,
    ApiKey::EndTxn,
    ApiKey::TxnOffsetCommit,
    ApiKey::CreatePartitions,
    ApiKey::DeleteGroups,
    ApiKey::ConsumerGroupHeartbeat,
    ApiKey::ShareGroupHeartbeat,
    ApiKey::ShareFetch,
    ApiKey::ShareAcknowledge,
];

pub(super) fn can_tell(key: ApiKey) -> bool {
    KEYS.contains(&key)
}

/// The answer to a request that says nothing but this error. The connection is given up where the client waits for none.
pub(super) fn reply(call: &Call, body: &Bytes, error: ErrorCode) -> Result<Reply, Hangup> {
    let code = error.code();
    match call.key {
        ApiKey::Produce => produce(call, body, code),
        ApiKey::Fetch => fetch(call, body, code),
        ApiKey::ListOffsets => list_offsets(call, body, code),
        ApiKey::OffsetForLeaderEpoch => leader_epochs(call, body, code),
        ApiKey::OffsetCommit => offset_commit(call, body, code),
        ApiKey::OffsetFetch => offset_fetch(call, body, code),
        ApiKey::FindCoordinator => find_coordinator(call, body, code),
        ApiKey::CreateTopics | ApiKey::CreatePartitions | ApiKey::DeleteTopics | ApiKey::DeleteRecords => {
            topics(call, body, code)
        }
        ApiKey::DeleteGroups => {
            let request: DeleteGroupsRequest = request(call, body)?;
            let result = |group| DeletableGroupResult::default().with_group_id(group).with_error_code(code);
            let results = request.groups_names.into_iter().map(result).collect();
            encode(call, &DeleteGroupsResponse::default().with_results(results))
        }
        ApiKey::AddPartitionsToTxn => add_partitions(call, body, code),
        ApiKey::TxnOffsetCommit => txn_offset_commit(call, body, code),
        ApiKey::JoinGroup => {
            encode(call, &JoinGroupResponse::default().with_error_code(code).with_generation_id(-1))
        }
        ApiKey::Heartbeat => encode(call, &HeartbeatResponse::default().with_error_code(code)),
        ApiKey::LeaveGroup => encode(call, &LeaveGroupResponse::default().with_error_code(code)),
        ApiKey::SyncGroup => encode(call, &SyncGroupResponse::default().with_error_code(code)),
        ApiKey::InitProducerId => {
            let response = InitProducerIdResponse::default().with_producer_id(ProducerId(-1));
            encode(call, &response.with_producer_epoch(-1).with_error_code(code))
        }
        ApiKey::AddOffsetsToTxn => encode(call, &AddOffsetsToTxnResponse::default().with_error_code(code)),
        ApiKey::EndTxn => encode(call, &EndTxnResponse::default().with_error_code(code)),
        ApiKey::ConsumerGroupHeartbeat => {
            encode(call, &ConsumerGroupHeartbeatResponse::default().with_error_code(code))
        }
        ApiKey::ShareGroupHeartbeat => {
            encode(call, &ShareGroupHeartbeatResponse::default().with_error_code(code))
        }
        ApiKey::ShareFetch => encode(call, &ShareFetchResponse::default().with_error_code(code)),
        ApiKey::ShareAcknowledge => encode(call, &ShareAcknowledgeResponse::default().with_error_code(code)),
        key => Err(Hangup::NotServed { key: key as i16, version: call.version }),
    }
}

/// The answer to Metadata with the error at these topics, at all of them if none is named. Blocks.
pub(super) fn metadata(
    call: &Call,
    body: &Bytes,
    name: Option<&str>,
    error: ErrorCode,
) -> Result<Reply, Hangup> {
    let mut response = metadata::handle(call, request(call, body)?);
    for topic in &mut response.topics {
        let own = topic.name.as_ref().map_or("", |name| name.as_str());
        if name.is_none_or(|name| name == own) {
            topic.error_code = error.code();
            topic.partitions.clear();
        }
    }
    call.encode(&response)
}

fn request<Q: Decodable + Message>(call: &Call, body: &Bytes) -> Result<Q, Hangup> {
    decode(call, body).ok_or_else(|| call.malformed(&"it can't be read"))
}

fn encode<R: Encodable + HeaderVersion + Message>(call: &Call, response: &R) -> Result<Reply, Hangup> {
    call.encode_as(response, call.version.min(R::VERSIONS.max))
}

fn produce(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: ProduceRequest = request(call, body)?;
    if request.acks == 0 {
        return Err(Hangup::Injected);
    }
    let partition = |index| {
        PartitionProduceResponse::default().with_index(index).with_error_code(code).with_base_offset(-1)
    };
    let responses = request.topic_data.into_iter().map(|topic| {
        let partitions = topic.partition_data.iter().map(|data| partition(data.index)).collect();
        let response = TopicProduceResponse::default().with_name(topic.name).with_topic_id(topic.topic_id);
        response.with_partition_responses(partitions)
    });
    encode(call, &ProduceResponse::default().with_responses(responses.collect()))
}

fn fetch(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: FetchRequest = request(call, body)?;
    let partition = |index| {
        let data = PartitionData::default().with_partition_index(index).with_error_code(code);
        data.with_high_watermark(-1).with_records(Some(Bytes::new()))
    };
    let responses = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|wanted| partition(wanted.partition)).collect();
        let response =
            FetchableTopicResponse::default().with_topic(topic.topic).with_topic_id(topic.topic_id);
        response.with_partitions(partitions)
    });
    encode(call, &FetchResponse::default().with_responses(responses.collect()))
}

fn list_offsets(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: ListOffsetsRequest = request(call, body)?;
    let topics = request.topics.into_iter().map(|topic| {
        let partition =
            |index| ListOffsetsPartitionResponse::default().with_partition_index(index).with_error_code(code);
        let partitions = topic.partitions.iter().map(|wanted| partition(wanted.partition_index)).collect();
        ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    encode(call, &ListOffsetsResponse::default().with_topics(topics.collect()))
}

fn leader_epochs(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: OffsetForLeaderEpochRequest = request(call, body)?;
    let topics = request.topics.into_iter().map(|topic| {
        let partition = |index| EpochEndOffset::default().with_partition(index).with_error_code(code);
        let partitions = topic.partitions.iter().map(|wanted| partition(wanted.partition)).collect();
        OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
    });
    encode(call, &OffsetForLeaderEpochResponse::default().with_topics(topics.collect()))
}

fn offset_commit(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: OffsetCommitRequest = request(call, body)?;
    let topics = request.topics.into_iter().map(|topic| {
        let partition = |index| {
            OffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(code)
        };
        let partitions = topic.partitions.iter().map(|wanted| partition(wanted.partition_index)).collect();
        let response =
            OffsetCommitResponseTopic::default().with_name(topic.name).with_topic_id(topic.topic_id);
        response.with_partitions(partitions)
    });
    encode(call, &OffsetCommitResponse::default().with_topics(topics.collect()))
}

fn offset_fetch(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: OffsetFetchRequest = request(call, body)?;
    if call.version < 8 {
        return encode(call, &OffsetFetchResponse::default().with_error_code(code));
    }
    let group = |id| OffsetFetchResponseGroup::default().with_group_id(id).with_error_code(code);
    let groups = request.groups.into_iter().map(|asked| group(asked.group_id)).collect();
    encode(call, &OffsetFetchResponse::default().with_groups(groups))
}

fn find_coordinator(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: FindCoordinatorRequest = request(call, body)?;
    let nobody = BrokerId(-1);
    if call.version < 4 {
        let response = FindCoordinatorResponse::default().with_error_code(code);
        return encode(call, &response.with_node_id(nobody).with_port(-1));
    }
    let coordinator =
        |key| Coordinator::default().with_key(key).with_node_id(nobody).with_port(-1).with_error_code(code);
    let coordinators = request.coordinator_keys.into_iter().map(coordinator).collect();
    encode(call, &FindCoordinatorResponse::default().with_coordinators(coordinators))
}

fn topics(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    match call.key {
        ApiKey::CreateTopics => {
            let request: CreateTopicsRequest = request(call, body)?;
            let topic = |name| {
                let result = CreatableTopicResult::default().with_name(name).with_error_code(code);
                result.with_num_partitions(-1).with_replication_factor(-1)
            };
            let topics = request.topics.into_iter().map(|wanted| topic(wanted.name)).collect();
            encode(call, &CreateTopicsResponse::default().with_topics(topics))
        }
        ApiKey::CreatePartitions => {
            let request: CreatePartitionsRequest = request(call, body)?;
            let topic = |name| CreatePartitionsTopicResult::default().with_name(name).with_error_code(code);
            let results = request.topics.into_iter().map(|wanted| topic(wanted.name)).collect();
            encode(call, &CreatePartitionsResponse::default().with_results(results))
        }
        ApiKey::DeleteTopics => {
            let request: DeleteTopicsRequest = request(call, body)?;
            let topic = |name, id| {
                DeletableTopicResult::default().with_name(name).with_topic_id(id).with_error_code(code)
            };
            let named = request.topic_names.into_iter().map(|name| topic(Some(name), uuid::Uuid::nil()));
            let others = request.topics.into_iter().map(|wanted| topic(wanted.name, wanted.topic_id));
            encode(call, &DeleteTopicsResponse::default().with_responses(named.chain(others).collect()))
        }
        _ => {
            let request: DeleteRecordsRequest = request(call, body)?;
            let topics = request.topics.into_iter().map(|topic| {
                let partition = |index| {
                    let result = DeleteRecordsPartitionResult::default().with_partition_index(index);
                    result.with_low_watermark(-1).with_error_code(code)
                };
                let partitions = topic.partitions.iter().map(|wanted| partition(wanted.partition_index));
                DeleteRecordsTopicResult::default()
                    .with_name(topic.name)
                    .with_partitions(partitions.collect())
            });
            encode(call, &DeleteRecordsResponse::default().with_topics(topics.collect()))
        }
    }
}

fn add_partitions(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: AddPartitionsToTxnRequest = request(call, body)?;
    let topic = |topic: add_partitions_to_txn_request::AddPartitionsToTxnTopic| {
        let partition = |index| {
            let result = AddPartitionsToTxnPartitionResult::default().with_partition_index(index);
            result.with_partition_error_code(code)
        };
        let partitions = topic.partitions.iter().copied().map(partition).collect();
        AddPartitionsToTxnTopicResult::default().with_name(topic.name).with_results_by_partition(partitions)
    };
    let response = AddPartitionsToTxnResponse::default();
    if call.version < 4 {
        let results = request.v3_and_below_topics.into_iter().map(topic).collect();
        return encode(call, &response.with_results_by_topic_v3_and_below(results));
    }
    let results = request.transactions.into_iter().map(|transaction| {
        let topics = transaction.topics.into_iter().map(topic).collect();
        let result = AddPartitionsToTxnResult::default().with_transactional_id(transaction.transactional_id);
        result.with_topic_results(topics)
    });
    encode(call, &response.with_results_by_transaction(results.collect()))
}

fn txn_offset_commit(call: &Call, body: &Bytes, code: i16) -> Result<Reply, Hangup> {
    let request: TxnOffsetCommitRequest = request(call, body)?;
    let topics = request.topics.into_iter().map(|topic| {
        let partition = |index| {
            TxnOffsetCommitResponsePartition::default().with_partition_index(index).with_error_code(code)
        };
        let partitions = topic.partitions.iter().map(|wanted| partition(wanted.partition_index)).collect();
        TxnOffsetCommitResponseTopic::default().with_name(topic.name).with_partitions(partitions)
    });
    encode(call, &TxnOffsetCommitResponse::default().with_topics(topics.collect()))
}
