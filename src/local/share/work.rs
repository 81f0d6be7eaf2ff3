//! `Work`: a member's work on one partition: the records that it has and those that it has spoken of.
//!
//! What all members share of a partition lies in a file of `.kt/`, changed under the lock of the state that it goes by.
//! One exchange under that lock takes new records, says what became of old ones, and takes back what is overdue or had by
//! the dead: so many records cost one lock, and one sync.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::partition::Partition;
use super::super::topic::OpenTopic;
use super::super::transactions::CommittedFilter;
use super::desk::ShareDesk;
use super::settings::{Beginning, ShareSettings};
use super::state_log::StateLogs;
use super::topics::leader_epoch;
use crate::client::Acknowledge;
use crate::disk::{self, Channels, Durability, File, Mode};
use crate::log;
use crate::share::{
    AcknowledgeType, Acknowledgement, Acquire, Acquired, Change, Live, ShareKey, SharePartition, ShareState,
};
use crate::types::{Offset, PartitionId, TimestampMs, TopicPartition, now_ms};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// A partition that a member works on.
pub(super) struct Work {
    pub(super) key: ShareKey,
    pub(super) topic: OpenTopic,
    pub(super) handle: Partition,
    live_path: PathBuf,
    boot_id: u64,
    /// Told when records can be had again.
    channels: Channels,
    stable: CommittedFilter,
    /// Records that the member has and that were not handed over yet, in order.
    held: VecDeque<Acquired>,
    /// Until when.
    held_until: TimestampMs,
    /// What was said of others, and the group was not told yet.
    words: Vec<Acknowledgement>,
}

/// Who takes part in an exchange, and what for.
pub(super) struct Exchange<'a> {
    pub(super) desk: &'a ShareDesk,
    pub(super) member_id: &'a str,
    pub(super) settings: &'a ShareSettings,
    /// How many records are wanted.
    pub(super) count_max: i64,
    /// Looks for the dead even if there are records to be had.
    pub(super) seeks_the_dead: bool,
}

/// What came of an exchange.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) acquired_count: i64,
    /// Something was said, or taken back.
    pub(super) has_changed: bool,
    /// When the first of all locks ends.
    pub(super) next_deadline: Option<TimestampMs>,
}

impl Work {
    pub(super) fn new(cluster: &Cluster, key: ShareKey, topic: OpenTopic) -> Result<Work> {
        let coordination = cluster.coordination()?;
        let live_path = coordination.group_share(&key.group, key.topic_id, key.partition);
        if let Some(parent) = live_path.parent() {
            disk::create_dirs(parent)?;
        }
        Ok(Work {
            handle: cluster.partition(&topic, key.partition)?,
            channels: channels(&key),
            key,
            topic,
            live_path,
            boot_id: disk::boot_id(),
            stable: CommittedFilter::default(),
            held: VecDeque::new(),
            held_until: TimestampMs::NONE,
            words: Vec::new(),
        })
    }

    pub(super) fn id(&self) -> PartitionId {
        self.key.partition
    }

    pub(super) fn name(&self) -> TopicPartition {
        TopicPartition { topic: self.topic.name.to_string(), partition: self.key.partition }
    }

    /// What is notified when there may be records to be had.
    pub(super) fn channels(&self) -> Channels {
        self.handle.channels().with(self.channels)
    }

    /// The next records to be handed over. What the member has had for too long is another's.
    pub(super) fn next_held(&mut self) -> Option<Acquired> {
        if !self.held.is_empty() && now_ms() >= self.held_until {
            self.held.clear();
        }
        self.held.front().copied()
    }

    pub(super) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Says what became of the first record that is held, at `offset`; those before it are none.
    pub(super) fn acknowledge(&mut self, offset: Offset, what: Acknowledge) {
        self.pass_gaps(offset);
        let what = match what {
            Acknowledge::Accept => AcknowledgeType::Accept,
            Acknowledge::Release => AcknowledgeType::Release,
            Acknowledge::Reject => AcknowledgeType::Reject,
        };
        self.speak(offset, what);
    }

    /// There are no records before `offset` among those that are held.
    pub(super) fn pass_gaps(&mut self, offset: Offset) {
        while let Some(first) = self.held.front().copied().filter(|held| held.first < offset) {
            let last = first.last.min(offset.plus(-1));
            self.say(first.first, last, AcknowledgeType::Gap);
        }
    }

    fn speak(&mut self, offset: Offset, what: AcknowledgeType) {
        if self.held.front().is_some_and(|held| held.first == offset) {
            self.say(offset, offset, what);
        }
    }

    /// Takes `first` to `last` off the front of what is held.
    fn say(&mut self, first: Offset, last: Offset, what: AcknowledgeType) {
        match self.words.last_mut() {
            Some(word) if word.what == what && word.last.next() == first => word.last = last,
            _ => self.words.push(Acknowledgement { first, last, what }),
        }
        if let Some(held) = self.held.front_mut() {
            if held.last <= last {
                self.held.pop_front();
            } else {
                held.first = last.next();
            }
        }
    }

    /// Takes records, and tells what was said of others.
    pub(super) fn exchange(&mut self, logs: &mut StateLogs, how: &Exchange<'_>) -> Result<Outcome> {
        let log_end = self.readable_end(how.settings)?;
        let log_start = how.desk.cluster.log_start(&self.topic, self.key.partition)?;
        let (words, limits) = (std::mem::take(&mut self.words), &how.settings.limits);
        let wish = Acquire { member: how.member_id, log_end, count_max: how.count_max };
        let mut acquired = Vec::new();
        let until = now_ms().0.saturating_add(limits.lock_ms);
        let outcome = self.change(logs, how, log_start, |partition, now| {
            let mut changes: Vec<Change> = partition.expire(limits, now).into_iter().collect();
            // First this: what is said of records now, their member doesn't get at once again.
            acquired = partition.acquire(wish, limits, now);
            if acquired.is_empty() || how.seeks_the_dead {
                for holder in others(partition, how.member_id) {
                    if !how.desk.is_alive(&holder)? {
                        changes.extend(partition.release(&holder, limits));
                    }
                }
                if acquired.is_empty() {
                    acquired = partition.acquire(wish, limits, now);
                }
            }
            changes.extend(partition.acknowledge(how.member_id, &words, limits, now));
            Ok(changes)
        })?;
        if !acquired.is_empty() {
            self.held.extend(acquired.iter());
            self.held_until = TimestampMs(until);
        }
        let acquired_count = acquired.iter().map(|part| part.last.next().since(part.first)).sum();
        Ok(Outcome { acquired_count, ..outcome })
    }

    /// Gives back everything that the member has.
    pub(super) fn release(&mut self, logs: &mut StateLogs, how: &Exchange<'_>) -> Result<()> {
        self.held.clear();
        let log_start = how.desk.cluster.log_start(&self.topic, self.key.partition)?;
        self.change(logs, how, log_start, |partition, _| {
            Ok(partition.release(how.member_id, &how.settings.limits).into_iter().collect())
        })?;
        Ok(())
    }

    /// Changes the partition under the lock of its state, and writes what is to be written of it.
    fn change(
        &mut self,
        logs: &mut StateLogs,
        how: &Exchange<'_>,
        log_start: Offset,
        decide: impl FnOnce(&mut SharePartition, TimestampMs) -> Result<Vec<Change>>,
    ) -> Result<Outcome> {
        let mut locked = logs.of(&self.key)?.lock()?;
        let Some(state) = locked.states().get(&self.key) else { return Ok(Outcome::default()) };
        let bytes = match File::open(&self.live_path, Mode::Read) {
            Ok(file) => file.read_all()?,
            Err(e) if e.is_not_found() => Vec::new(),
            Err(e) => return Err(e.into()),
        };
        let mut partition = match Live::decode(&bytes, self.boot_id, state) {
            Some(partition) => partition,
            None => self.load(state, how.settings, log_start)?,
        };
        let (now, limits) = (now_ms(), &how.settings.limits);
        let had_room = partition.has_room(limits);
        partition.skip_to(log_start);
        let changes = decide(&mut partition, now)?;
        let has_changed = !changes.is_empty();
        let has_released = changes.iter().any(Change::has_released);
        for change in changes {
            let epoch = leader_epoch(&self.topic, self.key.partition);
            if let Some(record) = locked.states().changed(&self.key, change, epoch, now) {
                locked.append(record)?;
            }
        }
        let has_news = has_released || !had_room && partition.has_room(limits);
        let next_deadline = partition.next_deadline();
        if let Some(state) = locked.states().get(&self.key) {
            let new = Live::of(partition, state).encode(self.boot_id).map_err(crate::share::Error::live)?;
            if new != bytes {
                disk::replace_with(&self.live_path, &new, Durability::Atomic)?;
            }
        }
        drop(locked);
        if has_news {
            how.desk.cluster.wake().notify(self.channels);
        }
        Ok(Outcome { acquired_count: 0, has_changed, next_deadline })
    }

    /// The partition as its state tells it: nobody has anything.
    fn load(
        &mut self,
        state: &ShareState,
        settings: &ShareSettings,
        log_start: Offset,
    ) -> Result<SharePartition> {
        let initial = match (state.start, settings.beginning) {
            (Some(start), _) => start,
            (None, Beginning::Earliest) => log_start,
            (None, beginning) => {
                let end = self.handle.high_watermark()?;
                let found = match beginning.time() {
                    Some(time) => {
                        log::first_at_or_after(self.handle.dir(), time, log_start, end, self.handle.gaps())?
                    }
                    None => None,
                };
                found.map_or(end, |(offset, _)| offset)
            }
        };
        Ok(SharePartition::load(state, initial))
    }

    /// Behind the last record that the group may read.
    pub(super) fn readable_end(&mut self, settings: &ShareSettings) -> Result<Offset> {
        let end = self.handle.high_watermark()?;
        if !settings.read_committed {
            return Ok(end);
        }
        self.stable.limit(self.handle.dir(), Offset::ZERO, end)
    }
}

/// Who has records beside the member.
fn others(partition: &SharePartition, member_id: &str) -> Vec<Arc<str>> {
    partition.holders().into_iter().filter(|holder| **holder != *member_id).collect()
}

/// The channels on which it is told that records of a partition can be had again.
fn channels(key: &ShareKey) -> Channels {
    let bytes = key.group.bytes().chain(key.topic_id.0).chain(key.partition.0.to_le_bytes());
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    Channels::of(hash >> 32)
}
