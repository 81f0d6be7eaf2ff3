//! `Syncs`: makes what many connections append durable, and then visible.
//!
//! While the file of a partition is being synced, whatever is appended to it waits together for the next sync: the busier
//! a partition, the more producers share one. Different partitions are synced side by side, so that a journalling file
//! system can put them into one commit. A sync that failed is never tried again: the partition's handle is dead, and
//! everybody who waits for it is told.

use super::refusal::Refusal;
use super::slot::Slot;
use crate::disk::{self, File};
use crate::types::{ErrorCode, Offset};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// So many files are synced at once.
const THREADS: usize = 4;
/// A sync that is expected to take long waits for company for this part of its time, where there was company before.
const PATIENCE_PART: u32 = 8;
/// Nothing waits longer for company, nor where it would be as long as a sync takes.
const PATIENCE_MAX: Duration = Duration::from_millis(2);
const PATIENCE_MIN: Duration = Duration::from_micros(100);

/// Is called once when the records are durable and visible, or can't be made so. Must not block.
pub(crate) type Done = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// What of a partition waits for the next sync.
#[derive(Default)]
pub(super) struct Pending {
    file: Option<Arc<File>>,
    names: Vec<PathBuf>,
    end: Offset,
    waiting: Vec<Done>,
    /// Whether it is in the queue, or being synced.
    is_queued: bool,
    /// How long syncs take of late, and how many batches the last one was for.
    usual_time: Duration,
    last_count: usize,
}

impl Pending {
    /// How long the next sync should wait for more: a producer that has several batches under way sends the next ones as soon
    /// as it is told of the last.
    fn patience(&self) -> Duration {
        let patience = (self.usual_time / PATIENCE_PART).min(PATIENCE_MAX);
        let has_company = self.last_count.max(self.waiting.len()) > 1;
        if has_company && patience >= PATIENCE_MIN { patience } else { Duration::ZERO }
    }

    fn took(&mut self, time: Duration, count: usize) {
        self.usual_time = (self.usual_time * 3 + time) / 4;
        self.last_count = count;
    }
}

#[derive(Default)]
struct Queue {
    ready: VecDeque<Arc<Slot>>,
    threads: Vec<JoinHandle<()>>,
    idle: usize,
    is_closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads that sync for a server; none before the first is needed.
#[derive(Default)]
pub(super) struct Syncs {
    shared: Arc<Shared>,
}

impl Syncs {
    /// Has everything below `end` in `file`, with the `names` as new as that, made durable and published, then calls `done`.
    /// The caller holds the slot's lock: appends come here in their order.
    pub(super) fn add(
        &self,
        slot: &Arc<Slot>,
        file: Arc<File>,
        names: Vec<PathBuf>,
        end: Offset,
        done: Done,
    ) {
        {
            let mut pending = pending(slot);
            // A file that was rolled away was synced by the roll.
            pending.file = Some(file);
            pending.names.extend(names);
            pending.end = pending.end.max(end);
            pending.waiting.push(done);
            if std::mem::replace(&mut pending.is_queued, true) {
                return;
            }
        }
        let mut queue = self.shared.queue();
        queue.ready.push_back(Arc::clone(slot));
        if queue.idle >= queue.ready.len() || queue.threads.len() >= THREADS {
            self.shared.changed.notify_one();
            return;
        }
        let shared = Arc::clone(&self.shared);
        match thread::Builder::new().name("sync".into()).spawn(move || run(&shared)) {
            Ok(thread) => queue.threads.push(thread),
            Err(_) if queue.threads.is_empty() => {
                // No thread could be had at all: nobody will call back.
                queue.ready.pop_back();
                drop(queue);
                let waiting = {
                    let mut pending = pending(slot);
                    pending.is_queued = false;
                    std::mem::take(&mut pending.waiting)
                };
                refuse_all(waiting, &Refusal::new(ErrorCode::KafkaStorage, "no thread could be had"));
            }
            Err(_) => self.shared.changed.notify_one(),
        }
    }

    /// Waits until everything that was added is durable.
    pub(super) fn close(&self) {
        let threads = {
            let mut queue = self.shared.queue();
            queue.is_closed = true;
            std::mem::take(&mut queue.threads)
        };
        self.shared.changed.notify_all();
        for thread in threads.into_iter().filter(|thread| thread.thread().id() != thread::current().id()) {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

fn pending(slot: &Slot) -> MutexGuard<'_, Pending> {
    slot.pending.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(shared: &Shared) {
    let mut queue = shared.queue();
    loop {
        if let Some(slot) = queue.ready.pop_front() {
            drop(queue);
            let has_more = sync(&slot);
            queue = shared.queue();
            if has_more {
                queue.ready.push_back(slot);
            }
        } else if queue.is_closed {
            return;
        } else {
            queue.idle += 1;
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

/// Syncs what waits of a partition; says whether more has come meanwhile.
fn sync(slot: &Arc<Slot>) -> bool {
    let patience = pending(slot).patience();
    if !patience.is_zero() {
        thread::sleep(patience);
    }
    let (file, names, end, waiting) = {
        let mut pending = pending(slot);
        let names = std::mem::take(&mut pending.names);
        (pending.file.take(), names, pending.end, std::mem::take(&mut pending.waiting))
    };
    // After a sync that failed, what the system has dropped is unknown: another one would tell nothing.
    if slot.open().partition.failed {
        refuse_all(waiting, &Refusal::new(ErrorCode::KafkaStorage, "an earlier sync failed"));
        return has_more(slot);
    }
    let began = Instant::now();
    let outcome = match &file {
        Some(file) => file.sync_data().and_then(|()| names.iter().try_for_each(|path| disk::sync_path(path))),
        None => Ok(()),
    };
    pending(slot).took(began.elapsed(), waiting.len());
    let outcome = {
        let mut open = slot.open();
        match outcome {
            Ok(()) => open.partition.lock().and_then(|mut locked| locked.publish(end)).map_err(Refusal::from),
            Err(e) => {
                open.partition.failed = true;
                Err(Refusal::new(ErrorCode::KafkaStorage, e.to_string()))
            }
        }
    };
    match outcome {
        Ok(()) => {
            slot.published(end);
            waiting.into_iter().for_each(|done| done(Ok(())));
        }
        Err(why) => refuse_all(waiting, &why),
    }
    has_more(slot)
}

/// Whether something has come to wait meanwhile.
fn has_more(slot: &Slot) -> bool {
    let mut pending = pending(slot);
    pending.is_queued = !pending.waiting.is_empty();
    pending.is_queued
}

fn refuse_all(waiting: Vec<Done>, why: &Refusal) {
    for done in waiting {
        done(Err(Refusal { code: why.code, message: why.message.clone(), records: Vec::new() }));
    }
}
