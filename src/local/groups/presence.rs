//! Who is there: a member holds the lock on a file of its own for as long as it lives, and writes into it that it does.

use super::super::cluster::Cluster;
use super::super::error::{Error, Result};
use super::super::paths::Coordination;
use crate::disk::{self, FileLock, SharedWord};
use crate::types::TimestampMs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many seats are taken, and how many there are, in this process.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static SEATS: AtomicUsize = AtomicUsize::new(usize::MAX);

/// One of the descriptors that a process has for the locks of members: whoever joins without end is not to take the last.
#[derive(Debug)]
pub(in crate::local) struct Seat(());

impl Seat {
    /// From here on there are so many.
    pub(super) fn limit(count: usize) {
        SEATS.store(count, Ordering::Relaxed);
    }

    pub(in crate::local) fn take() -> Result<Seat> {
        let room = |taken: usize| (taken < SEATS.load(Ordering::Relaxed)).then_some(taken + 1);
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room);
        taken.map(|_| Seat(())).map_err(|_| Error::TooManyMembers)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        TAKEN.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A member's lock on its file. Dropping it is what a crash does: the file stays and nobody holds it.
///
/// The file holds the time of the last sign of life, in milliseconds of the clock that all processes share and nobody sets.
/// It is given without any lock: whoever waits for one, be it that its holder was stopped, is not taken for dead.
pub(in crate::local) struct Presence {
    path: PathBuf,
    _lock: FileLock,
    _seat: Seat,
    pulse: Arc<SharedWord>,
}

impl Presence {
    /// Only under the lock of the group's partition, so that nobody takes the file away before the member has joined.
    pub(in crate::local) fn take(
        coordination: &Coordination,
        group: &str,
        member_id: &str,
    ) -> Result<Presence> {
        let seat = Seat::take()?;
        disk::create_dirs(&coordination.group_members(group))?;
        let path = coordination.group_member(group, member_id);
        let lock = FileLock::acquire(&path)?.for_life();
        let pulse = Arc::new(SharedWord::open(&path)?);
        pulse.set(disk::monotonic_ms());
        Ok(Presence { path, _lock: lock, _seat: seat, pulse })
    }

    /// Where signs of life go.
    pub(super) fn pulse(&self) -> Arc<SharedWord> {
        Arc::clone(&self.pulse)
    }

    /// Takes the file away.
    pub(in crate::local) fn end(self) -> Result<()> {
        Ok(disk::remove_file(&self.path)?)
    }
}

/// Takes away what a member has left behind that is none any more.
pub(super) fn clear(cluster: &Cluster, group: &str, member_id: &str) -> Result<()> {
    Ok(disk::remove_file(&cluster.coordination()?.group_member(group, member_id))?)
}

/// What the members' files tell.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Whose processes are gone.
    pub(super) dead: Vec<String>,
    /// When the others last gave a sign of life, by the clock that `now` was told from.
    pub(super) alive: Vec<(String, TimestampMs)>,
}

impl Signs {
    pub(super) fn of<'a>(
        cluster: &Cluster,
        group: &str,
        members: impl Iterator<Item = &'a str>,
        now: TimestampMs,
    ) -> Result<Signs> {
        let clock_ms = disk::monotonic_ms();
        let mut signs = Signs::default();
        for member in members {
            let pulse_ms = match cluster.coordination() {
                Ok(coordination) => disk::held_word(&coordination.group_member(group, member))?,
                // Nobody can be a member where nothing can be written.
                Err(_) => None,
            };
            match pulse_ms {
                None => signs.dead.push(member.to_owned()),
                Some(pulse_ms) => {
                    let age_ms = i64::try_from(clock_ms.saturating_sub(pulse_ms)).unwrap_or(i64::MAX);
                    signs.alive.push((member.to_owned(), TimestampMs(now.0.saturating_sub(age_ms))));
                }
            }
        }
        Ok(signs)
    }

    pub(super) fn is_dead(&self, member_id: &str) -> bool {
        self.dead.iter().any(|dead| dead == member_id)
    }
}
