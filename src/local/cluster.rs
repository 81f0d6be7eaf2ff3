//! `Cluster`: a data directory, opened. What the commands hold; everything else here is reached through it.

use super::acls::CachedAcls;
use super::admin::LocalAdmin;
use super::broker::Broker;
use super::bulk::{LocalBulkReader, LocalBulkWriter};
use super::checkpoints;
use super::consumer::LocalConsumer;
use super::error::{Error, Result};
use super::metadata::MetadataLog;
use super::partition::{Access, Partition, PartitionSpec};
use super::paths::{self, Coordination};
use super::producer::LocalProducer;
use super::raw::Watcher;
use super::replicas::{Leadership, Replicas};
use super::scram::{self, StoredCredential};
use super::seal::Seal;
use super::share::LocalShareConsumer;
use super::topic::{self, Found, OpenTopic};
use super::topics;
use super::upkeep::Upkeep;
use crate::client::{
    self, Admin, BulkRange, BulkReader, BulkReading, BulkWriter, Commit, Consumer, ConsumerConfig, Node,
    Producer, ProducerConfig, ShareConsumer, ShareConsumerConfig, TransactionalProducer,
};
use crate::disk::{self, Channels, SharedRangeLock, Wake};
use crate::group::{CatalogTopic, TopicCatalog};
use crate::log::{Gaps, LogConfig, Notes, OffsetCheckpoint, read_checkpoint};
use crate::metadata::{Image, Record};
use crate::types::{BrokerId, ErrorCode, LeaderEpoch, Offset, PartitionId, TopicName, TopicPartition, Uuid};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The settings of the metadata log itself, which no topic configuration changes.
pub(super) const METADATA_CONFIG: LogConfig = LogConfig {
    segment_bytes: 1 << 30,
    segment_ms: 7 * 24 * 60 * 60 * 1000,
    segment_index_bytes: 10 << 20,
    index_interval_bytes: 4096,
};

pub(super) const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";

/// An open data directory; clones share it.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(super) shared: Arc<Shared>,
    /// Whether changes of the metadata are made, or only decided.
    pub(super) commit: Commit,
}

pub(super) struct Shared {
    pub(super) replicas: Replicas,
    /// `None` where kt only reads: in brokers' own log directories.
    pub(super) coordination: Option<Coordination>,
    pub(super) access: Access,
    /// The `.lock` of a broker that runs on this directory: why nothing can be written.
    pub(super) held_by_broker: Option<PathBuf>,
    /// What is wrong with directories that are only read.
    pub(super) notes: Notes,
    /// Whether the topics' settings may not be known.
    pub(super) settings_unknown: bool,
    pub(super) wake: Wake,
    /// Of those who wait for what other processes do.
    pub(super) watcher: Watcher,
    pub(super) metadata: Mutex<MetadataLog>,
    pub(super) catalog: Mutex<Arc<TopicCatalog>>,
    pub(super) acls: Mutex<CachedAcls>,
    /// `None` where nothing can be written.
    pub(super) seal: Option<Arc<Seal>>,
    /// Cleans up behind those who write.
    pub(super) upkeep: Arc<Upkeep>,
    /// Tells a real broker that kt is at work in its directory.
    pub(super) _broker_lock: Option<SharedRangeLock>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The upkeep has a handle of its own while it is at work. It must not be the one that ends last: the process may
        // be over before.
        if Arc::strong_count(&self.shared) == 2 {
            self.shared.upkeep.finish();
        }
    }
}

impl Cluster {
    pub(super) fn new(shared: Shared) -> Cluster {
        let shared = Arc::new(shared);
        shared.upkeep.serve(&shared);
        Cluster::of(shared)
    }

    pub(super) fn of(shared: Arc<Shared>) -> Cluster {
        Cluster { shared, commit: Commit::Yes }
    }

    /// Where damage is noted that doesn't keep the rest of a directory from being read.
    pub(crate) fn notes(&self) -> &Notes {
        &self.shared.notes
    }

    /// The credential that a user logs in with by this mechanism, if there is one.
    pub(crate) fn scram_credential(
        &self,
        user: &str,
        mechanism: client::ScramMechanism,
    ) -> client::Result<Option<StoredCredential>> {
        scram::stored(self, user, mechanism)
    }

    pub(crate) fn admin(&self) -> Box<dyn Admin> {
        Box::new(LocalAdmin::new(self.clone()))
    }

    /// The same, but what would change the metadata is only decided: the answers say whether it could be done.
    pub(crate) fn trial_admin(&self) -> Box<dyn Admin> {
        let mut trial = self.clone();
        trial.commit = Commit::Never;
        Box::new(LocalAdmin::new(trial))
    }

    /// A producer of one topic, which is created if it isn't there.
    pub(crate) fn producer(&self, topic: &str, config: ProducerConfig) -> client::Result<Box<dyn Producer>> {
        Ok(Box::new(LocalProducer::open(self, topic, config)?))
    }

    /// A producer of one topic that sends its records in transactions; `config` names the transactional id.
    pub(crate) fn transactional_producer(
        &self,
        topic: &str,
        config: ProducerConfig,
    ) -> client::Result<Box<dyn TransactionalProducer>> {
        Ok(Box::new(LocalProducer::open(self, topic, config)?))
    }

    pub(crate) fn consumer(&self, config: ConsumerConfig) -> client::Result<Box<dyn Consumer>> {
        Ok(Box::new(LocalConsumer::open(self, config)?))
    }

    /// A reader of parts of partitions, without a group.
    pub(crate) fn bulk_reader(
        &self,
        ranges: &[BulkRange],
        reading: BulkReading,
    ) -> client::Result<Box<dyn BulkReader>> {
        Ok(Box::new(LocalBulkReader::open(self, ranges, reading)?))
    }

    /// A writer to any topics.
    pub(crate) fn bulk_writer(&self) -> client::Result<Box<dyn BulkWriter>> {
        Ok(Box::new(LocalBulkWriter::open(self)?))
    }

    /// A member of a share group, which it joins with its first poll.
    pub(crate) fn share_consumer(
        &self,
        config: ShareConsumerConfig,
    ) -> client::Result<Box<dyn ShareConsumer>> {
        self.coordination()?;
        Ok(Box::new(LocalShareConsumer::open(self, config)))
    }

    /// The broker that would coordinate this directory's groups, at the address it would listen on.
    pub(super) fn coordinator(&self) -> Result<Node> {
        let id = self.broker().id;
        let endpoint = self.with_image(|image| {
            let endpoint = image.brokers().get(&id).and_then(|registration| registration.endpoints.first());
            endpoint.map(|e| (e.host.clone(), e.port))
        })?;
        let (host, port) = endpoint.unwrap_or_default();
        Ok(Node { id, host, port, rack: None, fenced: false })
    }

    /// The broker that whoever works on this directory acts for.
    pub(crate) fn broker_id(&self) -> BrokerId {
        self.broker().id
    }

    pub(super) fn broker(&self) -> &Broker {
        self.shared.replicas.main()
    }

    /// `None` where nothing can be written.
    pub(super) fn seal(&self) -> Option<&Seal> {
        self.shared.seal.as_deref()
    }

    pub(super) fn wake(&self) -> Wake {
        self.shared.wake
    }

    /// Tells whoever waits in this process what other processes did.
    pub(crate) fn watcher(&self) -> &Watcher {
        &self.shared.watcher
    }

    /// The paths under `.kt/`; an error where nothing can be written.
    pub(super) fn coordination(&self) -> Result<&Coordination> {
        let coordination = self.shared.coordination.as_ref().filter(|_| self.is_writable());
        coordination.ok_or_else(|| self.read_only())
    }

    /// Whether a real broker is at work in the directory, or has left it in good order.
    pub(super) fn is_a_brokers(&self) -> bool {
        self.shared.held_by_broker.is_some()
            || Seal::is_kafkas(&self.broker().dir, self.shared.coordination.as_ref())
    }

    /// Why nothing can be written.
    fn read_only(&self) -> Error {
        match &self.shared.held_by_broker {
            Some(path) => Error::BrokerRuns { path: path.clone() },
            None if self.shared.coordination.is_none() => {
                Error::BrokersOwn { path: self.broker().dir.clone() }
            }
            None => Error::ReadOnly { path: self.broker().dir.clone() },
        }
    }

    pub(super) fn is_writable(&self) -> bool {
        self.shared.access == Access::ReadWrite
    }

    fn metadata(&self) -> MutexGuard<'_, MetadataLog> {
        self.shared.metadata.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the newest metadata.
    pub(super) fn with_image<T>(&self, look: impl FnOnce(&Image) -> T) -> Result<T> {
        let mut metadata = self.metadata();
        metadata.refresh()?;
        Ok(look(metadata.image()))
    }

    /// Brings the metadata up to date, and answers its version, which rises with every change.
    pub(super) fn refresh(&self) -> Result<Offset> {
        let mut metadata = self.metadata();
        metadata.refresh()?;
        Ok(metadata.version())
    }

    /// The version of the metadata, if it can be told without waiting for anybody.
    pub(super) fn version_at_once(&self) -> Option<Offset> {
        let mut metadata = self.shared.metadata.try_lock().ok()?;
        metadata.is_current().then(|| metadata.version())
    }

    /// All topics as a group's coordinator needs them; made anew when the metadata has changed.
    pub(super) fn catalog(&self) -> Result<Arc<TopicCatalog>> {
        let mut metadata = self.metadata();
        metadata.refresh()?;
        let version = metadata.version().get();
        let mut cached = self.shared.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.version() != version {
            let topics = metadata.image().topics().iter().map(|topic| {
                let partition_count = i32::try_from(topic.partition_count()).unwrap_or(i32::MAX);
                (topic.name().to_owned(), CatalogTopic { id: topic.id(), partition_count })
            });
            *cached = Arc::new(TopicCatalog::new(version, topics));
        }
        Ok(Arc::clone(&cached))
    }

    /// Changes the metadata: see `MetadataLog::update`.
    pub(super) fn update<T>(
        &self,
        decide: impl FnOnce(&Image) -> client::Result<(Vec<Record>, T)>,
    ) -> client::Result<T> {
        self.coordination()?;
        match self.commit {
            Commit::Yes => self.metadata().update(decide),
            Commit::Never => Ok(self.with_image(decide)??.1),
        }
    }

    /// Looks at the metadata log itself, brought up to date.
    pub(super) fn with_metadata<T>(&self, look: impl FnOnce(&mut MetadataLog) -> T) -> Result<T> {
        let mut metadata = self.metadata();
        metadata.refresh()?;
        Ok(look(&mut metadata))
    }

    #[cfg(test)]
    pub(super) fn write_metadata_snapshot(&self) -> Result<()> {
        self.metadata().write_snapshot()
    }

    /// What to sleep on to learn of changed metadata.
    pub(super) fn metadata_channels(&self) -> Channels {
        self.metadata().channels()
    }

    /// A topic as it is now, with its settings; `None` if there is none.
    pub(super) fn open_topic(&self, name: &str) -> client::Result<Option<OpenTopic>> {
        let Ok(name) = TopicName::new(name) else { return Ok(None) };
        Ok(self.with_image(|image| OpenTopic::of(image, &name, self.broker().id))?)
    }

    /// A topic to write to: created with the broker's defaults if it isn't there.
    pub(super) fn open_topic_to_produce(&self, name: &str) -> client::Result<OpenTopic> {
        if let Err(invalid) = TopicName::new(name) {
            return Err(client::Error::new(
                ErrorCode::InvalidTopic,
                format!("Topic name is invalid: {invalid}"),
            ));
        }
        if let Some(topic) = self.open_topic(name)? {
            self.coordination()?;
            return Ok(topic);
        }
        topics::create_automatically(self, name)?;
        let gone = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
        self.open_topic(name)?.ok_or_else(gone)
    }

    /// Opens the partitions of a topic, in order, each with its leader's epoch.
    pub(super) fn partitions_of(&self, topic: &OpenTopic) -> Result<Vec<(Partition, LeaderEpoch)>> {
        let open = topic.partitions.iter().map(|&(id, epoch)| Ok((self.partition(topic, id)?, epoch)));
        open.collect()
    }

    /// Opens one partition of a topic.
    pub(super) fn partition(&self, topic: &OpenTopic, partition: PartitionId) -> Result<Partition> {
        if self.is_writable()
            && let Some(&(_, epoch)) = topic.partitions.iter().find(|&&(id, _)| id == partition)
        {
            self.make_partition(topic, partition, epoch)?;
        }
        // A compacted log has gaps, and nobody knows which one is compacted where the settings are lost.
        let gaps = if self.shared.settings_unknown { Gaps::Compacted } else { topic.gaps() };
        // One that was compacted before its policy changed has kept its gaps.
        let key = TopicPartition { topic: topic.name.to_string(), partition };
        let was_cleaned = || matches!(checkpoints::cleaned(self, &key), Ok(Some(_)));
        let gaps = if gaps == Gaps::Never && was_cleaned() { Gaps::Compacted } else { gaps };
        Ok(self.handle(&topic.name, topic.id, partition, topic.config.log, gaps))
    }

    /// The broker from whose directory a partition is read.
    fn home(&self, topic: &TopicName, topic_id: Uuid, partition: PartitionId) -> &Broker {
        let leadership = || {
            let metadata = self.metadata();
            let topic = metadata.image().topics().get(topic.as_str());
            let state = topic.and_then(|topic| topic.partition(partition));
            state.map_or_else(Leadership::default, |state| Leadership {
                leader: state.leader,
                elr: state.elr().to_vec(),
            })
        };
        self.shared.replicas.of(topic, topic_id, partition, leadership, &self.shared.notes)
    }

    fn handle(
        &self,
        topic: &TopicName,
        topic_id: Uuid,
        partition: PartitionId,
        config: LogConfig,
        gaps: Gaps,
    ) -> Partition {
        let shared = &*self.shared;
        let broker = self.home(topic, topic_id, partition);
        let spec = PartitionSpec {
            dir: paths::partition_dir(&broker.dir, topic, partition),
            topic_id,
            state_path: state_path(shared.coordination.as_ref(), topic_id, partition),
            config,
            gaps,
            channels: channels(topic_id, partition),
            access: shared.access,
            notes: shared.notes.clone(),
            recovery_points: broker.checkpoint(RECOVERY_POINTS),
            key: TopicPartition { topic: topic.to_string(), partition },
            seal: shared.seal.clone(),
            upkeep: self.is_writable().then(|| Arc::clone(&shared.upkeep)),
        };
        Partition::new(spec, shared.wake)
    }

    /// Makes sure of a partition's directory; `PartitionGone` if the topic isn't the one of that name any more. What an
    /// earlier topic left there goes. Directories are made under the metadata's lock, so that nobody who still knows
    /// an old topic makes one in the place of a new one's.
    pub(super) fn make_partition(
        &self,
        topic: &OpenTopic,
        partition: PartitionId,
        epoch: LeaderEpoch,
    ) -> Result<()> {
        let dir = paths::partition_dir(&self.broker().dir, &topic.name, partition);
        if topic::find_partition(&dir, topic.id)? == Found::Ours {
            return Ok(());
        }
        self.metadata().under_lock(|image| {
            if image.topics().get(topic.name.as_str()).map(|current| current.id()) != Some(topic.id) {
                return Err(Error::PartitionGone { dir: dir.clone() });
            }
            match topic::find_partition(&dir, topic.id)? {
                Found::Ours => return Ok(()),
                Found::Another(theirs) => self.delete_partition(&topic.name, theirs, partition)?,
                Found::Nothing => {}
            }
            topic::create_partition(&dir, topic.id, epoch)
        })
    }

    /// Removes the partition of a topic that is no more.
    pub(super) fn delete_partition(
        &self,
        topic: &TopicName,
        topic_id: Uuid,
        partition: PartitionId,
    ) -> Result<()> {
        let mut handle = self.handle(topic, topic_id, partition, METADATA_CONFIG, Gaps::Compacted);
        handle.delete(|| topic::remove_directory(self.broker(), topic, partition))
    }

    /// Gives the directory of a partition another name that belongs to a topic which the metadata doesn't know.
    pub(super) fn set_partition_aside(
        &self,
        topic: &TopicName,
        topic_id: Uuid,
        partition: PartitionId,
        aside: &Path,
    ) -> Result<()> {
        self.metadata().under_lock(|image| {
            if image.topics().iter().any(|topic| topic.id() == topic_id) {
                return Ok(());
            }
            let mut handle = self.handle(topic, topic_id, partition, METADATA_CONFIG, Gaps::Compacted);
            let dir = handle.dir().to_owned();
            handle.delete(|| Ok(disk::rename(&dir, aside)?))
        })
    }

    pub(super) fn rotation_path(&self, topic_id: Uuid) -> PathBuf {
        let coordination = self.shared.coordination.as_ref();
        coordination.map(|c| c.rotation(topic_id)).unwrap_or_default()
    }

    /// The checkpoint of where logs begin.
    pub(super) fn log_start_checkpoint(&self) -> PathBuf {
        self.broker().checkpoint("log-start-offset-checkpoint")
    }

    /// Where the logs of a broker's directory begin that don't begin at their first segment.
    fn log_starts(&self, broker: &Broker) -> Result<OffsetCheckpoint> {
        match read_checkpoint(&broker.checkpoint("log-start-offset-checkpoint")) {
            Err(e) if self.shared.coordination.is_none() => {
                self.shared.notes.add(e);
                Ok(OffsetCheckpoint::new())
            }
            other => Ok(other?),
        }
    }

    /// The first offset that may be read of a partition.
    pub(super) fn log_start(&self, topic: &OpenTopic, partition: PartitionId) -> Result<Offset> {
        let broker = self.home(&topic.name, topic.id, partition);
        let dir = paths::partition_dir(&broker.dir, &topic.name, partition);
        let first = match crate::log::first_base(&dir) {
            Ok(first) => first.unwrap_or(Offset::ZERO),
            Err(crate::log::Error::Disk(e)) if e.is_not_found() => Offset::ZERO,
            Err(e) => return Err(e.into()),
        };
        let key = TopicPartition { topic: topic.name.to_string(), partition };
        Ok(self.log_starts(broker)?.get(&key).map_or(first, |&start| start.max(first)))
    }
}

pub(super) fn state_path(
    coordination: Option<&Coordination>,
    topic_id: Uuid,
    partition: PartitionId,
) -> PathBuf {
    coordination.map(|c| c.partition(topic_id, partition)).unwrap_or_default()
}

/// The channels on which the appends to a partition are told.
pub(super) fn channels(topic_id: Uuid, partition: PartitionId) -> Channels {
    let bytes = topic_id.0.into_iter().chain(partition.0.to_le_bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    Channels::of(hash >> 32)
}
