//! `LocalBulkWriter`: `BulkWriter` on a directory.
//!
//! Cost: a batch that can stay as it is takes one copy and one pass for its checksum; a record takes what a producer's does.

use super::count::{Count, Identity, Keep};
use super::lane::{Building, Lane};
use crate::client::{
    self, BulkMark, BulkOrigin, BulkPlace, BulkRecord, BulkSource, BulkStart, BulkWriter, Result,
};
use crate::local::checkpoints;
use crate::local::cluster::Cluster;
use crate::local::error::Error;
use crate::local::syncer::Syncer;
use crate::local::topic::OpenTopic;
use crate::record::{self, BatchHeader, BatchReader, ProducerStamp};
use crate::types::{
    ErrorCode, Header, INTERNAL_TOPICS, PartitionId, RecordView, TimestampType, TopicPartition,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Writes to the topics of a directory.
pub(in crate::local) struct LocalBulkWriter {
    cluster: Cluster,
    /// By name.
    counts: BTreeMap<String, Count>,
    sources: Vec<Source>,
    /// Where sources begin that are not kept yet.
    starts: Vec<(BulkSource, BulkMark)>,
    targets: Vec<Target>,
    lanes: Vec<Lane>,
    syncer: Syncer,
    batches: BatchReader,
    /// A batch could not be written: none may follow it.
    failed: bool,
}

/// A topic with the places of its partitions in `lanes`.
struct Target {
    topic: OpenTopic,
    lanes: Vec<usize>,
}

struct Source {
    key: TopicPartition,
    /// What it is counted under.
    name: Option<String>,
    /// Of one that is counted.
    identity: Option<Identity>,
    /// Whether something may have been written as this identity by a predecessor.
    is_resumed: bool,
    /// By lane.
    written: BTreeMap<usize, Written>,
}

/// What a partition has of a source since its last mark.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// The sequence of the next record.
    next: i32,
    /// Records that a predecessor has written and that are still to be passed over.
    there: i32,
}

impl LocalBulkWriter {
    pub(in crate::local) fn open(cluster: &Cluster) -> Result<LocalBulkWriter> {
        cluster.coordination()?;
        Ok(LocalBulkWriter {
            cluster: cluster.clone(),
            counts: BTreeMap::new(),
            sources: Vec::new(),
            starts: Vec::new(),
            targets: Vec::new(),
            lanes: Vec::new(),
            syncer: Syncer::start(),
            batches: BatchReader::default(),
            failed: false,
        })
    }

    /// Where a topic stands in `targets`, with at least `least` partitions if it has as many.
    fn target(&mut self, name: &str, least: usize) -> Result<usize> {
        let known = self.targets.iter().position(|target| target.topic.name.as_str() == name);
        if let Some(at) = known
            && self.targets.get(at).is_some_and(|target| target.lanes.len() >= least)
        {
            return Ok(at);
        }
        if INTERNAL_TOPICS.contains(&name) {
            let message = format!("{name} is Kafka's own and can't be written to");
            return Err(client::Error::new(ErrorCode::InvalidTopic, message));
        }
        let topic = self.cluster.open_topic(name)?.ok_or_else(|| unknown(name))?;
        if topic.in_sync < topic.config.min_insync_replicas {
            return Err(client::Error::of(ErrorCode::NotEnoughReplicas));
        }
        let at = match known {
            Some(at) => at,
            None => {
                self.targets.push(Target { topic: topic.clone(), lanes: Vec::new() });
                self.targets.len() - 1
            }
        };
        let Some(target) = self.targets.get_mut(at) else { return Err(unknown(name)) };
        for index in target.lanes.len()..topic.partitions.len() {
            target.lanes.push(self.lanes.len());
            self.lanes.push(Lane::open(&self.cluster, &topic, index)?);
        }
        target.topic = topic;
        Ok(at)
    }

    /// The target and the lane that a record goes to.
    fn lane(&mut self, topic: &str, place: BulkPlace, key: Option<&[u8]>) -> Result<(usize, usize)> {
        let (target, index) = match place {
            BulkPlace::Partition(PartitionId(number)) => {
                let index = usize::try_from(number).map_err(|_| no_partition(topic, number))?;
                (self.target(topic, index.saturating_add(1))?, index)
            }
            BulkPlace::Spread(number) => {
                let target = self.target(topic, 1)?;
                let count = self.targets.get(target).map_or(1, |target| target.lanes.len());
                let index = match key {
                    Some(key) => {
                        let count = i32::try_from(count).unwrap_or(i32::MAX);
                        usize::try_from(record::partition_for_key(key, count)).unwrap_or(0)
                    }
                    None => {
                        let count = u64::try_from(count).unwrap_or(1).max(1);
                        usize::try_from(number % count).unwrap_or(0)
                    }
                };
                (target, index)
            }
        };
        let lane = self.targets.get(target).and_then(|target| target.lanes.get(index)).copied();
        let number = i32::try_from(index).unwrap_or(i32::MAX);
        Ok((target, lane.ok_or_else(|| no_partition(topic, number))?))
    }

    /// What a lane has of a source.
    fn written(&mut self, source: BulkSource, lane: usize) -> Result<&mut Written> {
        let Some(state) = self.sources.get_mut(source) else { return Err(no_source()) };
        if !state.written.contains_key(&lane) {
            let there = match (state.identity, self.lanes.get(lane)) {
                (Some(identity), Some(lane)) if state.is_resumed => lane.written_by(identity)?,
                _ => 0,
            };
            state.written.insert(lane, Written { next: there, there });
        }
        state.written.get_mut(&lane).ok_or_else(no_source)
    }

    /// Takes the sequences of `count` records.
    fn stamp(&mut self, source: BulkSource, lane: usize, count: i32) -> Result<ProducerStamp> {
        let identity = self.sources.get(source).and_then(|source| source.identity);
        let Some(Identity { producer_id, epoch }) = identity else { return Ok(ProducerStamp::NONE) };
        let written = self.written(source, lane)?;
        let base_sequence = written.next;
        written.next = record::sequence_after(base_sequence, count);
        Ok(ProducerStamp { producer_id, epoch, base_sequence, transactional: false })
    }

    /// Finishes the batch that is being built in a lane.
    fn finish(&mut self, target: usize, lane: usize) -> Result<()> {
        let Some(building) = self.lanes.get(lane).and_then(|lane| lane.building) else { return Ok(()) };
        let identity = self.sources.get(building.source).and_then(|source| source.identity);
        let next = self.written(building.source, lane)?.next;
        let stamp = match identity {
            Some(Identity { producer_id, epoch }) => {
                ProducerStamp { producer_id, epoch, base_sequence: next, transactional: false }
            }
            None => ProducerStamp::NONE,
        };
        let (Some(target), Some(state)) = (self.targets.get(target), self.lanes.get_mut(lane)) else {
            return Ok(());
        };
        let count = state.finish(&stamp, &target.topic)?;
        let is_full = state.is_full();
        self.written(building.source, lane)?.next = record::sequence_after(next, count);
        if is_full { self.hand_over(lane) } else { Ok(()) }
    }

    fn hand_over(&mut self, lane: usize) -> Result<()> {
        if let Some(error) = self.syncer.take_error() {
            self.failed = true;
            return Err(error.into());
        }
        let outcome = self.lanes.get_mut(lane).map_or(Ok(()), |lane| lane.hand_over(&self.syncer));
        self.failed |= outcome.is_err();
        outcome
    }

    /// Who keeps count under a name.
    fn count(&mut self, name: &str) -> Result<&Count> {
        if !self.counts.contains_key(name) {
            self.counts.insert(name.to_owned(), Count::open(&self.cluster, name)?);
        }
        self.counts.get(name).ok_or_else(no_source)
    }

    /// Keeps marks of sources of which everything is durable that was written.
    fn keep(&mut self, marks: &[(BulkSource, BulkMark)]) -> Result<()> {
        for (name, count) in &self.counts {
            let due = |&(source, _): &&(BulkSource, BulkMark)| {
                // Where a predecessor has written more than that, its mark goes further.
                let state = self.sources.get(*source).filter(|state| state.name.as_ref() == Some(name));
                state.is_some_and(|state| state.written.values().all(|written| written.there == 0))
            };
            let due: Vec<&(BulkSource, BulkMark)> = marks.iter().filter(due).collect();
            let keeps: Vec<Keep<'_>> = due
                .iter()
                .filter_map(|(source, mark)| {
                    let state = self.sources.get(*source)?;
                    Some(Keep { source: &state.key, mark, identity: state.identity })
                })
                .collect();
            if keeps.is_empty() {
                continue;
            }
            // Without its mark, what a source brings could not be told from what it brought before.
            let identities = count.keep(&keeps).inspect_err(|_| self.failed = true)?;
            for ((source, _), identity) in due.into_iter().zip(identities) {
                if let Some(state) = self.sources.get_mut(*source) {
                    state.identity = Some(identity);
                    state.is_resumed = false;
                    state.written.clear();
                }
            }
        }
        Ok(())
    }

    /// Refuses to go on after a failure, and keeps where sources begin.
    fn prepare(&mut self) -> Result<()> {
        if !self.failed {
            let starts = std::mem::take(&mut self.starts);
            return if starts.is_empty() { Ok(()) } else { self.keep(&starts) };
        }
        Err(client::Error::new(ErrorCode::KafkaStorage, "an earlier write has failed"))
    }

    /// Writes the records of a batch one by one.
    fn write_records(
        &mut self,
        source: BulkSource,
        topic: &str,
        place: BulkPlace,
        batch: &[u8],
    ) -> Result<u64> {
        let mut batches = std::mem::take(&mut self.batches);
        let (mut count, mut failed) = (0, None);
        let read = batches.for_each(batch, |view| {
            let place = match place {
                BulkPlace::Spread(number) => {
                    BulkPlace::Spread(number.wrapping_add(view.offset.get().cast_unsigned()))
                }
                kept => kept,
            };
            let headers: Vec<Header<'_>> = view.headers.iter().collect();
            match self.write_record(source, topic, place, &bulk_record(view, &headers)) {
                Ok(written) => count += u64::from(written),
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        self.batches = batches;
        match failed {
            Some(error) => Err(error),
            None => read.map(|_| count).map_err(|error| Error::from(error).into()),
        }
    }
}

impl BulkWriter for LocalBulkWriter {
    fn last_mark(&mut self, name: &str, source: &TopicPartition) -> Result<Option<BulkMark>> {
        Ok(self.count(name)?.find(source)?.map(|(mark, _)| mark))
    }

    fn begin(&mut self, name: Option<&str>, key: &TopicPartition, start: BulkStart) -> Result<BulkSource> {
        let (mut identity, mut is_resumed) = (None, false);
        match (name, start) {
            (None, _) => {}
            (Some(name), BulkStart::Anew(mark)) => {
                self.count(name)?;
                self.starts.push((self.sources.len(), mark));
            }
            (Some(name), BulkStart::Resumed) => {
                let (_, found) = self.count(name)?.find(key)?.ok_or_else(no_source)?;
                (identity, is_resumed) = (Some(found), true);
            }
        }
        let (key, name) = (key.clone(), name.map(str::to_owned));
        self.sources.push(Source { key, name, identity, is_resumed, written: BTreeMap::new() });
        Ok(self.sources.len() - 1)
    }

    fn write_record(
        &mut self,
        source: BulkSource,
        topic: &str,
        place: BulkPlace,
        record: &BulkRecord<'_>,
    ) -> Result<bool> {
        self.prepare()?;
        let (target, lane) = self.lane(topic, place, record.key)?;
        let written = self.written(source, lane)?;
        if written.there > 0 {
            written.there -= 1;
            return Ok(false);
        }
        let is_compacted = self.targets.get(target).is_some_and(|target| target.topic.config.is_compacted());
        if is_compacted && record.key.is_none() {
            return Err(no_key(topic));
        }
        let building = Building { source, append_time: record.is_append_time.then_some(record.timestamp) };
        let bound = record::record_size_bound(record.key, record.value, record.headers);
        if self.lanes.get(lane).is_some_and(|lane| lane.must_finish(building, bound)) {
            self.finish(target, lane)?;
        }
        let is_large = self.lanes.get_mut(lane).is_some_and(|lane| {
            lane.add(building, record);
            lane.must_finish(building, 0)
        });
        // At once, so that an error is one of this record.
        if is_large {
            self.finish(target, lane)?;
        }
        Ok(true)
    }

    fn write_batch(
        &mut self,
        source: BulkSource,
        topic: &str,
        place: BulkPlace,
        bytes: &[u8],
        origin: BulkOrigin,
    ) -> Result<u64> {
        self.prepare()?;
        let header = match origin {
            BulkOrigin::Log => BatchHeader::parse(bytes).map_err(Error::from)?,
            BulkOrigin::Foreign => check_batch(bytes, &mut self.batches)?,
        };
        let BulkPlace::Partition(_) = place else { return self.write_records(source, topic, place, bytes) };
        let (target, lane) = self.lane(topic, place, None)?;
        let count = header.record_count();
        let written = self.written(source, lane)?;
        if written.there >= count {
            written.there -= count;
            return Ok(0);
        }
        let is_begun = written.there > 0;
        let fits = self.targets.get(target).is_some_and(|target| target.topic.config.takes_as_it_is(&header));
        if is_begun || !fits {
            return self.write_records(source, topic, place, bytes);
        }
        self.finish(target, lane)?;
        let stamp = self.stamp(source, lane, count)?;
        let is_full = self.lanes.get_mut(lane).is_some_and(|lane| {
            lane.add_batch(bytes, count, &stamp);
            lane.is_full()
        });
        if is_full {
            self.hand_over(lane)?;
        }
        Ok(u64::from(count.unsigned_abs()))
    }

    fn flush(&mut self) -> Result<()> {
        self.prepare()?;
        for target in 0..self.targets.len() {
            for lane in self.targets.get(target).map(|target| target.lanes.clone()).unwrap_or_default() {
                self.finish(target, lane)?;
                self.hand_over(lane)?;
            }
        }
        self.syncer.wait().map_err(|error| {
            self.failed = true;
            client::Error::from(error)
        })
    }

    fn mark(&mut self, marks: &[(BulkSource, BulkMark)]) -> Result<()> {
        self.flush()?;
        self.keep(marks)
    }
}

impl Drop for LocalBulkWriter {
    fn drop(&mut self) {
        if !self.failed && !self.syncer.is_busy() {
            let ends = self.lanes.iter().filter_map(|lane| Some((lane.key.clone(), lane.appended_to?)));
            checkpoints::note(&self.cluster, &ends.collect::<Vec<_>>());
        }
    }
}

/// Makes sure that bytes are one sound batch of records, to the last header.
fn check_batch(bytes: &[u8], batches: &mut BatchReader) -> Result<BatchHeader> {
    let header = BatchHeader::parse(bytes).map_err(Error::from)?;
    if header.is_legacy() || header.is_control() || header.size_bytes() != bytes.len() {
        return Err(client::Error::new(ErrorCode::CorruptMessage, "these bytes are no batch of records"));
    }
    record::verify_crc(bytes).map_err(Error::from)?;
    let _ = batches.for_each(bytes, |_| ControlFlow::Continue(())).map_err(Error::from)?;
    Ok(header)
}

fn bulk_record<'a>(view: &RecordView<'a>, headers: &'a [Header<'a>]) -> BulkRecord<'a> {
    BulkRecord {
        timestamp: view.timestamp,
        is_append_time: view.timestamp_type == TimestampType::LogAppend,
        key: view.key,
        value: view.value,
        headers,
    }
}

fn unknown(topic: &str) -> client::Error {
    client::Error::new(ErrorCode::UnknownTopicOrPartition, format!("there is no topic '{topic}'"))
}

fn no_partition(topic: &str, number: i32) -> client::Error {
    let message = format!("topic '{topic}' has no partition {number}");
    client::Error::new(ErrorCode::UnknownTopicOrPartition, message)
}

fn no_key(topic: &str) -> client::Error {
    let message = format!("topic '{topic}' is compacted, and takes no record without a key");
    client::Error::new(ErrorCode::InvalidRecord, message)
}

fn no_source() -> client::Error {
    client::Error::new(ErrorCode::InvalidRequest, "the source was not begun")
}
