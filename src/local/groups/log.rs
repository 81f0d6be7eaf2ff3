//! `GroupLog`: one partition of `__consumer_offsets` and the groups that it adds up to.
//!
//! Reading takes no lock. A change is decided on the newest image under the partition's lock, which is thereby the lock
//! of each of its groups too. What a group's members share between two records is laid over what the log says.

use super::super::cluster::Cluster;
use super::super::error::{Error, Result};
use super::super::locked::Eventually;
use super::super::partition::Partition;
use super::super::topic::OpenTopic;
use super::live::{Live, LiveFile};
use crate::client::{self, Codec};
use crate::disk::Channels;
use crate::group::{GroupKind, GroupRecord, Groups, group_partition};
use crate::log::{self, LogReader};
use crate::record::{BatchBuilder, BatchHeader, BatchReader, ControlRecord, EndTxn, ProducerStamp};
use crate::types::{LeaderEpoch, Offset, PartitionId, TimestampMs, TopicPartition, Uuid, now_ms};
use std::collections::BTreeMap;
use std::path::Path;

pub(in crate::local) const OFFSETS_TOPIC: &str = "__consumer_offsets";
/// What a group coordinator puts into its batches: no producer, yet a sequence.
const COORDINATOR: ProducerStamp =
    ProducerStamp { producer_id: -1, epoch: -1, base_sequence: 0, transactional: false };

/// Whether a change must be on the disk before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) enum Sync {
    /// Offsets that a member was told are committed.
    Now,
    /// Who is in a group is of no use once the machine has stopped.
    Later,
}

/// The groups of one partition.
pub(in crate::local) struct GroupLog {
    cluster: Cluster,
    topic_id: Uuid,
    partition: Partition,
    epoch: LeaderEpoch,
    builder: BatchBuilder,
    image: GroupImage,
    log_start: Offset,
    has_swept: bool,
}

/// What the log has been replayed to.
#[derive(Default)]
struct GroupImage {
    groups: Groups,
    /// Where the last record stands that describes a group.
    described: BTreeMap<String, Offset>,
    /// Everything below this offset is in it.
    replayed: Offset,
}

impl GroupLog {
    /// The log that has `group`, or shall have it: the topic is made on first use.
    pub(in crate::local) fn of_group_or_new(cluster: &Cluster, group: &str) -> client::Result<GroupLog> {
        cluster.coordination()?;
        let topic = cluster.open_topic_to_produce(OFFSETS_TOPIC)?;
        GroupLog::of(cluster, &topic, group)
    }

    fn of(cluster: &Cluster, topic: &OpenTopic, group: &str) -> client::Result<GroupLog> {
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        Ok(GroupLog::open(cluster, topic, group_partition(group, count))?)
    }

    /// The logs of all groups, brought up to date.
    pub(in crate::local) fn all(cluster: &Cluster) -> client::Result<Vec<GroupLog>> {
        let Some(topic) = cluster.open_topic(OFFSETS_TOPIC)? else { return Ok(Vec::new()) };
        let open = topic.partitions.iter().map(|&(id, _)| GroupLog::open(cluster, &topic, id));
        Ok(open.collect::<Result<_>>()?)
    }

    pub(super) fn open(cluster: &Cluster, topic: &OpenTopic, id: PartitionId) -> Result<GroupLog> {
        let epoch = topic.partitions.iter().find(|&&(known, _)| known == id).map(|&(_, epoch)| epoch);
        let log_start = cluster.log_start(topic, id)?;
        let mut log = GroupLog {
            cluster: cluster.clone(),
            topic_id: topic.id,
            partition: cluster.partition(topic, id)?,
            epoch: epoch.unwrap_or(LeaderEpoch::UNKNOWN),
            builder: topic.config.builder(Codec::None),
            image: GroupImage { replayed: log_start, ..GroupImage::default() },
            log_start,
            has_swept: false,
        };
        log.refresh()?;
        Ok(log)
    }

    /// The partition's name.
    pub(in crate::local) fn key(&self) -> &TopicPartition {
        self.partition.key()
    }

    /// On which changes of the groups are told.
    pub(in crate::local) fn channels(&self) -> Channels {
        self.partition.channels()
    }

    /// The groups as the log has them: who is in one, [`GroupLog::kind`] tells.
    pub(in crate::local) fn groups(&self) -> &Groups {
        &self.image.groups
    }

    /// What the members of a group share.
    pub(super) fn live(&self, group: &str) -> Option<LiveFile> {
        LiveFile::of(&self.cluster, group, self.topic_id)
    }

    /// A group's kind with its live members, looked at without a lock; `None` if there is no such group.
    pub(super) fn kind(&self, group: &str) -> Result<Option<GroupKind>> {
        let known = self.image.groups.get(group).map(|group| group.kind.clone());
        let described = self.image.described(group);
        let live = self.live(group).map(|file| file.read()).transpose()?.flatten();
        let live = live.filter(|live| live.offset >= described).and_then(|live| live.group());
        Ok(live.filter(|_| known.is_some()).or(known))
    }

    /// Replays what others have written since.
    pub(in crate::local) fn refresh(&mut self) -> Result<()> {
        let limit = self.partition.high_watermark()?;
        self.replay_to(limit)
    }

    /// Replays what is not published yet, too. Whoever takes over from a member starts from there: if that one was killed
    /// before its last commit was synced, the commit is in the log all the same, and nothing may be committed behind it.
    pub(super) fn refresh_to_end(&mut self) -> Result<()> {
        let limit = match self.partition.published()? {
            Some(state) if !state.deleted => state.end.log_end,
            _ => self.partition.high_watermark()?,
        };
        self.replay_to(limit)
    }

    fn replay_to(&mut self, limit: Offset) -> Result<()> {
        if limit > self.image.replayed {
            let reader = self.partition.reader(self.image.replayed)?;
            self.image.replay(self.partition.dir(), reader, limit)?;
        }
        Ok(())
    }

    /// Decides about `group` on its newest state and writes what was decided. `decide` changes the image itself, and
    /// answers the records of that change, each list a batch, with an answer for the caller. An error of `decide`
    /// costs a replay: refusals that are to be expected belong into the answer.
    pub(in crate::local) fn update<T>(
        &mut self,
        group: &str,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        self.update_as(&[group], &COORDINATOR, sync, decide)
    }

    /// As [`GroupLog::update`], as a part of a producer's transaction; it is on the disk when this returns.
    pub(in crate::local) fn update_in_transaction<T>(
        &mut self,
        group: &str,
        producer: &ProducerStamp,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        self.update_as(&[group], producer, Sync::Now, decide)
    }

    /// As [`GroupLog::update`], for changes of offsets of any number of groups.
    pub(super) fn update_offsets<T>(
        &mut self,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        self.update_as(&[], &COORDINATOR, sync, decide)
    }

    /// As [`GroupLog::update`], about several groups at once; each of them once.
    pub(super) fn update_all<T>(
        &mut self,
        groups: &[&str],
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        self.update_as(groups, &COORDINATOR, sync, decide)
    }

    fn update_as<T>(
        &mut self,
        ids: &[&str],
        producer: &ProducerStamp,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        let outcome = self.update_under_lock(ids, producer, sync, decide);
        if outcome.is_err() {
            // The image may tell of things that were never written.
            self.image = GroupImage { replayed: self.log_start, ..GroupImage::default() };
        }
        outcome
    }

    fn update_under_lock<T>(
        &mut self,
        ids: &[&str],
        producer: &ProducerStamp,
        sync: Sync,
        decide: impl FnOnce(&mut Groups, TimestampMs) -> client::Result<(Vec<Vec<GroupRecord>>, T)>,
    ) -> client::Result<T> {
        let files: Vec<(&str, LiveFile)> = ids.iter().filter_map(|&id| Some((id, self.live(id)?))).collect();
        let reader = self.partition.reader(self.image.replayed)?;
        let dir = self.partition.dir().to_owned();
        let mut locked = self.partition.lock()?;
        let end = locked.log_end();
        // Others are about to sync it, or have died before they could. It is in the log, so it counts.
        let is_pending = locked.high_watermark() < end;
        if end > self.image.replayed {
            self.image.replay(&dir, reader, end)?;
        }
        let mut lives = Vec::with_capacity(files.len());
        for (id, file) in &files {
            let known = file.read()?;
            if let Some(live) = &known {
                self.image.lay_over(id, live);
            }
            lives.push(known);
        }
        let (mut batches, answer) = decide(&mut self.image.groups, now_ms())?;
        // What is forgotten of others is no part of anybody's transaction.
        if !self.has_swept && !producer.transactional && batches.iter().any(|records| !records.is_empty()) {
            self.has_swept = true;
            batches.push(self.image.sweep(&self.cluster, ids));
        }
        let mut written = false;
        for records in batches.iter().filter(|records| !records.is_empty()) {
            let batch = encode(&mut self.builder, producer, records)?;
            let last = locked.append(batch, self.epoch)?.last_offset;
            self.image.note(records, last);
            written = true;
        }
        for ((id, file), known) in files.iter().zip(&lives) {
            self.image.save(id, file, known.as_ref())?;
        }
        let unsynced = match sync {
            _ if !written => None,
            Sync::Later if !is_pending && !locked.has_new_names() => {
                locked.publish_unsynced(self.image.replayed, Eventually::AtTheEnd)?;
                None
            }
            // What others have not synced yet can't be shown with it; and the names of a new segment are nobody else's
            // to sync.
            Sync::Now | Sync::Later => locked.unsynced(),
        };
        drop(locked);
        if let Some(unsynced) = unsynced {
            self.partition.sync(&unsynced)?;
        }
        Ok(answer)
    }
}

impl GroupImage {
    fn described(&self, group: &str) -> Offset {
        self.described.get(group).copied().unwrap_or(Offset::ZERO)
    }

    /// Takes over what the members share, unless the log knows better.
    fn lay_over(&mut self, group: &str, live: &Live) {
        if live.offset < self.described(group) {
            return;
        }
        if let Some(kind) = live.group() {
            self.groups.get_or_insert(group).kind = kind;
        }
    }

    /// Notes that `records` were appended, the last of them at `last`.
    fn note(&mut self, records: &[GroupRecord], last: Offset) {
        let first = last.get().saturating_sub(i64::try_from(records.len()).unwrap_or(i64::MAX) - 1);
        for (offset, record) in (first..).map(Offset::new).zip(records) {
            if let Some(group) = record.described() {
                self.described.insert(group.to_owned(), offset);
            }
        }
        self.replayed = last.next();
    }

    /// Deletes the groups of which nothing is left; those that are being decided about are not looked at.
    fn sweep(&mut self, cluster: &Cluster, decided: &[&str]) -> Vec<GroupRecord> {
        let Ok(coordination) = cluster.coordination() else { return Vec::new() };
        let is_alive = |id: &str| decided.contains(&id) || coordination.group_live(id).exists();
        self.groups.sweep(now_ms(), is_alive)
    }

    fn save(&self, group: &str, file: &LiveFile, known: Option<&Live>) -> Result<()> {
        file.save(known, self.groups.get(group).map(|group| &group.kind), self.described(group))
    }

    /// Replays what `reader` finds below `limit`.
    fn replay(&mut self, dir: &Path, reader: LogReader, limit: Offset) -> Result<()> {
        let mut batches = BatchReader::default();
        reader.replay(limit, |header, batch| self.replay_batch(dir, header, batch, &mut batches))?;
        self.replayed = limit;
        Ok(())
    }

    fn replay_batch(
        &mut self,
        dir: &Path,
        header: &BatchHeader,
        batch: &[u8],
        batches: &mut BatchReader,
    ) -> Result<()> {
        if header.is_control() {
            if let Some(ControlRecord::EndTxn { outcome, .. }) = log::control_record(batch)? {
                self.groups.end_transaction(header.producer_id(), outcome == EndTxn::Commit);
            }
            return Ok(());
        }
        let outcome = batches.try_for_each(batch, |record| {
            let (key, value, timestamp) = (record.key, record.value, record.timestamp);
            if header.is_transactional() {
                return self.groups.replay_transactional(header.producer_id(), key, value, timestamp);
            }
            let described = self.groups.replay(key, value, timestamp)?;
            self.described.extend(described.map(|group| (group, record.offset)));
            Ok(())
        })?;
        outcome.map_err(|(offset, source)| Error::GroupRecord { dir: dir.to_owned(), offset, source })
    }
}

fn encode<'a>(
    builder: &'a mut BatchBuilder,
    producer: &ProducerStamp,
    records: &[GroupRecord],
) -> Result<&'a mut [u8]> {
    builder.clear();
    let now = now_ms();
    for record in records {
        let encoded = record.encode()?;
        builder.append(now, Some(&encoded.key), encoded.value.as_deref(), &[]);
    }
    Ok(builder.finish(producer)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{CommitRequest, NewCommit, Speaker};

    fn commit(offset: i64) -> (TopicPartition, CommitRequest<'static>) {
        let partition = TopicPartition { topic: "t".to_owned(), partition: PartitionId(0) };
        let new = NewCommit {
            partition: partition.clone(),
            offset: Offset::new(offset),
            leader_epoch: None,
            metadata: String::new(),
            topic_id: None,
        };
        let speaker = Speaker { member_id: "", instance_id: None, generation: -1 };
        (partition, CommitRequest { group: "g", speaker, producer_id: None, offsets: vec![new] })
    }

    fn committed(log: &GroupLog) -> Option<i64> {
        let offset = log.groups().get("g")?.offset(&commit(0).0)?.offset;
        Some(offset.get())
    }

    /// A member that was killed while its commit was being synced had its successor begin before it, and commit less.
    #[test]
    fn who_takes_over_sees_a_commit_that_was_never_published() {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::open(dir.path()).unwrap();
        let mut killed = GroupLog::of_group_or_new(&cluster, "g").unwrap();
        let request = commit(3).1;
        let decide = |groups: &mut Groups, now| Ok((vec![groups.commit(request, now).unwrap().records], ()));
        killed.update("g", Sync::Now, decide).unwrap();
        let mut successor = GroupLog::of_group_or_new(&cluster, "g").unwrap();
        let records = killed.image.groups.commit(commit(7).1, now_ms()).unwrap().records;
        let batch = encode(&mut killed.builder, &COORDINATOR, &records).unwrap();
        killed.partition.lock().unwrap().append(batch, killed.epoch).unwrap();
        successor.refresh().unwrap();
        assert_eq!(committed(&successor), Some(3), "not to be seen from outside before it is durable");
        successor.refresh_to_end().unwrap();
        assert_eq!(committed(&successor), Some(7));
    }
}
