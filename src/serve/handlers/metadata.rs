//! Metadata: brokers, topics and their partitions. A topic that a producer asks for comes into being.

use crate::client::{self, TopicDescription};
use crate::serve::call::Call;
use crate::serve::{nodes, permissions, wire};
use crate::types::acl::AclOperation;
use crate::types::acl::{CLUSTER_RESOURCE, ResourceType};
use crate::types::{BrokerId, ErrorCode, TopicName};
use kafka_protocol::messages::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::messages::metadata_response::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use std::collections::HashSet;

pub(in crate::serve) fn handle(call: &Call, request: MetadataRequest) -> MetadataResponse {
    match answer(call, &request) {
        Ok(response) => response,
        Err(error) => MetadataResponse::default()
            .with_error_code(error.code.code())
            .with_topics(request.topics.iter().flatten().map(|topic| refused(topic, error.code)).collect()),
    }
}

fn answer(call: &Call, request: &MetadataRequest) -> client::Result<MetadataResponse> {
    let cluster = nodes::cluster(call)?;
    let alive: Vec<&client::Node> = cluster.nodes.iter().filter(|node| !node.fenced).collect();
    let brokers = alive.iter().map(|node| {
        MetadataResponseBroker::default()
            .with_node_id(wire::broker(node.id))
            .with_host(wire::text(node.host.as_str()))
            .with_port(i32::from(node.port))
            .with_rack(node.rack.as_deref().map(wire::text))
    });
    let alive: Vec<BrokerId> = alive.iter().map(|node| node.id).collect();
    let operations = permissions::operations(
        call,
        request.include_cluster_authorized_operations,
        ResourceType::Cluster,
        CLUSTER_RESOURCE,
    );
    Ok(MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_cluster_id(Some(wire::text(cluster.cluster_id)))
        .with_controller_id(wire::broker(nodes::this(call).id))
        .with_cluster_authorized_operations(operations)
        .with_topics(topics(call, request, &alive)?))
}

fn topics(
    call: &Call,
    request: &MetadataRequest,
    alive: &[BrokerId],
) -> client::Result<Vec<MetadataResponseTopic>> {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let may_see = |name: &str| access.topic(AclOperation::Describe, name);
    let operations = |name: &str| {
        permissions::operations(call, request.include_topic_authorized_operations, ResourceType::Topic, name)
    };
    let described = |topic: &TopicDescription| {
        described_topic(topic, alive).with_topic_authorized_operations(operations(&topic.name))
    };
    // In version 0 no topics at all meant all of them.
    let wanted = request.topics.as_ref().filter(|topics| call.version > 0 || !topics.is_empty());
    let Some(wanted) = wanted else {
        let names: Vec<String> = admin.list_topics()?.into_iter().map(|topic| topic.name).collect();
        let names: Vec<String> = names.into_iter().filter(|name| may_see(name).is_ok()).collect();
        let answers = admin.describe_topics(&names).into_iter();
        // One that has gone since it was listed is left out.
        return Ok(answers.filter_map(Result::ok).map(|topic| described(&topic)).collect());
    };
    // However often one is named, it is answered once, as by Kafka: answers are much longer than names.
    let mut seen = HashSet::new();
    let wanted: Vec<&MetadataRequestTopic> =
        wanted.iter().filter(|topic| seen.insert((&topic.name, topic.topic_id))).collect();
    let listing =
        if wanted.iter().any(|topic| !topic.topic_id.is_nil()) { admin.list_topics()? } else { Vec::new() };
    let answers = wanted.iter().map(|topic| {
        let name = match &topic.name {
            Some(name) if topic.topic_id.is_nil() => match may_see(name.as_str()) {
                Ok(()) => name.as_str(),
                Err(error) => return refused(topic, error.code),
            },
            _ if call.version < 12 => return refused(topic, ErrorCode::InvalidRequest),
            _ => match listing.iter().find(|listed| wire::uuid(listed.id) == topic.topic_id) {
                Some(listed) if may_see(&listed.name).is_ok() => listed.name.as_str(),
                _ => return refused(topic, ErrorCode::UnknownTopicId),
            },
        };
        match describe(call, &*admin, name, request.allow_auto_topic_creation) {
            Ok(topic) => described(&topic),
            Err(code) => refused(topic, code),
        }
    });
    Ok(answers.collect())
}

/// A topic, made if it isn't there and may be.
fn describe(
    call: &Call,
    admin: &dyn client::Admin,
    name: &str,
    may_create: bool,
) -> Result<TopicDescription, ErrorCode> {
    let find = || match admin.describe_topics(&[name.to_owned()]).pop() {
        Some(found) => found.map_err(|error| error.code),
        None => Err(ErrorCode::UnknownTopicOrPartition),
    };
    match find() {
        Err(ErrorCode::UnknownTopicOrPartition) if TopicName::new(name).is_err() => {
            Err(ErrorCode::InvalidTopic)
        }
        Err(ErrorCode::UnknownTopicOrPartition) if may_create => {
            call.access().create_topic(name).map_err(|error| error.code)?;
            call.context.cluster.create_topic_automatically(name).map_err(|error| error.code)?;
            find()
        }
        found => found,
    }
}

fn refused(topic: &MetadataRequestTopic, code: ErrorCode) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_error_code(code.code())
        .with_name(topic.name.clone())
        .with_topic_id(topic.topic_id)
        .with_topic_authorized_operations(permissions::NOT_ASKED)
}

fn described_topic(topic: &TopicDescription, alive: &[BrokerId]) -> MetadataResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| {
        MetadataResponsePartition::default()
            .with_error_code(partition.leader.map_or(ErrorCode::LeaderNotAvailable.code(), |_| 0))
            .with_partition_index(partition.partition.0)
            .with_leader_id(wire::broker(partition.leader.unwrap_or(BrokerId(-1))))
            .with_leader_epoch(partition.leader_epoch.0)
            .with_replica_nodes(wire::brokers(&partition.replicas))
            .with_isr_nodes(wire::brokers(&partition.isr))
            .with_offline_replicas(wire::offline(partition, alive))
    });
    MetadataResponseTopic::default()
        .with_name(Some(wire::topic(&topic.name)))
        .with_topic_id(wire::uuid(topic.id))
        .with_is_internal(topic.internal)
        .with_partitions(partitions.collect())
}
