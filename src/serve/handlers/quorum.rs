//! DescribeQuorum, AddRaftVoter and RemoveRaftVoter: who keeps the metadata (KIP-836, KIP-853).

use crate::client::{self, Error, QuorumDescription, QuorumReplica};
use crate::serve::call::{Answer, Call, Hangup};
use crate::serve::{newer, wire};
use crate::types::acl::AclOperation;
use crate::types::{BrokerId, ErrorCode};
use bytes::Bytes;
use kafka_protocol::messages::add_raft_voter_request::AddRaftVoterRequest;
use kafka_protocol::messages::add_raft_voter_response::AddRaftVoterResponse;
use kafka_protocol::messages::describe_quorum_request::DescribeQuorumRequest;
use kafka_protocol::messages::describe_quorum_response::{
    DescribeQuorumResponse, Listener, Node, PartitionData, ReplicaState, TopicData,
};
use kafka_protocol::messages::remove_raft_voter_request::RemoveRaftVoterRequest;
use kafka_protocol::messages::remove_raft_voter_response::RemoveRaftVoterResponse;
use kafka_protocol::protocol::StrBytes;

const METADATA_TOPIC: &str = "__cluster_metadata";

pub(in crate::serve) fn describe(call: &Call, request: DescribeQuorumRequest) -> DescribeQuorumResponse {
    let is_metadata = match request.topics.as_slice() {
        [topic] => {
            topic.topic_name.as_str() == METADATA_TOPIC
                && topic.partitions.iter().map(|partition| partition.partition_index).eq([0])
        }
        _ => false,
    };
    if !is_metadata {
        return unknown(&request);
    }
    let permitted = call.access().cluster(AclOperation::Describe);
    match permitted.and_then(|()| call.context.cluster.admin().describe_quorum()) {
        Ok(quorum) => described(call, &quorum),
        Err(error) => DescribeQuorumResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(wire::message(&error)),
    }
}

/// The answer to a question about any other partition.
fn unknown(request: &DescribeQuorumRequest) -> DescribeQuorumResponse {
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            PartitionData::default()
                .with_partition_index(partition.partition_index)
                .with_error_code(ErrorCode::UnknownTopicOrPartition.code())
        });
        TopicData::default().with_topic_name(topic.topic_name.clone()).with_partitions(partitions.collect())
    });
    DescribeQuorumResponse::default().with_topics(topics.collect())
}

fn described(call: &Call, quorum: &QuorumDescription) -> DescribeQuorumResponse {
    let replica = |replica: &QuorumReplica| {
        let state = ReplicaState::default()
            .with_replica_id(wire::broker(replica.id))
            .with_log_end_offset(replica.log_end.get());
        // Fields that a version lacks must be as they are by default.
        let state = match call.version {
            2.. => state.with_replica_directory_id(wire::uuid(replica.directory_id)),
            _ => state,
        };
        match call.version {
            1.. => state
                .with_last_fetch_timestamp(replica.last_fetch.0)
                .with_last_caught_up_timestamp(replica.last_caught_up.0),
            _ => state,
        }
    };
    let partition = PartitionData::default()
        .with_leader_id(wire::broker(quorum.leader))
        .with_leader_epoch(quorum.leader_epoch.0)
        .with_high_watermark(quorum.high_watermark.get())
        .with_current_voters(quorum.voters.iter().map(replica).collect())
        .with_observers(quorum.observers.iter().map(replica).collect());
    let topic =
        TopicData::default().with_topic_name(wire::topic(METADATA_TOPIC)).with_partitions(vec![partition]);
    let response = DescribeQuorumResponse::default().with_topics(vec![topic]);
    if call.version < 2 {
        return response;
    }
    let nodes = quorum.voters.iter().map(|voter| {
        let listeners = voter.endpoints.iter().map(|(name, host, port)| {
            Listener::default()
                .with_name(wire::text(name.as_str()))
                .with_host(wire::text(host.as_str()))
                .with_port(*port)
        });
        Node::default().with_node_id(wire::broker(voter.id)).with_listeners(listeners.collect())
    });
    response.with_nodes(nodes.collect())
}

/// Takes the request as it comes: version 1 is read here, and answered as version 0 is.
pub(in crate::serve) async fn add_voter(call: Call, mut body: Bytes) -> Result<Answer, Hangup> {
    let request: AddRaftVoterRequest = match call.version {
        0 => call.decode(&mut body)?,
        _ => newer::add_raft_voter(&body).map_err(|e| call.malformed(&e))?,
    };
    let reply = call.blocking(move |call| call.encode_as(&added(call, &request), 0)).await??;
    Ok(Answer::Now(reply))
}

fn added(call: &Call, request: &AddRaftVoterRequest) -> AddRaftVoterResponse {
    let outcome = check_cluster(call, request.cluster_id.as_ref()).and_then(|()| {
        let directory = wire::own_uuid(request.voter_directory_id);
        call.context.cluster.admin().add_voter(BrokerId(request.voter_id), directory)
    });
    let (code, message) = wire::outcome(&outcome);
    AddRaftVoterResponse::default().with_error_code(code).with_error_message(message)
}

pub(in crate::serve) fn remove_voter(
    call: &Call,
    request: RemoveRaftVoterRequest,
) -> RemoveRaftVoterResponse {
    let outcome = check_cluster(call, request.cluster_id.as_ref()).and_then(|()| {
        let directory = wire::own_uuid(request.voter_directory_id);
        call.context.cluster.admin().remove_voter(BrokerId(request.voter_id), directory)
    });
    let (code, message) = wire::outcome(&outcome);
    RemoveRaftVoterResponse::default().with_error_code(code).with_error_message(message)
}

fn check_cluster(call: &Call, named: Option<&StrBytes>) -> client::Result<()> {
    call.access().cluster(AclOperation::Alter)?;
    let own = call.context.cluster.admin().describe_cluster()?.cluster_id;
    match named {
        Some(named) if named.as_str() != own => Err(Error::of(ErrorCode::InconsistentClusterId)),
        _ => Ok(()),
    }
}
