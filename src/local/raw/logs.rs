//! `RawLogs`: the partitions that a server has open, found by topic and number.

use super::notices::{Bell, Notices, Ring};
use super::pool::Pool;
use super::slot::Slot;
use super::start::LogStart;
use super::sync::Syncs;
use super::topics::{RawTopic, Topics};
use crate::client;
use crate::disk;
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, Uuid};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An open partition takes up to so many files: its state, a log with two indexes, the readers and the listeners.
const FILES_OF_ONE: u64 = 10;
/// There is no use in more.
const OPEN_MOST: u64 = 20_000;

type Key = (Uuid, PartitionId);

/// The data path of a server: one for all its connections. Clones share it.
#[derive(Clone)]
pub(crate) struct RawLogs {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) cluster: Cluster,
    topics: Topics,
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    /// So many partitions may be open at once.
    open_most: usize,
    uses: AtomicU64,
    pub(super) syncs: Syncs,
    notices: Arc<Notices>,
    pub(super) pool: Arc<Pool>,
}

impl RawLogs {
    /// Lets this process have as many files open as the system allows it.
    pub(crate) fn new(cluster: &Cluster) -> RawLogs {
        let open_most = (disk::raise_open_files() / 2 / FILES_OF_ONE).clamp(16, OPEN_MOST);
        RawLogs::with_room(cluster, usize::try_from(open_most).unwrap_or(usize::MAX))
    }

    /// With room for so many open partitions.
    pub(super) fn with_room(cluster: &Cluster, open_most: usize) -> RawLogs {
        RawLogs {
            inner: Arc::new(Inner {
                cluster: cluster.clone(),
                topics: Topics::default(),
                slots: Mutex::default(),
                open_most,
                uses: AtomicU64::new(0),
                syncs: Syncs::default(),
                notices: Arc::default(),
                pool: Arc::default(),
            }),
        }
    }

    /// A topic as it is now; `UnknownTopicOrPartition` if there is none.
    pub(crate) fn topic(&self, name: &str) -> client::Result<RawTopic> {
        self.inner.topics.by_name(&self.inner.cluster, name)
    }

    /// The same by its id; `UnknownTopicId` if there is none.
    pub(crate) fn topic_of(&self, id: Uuid) -> client::Result<RawTopic> {
        self.inner.topics.by_id(&self.inner.cluster, id)
    }

    /// A topic that was looked up before, by its name, if nothing has to be waited for to tell that it is still the same.
    pub(crate) fn topic_at_once(&self, name: &str) -> Option<RawTopic> {
        self.inner.topics.by_name_at_once(&self.inner.cluster, name)
    }

    /// The same by its id.
    pub(crate) fn topic_of_at_once(&self, id: Uuid) -> Option<RawTopic> {
        self.inner.topics.by_id_at_once(&self.inner.cluster, id)
    }

    /// Has `ring` called whenever readers of a partition may see more than before, or the partition is deleted. What
    /// happened before this returns may be missed: look once yourself.
    pub(crate) fn listen(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        ring: Ring,
    ) -> client::Result<Bell> {
        let slot = self.slot(topic, partition)?;
        Ok(self.inner.notices.listen(&self.inner.cluster, &slot, ring))
    }

    /// Where a partition's log begins.
    pub(crate) fn log_start(&self, topic: &RawTopic, partition: PartitionId) -> client::Result<Offset> {
        let slot = self.slot(topic, partition)?;
        let mut open = slot.open();
        Ok(self.start_of(topic, &slot, &mut open)?)
    }

    pub(super) fn start_of(
        &self,
        topic: &RawTopic,
        slot: &Slot,
        open: &mut super::slot::Open,
    ) -> Result<Offset, Error> {
        let (cluster, dir) = (&self.inner.cluster, open.partition.dir());
        LogStart::look(&mut open.start, cluster, topic.open(), slot.partition, dir)
    }

    /// The epoch of the leader that a partition has now, held against the one that a client believes in.
    pub(crate) fn leader_epoch(
        &self,
        topic: &RawTopic,
        partition: PartitionId,
        believed: Option<LeaderEpoch>,
    ) -> client::Result<LeaderEpoch> {
        let epoch = topic.leader_epoch(partition);
        let epoch = epoch.ok_or_else(|| client::Error::of(ErrorCode::UnknownTopicOrPartition))?;
        match believed {
            Some(believed) if believed < epoch => Err(client::Error::of(ErrorCode::FencedLeaderEpoch)),
            Some(believed) if believed > epoch => Err(client::Error::of(ErrorCode::UnknownLeaderEpoch)),
            _ => Ok(epoch),
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
        self.inner.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A partition that is open already.
    pub(super) fn slot_at_once(&self, topic: &RawTopic, partition: PartitionId) -> Option<Arc<Slot>> {
        let slot = self.inner.slots.try_lock().ok()?.get(&(topic.id(), partition)).cloned()?;
        slot.used.store(self.inner.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(slot)
    }

    /// The open partition; it is opened if it isn't.
    pub(super) fn slot(&self, topic: &RawTopic, partition: PartitionId) -> client::Result<Arc<Slot>> {
        if topic.leader_epoch(partition).is_none() {
            return Err(client::Error::of(ErrorCode::UnknownTopicOrPartition));
        }
        let key = (topic.id(), partition);
        let now = self.inner.uses.fetch_add(1, Ordering::Relaxed);
        let known = self.slots().get(&key).cloned();
        let slot = match known {
            Some(slot) => slot,
            None => {
                let opened = self.inner.cluster.partition(topic.open(), partition)?;
                let fresh = Arc::new(Slot::new(topic.clone(), partition, opened));
                let mut slots = self.slots();
                let slot = Arc::clone(slots.entry(key).or_insert(fresh));
                let evicted = if slots.len() > self.inner.open_most { evict(&mut slots) } else { Vec::new() };
                drop(slots);
                // What closing them costs, syncs maybe, nobody else waits for.
                drop(evicted);
                slot
            }
        };
        slot.used.store(now, Ordering::Relaxed);
        Ok(slot)
    }

    /// Forgets a partition that was deleted: the next one who comes opens it anew.
    pub(super) fn forget(&self, slot: &Arc<Slot>) {
        let mut slots = self.slots();
        let key = (slot.topic_id, slot.partition);
        let is_it = slots.get(&key).is_some_and(|known| Arc::ptr_eq(known, slot));
        let forgotten = if is_it { slots.remove(&key) } else { None };
        drop(slots);
        drop(forgotten);
    }

    /// Has what an error says of a partition borne in mind. One whose sync failed is kept, and takes no more until the server
    /// is started anew: a handle that knows nothing of it would find the lost batches in the system's cache.
    pub(super) fn learn(&self, slot: &Arc<Slot>, error: &Error) {
        if error.is_gone() {
            self.forget(slot);
        }
    }
}

/// Takes out those that nobody has used for longest, an eighth of all; not those that somebody is using.
fn evict(slots: &mut HashMap<Key, Arc<Slot>>) -> Vec<Arc<Slot>> {
    let mut ages: Vec<(u64, Key)> =
        slots.iter().map(|(key, slot)| (slot.used.load(Ordering::Relaxed), *key)).collect();
    ages.sort_unstable_by_key(|(used, _)| *used);
    let is_idle = |slots: &HashMap<Key, Arc<Slot>>, key| {
        // Who takes one holds the lock that the caller has.
        slots.get(key).is_some_and(|slot| Arc::strong_count(slot) == 1 && !slot.has_failed())
    };
    let mut evicted = Vec::new();
    for (_, key) in ages.iter().take((slots.len() / 8).max(1)) {
        if is_idle(slots, key) {
            evicted.extend(slots.remove(key));
        }
    }
    evicted
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.notices.close();
        self.syncs.close();
    }
}
