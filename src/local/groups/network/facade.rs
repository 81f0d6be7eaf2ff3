//! `NetworkGroups`: the groups of a directory as a server works with them; one in a server, for all its connections.

use super::super::super::cluster::Cluster;
use super::super::log::{GroupLog, OFFSETS_TOPIC, Sync};
use super::super::presence::Seat;
use super::super::settle::{Batches, next_deadline, settle};
use super::clock::Clock;
use super::host::Host;
use super::shard::Shard;
use crate::client::{self, Result};
use crate::disk;
use crate::group::{GroupKind, Groups, group_partition};
use crate::types::{ErrorCode, PartitionId, TimestampMs, Uuid};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One in so many descriptors is for the members that a server speaks for.
const DESCRIPTORS_OF_MEMBERS: u64 = 8;

/// The groups of a directory, for a server. Every call may block for a moment; answers that take longer come by a callback,
/// which must not block.
pub(crate) struct NetworkGroups {
    pub(super) shared: Arc<Shared>,
}

/// What the threads of a server share about groups.
pub(super) struct Shared {
    pub(super) cluster: Cluster,
    shards: Mutex<BTreeMap<(Uuid, PartitionId), Arc<Shard>>>,
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
    pub(super) clock: Clock,
}

impl NetworkGroups {
    pub(crate) fn new(cluster: &Cluster) -> NetworkGroups {
        Seat::limit(usize::try_from(disk::raise_open_files() / DESCRIPTORS_OF_MEMBERS).unwrap_or(usize::MAX));
        let (cluster, clock) = (cluster.clone(), Clock::new());
        let (shards, hosts) = (Mutex::default(), Mutex::default());
        NetworkGroups { shared: Arc::new(Shared { cluster, shards, hosts, clock }) }
    }

    /// Ends the membership of everybody who is spoken for, as the server's death does: their partitions go to others at
    /// once, and static members keep their places for a while.
    pub(crate) fn close(&self) {
        self.shared.clock.close();
        let hosts: Vec<Arc<Host>> = std::mem::take(&mut *self.shared.hosts()).into_values().collect();
        for host in hosts {
            host.abandon();
            // Who can't be told finds it out by himself.
            let _ = self.shared.settle(host.group());
        }
    }
}

impl Drop for NetworkGroups {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// The shard of `group`, which comes into being with the topic if need be.
    pub(super) fn shard_or_new(&self, group: &str) -> Result<Arc<Shard>> {
        self.cluster.coordination()?;
        let topic = self.cluster.open_topic_to_produce(OFFSETS_TOPIC)?;
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        Ok(self.open(&topic, group_partition(group, count)))
    }

    /// The shard of `group`; `None` where no group was ever kept.
    pub(super) fn shard(&self, group: &str) -> Result<Option<Arc<Shard>>> {
        let Some(topic) = self.cluster.open_topic(OFFSETS_TOPIC)? else { return Ok(None) };
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        Ok(Some(self.open(&topic, group_partition(group, count))))
    }

    /// The shards of all groups.
    pub(super) fn shards(&self) -> Result<Vec<Arc<Shard>>> {
        let Some(topic) = self.cluster.open_topic(OFFSETS_TOPIC)? else { return Ok(Vec::new()) };
        Ok(topic.partitions.iter().map(|&(partition, _)| self.open(&topic, partition)).collect())
    }

    fn open(&self, topic: &super::super::super::topic::OpenTopic, partition: PartitionId) -> Arc<Shard> {
        let mut shards = self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Shard::new(&self.cluster, topic, partition));
        Arc::clone(shards.entry((topic.id, partition)).or_insert_with(new))
    }

    pub(super) fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Host>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The members of `group` that this server speaks for, which may be nobody yet.
    pub(super) fn host_or_new(&self, group: &str) -> Arc<Host> {
        let mut hosts = self.hosts();
        Arc::clone(hosts.entry(group.to_owned()).or_insert_with(|| Arc::new(Host::new(&self.cluster, group))))
    }

    /// The same, if there are any.
    pub(super) fn host(&self, group: &str) -> Option<Arc<Host>> {
        self.hosts().get(group).cloned()
    }

    /// Decides about a group that a member is in, or wants to be in, under its lock; then has those answered who waited for
    /// that. Refusals that are to be expected belong into the answer.
    pub(super) fn update<T>(
        self: &Arc<Self>,
        host: &Arc<Host>,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> Result<(Batches, T)>,
    ) -> Result<T> {
        let group = host.group();
        let (answer, due) = self.shard_or_new(group)?.with(|log: &mut GroupLog| {
            host.set_file(log.live(group));
            let outcome = log.update(group, Sync::Later, |groups, now| {
                let (batches, answer) = decide(groups, now)?;
                Ok((batches, (answer, next_deadline(&self.cluster, group, groups)?)))
            });
            host.written();
            outcome
        })?;
        host.set_due(due);
        self.look_anew(host);
        self.clock.start(self);
        Ok(answer)
    }

    /// Has the dead taken out of a group and lets time pass for it; answers what became of it.
    pub(super) fn settle(self: &Arc<Self>, group: &str) -> Result<Option<GroupKind>> {
        let Some(shard) = self.shard(group)? else { return Ok(None) };
        let (kind, due) = shard.with(|log| {
            log.update(group, Sync::Later, |groups, now| {
                let batches = settle(&self.cluster, group, groups, now)?;
                let kind = groups.get(group).map(|group| group.kind.clone());
                Ok((batches, (kind, next_deadline(&self.cluster, group, groups)?)))
            })
        })?;
        if let Some(host) = self.host(group) {
            host.set_due(due);
            self.look_anew(&host);
        }
        Ok(kind)
    }
}

/// What a client is told of a failure that isn't its own.
pub(super) fn code_of(error: &client::Error) -> ErrorCode {
    match error.code {
        // It tries again, as after a coordinator that could not write.
        ErrorCode::KafkaStorage => ErrorCode::CoordinatorNotAvailable,
        code => code,
    }
}
