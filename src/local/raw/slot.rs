//! `Slot`: one partition that a server has open, shared by all connections.
//!
//! Whatever touches the log holds the slot's lock, and for appends the partition's own besides, which other processes
//! respect. Reads take a reader out and read without either. Syncs hold neither.

use super::notices::Ring;
use super::producers::Producers;
use super::start::LogStart;
use super::sync::Pending;
use super::topics::RawTopic;
use crate::disk::{self, File, Mode};
use crate::local::partition::Partition;
use crate::local::state::SharedState;
use crate::log::{Gaps, LogReader};
use crate::types::{Offset, PartitionId, Uuid};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many places of readers are kept for a partition.
const READERS_KEPT: usize = 4;

pub(super) struct Slot {
    pub(super) topic_id: Uuid,
    pub(super) partition: PartitionId,
    open: Mutex<Open>,
    pub(super) pending: Mutex<Pending>,
    /// When it was used last, in uses of all slots.
    pub(super) used: AtomicU64,
    bells: Mutex<Bells>,
    state_path: PathBuf,
    /// The high watermark that whoever waits has been told of.
    told: AtomicI64,
}

/// What needs the slot's lock.
pub(super) struct Open {
    /// The look at the topic by which the partition is treated.
    pub(super) topic: RawTopic,
    pub(super) partition: Partition,
    pub(super) producers: Producers,
    pub(super) start: Option<LogStart>,
    readers: Vec<LogReader>,
    /// About so many bytes are visible that nobody has synced; never 0 if there may be any.
    pub(super) unsynced_bytes: u64,
    /// Whether the names of the active segment's files have yet to be synced with it.
    pub(super) owes_names: bool,
}

#[derive(Default)]
struct Bells {
    rings: Vec<(u64, Ring)>,
    next: u64,
    state_file: Option<File>,
}

impl Slot {
    pub(super) fn new(topic: RawTopic, id: PartitionId, partition: Partition) -> Slot {
        Slot {
            topic_id: topic.id(),
            partition: id,
            state_path: partition.spec.state_path.clone(),
            open: Mutex::new(Open {
                topic,
                partition,
                producers: Producers::default(),
                start: None,
                readers: Vec::new(),
                unsynced_bytes: 0,
                owes_names: false,
            }),
            pending: Mutex::default(),
            used: AtomicU64::new(0),
            bells: Mutex::default(),
            told: AtomicI64::new(-1),
        }
    }

    pub(super) fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same if nobody holds the lock.
    pub(super) fn open_at_once(&self) -> Option<MutexGuard<'_, Open>> {
        self.open.try_lock().ok()
    }

    /// Whether a sync failed. Somebody who holds the lock will tell.
    pub(super) fn has_failed(&self) -> bool {
        self.open_at_once().is_none_or(|open| open.partition.failed)
    }

    fn bells(&self) -> MutexGuard<'_, Bells> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add_bell(&self, ring: Ring) -> u64 {
        let mut bells = self.bells();
        let number = bells.next;
        bells.next += 1;
        bells.rings.push((number, ring));
        number
    }

    pub(super) fn remove_bell(&self, number: u64) {
        let mut bells = self.bells();
        bells.rings.retain(|(known, _)| *known != number);
        if bells.rings.is_empty() {
            bells.state_file = None;
        }
    }

    /// Tells whoever waits that this process has published up to `high_watermark`.
    pub(super) fn published(&self, high_watermark: Offset) {
        if self.told.fetch_max(high_watermark.get(), Ordering::AcqRel) < high_watermark.get() {
            self.bells().ring();
        }
    }

    /// Looks whether another process has published more, and tells whoever waits.
    pub(super) fn look(&self) {
        let mut bells = self.bells();
        if bells.rings.is_empty() {
            return;
        }
        if bells.state_file.is_none() {
            bells.state_file = File::open(&self.state_path, Mode::Read).ok();
        }
        let state = bells.state_file.as_ref().map(|file| SharedState::read(file, disk::boot_id()));
        match state {
            Some(Ok(Some(state))) if !state.deleted => {
                let now = state.high_watermark.get();
                if self.told.fetch_max(now, Ordering::AcqRel) < now {
                    bells.ring();
                }
            }
            // Deleted, or in a state of which only a closer look can tell.
            _ => {
                bells.state_file = None;
                bells.ring();
            }
        }
    }
}

impl Bells {
    fn ring(&self) {
        self.rings.iter().for_each(|(_, ring)| ring());
    }
}

impl Open {
    /// Has the partition treated as `topic` says.
    pub(super) fn treat_as(&mut self, topic: &RawTopic) {
        if !self.topic.is_same_look(topic) {
            self.partition.spec.config = topic.open().config.log;
            if topic.open().gaps() == Gaps::Compacted && self.partition.spec.gaps == Gaps::Never {
                self.partition.spec.gaps = Gaps::Compacted;
                // Those that were opened before take a gap for damage.
                self.readers.clear();
            }
            self.topic = topic.clone();
        }
    }

    /// A reader that stands at `offset`, if one was left there.
    pub(super) fn take_reader(&mut self, offset: Offset) -> Option<LogReader> {
        let place = self.readers.iter().rposition(|reader| reader.next() == offset)?;
        Some(self.readers.remove(place))
    }

    /// Leaves a reader for whoever goes on where it stands.
    pub(super) fn leave_reader(&mut self, reader: LogReader) {
        if self.readers.len() == READERS_KEPT {
            self.readers.remove(0);
        }
        self.readers.push(reader);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(appender) = self.partition.appender.as_ref().filter(|_| self.unsynced_bytes > 0) else {
            return;
        };
        let synced = appender.log_file().sync_data();
        let named = if self.owes_names { self.partition.names() } else { Vec::new() };
        let named = named.iter().try_for_each(|path| disk::sync_path(path));
        if (synced.is_err() || named.is_err())
            && let Some(seal) = &self.partition.spec.seal
        {
            seal.leave_unsynced();
        }
    }
}
