//! Reading a partition without anyone's help: from its files, as far as they go. Part of `Partition`.

use super::error::{Error, Result};
use super::partition::{Access, Partition};
use crate::disk::{self, File, Mode};
use crate::log::{self, LogEnd, LogReader, Notes, Recovery};
use crate::types::Offset;

impl Partition {
    /// Where damage is noted that doesn't keep the rest from being read; `None` where it does.
    pub(super) fn notes(&self) -> Option<&Notes> {
        (self.spec.access == Access::ReadOnly).then_some(&self.spec.notes)
    }

    pub(super) fn reader(&self, from: Offset) -> Result<LogReader> {
        let reader = LogReader::open(&self.spec.dir, from, self.spec.gaps)?;
        Ok(match self.notes() {
            None => reader,
            Some(notes) => reader.noting(notes),
        })
    }

    /// The log's end as its files have it.
    pub(super) fn end_on_disk(&self) -> Result<Offset> {
        if !self.spec.dir.is_dir() {
            let missing = Error::NotHere { dir: self.spec.dir.clone() };
            self.notes().into_iter().for_each(|notes| notes.add(&missing));
            return Err(missing);
        }
        let how = Recovery { known: None, durable: self.recovery_point()?, writable: false };
        match log::recover(&self.spec.dir, &how, &self.spec.config) {
            Ok(end) => {
                self.note_tail(&end);
                Ok(end.log_end)
            }
            // At least one more than what is sound, so that a reader gets what there is, and then the error that names
            // the damage.
            Err(e @ log::Error::Damaged { offset, .. }) => {
                self.notes().into_iter().for_each(|notes| notes.add(&e));
                Ok(log::readable_end(&self.spec.dir)?.max(offset.next()))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The offset below which the broker's checkpoint says that everything is durable.
    pub(super) fn recovery_point(&self) -> Result<Offset> {
        let points = match log::read_checkpoint(&self.spec.recovery_points) {
            // Without it there is less to hold the log against.
            Err(e) if self.spec.access == Access::ReadOnly => {
                self.spec.notes.add(e);
                return Ok(Offset::ZERO);
            }
            other => other?,
        };
        Ok(points.get(&self.spec.key).copied().unwrap_or(Offset::ZERO))
    }

    /// Notes bytes behind the last whole batch. Where somebody writes they are no damage: a write is under way.
    fn note_tail(&self, end: &LogEnd) {
        let Some(notes) = self.notes() else { return };
        let path = log::segment_file(&self.spec.dir, end.segment_base, log::FileKind::Log);
        let length = File::open(&path, Mode::Read).and_then(|file| file.len());
        let behind = length.map_or(0, |length| length.saturating_sub(end.segment_bytes));
        let lock = self.spec.recovery_points.with_file_name(".lock");
        if behind > 0 && !disk::is_range_locked(&lock) {
            notes.add(format!(
                "{} ends at position {} (offset {}) with {behind} bytes that are no whole batch",
                path.display(),
                end.segment_bytes,
                end.log_end
            ));
        }
    }
}
