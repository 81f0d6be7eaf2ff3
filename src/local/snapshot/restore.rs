//! Putting a snapshot in the place of what is there.

use super::copy::copy_broker;
use super::error::{Error, Result};
use super::place::{self, BROKER, Place, Snapshot};
use crate::disk::{self, ExclusiveRangeLock};
use crate::local::error;
use crate::local::paths::COORDINATION;
use crate::local::site::Site;
use crate::types::now_ms;
use std::path::{Path, PathBuf};

/// What becomes of what is there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Previous {
    /// It becomes a snapshot.
    Kept,
    Dropped,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    pub(crate) snapshot: Snapshot,
    /// The name of the snapshot that what was there before has become.
    pub(crate) kept_as: Option<String>,
}

/// Has a data directory be as it was when a snapshot was taken. Nobody may be at work on it; who comes meanwhile finds
/// the directory in use. A crash leaves the one or the other.
pub(crate) fn restore(site: &Site, name: &str, previous: Previous) -> Result<Restored> {
    let place = Place::of(site)?;
    let dir = place.snapshot(name)?;
    let missing = || Error::Missing { name: name.to_owned(), of: place.dir.clone() };
    let snapshot = place::read(&dir, name)?.ok_or_else(missing)?;
    let Some(broker) = &place.broker else {
        let home = place.dir.join(BROKER);
        let aside = build(&place, &dir, &home)?;
        disk::rename(&aside, &home)?;
        disk::sync_path(&place.dir)?;
        return Ok(Restored { snapshot, kept_as: None });
    };
    // A symlink stays one: what it leads to is changed.
    let home = disk::canonical(&broker.dir)?;
    let lock = home.join(".lock");
    let Some(held) = ExclusiveRangeLock::try_acquire(&lock)? else {
        return Err(Error::InUse { path: place.dir.clone(), by: disk::range_lock_holder(&lock) });
    };
    let aside = build(&place, &dir, &home)?;
    // It is about what is there now. Nobody is at work: nothing is lost whichever directory is found then.
    disk::remove_tree(&place.dir.join(COORDINATION))?;
    let old = put_in_place(&aside, &home)?;
    disk::sync_path(home.parent().unwrap_or(&place.dir))?;
    let kept_as = match previous {
        Previous::Kept => Some(keep(&place, &old, name)?),
        Previous::Dropped => {
            disk::remove_tree(&old)?;
            None
        }
    };
    drop(held);
    Ok(Restored { snapshot, kept_as })
}

/// Builds the broker's directory beside its place, durably.
fn build(place: &Place, snapshot: &Path, home: &Path) -> Result<PathBuf> {
    let name = home.file_name().unwrap_or_default().to_string_lossy();
    let aside = home.with_file_name(format!(".{name}.restored"));
    disk::remove_tree(&aside)?;
    let built = copy_broker(&snapshot.join(BROKER), &aside).and_then(|_| {
        disk::sync_tree(&aside)?;
        disk::sync_path(aside.parent().unwrap_or(&place.dir))?;
        Ok(())
    });
    if let Err(e) = built {
        // The error says what failed; the next one removes what is left over.
        let _ = disk::remove_tree(&aside);
        return Err(e);
    }
    Ok(aside)
}

/// Changes the two directories; answers where the old one is.
fn put_in_place(aside: &Path, home: &Path) -> Result<PathBuf> {
    if disk::exchange(aside, home)? {
        return Ok(aside.to_owned());
    }
    let mut name = aside.file_name().unwrap_or_default().to_owned();
    name.push(".before");
    let old = aside.with_file_name(name);
    disk::remove_tree(&old)?;
    disk::rename(home, &old)?;
    disk::rename(aside, home)?;
    Ok(old)
}

/// Makes a snapshot of a directory that is in nobody's place any more; answers its name.
fn keep(place: &Place, old: &Path, restored: &str) -> Result<String> {
    let base = format!("before-{}", restored.get(..150).unwrap_or(restored));
    let numbered = |number: u32| if number == 1 { base.clone() } else { format!("{base}-{number}") };
    let is_free = |name: &String| place.snapshot(name).is_ok_and(|dir| !dir.exists());
    let name = (1..).map(numbered).find(is_free).unwrap_or(base);
    let aside = place.aside();
    disk::remove_tree(&aside)?;
    disk::create_dirs(&aside)?;
    match disk::rename(old, &aside.join(BROKER)) {
        Ok(()) => {}
        // The broker's directory lies on another file system.
        Err(e) if e.source.kind() == std::io::ErrorKind::CrossesDevices => {
            copy_broker(old, &aside.join(BROKER))?;
            disk::sync_tree(&aside)?;
            disk::remove_tree(old)?;
        }
        Err(e) => return Err(e.into()),
    }
    let (partition_count, bytes) = extent(&aside.join(BROKER))?;
    let snapshot = Snapshot { name: name.clone(), created: now_ms(), partition_count, bytes };
    place::write(&aside, &snapshot)?;
    disk::rename(&aside, &place.snapshot(&name)?)?;
    disk::sync_path(&place.all())?;
    Ok(name)
}

/// How many partitions a broker's directory has, and how many bytes.
fn extent(broker: &Path) -> Result<(u64, u64)> {
    let (mut partitions, mut bytes) = (0, 0);
    for entry in disk::list(broker).map_err(error::Error::from)? {
        let path = broker.join(&entry.name);
        if entry.is_dir {
            let is_topics = !entry.name.starts_with("__cluster_metadata-") && entry.name.contains('-');
            partitions += u64::from(is_topics);
            bytes += extent(&path)?.1;
        } else {
            bytes += disk::File::open(&path, disk::Mode::Read)?.len()?;
        }
    }
    Ok((partitions, bytes))
}
