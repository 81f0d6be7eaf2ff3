//! `StateLogs`: the partitions of `__share_group_state` that a process works with, and the states that each adds up to.
//!
//! The lock of such a partition is the lock of every state in it. It is held for a decision and the write of it, never for
//! a sync: what is appended is synced afterwards, by all who wait for it at the same time.

use super::super::checkpoints;
use super::super::cluster::Cluster;
use super::super::error::{Error, Result};
use super::super::locked::Locked;
use super::super::partition::Partition;
use super::super::topic::OpenTopic;
use crate::client::{self, Codec};
use crate::disk::{self, File};
use crate::log::{self, LogReader};
use crate::record::{BatchBuilder, BatchReader, ProducerStamp};
use crate::share::{ShareKey, ShareRecord, ShareState, ShareStates, state_partition};
use crate::types::{LeaderEpoch, Offset, PartitionId, TopicPartition, now_ms};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log is begun anew once it has this many records, and as many times more than there are states in it: so opening one
/// costs the same however long a group has been at work.
const RECORDS_MAX: i64 = if cfg!(test) { 40 } else { 4000 };
const RECORDS_PER_STATE_MAX: i64 = 16;

pub(in crate::local) const STATE_TOPIC: &str = "__share_group_state";
/// What a share coordinator puts into its batches: no producer, yet a sequence.
const COORDINATOR: ProducerStamp =
    ProducerStamp { producer_id: -1, epoch: -1, base_sequence: 0, transactional: false };

/// The partitions that were looked at, opened.
pub(super) struct StateLogs {
    cluster: Cluster,
    topic: OpenTopic,
    logs: BTreeMap<PartitionId, StateLog>,
}

/// The states that an administrator has looked at. Their logs stay open and replayed: who asks about a thousand groups reads
/// each log once.
pub(in crate::local) struct States {
    cluster: Cluster,
    open: RefCell<Option<StateLogs>>,
}

impl States {
    pub(in crate::local) fn new(cluster: Cluster) -> States {
        States { cluster, open: RefCell::default() }
    }

    /// A state as it is published; `None` if there is none.
    pub(super) fn look(&self, key: &ShareKey) -> client::Result<Option<ShareState>> {
        let mut open = self.open.borrow_mut();
        let Some(topic) = self.cluster.open_topic(STATE_TOPIC)? else { return Ok(None) };
        if open.as_ref().is_none_or(|logs| logs.topic.id != topic.id) {
            *open = StateLogs::open(&self.cluster)?;
        }
        match open.as_mut() {
            Some(logs) => Ok(logs.of(key)?.look()?.get(key).cloned()),
            None => Ok(None),
        }
    }
}

/// One partition of the topic.
pub(super) struct StateLog {
    cluster: Cluster,
    topic: OpenTopic,
    id: PartitionId,
    partition: Partition,
    epoch: LeaderEpoch,
    builder: BatchBuilder,
    states: ShareStates,
    log_start: Offset,
    /// Everything below this offset is in `states`.
    replayed: Offset,
    unsynced: Option<Unsynced>,
}

/// What was appended and is not known to be durable.
struct Unsynced {
    file: Arc<File>,
    end: Offset,
    /// Whether the file's name, and those beside it, are as new as the records.
    has_new_names: bool,
}

impl StateLogs {
    /// `None` where no state was ever kept.
    pub(super) fn open(cluster: &Cluster) -> client::Result<Option<StateLogs>> {
        let topic = cluster.open_topic(STATE_TOPIC)?;
        Ok(topic.map(|topic| StateLogs { cluster: cluster.clone(), topic, logs: BTreeMap::new() }))
    }

    /// The topic is made on first use.
    pub(super) fn open_or_new(cluster: &Cluster) -> client::Result<StateLogs> {
        cluster.coordination()?;
        let topic = cluster.open_topic_to_produce(STATE_TOPIC)?;
        Ok(StateLogs { cluster: cluster.clone(), topic, logs: BTreeMap::new() })
    }

    /// Whether the topic is still the one that was opened.
    pub(super) fn are_current(&self) -> client::Result<bool> {
        Ok(self.cluster.open_topic(STATE_TOPIC)?.is_some_and(|topic| topic.id == self.topic.id))
    }

    /// The log that has the state of `key`, or shall have it.
    pub(super) fn of(&mut self, key: &ShareKey) -> Result<&mut StateLog> {
        let count = i32::try_from(self.topic.partitions.len()).unwrap_or(i32::MAX);
        self.log(state_partition(key, count))
    }

    fn log(&mut self, id: PartitionId) -> Result<&mut StateLog> {
        match self.logs.entry(id) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                Ok(place.insert(StateLog::open(&self.cluster, &self.topic, id)?))
            }
        }
    }

    /// Every log of the topic, opened.
    pub(super) fn all(&mut self) -> Result<impl Iterator<Item = &mut StateLog>> {
        let ids: Vec<PartitionId> = self.topic.partitions.iter().map(|&(id, _)| id).collect();
        for id in ids {
            self.log(id)?;
        }
        Ok(self.logs.values_mut())
    }

    /// Makes everything durable that was appended through these logs.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.logs.values_mut().try_for_each(StateLog::sync)
    }
}

impl StateLog {
    fn open(cluster: &Cluster, topic: &OpenTopic, id: PartitionId) -> Result<StateLog> {
        let epoch = topic.partitions.iter().find(|&&(known, _)| known == id).map(|&(_, epoch)| epoch);
        let log_start = cluster.log_start(topic, id)?;
        Ok(StateLog {
            cluster: cluster.clone(),
            topic: topic.clone(),
            id,
            partition: cluster.partition(topic, id)?,
            epoch: epoch.unwrap_or(LeaderEpoch::UNKNOWN),
            builder: topic.config.builder(Codec::None),
            states: ShareStates::default(),
            log_start,
            replayed: log_start,
            unsynced: None,
        })
    }

    /// The states as they are published, looked at without a lock.
    pub(super) fn look(&mut self) -> Result<&ShareStates> {
        let limit = self.partition.high_watermark()?;
        if limit > self.replayed {
            let reader = self.partition.reader(self.replayed)?;
            let mut replayed = replay(&mut self.states, self.partition.dir(), reader, limit);
            if replayed.is_err() {
                self.begin_anew()?;
                let reader = self.partition.reader(self.replayed)?;
                replayed = replay(&mut self.states, self.partition.dir(), reader, limit);
            }
            replayed?;
            self.replayed = limit;
        }
        Ok(&self.states)
    }

    /// Forgets what was replayed: it may be damaged, or others may have taken away what comes next.
    fn begin_anew(&mut self) -> Result<()> {
        self.states = ShareStates::default();
        self.log_start = self.cluster.log_start(&self.topic, self.id)?;
        self.replayed = self.log_start;
        Ok(())
    }

    /// Locks the states and brings them up to date, with what others have written and not published too: they may have
    /// died, and it is in the log.
    pub(super) fn lock(&mut self) -> Result<LockedStates<'_>> {
        self.look()?;
        let reader = self.partition.reader(self.replayed)?;
        let (dir, name) = (self.partition.dir().to_owned(), self.partition.key().clone());
        let locked = self.partition.lock()?;
        let end = locked.log_end();
        if end > self.replayed {
            // Written since, or not published.
            if let Err(e) = replay(&mut self.states, &dir, reader, end) {
                self.states = ShareStates::default();
                self.replayed = self.log_start;
                return Err(e);
            }
            self.replayed = end;
        }
        Ok(LockedStates {
            locked,
            cluster: &self.cluster,
            name,
            dir,
            states: &mut self.states,
            log_start: &mut self.log_start,
            replayed: &mut self.replayed,
            builder: &mut self.builder,
            unsynced: &mut self.unsynced,
            epoch: self.epoch,
        })
    }

    /// Makes durable what was appended, and publishes it.
    pub(super) fn sync(&mut self) -> Result<()> {
        let Some(unsynced) = self.unsynced.take() else { return Ok(()) };
        unsynced.file.sync_data()?;
        if unsynced.has_new_names {
            self.partition.names().iter().try_for_each(|path| disk::sync_path(path))?;
        }
        self.partition.lock()?.publish(unsynced.end)
    }
}

/// The states of a partition, locked until this is dropped.
pub(super) struct LockedStates<'a> {
    locked: Locked<'a>,
    cluster: &'a Cluster,
    name: TopicPartition,
    dir: PathBuf,
    states: &'a mut ShareStates,
    log_start: &'a mut Offset,
    replayed: &'a mut Offset,
    builder: &'a mut BatchBuilder,
    unsynced: &'a mut Option<Unsynced>,
    epoch: LeaderEpoch,
}

impl LockedStates<'_> {
    pub(super) fn states(&self) -> &ShareStates {
        self.states
    }

    /// Appends a record. It counts at once; it is durable after [`StateLog::sync`].
    pub(super) fn append(&mut self, record: ShareRecord) -> Result<()> {
        self.append_one(record)?;
        let states = i64::try_from(self.states.count()).unwrap_or(i64::MAX);
        let records_max = RECORDS_MAX.max(states.saturating_mul(RECORDS_PER_STATE_MAX));
        if self.replayed.since(*self.log_start) > records_max { self.begin_log_anew() } else { Ok(()) }
    }

    /// Writes every state down whole and has the log begin there.
    fn begin_log_anew(&mut self) -> Result<()> {
        let start = *self.replayed;
        for snapshot in self.states.snapshots(now_ms()) {
            self.append_one(snapshot)?;
        }
        // What comes instead of the records must be durable before these go.
        self.locked.sync_and_publish()?;
        checkpoints::set_log_start(self.cluster, &self.name, Some(start))?;
        log::trim(&self.dir, start)?;
        *self.log_start = start;
        Ok(())
    }

    fn append_one(&mut self, record: ShareRecord) -> Result<()> {
        let Some((key, value)) = record.encode()? else { return Ok(()) };
        self.builder.clear();
        self.builder.append(now_ms(), Some(&key), value.as_deref(), &[]);
        let batch = self.builder.finish(&COORDINATOR)?;
        let appended = self.locked.append(batch, self.epoch)?;
        let end = appended.last_offset.next();
        self.states.apply(record, appended.last_offset);
        *self.replayed = end;
        if let Some(file) = self.locked.log_file() {
            let before = self.unsynced.as_ref().is_some_and(|earlier| earlier.has_new_names);
            let has_new_names = before || appended.first_in_segment;
            // A file that was rolled away was synced by the roll.
            *self.unsynced = Some(Unsynced { file, end, has_new_names });
        }
        Ok(())
    }
}

/// Replays what `reader` finds below `limit`.
fn replay(states: &mut ShareStates, dir: &Path, reader: LogReader, limit: Offset) -> Result<()> {
    let mut batches = BatchReader::default();
    reader.replay(limit, |header, batch| {
        if header.is_control() {
            return Ok(());
        }
        let outcome =
            batches.try_for_each(batch, |record| states.replay(record.key, record.value, record.offset))?;
        outcome.map_err(|(offset, source)| Error::ShareRecord { dir: dir.to_owned(), offset, source })
    })
}
