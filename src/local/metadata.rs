//! `MetadataLog`: the `__cluster_metadata` log of a directory and the image that it adds up to.
//!
//! Reading takes no lock. A change is decided on the newest image under the log's lock, appended as one batch, synced,
//! and only then seen by others. Once the log is long a snapshot is written, from which the next process starts.

use super::error::{Error, Result};
use super::partition::Partition;
use super::quorum::Quorum;
use super::seal::Seal;
use crate::client;
use crate::disk;
use crate::log::Notes;
use crate::metadata::{self, Image, Loader, Record};
use crate::record::{self, BatchBuilder, BatchReader, Compression, ProducerStamp};
use crate::types::{BrokerId, LeaderEpoch, Offset, TimestampMs, Uuid, now_ms};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of log after which a snapshot is worth its writing.
const SNAPSHOT_AFTER_BYTES: u64 = 4 * 1024 * 1024;
/// Snapshots are written in pieces of about this size.
const PIECE_BYTES: usize = 256 * 1024;

/// The metadata of a cluster.
#[derive(Debug)]
pub(super) struct MetadataLog {
    partition: Partition,
    loader: Loader,
    quorum: Quorum,
    /// Everything below this offset is in the image.
    replayed: Offset,
    /// Bytes replayed since the snapshot that the image began with.
    bytes_since_snapshot: u64,
    last_timestamp: TimestampMs,
    last_epoch: LeaderEpoch,
    /// Whether the log isn't there: the image is made out from other things.
    is_missing: bool,
}

impl MetadataLog {
    /// Opens the log and brings the image up to date. With `notes`, as far as that goes: what is damaged is noted there.
    pub(super) fn open(partition: Partition, notes: Option<&Notes>) -> Result<MetadataLog> {
        let mut log = MetadataLog {
            partition,
            loader: Loader::default(),
            quorum: Quorum::default(),
            replayed: Offset::ZERO,
            bytes_since_snapshot: 0,
            last_timestamp: TimestampMs::NONE,
            last_epoch: LeaderEpoch(0),
            is_missing: false,
        };
        match (log.load(), notes) {
            (Err(e), Some(notes)) => notes.add(e),
            (outcome, _) => outcome?,
        }
        Ok(log)
    }

    fn load(&mut self) -> Result<()> {
        let mut snapshots = snapshots(self.partition.dir())?;
        while let Some((offset, epoch, path)) = snapshots.pop() {
            match self.load_snapshot(&path) {
                // An older one, or the log from its beginning, serves as well.
                Err(e) if self.partition.notes().is_some() => {
                    self.partition.notes().into_iter().for_each(|notes| notes.add(&e));
                    self.loader = Loader::default();
                    self.quorum = Quorum::default();
                    continue;
                }
                other => other?,
            }
            self.replayed = offset;
            self.last_epoch = epoch;
            break;
        }
        self.refresh()
    }

    /// A log that isn't there, with an empty image.
    pub(super) fn missing(partition: Partition) -> MetadataLog {
        MetadataLog {
            partition,
            loader: Loader::default(),
            quorum: Quorum::default(),
            replayed: Offset::ZERO,
            bytes_since_snapshot: 0,
            last_timestamp: TimestampMs::NONE,
            last_epoch: LeaderEpoch(0),
            is_missing: true,
        }
    }

    /// Adds to the image what is not in the log.
    pub(super) fn supplement(&mut self, records: Vec<Record>) {
        records.into_iter().for_each(|record| self.loader.replay(record));
    }

    pub(super) fn image(&self) -> &Image {
        self.loader.image()
    }

    /// Rises with every change: the offset behind the last record that is in the image.
    pub(super) fn version(&self) -> Offset {
        self.replayed
    }

    /// The epoch of the newest batch, which every broker that starts on the directory raises.
    pub(super) fn epoch(&self) -> LeaderEpoch {
        self.last_epoch
    }

    pub(super) fn guard(&mut self, seal: &Arc<Seal>) {
        self.partition.guard(seal);
    }

    /// Who keeps the log.
    pub(super) fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    pub(super) fn channels(&self) -> disk::Channels {
        self.partition.channels()
    }

    /// Whether nobody has written since, as far as that can be told without waiting for anybody.
    pub(super) fn is_current(&mut self) -> bool {
        let published = self.partition.published();
        !self.is_missing
            && published.is_ok_and(|state| state.is_some_and(|s| s.high_watermark == self.replayed))
    }

    /// Replays what others have written since.
    pub(super) fn refresh(&mut self) -> Result<()> {
        if self.is_missing {
            return Ok(());
        }
        let limit = self.partition.high_watermark()?;
        if limit > self.replayed {
            self.replay_to(limit)?;
        }
        Ok(())
    }

    /// Decides on the newest image and makes the decision durable. `decide` returns the records to be appended, none
    /// for no change, and an answer for the caller.
    pub(super) fn update<T>(
        &mut self,
        decide: impl FnOnce(&Image) -> client::Result<(Vec<Record>, T)>,
    ) -> client::Result<T> {
        let answer = self.decide_under_lock(|image, _| decide(image))?;
        self.refresh()?;
        self.snapshot_if_due()?;
        Ok(answer)
    }

    /// Does `work` on the newest image while nobody can change it.
    pub(super) fn under_lock<T>(&mut self, work: impl FnOnce(&Image) -> Result<T>) -> Result<T> {
        self.decide_under_lock(|image, _| Ok((Vec::new(), work(image)?)))
    }

    /// Makes the quorum one that can change its members: those that it has.
    pub(super) fn upgrade_quorum(&mut self, voters: &[record::KRaftVoter]) -> Result<()> {
        let mut locked = self.partition.lock()?;
        let epoch = locked.leader_epoch();
        let mut batch = record::quorum_batch(1, voters, now_ms())?;
        locked.append(&mut batch, epoch)?;
        locked.sync_and_publish()?;
        drop(locked);
        self.refresh()
    }

    /// Lets the broker in that was shut out when it was last stopped: kt acts for it from now on.
    pub(super) fn revive(&mut self, broker: BrokerId) -> Result<()> {
        if !metadata::is_shut_out(self.image(), broker) {
            return Ok(());
        }
        self.decide_under_lock(|image, end| {
            Ok::<_, Error>((metadata::revive_broker(image, broker, Uuid::random(), end.get()), ()))
        })?;
        self.refresh()?;
        Ok(())
    }

    fn decide_under_lock<T, E: From<Error>>(
        &mut self,
        decide: impl FnOnce(&Image, Offset) -> std::result::Result<(Vec<Record>, T), E>,
    ) -> std::result::Result<T, E> {
        let reader = self.partition.reader(self.replayed)?;
        let mut locked = self.partition.lock()?;
        let end = locked.log_end();
        if locked.high_watermark() < end {
            // Whoever wrote this died before it was synced. It is in the log, so it counts.
            locked.sync_and_publish()?;
        }
        let mut replay = Replay {
            loader: &mut self.loader,
            quorum: &mut self.quorum,
            bytes: &mut self.bytes_since_snapshot,
            last_timestamp: &mut self.last_timestamp,
            last_epoch: &mut self.last_epoch,
        };
        replay.run(reader, end)?;
        self.replayed = self.replayed.max(end);
        let (records, answer) = decide(self.loader.image(), end)?;
        if records.is_empty() {
            return Ok(answer);
        }
        let mut builder = BatchBuilder::new(Compression::None);
        let now = now_ms();
        for record in &records {
            let value = record.encode().map_err(Error::from)?;
            builder.append(now, None, Some(&value), &[]);
        }
        let batch = builder.finish(&ProducerStamp::NONE).map_err(Error::from)?;
        let epoch = locked.leader_epoch();
        locked.append(batch, epoch)?;
        locked.sync_and_publish()?;
        Ok(answer)
    }

    fn replay_to(&mut self, limit: Offset) -> Result<()> {
        let reader = self.partition.reader(self.replayed)?;
        let mut replay = Replay {
            loader: &mut self.loader,
            quorum: &mut self.quorum,
            bytes: &mut self.bytes_since_snapshot,
            last_timestamp: &mut self.last_timestamp,
            last_epoch: &mut self.last_epoch,
        };
        replay.run(reader, limit)?;
        self.replayed = limit;
        Ok(())
    }

    fn load_snapshot(&mut self, path: &Path) -> Result<()> {
        let bytes = disk::File::open(path, disk::Mode::Read)?.read_all()?;
        let mut rest = bytes.as_slice();
        let mut batches = BatchReader::default();
        while !rest.is_empty() {
            let damaged = |what: &str| Error::Metadata { path: path.to_owned(), what: what.to_owned() };
            let size = record::batch_size(rest).ok_or_else(|| damaged("a batch length that cannot be"))?;
            let (batch, behind) =
                rest.split_at_checked(size).ok_or_else(|| damaged("the snapshot ends inside a batch"))?;
            record::verify_crc(batch)?;
            self.quorum.replay(&mut batches, batch)?;
            replay_batch(&mut self.loader, &mut batches, batch)?;
            rest = behind;
        }
        Ok(())
    }

    /// Writes a snapshot where the log has grown long. Its failing costs only time later.
    fn snapshot_if_due(&mut self) -> Result<()> {
        if self.bytes_since_snapshot < SNAPSHOT_AFTER_BYTES || self.loader.in_transaction() {
            return Ok(());
        }
        self.write_snapshot()
    }

    /// Writes a snapshot of the image as it is. Others read the log from there on.
    pub(super) fn write_snapshot(&mut self) -> Result<()> {
        let name = format!("{:020}-{:010}.checkpoint", self.replayed.get(), self.last_epoch.0);
        let records = metadata::snapshot(self.image())?;
        let content = encode_records(&records, &self.quorum, self.last_timestamp, self.last_epoch)?;
        disk::replace(&self.partition.dir().join(name), &content)?;
        self.bytes_since_snapshot = 0;
        Ok(())
    }
}

/// The parts of a `MetadataLog` that replaying changes, apart from its partition.
struct Replay<'a> {
    loader: &'a mut Loader,
    quorum: &'a mut Quorum,
    bytes: &'a mut u64,
    last_timestamp: &'a mut TimestampMs,
    last_epoch: &'a mut LeaderEpoch,
}

impl Replay<'_> {
    fn run(&mut self, reader: crate::log::LogReader, limit: Offset) -> Result<()> {
        let mut batches = BatchReader::default();
        reader.replay(limit, |header, batch| {
            *self.bytes += batch.len() as u64;
            *self.last_timestamp = header.max_timestamp();
            *self.last_epoch = header.leader_epoch();
            if header.is_control() {
                self.quorum.replay(&mut batches, batch)
            } else {
                replay_batch(self.loader, &mut batches, batch)
            }
        })
    }
}

fn replay_batch(loader: &mut Loader, batches: &mut BatchReader, batch: &[u8]) -> Result<()> {
    if record::BatchHeader::parse(batch)?.is_control() {
        return Ok(());
    }
    let outcome = batches.try_for_each(batch, |record| {
        loader.replay(Record::decode(record.value.unwrap_or_default())?);
        Ok(())
    })?;
    outcome.map_err(|(_, error): (_, metadata::Error)| error.into())
}

/// The snapshots in the metadata log's directory, the newest last: exclusive end offset, epoch and path.
fn snapshots(dir: &Path) -> Result<Vec<(Offset, LeaderEpoch, PathBuf)>> {
    let parse = |name: &str| {
        let (offset, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
        let legal = offset.len() == 20 && epoch.len() == 10;
        legal.then(|| Some((Offset::new(offset.parse().ok()?), LeaderEpoch(epoch.parse().ok()?))))?
    };
    let entries = disk::list(dir)?;
    let mut snapshots: Vec<(Offset, LeaderEpoch, PathBuf)> = entries
        .iter()
        .filter_map(|entry| parse(&entry.name).map(|(offset, epoch)| (offset, epoch, dir.join(&entry.name))))
        .collect();
    snapshots.sort();
    Ok(snapshots)
}

/// A snapshot's bytes: header, the records with offsets from 0, footer.
pub(super) fn encode_records(
    records: &[Record],
    quorum: &Quorum,
    last: TimestampMs,
    epoch: LeaderEpoch,
) -> Result<Vec<u8>> {
    let now = now_ms();
    let mut content = Vec::new();
    let mut next = Offset::ZERO;
    let mut put = |batch: &mut [u8], count: i32, content: &mut Vec<u8>| {
        record::stamp(batch, next, epoch);
        next = next.plus(i64::from(count));
        content.extend_from_slice(batch);
    };
    let members = quorum.members();
    let count = if members.is_some() { 3 } else { 1 };
    put(&mut record::snapshot_header_batch(last, members, now)?, count, &mut content);
    let mut builder = BatchBuilder::new(Compression::None);
    for record in records {
        builder.append(now, None, Some(&record.encode()?), &[]);
        if builder.size_bytes() >= PIECE_BYTES {
            let count = builder.record_count();
            put(builder.finish(&ProducerStamp::NONE)?, count, &mut content);
            builder.clear();
        }
    }
    if !builder.is_empty() {
        let count = builder.record_count();
        put(builder.finish(&ProducerStamp::NONE)?, count, &mut content);
    }
    put(&mut record::snapshot_footer_batch(now)?, 1, &mut content);
    Ok(content)
}
