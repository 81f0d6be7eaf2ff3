//! `Ledger`: a share group's work on one partition, as all of its members share it.
//!
//! It lies in a file of `.kt/`, changed under the lock of the state that it goes by. One exchange under that lock takes new
//! records, says what became of old ones, and takes back what is overdue or had by the dead: so many records cost one lock,
//! and one sync.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::partition::Partition;
use super::super::topic::OpenTopic;
use super::super::transactions::CommittedFilter;
use super::desk::is_alive;
use super::settings::{Beginning, ShareSettings};
use super::state_log::StateLogs;
use super::topics::leader_epoch;
use crate::disk::{self, Channels, Durability, File, Mode};
use crate::log;
use crate::share::{Acknowledgement, Acquire, Acquired, Change, Live, ShareKey, SharePartition, ShareState};
use crate::types::{Offset, TimestampMs, now_ms};
use std::path::PathBuf;
use std::sync::Arc;

/// A partition that a group works on.
pub(super) struct Ledger {
    pub(super) key: ShareKey,
    pub(super) topic: OpenTopic,
    pub(super) handle: Partition,
    live_path: PathBuf,
    boot_id: u64,
    /// Told when records can be had again.
    channels: Channels,
    stable: CommittedFilter,
}

/// Who takes part in an exchange, and what for.
pub(super) struct Exchange<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) member_id: &'a str,
    pub(super) settings: &'a ShareSettings,
    /// How many records are wanted.
    pub(super) count_max: i64,
    /// None from here on, even if there are more.
    pub(super) end_max: Option<Offset>,
    /// Looks for the dead even if there are records to be had.
    pub(super) seeks_the_dead: bool,
    /// What is said of records that the member hasn't is refused, with all that was said beside it; or passed over.
    pub(super) is_strict: bool,
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

/// What a member got in an exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Got {
    pub(super) acquired: Vec<Acquired>,
    pub(super) outcome: Outcome,
    /// What was said was refused.
    pub(super) is_refused: bool,
}

impl Ledger {
    pub(super) fn new(cluster: &Cluster, key: ShareKey, topic: OpenTopic) -> Result<Ledger> {
        let coordination = cluster.coordination()?;
        let live_path = coordination.group_share(&key.group, key.topic_id, key.partition);
        if let Some(parent) = live_path.parent() {
            disk::create_dirs(parent)?;
        }
        Ok(Ledger {
            handle: cluster.partition(&topic, key.partition)?,
            channels: channels(&key),
            key,
            topic,
            live_path,
            boot_id: disk::boot_id(),
            stable: CommittedFilter::default(),
        })
    }

    /// What is notified when there may be records to be had.
    pub(super) fn channels(&self) -> Channels {
        self.handle.channels().with(self.channels)
    }

    /// Takes records, and tells what is said of others in `words`.
    pub(super) fn exchange(
        &mut self,
        logs: &mut StateLogs,
        how: &Exchange<'_>,
        words: &[Acknowledgement],
    ) -> Result<Got> {
        let readable = self.readable_end(how.settings)?;
        let log_end = how.end_max.map_or(readable, |end| end.min(readable));
        let log_start = how.cluster.log_start(&self.topic, self.key.partition)?;
        let limits = &how.settings.limits;
        let wish = Acquire { member: how.member_id, log_end, count_max: how.count_max };
        let mut got = Got::default();
        let group = self.key.group.clone();
        got.outcome = self.change(logs, how, log_start, |partition, now| {
            let mut changes: Vec<Change> = partition.expire(limits, now).into_iter().collect();
            // First this: what is said of records now, their member doesn't get at once again.
            got.acquired = partition.acquire(wish, limits, now);
            if got.acquired.is_empty() || how.seeks_the_dead {
                for holder in others(partition, how.member_id) {
                    if !is_alive(how.cluster, &group, &holder, how.settings.session)? {
                        changes.extend(partition.release(&holder, limits));
                    }
                }
                if got.acquired.is_empty() {
                    got.acquired = partition.acquire(wish, limits, now);
                }
            }
            got.is_refused = how.is_strict && !words.iter().all(|word| partition.has(how.member_id, word));
            if !got.is_refused {
                changes.extend(partition.acknowledge(how.member_id, words, limits, now));
            }
            Ok(changes)
        })?;
        let counts = got.acquired.iter().map(|part| part.last.next().since(part.first));
        got.outcome.acquired_count = counts.sum();
        Ok(got)
    }

    /// Gives back everything that the member has.
    pub(super) fn release(&mut self, logs: &mut StateLogs, how: &Exchange<'_>) -> Result<()> {
        let log_start = how.cluster.log_start(&self.topic, self.key.partition)?;
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
        let bytes = self.live_bytes()?;
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
            how.cluster.wake().notify(self.channels);
        }
        Ok(Outcome { acquired_count: 0, has_changed, next_deadline })
    }

    /// Where the first record is that may be had, looked at without a lock; `None` where no state is set up.
    pub(super) fn look(
        &mut self,
        logs: &mut StateLogs,
        cluster: &Cluster,
        settings: &ShareSettings,
    ) -> Result<Option<Offset>> {
        let Some(state) = logs.of(&self.key)?.look()?.get(&self.key).cloned() else { return Ok(None) };
        let log_start = cluster.log_start(&self.topic, self.key.partition)?;
        let mut partition = match Live::decode(&self.live_bytes()?, self.boot_id, &state) {
            Some(partition) => partition,
            None => self.load(&state, settings, log_start)?,
        };
        partition.skip_to(log_start);
        partition.expire(&settings.limits, now_ms());
        Ok(Some(partition.next_available()))
    }

    /// Changes when there may be something new to be had.
    pub(super) fn sign(&mut self) -> Result<(Offset, u64)> {
        let live = match File::open(&self.live_path, Mode::Read) {
            Ok(file) => file.identity()?.0,
            Err(e) if e.is_not_found() => 0,
            Err(e) => return Err(e.into()),
        };
        Ok((self.handle.high_watermark()?, live))
    }

    fn live_bytes(&self) -> Result<Vec<u8>> {
        match File::open(&self.live_path, Mode::Read) {
            Ok(file) => Ok(file.read_all()?),
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            Err(e) => Err(e.into()),
        }
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
