//! Opening a site: kt's data directory, a broker's own directory to write to, or brokers' directories to read. Part of
//! `Cluster`.

use super::broker::Broker;
use super::cluster::{Cluster, METADATA_CONFIG, RECOVERY_POINTS, Shared, channels, state_path};
use super::create;
use super::error::{Error, Result};
use super::leftovers;
use super::metadata::MetadataLog;
use super::partition::{Access, Partition, PartitionSpec};
use super::paths::{COORDINATION, Coordination};
use super::raw::Watcher;
use super::replicas::{Replicas, most_advanced};
use super::seal::Seal;
use super::site::{self, Layout, Logs, Site};
use super::upkeep::Upkeep;
use crate::client;
use crate::disk::{self, SharedRangeLock, Wake};
use crate::log::{Gaps, Notes};
use crate::signal;
use crate::types::{PartitionId, TopicPartition, Uuid};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

impl Cluster {
    /// Opens the data directory at `dir`; see [`Cluster::open_site`].
    #[cfg(test)]
    pub(crate) fn open(dir: &Path) -> client::Result<Cluster> {
        Cluster::open_site(&Site::of(dir))
    }

    /// Opens the directories of a site; kt's data directory is made on first use. One in which this user can't write is
    /// opened for reading, and so are brokers' own log directories unless the site says otherwise.
    pub(crate) fn open_site(site: &Site) -> client::Result<Cluster> {
        signal::ignore_file_size_limit();
        signal::put_off_stops();
        Ok(Self::open_or_create(site)?)
    }

    fn open_or_create(site: &Site) -> Result<Cluster> {
        match Layout::of(site)? {
            Layout::Data(dir) => Self::open_data(&dir),
            Layout::Logs(logs) if site.writable => Self::open_to_write(logs),
            Layout::Logs(logs) => Self::open_to_read(logs),
        }
    }

    fn open_data(dir: &Path) -> Result<Cluster> {
        if let Some(kind) = disk::network_file_system(dir) {
            return Err(Error::NetworkFileSystem { path: dir.to_owned(), kind });
        }
        let coordination = Coordination::new(dir.join(COORDINATION));
        let broker = match first_broker(dir)? {
            Some(broker) => broker,
            None => create::create(dir, &coordination)?,
        };
        Self::start_in(broker, coordination)
    }

    /// Opens a broker's own directory for writing.
    fn open_to_write(mut logs: Logs) -> Result<Cluster> {
        if logs.brokers.len() > 1 || !logs.problems.is_empty() {
            let path = logs.brokers.first().map(|broker| broker.dir.clone()).unwrap_or_default();
            let what = match logs.problems.into_iter().next() {
                Some(problem) => problem,
                None => "with others, as one cluster".to_owned(),
            };
            return Err(Error::OnlyToRead { path, what });
        }
        let Some(broker) = logs.brokers.pop() else { return Self::open_to_read(logs) };
        if let Some(kind) = disk::network_file_system(&broker.dir) {
            return Err(Error::NetworkFileSystem { path: broker.dir, kind });
        }
        let coordination = site::coordination_beside(&broker.dir)?;
        Self::start_in(broker, coordination)
    }

    fn start_in(broker: Broker, coordination: Coordination) -> Result<Cluster> {
        match disk::create_dirs(coordination.root()) {
            Err(e) if !e.is_read_only() => Err(e.into()),
            _ => Self::start(broker, coordination),
        }
    }

    /// Opens brokers' own directories as one cluster, as far as they can be read.
    fn open_to_read(logs: Logs) -> Result<Cluster> {
        Self::open_read_only(logs, Notes::default())
    }

    /// The same, with the place where problems are noted.
    pub(super) fn open_read_only(logs: Logs, notes: Notes) -> Result<Cluster> {
        logs.problems.iter().for_each(|problem| notes.add(problem));
        let wake = Wake::private();
        if let Some(word) = wake.word() {
            signal::wake_on_signal(word);
        }
        let main = most_advanced(&logs.brokers);
        let Some(replicas) = Replicas::new(logs.brokers, main.unwrap_or(0)) else {
            return Err(Error::NotADataDirectory { path: PathBuf::new(), what: "there is none".into() });
        };
        let about_metadata = Notes::default();
        let spec = metadata_spec(replicas.main(), None, Access::ReadOnly, &about_metadata);
        let partition = Partition::new(spec, wake);
        let mut metadata = match main {
            Some(_) => MetadataLog::open(partition, Some(&about_metadata))?,
            None => {
                let dir = replicas.main().metadata_dir();
                about_metadata.add(format!(
                    "{}: not there; topics are made out from their partitions' directories, settings are not known",
                    dir.display()
                ));
                MetadataLog::missing(partition)
            }
        };
        let damage = about_metadata.take();
        damage.iter().for_each(|line| notes.add(line));
        let leftovers = leftovers::topics(&replicas, metadata.image(), &notes);
        let settings_unknown = !damage.is_empty() || !leftovers.is_empty();
        metadata.supplement(leftovers);
        let shared = Shared {
            replicas,
            coordination: None,
            access: Access::ReadOnly,
            held_by_broker: None,
            notes,
            settings_unknown,
            wake,
            watcher: Watcher::new(wake),
            metadata: Mutex::new(metadata),
            catalog: Mutex::default(),
            acls: Mutex::default(),
            seal: None,
            upkeep: Upkeep::new(),
            _broker_lock: None,
        };
        Ok(Cluster::new(shared))
    }

    fn start(broker: Broker, coordination: Coordination) -> Result<Cluster> {
        let (wake, mut writable) = match Wake::open(&coordination.wake()) {
            Ok(wake) => (wake, true),
            // Not found: `.kt` itself could not be made.
            Err(e) if !e.is_read_only() && !e.is_not_found() => return Err(e.into()),
            Err(_) => (Wake::open_read_only(&coordination.wake()), false),
        };
        if let Some(word) = wake.word() {
            signal::wake_on_signal(word);
        }
        let (mut broker_lock, mut held_by_broker) = (None, None);
        if writable {
            let path = broker.dir.join(".lock");
            match SharedRangeLock::try_acquire(&path) {
                Ok(Some(lock)) => broker_lock = Some(lock),
                // A broker is at work here: its records can be read, but not added to.
                Ok(None) => {
                    writable = false;
                    held_by_broker = Some(path);
                }
                Err(e) if e.is_read_only() => writable = false,
                Err(e) => return Err(e.into()),
            }
        }
        if writable {
            create::begin(&broker, &coordination)?;
        }
        let access = if writable { Access::ReadWrite } else { Access::ReadOnly };
        let notes = Notes::default();
        let spec = metadata_spec(&broker, Some(&coordination), access, &notes);
        let mut metadata = MetadataLog::open(Partition::new(spec, wake), None)?;
        let seal = (access == Access::ReadWrite).then(|| {
            let registration = metadata.image().brokers().get(&broker.id);
            let broker_epoch = registration.map_or(-1, |registration| registration.epoch);
            Arc::new(Seal::new(&broker.dir, &coordination, metadata.epoch(), broker_epoch))
        });
        if let Some(seal) = &seal {
            metadata.guard(seal);
            metadata.revive(broker.id)?;
        }
        let metadata = Mutex::new(metadata);
        let Some(replicas) = Replicas::new(vec![broker], 0) else {
            return Err(Error::NotADataDirectory { path: PathBuf::new(), what: "there is none".into() });
        };
        let shared = Shared {
            replicas,
            coordination: Some(coordination),
            access,
            held_by_broker,
            notes,
            settings_unknown: false,
            wake,
            watcher: Watcher::new(wake),
            metadata,
            catalog: Mutex::default(),
            acls: Mutex::default(),
            seal,
            upkeep: Upkeep::new(),
            _broker_lock: broker_lock,
        };
        let cluster = Cluster::new(shared);
        cluster.tidy_up_after_the_dead();
        Ok(cluster)
    }
}

/// How the metadata log of a broker's directory is opened.
fn metadata_spec(
    broker: &Broker,
    coordination: Option<&Coordination>,
    access: Access,
    notes: &Notes,
) -> PartitionSpec {
    PartitionSpec {
        dir: broker.metadata_dir(),
        topic_id: Uuid::METADATA_TOPIC,
        state_path: state_path(coordination, Uuid::METADATA_TOPIC, PartitionId(0)),
        config: METADATA_CONFIG,
        gaps: Gaps::Never,
        channels: channels(Uuid::METADATA_TOPIC, PartitionId(0)),
        access,
        notes: notes.clone(),
        recovery_points: broker.checkpoint(RECOVERY_POINTS),
        key: TopicPartition { topic: "__cluster_metadata".to_owned(), partition: PartitionId(0) },
        seal: None,
        upkeep: None,
    }
}

/// The broker whose directory comes first, if the data directory has any.
fn first_broker(dir: &Path) -> Result<Option<Broker>> {
    Ok(data_brokers(dir)?.into_iter().next())
}

/// The brokers whose directories a data directory has, by name.
pub(super) fn data_brokers(dir: &Path) -> Result<Vec<Broker>> {
    let mut entries = match disk::list(dir) {
        Ok(entries) => entries,
        Err(e) if e.is_not_found() => return Ok(Vec::new()),
        Err(e) => return Err(e.into()),
    };
    entries.retain(|entry| entry.is_dir && entry.name.starts_with("broker-"));
    entries.sort();
    entries.iter().filter_map(|entry| Broker::read(&dir.join(&entry.name)).transpose()).collect()
}
