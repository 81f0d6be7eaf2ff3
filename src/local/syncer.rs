//! `Syncer`: makes appended batches durable while their producer goes on reading, then publishes them.
//!
//! Syncs come in groups by themselves: what is appended while one runs is covered by the next. So a busy pipe costs few
//! syncs, and a line typed by hand is synced at once.

use super::error::{Error, Result};
use super::partition::Partition;
use crate::disk::{self, File};
use crate::types::Offset;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A partition whose records up to `end` are in `file`.
pub(super) struct Appended {
    pub(super) partition: Arc<Mutex<Partition>>,
    pub(super) file: Arc<File>,
    pub(super) end: Offset,
    /// Files and directories as new as these records, to be synced with them.
    pub(super) new_names: Vec<PathBuf>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Appended>,
    syncing: bool,
    closed: bool,
    /// The first failure. After one nothing more is synced: what the system dropped is unknown.
    error: Option<Error>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
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
        let shared = Arc::new(Shared { queue: Mutex::new(Queue::default()), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || run(&theirs)).ok();
        Syncer { shared, thread }
    }

    /// Queues what was appended; returns at once.
    pub(super) fn add(&self, appended: Appended) {
        let mut queue = self.shared.queue();
        let same = |waiting: &&mut Appended| Arc::ptr_eq(&waiting.partition, &appended.partition);
        match queue.waiting.iter_mut().find(same) {
            // A file that was rolled away was synced by the roll.
            Some(waiting) => {
                waiting.end = appended.end;
                waiting.file = appended.file;
                waiting.new_names.extend(appended.new_names);
            }
            None => queue.waiting.push(appended),
        }
        if self.thread.is_none() {
            // No thread could be had: the caller does the work.
            step(&self.shared, queue);
        } else {
            self.shared.changed.notify_all();
        }
    }

    /// Whether a sync is under way or about to be.
    pub(super) fn is_busy(&self) -> bool {
        let queue = self.shared.queue();
        queue.syncing || !queue.waiting.is_empty()
    }

    /// Takes the first failure, if there was one.
    pub(super) fn take_error(&self) -> Option<Error> {
        self.shared.queue().error.take()
    }

    /// Waits until everything queued so far is durable and published.
    pub(super) fn wait(&self) -> Result<()> {
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
            step(shared, queue);
            queue = shared.queue();
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
    queue.syncing = true;
    let failed = queue.error.is_some();
    drop(queue);
    let outcome = if failed { Ok(()) } else { work.iter().try_for_each(sync) };
    let mut queue = shared.queue();
    queue.syncing = false;
    if let Err(error) = outcome {
        queue.error.get_or_insert(error);
    }
    shared.changed.notify_all();
}

fn sync(appended: &Appended) -> Result<()> {
    appended.file.sync_data()?;
    for dir in &appended.new_names {
        disk::sync_path(dir)?;
    }
    let mut partition = appended.partition.lock().unwrap_or_else(PoisonError::into_inner);
    let mut locked = partition.lock()?;
    locked.publish(appended.end)
}
