//! AlterPartitionReassignments and ListPartitionReassignments: moves of partitions between brokers (KIP-455).

use crate::client::{self, Admin, Error, PartitionReassignment};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::acl::AclOperation;
use crate::types::{BrokerId, ErrorCode, PartitionId, TopicPartition};
use kafka_protocol::messages::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition,
};
use kafka_protocol::messages::alter_partition_reassignments_response::{
    AlterPartitionReassignmentsResponse, ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsRequest;
use kafka_protocol::messages::list_partition_reassignments_response::{
    ListPartitionReassignmentsResponse, OngoingPartitionReassignment, OngoingTopicReassignment,
};
use std::collections::BTreeMap;

pub(in crate::serve) fn alter(
    call: &Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let (code, message) = wire::outcome(
                &access.cluster(AclOperation::Alter).and_then(|()| change(&*admin, &topic.name, partition)),
            );
            ReassignablePartitionResponse::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(code)
                .with_error_message(message)
        });
        ReassignableTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    AlterPartitionReassignmentsResponse::default()
        .with_allow_replication_factor_change(request.allow_replication_factor_change)
        .with_responses(topics.collect())
}

/// Starts a move, or calls one off where no replicas are named.
fn change(admin: &dyn Admin, topic: &str, wanted: &ReassignablePartition) -> client::Result<()> {
    let partition =
        TopicPartition { topic: topic.to_owned(), partition: PartitionId(wanted.partition_index) };
    let target: Vec<BrokerId> = match &wanted.replicas {
        Some(replicas) => wire::broker_ids(replicas),
        None if admin.list_reassignments()?.iter().any(|under_way| under_way.partition == partition) => {
            return Err(Error::new(ErrorCode::InvalidRequest, "a move can't be called off yet"));
        }
        None => {
            check_exists(admin, &partition)?;
            return Err(Error::of(ErrorCode::NoReassignmentInProgress));
        }
    };
    admin.alter_reassignments(&[(partition, target)])?.into_iter().collect()
}

fn check_exists(admin: &dyn Admin, partition: &TopicPartition) -> client::Result<()> {
    let described: client::Result<Vec<_>> =
        admin.describe_topics(std::slice::from_ref(&partition.topic)).into_iter().collect();
    let is_there = described?
        .iter()
        .any(|topic| topic.partitions.iter().any(|present| present.partition == partition.partition));
    if is_there { Ok(()) } else { Err(Error::of(ErrorCode::UnknownTopicOrPartition)) }
}

pub(in crate::serve) fn list(
    call: &Call,
    request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    let permitted = call.access().cluster(AclOperation::Describe);
    let under_way = match permitted.and_then(|()| call.context.cluster.admin().list_reassignments()) {
        Ok(under_way) => under_way,
        Err(error) => {
            return ListPartitionReassignmentsResponse::default()
                .with_error_code(error.code.code())
                .with_error_message(wire::message(&error));
        }
    };
    let is_wanted = |one: &PartitionReassignment| {
        request.topics.as_ref().is_none_or(|topics| {
            topics.iter().any(|topic| {
                topic.name.as_str() == one.partition.topic
                    && topic.partition_indexes.contains(&one.partition.partition.0)
            })
        })
    };
    let mut topics: BTreeMap<&str, Vec<OngoingPartitionReassignment>> = BTreeMap::new();
    for one in under_way.iter().filter(|one| is_wanted(one)) {
        topics.entry(&one.partition.topic).or_default().push(
            OngoingPartitionReassignment::default()
                .with_partition_index(one.partition.partition.0)
                .with_replicas(wire::brokers(&one.replicas))
                .with_adding_replicas(wire::brokers(&one.adding))
                .with_removing_replicas(wire::brokers(&one.removing)),
        );
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        OngoingTopicReassignment::default().with_name(wire::topic(name)).with_partitions(partitions)
    });
    ListPartitionReassignmentsResponse::default().with_topics(topics.collect())
}
