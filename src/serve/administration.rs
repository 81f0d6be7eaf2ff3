//! Which handler takes which administrative request, and which of them are served.

use super::call::{Answer, Call, Hangup};
use super::dispatch::on_a_thread;
use super::handlers::{
    acls, alter_configs, create_partitions, create_topics, delegation_tokens, delete_topics,
    describe_cluster, describe_configs, describe_topic_partitions, elect_leaders, list_config_resources,
    log_dirs, metadata, quorum, quotas, reassignments, scram_credentials, unregister_broker, update_features,
};
use bytes::Bytes;
use kafka_protocol::messages::ApiKey;

pub(super) const SERVED: &[ApiKey] = &[
    ApiKey::Metadata,
    ApiKey::DescribeTopicPartitions,
    ApiKey::DescribeCluster,
    ApiKey::CreateTopics,
    ApiKey::DeleteTopics,
    ApiKey::CreatePartitions,
    ApiKey::DescribeConfigs,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::AlterConfigs,
    ApiKey::ListConfigResources,
    ApiKey::DescribeLogDirs,
    ApiKey::AlterReplicaLogDirs,
    ApiKey::ElectLeaders,
    ApiKey::AlterPartitionReassignments,
    ApiKey::ListPartitionReassignments,
    ApiKey::DescribeClientQuotas,
    ApiKey::AlterClientQuotas,
    ApiKey::DescribeUserScramCredentials,
    ApiKey::AlterUserScramCredentials,
    ApiKey::DescribeQuorum,
    ApiKey::AddRaftVoter,
    ApiKey::RemoveRaftVoter,
    ApiKey::UpdateFeatures,
    ApiKey::UnregisterBroker,
    ApiKey::DescribeAcls,
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::CreateDelegationToken,
    ApiKey::RenewDelegationToken,
    ApiKey::ExpireDelegationToken,
    ApiKey::DescribeDelegationToken,
];

/// Has an administrative request answered.
pub(super) async fn answer(call: Call, body: Bytes) -> Result<Answer, Hangup> {
    match call.key {
        ApiKey::Metadata => on_a_thread(call, body, metadata::handle).await,
        ApiKey::DescribeTopicPartitions => on_a_thread(call, body, describe_topic_partitions::handle).await,
        ApiKey::DescribeCluster => on_a_thread(call, body, describe_cluster::handle).await,
        ApiKey::CreateTopics => on_a_thread(call, body, create_topics::handle).await,
        ApiKey::DeleteTopics => on_a_thread(call, body, delete_topics::handle).await,
        ApiKey::CreatePartitions => on_a_thread(call, body, create_partitions::handle).await,
        ApiKey::DescribeConfigs => on_a_thread(call, body, describe_configs::handle).await,
        ApiKey::IncrementalAlterConfigs => on_a_thread(call, body, alter_configs::handle_incremental).await,
        ApiKey::AlterConfigs => on_a_thread(call, body, alter_configs::handle).await,
        ApiKey::ListConfigResources => on_a_thread(call, body, list_config_resources::handle).await,
        ApiKey::DescribeLogDirs => on_a_thread(call, body, log_dirs::describe).await,
        ApiKey::AlterReplicaLogDirs => on_a_thread(call, body, log_dirs::alter).await,
        ApiKey::ElectLeaders => on_a_thread(call, body, elect_leaders::handle).await,
        ApiKey::AlterPartitionReassignments => on_a_thread(call, body, reassignments::alter).await,
        ApiKey::ListPartitionReassignments => on_a_thread(call, body, reassignments::list).await,
        ApiKey::DescribeClientQuotas => on_a_thread(call, body, quotas::describe).await,
        ApiKey::AlterClientQuotas => on_a_thread(call, body, quotas::alter).await,
        ApiKey::DescribeUserScramCredentials => on_a_thread(call, body, scram_credentials::describe).await,
        ApiKey::AlterUserScramCredentials => on_a_thread(call, body, scram_credentials::alter).await,
        ApiKey::DescribeQuorum => on_a_thread(call, body, quorum::describe).await,
        ApiKey::AddRaftVoter => quorum::add_voter(call, body).await,
        ApiKey::RemoveRaftVoter => on_a_thread(call, body, quorum::remove_voter).await,
        ApiKey::UpdateFeatures => on_a_thread(call, body, update_features::handle).await,
        ApiKey::UnregisterBroker => on_a_thread(call, body, unregister_broker::handle).await,
        ApiKey::DescribeAcls => on_a_thread(call, body, acls::describe).await,
        ApiKey::CreateAcls => on_a_thread(call, body, acls::create).await,
        ApiKey::DeleteAcls => on_a_thread(call, body, acls::delete).await,
        ApiKey::CreateDelegationToken => on_a_thread(call, body, delegation_tokens::create).await,
        ApiKey::RenewDelegationToken => on_a_thread(call, body, delegation_tokens::renew).await,
        ApiKey::ExpireDelegationToken => on_a_thread(call, body, delegation_tokens::expire).await,
        ApiKey::DescribeDelegationToken => on_a_thread(call, body, delegation_tokens::describe).await,
        key => Err(Hangup::NotServed { key: key as i16, version: call.version }),
    }
}
