//! The loggers of the broker that a directory has while a command works on it. Their levels are live state, as in a broker:
//! they are kept in `.kt/` and no metadata says anything of them. The names are those of a broker of Kafka 4.2 that has just
//! been started, a pure table.

use super::cluster::Cluster;
use crate::client::{self, AlterConfigOp, Commit, ConfigEntry, ConfigSource, Result, ValueType};
use crate::disk::{self, FileLock};
use crate::types::{BrokerId, ErrorCode};
use std::collections::BTreeMap;

/// The logger that all others are like that have no level of their own.
const ROOT: &str = "root";
const DEFAULT_LEVEL: &str = "WARN";
const LEVELS: [&str; 6] = ["DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"];

/// The levels that were set, by logger.
type Levels = BTreeMap<String, String>;

/// Every logger of the broker with its level; none of a broker that isn't this directory's.
pub(super) fn describe(cluster: &Cluster, broker: &str) -> Result<Vec<ConfigEntry>> {
    check(cluster, broker)?;
    let levels = read(cluster)?;
    let root = levels.get(ROOT).map_or(DEFAULT_LEVEL, String::as_str);
    let entry = |name: &str| ConfigEntry {
        name: name.to_owned(),
        value: Some(levels.get(name).map_or(root, String::as_str).to_owned()),
        source: ConfigSource::DynamicBrokerLogger,
        sensitive: false,
        read_only: false,
        value_type: ValueType::Text,
        synonyms: Vec::new(),
    };
    let mut entries: Vec<ConfigEntry> = NAMES.iter().copied().chain([ROOT]).map(entry).collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// Sets levels, or takes them away.
pub(super) fn alter(cluster: &Cluster, broker: &str, ops: &[AlterConfigOp]) -> Result<()> {
    check(cluster, broker)?;
    for op in ops {
        match op {
            AlterConfigOp::Set(name, level) if !LEVELS.contains(&level.as_str()) => {
                let message = format!(
                    "Cannot set the log level of {name} to {level} as it is not a supported log level. Valid log levels are {}",
                    LEVELS.join(", ")
                );
                return Err(client::Error::new(ErrorCode::InvalidConfig, message));
            }
            AlterConfigOp::Append(..) | AlterConfigOp::Subtract(..) => {
                let message = "APPEND and SUBTRACT operations are not allowed for the BROKER_LOGGER resource";
                return Err(client::Error::new(ErrorCode::InvalidRequest, message));
            }
            AlterConfigOp::Delete(name) if name == ROOT => {
                let message = "Removing the log level of the root logger is not allowed";
                return Err(client::Error::new(ErrorCode::InvalidRequest, message));
            }
            _ => {}
        }
    }
    if cluster.commit == Commit::Never {
        return Ok(());
    }
    let coordination = cluster.coordination()?;
    let _lock = FileLock::acquire(&coordination.loggers_lock()).map_err(super::error::Error::from)?;
    let mut levels = read(cluster)?;
    for op in ops {
        match op {
            AlterConfigOp::Set(name, level) => {
                levels.insert(name.clone(), level.clone());
            }
            AlterConfigOp::Delete(name) => {
                levels.remove(name);
            }
            AlterConfigOp::Append(..) | AlterConfigOp::Subtract(..) => {}
        }
    }
    let text: String = levels.iter().map(|(name, level)| format!("{name}={level}\n")).collect();
    let written = disk::replace(&coordination.loggers(), text.as_bytes());
    Ok(written.map_err(super::error::Error::from)?)
}

fn check(cluster: &Cluster, broker: &str) -> Result<()> {
    if broker.parse().ok().map(BrokerId) == Some(cluster.broker().id) {
        return Ok(());
    }
    let here = cluster.broker().id;
    let message = format!("Unexpected broker id, expected {here} but received {broker}");
    Err(client::Error::new(ErrorCode::InvalidRequest, message))
}

fn read(cluster: &Cluster) -> Result<Levels> {
    let Ok(coordination) = cluster.coordination() else { return Ok(Levels::new()) };
    let text = disk::read_text(&coordination.loggers()).map_err(super::error::Error::from)?;
    let text = text.unwrap_or_default();
    let levels = text.lines().filter_map(|line| line.split_once('='));
    Ok(levels.map(|(name, level)| (name.to_owned(), level.to_owned())).collect())
}

const NAMES: [&str; 148] = [
    "LogFutureTimestampLogger",
    "com.yammer.metrics.reporting.JmxReporter",
    "kafka.coordinator.transaction.TransactionCoordinator",
    "kafka.coordinator.transaction.TransactionMarkerChannelManager",
    "kafka.log.LogCleaner",
    "kafka.log.LogManager",
    "kafka.network.ConnectionQuotas",
    "kafka.network.DataPlaneAcceptor",
    "kafka.network.Processor",
    "kafka.network.RequestChannel$",
    "kafka.network.SocketServer",
    "kafka.raft.KafkaMetadataLog$",
    "kafka.request.logger",
    "kafka.server.BrokerLifecycleManager",
    "kafka.server.BrokerServer",
    "kafka.server.ConfigAdminManager",
    "kafka.server.ControllerApis",
    "kafka.server.ControllerRegistrationManager",
    "kafka.server.ControllerServer",
    "kafka.server.KafkaApis",
    "kafka.server.KafkaRaftServer",
    "kafka.server.KafkaRequestHandler",
    "kafka.server.NodeToControllerRequestThread",
    "kafka.server.ReplicaManager",
    "kafka.server.ReplicaManager$LogDirFailureHandler",
    "kafka.server.ReplicationQuotaManager",
    "kafka.server.SharedServer",
    "kafka.server.metadata.BrokerMetadataPublisher",
    "kafka.server.metadata.DynamicConfigPublisher",
    "kafka.server.share.ShareCoordinatorMetadataCacheHelperImpl",
    "kafka.server.share.SharePartitionManager",
    "kafka.utils.CoreUtils$",
    "kafka.utils.Log4jControllerRegistration$",
    "org.apache.kafka.clients.ClientUtils",
    "org.apache.kafka.clients.ClusterConnectionStates",
    "org.apache.kafka.clients.CommonClientConfigs",
    "org.apache.kafka.clients.NetworkClient",
    "org.apache.kafka.common.config.AbstractConfig",
    "org.apache.kafka.common.config.ConfigDef",
    "org.apache.kafka.common.metrics.JmxReporter",
    "org.apache.kafka.common.metrics.Metrics",
    "org.apache.kafka.common.metrics.stats.Percentiles",
    "org.apache.kafka.common.network.ChannelBuilders",
    "org.apache.kafka.common.network.NetworkReceive",
    "org.apache.kafka.common.network.Selector",
    "org.apache.kafka.common.protocol.Errors",
    "org.apache.kafka.common.record.ControlRecordType",
    "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
    "org.apache.kafka.common.utils.AppInfoParser",
    "org.apache.kafka.common.utils.KafkaThread",
    "org.apache.kafka.common.utils.LoggingSignalHandler",
    "org.apache.kafka.common.utils.Utils",
    "org.apache.kafka.controller.AclControlManager",
    "org.apache.kafka.controller.BrokerHeartbeatManager",
    "org.apache.kafka.controller.ClientQuotaControlManager",
    "org.apache.kafka.controller.ClusterControlManager",
    "org.apache.kafka.controller.ConfigurationControlManager",
    "org.apache.kafka.controller.DelegationTokenControlManager",
    "org.apache.kafka.controller.EventPerformanceMonitor",
    "org.apache.kafka.controller.FeatureControlManager",
    "org.apache.kafka.controller.OffsetControlManager",
    "org.apache.kafka.controller.PeriodicTaskControlManager",
    "org.apache.kafka.controller.ProducerIdControlManager",
    "org.apache.kafka.controller.QuorumController",
    "org.apache.kafka.controller.ReplicationControlManager",
    "org.apache.kafka.controller.ScramControlManager",
    "org.apache.kafka.coordinator.common.runtime.CoordinatorLoaderImpl",
    "org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime",
    "org.apache.kafka.coordinator.common.runtime.MultiThreadedEventProcessor",
    "org.apache.kafka.coordinator.common.runtime.MultiThreadedEventProcessor$EventProcessorThread",
    "org.apache.kafka.coordinator.group.GroupCoordinatorService",
    "org.apache.kafka.coordinator.group.NetworkPartitionMetadataClient",
    "org.apache.kafka.coordinator.group.assignor.SimpleAssignor",
    "org.apache.kafka.coordinator.group.assignor.UniformAssignor",
    "org.apache.kafka.coordinator.share.ShareCoordinatorService",
    "org.apache.kafka.coordinator.transaction.RPCProducerIdManager",
    "org.apache.kafka.deferred.DeferredEventQueue",
    "org.apache.kafka.image.loader.MetadataBatchLoader",
    "org.apache.kafka.image.loader.MetadataLoader",
    "org.apache.kafka.image.publisher.BrokerRegistrationTracker",
    "org.apache.kafka.image.publisher.SnapshotEmitter",
    "org.apache.kafka.image.publisher.SnapshotGenerator",
    "org.apache.kafka.metadata.ListenerInfo",
    "org.apache.kafka.metadata.properties.MetaPropertiesEnsemble",
    "org.apache.kafka.metadata.publisher.AclPublisher",
    "org.apache.kafka.metadata.publisher.FeaturesPublisher",
    "org.apache.kafka.metadata.util.BatchFileReader",
    "org.apache.kafka.queue.KafkaEventQueue",
    "org.apache.kafka.raft.CandidateState",
    "org.apache.kafka.raft.FileQuorumStateStore",
    "org.apache.kafka.raft.KafkaNetworkChannel",
    "org.apache.kafka.raft.KafkaNetworkChannel$SendThread",
    "org.apache.kafka.raft.KafkaRaftClient",
    "org.apache.kafka.raft.KafkaRaftClientDriver",
    "org.apache.kafka.raft.LeaderState",
    "org.apache.kafka.raft.ProspectiveState",
    "org.apache.kafka.raft.QuorumState",
    "org.apache.kafka.raft.TimingWheelExpirationService$ExpiredOperationReaper",
    "org.apache.kafka.raft.UnattachedState",
    "org.apache.kafka.raft.internals.AddVoterHandler",
    "org.apache.kafka.raft.internals.DefaultRequestSender",
    "org.apache.kafka.raft.internals.KRaftControlRecordStateMachine",
    "org.apache.kafka.raft.internals.RecordsIterator",
    "org.apache.kafka.raft.internals.RemoveVoterHandler",
    "org.apache.kafka.raft.internals.UpdateVoterHandler",
    "org.apache.kafka.raft.internals.VoterSetHistory",
    "org.apache.kafka.server.AssignmentsManager",
    "org.apache.kafka.server.BrokerFeatures",
    "org.apache.kafka.server.ClientMetricsManager",
    "org.apache.kafka.server.DelayedActionQueue",
    "org.apache.kafka.server.config.ConfigSynonym",
    "org.apache.kafka.server.config.DynamicProducerStateManagerConfig",
    "org.apache.kafka.server.fault.LoggingFaultHandler",
    "org.apache.kafka.server.fault.ProcessTerminatingFaultHandler",
    "org.apache.kafka.server.logger.LoggingController",
    "org.apache.kafka.server.metrics.LinuxIoMetricsCollector",
    "org.apache.kafka.server.network.EndpointReadyFutures",
    "org.apache.kafka.server.purgatory.DelayedOperationPurgatory",
    "org.apache.kafka.server.purgatory.DelayedOperationPurgatory$ExpiredOperationReaper",
    "org.apache.kafka.server.quota.ClientQuotaManager",
    "org.apache.kafka.server.quota.ClientQuotaManager$ThrottledChannelReaper",
    "org.apache.kafka.server.quota.ControllerMutationQuotaManager",
    "org.apache.kafka.server.share.persister.DefaultStatePersister",
    "org.apache.kafka.server.share.persister.PersisterStateManager$SendThread",
    "org.apache.kafka.server.transaction.AddPartitionsToTxnManager",
    "org.apache.kafka.server.util.FileLock",
    "org.apache.kafka.server.util.KafkaScheduler",
    "org.apache.kafka.server.util.timer.SystemTimerReaper$Reaper",
    "org.apache.kafka.snapshot.Snapshots",
    "org.apache.kafka.storage.internals.checkpoint.CheckpointFileWithFailureHandler",
    "org.apache.kafka.storage.internals.checkpoint.CleanShutdownFileHandler",
    "org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache",
    "org.apache.kafka.storage.internals.log.AbstractIndex",
    "org.apache.kafka.storage.internals.log.Cleaner",
    "org.apache.kafka.storage.internals.log.LocalLog",
    "org.apache.kafka.storage.internals.log.LogCleaner",
    "org.apache.kafka.storage.internals.log.LogCleaner$CleanerThread",
    "org.apache.kafka.storage.internals.log.LogDirFailureChannel",
    "org.apache.kafka.storage.internals.log.LogLoader",
    "org.apache.kafka.storage.internals.log.LogSegment",
    "org.apache.kafka.storage.internals.log.OffsetIndex",
    "org.apache.kafka.storage.internals.log.ProducerStateManager",
    "org.apache.kafka.storage.internals.log.TimeIndex",
    "org.apache.kafka.storage.internals.log.UnifiedLog",
    "org.apache.kafka.storage.internals.utils.Throttler",
    "org.apache.kafka.storage.log.metrics.BrokerTopicStats",
    "org.apache.kafka.timeline.SnapshotRegistry",
    "state.change.logger",
];
