//! `Syncer`: makes appended batches durable while their producer goes on reading, then publishes them.
//!
//! Syncs come in groups: what is appended while one runs is covered by the next, and while a pipe is busy the next one
//! waits until it is worth its while. So a busy pipe costs few syncs, and a line typed by hand is synced at once.

use super::error::{Error, Result};
use super::partition::Partition;
use crate::disk::{self, File};
use crate::types::Offset;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// So much is synced without waiting for more.
const WORTH_A_SYNC_BYTES: usize = 8 * 1024 * 1024;
/// Nothing waits longer than this for company.
const MAX_WAIT: Duration = Duration::from_millis(10);

/// A partition whose records up to `end` are in `file`.
pub(super) struct Appended {
    pub(super) partition: Arc<Mutex<Partition>>,
    pub(super) file: Arc<File>,
    pub(super) end: Offset,
    /// How much it is.
    pub(super) bytes: usize,
    pub(super) record_count: u64,
    /// Files and directories as new as these records, to be synced with them.
    pub(super) new_names: Vec<PathBuf>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Appended>,
    /// Since when something waits.
    since: Option<Instant>,
    /// Somebody waits for the waiting.
    urgent: bool,
    syncing: bool,
    closed: bool,
    /// The first failure. After one nothing more is synced: what the system dropped is unknown.
    error: Option<Error>,
}

impl Queue {
    /// How long the next sync is still to wait for more.
    fn patience(&self) -> Duration {
        let bytes: usize = self.waiting.iter().map(|appended| appended.bytes).sum();
        match self.since {
            Some(since) if !self.urgent && bytes < WORTH_A_SYNC_BYTES => {
                MAX_WAIT.saturating_sub(since.elapsed())
            }
            _ => Duration::ZERO,
        }
    }
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Records that are durable and published.
    synced: AtomicU64,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that syncs for one producer.
pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    pub(super) fn start() -> Syncer {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::default()),
            changed: Condvar::new(),
            synced: AtomicU64::new(0),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || run(&theirs)).ok();
        Syncer { shared, thread }
    }

    /// Queues what was appended; returns at once.
    pub(super) fn add(&self, appended: Appended) {
        let mut queue = self.shared.queue();
        queue.since.get_or_insert_with(Instant::now);
        let same = |waiting: &&mut Appended| Arc::ptr_eq(&waiting.partition, &appended.partition);
        match queue.waiting.iter_mut().find(same) {
            // A file that was rolled away was synced by the roll.
            Some(waiting) => {
                waiting.end = appended.end;
                waiting.bytes += appended.bytes;
                waiting.record_count += appended.record_count;
                waiting.file = appended.file;
                waiting.new_names.extend(appended.new_names);
            }
            None => queue.waiting.push(appended),
        }
        if self.thread.is_none() {
            // No thread could be had: the caller does the work.
            step(&self.shared, queue);
        } else if queue.patience().is_zero() || queue.waiting.len() == 1 {
            self.shared.changed.notify_all();
        }
    }

    /// Has what waits synced without waiting for more.
    pub(super) fn hurry(&self) {
        let mut queue = self.shared.queue();
        if !queue.waiting.is_empty() && !queue.urgent {
            queue.urgent = true;
            self.shared.changed.notify_all();
        }
    }

    /// How many records have become durable.
    pub(super) fn synced(&self) -> u64 {
        self.shared.synced.load(Ordering::Relaxed)
    }

    /// Whether a sync is under way or about to be.
    pub(super) fn is_busy(&self) -> bool {
        let queue = self.shared.queue();
        queue.syncing || !queue.waiting.is_empty()
    }

    /// Whether a sync is under way.
    pub(super) fn is_syncing(&self) -> bool {
        self.shared.queue().syncing
    }

    /// Takes the first failure, if there was one.
    pub(super) fn take_error(&self) -> Option<Error> {
        self.shared.queue().error.take()
    }

    /// Waits until everything queued so far is durable and published.
    pub(super) fn wait(&self) -> Result<()> {
        self.hurry();
        let mut queue = self.shared.queue();
        while (queue.syncing || !queue.waiting.is_empty()) && queue.error.is_none() {
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.error.take().map_or(Ok(()), Err)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread catches its errors; a panic there has been printed.
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared) {
    let mut queue = shared.queue();
    loop {
        if !queue.waiting.is_empty() {
            let patience = queue.patience();
            if queue.closed || patience.is_zero() {
                step(shared, queue);
                queue = shared.queue();
            } else {
                let woken = shared.changed.wait_timeout(queue, patience);
                queue = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        } else if queue.closed {
            return;
        } else {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Syncs and publishes what waits, with the queue unlocked meanwhile.
fn step(shared: &Shared, mut queue: MutexGuard<'_, Queue>) {
    let work = std::mem::take(&mut queue.waiting);
    queue.since = None;
    queue.urgent = false;
    queue.syncing = true;
    let failed = queue.error.is_some();
    drop(queue);
    let outcome = if failed { Ok(()) } else { work.iter().try_for_each(|appended| sync(shared, appended)) };
    let mut queue = shared.queue();
    queue.syncing = false;
    if let Err(error) = outcome {
        queue.error.get_or_insert(error);
    }
    shared.changed.notify_all();
}

fn sync(shared: &Shared, appended: &Appended) -> Result<()> {
    appended.file.sync_data()?;
    for dir in &appended.new_names {
        disk::sync_path(dir)?;
    }
    let mut partition = appended.partition.lock().unwrap_or_else(PoisonError::into_inner);
    let mut locked = partition.lock()?;
    locked.publish(appended.end)?;
    shared.synced.fetch_add(appended.record_count, Ordering::Relaxed);
    Ok(())
}
