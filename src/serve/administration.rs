//! Which handler takes which administrative request, and which of them are served.

use super::call::{Answer, Call, Hangup};
use super::dispatch::on_a_thread;
use super::handlers::{
    alter_configs, create_partitions, create_topics, delete_topics, describe_cluster, describe_configs,
    describe_topic_partitions, metadata,
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
        key => Err(Hangup::NotServed { key: key as i16, version: call.version }),
    }
}
