//! `Replacement`: a cleaned segment on its way into the log. Its steps are taken in order; see `swap` for what they mean
//! to a process that dies and to those who read.

use crate::disk::{self, File};
use crate::log::Result;
use crate::log::names::{FileKind, Stage, segment_file, staged_file};
use crate::log::swap::{self, number};
use crate::types::Offset;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A segment that was written under `.cleaned` names, durably, and those that it takes the place of.
#[derive(Debug)]
pub(crate) struct Replacement {
    pub(super) dir: PathBuf,
    /// What was cleaned: bases and the files' numbers. The first base is the new segment's too.
    pub(super) sources: Vec<(Offset, u64)>,
    pub(super) log: Arc<File>,
}

impl Replacement {
    fn base(&self) -> Offset {
        self.sources.first().map_or(Offset::ZERO, |&(base, _)| base)
    }

    /// First step, under the partition's lock: from now on it is finished by whoever opens the log. `false`: what was cleaned is
    /// not there any more, and the work was for nothing.
    pub(crate) fn stage(&self) -> Result<bool> {
        if !self.log.is_at_its_path()? || !self.sources_are_there()? {
            return Ok(false);
        }
        swap::stage(&self.dir, self.base())?;
        Ok(true)
    }

    /// Second step, without a lock.
    pub(crate) fn make_durable(&self) -> Result<()> {
        Ok(disk::sync_path(&self.dir)?)
    }

    /// Third step, under the partition's lock; `false` as above.
    pub(crate) fn put_in_place(&self) -> Result<bool> {
        let base = self.base();
        let ours = self.log.identity()?.0;
        let staged = staged_file(&self.dir, base, FileKind::Log, Stage::Swap);
        if number(&staged)? != Some(ours) {
            return Ok(false);
        }
        if !self.sources_are_there()? {
            swap::clear(&self.dir, base)?;
            return Ok(false);
        }
        let merged: Vec<Offset> = self.sources.iter().skip(1).map(|&(base, _)| base).collect();
        swap::put_in_place(&self.dir, base, &merged)?;
        Ok(true)
    }

    /// Last step, without a lock.
    pub(crate) fn clear(&self) -> Result<()> {
        swap::clear(&self.dir, self.base())?;
        swap::remove_deleted(&self.dir)
    }

    /// Removes the `.cleaned` files.
    pub(crate) fn abandon(&self) -> Result<()> {
        abandon(&self.dir, self.base())
    }

    fn sources_are_there(&self) -> Result<bool> {
        for &(base, known) in &self.sources {
            if number(&segment_file(&self.dir, base, FileKind::Log))? != Some(known) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Removes the `.cleaned` files of a segment.
pub(super) fn abandon(dir: &Path, base: Offset) -> Result<()> {
    for kind in FileKind::OF_SEGMENT {
        disk::remove_file(&staged_file(dir, base, kind, Stage::Cleaned))?;
    }
    Ok(())
}
