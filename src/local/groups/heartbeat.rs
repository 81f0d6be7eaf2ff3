//! The signs of life that a member gives while its consumer is busy, and the watch that members keep over one another.
//!
//! One thread per member beats. Others sleep in the lock of a neighbour's file, in a ring of all members: who gets
//! such a lock knows that its holder is dead, and has it taken out at once. A thread that waits for a lock can't be
//! called back: it ends when its neighbour goes.

use super::super::error::{Error, Result};
use super::desk::Desk;
use crate::disk;
use crate::types::now_ms;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A deadline of the group is looked after no sooner than this after it has passed.
const DEADLINE_SLACK_MS: i64 = 20;

/// Starts the threads that beat for a member until it leaves: one gives signs of life, whatever happens to the group's
/// lock; one looks under that lock after what is due.
pub(super) fn start(desk: &Arc<Desk>) -> Result<()> {
    let (pulsing, beating) = (Arc::clone(desk), Arc::clone(desk));
    spawn("group pulse", move || pulse(&pulsing))?;
    spawn("group heartbeat", move || beat(&beating))
}

/// A thread that nobody waits for.
pub(in crate::local) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map(|_| ()).map_err(|source| Error::Thread { source })
}

/// How long the consumer has not come along though it has something to do.
struct Progress {
    seen: Option<u64>,
    since: Instant,
    patience: Duration,
}

impl Progress {
    fn of(desk: &Desk) -> Progress {
        let patience_ms = u64::try_from(desk.config.rebalance_timeout_ms).unwrap_or(0);
        let patience = Duration::from_millis(patience_ms);
        Progress { seen: desk.progress(), since: Instant::now(), patience }
    }

    fn is_overdue(&mut self, desk: &Desk) -> bool {
        let progress = desk.progress();
        if progress.is_none() || progress != self.seen {
            (self.seen, self.since) = (progress, Instant::now());
        }
        self.since.elapsed() >= self.patience
    }
}

/// Who is overdue gives no sign: its session ends.
fn pulse(desk: &Desk) {
    let interval_ms = desk.config.heartbeat_interval_ms.min(desk.config.session_timeout_ms / 3);
    let interval = Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0));
    let mut progress = Progress::of(desk);
    while !desk.sleep(interval) {
        if !progress.is_overdue(desk) {
            desk.give_sign();
        }
    }
}

fn beat(desk: &Desk) {
    // Beats tell too that a member has taken its part, for which a rebalance waits no longer than its timeout.
    let interval_ms = i64::from(desk.config.heartbeat_interval_ms.min(desk.config.rebalance_timeout_ms / 3));
    let mut sleep_ms = interval_ms;
    let mut progress = Progress::of(desk);
    while !desk.sleep(Duration::from_millis(u64::try_from(sleep_ms).unwrap_or(0))) {
        // A beat that fails (a full disk) is tried again; if none gets through, the session ends as a broker ends it.
        let due = desk.beat(progress.is_overdue(desk)).ok().flatten();
        let due_in_ms = due.map(|due| due.0.saturating_sub(now_ms().0).saturating_add(DEADLINE_SLACK_MS));
        sleep_ms = due_in_ms.map_or(interval_ms, |due| due.clamp(DEADLINE_SLACK_MS, interval_ms));
    }
}

/// Who has a place in a ring of members.
pub(in crate::local) trait Watcher: Send + Sync + 'static {
    /// The file that a member holds the lock of for as long as it lives.
    fn member_file(&self, member_id: &str) -> Result<PathBuf>;

    /// Has those taken out who are gone; answers whom the member watches over now, which is nobody where the group can't be
    /// read or written: the others' beats and this one's will do.
    fn settled_neighbours(&self) -> Vec<String>;
}

/// The neighbours whose deaths a member waits for.
#[derive(Clone, Default)]
pub(in crate::local) struct Ring {
    watched: Arc<Mutex<BTreeSet<String>>>,
}

impl Ring {
    fn watched(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches over a member's neighbours, beside those that it watches over already.
    pub(in crate::local) fn watch<W: Watcher>(&self, member: &Arc<W>, neighbours: Vec<String>) -> Result<()> {
        for neighbour in neighbours {
            if self.watched().insert(neighbour.clone()) {
                let (ring, member) = (self.clone(), Arc::clone(member));
                spawn("group watch", move || ring.wait_for_end(&member, &neighbour))?;
            }
        }
        Ok(())
    }

    /// Sleeps until a neighbour is gone, and then watches over the next.
    fn wait_for_end<W: Watcher>(&self, member: &Arc<W>, neighbour: &str) {
        let Ok(file) = member.member_file(neighbour) else { return };
        let waited = disk::wait_unlocked(&file);
        self.watched().remove(neighbour);
        // Without the lock the beats will do.
        if waited.is_ok() {
            let _ = self.watch(member, member.settled_neighbours());
        }
    }
}

impl Watcher for Desk {
    fn member_file(&self, member_id: &str) -> Result<PathBuf> {
        Ok(self.cluster.coordination()?.group_member(&self.group, member_id))
    }

    fn settled_neighbours(&self) -> Vec<String> {
        if let Ok(Some(group)) = self.settle()
            && let Some(place) = self.place()
        {
            return group.neighbours(&place.member_id);
        }
        Vec::new()
    }
}
