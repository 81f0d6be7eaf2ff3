//! `Locked`: a partition whose lock this process holds, and what is done to its log meanwhile.

use super::error::Result;
use super::partition::Partition;
use super::state::SharedState;
use crate::disk::{self, File, FileLock};
use crate::log::{
    self, AbortedTransaction, Appended, Appender, BatchHeader, LogConfig, LogEnd, ProducerStates,
};
use crate::record::HEADER_SIZE;
use crate::types::{LeaderEpoch, Offset};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// When records are to be durable that are shown before they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eventually {
    /// When this process ends, at the latest.
    AtTheEnd,
    /// When the system sees to it.
    Whenever,
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
    pub(super) file: Arc<File>,
    pub(super) names: Vec<PathBuf>,
    pub(super) end: Offset,
}

/// A partition whose lock is held until this is dropped.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    partition: &'a mut Partition,
    /// The lock, on the file that tells `state`; `None` never before the end.
    lock: Option<FileLock>,
    state: SharedState,
    /// Whether a file's name is to be synced along with its content.
    new_names: bool,
}

impl<'a> Locked<'a> {
    /// `state` is what the locked file says, and the log agrees with it.
    pub(super) fn new(partition: &'a mut Partition, lock: FileLock, state: SharedState) -> Locked<'a> {
        Locked { partition, lock: Some(lock), state, new_names: false }
    }

    /// The replica's directory.
    pub(super) fn dir(&self) -> &Path {
        &self.partition.spec.dir
    }

    /// The state of the log's end.
    pub(super) fn end(&self) -> LogEnd {
        self.state.end
    }

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

    /// As `append`, for a batch that is not to be copied: the parts are a copy of its header and what follows that. `known` are
    /// the producers as of the log's end, if they are known.
    pub(super) fn append_parts(
        &mut self,
        parts: (&mut [u8; HEADER_SIZE], &[u8]),
        known: Option<&ProducerStates>,
        epoch: LeaderEpoch,
    ) -> Result<Appended> {
        self.append_with(epoch, |appender, end, epoch, config| {
            appender.append_parts(end, parts, known, epoch, config)
        })
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
            self.has_rolled()?;
        }
        self.partition.is_open = true;
        let saved = self.save();
        let appended = outcome?;
        saved?;
        self.new_names |= appended.first_in_segment;
        Ok(appended)
    }

    /// Closes the active segment and begins the next one.
    pub(super) fn roll(&mut self) -> Result<()> {
        let Some(appender) = &mut self.partition.appender else { return Err(self.partition.deleted()) };
        let rolled = appender.roll(&mut self.state.end);
        let noted = self.has_rolled();
        self.save()?;
        rolled?;
        noted
    }

    /// Takes note of a roll.
    fn has_rolled(&mut self) -> Result<()> {
        if let Some(appender) = &self.partition.appender {
            self.state.inode = appender.identity()?.0;
        }
        // A roll syncs what it closes.
        self.state.high_watermark = self.state.high_watermark.max(self.state.end.segment_base);
        if let Some(upkeep) = &self.partition.spec.upkeep {
            upkeep.rolled(&self.partition.spec.key);
        }
        Ok(())
    }

    /// Leaves the indexes as a broker does that stops in good order.
    pub(super) fn close(&mut self) -> Result<()> {
        if let Some(appender) = &self.partition.appender {
            appender.close(&self.state.end)?;
        }
        self.partition.is_open = false;
        Ok(())
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

    /// Lets readers see the records below `end`, which nobody is to wait for until they are durable.
    pub(super) fn publish_unsynced(&mut self, end: Offset, durable: Eventually) -> Result<()> {
        if let Some(seal) = &self.partition.spec.seal {
            match (durable, self.log_file()) {
                (Eventually::AtTheEnd, Some(file)) => seal.sync_at_end(&file),
                _ => seal.leave_unsynced(),
            }
        }
        self.publish(end)
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
        if let Some(lock) = &self.lock {
            self.state.write(lock.file())?;
        }
        Ok(())
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            self.partition.unlock(lock);
        }
    }
}
