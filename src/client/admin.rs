//! `Admin`: topics, configurations, offsets and groups of a cluster.

use super::{
    AbortTransactionSpec, AlterConfigOp, ApiVersions, ClusterDescription, Commit, CommittedOffset,
    ConfigEntry, ConfigResource, ConfiguredKind, CreatedTopic, ElectionType, FeatureMetadata, FeatureUpdate,
    GroupDescription, GroupListing, LogDirDescription, NewTopic, Node, OffsetInfo, OffsetSpec,
    PartitionReassignment, ProducerDescription, QuorumDescription, QuotaEntity, QuotaEntry, Result,
    ScramAlteration, ScramCredential, SharePosition, TopicDescription, TopicListing, TransactionDescription,
    TransactionFilter, TransactionListing,
};
use crate::types::acl::{AclBinding, AclFilter};
use crate::types::{BrokerId, Offset, TopicPartition, Uuid};

/// The administrative calls of Kafka's Admin client. Errors carry Kafka's code and message.
pub(crate) trait Admin {
    fn describe_cluster(&self) -> Result<ClusterDescription>;

    /// The requests that every broker understands, by key.
    fn api_versions(&self) -> Result<Vec<(Node, Vec<ApiVersions>)>>;

    /// Takes a broker out of the metadata. `BrokerIdNotRegistered` where it isn't in it.
    fn unregister_broker(&self, broker: BrokerId) -> Result<()>;

    /// The features that the cluster knows and their levels.
    fn describe_features(&self) -> Result<FeatureMetadata>;

    /// Changes the levels of features, all of `updates` or none; with `Commit::Never` only says whether it could.
    fn update_features(&self, updates: &[FeatureUpdate], commit: Commit) -> Result<()>;

    /// Who keeps the metadata.
    fn describe_quorum(&self) -> Result<QuorumDescription>;

    /// Adds a controller to those that keep the metadata.
    fn add_voter(&self, id: BrokerId, directory_id: Uuid) -> Result<()>;

    /// Takes a controller out of those that keep the metadata.
    fn remove_voter(&self, id: BrokerId, directory_id: Uuid) -> Result<()>;

    /// All topics, internal ones too, sorted by name.
    fn list_topics(&self) -> Result<Vec<TopicListing>>;

    /// One answer for each name, in the order asked.
    fn describe_topics(&self, names: &[String]) -> Vec<Result<TopicDescription>>;

    /// Creates a topic, whole or not at all.
    fn create_topic(&self, topic: &NewTopic) -> Result<CreatedTopic>;

    /// Grows `topic` to `total` partitions; `assignments` lists the replicas of the new ones.
    fn create_partitions(&self, topic: &str, total: i32, assignments: Option<&[Vec<BrokerId>]>)
    -> Result<()>;

    fn delete_topic(&self, name: &str) -> Result<()>;

    /// Chooses leaders for partitions, or for all that need it; those that don't are then left out. One answer for each
    /// partition, in no particular order: `ElectionNotNeeded` where the right one leads already.
    fn elect_leaders(
        &self,
        kind: ElectionType,
        partitions: Option<&[TopicPartition]>,
    ) -> Result<Vec<(TopicPartition, Result<()>)>>;

    /// The moves of partitions that are under way, by topic and partition.
    fn list_reassignments(&self) -> Result<Vec<PartitionReassignment>>;

    /// Starts to move partitions to other brokers. One answer for each, in the order asked.
    fn alter_reassignments(&self, moves: &[(TopicPartition, Vec<BrokerId>)]) -> Result<Vec<Result<()>>>;

    /// The log directories of every broker, and what they hold.
    fn describe_log_dirs(&self) -> Result<Vec<LogDirDescription>>;

    /// Every configuration that the resource knows, defaults included, sorted by name.
    fn describe_configs(&self, resource: &ConfigResource) -> Result<Vec<ConfigEntry>>;

    /// Applies all of `ops` or none.
    fn alter_configs(&self, resource: &ConfigResource, ops: &[AlterConfigOp]) -> Result<()>;

    /// Makes `configs` the only ones that the resource has of its own.
    fn replace_configs(&self, resource: &ConfigResource, configs: &[(String, String)]) -> Result<()>;

    /// The names of resources of a kind that have a configuration of their own, sorted.
    fn list_configured(&self, kind: ConfiguredKind) -> Result<Vec<String>>;

    /// The quotas of every entity that has some.
    fn describe_quotas(&self) -> Result<Vec<QuotaEntry>>;

    /// Sets quotas, or takes them away where there is no value; all of `changes` or none.
    fn alter_quotas(&self, entity: &QuotaEntity, changes: &[(String, Option<f64>)]) -> Result<()>;

    /// Every SCRAM credential, by user and mechanism.
    fn describe_scram(&self) -> Result<Vec<ScramCredential>>;

    /// Gives passwords to users and takes others away; all of `changes` or none.
    fn alter_scram(&self, changes: &[ScramAlteration]) -> Result<()>;

    /// The access control entries that match, sorted.
    fn describe_acls(&self, filter: &AclFilter) -> Result<Vec<AclBinding>>;

    /// Adds access control entries; one that is there already is none more. One answer for each, in the order asked.
    fn create_acls(&self, bindings: &[AclBinding]) -> Result<Vec<Result<()>>>;

    /// Takes away what any of `filters` matches, and answers what each has matched, in the order asked.
    fn delete_acls(&self, filters: &[AclFilter]) -> Result<Vec<Vec<AclBinding>>>;

    /// One answer for each request, in the order asked.
    fn list_offsets(&self, requests: &[(TopicPartition, OffsetSpec)]) -> Vec<Result<OffsetInfo>>;

    /// Deletes the records of a partition below `before`, all of them for -1. Returns where its log begins now.
    fn delete_records(&self, partition: &TopicPartition, before: Offset) -> Result<Offset>;

    /// All groups, of every type, sorted by id.
    fn list_groups(&self) -> Result<Vec<GroupListing>>;

    /// `GroupIdNotFound` with Kafka's `Group NAME not found.` where there is no such group.
    fn describe_group(&self, group: &str) -> Result<GroupDescription>;

    /// Every committed offset of the group, by topic and partition; empty if there is no such group.
    fn group_offsets(&self, group: &str) -> Result<Vec<(TopicPartition, CommittedOffset)>>;

    /// Commits offsets in the name of a group that nobody is in; it comes into being if need be. The outer error
    /// is about the group, the inner ones about single partitions, in the order asked.
    fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &[(TopicPartition, Offset)],
    ) -> Result<Vec<Result<()>>>;

    /// Deletes committed offsets, but none of a topic that a member of the group reads. The outer error is about the
    /// group, the inner ones about single partitions, in the order asked.
    fn delete_group_offsets(&self, group: &str, partitions: &[TopicPartition]) -> Result<Vec<Result<()>>>;

    /// `GroupIdNotFound` with Kafka's words where there is no such group, or none of this kind.
    fn describe_share_group(&self, group: &str) -> Result<GroupDescription>;

    /// How far a share group has come, by topic and partition; partitions that were never set up are left out.
    fn share_group_offsets(&self, group: &str) -> Result<Vec<(TopicPartition, SharePosition)>>;

    /// Has a share group that nobody is in begin anew at these offsets; it comes into being if need be. The outer error is
    /// about the group, the inner ones about single partitions, in the order asked.
    fn alter_share_group_offsets(
        &self,
        group: &str,
        offsets: &[(TopicPartition, Offset)],
    ) -> Result<Vec<Result<()>>>;

    /// Has a share group that nobody is in forget topics. The outer error is about the group, the inner ones about single
    /// topics, in the order asked.
    fn delete_share_group_offsets(&self, group: &str, topics: &[String]) -> Result<Vec<Result<()>>>;

    /// Deletes an empty group with its offsets.
    fn delete_group(&self, group: &str) -> Result<()>;

    /// The transactional ids that pass the filter.
    fn list_transactions(&self, filter: &TransactionFilter) -> Result<Vec<TransactionListing>>;

    /// `TransactionalIdNotFound` where nothing is known of the id.
    fn describe_transaction(&self, transactional_id: &str) -> Result<TransactionDescription>;

    /// What a partition knows of those who write to it, by producer id.
    fn describe_producers(&self, partition: &TopicPartition) -> Result<Vec<ProducerDescription>>;

    /// Writes an ABORT marker into one partition, whatever the transaction's coordinator says.
    fn abort_transaction(&self, spec: &AbortTransactionSpec) -> Result<()>;

    /// Ends what is open under a transactional id and fences its producer. An id that isn't known comes into being.
    fn fence_producer(&self, transactional_id: &str) -> Result<()>;
}
