//! Making a data directory: whole or not at all, and once when two processes do it at the same time.

use super::broker::Broker;
use super::cluster::METADATA_CONFIG;
use super::error::{Error, Result};
use super::format;
use super::paths::Coordination;
use super::seal::Seal;
use crate::disk::{self, FileLock};
use crate::log::{self, Appender, LeaderEpochs, LogEnd};
use crate::metadata::{self, NewBroker, NewController, Record};
use crate::record::{self, BatchBuilder, Compression, ProducerStamp};
use crate::types::{BrokerId, LeaderEpoch, Offset, TimestampMs, Uuid, now_ms};
use std::path::Path;

/// The epoch of the only leader that the metadata log has had.
const FIRST_EPOCH: LeaderEpoch = LeaderEpoch(1);

/// Where a broker on the directory would listen: Kafka's own defaults.
const HOST: &str = "localhost";
const PORT: u16 = 9092;
const CONTROLLER_PORT: u16 = 9093;

/// Makes a cluster of one broker in `dir`, or takes the one that another process has just made.
pub(super) fn create(dir: &Path, coordination: &Coordination) -> Result<Broker> {
    let foreign = match disk::list(dir) {
        Ok(entries) => entries.into_iter().find(|entry| !entry.name.starts_with('.')),
        Err(e) if e.is_not_found() => None,
        Err(e) => return Err(e.into()),
    };
    disk::create_dirs(coordination.root())?;
    let lock = FileLock::acquire(&coordination.cluster_lock())?;
    let home = dir.join("broker-1");
    if let Some(broker) = Broker::read(&home)? {
        return Ok(broker);
    }
    if let Some(entry) = foreign {
        let what = format!("it has {:?} in it, and no broker's directory", entry.name);
        return Err(Error::NotADataDirectory { path: dir.to_owned(), what });
    }
    // Built aside and renamed: whoever sees the directory sees it whole.
    let aside = coordination.root().join("broker-1.new");
    disk::remove_tree(&aside)?;
    disk::create_dirs(&aside)?;
    let mut broker = Broker {
        id: BrokerId(1),
        dir: aside.clone(),
        cluster_id: Uuid::random().to_string(),
        directory_id: Uuid::random(),
    };
    disk::create_dirs(&broker.metadata_dir())?;
    write_metadata(&broker, metadata::feature_levels())?;
    format::write_bootstrap(&broker, &metadata::feature_levels())?;
    broker.write()?;
    Seal::put_on_new(&aside)?;
    disk::sync_path(&aside)?;
    disk::rename(&aside, &home)?;
    disk::sync_path(dir)?;
    broker.dir = home;
    drop(lock);
    Ok(broker)
}

/// Begins the metadata of a directory that was formatted and that nobody has worked on yet.
pub(super) fn begin(broker: &Broker, coordination: &Coordination) -> Result<()> {
    if has_metadata(broker)? {
        return Ok(());
    }
    let _lock = FileLock::acquire(&coordination.cluster_lock())?;
    if has_metadata(broker)? {
        return Ok(());
    }
    let Some(bootstrap) = format::read_bootstrap(broker)? else { return Ok(()) };
    // Built aside: a log that is there is there whole.
    let aside = Broker { dir: coordination.root().join("begin"), ..broker.clone() };
    disk::remove_tree(&aside.dir)?;
    disk::create_dirs(&aside.metadata_dir())?;
    write_metadata(&aside, bootstrap)?;
    disk::create_dirs(&broker.metadata_dir())?;
    let mut made = disk::list(&aside.metadata_dir())?;
    // The log itself comes last.
    made.sort_by_key(|entry| entry.name.ends_with(".log"));
    for entry in made {
        disk::rename(&aside.metadata_dir().join(&entry.name), &broker.metadata_dir().join(&entry.name))?;
    }
    disk::sync_path(&broker.metadata_dir())?;
    disk::sync_path(&broker.dir)?;
    Seal::put_on_new(&broker.dir)?;
    Ok(disk::remove_tree(&aside.dir)?)
}

fn has_metadata(broker: &Broker) -> Result<bool> {
    match log::segments(&broker.metadata_dir()) {
        Ok(segments) => Ok(!segments.is_empty()),
        Err(log::Error::Disk(error)) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The first batches of a metadata log, as a controller that leads for the first time writes them.
fn write_metadata(broker: &Broker, bootstrap: Vec<Record>) -> Result<()> {
    let dir = broker.metadata_dir();
    let now = now_ms();
    let mut end = LogEnd::empty(Offset::ZERO, FIRST_EPOCH);
    let mut appender = Appender::open(&dir, &end)?;
    let mut leader_change = record::leader_change_batch(broker.id, &[broker.id], &[broker.id], now)?;
    appender.append(&mut end, &mut leader_change, FIRST_EPOCH, &METADATA_CONFIG)?;
    let controller = NewController {
        id: broker.id,
        incarnation_id: Uuid::random(),
        host: HOST.to_owned(),
        port: CONTROLLER_PORT,
    };
    let first = NewBroker {
        id: broker.id,
        incarnation_id: Uuid::random(),
        directory_id: broker.directory_id,
        host: HOST.to_owned(),
        port: PORT,
    };
    for records in metadata::new_cluster(&controller, &[first], bootstrap, end.log_end.get()) {
        append(&mut appender, &mut end, &records, now)?;
    }
    appender.log_file().sync_data()?;
    let mut epochs = LeaderEpochs::default();
    epochs.assign(FIRST_EPOCH, Offset::ZERO);
    epochs.write(&dir, disk::Durability::Atomic)?;
    log::write_partition_metadata(&dir, Uuid::METADATA_TOPIC)?;
    for path in log::companions(&dir) {
        disk::sync_path(&path)?;
    }
    disk::replace(&dir.join("quorum-state"), quorum_state(broker.id).as_bytes())?;
    Ok(disk::sync_path(&dir)?)
}

fn append(appender: &mut Appender, end: &mut LogEnd, records: &[Record], now: TimestampMs) -> Result<()> {
    let mut builder = BatchBuilder::new(Compression::None);
    for record in records {
        builder.append(now, None, Some(&record.encode()?), &[]);
    }
    let batch = builder.finish(&ProducerStamp::NONE)?;
    appender.append(end, batch, FIRST_EPOCH, &METADATA_CONFIG)?;
    Ok(())
}

fn quorum_state(leader: BrokerId) -> String {
    format!(
        r#"{{"clusterId":"","leaderId":{leader},"leaderEpoch":{FIRST_EPOCH},"votedId":-1,"appliedOffset":0,"currentVoters":[{{"voterId":{leader}}}],"data_version":0}}"#
    )
}
