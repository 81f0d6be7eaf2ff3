//! A broker's log directory, copied while nobody writes to its logs.

use super::error::Result;
use crate::disk::{self, Content, Copier, Entry, File, Mode};
use crate::local::site::partition_name;
use crate::log;
use crate::types::Offset;
use std::path::Path;

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) partition_count: u64,
    pub(super) bytes: u64,
}

/// Files that are no part of a directory's content: locks, and what is being written or about to be removed.
const LEFT_OUT: [&str; 4] = [".lock", ".cleaned", ".deleted", ".tmp"];

/// Copies a broker's directory to `to`, which must not be there. Nothing is durable yet.
pub(super) fn copy_broker(from: &Path, to: &Path) -> Result<Copied> {
    let mut copier = Copier::new();
    let mut copied = Copied::default();
    disk::create_dirs(to)?;
    for entry in disk::list(from)? {
        let (inner, target) = (from.join(&entry.name), to.join(&entry.name));
        if !entry.is_dir {
            copied.bytes += copy_file(&mut copier, &inner, &target, Content::Living)?;
        } else if !entry.name.ends_with("-delete") {
            copied.bytes += copy_directory(&mut copier, &inner, &target)?;
            let is_topics =
                partition_name(&entry.name).is_some_and(|(topic, _)| topic != "__cluster_metadata");
            copied.partition_count += u64::from(is_topics);
        }
    }
    Ok(copied)
}

/// Copies a partition's directory; answers how many bytes it has.
fn copy_directory(copier: &mut Copier, from: &Path, to: &Path) -> Result<u64> {
    let active = log::segments(from)?.last().copied();
    let mut bytes = 0;
    disk::create_dirs(to)?;
    let mut entries = disk::list(from)?;
    entries.sort();
    for entry in entries {
        let (inner, target) = (from.join(&entry.name), to.join(&entry.name));
        bytes += match entry.is_dir {
            true => copy_directory(copier, &inner, &target)?,
            false => copy_file(copier, &inner, &target, content(&entry, active))?,
        };
    }
    Ok(bytes)
}

/// Nobody writes to the .log of a closed segment, nor to one that is about to take its place.
fn content(entry: &Entry, active: Option<Offset>) -> Content {
    let base = |suffix: &str| entry.name.strip_suffix(suffix)?.parse().ok().map(Offset::new);
    let is_closed = base(".log").is_some_and(|base| active.is_some_and(|active| base < active));
    if is_closed || base(".log.swap").is_some() { Content::Final } else { Content::Living }
}

/// Copies a file; answers how many bytes it has.
fn copy_file(copier: &mut Copier, from: &Path, to: &Path, content: Content) -> Result<u64> {
    let name = from.file_name().unwrap_or_default().to_string_lossy();
    if LEFT_OUT.iter().any(|suffix| name.ends_with(suffix)) {
        return Ok(0);
    }
    match copier.copy(from, to, content) {
        // What has no lock comes and goes: checkpoints on their way, swaps that have come to their end.
        Err(e) if e.is_not_found() && !from.exists() => Ok(0),
        Err(e) => Err(e.into()),
        Ok(()) => Ok(File::open(to, Mode::Read)?.len()?),
    }
}
