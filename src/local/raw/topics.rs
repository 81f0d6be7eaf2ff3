//! `RawTopic` and the topics that a server has looked up: their settings are worked out once for each state of the metadata.

use crate::client;
use crate::local::cluster::Cluster;
use crate::local::topic::OpenTopic;
use crate::metadata::Image;
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, TopicName, Uuid};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A topic as the metadata has it. Clones are cheap.
#[derive(Clone, Debug)]
pub(crate) struct RawTopic {
    open: Arc<OpenTopic>,
}

impl RawTopic {
    pub(crate) fn name(&self) -> &str {
        self.open.name.as_str()
    }

    pub(crate) fn id(&self) -> Uuid {
        self.open.id
    }

    /// The epoch of a partition's leader; `None` if there is no such partition.
    pub(crate) fn leader_epoch(&self, partition: PartitionId) -> Option<LeaderEpoch> {
        let partitions = &self.open.partitions;
        // They are in order, and mostly without gaps.
        let place = usize::try_from(partition.0).ok()?;
        let found = partitions.get(place).filter(|(id, _)| *id == partition);
        found.or_else(|| partitions.iter().find(|(id, _)| *id == partition)).map(|&(_, epoch)| epoch)
    }

    /// Whether a batch that is to be on all replicas may be written: there are as many as `min.insync.replicas` says.
    pub(super) fn has_enough_replicas(&self) -> bool {
        self.open.in_sync >= self.open.config.min_insync_replicas
    }

    pub(super) fn open(&self) -> &OpenTopic {
        &self.open
    }

    /// Whether both are the same look at the same topic.
    pub(super) fn is_same_look(&self, other: &RawTopic) -> bool {
        Arc::ptr_eq(&self.open, &other.open)
    }
}

/// Topics by name and id, as of one version of the metadata.
#[derive(Default)]
struct Known {
    version: Option<Offset>,
    by_name: HashMap<String, RawTopic>,
    by_id: HashMap<Uuid, RawTopic>,
}

#[derive(Default)]
pub(super) struct Topics {
    known: Mutex<Known>,
}

impl Topics {
    pub(super) fn by_name(&self, cluster: &Cluster, name: &str) -> client::Result<RawTopic> {
        let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
        let found = self.find(
            cluster,
            |known| known.by_name.get(name).cloned(),
            |image| image.topics().get(name).and_then(|topic| TopicName::new(topic.name()).ok()),
        )?;
        found.ok_or_else(unknown)
    }

    pub(super) fn by_id(&self, cluster: &Cluster, id: Uuid) -> client::Result<RawTopic> {
        let found = self.find(
            cluster,
            |known| known.by_id.get(&id).cloned(),
            |image| {
                let topic = image.topics().iter().find(|topic| topic.id() == id);
                topic.and_then(|topic| TopicName::new(topic.name()).ok())
            },
        )?;
        found.ok_or_else(|| client::Error::of(ErrorCode::UnknownTopicId))
    }

    /// A topic that has been looked up before and is still as it was, if that can be told without waiting for anybody.
    pub(super) fn by_name_at_once(&self, cluster: &Cluster, name: &str) -> Option<RawTopic> {
        self.at_once(cluster, |known| known.by_name.get(name).cloned())
    }

    /// The same by its id.
    pub(super) fn by_id_at_once(&self, cluster: &Cluster, id: Uuid) -> Option<RawTopic> {
        self.at_once(cluster, |known| known.by_id.get(&id).cloned())
    }

    fn at_once(
        &self,
        cluster: &Cluster,
        known_one: impl FnOnce(&Known) -> Option<RawTopic>,
    ) -> Option<RawTopic> {
        let version = cluster.version_at_once()?;
        let known = self.known.try_lock().ok()?;
        if known.version == Some(version) { known_one(&known) } else { None }
    }

    fn find(
        &self,
        cluster: &Cluster,
        known_one: impl FnOnce(&Known) -> Option<RawTopic>,
        name: impl FnOnce(&Image) -> Option<TopicName>,
    ) -> client::Result<Option<RawTopic>> {
        let version = cluster.refresh()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.version != Some(version) {
            *known = Known { version: Some(version), ..Known::default() };
        }
        if let Some(topic) = known_one(&known) {
            return Ok(Some(topic));
        }
        let broker = cluster.broker().id;
        let found = cluster.with_metadata(|log| {
            let open = name(log.image()).and_then(|name| OpenTopic::of(log.image(), &name, broker))?;
            Some((log.version(), open))
        })?;
        let Some((found_at, open)) = found else { return Ok(None) };
        let topic = RawTopic { open: Arc::new(open) };
        if found_at == version {
            known.by_name.insert(topic.name().to_owned(), topic.clone());
            known.by_id.insert(topic.id(), topic.clone());
        }
        Ok(Some(topic))
    }
}
