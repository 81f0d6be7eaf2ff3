//! `GroupLogs`: the logs of groups that an administrator has looked at. They stay open and replayed: who asks about a thousand
//! groups reads each log once.

use super::super::cluster::Cluster;
use super::super::topic::OpenTopic;
use super::log::{GroupLog, OFFSETS_TOPIC};
use crate::client::Result;
use crate::group::group_partition;
use crate::types::{PartitionId, Uuid};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The logs of a directory's groups.
pub(in crate::local) struct GroupLogs {
    pub(in crate::local) cluster: Cluster,
    /// By the topic's id too: a topic of that name may be deleted and made again.
    open: RefCell<BTreeMap<(Uuid, PartitionId), GroupLog>>,
}

impl GroupLogs {
    pub(in crate::local) fn new(cluster: Cluster) -> GroupLogs {
        GroupLogs { cluster, open: RefCell::default() }
    }

    /// Works with the log that has `group`, brought up to date; `None` where no group was ever kept.
    pub(in crate::local) fn with<T>(
        &self,
        group: &str,
        work: impl FnOnce(&mut GroupLog) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.cluster.open_topic(OFFSETS_TOPIC)? {
            Some(topic) => self.with_log(&topic, partition_of(&topic, group), work).map(Some),
            None => Ok(None),
        }
    }

    /// Works with the log that has `group`, or shall have it: the topic is made on first use.
    pub(in crate::local) fn with_or_new<T>(
        &self,
        group: &str,
        work: impl FnOnce(&mut GroupLog) -> Result<T>,
    ) -> Result<T> {
        self.cluster.coordination()?;
        let topic = self.cluster.open_topic_to_produce(OFFSETS_TOPIC)?;
        self.with_log(&topic, partition_of(&topic, group), work)
    }

    /// Works with the logs of all groups, one after another. In a directory that is only read, one that can't be read is
    /// noted and passed over.
    pub(in crate::local) fn for_each(&self, mut work: impl FnMut(&mut GroupLog) -> Result<()>) -> Result<()> {
        let Some(topic) = self.cluster.open_topic(OFFSETS_TOPIC)? else { return Ok(()) };
        topic.partitions.iter().try_for_each(|&(id, _)| match self.with_log(&topic, id, &mut work) {
            Err(e) if !self.cluster.is_writable() => {
                self.cluster.notes().add(e.message);
                Ok(())
            }
            other => other,
        })
    }

    fn with_log<T>(
        &self,
        topic: &OpenTopic,
        id: PartitionId,
        work: impl FnOnce(&mut GroupLog) -> Result<T>,
    ) -> Result<T> {
        let mut open = self.open.borrow_mut();
        // One that fails is not put back: nobody knows what it has seen.
        let mut log = match open.remove(&(topic.id, id)) {
            Some(mut log) => log.refresh().map(|()| log)?,
            None => GroupLog::open(&self.cluster, topic, id)?,
        };
        let outcome = work(&mut log)?;
        open.insert((topic.id, id), log);
        Ok(outcome)
    }
}

fn partition_of(topic: &OpenTopic, group: &str) -> PartitionId {
    group_partition(group, i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX))
}
