//! `Partition`: one replica's log, shared with every other process that has it open.
//!
//! Appends happen under the lock on the partition's state file. Readers take no lock: they read up to the high
//! watermark that the state publishes.

use super::error::{Error, Result};
use super::locked::{Locked, Unsynced};
use super::paths;
use super::seal::Seal;
use super::state::SharedState;
use super::upkeep::{self, Upkeep};
use crate::disk::{self, Channels, File, FileLock, Mode, Wake};
use crate::log::{self, Appender, Gaps, LogConfig, LogEnd, Notes, Recovery};
use crate::types::{Offset, TopicPartition, Uuid};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a partition's files may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}

/// Where a partition lives and how it is to be treated.
#[derive(Clone, Debug)]
pub(super) struct PartitionSpec {
    /// The replica's directory.
    pub(super) dir: PathBuf,
    /// The topic's id, which the directory must bear: its name alone could be a later topic's.
    pub(super) topic_id: Uuid,
    /// The state file in `.kt/`.
    pub(super) state_path: PathBuf,
    pub(super) config: LogConfig,
    pub(super) gaps: Gaps,
    pub(super) channels: Channels,
    pub(super) access: Access,
    /// Where damage is noted that doesn't keep the rest from being read.
    pub(super) notes: Notes,
    /// The broker's recovery-point checkpoint and the partition's name in it.
    pub(super) recovery_points: PathBuf,
    pub(super) key: TopicPartition,
    /// Broken by whoever writes; `None` where nobody does, or nobody knows yet.
    pub(super) seal: Option<Arc<Seal>>,
    /// Is told of closed segments; `None` where there is nothing to be done about them.
    pub(super) upkeep: Option<Arc<Upkeep>>,
}

/// An open partition.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) spec: PartitionSpec,
    pub(super) wake: Wake,
    boot_id: u64,
    state_file: Option<File>,
    /// Whether `state_file` was opened for writing, not just by a reader.
    state_writable: bool,
    pub(super) appender: Option<Appender>,
    /// Set when a write or a sync failed in a way that leaves the file's content in doubt.
    pub(super) failed: bool,
    /// Whether something was appended, or the indexes were cut by a recovery, since they were last closed.
    pub(super) is_open: bool,
}

impl Partition {
    pub(super) fn new(spec: PartitionSpec, wake: Wake) -> Partition {
        let boot_id = disk::boot_id();
        Partition {
            spec,
            wake,
            boot_id,
            state_file: None,
            state_writable: false,
            appender: None,
            failed: false,
            is_open: false,
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.spec.dir
    }

    /// The topic's name and the partition's number.
    pub(super) fn key(&self) -> &TopicPartition {
        &self.spec.key
    }

    /// What must be durable for the first batch of a segment to be found: the small files beside it, which are written
    /// without a sync when the partition is made, and the directories.
    pub(super) fn names(&self) -> Vec<PathBuf> {
        let dir = &self.spec.dir;
        let mut names = log::companions(dir).to_vec();
        names.push(dir.clone());
        names.extend(dir.parent().map(Path::to_owned));
        names
    }

    pub(super) fn channels(&self) -> Channels {
        self.spec.channels
    }

    /// Has the seal broken before anything more is written.
    pub(super) fn guard(&mut self, seal: &Arc<Seal>) {
        self.spec.seal = Some(Arc::clone(seal));
    }

    pub(super) fn gaps(&self) -> Gaps {
        self.spec.gaps
    }

    /// The offset up to which records may be read.
    pub(super) fn high_watermark(&mut self) -> Result<Offset> {
        if let Some(state) = self.published()? {
            return if state.deleted { Err(self.deleted()) } else { Ok(state.high_watermark) };
        }
        if self.spec.access == Access::ReadWrite {
            match self.lock() {
                Ok(locked) => return Ok(locked.high_watermark()),
                Err(Error::Log(log::Error::Damaged { .. })) => {}
                // Whoever reads can do without a place to note what was found.
                Err(Error::Disk(e)) if e.is_full() => {}
                Err(e) => return Err(e),
            }
        }
        self.end_on_disk()
    }

    /// The state as others left it, if it can be believed without asking the log.
    pub(super) fn published(&mut self) -> Result<Option<SharedState>> {
        let first = self.state_file.is_none();
        if first {
            self.state_writable = false;
            self.state_file = match File::open(&self.spec.state_path, Mode::Read) {
                Ok(file) => Some(file),
                Err(e) if e.is_not_found() || e.is_read_only() => return Ok(None),
                Err(e) => return Err(e.into()),
            };
        }
        let state = self.read_state()?;
        // Once it has been found to agree with the log, whoever writes keeps it so. A broker that runs on the directory
        // doesn't; but then this process may only read.
        let doubtful = first || self.spec.access == Access::ReadOnly;
        let believed = match state {
            Some(state) if doubtful && !self.agrees(&state)? => None,
            state => state,
        };
        if believed.is_none() {
            self.state_file = None;
        }
        Ok(believed)
    }

    /// Whether the active .log is the one that the state speaks of, and as long. It is longer where a broker has been at
    /// work on the directory since, and for a moment where an append is under way: then the lock tells.
    fn agrees(&self, state: &SharedState) -> Result<bool> {
        let path = log::segment_file(&self.spec.dir, state.end.segment_base, log::FileKind::Log);
        let (inode, length) = match File::open(&path, Mode::Read) {
            Ok(file) => file.identity()?,
            Err(e) if e.is_not_found() => return Ok(state.deleted),
            Err(e) => return Err(e.into()),
        };
        let as_long = length == state.end.segment_bytes;
        Ok(inode == state.inode && as_long && !self.roll_was_cut_short(&state.end))
    }

    fn read_state(&self) -> Result<Option<SharedState>> {
        match &self.state_file {
            Some(file) => Ok(SharedState::read(file, self.boot_id)?),
            None => Ok(None),
        }
    }

    pub(super) fn deleted(&self) -> Error {
        Error::PartitionGone { dir: self.spec.dir.clone() }
    }

    /// Takes the partition's lock and makes sure of the log's end.
    pub(super) fn lock(&mut self) -> Result<Locked<'_>> {
        let lock = self.prepare_lock().and_then(|()| self.locked_state_file())?;
        self.locked(lock)
    }

    /// The same if nobody has the lock, and this process has had it before.
    pub(super) fn lock_at_once(&mut self) -> Result<Option<Locked<'_>>> {
        self.prepare_lock()?;
        let Some(file) = self.state_file.take().filter(|_| self.state_writable) else { return Ok(None) };
        match FileLock::take_at_once(file)? {
            Ok(lock) if lock.file().is_at_its_path()? => self.locked(lock).map(Some),
            Ok(lock) => {
                self.unlock(lock);
                Ok(None)
            }
            Err(file) => {
                self.state_file = Some(file);
                Ok(None)
            }
        }
    }

    fn prepare_lock(&self) -> Result<()> {
        if self.spec.access == Access::ReadOnly {
            return Err(Error::ReadOnly { path: self.spec.dir.clone() });
        }
        if self.failed {
            return Err(Error::Failed { dir: self.spec.dir.clone() });
        }
        Ok(())
    }

    /// Makes sure of the log's end, with the lock taken.
    fn locked(&mut self, lock: FileLock) -> Result<Locked<'_>> {
        let state = SharedState::read(lock.file(), self.boot_id)?;
        let mut state = state.unwrap_or_else(SharedState::unknown);
        let settled = if state.deleted { Err(self.deleted()) } else { self.settle(&mut state, lock.file()) };
        match settled {
            Ok(()) => Ok(Locked::new(self, lock, state)),
            Err(e) => {
                self.unlock(lock);
                Err(e)
            }
        }
    }

    /// Recovers the log if need be, and makes it durable and visible.
    pub(super) fn settle_durably(&mut self) -> Result<()> {
        let mut locked = self.lock()?;
        locked.sync_and_publish()?;
        // Whoever appended the first batch of a producer may have died before the snapshot that is due with it.
        log::write_first_snapshot(locked.dir(), locked.log_end())?;
        locked.close()
    }

    /// Recovers the closed segments too, from where a broker would begin.
    pub(super) fn settle_closed(&mut self) -> Result<()> {
        let (from, config) = (self.recovery_point()?, self.spec.config);
        let locked = self.lock()?;
        Ok(log::recover_closed(locked.dir(), from, &config)?)
    }

    /// The state file, locked, and the one that its path leads to. Whoever holds it can rely on the directory: it is
    /// taken away, and a later topic's put in its place, only by a holder of this lock.
    fn locked_state_file(&mut self) -> Result<FileLock> {
        if let Some(seal) = &self.spec.seal {
            seal.break_open()?;
        }
        loop {
            let (file, known) = match self.state_file.take().filter(|_| self.state_writable) {
                Some(file) => (file, true),
                None => (self.open_state_file()?, false),
            };
            self.state_writable = true;
            let lock = FileLock::take(file)?;
            if !lock.file().is_at_its_path()? {
                self.appender = None;
                continue;
            }
            if !known && !self.owns_directory()? {
                disk::remove_file(&self.spec.state_path)?;
                return Err(self.deleted());
            }
            return Ok(lock);
        }
    }

    /// Whether the directory is there and of this topic, not of a later one with the same name.
    fn owns_directory(&self) -> Result<bool> {
        let dir = &self.spec.dir;
        Ok(log::read_partition_metadata(dir)?.map_or(dir.is_dir(), |id| id == self.spec.topic_id))
    }

    /// Marks the partition as deleted for every process that has it open and has `remove` take its directory away, both
    /// under the lock. Does nothing where the directory is gone or another topic's by now. Looks at no record, so that
    /// a damaged log can be deleted.
    pub(super) fn delete(&mut self, remove: impl FnOnce() -> Result<()>) -> Result<()> {
        let lock = match self.locked_state_file() {
            Ok(lock) => lock,
            Err(Error::PartitionGone { .. }) => return Ok(()),
            Err(e) => return Err(e),
        };
        let state = SharedState::read(lock.file(), self.boot_id)?.unwrap_or_else(SharedState::unknown);
        SharedState { deleted: true, boot_id: self.boot_id, ..state }.write(lock.file())?;
        let outcome = remove().and_then(|()| Ok(disk::remove_file(&self.spec.state_path)?));
        self.unlock(lock);
        self.wake.notify(self.spec.channels);
        outcome
    }

    /// A deleted partition's state file is gone with it: it isn't made anew without the replica's directory.
    fn open_state_file(&self) -> Result<File> {
        if !self.spec.dir.is_dir() {
            return Err(self.deleted());
        }
        if let Some(parent) = self.spec.state_path.parent() {
            disk::create_dirs(parent)?;
        }
        Ok(File::open(&self.spec.state_path, Mode::Create)?)
    }

    pub(super) fn unlock(&mut self, lock: FileLock) {
        self.state_file = lock.release();
    }

    /// Makes what was appended durable without the lock, so that others can append meanwhile and one sync of the system's
    /// serves them all, and then visible. A file that was rolled away since was synced by the roll.
    pub(super) fn sync(&mut self, unsynced: &Unsynced) -> Result<()> {
        if let Err(e) = unsynced.file.sync_data() {
            self.failed = true;
            return Err(e.into());
        }
        unsynced.names.iter().try_for_each(|path| disk::sync_path(path))?;
        self.lock()?.publish(unsynced.end)
    }

    /// Opens the active segment and makes `state` agree with it, by recovery where it doesn't.
    fn settle(&mut self, state: &mut SharedState, file: &File) -> Result<()> {
        let (mut known, mut published) = (None, Offset::ZERO);
        if state.boot_id == self.boot_id {
            if self.appender.as_ref().is_none_or(|open| open.segment_base() != state.end.segment_base) {
                let path = log::segment_file(&self.spec.dir, state.end.segment_base, log::FileKind::Log);
                self.appender =
                    if path.exists() { Some(Appender::open(&self.spec.dir, &state.end)?) } else { None };
            }
            if let Some(appender) = &self.appender {
                let (inode, length) = appender.identity()?;
                let agrees = inode == state.inode && length == state.end.segment_bytes;
                if agrees && !self.roll_was_cut_short(&state.end) {
                    return Ok(());
                }
                if inode == state.inode {
                    known = (length > state.end.segment_bytes).then_some(state.end);
                    published = state.high_watermark;
                }
            }
        }
        let durable = self.recovery_point()?.max(published);
        if let Some(lock) =
            self.spec.upkeep.as_ref().and_then(|_| paths::upkeep_beside(&self.spec.state_path))
        {
            upkeep::finish_what_was_left(&self.spec.dir, &lock)?;
        }
        let how = Recovery { known, durable, writable: true };
        let recovered = log::recover(&self.spec.dir, &how, &self.spec.config);
        // It cuts the indexes to what it counts; the entry with which they were closed is not counted.
        self.is_open |= !matches!(recovered, Err(log::Error::Damaged { .. }));
        let end = recovered?;
        let appender = Appender::open(&self.spec.dir, &end)?;
        // What is published must be durable, and nobody can say whether this was.
        if end.segment_bytes > 0 {
            appender.log_file().sync_data()?;
        }
        let (inode, _) = appender.identity()?;
        *state =
            SharedState { deleted: false, boot_id: self.boot_id, inode, high_watermark: end.log_end, end };
        self.appender = Some(appender);
        state.write(file)?;
        Ok(())
    }

    /// Leaves the log as a broker leaves it that stops in good order.
    fn close(&mut self) -> Result<()> {
        if self.failed {
            return Err(Error::Failed { dir: self.spec.dir.clone() });
        }
        if !self.is_open {
            return Ok(());
        }
        match self.lock() {
            Ok(mut locked) => {
                // Somebody gave up between appending and syncing; it is in the log all the same.
                if locked.high_watermark() < locked.log_end() {
                    locked.sync_and_publish()?;
                }
                locked.close()
            }
            Err(Error::PartitionGone { .. }) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Whether a process died between making the next segment and saying so: then that segment is the active one.
    fn roll_was_cut_short(&self, end: &LogEnd) -> bool {
        end.segment_bytes > 0 && log::segment_file(&self.spec.dir, end.log_end, log::FileKind::Log).exists()
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        if self.close().is_err()
            && let Some(seal) = &self.spec.seal
        {
            seal.leave_unsynced();
        }
    }
}
