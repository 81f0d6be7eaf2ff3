//! Files on their way into a log and out of it: `.cleaned`, `.swap` and `.deleted`.
//!
//! A segment goes by getting the suffix `.deleted`, its .log first, and is removed later, when nobody waits for that.
//! Cleaned segments come in by these steps, of which any may be the last one of a process:
//!
//! 1. everything is written to `.cleaned` files and durable;
//! 2. these become `.swap` files, durably: from here on whoever opens the log finishes what was begun;
//! 3. the live names of the first one that was cleaned come to lead to the same files as the `.swap` names do: at each
//!    moment they lead to the old ones or to the new ones, so that who reads misses nothing;
//! 4. the others that were merged into it go;
//! 5. the `.swap` names go.
//!
//! A broker that starts after any of these steps does the same (Kafka's `LogLoader`): it removes `.cleaned` files, and the
//! `.swap` files of offsets from the first of them on; it drops every live file in the range of a `.swap` .log, and gives
//! all `.swap` files their live names.

use super::headers::end_of_batches;
use super::names::{FileKind, SegmentFile, Stage, segment_file, segment_files, staged_file};
use super::{Error, Result};
use crate::disk::{self, File, Mode};
use crate::types::Offset;
use std::path::{Path, PathBuf};

/// Behind a `.swap` name: a second name on its way to be the live one.
const LINK: &str = ".tmp";

/// Takes a segment out of the log. Who has it open reads on.
pub(super) fn set_aside(dir: &Path, base: Offset) -> Result<()> {
    for kind in FileKind::OF_SEGMENT.into_iter().chain([FileKind::ProducerSnapshot]) {
        let aside = staged_file(dir, base, kind, Stage::Deleted);
        unless_missing(disk::rename(&segment_file(dir, base, kind), &aside))?;
    }
    Ok(())
}

/// Removes, for good, what was taken out of the log. Needs no lock.
pub(crate) fn remove_deleted(dir: &Path) -> Result<()> {
    let files = match segment_files(dir) {
        Err(e) if e.is_not_found() => return Ok(()),
        other => other?,
    };
    for file in files.iter().filter(|file| file.stage == Some(Stage::Deleted)) {
        disk::remove_file(&file.path(dir))?;
    }
    Ok(())
}

/// Sees to it that nothing of what is about to be taken out of the log below `start` comes back into it: a swap that was begun
/// is finished, one that is about to begin called off. The caller holds the partition's lock.
pub(super) fn settle_below(dir: &Path, start: Offset) -> Result<()> {
    let files = segment_files(dir)?;
    let swaps = files.iter().filter(|file| file.stage == Some(Stage::Swap) && file.kind == FileKind::Log);
    for swap in swaps.filter(|file| file.base < start) {
        let live = number(&segment_file(dir, swap.base, FileKind::Log))?;
        // A broker has taken the old one out before the new one comes in.
        if live.is_none() || live == number(&swap.path(dir))? {
            finish(dir, swap.base, &files)?;
            continue;
        }
        // The .log last: without it, the others would be taken for those of a .log in its place.
        for kind in FileKind::OF_SEGMENT.into_iter().rev() {
            disk::remove_file(&staged_file(dir, swap.base, kind, Stage::Swap))?;
        }
    }
    Ok(())
}

/// The number of the file at `path`, if there is one.
pub(super) fn number(path: &Path) -> Result<Option<u64>> {
    match File::open(path, Mode::Read) {
        Ok(file) => Ok(Some(file.identity()?.0)),
        Err(e) if e.is_not_found() => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Gives a finished segment its `.swap` names. The caller holds the partition's lock.
pub(super) fn stage(dir: &Path, base: Offset) -> Result<()> {
    for kind in FileKind::OF_SEGMENT {
        let swap = staged_file(dir, base, kind, Stage::Swap);
        unless_missing(disk::rename(&staged_file(dir, base, kind, Stage::Cleaned), &swap))?;
    }
    Ok(())
}

/// Puts a `.swap` segment in its place, and takes those out that were merged into it. The `.swap` names are still there
/// afterwards, for [`clear`]. The caller holds the partition's lock. `merged` ascends: an offset is looked for in the last
/// segment that begins before it, so that one that is still there must have its successors.
pub(super) fn put_in_place(dir: &Path, base: Offset, merged: &[Offset]) -> Result<()> {
    for kind in FileKind::OF_SEGMENT {
        let swap = staged_file(dir, base, kind, Stage::Swap);
        if kind == FileKind::TransactionIndex && !swap.exists() {
            disk::remove_file(&segment_file(dir, base, kind))?;
            continue;
        }
        let link = link_path(&swap);
        disk::remove_file(&link)?;
        disk::link(&swap, &link)?;
        disk::rename(&link, &segment_file(dir, base, kind))?;
    }
    merged.iter().try_for_each(|&base| set_aside(dir, base))
}

/// Ends a swap: what it has changed is made durable, then its `.swap` names go.
pub(super) fn clear(dir: &Path, base: Offset) -> Result<()> {
    disk::sync_path(dir)?;
    for kind in FileKind::OF_SEGMENT {
        disk::remove_file(&staged_file(dir, base, kind, Stage::Swap))?;
    }
    Ok(())
}

/// Where the first segment begins: one that is about to come into the log counts, for a broker that died may have taken out
/// already what was there before.
pub(crate) fn first_base(dir: &Path) -> Result<Option<Offset>> {
    let counts =
        |file: &SegmentFile| file.kind == FileKind::Log && matches!(file.stage, None | Some(Stage::Swap));
    Ok(segment_files(dir)?.into_iter().filter(counts).map(|file| file.base).min())
}

/// Whether there is anything that a cleaner has left, or is at work on.
pub(crate) fn has_leftovers(dir: &Path) -> Result<bool> {
    Ok(segment_files(dir)?.iter().any(|file| file.stage.is_some()))
}

/// Brings the files of a log into order that a process or a broker left behind that died: finishes swaps, and removes what
/// is not finished, not needed or without its .log. Says whether there was anything to do. The caller holds the
/// partition's lock, and sees to it that no cleaner is at work.
pub(crate) fn tidy(dir: &Path) -> Result<bool> {
    let files = segment_files(dir)?;
    let staged = |stage| files.iter().filter(move |file| file.stage == Some(stage));
    let unfinished = staged(Stage::Cleaned).map(|file| file.base).min();
    remove(dir, staged(Stage::Swap).filter(|file| unfinished.is_some_and(|from| file.base >= from)))?;
    remove(dir, staged(Stage::Cleaned))?;
    let valid = |file: &&SegmentFile| unfinished.is_none_or(|from| file.base < from);
    for swap in staged(Stage::Swap).filter(valid).filter(|file| file.kind == FileKind::Log) {
        finish(dir, swap.base, &files)?;
    }
    // The .log has been put in its place already.
    let has_log = |base| staged(Stage::Swap).any(|file| file.kind == FileKind::Log && file.base == base);
    for file in staged(Stage::Swap).filter(valid).filter(|file| !has_log(file.base)) {
        let live = segment_file(dir, file.base, file.kind);
        disk::remove_file(&live)?;
        disk::rename(&file.path(dir), &live)?;
    }
    let mut changed = files.iter().any(|file| file.stage.is_some());
    for path in links(dir)? {
        disk::remove_file(&path)?;
        changed = true;
    }
    changed |= remove_strays(dir)?;
    if changed {
        disk::sync_path(dir)?;
    }
    remove(dir, staged(Stage::Deleted))?;
    Ok(changed)
}

/// Finishes a swap whose .log is complete: what it covers is known from its batches.
fn finish(dir: &Path, base: Offset, files: &[SegmentFile]) -> Result<()> {
    let path = staged_file(dir, base, FileKind::Log, Stage::Swap);
    let end = end_of_batches(&path)?.map_or(base.next(), |end| end.max(base.next()));
    for kind in [FileKind::OffsetIndex, FileKind::TimeIndex] {
        // A broker puts them in their place one after the other.
        let swap = staged_file(dir, base, kind, Stage::Swap);
        if !swap.exists() {
            File::open(&swap, Mode::Create)?;
        }
    }
    let covered = |file: &&SegmentFile| {
        file.kind == FileKind::Log && file.stage.is_none() && file.base > base && file.base < end
    };
    let mut merged: Vec<Offset> = files.iter().filter(covered).map(|file| file.base).collect();
    merged.sort_unstable();
    put_in_place(dir, base, &merged)?;
    clear(dir, base)
}

/// Removes indexes without a .log, and the producers' states that belong to no segment, but for the newest one.
fn remove_strays(dir: &Path) -> Result<bool> {
    let files = segment_files(dir)?;
    let live = |kind| files.iter().filter(move |file| file.stage.is_none() && file.kind == kind);
    let has_log = |base| live(FileKind::Log).any(|file| file.base == base);
    let newest = live(FileKind::ProducerSnapshot).map(|file| file.base).max();
    let stray = |file: &&SegmentFile| {
        let is_kept = file.kind == FileKind::ProducerSnapshot && Some(file.base) == newest;
        file.stage.is_none() && !has_log(file.base) && !is_kept
    };
    if live(FileKind::Log).next().is_none() || !files.iter().any(|file| stray(&file)) {
        return Ok(false);
    }
    remove(dir, files.iter().filter(stray))?;
    Ok(true)
}

/// Removes files, each .log before the others.
fn remove<'f>(dir: &Path, files: impl Iterator<Item = &'f SegmentFile> + Clone) -> Result<()> {
    let logs = files.clone().filter(|file| file.kind == FileKind::Log);
    for file in logs.chain(files.filter(|file| file.kind != FileKind::Log)) {
        disk::remove_file(&file.path(dir))?;
    }
    Ok(())
}

fn link_path(swap: &Path) -> PathBuf {
    let mut name = swap.file_name().unwrap_or_default().to_owned();
    name.push(LINK);
    swap.with_file_name(name)
}

fn links(dir: &Path) -> Result<Vec<PathBuf>> {
    let suffix = format!("{}{LINK}", ".swap");
    let entries = disk::list(dir)?;
    Ok(entries
        .iter()
        .filter(|entry| entry.name.ends_with(&suffix))
        .map(|entry| dir.join(&entry.name))
        .collect())
}

/// Passes over a file that isn't there.
fn unless_missing(outcome: disk::Result<()>) -> Result<()> {
    match outcome {
        Err(e) if !e.is_not_found() => Err(Error::from(e)),
        _ => Ok(()),
    }
}
