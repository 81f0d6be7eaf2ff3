//! DescribeTopicPartitions: partitions in pages, with the replicas that may lead once the others are gone (KIP-966).

use crate::client::{self, PartitionDescription, TopicDescription};
use crate::serve::call::Call;
use crate::serve::{nodes, permissions, wire};
use crate::types::acl::AclOperation;
use crate::types::acl::ResourceType;
use crate::types::{BrokerId, ErrorCode, TopicName};
use kafka_protocol::messages::describe_topic_partitions_request::DescribeTopicPartitionsRequest;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponse, DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
};
use std::collections::BTreeSet;

/// The most partitions of one answer (`max.request.partition.size.limit`).
const PARTITIONS_MAX: usize = 2000;

pub(in crate::serve) fn handle(
    call: &Call,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let refuse = |code: ErrorCode| {
        let topics = request.topics.iter().map(|topic| refused(topic.name.as_str(), code));
        DescribeTopicPartitionsResponse::default().with_topics(topics.collect())
    };
    if request.cursor.as_ref().is_some_and(|cursor| cursor.partition_index < 0) {
        return refuse(ErrorCode::InvalidRequest);
    }
    answer(call, &request).unwrap_or_else(|error| refuse(error.code))
}

fn answer(
    call: &Call,
    request: &DescribeTopicPartitionsRequest,
) -> client::Result<DescribeTopicPartitionsResponse> {
    let admin = call.context.cluster.admin();
    let nodes = nodes::cluster(call)?.nodes;
    let alive: Vec<BrokerId> = nodes.iter().filter(|node| !node.fenced).map(|node| node.id).collect();
    let access = call.access();
    let all = request.topics.is_empty();
    let mut names: BTreeSet<String> = match all {
        true => admin.list_topics()?.into_iter().map(|topic| topic.name).collect(),
        false => request.topics.iter().map(|topic| topic.name.to_string()).collect(),
    };
    let cursor = request.cursor.as_ref();
    names.retain(|name| cursor.is_none_or(|cursor| name.as_str() >= cursor.topic_name.as_str()));
    let mut page = Page {
        alive: &alive,
        left: usize::try_from(request.response_partition_limit).unwrap_or(0).clamp(1, PARTITIONS_MAX),
        topics: Vec::new(),
    };
    for name in names {
        let first = match cursor {
            Some(cursor) if cursor.topic_name.as_str() == name => {
                usize::try_from(cursor.partition_index).unwrap_or(0)
            }
            _ => 0,
        };
        if page.left == 0 {
            return Ok(page.finish(Some((&name, first))));
        }
        if let Err(error) = access.topic(AclOperation::Describe, &name) {
            page.topics.extend((!all).then(|| refused(&name, error.code)));
            continue;
        }
        match admin.describe_topics(std::slice::from_ref(&name)).pop() {
            Some(Ok(topic)) => {
                let next = page.add(call, &topic, first);
                if next < topic.partitions.len() {
                    return Ok(page.finish(Some((&name, next))));
                }
            }
            // One that has gone since it was listed.
            _ if all => {}
            _ => {
                let valid = TopicName::new(&name).is_ok();
                let code = if valid { ErrorCode::UnknownTopicOrPartition } else { ErrorCode::InvalidTopic };
                page.topics.push(refused(&name, code));
            }
        }
    }
    Ok(page.finish(None))
}

/// An answer that fills up.
struct Page<'a> {
    alive: &'a [BrokerId],
    /// How many partitions there is room for.
    left: usize,
    topics: Vec<DescribeTopicPartitionsResponseTopic>,
}

impl Page<'_> {
    /// Puts the partitions of a topic in from the one at `first` on, and answers how far that went.
    fn add(&mut self, call: &Call, topic: &TopicDescription, first: usize) -> usize {
        let partitions = topic.partitions.iter().skip(first).take(self.left);
        let partitions: Vec<_> = partitions.map(|partition| described(partition, self.alive)).collect();
        let added = partitions.len();
        self.left -= added;
        self.topics.push(
            DescribeTopicPartitionsResponseTopic::default()
                .with_name(Some(wire::topic(&topic.name)))
                .with_topic_id(wire::uuid(topic.id))
                .with_is_internal(topic.internal)
                .with_topic_authorized_operations(permissions::operations(
                    call,
                    true,
                    ResourceType::Topic,
                    &topic.name,
                ))
                .with_partitions(partitions),
        );
        first.saturating_add(added)
    }

    fn finish(self, next: Option<(&str, usize)>) -> DescribeTopicPartitionsResponse {
        let cursor = next.map(|(name, partition)| {
            Cursor::default()
                .with_topic_name(wire::topic(name))
                .with_partition_index(i32::try_from(partition).unwrap_or(i32::MAX))
        });
        DescribeTopicPartitionsResponse::default().with_topics(self.topics).with_next_cursor(cursor)
    }
}

fn described(
    partition: &PartitionDescription,
    alive: &[BrokerId],
) -> DescribeTopicPartitionsResponsePartition {
    DescribeTopicPartitionsResponsePartition::default()
        .with_error_code(partition.leader.map_or(ErrorCode::LeaderNotAvailable.code(), |_| 0))
        .with_partition_index(partition.partition.0)
        .with_leader_id(wire::broker(partition.leader.unwrap_or(BrokerId(-1))))
        .with_leader_epoch(partition.leader_epoch.0)
        .with_replica_nodes(wire::brokers(&partition.replicas))
        .with_isr_nodes(wire::brokers(&partition.isr))
        .with_eligible_leader_replicas(Some(wire::brokers(&partition.elr)))
        .with_last_known_elr(Some(wire::brokers(&partition.last_known_elr)))
        .with_offline_replicas(wire::offline(partition, alive))
}

fn refused(name: &str, code: ErrorCode) -> DescribeTopicPartitionsResponseTopic {
    DescribeTopicPartitionsResponseTopic::default()
        .with_error_code(code.code())
        .with_name(Some(wire::topic(name)))
        .with_topic_authorized_operations(permissions::NOT_ASKED)
}
