//! Metadata: brokers, topics and their partitions.

use crate::client::{self, TopicDescription};
use crate::serve::call::Call;
use crate::serve::nodes;
use crate::types::{BrokerId, ErrorCode};
use kafka_protocol::messages::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::messages::metadata_response::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId as WireBroker, TopicName};
use kafka_protocol::protocol::StrBytes;

pub(in crate::serve) fn handle(call: &Call, request: MetadataRequest) -> MetadataResponse {
    match answer(call, &request) {
        Ok(response) => response,
        Err(error) => MetadataResponse::default().with_error_code(error.code.code()),
    }
}

fn answer(call: &Call, request: &MetadataRequest) -> client::Result<MetadataResponse> {
    let cluster = nodes::cluster(call)?;
    let brokers = cluster.nodes.iter().filter(|node| !node.fenced).map(|node| {
        MetadataResponseBroker::default()
            .with_node_id(WireBroker(node.id.0))
            .with_host(StrBytes::from_string(node.host.clone()))
            .with_port(i32::from(node.port))
            .with_rack(node.rack.clone().map(StrBytes::from_string))
    });
    Ok(MetadataResponse::default()
        .with_brokers(brokers.collect())
        .with_cluster_id(Some(StrBytes::from_string(cluster.cluster_id)))
        .with_controller_id(WireBroker(nodes::this(call).id.0))
        .with_topics(topics(call, request)?))
}

fn topics(call: &Call, request: &MetadataRequest) -> client::Result<Vec<MetadataResponseTopic>> {
    let admin = call.context.cluster.admin();
    // In version 0 no topics at all meant all of them.
    let wanted = request.topics.as_ref().filter(|topics| call.version > 0 || !topics.is_empty());
    let Some(wanted) = wanted else {
        let names: Vec<String> = admin.list_topics()?.into_iter().map(|topic| topic.name).collect();
        let described = admin.describe_topics(&names).into_iter();
        // One that has gone since it was listed is left out.
        return Ok(described.filter_map(Result::ok).map(|topic| described_topic(&topic)).collect());
    };
    let answers = wanted.iter().map(|topic| {
        let name = name_of(topic);
        match admin.describe_topics(std::slice::from_ref(&name)).pop() {
            Some(Ok(described)) => described_topic(&described),
            Some(Err(error)) => refused(topic, error.code),
            None => refused(topic, ErrorCode::UnknownTopicOrPartition),
        }
    });
    Ok(answers.collect())
}

fn name_of(topic: &MetadataRequestTopic) -> String {
    topic.name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default()
}

fn refused(topic: &MetadataRequestTopic, code: ErrorCode) -> MetadataResponseTopic {
    MetadataResponseTopic::default()
        .with_error_code(code.code())
        .with_name(topic.name.clone())
        .with_topic_id(topic.topic_id)
}

fn described_topic(topic: &TopicDescription) -> MetadataResponseTopic {
    let partitions = topic.partitions.iter().map(|partition| {
        MetadataResponsePartition::default()
            .with_error_code(partition.leader.map_or(ErrorCode::LeaderNotAvailable.code(), |_| 0))
            .with_partition_index(partition.partition.0)
            .with_leader_id(WireBroker(partition.leader.map_or(-1, |leader| leader.0)))
            .with_leader_epoch(partition.leader_epoch.0)
            .with_replica_nodes(wire(&partition.replicas))
            .with_isr_nodes(wire(&partition.isr))
    });
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(topic.name.clone()))))
        .with_topic_id(uuid::Uuid::from_bytes(topic.id.0))
        .with_is_internal(topic.internal)
        .with_partitions(partitions.collect())
}

fn wire(brokers: &[BrokerId]) -> Vec<WireBroker> {
    brokers.iter().map(|broker| WireBroker(broker.0)).collect()
}
