//! `Upkeep`: what a process does about the segments that it closes, beside its work.
//!
//! One thread takes care of one partition after the other. Who appends never waits for it: it takes a partition's lock for the
//! moments in which files get other names. At its end the process gives it a second to finish; what it has not done by then
//! is left to the next one, for all of it can be broken off.

use super::partition::{How, tend};
use crate::local::cluster::{Cluster, Shared};
use crate::types::TopicPartition;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// How long the end of a process waits for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// So much memory is taken for the keys of a log.
const MEMORY_BYTES: usize = 32 * 1024 * 1024;

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<TopicPartition>,
    worker: Option<ThreadId>,
}

/// What there is to do, and the thread that does it if there is any.
pub(in crate::local) struct Upkeep {
    shared: OnceLock<Weak<Shared>>,
    state: Mutex<State>,
    changed: Condvar,
    cancelled: AtomicBool,
}

impl std::fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upkeep").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Upkeep {
    pub(in crate::local) fn new() -> Arc<Upkeep> {
        Arc::new(Upkeep {
            shared: OnceLock::new(),
            state: Mutex::default(),
            changed: Condvar::new(),
            cancelled: AtomicBool::new(false),
        })
    }

    /// Says whose partitions these are.
    pub(in crate::local) fn serve(&self, shared: &Arc<Shared>) {
        self.shared.get_or_init(|| Arc::downgrade(shared));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A segment of this partition was closed. Returns at once; the caller may hold the partition's lock.
    pub(in crate::local) fn rolled(self: &Arc<Upkeep>, partition: &TopicPartition) {
        let Some(shared) = self.shared.get().and_then(Weak::upgrade) else { return };
        let mut state = self.state();
        if self.cancelled.load(Ordering::Relaxed) || state.queue.contains(partition) {
            return;
        }
        state.queue.push_back(partition.clone());
        if state.worker.is_some() {
            return;
        }
        let upkeep = Arc::clone(self);
        let cluster = Cluster::of(shared);
        let work = move || upkeep.work(cluster);
        // Where no thread can be had, whoever comes next does it.
        if let Ok(thread) = thread::Builder::new().name("upkeep".into()).spawn(work) {
            state.worker = Some(thread.thread().id());
        }
    }

    fn work(&self, mut cluster: Cluster) {
        loop {
            while let Some(partition) = self.next() {
                self.tend(&cluster, &partition);
            }
            // Given back before this thread is taken for ended: who waits for that may be the last to use the directory.
            drop(cluster);
            let mut state = self.state();
            let shared = self.shared.get().and_then(Weak::upgrade).filter(|_| !state.queue.is_empty());
            match shared.filter(|_| !self.cancelled.load(Ordering::Relaxed)) {
                Some(shared) => cluster = Cluster::of(shared),
                None => {
                    state.queue.clear();
                    state.worker = None;
                    self.changed.notify_all();
                    return;
                }
            }
        }
    }

    fn next(&self) -> Option<TopicPartition> {
        self.state().queue.pop_front().filter(|_| !self.cancelled.load(Ordering::Relaxed))
    }

    fn tend(&self, cluster: &Cluster, partition: &TopicPartition) {
        let go_on = || !self.cancelled.load(Ordering::Relaxed);
        let how = How { memory_bytes: MEMORY_BYTES, rests: true, dry_run: false, go_on: &go_on };
        if let Ok(Some(topic)) = cluster.open_topic(&partition.topic) {
            // Nobody waits for this: who looks after the directory will be told of it again.
            let _ = tend(cluster, &topic, partition.partition, &how);
        }
    }

    /// Waits for what is being done, for a while, and then has it broken off.
    pub(in crate::local) fn finish(&self) {
        let until = Instant::now() + PATIENCE;
        let mut state = self.state();
        if state.worker == Some(thread::current().id()) {
            return;
        }
        while state.worker.is_some() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.cancelled.store(true, Ordering::Relaxed);
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            } else {
                let woken = self.changed.wait_timeout(state, left);
                state = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}
