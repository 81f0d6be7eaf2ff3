//! `LogPool`: logs of transactions that are open and replayed, for many threads of one process.
//!
//! Each thread has a log for itself while it works with it; what is not in use is kept for the next. So no lock of this
//! process is held over one between processes.

use super::log::{STATE_TOPIC, TransactionLog};
use crate::client::Result;
use crate::local::cluster::Cluster;
use crate::local::topic::OpenTopic;
use crate::txn::state_partition;
use crate::types::{Offset, PartitionId, Uuid};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many logs are kept that nobody uses.
const IDLE_MAX: usize = 100;

#[derive(Default)]
pub(super) struct LogPool {
    idle: Mutex<Vec<(Uuid, PartitionId, TransactionLog)>>,
    /// As of this version of the metadata.
    topic: Mutex<Option<(Offset, Arc<OpenTopic>)>>,
}

impl LogPool {
    /// Works with the log that has `transactional_id`, or shall have it, brought up to date. The topic is made on first use.
    pub(super) fn with<T>(
        &self,
        cluster: &Cluster,
        transactional_id: &str,
        work: impl FnOnce(&mut TransactionLog) -> Result<T>,
    ) -> Result<T> {
        let topic = self.topic(cluster)?;
        self.with_log_of(&topic, cluster, transactional_id, work)
    }

    /// The same under the lock of a partition that something is to be appended to: the topic is the one that was found last.
    /// Whoever looks at the metadata may have to wait for somebody who waits for that very lock, to take away the directory
    /// of a topic that is no more.
    pub(super) fn with_under_lock<T>(
        &self,
        cluster: &Cluster,
        transactional_id: &str,
        work: impl FnOnce(&mut TransactionLog) -> Result<T>,
    ) -> Result<T> {
        let known = self.topic.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let topic = match known {
            Some((_, topic)) => topic,
            None => self.topic(cluster)?,
        };
        self.with_log_of(&topic, cluster, transactional_id, work)
    }

    fn with_log_of<T>(
        &self,
        topic: &OpenTopic,
        cluster: &Cluster,
        transactional_id: &str,
        work: impl FnOnce(&mut TransactionLog) -> Result<T>,
    ) -> Result<T> {
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let id = state_partition(transactional_id, count);
        // One that fails is not put back: nobody knows what it has seen.
        let mut log = match self.take(topic.id, id) {
            Some(mut log) => log.refresh().map(|()| log)?,
            None => TransactionLog::open_partition(cluster, topic, id)?,
        };
        let outcome = work(&mut log)?;
        let surplus = {
            let mut idle = self.idle();
            idle.push((topic.id, id, log));
            // The one that was not used for the longest time, for the last one back is the first one out.
            if idle.len() > IDLE_MAX { Some(idle.remove(0)) } else { None }
        };
        // Closing it takes locks.
        drop(surplus);
        Ok(outcome)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Uuid, PartitionId, TransactionLog)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, topic: Uuid, id: PartitionId) -> Option<TransactionLog> {
        let mut idle = self.idle();
        let index = idle.iter().rposition(|&(of, known, _)| (of, known) == (topic, id))?;
        Some(idle.remove(index).2)
    }

    fn topic(&self, cluster: &Cluster) -> Result<Arc<OpenTopic>> {
        let version = cluster.refresh()?;
        let known = || self.topic.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((as_of, topic)) = &*known()
            && *as_of == version
        {
            return Ok(Arc::clone(topic));
        }
        let topic = Arc::new(cluster.open_topic_to_produce(STATE_TOPIC)?);
        *known() = Some((version, Arc::clone(&topic)));
        Ok(topic)
    }
}
