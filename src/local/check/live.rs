//! How far a log can be looked at while others write to it.

use super::super::state::SharedState;
use crate::disk::{self, File, FileLock, Mode};
use crate::log::check::Published;
use crate::log::{self, FileKind, LogConfig, Recovery};
use crate::types::Offset;
use std::path::Path;

/// The end that kt's state of a partition tells, if the file goes beyond it: an append is under way. Where it isn't (nobody
/// holds the lock), what lies behind is for the check to look at: `None`.
pub(super) fn published_by_kt(state: &Path, dir: &Path) -> Option<Published> {
    let known = believed(state, dir)?;
    if known.1 {
        return Some(known.0);
    }
    // Waits for the append, no longer.
    let _lock = FileLock::acquire(state).ok()?;
    believed(state, dir).filter(|(_, agrees)| *agrees).map(|(published, _)| published)
}

/// The state's end, and whether the file is as long.
fn believed(state: &Path, dir: &Path) -> Option<(Published, bool)> {
    let file = File::open(state, Mode::Read).ok()?;
    let state = SharedState::read(&file, disk::boot_id()).ok()??;
    let path = log::segment_file(dir, state.end.segment_base, FileKind::Log);
    let (inode, length) = File::open(&path, Mode::Read).and_then(|log| log.identity()).ok()?;
    let bytes = state.end.segment_bytes;
    let published = Published { segment_base: state.end.segment_base, segment_bytes: bytes };
    // A file that is shorter than it was, or another one, is looked at whole.
    (inode == state.inode && length >= bytes && !state.deleted).then_some((published, length == bytes))
}

/// The end of the last whole batch of a log that a running broker appends to.
pub(super) fn published_by_broker(dir: &Path) -> Option<Published> {
    let how = Recovery { known: None, durable: Offset::ZERO, writable: false };
    let config = LogConfig {
        segment_bytes: 1 << 30,
        segment_ms: i64::MAX,
        segment_index_bytes: 0,
        index_interval_bytes: 4096,
    };
    let end = log::recover(dir, &how, &config).ok()?;
    Some(Published { segment_base: end.segment_base, segment_bytes: end.segment_bytes })
}
