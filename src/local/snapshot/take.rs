//! Taking a snapshot.

use super::copy::copy_broker;
use super::error::{Error, Result};
use super::hold::hold;
use super::place::{self, BROKER, Place, Snapshot};
use crate::disk::{self, SharedRangeLock};
use crate::local::error;
use crate::local::paths::{COORDINATION, Coordination};
use crate::local::site::{Site, partition_name};
use crate::log;
use crate::types::{PartitionId, Uuid, now_ms};
use std::path::{Path, PathBuf};

/// What becomes of a snapshot that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Kept,
    Replaced,
}

/// Takes a snapshot of a data directory as it is at one moment, while others go on working on it.
pub(crate) fn take(site: &Site, name: &str, existing: Existing) -> Result<Snapshot> {
    let place = Place::of(site)?;
    let dir = place.snapshot(name)?;
    if dir.exists() && existing == Existing::Kept {
        return Err(Error::Exists { name: name.to_owned() });
    }
    let Some(broker) = &place.broker else {
        let what = "there is no broker's directory in it".to_owned();
        return Err(error::Error::NotADataDirectory { path: place.dir.clone(), what }.into());
    };
    // A broker of Kafka's knows nothing of the locks below.
    let lock = broker.dir.join(".lock");
    let Some(_lock) = SharedRangeLock::try_acquire(&lock)? else {
        return Err(error::Error::BrokerRuns { path: lock }.into());
    };
    let aside = place.aside();
    let taken = build(&place, &broker.dir, &aside, name).and_then(|snapshot| {
        place::remove(&place, &dir)?;
        disk::rename(&aside, &dir)?;
        disk::sync_path(&place.all())?;
        Ok(snapshot)
    });
    if taken.is_err() {
        // The error says what failed; what is left over is removed by the next one, too.
        let _ = disk::remove_tree(&aside);
    }
    taken
}

fn build(place: &Place, broker: &Path, aside: &Path, name: &str) -> Result<Snapshot> {
    disk::remove_tree(aside)?;
    disk::create_dirs(aside)?;
    let coordination = Coordination::new(place.dir.join(COORDINATION));
    disk::create_dirs(&coordination.partitions())?;
    let mut wanted = locks(broker, &coordination)?;
    let held = loop {
        let held = hold(&wanted)?;
        // From here on nobody makes a partition or takes one away: the metadata is locked.
        let now = locks(broker, &coordination)?;
        if now == wanted {
            break held;
        }
        wanted = now;
    };
    let created = now_ms();
    let copied = copy_broker(broker, &aside.join(BROKER))?;
    drop(held);
    let (name, partition_count, bytes) = (name.to_owned(), copied.partition_count, copied.bytes);
    let snapshot = Snapshot { name, created, partition_count, bytes };
    place::write(aside, &snapshot)?;
    disk::sync_tree(aside)?;
    Ok(snapshot)
}

/// The locks of all logs in a broker's directory, that of the metadata first.
fn locks(broker: &Path, coordination: &Coordination) -> Result<Vec<PathBuf>> {
    let mut entries = disk::list(broker)?;
    entries.sort();
    let mut locks = vec![coordination.partition(Uuid::METADATA_TOPIC, PartitionId(0))];
    for entry in entries.iter().filter(|entry| entry.is_dir) {
        let Some((_, partition)) = partition_name(&entry.name) else { continue };
        // Gone meanwhile, or a log without an id, which nobody writes to.
        let Ok(Some(id)) = log::read_partition_metadata(&broker.join(&entry.name)) else { continue };
        if id != Uuid::METADATA_TOPIC {
            locks.push(coordination.partition(id, PartitionId(partition)));
        }
    }
    Ok(locks)
}
