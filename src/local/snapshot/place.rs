//! Where snapshots are, and what is known of each: `snapshot.properties` beside its broker's directory.

use super::error::{Error, Result};
use crate::disk;
use crate::local::broker::Broker;
use crate::local::open::data_brokers;
use crate::local::site::{Layout, Site};
use crate::types::TimestampMs;
use std::path::{Path, PathBuf};

/// The directory beside the broker's.
const SNAPSHOTS: &str = "snapshots";
const ABOUT: &str = "snapshot.properties";
/// The broker's directory in a snapshot.
pub(super) const BROKER: &str = "broker-1";
const NAME_BYTES_MAX: usize = 200;

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) name: String,
    pub(crate) created: TimestampMs,
    /// Without that of the metadata.
    pub(crate) partition_count: u64,
    /// Of all files, shared ones included.
    pub(crate) bytes: u64,
}

/// A data directory that can have snapshots.
pub(super) struct Place {
    pub(super) dir: PathBuf,
    /// `None` where there is none: a restore was cut short, or nothing has been written yet.
    pub(super) broker: Option<Broker>,
}

impl Place {
    pub(super) fn of(site: &Site) -> Result<Place> {
        let not_ours = |path: &Path| Error::NotOurs { path: path.to_owned() };
        match Layout::of(site)? {
            Layout::Data(dir) => {
                if let Some(kind) = disk::network_file_system(&dir) {
                    return Err(crate::local::error::Error::NetworkFileSystem { path: dir, kind }.into());
                }
                let broker = data_brokers(&dir)?.into_iter().next();
                Ok(Place { dir, broker })
            }
            Layout::Logs(_) => {
                Err(site.directories.first().map_or_else(|| not_ours(Path::new("")), |dir| not_ours(dir)))
            }
        }
    }

    /// The directory of a snapshot.
    pub(super) fn snapshot(&self, name: &str) -> Result<PathBuf> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = name.bytes().all(legal) && !name.starts_with(['.', '-']) && !name.is_empty();
        if !is_name || name.len() > NAME_BYTES_MAX {
            return Err(Error::Name { name: name.to_owned() });
        }
        Ok(self.all().join(name))
    }

    pub(super) fn all(&self) -> PathBuf {
        self.dir.join(SNAPSHOTS)
    }

    /// A directory to build in that nobody takes for a snapshot.
    pub(super) fn aside(&self) -> PathBuf {
        self.all().join(format!(".new-{}", std::process::id()))
    }
}

/// The snapshots of a data directory, by name.
pub(crate) fn list(site: &Site) -> Result<Vec<Snapshot>> {
    let place = Place::of(site)?;
    let mut entries = match disk::list(&place.all()) {
        Ok(entries) => entries,
        Err(e) if e.is_not_found() => return Ok(Vec::new()),
        Err(e) => return Err(e.into()),
    };
    entries.sort();
    let mut snapshots = Vec::new();
    for entry in entries.iter().filter(|entry| entry.is_dir && !entry.name.starts_with('.')) {
        snapshots.extend(read(&place.all().join(&entry.name), &entry.name)?);
    }
    Ok(snapshots)
}

/// Removes a snapshot.
pub(crate) fn delete(site: &Site, name: &str) -> Result<()> {
    let place = Place::of(site)?;
    let dir = place.snapshot(name)?;
    if !dir.exists() {
        return Err(Error::Missing { name: name.to_owned(), of: place.dir });
    }
    remove(&place, &dir)
}

/// Takes a directory of snapshots away: first its name, then what is in it.
pub(super) fn remove(place: &Place, dir: &Path) -> Result<()> {
    let gone = place.all().join(format!(".gone-{}", std::process::id()));
    disk::remove_tree(&gone)?;
    match disk::rename(dir, &gone) {
        Err(e) if e.is_not_found() => return Ok(()),
        other => other?,
    }
    Ok(disk::remove_tree(&gone)?)
}

/// What is known of the snapshot in `dir`; `None` if it is none.
pub(super) fn read(dir: &Path, name: &str) -> Result<Option<Snapshot>> {
    let Some(text) = disk::read_text(&dir.join(ABOUT))? else { return Ok(None) };
    let number = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.find(|(found, _)| *found == key).and_then(|(_, value)| value.parse::<u64>().ok()).unwrap_or(0)
    };
    Ok(Some(Snapshot {
        name: name.to_owned(),
        created: TimestampMs(i64::try_from(number("created")).unwrap_or(0)),
        partition_count: number("partitions"),
        bytes: number("bytes"),
    }))
}

pub(super) fn write(dir: &Path, snapshot: &Snapshot) -> Result<()> {
    let Snapshot { created, partition_count, bytes, .. } = snapshot;
    let text = format!("created={}\npartitions={partition_count}\nbytes={bytes}\n", created.0);
    Ok(disk::replace(&dir.join(ABOUT), text.as_bytes())?)
}
