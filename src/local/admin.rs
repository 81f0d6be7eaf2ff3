//! `LocalAdmin`: the Admin calls on a data directory. This file only gathers them under the contract's name; each is
//! carried out where its subject lives.

use super::cluster::Cluster;
use super::groups::GroupLogs;
use super::{
    acls, api_versions, brokers, configs, delete_records, elections, features, groups, log_dirs, offsets,
    quorum, quotas, reassignments, scram, share, topics, transactions,
};
use crate::client::{
    AbortTransactionSpec, Admin, AlterConfigOp, ApiVersions, ClusterDescription, Commit, CommittedOffset,
    ConfigEntry, ConfigResource, ConfiguredKind, CreatedTopic, ElectionType, FeatureMetadata, FeatureUpdate,
    GroupDescription, GroupListing, LogDirDescription, NewTopic, Node, OffsetInfo, OffsetSpec,
    PartitionReassignment, ProducerDescription, QuorumDescription, QuotaEntity, QuotaEntry, Result,
    ScramAlteration, ScramCredential, SharePosition, TopicDescription, TopicListing, TransactionDescription,
    TransactionFilter, TransactionListing,
};
use crate::types::acl::{AclBinding, AclFilter};
use crate::types::{BrokerId, Offset, TopicPartition, Uuid};

/// The Admin of a data directory.
pub(super) struct LocalAdmin {
    cluster: Cluster,
    groups: GroupLogs,
    /// What share groups have done.
    states: share::States,
}

impl LocalAdmin {
    pub(super) fn new(cluster: Cluster) -> LocalAdmin {
        LocalAdmin {
            groups: GroupLogs::new(cluster.clone()),
            states: share::States::new(cluster.clone()),
            cluster,
        }
    }
}

impl Admin for LocalAdmin {
    fn describe_cluster(&self) -> Result<ClusterDescription> {
        brokers::describe(&self.cluster)
    }

    fn api_versions(&self) -> Result<Vec<(Node, Vec<ApiVersions>)>> {
        let nodes = brokers::describe(&self.cluster)?.nodes;
        Ok(nodes.into_iter().map(|node| (node, api_versions::TABLE.to_vec())).collect())
    }

    fn unregister_broker(&self, broker: BrokerId) -> Result<()> {
        brokers::unregister(&self.cluster, broker)
    }

    fn describe_features(&self) -> Result<FeatureMetadata> {
        features::describe(&self.cluster)
    }

    fn update_features(&self, updates: &[FeatureUpdate], commit: Commit) -> Result<()> {
        features::update(&self.cluster, updates, commit)
    }

    fn describe_quorum(&self) -> Result<QuorumDescription> {
        Ok(quorum::describe(&self.cluster)?)
    }

    fn add_voter(&self, id: BrokerId, directory_id: Uuid) -> Result<()> {
        quorum::add_voter(&self.cluster, id, directory_id)
    }

    fn remove_voter(&self, id: BrokerId, directory_id: Uuid) -> Result<()> {
        quorum::remove_voter(&self.cluster, id, directory_id)
    }

    fn list_topics(&self) -> Result<Vec<TopicListing>> {
        topics::list(&self.cluster)
    }

    fn describe_topics(&self, names: &[String]) -> Vec<Result<TopicDescription>> {
        names.iter().map(|name| topics::describe(&self.cluster, name)).collect()
    }

    fn create_topic(&self, topic: &NewTopic) -> Result<CreatedTopic> {
        topics::create(&self.cluster, topic)
    }

    fn create_partitions(
        &self,
        topic: &str,
        total: i32,
        assignments: Option<&[Vec<BrokerId>]>,
    ) -> Result<()> {
        topics::create_partitions(&self.cluster, topic, total, assignments)
    }

    fn delete_topic(&self, name: &str) -> Result<()> {
        topics::delete(&self.cluster, name)
    }

    fn elect_leaders(
        &self,
        kind: ElectionType,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Vec<(TopicPartition, Result<()>)>> {
        elections::elect(&self.cluster, kind, partitions)
    }

    fn list_reassignments(&self) -> Result<Vec<PartitionReassignment>> {
        reassignments::list(&self.cluster)
    }

    fn alter_reassignments(&self, moves: &[(TopicPartition, Vec<BrokerId>)]) -> Result<Vec<Result<()>>> {
        reassignments::alter(&self.cluster, moves)
    }

    fn describe_log_dirs(&self) -> Result<Vec<LogDirDescription>> {
        Ok(log_dirs::describe(&self.cluster)?)
    }

    fn describe_configs(&self, resource: &ConfigResource) -> Result<Vec<ConfigEntry>> {
        configs::describe(&self.cluster, resource)
    }

    fn alter_configs(&self, resource: &ConfigResource, ops: &[AlterConfigOp]) -> Result<()> {
        configs::alter(&self.cluster, resource, ops)
    }

    fn replace_configs(&self, resource: &ConfigResource, configs: &[(String, String)]) -> Result<()> {
        configs::replace(&self.cluster, resource, configs)
    }

    fn list_configured(&self, kind: ConfiguredKind) -> Result<Vec<String>> {
        configs::list_configured(&self.cluster, kind)
    }

    fn describe_quotas(&self) -> Result<Vec<QuotaEntry>> {
        quotas::describe(&self.cluster)
    }

    fn alter_quotas(&self, entity: &QuotaEntity, changes: &[(String, Option<f64>)]) -> Result<()> {
        quotas::alter(&self.cluster, entity, changes)
    }

    fn describe_scram(&self) -> Result<Vec<ScramCredential>> {
        scram::describe(&self.cluster)
    }

    fn alter_scram(&self, changes: &[ScramAlteration]) -> Result<()> {
        scram::alter(&self.cluster, changes)
    }

    fn describe_acls(&self, filter: &AclFilter) -> Result<Vec<AclBinding>> {
        acls::describe(&self.cluster, filter)
    }

    fn create_acls(&self, bindings: &[AclBinding]) -> Result<Vec<Result<()>>> {
        acls::create(&self.cluster, bindings)
    }

    fn delete_acls(&self, filters: &[AclFilter]) -> Result<Vec<Vec<AclBinding>>> {
        acls::delete(&self.cluster, filters)
    }

    fn list_offsets(&self, requests: &[(TopicPartition, OffsetSpec)]) -> Vec<Result<OffsetInfo>> {
        requests
            .iter()
            .map(|(partition, spec)| offsets::list_offset(&self.cluster, partition, *spec))
            .collect()
    }

    fn delete_records(&self, partition: &TopicPartition, before: Offset) -> Result<Offset> {
        delete_records::delete_records(&self.cluster, partition, before)
    }

    fn list_groups(&self) -> Result<Vec<GroupListing>> {
        groups::list(&self.groups)
    }

    fn describe_group(&self, group: &str) -> Result<GroupDescription> {
        groups::describe(&self.groups, group)
    }

    fn group_offsets(&self, group: &str) -> Result<Vec<(TopicPartition, CommittedOffset)>> {
        groups::offsets(&self.groups, group)
    }

    fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &[(TopicPartition, Offset)],
    ) -> Result<Vec<Result<()>>> {
        groups::alter_offsets(&self.groups, group, offsets)
    }

    fn delete_group_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Result<()>>> {
        groups::delete_offsets(&self.groups, group, partitions)
    }

    fn describe_share_group(&self, group: &str) -> Result<GroupDescription> {
        share::describe(&self.groups, group)
    }

    fn share_group_offsets(&self, group: &str) -> Result<Vec<(TopicPartition, SharePosition)>> {
        share::offsets(&self.groups, &self.states, group)
    }

    fn alter_share_group_offsets(
        &self,
        group: &str,
        offsets: &[(TopicPartition, Offset)],
    ) -> Result<Vec<Result<()>>> {
        share::alter_offsets(&self.groups, group, offsets)
    }

    fn delete_share_group_offsets(&self, group: &str, topics: &[String]) -> Result<Vec<Result<()>>> {
        share::delete_offsets(&self.groups, group, topics)
    }

    fn delete_group(&self, group: &str) -> Result<()> {
        match share::describe(&self.groups, group) {
            Ok(_) => share::delete(&self.groups, group),
            Err(_) => groups::delete(&self.groups, group),
        }
    }

    fn list_transactions(&self, filter: &TransactionFilter) -> Result<Vec<TransactionListing>> {
        transactions::list(&self.cluster, filter)
    }

    fn describe_transaction(&self, transactional_id: &str) -> Result<TransactionDescription> {
        transactions::describe(&self.cluster, transactional_id)
    }

    fn describe_producers(&self, partition: &TopicPartition) -> Result<Vec<ProducerDescription>> {
        transactions::describe_producers(&self.cluster, partition)
    }

    fn abort_transaction(&self, spec: &AbortTransactionSpec) -> Result<()> {
        transactions::abort(&self.cluster, spec)
    }

    fn fence_producer(&self, transactional_id: &str) -> Result<()> {
        transactions::fence(&self.cluster, transactional_id)
    }
}
