//! `Replicas`: the brokers' directories that a cluster was opened with, and which of them each partition is read from.
//!
//! With one directory that is no question. Of several, which can only be read, it is the leader's that counts, if it is
//! there; else the one with the longest log that ends soundly.

use super::broker::Broker;
use super::paths;
use crate::log::{self, LogConfig, Notes, Recovery};
use crate::types::{BrokerId, Offset, PartitionId, TopicName, Uuid};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The directories of one broker or several.
#[derive(Debug)]
pub(super) struct Replicas {
    /// The one that the metadata was read from.
    main: Broker,
    others: Vec<Broker>,
    /// The places in `others`, counted from 1, of the replicas that were chosen; 0 is `main`.
    chosen: Mutex<HashMap<(Uuid, PartitionId), usize>>,
}

/// What the metadata says of a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Leadership {
    pub(super) leader: Option<BrokerId>,
    /// Who may lead where nobody does.
    pub(super) elr: Vec<BrokerId>,
}

impl Replicas {
    /// The directories with the one at `main` as the main one.
    pub(super) fn new(mut brokers: Vec<Broker>, main: usize) -> Option<Replicas> {
        let main = (main < brokers.len()).then(|| brokers.remove(main))?;
        Some(Replicas { main, others: brokers, chosen: Mutex::default() })
    }

    pub(super) fn main(&self) -> &Broker {
        &self.main
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Broker> {
        std::iter::once(&self.main).chain(&self.others)
    }

    /// The broker from whose directory a partition is read. `leadership` is asked for only where there is a choice.
    pub(super) fn of(
        &self,
        topic: &TopicName,
        topic_id: Uuid,
        partition: PartitionId,
        leadership: impl FnOnce() -> Leadership,
        notes: &Notes,
    ) -> &Broker {
        if self.others.is_empty() {
            return &self.main;
        }
        let key = (topic_id, partition);
        let known = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        let place = known.unwrap_or_else(|| {
            let place = self.choose(topic, topic_id, partition, &leadership(), notes);
            self.chosen.lock().unwrap_or_else(PoisonError::into_inner).insert(key, place);
            place
        });
        self.all().nth(place).unwrap_or(&self.main)
    }

    fn choose(
        &self,
        topic: &TopicName,
        topic_id: Uuid,
        partition: PartitionId,
        leadership: &Leadership,
        notes: &Notes,
    ) -> usize {
        let mut best: Option<(bool, bool, Offset, usize)> = None;
        for (place, broker) in self.all().enumerate() {
            let dir = paths::partition_dir(&broker.dir, topic, partition);
            let is_another =
                log::read_partition_metadata(&dir).ok().flatten().is_some_and(|id| id != topic_id);
            if !dir.is_dir() || is_another {
                continue;
            }
            let (sound, end) = end_of(&dir);
            let leads = match leadership.leader {
                Some(leader) => leader == broker.id,
                None => leadership.elr.contains(&broker.id),
            };
            let rank = (sound && leads, sound, end, place);
            if best.is_none_or(|best| (rank.0, rank.1, rank.2) > (best.0, best.1, best.2)) {
                best = Some(rank);
            }
        }
        match (best, leadership.leader) {
            (Some((false, _, _, place)), Some(leader)) => {
                let from = self.all().nth(place).map(|broker| broker.id);
                let from = from.unwrap_or(self.main.id);
                notes.add(format!(
                    "{topic}-{partition}: the directory of its leader, broker {leader}, is not here or is damaged; it is \
                     read from that of broker {from}, which may lack the newest records"
                ));
                place
            }
            (Some((_, _, _, place)), _) => place,
            (None, _) => 0,
        }
    }
}

/// Whether the log in `dir` ends soundly, and at which offset.
fn end_of(dir: &Path) -> (bool, Offset) {
    let how = Recovery { known: None, durable: Offset::ZERO, writable: false };
    // Bears on indexes alone, which are not written here.
    let config = LogConfig {
        segment_bytes: 1 << 30,
        segment_ms: i64::MAX,
        segment_index_bytes: 0,
        index_interval_bytes: 4096,
    };
    match log::recover(dir, &how, &config) {
        Ok(end) => (true, end.log_end),
        Err(_) => (false, log::readable_end(dir).unwrap_or(Offset::ZERO)),
    }
}

/// Which of several directories has the metadata that goes furthest; `None` if none has any.
pub(super) fn most_advanced(brokers: &[Broker]) -> Option<usize> {
    let with_metadata = brokers.iter().enumerate().filter(|(_, broker)| broker.metadata_dir().is_dir());
    let newest = with_metadata.map(|(place, broker)| {
        let (sound, end) = end_of(&broker.metadata_dir());
        ((end, sound), std::cmp::Reverse(place))
    });
    newest.max().map(|(_, std::cmp::Reverse(place))| place)
}
