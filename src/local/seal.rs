//! `Seal`: the file that tells the real broker that a directory was left in good order, so that it starts on it without
//! looking through its logs.
//!
//! The first process that writes breaks the seal; the last one to end puts it back, unless one was killed in between, or
//! the directory wasn't sealed to begin with. Then a broker recovers the logs as it does after a crash of its own.
//! Next time somebody comes to the directory, what a killed process left is put in order, and the seal can come back.
//!
//! Who writes is counted in `.kt/writers`, changed under `.kt/writers.lock`. A writer holds a shared lock on the former
//! for as long as it lives, so that the dead are told from the living.
//!
//! | at | size | field of `.kt/writers` |
//! |---|---|---|
//! | 0 | u64 | the boot that wrote it |
//! | 8 | u32 | the metadata log's epoch: a broker that was here since has raised it |
//! | 12 | u32 | writers that live, or died uncounted |
//! | 16 | u32 | writers that died, and what they left hasn't been looked at |
//! | 20 | u32 | flags: 1 = everything that was not written to in this boot is in order; 2 = Kafka left it so |

use super::error::Result;
use super::paths::Coordination;
use crate::disk::{self, Durability, File, FileLock, Mode, SharedLock};
use crate::types::LeaderEpoch;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a broker leaves behind that is stopped in good order, and what it looks for when it starts.
const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
const COUNTS_BYTES: usize = 24;

/// A directory's seal, as one process sees it.
#[derive(Debug)]
pub(super) struct Seal {
    marker: PathBuf,
    writers: PathBuf,
    lock: PathBuf,
    boot_id: u64,
    metadata_epoch: LeaderEpoch,
    /// The epoch of the broker's registration, which the marker repeats.
    broker_epoch: i64,
    broken: AtomicBool,
    /// Whether something was written for readers to see that nobody is to wait for.
    unsynced: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// From the first write on.
    writers: Option<SharedLock>,
    /// What is to be synced at the end.
    files: Vec<Arc<File>>,
}

impl Seal {
    /// The seal of `broker`, a directory that this process may write to; `metadata_epoch` is of the newest batch of its
    /// metadata log.
    pub(super) fn new(
        broker: &Path,
        coordination: &Coordination,
        metadata_epoch: LeaderEpoch,
        broker_epoch: i64,
    ) -> Seal {
        Seal {
            marker: marker(broker),
            writers: coordination.writers(),
            lock: coordination.writers_lock(),
            boot_id: disk::boot_id(),
            metadata_epoch,
            broker_epoch,
            broken: AtomicBool::new(false),
            unsynced: AtomicBool::new(false),
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Must be called before anything in the directory is changed. Counting is left out where it fails, on a full disk
    /// say: then the seal stays broken. The marker's going is not made durable by itself: file systems keep the order in
    /// which names go and files grow.
    pub(super) fn break_open(&self) -> Result<()> {
        if self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut held = self.held();
        if self.broken.load(Ordering::Acquire) {
            return Ok(());
        }
        let guard = FileLock::acquire(&self.lock).ok();
        if guard.is_some() {
            held.writers = self.enter().ok();
        }
        if held.writers.is_none() {
            // Who is counted must not take this process for one that isn't there.
            disk::remove_file(&self.writers)?;
        }
        disk::remove_file(&self.marker)?;
        if held.writers.is_none() {
            disk::remove_file(&self.writers)?;
        }
        self.broken.store(true, Ordering::Release);
        Ok(())
    }

    /// Counts this process in; the caller holds the lock.
    fn enter(&self) -> disk::Result<SharedLock> {
        let mut held = SharedLock::open(&self.writers)?;
        let mut counts = self.counts(held.file())?;
        if held.is_only_one()? {
            counts.bury();
        }
        held.acquire()?;
        counts.writers += 1;
        counts.write(held.file())?;
        Ok(held)
    }

    /// The counts as they are to be taken.
    fn counts(&self, file: &File) -> disk::Result<Counts> {
        let known = Counts::read(file)?;
        let known = known.filter(|c| c.boot_id == self.boot_id && c.metadata_epoch == self.metadata_epoch);
        Ok(match known {
            Some(counts) if !self.marker.exists() => counts,
            _ => Counts {
                boot_id: self.boot_id,
                metadata_epoch: self.metadata_epoch,
                writers: 0,
                dead: 0,
                in_order: self.marker.exists(),
                kafkas: is_kafkas(&self.marker),
            },
        })
    }

    /// How many writers died since the directory was in order, if all that they can have left is what they wrote to in
    /// this boot, and nobody writes now. `None` if there is nothing to be put in order, or too much.
    pub(super) fn dead(&self) -> Option<u32> {
        if self.broken.load(Ordering::Acquire) || self.marker.exists() || !self.writers.exists() {
            return None;
        }
        let _guard = FileLock::acquire(&self.lock).ok()?;
        let mut writers = SharedLock::open(&self.writers).ok()?;
        let mut counts = self.counts(writers.file()).ok()?;
        if !counts.in_order || !writers.is_only_one().ok()? {
            return None;
        }
        counts.bury();
        counts.write(writers.file()).ok()?;
        Some(counts.dead).filter(|&dead| dead > 0)
    }

    /// Notes that what `dead` writers left was put in order, or that it can't be.
    pub(super) fn settled(&self, dead: u32, in_order: bool) {
        let Ok(_guard) = FileLock::acquire(&self.lock) else { return };
        let Ok(file) = File::open(&self.writers, Mode::Create) else { return };
        let Ok(mut counts) = self.counts(&file) else { return };
        counts.dead = counts.dead.saturating_sub(dead);
        counts.in_order &= in_order;
        // Where this fails it is done again.
        let _ = counts.write(&file);
    }

    /// Whether everything that was not written to in this boot is known to be in order.
    pub(super) fn is_in_order(&self) -> bool {
        let counts = || {
            let _guard = FileLock::acquire(&self.lock).ok()?;
            self.counts(&File::open(&self.writers, Mode::Create).ok()?).ok()
        };
        self.marker.exists() || counts().is_some_and(|counts| counts.in_order)
    }

    /// Notes that everything in the directory is in order and durable, whoever wrote it.
    pub(super) fn all_is_settled(&self) {
        let Ok(_guard) = FileLock::acquire(&self.lock) else { return };
        let Ok(file) = File::open(&self.writers, Mode::Create) else { return };
        let Ok(counts) = self.counts(&file) else { return };
        self.unsynced.store(false, Ordering::Release);
        let _ = Counts { dead: 0, in_order: true, ..counts }.write(&file);
    }

    /// Whether others write to the directory now; this process must have begun to.
    pub(super) fn is_others_too(&self) -> Result<bool> {
        self.break_open()?;
        let _guard = FileLock::acquire(&self.lock)?;
        let mut held = self.held();
        let Some(writers) = &mut held.writers else { return Ok(true) };
        let is_only_one = writers.is_only_one()?;
        writers.acquire()?;
        Ok(!is_only_one)
    }

    /// Notes that records became visible that nobody syncs.
    pub(super) fn leave_unsynced(&self) {
        self.unsynced.store(true, Ordering::Release);
    }

    /// Has `file` synced at the end, if it has not been by then.
    pub(super) fn sync_at_end(&self, file: &Arc<File>) {
        let mut held = self.held();
        if !held.files.iter().any(|known| Arc::ptr_eq(known, file)) {
            held.files.push(Arc::clone(file));
        }
    }

    /// Whether the last broker that served the directory was Kafka, and was stopped in good order. `coordination` is
    /// `None` where nothing can be written.
    pub(super) fn is_kafkas(broker: &Path, coordination: Option<&Coordination>) -> bool {
        let noted = || {
            let file = File::open(&coordination?.writers(), Mode::Read).ok()?;
            Counts::read(&file).ok()?.map(|counts| counts.kafkas)
        };
        is_kafkas(&marker(broker)) || noted() == Some(true)
    }

    /// Seals a directory that nobody has seen yet.
    pub(super) fn put_on_new(broker: &Path) -> disk::Result<()> {
        put_on(&marker(broker), -1, false)
    }

    fn leave(&self, writers: &mut SharedLock) -> disk::Result<()> {
        if !writers.file().is_at_its_path()? {
            // Others are counted elsewhere, or not at all.
            return Ok(());
        }
        let mut counts = self.counts(writers.file())?;
        counts.writers = counts.writers.saturating_sub(1);
        counts.in_order &= !self.unsynced.load(Ordering::Acquire);
        let is_last = writers.is_only_one()?;
        if is_last {
            counts.bury();
        }
        counts.write(writers.file())?;
        if is_last && counts.dead == 0 && counts.in_order {
            put_on(&self.marker, self.broker_epoch, counts.kafkas)?;
        }
        Ok(())
    }
}

impl Drop for Seal {
    fn drop(&mut self) {
        let mut held = std::mem::take(&mut *self.held());
        let Some(mut writers) = held.writers.take() else { return };
        if held.files.iter().any(|file| file.sync_data().is_err()) {
            self.leave_unsynced();
        }
        if let Ok(_guard) = FileLock::acquire(&self.lock) {
            // Where this fails the seal stays broken.
            let _ = self.leave(&mut writers);
        }
    }
}

fn marker(broker: &Path) -> PathBuf {
    broker.join(CLEAN_SHUTDOWN)
}

/// Kafka's marker has no line end; kt's has one unless it stands for Kafka's.
fn is_kafkas(marker: &Path) -> bool {
    matches!(disk::read_text(marker), Ok(Some(text)) if !text.ends_with('\n'))
}

fn put_on(marker: &Path, broker_epoch: i64, for_kafka: bool) -> disk::Result<()> {
    let end = if for_kafka { "" } else { "\n" };
    let content = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}{end}");
    disk::replace_with(marker, content.as_bytes(), Durability::Atomic)
}

/// The content of `.kt/writers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    boot_id: u64,
    metadata_epoch: LeaderEpoch,
    writers: u32,
    dead: u32,
    in_order: bool,
    /// Whether Kafka was the last broker, and was stopped in good order.
    kafkas: bool,
}

const IN_ORDER: u32 = 1;
const KAFKAS: u32 = 2;

impl Counts {
    /// Nobody writes: whoever is counted as a writer has died.
    fn bury(&mut self) {
        self.dead = self.dead.saturating_add(self.writers);
        self.writers = 0;
    }

    fn read(file: &File) -> disk::Result<Option<Counts>> {
        let mut bytes = [0; COUNTS_BYTES];
        if file.read_at(&mut bytes, 0)? < COUNTS_BYTES {
            return Ok(None);
        }
        let (boot_id, rest) = bytes.split_at(8);
        let boot_id = boot_id.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        let mut words =
            rest.chunks_exact(4).filter_map(|word| word.first_chunk()).copied().map(u32::from_le_bytes);
        let mut next = || words.next().unwrap_or_default();
        let (epoch, writers, dead, flags) = (next(), next(), next(), next());
        Ok(Some(Counts {
            boot_id,
            metadata_epoch: LeaderEpoch(epoch.cast_signed()),
            writers,
            dead,
            in_order: flags & IN_ORDER != 0,
            kafkas: flags & KAFKAS != 0,
        }))
    }

    fn write(&self, file: &File) -> disk::Result<()> {
        let flags = if self.in_order { IN_ORDER } else { 0 } | if self.kafkas { KAFKAS } else { 0 };
        let words = [self.metadata_epoch.0.cast_unsigned(), self.writers, self.dead, flags];
        let words = words.into_iter().flat_map(u32::to_le_bytes);
        let bytes: Vec<u8> = self.boot_id.to_le_bytes().into_iter().chain(words).collect();
        file.write_at(&bytes, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that could not be counted was taken for one that isn't there.
    #[test]
    fn who_cannot_be_counted_keeps_the_seal_off() {
        let dir = tempfile::tempdir().unwrap();
        let coordination = Coordination::new(dir.path().join(".kt"));
        disk::create_dirs(coordination.root()).unwrap();
        let seal = || Seal::new(dir.path(), &coordination, LeaderEpoch(1), 5);
        Seal::put_on_new(dir.path()).unwrap();
        let counted = seal();
        counted.break_open().unwrap();
        let lock = coordination.writers_lock();
        std::fs::remove_file(&lock).unwrap();
        std::fs::create_dir(&lock).unwrap();
        let uncounted = seal();
        uncounted.break_open().unwrap();
        std::fs::remove_dir(&lock).unwrap();
        drop(counted);
        assert!(!marker(dir.path()).exists(), "one writes");
        drop(uncounted);
        let next = seal();
        next.break_open().unwrap();
        drop(next);
        assert!(!marker(dir.path()).exists(), "one wrote, and nobody knows whether it was killed");
    }
}
