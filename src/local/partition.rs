//! `Partition`: one replica's log, shared with every other process that has it open.
//!
//! Appends happen under the lock on the partition's state file. Readers take no lock: they read up to the high
//! watermark that the state publishes.

use super::error::{Error, Result};
use super::state::SharedState;
use crate::disk::{self, Channels, File, Mode, Wake};
use crate::log::{
    self, AbortedTransaction, Appended, Appender, BatchHeader, Gaps, LogConfig, LogEnd, LogReader,
    ProducerStates, Recovery,
};
use crate::types::{LeaderEpoch, Offset, TopicPartition, Uuid};
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
    /// The broker's recovery-point checkpoint and the partition's name in it.
    pub(super) recovery_points: PathBuf,
    pub(super) key: TopicPartition,
}

/// An open partition.
#[derive(Debug)]
pub(super) struct Partition {
    spec: PartitionSpec,
    wake: Wake,
    boot_id: u64,
    state_file: Option<File>,
    /// Whether `state_file` was opened for writing, not just by a reader.
    state_writable: bool,
    appender: Option<Appender>,
    /// Set when a write or a sync failed in a way that leaves the file's content in doubt.
    failed: bool,
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

    pub(super) fn reader(&self, from: Offset) -> Result<LogReader> {
        Ok(LogReader::open(&self.spec.dir, from, self.spec.gaps)?)
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
                Ok(locked) => return Ok(locked.state.high_watermark),
                Err(Error::Log(log::Error::Damaged { .. })) => {}
                Err(e) => return Err(e),
            }
        }
        let how = Recovery { known: None, durable: self.recovery_point()?, writable: false };
        match log::recover(&self.spec.dir, &how, &self.spec.config) {
            Ok(end) => Ok(end.log_end),
            // What follows a damaged batch can't be told from here. One more than what is sound, so that a reader
            // gets what there is, and then the error that names the damage.
            Err(log::Error::Damaged { offset, .. }) => Ok(offset.next()),
            Err(e) => Err(e.into()),
        }
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

    fn deleted(&self) -> Error {
        Error::PartitionGone { dir: self.spec.dir.clone() }
    }

    /// Takes the partition's lock and makes sure of the log's end.
    pub(super) fn lock(&mut self) -> Result<Locked<'_>> {
        if self.spec.access == Access::ReadOnly {
            return Err(Error::ReadOnly { path: self.spec.dir.clone() });
        }
        if self.failed {
            return Err(Error::Failed { dir: self.spec.dir.clone() });
        }
        let file = self.locked_state_file()?;
        let state = SharedState::read(&file, self.boot_id)?;
        self.state_file = Some(file);
        // From here on the guard gives the lock back, whatever fails.
        let mut state = state.unwrap_or_else(SharedState::unknown);
        if state.deleted {
            self.unlock();
            return Err(self.deleted());
        }
        match self.settle(&mut state) {
            Ok(()) => Ok(Locked { partition: self, state, new_names: false }),
            Err(e) => {
                self.unlock();
                Err(e)
            }
        }
    }

    /// The state file, locked, and the one that its path leads to. Whoever holds it can rely on the directory: it is
    /// taken away, and a later topic's put in its place, only by a holder of this lock.
    fn locked_state_file(&mut self) -> Result<File> {
        loop {
            let (file, known) = match self.state_file.take().filter(|_| self.state_writable) {
                Some(file) => (file, true),
                None => (self.open_state_file()?, false),
            };
            self.state_writable = true;
            disk::lock(&file)?;
            if !file.is_at_its_path()? {
                self.appender = None;
                continue;
            }
            if !known && !self.owns_directory()? {
                disk::remove_file(&self.spec.state_path)?;
                return Err(self.deleted());
            }
            return Ok(file);
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
        let file = match self.locked_state_file() {
            Ok(file) => file,
            Err(Error::PartitionGone { .. }) => return Ok(()),
            Err(e) => return Err(e),
        };
        let state = SharedState::read(&file, self.boot_id)?.unwrap_or_else(SharedState::unknown);
        SharedState { deleted: true, boot_id: self.boot_id, ..state }.write(&file)?;
        self.state_file = Some(file);
        let outcome = remove().and_then(|()| Ok(disk::remove_file(&self.spec.state_path)?));
        self.unlock();
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

    fn unlock(&mut self) {
        if let Some(file) = &self.state_file {
            // Closing the file gives the lock back where this fails.
            if disk::unlock(file).is_err() {
                self.state_file = None;
            }
        }
    }

    /// The offset below which the broker's checkpoint says that everything is durable.
    fn recovery_point(&self) -> Result<Offset> {
        let points = log::read_checkpoint(&self.spec.recovery_points)?;
        Ok(points.get(&self.spec.key).copied().unwrap_or(Offset::ZERO))
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
    fn settle(&mut self, state: &mut SharedState) -> Result<()> {
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
        let how = Recovery { known, durable, writable: true };
        let end = log::recover(&self.spec.dir, &how, &self.spec.config)?;
        let appender = Appender::open(&self.spec.dir, &end)?;
        // What is published must be durable, and nobody can say whether this was.
        if end.segment_bytes > 0 {
            appender.log_file().sync_data()?;
        }
        let (inode, _) = appender.identity()?;
        *state =
            SharedState { deleted: false, boot_id: self.boot_id, inode, high_watermark: end.log_end, end };
        self.appender = Some(appender);
        if let Some(file) = &self.state_file {
            state.write(file)?;
        }
        Ok(())
    }

    /// Whether a process died between making the next segment and saying so: then that segment is the active one.
    fn roll_was_cut_short(&self, end: &LogEnd) -> bool {
        end.segment_bytes > 0 && log::segment_file(&self.spec.dir, end.log_end, log::FileKind::Log).exists()
    }
}

/// What became of a batch that may have been in the log already.
#[derive(Clone, Copy, Debug)]
pub(super) enum Placed {
    Now(Appended),
    Before { last_offset: Offset },
}

impl Placed {
    /// The batch's place, whoever put it there. What was there before may not be durable yet.
    pub(super) fn appended(self) -> Appended {
        match self {
            Placed::Now(appended) => appended,
            Placed::Before { last_offset } => Appended { last_offset, first_in_segment: true },
        }
    }
}

/// Records below `end` that are in `file`, which is to be synced with the small files and directories beside it.
#[derive(Debug)]
pub(super) struct Unsynced {
    file: Arc<File>,
    names: Vec<PathBuf>,
    end: Offset,
}

/// A partition whose lock is held until this is dropped.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    partition: &'a mut Partition,
    state: SharedState,
    /// Whether a file's name is to be synced along with its content.
    new_names: bool,
}

impl Locked<'_> {
    /// The offset that the next record gets.
    pub(super) fn log_end(&self) -> Offset {
        self.state.end.log_end
    }

    pub(super) fn high_watermark(&self) -> Offset {
        self.state.high_watermark
    }

    /// The epoch in which the log was last written or led.
    pub(super) fn leader_epoch(&self) -> LeaderEpoch {
        self.state.end.leader_epoch
    }

    /// Appends a whole batch. It is in the file when this returns, neither durable nor visible to readers.
    pub(super) fn append(&mut self, batch: &mut [u8], epoch: LeaderEpoch) -> Result<Appended> {
        self.append_with(epoch, |appender, end, epoch, config| appender.append(end, batch, epoch, config))
    }

    /// Appends a producer's batch unless it is in the log already, as one may be that was sent again because nobody knew
    /// what became of it. One out of turn, or of an epoch that has ended, is refused. Costs a look at every batch since
    /// the newest snapshot.
    pub(super) fn append_once(&mut self, batch: &mut [u8], epoch: LeaderEpoch) -> Result<Placed> {
        let header = BatchHeader::parse(batch)?;
        let producers = ProducerStates::load(&self.partition.spec.dir, Offset::ZERO, self.state.end.log_end)?;
        match producers.check(&header)? {
            Some(last_offset) => Ok(Placed::Before { last_offset }),
            None => Ok(Placed::Now(self.append(batch, epoch)?)),
        }
    }

    /// Appends the ABORT marker of a producer's transaction, with the index entry that readers need to skip it.
    pub(super) fn append_abort(
        &mut self,
        marker: &mut [u8],
        epoch: LeaderEpoch,
        producer_id: i64,
    ) -> Result<Appended> {
        let offset = self.state.end.log_end;
        let producers = ProducerStates::load(&self.partition.spec.dir, Offset::ZERO, offset)?;
        let Some(first_offset) = producers.open_transaction(producer_id) else {
            // Nothing of the transaction ever got here.
            return self.append(marker, epoch);
        };
        let aborted = AbortedTransaction {
            producer_id,
            first_offset,
            last_offset: offset,
            last_stable_offset: producers.stable_without(producer_id, offset.next()),
        };
        self.append_with(epoch, |appender, end, epoch, config| {
            appender.append_abort(end, marker, epoch, config, &aborted)
        })
    }

    fn append_with(
        &mut self,
        epoch: LeaderEpoch,
        append: impl FnOnce(&mut Appender, &mut LogEnd, LeaderEpoch, &LogConfig) -> log::Result<Appended>,
    ) -> Result<Appended> {
        let partition = &mut *self.partition;
        let Some(appender) = &mut partition.appender else { return Err(partition.deleted()) };
        let rolled_from = appender.segment_base();
        // The metadata may lag behind a broker that led in between.
        let epoch = epoch.max(self.state.end.leader_epoch);
        let outcome = append(appender, &mut self.state.end, epoch, &partition.spec.config);
        if appender.segment_base() != rolled_from {
            self.state.inode = appender.identity()?.0;
            // A roll syncs what it closes.
            self.state.high_watermark = self.state.high_watermark.max(self.state.end.segment_base);
        }
        let saved = self.save();
        let appended = outcome?;
        saved?;
        self.new_names |= appended.first_in_segment;
        Ok(appended)
    }

    /// The file to be synced for what was appended so far.
    pub(super) fn log_file(&self) -> Option<Arc<File>> {
        self.partition.appender.as_ref().map(Appender::log_file)
    }

    /// Lets readers see the records below `end`.
    pub(super) fn publish(&mut self, end: Offset) -> Result<()> {
        let end = end.min(self.state.end.log_end);
        if end > self.state.high_watermark {
            self.state.high_watermark = end;
            self.save()?;
        }
        // Notified even where another has published further: its own notice may still be to come.
        self.partition.wake.notify(self.partition.spec.channels);
        Ok(())
    }

    /// Whether what was appended began a segment, whose names are to be made durable once.
    pub(super) fn has_new_names(&self) -> bool {
        self.new_names
    }

    /// What is in the log and not visible yet, to be synced when the lock has been given back; see [`Partition::sync`].
    pub(super) fn unsynced(&self) -> Option<Unsynced> {
        let end = self.state.end.log_end;
        let file = self.log_file().filter(|_| self.state.high_watermark < end)?;
        let names = if self.new_names { self.partition.names() } else { Vec::new() };
        Some(Unsynced { file, names, end })
    }

    /// Makes everything appended so far durable and visible.
    pub(super) fn sync_and_publish(&mut self) -> Result<()> {
        if let Some(file) = self.log_file()
            && let Err(e) = file.sync_data()
        {
            self.partition.failed = true;
            return Err(e.into());
        }
        if self.new_names {
            for path in self.partition.names() {
                disk::sync_path(&path)?;
            }
            self.new_names = false;
        }
        self.publish(self.state.end.log_end)
    }

    fn save(&mut self) -> Result<()> {
        if let Some(file) = &self.partition.state_file {
            self.state.write(file)?;
        }
        Ok(())
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.partition.unlock();
    }
}
