//! The upkeep of one partition: what is old is deleted, what is superseded is cleaned away.
//!
//! One process at a time does that to a partition: it holds a lock of its own, beside which others append and read. The
//! partition's lock it takes only to look at the log's end and to give files other names.

use crate::disk::{self, FileLock};
use crate::local::checkpoints;
use crate::local::cluster::Cluster;
use crate::local::error::Result;
use crate::local::partition::Partition;
use crate::local::topic::OpenTopic;
use crate::log::{self, CleanStats, Cleanable, Expired, LogEnd, Pass, ProducerStates, Replacement, Step};
use crate::types::{Offset, PartitionId, TimestampMs, now_ms};
use std::path::Path;
use std::time::Duration;

/// `log.retention.check.interval.ms`
const RETENTION_INTERVAL_MS: i64 = 5 * 60 * 1000;
/// `log.cleaner.backoff.ms`
const CLEANING_INTERVAL_MS: i64 = 15 * 1000;
/// How often it is tried to get a lock that another has.
const POLL: Duration = Duration::from_millis(20);

/// How much is to be done.
pub(super) struct How<'a> {
    pub(super) memory_bytes: usize,
    /// What was done a moment ago is not done again, and what another does is left to him.
    pub(super) rests: bool,
    /// Only look.
    pub(super) dry_run: bool,
    /// Whether to go on; asked all the time.
    pub(super) go_on: &'a dyn Fn() -> bool,
}

/// What was done, or would be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tended {
    pub(super) tidied: bool,
    pub(super) expired: Option<Expired>,
    pub(super) cleaned: Option<Cleaned>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cleaned {
    /// The log is clean up to here (exclusive).
    pub(super) end: Offset,
    pub(super) bytes_before: u64,
    /// `None` where it was only looked.
    pub(super) stats: Option<CleanStats>,
}

/// Does what is due for a partition. Nothing, if another is at it and this one is not to wait.
pub(super) fn tend(cluster: &Cluster, topic: &OpenTopic, id: PartitionId, how: &How<'_>) -> Result<Tended> {
    let Some(lock) = hold(&cluster.coordination()?.upkeep(topic.id, id), how)? else {
        return Ok(Tended::default());
    };
    let mut stamps = Stamps::read(&lock)?;
    let now = now_ms();
    let mut work = Work { cluster, topic, partition: cluster.partition(topic, id)?, id, how, now };
    let mut tended = Tended::default();
    if how.rests && stamps.retention == TimestampMs(0) {
        // Of a log that nobody has looked after yet nothing is deleted at once: it may just be filled, with records of
        // long ago, by somebody who wants to see them first. A broker too takes its time.
        stamps.retention = now;
        stamps.write(&lock)?;
    }
    let retains = !how.rests || stamps.is_due(stamps.retention, RETENTION_INTERVAL_MS, now);
    let cleans = topic.config.is_compacted()
        && (!how.rests || stamps.is_due(stamps.cleaning, CLEANING_INTERVAL_MS, now));
    if !retains && !cleans {
        return Ok(tended);
    }
    tended.tidied = work.tidy()?;
    if retains {
        tended.expired = work.retain()?;
        stamps.retention = now;
    }
    if cleans {
        tended.cleaned = work.clean()?;
        stamps.cleaning = now_ms();
    }
    if !how.dry_run {
        stamps.write(&lock)?;
    }
    Ok(tended)
}

/// Finishes what a cleaner has left undone that died, a broker's above all: its steps come in an order in which records are
/// missing until the last one. The caller holds the partition's lock; nothing is done while somebody is at it.
pub(in crate::local) fn finish_what_was_left(dir: &Path, lock: &Path) -> Result<()> {
    if !log::has_leftovers(dir)? {
        return Ok(());
    }
    if let Some(parent) = lock.parent() {
        disk::create_dirs(parent)?;
    }
    if let Some(_lock) = FileLock::try_acquire(lock)? {
        log::tidy(dir)?;
    }
    Ok(())
}

/// Takes the lock of who looks after a partition.
fn hold(path: &Path, how: &How<'_>) -> Result<Option<FileLock>> {
    if let Some(parent) = path.parent() {
        disk::create_dirs(parent)?;
    }
    loop {
        if let Some(lock) = FileLock::try_acquire(path)? {
            return Ok(Some(lock));
        }
        if how.rests || !(how.go_on)() {
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

/// When a partition was looked after last; in the lock's file.
#[derive(Clone, Copy, Debug)]
struct Stamps {
    retention: TimestampMs,
    cleaning: TimestampMs,
}

impl Stamps {
    fn read(lock: &FileLock) -> Result<Stamps> {
        let mut bytes = [0; 16];
        lock.file().read_at(&mut bytes, 0)?;
        let mut words = bytes.chunks_exact(8).filter_map(|word| word.first_chunk()).copied();
        let mut next = || TimestampMs(words.next().map_or(0, i64::from_le_bytes));
        Ok(Stamps { retention: next(), cleaning: next() })
    }

    fn write(&self, lock: &FileLock) -> Result<()> {
        let bytes = [self.retention.0.to_le_bytes(), self.cleaning.0.to_le_bytes()].concat();
        Ok(lock.file().write_at(&bytes, 0)?)
    }

    /// A clock that was set back makes everything due.
    fn is_due(&self, last: TimestampMs, interval_ms: i64, now: TimestampMs) -> bool {
        !(0..interval_ms).contains(&now.0.saturating_sub(last.0))
    }
}

struct Work<'a> {
    cluster: &'a Cluster,
    topic: &'a OpenTopic,
    partition: Partition,
    id: PartitionId,
    how: &'a How<'a>,
    now: TimestampMs,
}

impl Work<'_> {
    /// The log's end, and how far readers see.
    fn ends(&mut self) -> Result<(LogEnd, Offset)> {
        let locked = self.partition.lock()?;
        Ok((locked.end(), locked.high_watermark()))
    }

    /// Finishes and removes what others left behind that died.
    fn tidy(&mut self) -> Result<bool> {
        if self.how.dry_run {
            return Ok(false);
        }
        let dir = self.partition.dir().to_owned();
        let _locked = self.partition.lock()?;
        Ok(log::tidy(&dir)?)
    }

    fn retain(&mut self) -> Result<Option<Expired>> {
        let dir = self.partition.dir().to_owned();
        let (end, visible) = self.ends()?;
        let log_start = self.cluster.log_start(self.topic, self.id)?;
        let segments = log::summarise(&dir, &end)?;
        let limits = &self.topic.config.retention;
        let expired = log::expired(&segments, limits, log_start, (visible, end.log_end), self.now);
        let Some(expired) = expired else { return Ok(None) };
        if self.how.dry_run {
            return Ok(Some(expired));
        }
        let mut locked = self.partition.lock()?;
        let mut start = expired.start;
        if expired.everything && locked.log_end() == end.log_end {
            locked.roll()?;
        } else if expired.everything {
            // Somebody has written in between: the active segment is not that old any more.
            start = end.segment_base;
        }
        let first = log::trim(&dir, start)?;
        drop(locked);
        log::remove_deleted(&dir)?;
        checkpoints::settle_log_start(self.cluster, self.partition.key(), first)?;
        Ok(Some(Expired { start: first, ..expired }))
    }

    /// Cleans the log until nothing is left to do, or nothing more is to be done.
    fn clean(&mut self) -> Result<Option<Cleaned>> {
        let mut cleaned: Option<Cleaned> = None;
        loop {
            let Some((range, pass)) = self.begin_pass()? else { return Ok(cleaned) };
            let Some(mut pass) = pass else {
                let bytes_before = range.clean_bytes + range.dirty_bytes;
                return Ok(Some(Cleaned { end: range.end, bytes_before, stats: None }));
            };
            if !self.carry_out(&mut pass)? {
                return Ok(cleaned);
            }
            checkpoints::set_cleaned(self.cluster, self.partition.key(), pass.end())?;
            let mut stats = *pass.stats();
            let bytes_before = cleaned.map_or(stats.bytes_before, |before| before.bytes_before);
            if let Some(before) = cleaned.and_then(|cleaned| cleaned.stats) {
                stats.records_before = before.records_before;
                stats.mapped_bytes += before.mapped_bytes;
            }
            cleaned = Some(Cleaned { end: pass.end(), bytes_before, stats: Some(stats) });
            if pass.end() >= range.end {
                return Ok(cleaned);
            }
        }
    }

    /// Finds what can be cleaned and reads the keys of its dirty part. `None` if no pass is due or to be made; without a pass
    /// where it is only looked.
    fn begin_pass(&mut self) -> Result<Option<(Cleanable, Option<Pass>)>> {
        let dir = self.partition.dir().to_owned();
        let (end, visible) = self.ends()?;
        let config = &self.topic.config.cleaner;
        let segments = log::summarise(&dir, &end)?;
        let producers = ProducerStates::load(&dir, Offset::ZERO, visible)?;
        let stable = producers.last_stable_offset(visible);
        let range = log::cleanable(
            &dir,
            &segments,
            checkpoints::cleaned(self.cluster, self.partition.key())?,
            self.cluster.log_start(self.topic, self.id)?,
            (&end, stable),
            config,
            self.now,
        )?;
        if !range.is_due(config) {
            return Ok(None);
        }
        if self.how.dry_run {
            return Ok(Some((range, None)));
        }
        let means = (self.how.memory_bytes, self.now);
        let mut go_on = || (self.how.go_on)();
        let pass = Pass::begin(&dir, &segments, &range, &producers, config, means, &mut go_on)?;
        Ok(pass.map(|pass| (range, Some(pass))))
    }

    /// Goes through with a pass; `false` if it was broken off.
    fn carry_out(&mut self, pass: &mut Pass) -> Result<bool> {
        loop {
            match pass.step(&mut || (self.how.go_on)())? {
                Step::Replace(replacement) => {
                    if !self.install(&replacement)? {
                        return Ok(false);
                    }
                }
                Step::Unchanged => {}
                Step::Done => return Ok(true),
                Step::Stopped => return Ok(false),
            }
        }
    }

    /// Puts a cleaned segment in its place; `false` if what it was made of is not there any more.
    fn install(&mut self, replacement: &Replacement) -> Result<bool> {
        let locked = self.partition.lock()?;
        let staged = replacement.stage()?;
        drop(locked);
        if !staged {
            replacement.abandon()?;
            return Ok(false);
        }
        replacement.make_durable()?;
        let locked = self.partition.lock()?;
        let placed = replacement.put_in_place()?;
        drop(locked);
        if placed {
            replacement.clear()?;
        }
        Ok(placed)
    }
}
