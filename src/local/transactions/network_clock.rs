//! `Clock`: ends the transactions of network producers whose time is over, and those that somebody waits for in vain.
//!
//! It has a thread only while there is something to be looked after, which sleeps until the next transaction's time is over.

use super::janitor::{Janitor, Patience, deadline};
use super::log::TransactionLog;
use super::network::Shared;
use crate::txn::{Status, TransactionValue};
use crate::types::{TimestampMs, now_ms};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What could not be ended is tried again after this time.
const RETRY_MS: i64 = 1000;
/// Abandoned transactions are looked after this long after somebody was last seen waiting.
const LOOKED_AFTER: Duration = Duration::from_secs(5);
/// How often they are.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Clock {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// When the time of each open transaction is over.
    open: BTreeMap<String, TimestampMs>,
    /// When somebody was last seen waiting.
    waited: Option<Instant>,
    /// When abandoned transactions were last looked after for that.
    looked: Option<Instant>,
    /// Every log is to be looked at.
    looks_at_all: bool,
    thread: Option<JoinHandle<()>>,
    is_running: bool,
    is_closed: bool,
}

impl Clock {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has every transaction looked at once.
    pub(super) fn look_at_all(&self, shared: &Arc<Shared>) {
        self.change(shared, |state| state.looks_at_all = true);
    }

    /// Notes an open transaction.
    pub(super) fn note(&self, shared: &Arc<Shared>, id: &str, value: &TransactionValue) {
        let due = deadline(value);
        self.change(shared, |state| {
            state.open.insert(id.to_owned(), due);
        });
    }

    /// Forgets a transaction that has ended.
    pub(super) fn forget(&self, id: &str) {
        self.state().open.remove(id);
    }

    pub(super) fn somebody_waits(&self, shared: &Arc<Shared>) {
        let is_known = {
            let mut state = self.state();
            let waited = state.waited.replace(Instant::now());
            state.is_running && waited.is_some_and(|waited| waited.elapsed() < INTERVAL)
        };
        if !is_known {
            self.change(shared, |_| {});
        }
    }

    fn change(&self, shared: &Arc<Shared>, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if state.is_running || state.is_closed {
            self.changed.notify_all();
            return;
        }
        let theirs = Arc::clone(shared);
        let thread = thread::Builder::new().name("transactions".to_owned());
        // Without a thread the next change tries again.
        if let Ok(thread) = thread.spawn(move || run(&theirs)) {
            (state.thread, state.is_running) = (Some(thread), true);
        }
    }

    /// Waits for the thread to end.
    pub(super) fn close(&self) {
        let thread = {
            let mut state = self.state();
            state.is_closed = true;
            state.thread.take()
        };
        self.changed.notify_all();
        if let Some(thread) = thread {
            // It has no more to say if it failed.
            let _ = thread.join();
        }
    }

    /// Sleeps until something is due, and says what; `None` once nothing ever will be.
    fn next(&self) -> Option<Due> {
        let mut state = self.state();
        loop {
            if state.is_closed {
                return None;
            }
            let now = now_ms();
            let somebody_waits = state.waited.is_some_and(|waited| waited.elapsed() < LOOKED_AFTER);
            let over = state.open.iter().filter(|(_, due)| **due <= now).map(|(id, _)| id.clone());
            let over: Vec<String> = over.collect();
            let looked = state.looked.map(|looked| looked.elapsed());
            let look = somebody_waits && looked.is_none_or(|since| since >= INTERVAL);
            if state.looks_at_all || look || !over.is_empty() {
                if look {
                    state.looked = Some(Instant::now());
                }
                let all = std::mem::take(&mut state.looks_at_all);
                return Some(Due { all, over, look });
            }
            let next = state.open.values().min().map(|due| due.0.saturating_sub(now.0).max(1));
            let next = next.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
            let until_look = INTERVAL.saturating_sub(looked.unwrap_or_default());
            let sleep = [next, somebody_waits.then_some(until_look)].into_iter().flatten().min();
            let Some(sleep) = sleep else {
                state.is_running = false;
                return None;
            };
            let slept = self.changed.wait_timeout(state, sleep);
            state = slept.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// What is to be done.
struct Due {
    all: bool,
    over: Vec<String>,
    look: bool,
}

fn run(shared: &Shared) {
    let mut janitor = Janitor::default();
    while let Some(due) = shared.clock.next() {
        if due.all {
            // If that fails somebody else will come by: who waits, the next producer of the id, or the next server.
            let _ = shared.look_at_all();
        }
        for id in due.over {
            shared.end_overdue(&id);
        }
        if due.look {
            janitor.look_after(&shared.cluster, Patience::ForAWhile);
        }
    }
}

impl Shared {
    /// Ends what is decided or overdue, and notes what is open.
    fn look_at_all(&self) -> crate::client::Result<()> {
        if self.cluster.open_topic(super::log::STATE_TOPIC)?.is_none() {
            return Ok(());
        }
        Janitor::default().sweep(&self.cluster, Patience::UntilTimeout)?;
        let mut open = Vec::new();
        for log in TransactionLog::all(&self.cluster)? {
            let ongoing = log.iter().filter(|(_, value)| value.status == Status::Ongoing);
            open.extend(ongoing.map(|(id, value)| (id.to_owned(), deadline(value))));
        }
        let mut state = self.clock.state();
        open.into_iter().for_each(|(id, due)| {
            state.open.entry(id).or_insert(due);
        });
        Ok(())
    }

    /// Ends a transaction if its time is over still.
    fn end_overdue(&self, id: &str) {
        let left = self.logs.with(&self.cluster, id, |log| {
            let ongoing = |value: &&TransactionValue| value.status == Status::Ongoing;
            let Some(value) = log.get(id).filter(ongoing).cloned() else { return Ok(None) };
            if deadline(&value) > now_ms() {
                return Ok(Some(deadline(&value)));
            }
            super::end::abort(&self.cluster, log, id, &value)?;
            Ok(None)
        });
        let mut state = self.clock.state();
        match left {
            Ok(None) => state.open.remove(id),
            Ok(Some(due)) => state.open.insert(id.to_owned(), due),
            Err(_) => state.open.insert(id.to_owned(), TimestampMs(now_ms().0.saturating_add(RETRY_MS))),
        };
    }
}
