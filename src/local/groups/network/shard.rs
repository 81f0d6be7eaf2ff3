//! `Shard`: one partition of `__consumer_offsets`, shared by all connections of a server, and its commits to be.

use super::super::super::cluster::Cluster;
use super::super::super::topic::OpenTopic;
use super::super::log::GroupLog;
use super::commits::Ticket;
use crate::client::Result;
use crate::types::PartitionId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One partition's groups.
pub(super) struct Shard {
    cluster: Cluster,
    topic: OpenTopic,
    partition: PartitionId,
    /// `None` before the first use, and after a failure: nobody knows then what it has seen.
    log: Mutex<Option<GroupLog>>,
    /// Commits that wait for the one who has the log to take them along.
    queue: Mutex<Vec<Arc<Ticket>>>,
}

impl Shard {
    pub(super) fn new(cluster: &Cluster, topic: &OpenTopic, partition: PartitionId) -> Shard {
        let (cluster, topic) = (cluster.clone(), topic.clone());
        Shard { cluster, topic, partition, log: Mutex::default(), queue: Mutex::default() }
    }

    /// Works with the log, alone in this process.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut GroupLog) -> Result<T>) -> Result<T> {
        let mut guard = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut log = match guard.take() {
            Some(log) => log,
            None => GroupLog::open(&self.cluster, &self.topic, self.partition)?,
        };
        let outcome = work(&mut log)?;
        *guard = Some(log);
        Ok(outcome)
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Vec<Arc<Ticket>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
