//! `Clock`: the thread that looks at groups when others have changed them, and when something is due in them.
//!
//! It runs from the first member on, and sleeps without end while the server has none.

use super::super::super::error::Result as LocalResult;
use super::super::super::raw::Watch;
use super::super::heartbeat::{Ring, Watcher, spawn};
use super::super::settle::modern_limits;
use super::facade::Shared;
use super::host::Host;
use crate::disk::SharedWord;
use crate::group::GroupKind;
use crate::types::{TimestampMs, now_ms};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// A deadline is looked after no sooner than this after it has passed.
const SLACK_MS: i64 = 20;
/// How often signs of life are given for clients that wait for an answer: often enough for the shortest session.
const WAITING_PULSE: Duration = Duration::from_secs(2);

/// When to look at groups.
pub(super) struct Clock {
    bell: Arc<Bell>,
    /// The words of the groups with members here, and what they were when these were last looked at.
    words: Arc<Mutex<Words>>,
    rings: Mutex<BTreeMap<String, Ring>>,
}

/// What wakes the thread.
#[derive(Default)]
struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

type Words = Vec<(Arc<SharedWord>, u64)>;

#[derive(Default)]
struct State {
    has_thread: bool,
    is_rung: bool,
    is_closed: bool,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { bell: Arc::default(), words: Arc::default(), rings: Mutex::default() }
    }

    /// Sees to it that the thread knows of what has changed.
    pub(super) fn start(&self, shared: &Arc<Shared>) {
        let mut state = self.bell.state();
        if !state.has_thread && !state.is_closed {
            let weak = Arc::downgrade(shared);
            // Without a thread the next one who comes by tries again.
            state.has_thread = spawn("groups", move || run(&weak)).is_ok();
        }
        state.is_rung = true;
        self.bell.rung.notify_one();
    }

    pub(super) fn close(&self) {
        self.bell.state().is_closed = true;
        self.bell.rung.notify_one();
    }

    fn ring_of(&self, group: &str) -> Ring {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings.entry(group.to_owned()).or_default().clone()
    }
}

impl Bell {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.state().is_rung = true;
        self.rung.notify_one();
    }

    /// Sleeps until there is something to look at; false if it is never to look again.
    fn sleep(&self, time: Option<Duration>) -> bool {
        let state = self.state();
        let sleeps = |state: &mut State| !state.is_rung && !state.is_closed;
        let mut state = match time {
            Some(time) => {
                let slept = self.rung.wait_timeout_while(state, time, sleeps);
                slept.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.rung.wait_while(state, sleeps).unwrap_or_else(PoisonError::into_inner),
        };
        state.is_rung = false;
        !state.is_closed
    }
}

fn run(weak: &Weak<Shared>) {
    let mut watch: Option<Watch> = None;
    loop {
        let Some(shared) = weak.upgrade() else { return };
        let sleep = shared.look_around();
        let words: Words = shared.hosts().values().filter_map(|host| host.watched_word()).collect();
        let has_words = !words.is_empty();
        *shared.clock.words.lock().unwrap_or_else(PoisonError::into_inner) = words;
        match (&watch, has_words) {
            (None, true) => {
                watch = Some(shared.watch());
                // What came between the look and the watch.
                continue;
            }
            (Some(_), false) => watch = None,
            _ => {}
        }
        if !shared.clock.bell.sleep(sleep) {
            return;
        }
    }
}

impl Shared {
    /// Has the thread rung when a group has changed.
    fn watch(self: &Arc<Self>) -> Watch {
        let words = Arc::clone(&self.clock.words);
        let bell = Arc::clone(&self.clock.bell);
        self.cluster.watcher().watch(move || {
            let words = words.lock().unwrap_or_else(PoisonError::into_inner);
            if words.iter().any(|(word, seen)| word.get() != *seen) {
                bell.ring();
            }
        })
    }

    /// Looks at the groups that have changed, and after what is due. Answers how long there is nothing to do.
    fn look_around(self: &Arc<Self>) -> Option<Duration> {
        let hosts: Vec<Arc<Host>> = self.hosts().values().cloned().collect();
        let mut somebody_waits = false;
        for host in hosts {
            if host.has_news()
                && let Some(kind) = self.look_anew(&host)
            {
                // What it tells of signs of life may be old: that is found out when it is due.
                host.note_due(self.deadline(host.group(), &kind));
            }
            if host.due().is_some_and(|due| due.0.saturating_add(SLACK_MS) <= now_ms().0)
                && self.settle(host.group()).is_err()
            {
                // A full disk, say: tried again in a while.
                host.set_due(Some(TimestampMs(now_ms().0.saturating_add(1000))));
            }
            somebody_waits |= host.keep_waiting_alive();
        }
        let mut hosts = self.hosts();
        hosts.retain(|_, host| Arc::strong_count(host) > 1 || !host.is_idle());
        let due = hosts.values().filter_map(|host| host.due()).min();
        drop(hosts);
        let until = due.map(|due| due.0.saturating_add(SLACK_MS).saturating_sub(now_ms().0).max(1));
        let until = until.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        [until, somebody_waits.then_some(WAITING_PULSE)].into_iter().flatten().min()
    }

    /// Looks at a group, has those answered who waited for its change, and watches over its members in other processes.
    pub(super) fn look_anew(self: &Arc<Self>, host: &Arc<Host>) -> Option<Arc<GroupKind>> {
        // What can't be read now is looked at again with the next change.
        let kind = host.look().ok()?;
        let neighbours = host.neighbours(&kind);
        if !neighbours.is_empty() {
            let watcher = Arc::new(Watching { shared: Arc::downgrade(self), group: host.group().to_owned() });
            // Without threads to spare the deadlines will do.
            let _ = self.clock.ring_of(host.group()).watch(&watcher, neighbours);
        }
        Some(kind)
    }

    fn deadline(&self, group: &str, kind: &GroupKind) -> Option<TimestampMs> {
        match kind {
            GroupKind::Classic(group) => group.next_deadline(),
            GroupKind::Consumer(modern) => {
                modern_limits(&self.cluster, group).ok().and_then(|limits| modern.next_deadline(&limits))
            }
            GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => None,
        }
    }
}

/// A server's place in the ring of a group's members.
struct Watching {
    shared: Weak<Shared>,
    group: String,
}

impl Watcher for Watching {
    fn member_file(&self, member_id: &str) -> LocalResult<PathBuf> {
        let Some(shared) = self.shared.upgrade() else { return Ok(PathBuf::new()) };
        Ok(shared.cluster.coordination()?.group_member(&self.group, member_id))
    }

    fn settled_neighbours(&self) -> Vec<String> {
        let Some(shared) = self.shared.upgrade() else { return Vec::new() };
        let Some(host) = shared.host(&self.group) else { return Vec::new() };
        match shared.settle(&self.group) {
            Ok(Some(kind)) => host.neighbours(&kind),
            _ => Vec::new(),
        }
    }
}
