//! ElectLeaders: leaders of partitions are chosen anew (KIP-183, KIP-460).

use crate::client::{self, ElectionType, Error};
use crate::serve::call::Call;
use crate::serve::wire;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, PartitionId, TopicPartition};
use kafka_protocol::messages::elect_leaders_request::ElectLeadersRequest;
use kafka_protocol::messages::elect_leaders_response::{
    ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
};
use std::collections::BTreeMap;

pub(in crate::serve) fn handle(call: &Call, request: ElectLeadersRequest) -> ElectLeadersResponse {
    let answers = match answers(call, &request) {
        Ok(answers) => answers,
        Err(error) => return ElectLeadersResponse::default().with_error_code(error.code.code()),
    };
    let mut topics: BTreeMap<String, Vec<PartitionResult>> = BTreeMap::new();
    for (partition, outcome) in answers {
        let (code, message) = wire::outcome(&outcome);
        topics.entry(partition.topic).or_default().push(
            PartitionResult::default()
                .with_partition_id(partition.partition.0)
                .with_error_code(code)
                .with_error_message(message),
        );
    }
    let results = topics.into_iter().map(|(name, partitions)| {
        ReplicaElectionResult::default().with_topic(wire::topic(&name)).with_partition_result(partitions)
    });
    ElectLeadersResponse::default().with_replica_election_results(results.collect())
}

fn answers(
    call: &Call,
    request: &ElectLeadersRequest,
) -> client::Result<Vec<(TopicPartition, client::Result<()>)>> {
    call.access().cluster(AclOperation::Alter)?;
    let kind = match request.election_type {
        0 => ElectionType::Preferred,
        1 => ElectionType::Unclean,
        _ => return Err(Error::of(ErrorCode::InvalidRequest)),
    };
    let wanted: Option<Vec<TopicPartition>> = request.topic_partitions.as_ref().map(|topics| {
        let of_topic = |topic: &kafka_protocol::messages::elect_leaders_request::TopicPartitions| {
            let name = topic.topic.to_string();
            let partition = |&id: &i32| TopicPartition { topic: name.clone(), partition: PartitionId(id) };
            topic.partitions.iter().map(partition).collect::<Vec<_>>()
        };
        topics.iter().flat_map(of_topic).collect()
    });
    call.context.cluster.admin().elect_leaders(kind, wanted.as_deref())
}
