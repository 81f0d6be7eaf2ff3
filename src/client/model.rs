//! Plain results of the Admin calls. Names and order of fields follow Kafka's own result classes.

use super::settings::ConfigEntry;
use crate::types::{BrokerId, LeaderEpoch, Offset, PartitionId, TimestampMs, TopicPartition, Uuid};
use std::path::PathBuf;

/// A broker as clients see it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: BrokerId,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) rack: Option<String>,
    /// Shut out of the cluster's work, as after its end.
    pub(crate) fenced: bool,
}

/// The versions of a request that a broker understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiVersions {
    pub(crate) name: &'static str,
    pub(crate) key: i16,
    /// First and last; `None` if the broker knows the request and does not serve it.
    pub(crate) versions: Option<(i16, i16)>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClusterDescription {
    pub(crate) cluster_id: String,
    /// The brokers that are registered.
    pub(crate) nodes: Vec<Node>,
    pub(crate) controllers: Vec<Node>,
}

/// A feature of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeatureDescription {
    pub(crate) name: String,
    /// The first and the last level that can be chosen.
    pub(crate) supported: (i16, i16),
    /// The level in force; 0 is off.
    pub(crate) level: i16,
}

/// The features of a cluster, by name, as of an epoch that rises with every change of the metadata.
#[derive(Clone, Debug)]
pub(crate) struct FeatureMetadata {
    pub(crate) epoch: i64,
    pub(crate) features: Vec<FeatureDescription>,
}

/// In which direction a feature may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpgradeType {
    Upgrade,
    SafeDowngrade,
    /// Even if metadata is lost.
    UnsafeDowngrade,
}

/// Whether a change is made or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    Yes,
    Never,
}

/// A level wanted of a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeatureUpdate {
    pub(crate) name: String,
    pub(crate) level: i16,
    pub(crate) upgrade_type: UpgradeType,
}

/// A member of the metadata's quorum, or one that only follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuorumReplica {
    pub(crate) id: BrokerId,
    /// Zero where the quorum is a fixed one.
    pub(crate) directory_id: Uuid,
    /// Name, host and port of each listener.
    pub(crate) endpoints: Vec<(String, String, u16)>,
    pub(crate) log_end: Offset,
    pub(crate) last_fetch: TimestampMs,
    pub(crate) last_caught_up: TimestampMs,
}

/// The quorum that keeps a cluster's metadata.
#[derive(Clone, Debug)]
pub(crate) struct QuorumDescription {
    pub(crate) leader: BrokerId,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) high_watermark: Offset,
    pub(crate) voters: Vec<QuorumReplica>,
    pub(crate) observers: Vec<QuorumReplica>,
}

/// A directory that the real Kafka may start on.
#[derive(Clone, Debug)]
pub(crate) struct Graduation {
    /// Where clients of the directory's cluster expect its broker.
    pub(crate) node: Node,
    /// Absolute.
    pub(crate) log_dir: PathBuf,
    pub(crate) partition_count: usize,
    /// Whether the controllers are those that the metadata names, not those of the server's settings.
    pub(crate) quorum_can_change: bool,
    /// Whether other processes write to it now: until they end no broker starts.
    pub(crate) is_in_use: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct TopicListing {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) internal: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct TopicDescription {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) internal: bool,
    /// In order of partition number.
    pub(crate) partitions: Vec<PartitionDescription>,
}

#[derive(Clone, Debug)]
pub(crate) struct PartitionDescription {
    pub(crate) partition: PartitionId,
    /// `None` while no replica in sync is alive.
    pub(crate) leader: Option<BrokerId>,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) replicas: Vec<BrokerId>,
    pub(crate) isr: Vec<BrokerId>,
    pub(crate) elr: Vec<BrokerId>,
    pub(crate) last_known_elr: Vec<BrokerId>,
}

/// A move of a partition that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartitionReassignment {
    pub(crate) partition: TopicPartition,
    pub(crate) replicas: Vec<BrokerId>,
    pub(crate) adding: Vec<BrokerId>,
    pub(crate) removing: Vec<BrokerId>,
}

/// How a leader is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElectionType {
    /// The first replica, if it is in sync.
    Preferred,
    /// Any replica that is alive, where there is no leader.
    Unclean,
}

/// A log directory of a broker.
#[derive(Clone, Debug)]
pub(crate) struct LogDirDescription {
    pub(crate) broker: BrokerId,
    /// Absolute.
    pub(crate) path: PathBuf,
    /// Of its file system, whole and what is left of it in bytes; `None` where that isn't known.
    pub(crate) space_bytes: Option<(u64, u64)>,
    /// By topic and partition.
    pub(crate) replicas: Vec<ReplicaInfo>,
}

/// A replica of a partition in a log directory.
#[derive(Clone, Debug)]
pub(crate) struct ReplicaInfo {
    pub(crate) partition: TopicPartition,
    /// Of the records in its segments.
    pub(crate) size_bytes: u64,
    /// How far it is behind the partition's end.
    pub(crate) offset_lag: i64,
    /// Whether it is on its way into this directory from another of the same broker.
    pub(crate) is_future: bool,
}

/// A topic to be made. `None` leaves the number to the broker's defaults (1 and 1).
#[derive(Clone, Debug, Default)]
pub(crate) struct NewTopic {
    pub(crate) name: String,
    pub(crate) partitions: Option<i32>,
    pub(crate) replication_factor: Option<i16>,
    /// Replicas of each partition, instead of the two numbers.
    pub(crate) assignments: Option<Vec<Vec<BrokerId>>>,
    pub(crate) configs: Vec<(String, String)>,
}

/// What has become of a [`NewTopic`].
#[derive(Clone, Debug)]
pub(crate) struct CreatedTopic {
    pub(crate) id: Uuid,
    pub(crate) partition_count: usize,
    pub(crate) replication_factor: usize,
    /// Those in force, defaults included, sorted by name.
    pub(crate) configs: Vec<ConfigEntry>,
}

/// What a configuration belongs to. An empty broker name is the cluster-wide default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfigResource {
    Topic(String),
    Broker(String),
    Group(String),
    /// A subscription to clients' metrics.
    ClientMetrics(String),
    /// The loggers of a broker.
    BrokerLogger(String),
}

/// The kinds of resources that exist by being configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfiguredKind {
    Group,
    ClientMetrics,
}

/// What a part of a quota's entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum QuotaPart {
    User,
    ClientId,
    Ip,
}

impl QuotaPart {
    /// Kafka's name for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            QuotaPart::User => "user",
            QuotaPart::ClientId => "client-id",
            QuotaPart::Ip => "ip",
        }
    }
}

/// What quotas are for: a user, a client, both, or an address; `None` is the default of all that have none of their own.
pub(crate) type QuotaEntity = Vec<(QuotaPart, Option<String>)>;

/// The quotas of an entity, by key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QuotaEntry {
    pub(crate) entity: QuotaEntity,
    pub(crate) quotas: Vec<(String, f64)>,
}

/// A password that a user can prove to know (SCRAM); what is stored of it is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScramCredential {
    pub(crate) user: String,
    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub(crate) mechanism: &'static str,
    pub(crate) iterations: i32,
}

/// How a password is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScramMechanism {
    Sha256,
    Sha512,
}

impl ScramMechanism {
    pub(crate) const ALL: [ScramMechanism; 2] = [ScramMechanism::Sha256, ScramMechanism::Sha512];

    /// Kafka's name for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            ScramMechanism::Sha256 => "SCRAM-SHA-256",
            ScramMechanism::Sha512 => "SCRAM-SHA-512",
        }
    }
}

/// A change of what a user can log in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScramAlteration {
    Upsert {
        user: String,
        mechanism: ScramMechanism,
        iterations: i32,
        password: Vec<u8>,
    },
    /// With a password that was ground with its salt already.
    UpsertSalted {
        user: String,
        mechanism: ScramMechanism,
        iterations: i32,
        salt: Vec<u8>,
        salted_password: Vec<u8>,
    },
    Delete {
        user: String,
        mechanism: ScramMechanism,
    },
}

/// Which offset of a partition is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetSpec {
    /// The log start offset (`-2`).
    Earliest,
    /// The high watermark (`-1`).
    Latest,
    /// The offset of the record with the largest timestamp (`-3`).
    MaxTimestamp,
    /// The first record with this timestamp or a later one.
    Timestamp(TimestampMs),
}

/// The answer to an [`OffsetSpec`]; `offset` is `None` where no record fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OffsetInfo {
    pub(crate) offset: Option<Offset>,
}

/// The protocol family of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupType {
    Classic,
    Consumer,
    Share,
    Streams,
}

impl GroupType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            GroupType::Classic => "Classic",
            GroupType::Consumer => "Consumer",
            GroupType::Share => "Share",
            GroupType::Streams => "Streams",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupState {
    Assigning,
    CompletingRebalance,
    Dead,
    Empty,
    PreparingRebalance,
    Reconciling,
    Stable,
}

impl GroupState {
    pub(crate) const ALL: [GroupState; 7] = [
        GroupState::Assigning,
        GroupState::CompletingRebalance,
        GroupState::Dead,
        GroupState::Empty,
        GroupState::PreparingRebalance,
        GroupState::Reconciling,
        GroupState::Stable,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            GroupState::Assigning => "Assigning",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Dead => "Dead",
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::Reconciling => "Reconciling",
            GroupState::Stable => "Stable",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct GroupListing {
    pub(crate) group: String,
    pub(crate) group_type: GroupType,
    /// `consumer`, `share`, or empty for a group that has only ever had its offsets set.
    pub(crate) protocol: String,
    pub(crate) state: GroupState,
}

#[derive(Clone, Debug)]
pub(crate) struct MemberDescription {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    /// As Kafka prints it, with the slash: `/127.0.0.1`.
    pub(crate) host: String,
    pub(crate) assignment: Vec<TopicPartition>,
    /// Only members of the new protocol have a target and epochs.
    pub(crate) target_assignment: Option<Vec<TopicPartition>>,
    pub(crate) epoch: Option<i32>,
    /// In a group of the new protocol: whether the member speaks it itself.
    pub(crate) upgraded: Option<bool>,
}

#[derive(Clone, Debug)]
pub(crate) struct GroupDescription {
    pub(crate) group: String,
    pub(crate) group_type: GroupType,
    pub(crate) state: GroupState,
    pub(crate) coordinator: Node,
    /// The assignor in force; empty for an empty classic group.
    pub(crate) assignor: String,
    pub(crate) members: Vec<MemberDescription>,
    pub(crate) group_epoch: Option<i32>,
    pub(crate) target_assignment_epoch: Option<i32>,
}

/// How far a share group has come with a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SharePosition {
    /// The first record that may not be finished; `None` before one was delivered.
    pub(crate) start: Option<Offset>,
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    /// Records that are not finished.
    pub(crate) lag: Option<i64>,
}

/// A committed position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: Offset,
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    pub(crate) metadata: String,
}
