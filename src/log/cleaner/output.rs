//! `Output`: the segment that cleaned batches are written to, with its indexes, under names that make it no part of the log.

use crate::disk::{File, Mode};
use crate::log::append::account;
use crate::log::names::{FileKind, Stage, staged_file};
use crate::log::segment::Segment;
use crate::log::txn_index;
use crate::log::{AbortedTransaction, LogConfig, LogEnd, Result};
use crate::record::BatchHeader;
use crate::types::{LeaderEpoch, Offset};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// So much is written at a time.
const WRITE_BYTES: usize = 1024 * 1024;
/// So much is synced at a time, so that who waits for the disk meanwhile doesn't wait for all of it.
const SYNC_BYTES: u64 = 32 * 1024 * 1024;

pub(super) struct Output {
    dir: PathBuf,
    segment: Segment,
    config: LogConfig,
    /// The end of what was taken; what is pending is counted.
    end: LogEnd,
    pending: Vec<u8>,
    written: u64,
    synced: u64,
    aborted: Vec<u8>,
}

impl Output {
    pub(super) fn create(dir: &Path, base: Offset, config: &LogConfig) -> Result<Output> {
        Ok(Output {
            dir: dir.to_owned(),
            segment: Segment::create_cleaned(dir, base)?,
            config: *config,
            end: LogEnd::empty(base, LeaderEpoch::UNKNOWN),
            pending: Vec::with_capacity(WRITE_BYTES),
            written: 0,
            synced: 0,
            aborted: Vec::new(),
        })
    }

    /// Adds a batch, whole, that comes after all others.
    pub(super) fn append(&mut self, batch: &[u8]) -> Result<()> {
        let header = BatchHeader::parse(batch)?;
        let size = batch.len() as u64;
        account(
            &mut self.end,
            Some(&self.segment),
            &self.config,
            header.last_offset(),
            header.max_timestamp(),
            size,
        )?;
        self.pending.extend_from_slice(batch);
        if self.pending.len() >= WRITE_BYTES { self.write() } else { Ok(()) }
    }

    /// Adds an entry to the index of aborted transactions.
    pub(super) fn append_aborted(&mut self, aborted: &AbortedTransaction) {
        self.aborted.extend_from_slice(&txn_index::encode(aborted));
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.end.segment_bytes
    }

    /// Makes the segment's files complete and durable; `modified` is when its records were written last. Answers the .log.
    pub(super) fn finish(mut self, modified: SystemTime) -> Result<Arc<File>> {
        self.write()?;
        self.segment.index_time(&mut self.end)?;
        if !self.aborted.is_empty() {
            let path = staged_file(&self.dir, self.segment.base, FileKind::TransactionIndex, Stage::Cleaned);
            let index = File::open(&path, Mode::New)?;
            index.write_at(&self.aborted, 0)?;
            index.sync_data()?;
        }
        self.segment.sync()?;
        self.segment.log.set_modified(modified)?;
        Ok(self.segment.log)
    }

    fn write(&mut self) -> Result<()> {
        self.segment.log.write_at(&self.pending, self.written)?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        if self.written - self.synced >= SYNC_BYTES {
            self.segment.log.sync_data()?;
            self.synced = self.written;
        }
        Ok(())
    }
}
