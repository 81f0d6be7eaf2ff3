//! Whose turn it is: the partition for the next record without a key, going on across runs.

use crate::disk::{self, File, Mode};
use std::path::PathBuf;

/// A topic's turn. Two producers at once take turns each for itself; the one that stores last says where the next run
/// begins. Losing the file begins again at partition 0.
#[derive(Debug)]
pub(super) struct Rotation {
    path: PathBuf,
    file: Option<File>,
    next: u64,
    stored: u64,
}

impl Rotation {
    pub(super) fn load(path: PathBuf) -> Rotation {
        let file = File::open(&path, Mode::Read).ok();
        let mut bytes = [0; 8];
        let whole =
            file.and_then(|file| file.read_at(&mut bytes, 0).ok()).is_some_and(|count| count == bytes.len());
        let next = if whole { u64::from_le_bytes(bytes) } else { 0 };
        Rotation { path, file: None, next, stored: next }
    }

    /// The partition whose turn it is, of `count`.
    pub(super) fn take(&mut self, count: usize) -> usize {
        let turn = self.next % (count.max(1) as u64);
        self.next = self.next.wrapping_add(1);
        usize::try_from(turn).unwrap_or(0)
    }

    /// Keeps the turn for the next run.
    pub(super) fn store(&mut self) -> disk::Result<()> {
        if self.stored == self.next {
            return Ok(());
        }
        if self.file.is_none() {
            if let Some(parent) = self.path.parent() {
                disk::create_dirs(parent)?;
            }
            self.file = Some(File::open(&self.path, Mode::Create)?);
        }
        if let Some(file) = &self.file {
            file.write_at(&self.next.to_le_bytes(), 0)?;
        }
        self.stored = self.next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_goes_on_where_this_one_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rotation").join("topic");
        let mut rotation = Rotation::load(path.clone());
        assert_eq!([rotation.take(3), rotation.take(3)], [0, 1]);
        rotation.store().unwrap();
        let mut rotation = Rotation::load(path);
        assert_eq!([rotation.take(3), rotation.take(3)], [2, 0]);
    }
}
