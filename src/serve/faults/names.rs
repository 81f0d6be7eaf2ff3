//! What a request is about: the names of its topics, groups and transactional ids.

use crate::serve::call::{Call, Hangup};
use crate::serve::wire;
use bytes::Bytes;
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, ApiKey, ConsumerGroupDescribeRequest,
    ConsumerGroupHeartbeatRequest, CreatePartitionsRequest, CreateTopicsRequest, DeleteGroupsRequest,
    DeleteRecordsRequest, DeleteTopicsRequest, DescribeGroupsRequest, EndTxnRequest, FetchRequest,
    FindCoordinatorRequest, HeartbeatRequest, InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest,
    ListOffsetsRequest, MetadataRequest, OffsetCommitRequest, OffsetFetchRequest,
    OffsetForLeaderEpochRequest, ProduceRequest, ShareGroupHeartbeatRequest, SyncGroupRequest,
    TxnOffsetCommitRequest,
};
use kafka_protocol::protocol::{Decodable, Message};
use std::ops::Deref;

/// Names, and ids of topics whose names are still to be found.
#[derive(Debug, Default)]
struct Names {
    names: Vec<String>,
    ids: Vec<uuid::Uuid>,
}

impl Names {
    fn add(&mut self, name: &str) {
        if !name.is_empty() {
            self.names.push(name.to_owned());
        }
    }

    fn add_optional(&mut self, name: Option<&impl Deref<Target = impl Deref<Target = str>>>) {
        if let Some(name) = name {
            self.add(name);
        }
    }

    /// A topic that a client names by either.
    fn topic(&mut self, name: &str, id: uuid::Uuid) {
        self.add(name);
        if !id.is_nil() {
            self.ids.push(id);
        }
    }
}

/// The names in a request. None are known of one that can't be read: who handles it will say so.
pub(super) async fn of(call: &Call, body: &Bytes) -> Result<Vec<String>, Hangup> {
    let Names { mut names, ids } = read(call, body).unwrap_or_default();
    if !ids.is_empty() {
        let listed = call.blocking(|call| call.context.cluster.admin().list_topics()).await?;
        let all = listed.unwrap_or_default();
        names.extend(
            all.into_iter().filter(|topic| ids.contains(&wire::uuid(topic.id))).map(|topic| topic.name),
        );
    }
    Ok(names)
}

/// Reads the body in the newest version that can be read, not beyond the request's.
pub(super) fn decode<Q: Decodable + Message>(call: &Call, body: &Bytes) -> Option<Q> {
    Q::decode(&mut body.clone(), call.version.min(Q::VERSIONS.max)).ok()
}

fn read(call: &Call, body: &Bytes) -> Option<Names> {
    match call.key {
        ApiKey::Produce
        | ApiKey::Fetch
        | ApiKey::ListOffsets
        | ApiKey::Metadata
        | ApiKey::OffsetForLeaderEpoch => of_records(call, body),
        ApiKey::CreateTopics | ApiKey::DeleteTopics | ApiKey::DeleteRecords | ApiKey::CreatePartitions => {
            of_topics(call, body)
        }
        ApiKey::InitProducerId
        | ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::EndTxn
        | ApiKey::TxnOffsetCommit => of_transactions(call, body),
        _ => of_groups(call, body),
    }
}

fn of_records(call: &Call, body: &Bytes) -> Option<Names> {
    let mut names = Names::default();
    match call.key {
        ApiKey::Produce => {
            let request: ProduceRequest = decode(call, body)?;
            names.add_optional(request.transactional_id.as_ref());
            request.topic_data.iter().for_each(|topic| names.topic(&topic.name, topic.topic_id));
        }
        ApiKey::Fetch => {
            let request: FetchRequest = decode(call, body)?;
            request.topics.iter().for_each(|topic| names.topic(&topic.topic, topic.topic_id));
        }
        ApiKey::ListOffsets => {
            let request: ListOffsetsRequest = decode(call, body)?;
            request.topics.iter().for_each(|topic| names.add(&topic.name));
        }
        ApiKey::OffsetForLeaderEpoch => {
            let request: OffsetForLeaderEpochRequest = decode(call, body)?;
            request.topics.iter().for_each(|topic| names.add(&topic.topic));
        }
        _ => {
            let request: MetadataRequest = decode(call, body)?;
            for topic in request.topics.iter().flatten() {
                names.topic(topic.name.as_ref().map_or("", |name| name), topic.topic_id);
            }
        }
    }
    Some(names)
}

fn of_topics(call: &Call, body: &Bytes) -> Option<Names> {
    let mut names = Names::default();
    match call.key {
        ApiKey::CreateTopics => {
            let request: CreateTopicsRequest = decode(call, body)?;
            request.topics.iter().for_each(|topic| names.add(&topic.name));
        }
        ApiKey::DeleteTopics => {
            let request: DeleteTopicsRequest = decode(call, body)?;
            request.topic_names.iter().for_each(|name| names.add(name));
            for topic in &request.topics {
                names.topic(topic.name.as_ref().map_or("", |name| name), topic.topic_id);
            }
        }
        ApiKey::DeleteRecords => {
            let request: DeleteRecordsRequest = decode(call, body)?;
            request.topics.iter().for_each(|topic| names.add(&topic.name));
        }
        _ => {
            let request: CreatePartitionsRequest = decode(call, body)?;
            request.topics.iter().for_each(|topic| names.add(&topic.name));
        }
    }
    Some(names)
}

fn of_transactions(call: &Call, body: &Bytes) -> Option<Names> {
    let mut names = Names::default();
    match call.key {
        ApiKey::InitProducerId => {
            let request: InitProducerIdRequest = decode(call, body)?;
            names.add_optional(request.transactional_id.as_ref());
        }
        ApiKey::AddPartitionsToTxn => {
            let request: AddPartitionsToTxnRequest = decode(call, body)?;
            names.add(&request.v3_and_below_transactional_id);
            request.v3_and_below_topics.iter().for_each(|topic| names.add(&topic.name));
            for transaction in &request.transactions {
                names.add(&transaction.transactional_id);
                transaction.topics.iter().for_each(|topic| names.add(&topic.name));
            }
        }
        ApiKey::AddOffsetsToTxn => {
            let request: AddOffsetsToTxnRequest = decode(call, body)?;
            names.add(&request.transactional_id);
            names.add(&request.group_id);
        }
        ApiKey::EndTxn => names.add(&decode::<EndTxnRequest>(call, body)?.transactional_id),
        _ => {
            let request: TxnOffsetCommitRequest = decode(call, body)?;
            names.add(&request.transactional_id);
            names.add(&request.group_id);
            request.topics.iter().for_each(|topic| names.add(&topic.name));
        }
    }
    Some(names)
}

fn of_groups(call: &Call, body: &Bytes) -> Option<Names> {
    let mut names = Names::default();
    match call.key {
        ApiKey::FindCoordinator => {
            let request: FindCoordinatorRequest = decode(call, body)?;
            names.add(&request.key);
            request.coordinator_keys.iter().for_each(|key| names.add(key));
        }
        ApiKey::JoinGroup => names.add(&decode::<JoinGroupRequest>(call, body)?.group_id),
        ApiKey::SyncGroup => names.add(&decode::<SyncGroupRequest>(call, body)?.group_id),
        ApiKey::Heartbeat => names.add(&decode::<HeartbeatRequest>(call, body)?.group_id),
        ApiKey::LeaveGroup => names.add(&decode::<LeaveGroupRequest>(call, body)?.group_id),
        ApiKey::ConsumerGroupHeartbeat => {
            names.add(&decode::<ConsumerGroupHeartbeatRequest>(call, body)?.group_id);
        }
        ApiKey::ShareGroupHeartbeat => names.add(&decode::<ShareGroupHeartbeatRequest>(call, body)?.group_id),
        ApiKey::OffsetCommit => {
            let request: OffsetCommitRequest = decode(call, body)?;
            names.add(&request.group_id);
            request.topics.iter().for_each(|topic| names.topic(&topic.name, topic.topic_id));
        }
        ApiKey::OffsetFetch => {
            let request: OffsetFetchRequest = decode(call, body)?;
            names.add(&request.group_id);
            request.groups.iter().for_each(|group| names.add(&group.group_id));
        }
        ApiKey::DescribeGroups => {
            decode::<DescribeGroupsRequest>(call, body)?.groups.iter().for_each(|group| names.add(group));
        }
        ApiKey::ConsumerGroupDescribe => {
            let request: ConsumerGroupDescribeRequest = decode(call, body)?;
            request.group_ids.iter().for_each(|group| names.add(group));
        }
        ApiKey::DeleteGroups => {
            decode::<DeleteGroupsRequest>(call, body)?.groups_names.iter().for_each(|group| names.add(group));
        }
        _ => {}
    }
    Some(names)
}
