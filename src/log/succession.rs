//! Which segment is read after another, in a log whose segments are removed and merged meanwhile.
//!
//! Who reads takes no lock. Segments that were cleaned are replaced like this: first the merged segment takes the name of
//! the earliest of them, then the names of the others go. So at any moment the names together lead to all records, some of
//! them maybe twice.

use super::names::{segments, settled_segments};
use super::{Error, Result};
use crate::disk::File;
use crate::types::Offset;
use std::path::Path;

/// So often a file is gone that was listed a moment before, until there must be another reason.
pub(super) const ATTEMPTS: usize = 1000;

/// What comes after a segment that was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Segment(Offset),
    /// The segment is no longer the one that was read: the place is to be looked up by its offset.
    Changed,
    /// There is no other behind it.
    Nothing,
}

/// What to read after the segment at `done`, of which `file` was read to its end, when everything below `next` has been read.
pub(super) fn after(dir: &Path, done: Offset, file: &File, next: Offset) -> Result<Next> {
    let bases = settled_segments(dir)?;
    // Looked at after the listing: if it is still there, the others were not merged into it when they were listed.
    if !bases.contains(&done) || !file.is_at_its_path()? {
        return Ok(Next::Changed);
    }
    Ok(following(&bases, done, next).map_or(Next::Nothing, Next::Segment))
}

/// The last segment that begins at or before `next`, if that is behind `done`, else the first one behind it: what lies
/// between has been merged into what was read.
fn following(bases: &[Offset], done: Offset, next: Offset) -> Option<Offset> {
    let behind = bases.iter().filter(|&&base| base > done);
    behind.clone().rfind(|&&base| base <= next).or_else(|| behind.clone().next()).copied()
}

/// The segment that an offset lies in, and otherwise the first one's base as an error of range.
pub(super) fn holding(dir: &Path, offset: Offset) -> Result<Offset> {
    let floor = |bases: &[Offset]| bases.iter().rfind(|&&base| base <= offset).copied();
    if let Some(base) = floor(&segments(dir)?) {
        return Ok(base);
    }
    let bases = settled_segments(dir)?;
    match (floor(&bases), bases.first()) {
        (Some(base), _) => Ok(base),
        (None, Some(&first)) => Err(Error::OutOfRange { wanted: offset, start: first }),
        (None, None) => Err(Error::NoSegment { dir: dir.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_merged_is_not_read_again() {
        let bases: Vec<Offset> = [0, 10, 20, 30].map(Offset::new).into();
        let after = |done, next| following(&bases, Offset::new(done), Offset::new(next)).map(Offset::get);
        assert_eq!(after(0, 10), Some(10));
        assert_eq!(after(0, 7), Some(10), "compaction has taken the end of the first");
        assert_eq!(after(0, 30), Some(30), "all three were merged, and the names of two are about to go");
        assert_eq!(after(0, 29), Some(20));
        assert_eq!(after(30, 35), None);
    }
}
