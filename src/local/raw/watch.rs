//! `Watcher`: one thread of a process that notices what other processes did, for all who wait for it.
//!
//! It sleeps on the wake word, and only while there are watches; an idle server is not woken up. After it has looked it lets
//! a moment pass before it looks again: a busy directory costs a look in a millisecond, not one for each append.
//! Knows nothing of what is looked at.

use crate::disk::{Channels, Wake};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The shortest time between two looks. A long one stretches it, so that looking takes a fifth of the time at most.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSE_FOR_LOOKING: u32 = 4;

/// What looks whether something has changed, and tells whoever waits for that.
type Look = Box<dyn FnMut() + Send>;

/// Has looks taken when another process has changed something. Given out by `Cluster::watcher`.
pub(crate) struct Watcher {
    shared: Arc<Shared>,
}

struct Shared {
    wake: Wake,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    looks: HashMap<u64, Look>,
    next: u64,
    has_thread: bool,
    closed: bool,
}

/// A watch, kept up until this is dropped.
#[must_use]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    number: u64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    pub(in crate::local) fn new(wake: Wake) -> Watcher {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Watcher { shared: Arc::new(Shared { wake, state, changed }) }
    }

    /// Has `look` called soon after anything in the directory was made known on the wake word, by whomever. It may be called
    /// without a reason. What happened before this returns may be missed: look once yourself.
    pub(crate) fn watch(&self, look: impl FnMut() + Send + 'static) -> Watch {
        let mut state = self.shared.state();
        let number = state.next;
        state.next += 1;
        state.looks.insert(number, Box::new(look));
        if !state.has_thread {
            let shared = Arc::clone(&self.shared);
            let started = thread::Builder::new().name("watch".into()).spawn(move || run(&shared));
            // Without a thread the next one who watches tries again; all who wait have a timeout.
            state.has_thread = started.is_ok();
        } else if state.looks.len() == 1 {
            self.shared.changed.notify_one();
        }
        Watch { shared: Arc::clone(&self.shared), number }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_one();
        self.shared.wake.notify(Channels::ALL);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A look may hold much; it goes when the lock is given back.
        let look = self.shared.state().looks.remove(&self.number);
        drop(look);
    }
}

fn run(shared: &Shared) {
    loop {
        // Taken before the looks: what changes from here on ends the sleep below.
        let seen = shared.wake.current();
        let began = Instant::now();
        {
            let mut state = shared.state();
            while state.looks.is_empty() && !state.closed {
                state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return;
            }
            state.looks.values_mut().for_each(|look| look());
        }
        let looking = began.elapsed();
        // New watches needn't wake the thread: whoever watches has looked, and it sleeps on all channels.
        let _ = shared.wake.wait(seen, Channels::ALL, None);
        let pause = PAUSE.max(looking.saturating_mul(PAUSE_FOR_LOOKING)).saturating_sub(began.elapsed());
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    #[test]
    fn who_watches_learns_of_what_others_did_until_the_watch_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wake");
        let watcher = Watcher::new(Wake::open(&path).unwrap());
        let other = Wake::open(&path).unwrap();
        let word = Arc::new(AtomicU32::new(0));
        for turn in 1..=3 {
            let (tell, told) = mpsc::channel();
            let seen = Arc::clone(&word);
            let watch = watcher.watch(move || {
                let _ = tell.send(seen.load(Ordering::SeqCst));
            });
            word.store(turn, Ordering::SeqCst);
            other.notify(Channels::of(u64::from(turn)));
            while told.recv_timeout(Duration::from_secs(60)).unwrap() != turn {}
            drop(watch);
            assert_eq!(told.try_iter().filter(|&value| value != turn).count(), 0);
            assert!(told.recv().is_err(), "the look is gone");
        }
    }

    #[test]
    fn a_change_between_the_look_and_the_sleep_is_not_missed() {
        let watcher = Watcher::new(Wake::private());
        let wake = watcher.shared.wake;
        let (tell, told) = mpsc::channel();
        let mut first = true;
        let _watch = watcher.watch(move || {
            // Notified while the thread looks.
            if std::mem::take(&mut first) {
                wake.notify(Channels::of(1));
            }
            let _ = tell.send(());
        });
        for _ in 0..2 {
            told.recv_timeout(Duration::from_secs(60)).unwrap();
        }
    }

    #[test]
    fn the_thread_ends_with_its_watcher() {
        let watcher = Watcher::new(Wake::private());
        let shared = Arc::downgrade(&watcher.shared);
        let watch = watcher.watch(|| {});
        drop(watcher);
        drop(watch);
        let deadline = Instant::now() + Duration::from_secs(60);
        while shared.upgrade().is_some() {
            assert!(Instant::now() < deadline, "the thread is still there");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
