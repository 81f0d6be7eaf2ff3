//! `LocalProducer`: records gather into batches, batches go to the log, a second thread syncs them.

use super::checkpoints;
use super::cluster::Cluster;
use super::error::Error;
use super::partition::Partition;
use super::partitioner::Chooser;
use super::syncer::{Appended, Syncer};
use super::topic::OpenTopic;
use super::transactional::Session;
use crate::client::{self, Acks, Idle, Producer, ProducerConfig, ProducerRecord, Result};
use crate::metadata::Image;
use crate::record::{self, BatchBuilder, ProducerStamp};
use crate::types::{
    ErrorCode, INTERNAL_TOPICS, LeaderEpoch, Offset, PartitionId, TimestampMs, TopicPartition, now_ms,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A batch as large as this stays in the processor's cache from the first record to the write.
const BATCH_BYTES: usize = 256 * 1024;
/// All batches of a producer together may take this much, however many partitions there are.
const BATCHES_BYTES: usize = 16 * 1024 * 1024;
const SMALLEST_BATCH_BYTES: usize = 16 * 1024;
/// How long records may wait for company while an earlier sync runs, or between two batches that nobody syncs.
const LINGER: Duration = Duration::from_millis(1);
/// The clock is read anew for every so many records of one batch.
const RECORDS_PER_CLOCK_READ: u32 = 256;

/// A producer of one topic in a data directory.
pub(super) struct LocalProducer {
    cluster: Cluster,
    config: ProducerConfig,
    topic: OpenTopic,
    batch_bytes: usize,
    slots: Vec<Slot>,
    chooser: Chooser,
    syncer: Option<Syncer>,
    /// Of an idempotent or a transactional producer.
    session: Option<Session>,
    now: TimestampMs,
    records_since_clock: u32,
    last_handed_over: Instant,
    fatal: bool,
}

/// A partition and the batch that is being built for it.
struct Slot {
    key: TopicPartition,
    partition: Arc<Mutex<Partition>>,
    epoch: LeaderEpoch,
    builder: BatchBuilder,
    /// The end of what this producer appended.
    appended_to: Option<Offset>,
    /// Records that this producer appended and that nobody syncs.
    written: u64,
}

impl LocalProducer {
    /// Opens `topic`, creating it if it isn't there. Kafka's own topics are refused: what a client wrote there could be
    /// taken for an offset or a group.
    pub(super) fn open(cluster: &Cluster, topic: &str, mut config: ProducerConfig) -> Result<LocalProducer> {
        if INTERNAL_TOPICS.contains(&topic) {
            return Err(client::Error::of(ErrorCode::InvalidTopic));
        }
        let topic = cluster.open_topic_to_produce(topic)?;
        let open = cluster.partitions_of(&topic)?;
        let slots: Vec<Slot> = open
            .into_iter()
            .zip(&topic.partitions)
            .map(|((partition, epoch), &(id, _))| Slot {
                key: TopicPartition { topic: topic.name.to_string(), partition: id },
                partition: Arc::new(Mutex::new(partition)),
                epoch,
                builder: topic.config.builder(config.codec),
                appended_to: None,
                written: 0,
            })
            .collect();
        let batch_bytes = batch_bytes(&config, &topic, slots.len());
        let chooser = Chooser::new(
            config.partitioner,
            config.ignore_keys,
            cluster.rotation_path(topic.id),
            batch_bytes,
        );
        let session = match &config.transactional_id {
            Some(id) => Some(Session::transactional(cluster, id, config.transaction_timeout_ms)?),
            None if config.idempotent => Some(Session::idempotent(cluster)?),
            None => None,
        };
        if session.is_some() {
            config.acks = Acks::All;
        }
        let syncer = (config.acks == Acks::All).then(Syncer::start);
        Ok(LocalProducer {
            cluster: cluster.clone(),
            config,
            topic,
            batch_bytes,
            slots,
            chooser,
            syncer,
            session,
            now: now_ms(),
            records_since_clock: 0,
            last_handed_over: Instant::now(),
            fatal: false,
        })
    }

    fn clock(&mut self) -> TimestampMs {
        if self.records_since_clock == 0 {
            self.now = now_ms();
        }
        self.records_since_clock = (self.records_since_clock + 1) % RECORDS_PER_CLOCK_READ;
        self.now
    }

    fn choose(&mut self, record: &ProducerRecord<'_>, size: usize) -> Result<usize> {
        let count = self.slots.len();
        let Some(PartitionId(number)) = record.partition else {
            return Ok(self.chooser.choose(record.key, count, size));
        };
        usize::try_from(number).ok().filter(|&index| index < count).ok_or_else(|| {
            let topic = &self.topic.name;
            let message = format!(
                "Invalid partition given with record: partition {number} is not in the range [0...{count}) of topic {topic}."
            );
            client::Error::new(ErrorCode::UnknownTopicOrPartition, message)
        })
    }

    /// What a producer or a broker would refuse about a record by itself; `bound` is the most that a batch of it alone
    /// takes.
    fn check(&self, record: &ProducerRecord<'_>, timestamp: TimestampMs, bound: usize) -> Result<()> {
        let config = &self.topic.config;
        if bound > self.config.max_request_size_bytes {
            let message = format!(
                "The message is {bound} bytes when serialized which is larger than {}, which is the value of the max.request.size configuration.",
                self.config.max_request_size_bytes
            );
            return Err(client::Error::new(ErrorCode::RecordTooLarge, message));
        }
        if config.is_compacted() && record.key.is_none() {
            let message =
                format!("Compacted topic cannot accept message without key in topic {}.", self.topic.name);
            return Err(client::Error::new(ErrorCode::InvalidRecord, message)
                .with_hint("give each record a key: --reader-property parse.key=true"));
        }
        if record.timestamp.is_some() && !config.accepts_timestamp(timestamp, self.now) {
            let message = format!(
                "Timestamp {timestamp} of message is out of the range that topic {} accepts.",
                self.topic.name
            );
            return Err(client::Error::new(ErrorCode::InvalidTimestamp, message));
        }
        Ok(())
    }

    /// Writes a slot's batch to its log. What could not be written is dropped, and the error says so.
    fn hand_over(&mut self, index: usize) -> Result<()> {
        let Some(slot) = self.slots.get_mut(index).filter(|slot| !slot.builder.is_empty()) else {
            return Ok(());
        };
        // After a batch that couldn't be written none may follow it: that would tear a hole into the order.
        let outcome = match self.fatal {
            true => Ok(()),
            false => write(slot, &self.topic, self.config.acks, self.syncer.as_ref(), self.session.as_mut()),
        };
        slot.builder.clear();
        self.records_since_clock = 0;
        self.last_handed_over = Instant::now();
        if let Err(error) = &outcome {
            let refused = matches!(error.code, ErrorCode::RecordTooLarge | ErrorCode::NotEnoughReplicas);
            self.fatal |= !refused;
            self.session.iter_mut().for_each(Session::spoil);
        }
        outcome
    }

    fn hand_over_all(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        for index in 0..self.slots.len() {
            outcome = outcome.and(self.hand_over(index));
        }
        if let Err(e) = self.chooser.store() {
            outcome = outcome.and(Err(Error::from(e).into()));
        }
        outcome
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// Drops the records that are not handed over yet.
    pub(super) fn discard(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.builder.clear());
    }

    /// Takes no further record.
    pub(super) fn give_up(&mut self) {
        self.fatal = true;
    }

    fn has_pending(&self) -> bool {
        self.slots.iter().any(|slot| !slot.builder.is_empty())
    }

    fn take(&mut self, record: &ProducerRecord<'_>) -> Result<()> {
        if let Some(session) = &self.session {
            session.check_open()?;
        }
        let timestamp = record.timestamp.unwrap_or(TimestampMs(0));
        let timestamp = if record.timestamp.is_some() { timestamp } else { self.clock() };
        let bound = record::record_size_bound(record.key, record.value, record.headers);
        self.check(record, timestamp, record::HEADER_SIZE + bound)?;
        let index = self.choose(record, bound)?;
        let Some(slot) = self.slots.get(index) else { return Ok(()) };
        if slot.builder.size_bytes() + bound > self.batch_bytes && !slot.builder.is_empty() {
            self.hand_over(index)?;
        }
        let Some(slot) = self.slots.get_mut(index) else { return Ok(()) };
        slot.builder.append(timestamp, record.key, record.value, record.headers);
        if slot.builder.size_bytes() >= self.batch_bytes {
            self.hand_over(index)?;
        }
        Ok(())
    }

    fn failed(&mut self, error: Error) -> client::Error {
        self.fatal = true;
        error.into()
    }
}

impl Producer for LocalProducer {
    fn send(&mut self, record: &ProducerRecord<'_>) -> Result<()> {
        let outcome = self.take(record);
        if outcome.is_err() {
            self.session.iter_mut().for_each(Session::spoil);
        }
        outcome
    }

    fn idle(&mut self) -> Result<Idle> {
        if let Some(error) = self.syncer.as_ref().and_then(Syncer::take_error) {
            return Err(self.failed(error));
        }
        let busy = match &self.syncer {
            Some(syncer) => syncer.is_syncing(),
            None => self.last_handed_over.elapsed() < LINGER,
        };
        if busy && self.has_pending() {
            return Ok(Idle::CallAgainWithin(LINGER));
        }
        self.hand_over_all()?;
        if let Some(syncer) = &self.syncer {
            syncer.hurry();
        }
        Ok(Idle::Nothing)
    }

    fn flush(&mut self) -> Result<()> {
        let handed_over = self.hand_over_all();
        let synced = self.syncer.as_ref().map_or(Ok(()), Syncer::wait);
        let synced = synced.map_err(|error| self.failed(error));
        handed_over.and(synced)
    }

    fn acknowledged(&self) -> u64 {
        let written: u64 = self.slots.iter().map(|slot| slot.written).sum();
        written + self.syncer.as_ref().map_or(0, Syncer::synced)
    }

    fn is_fatal(&self) -> bool {
        self.fatal
    }
}

impl Drop for LocalProducer {
    fn drop(&mut self) {
        if self.config.acks != Acks::All || self.fatal || self.syncer.as_ref().is_some_and(Syncer::is_busy) {
            return;
        }
        let topic = self.topic.name.as_str();
        let still_there =
            |image: &Image| image.topics().get(topic).is_some_and(|now| now.id() == self.topic.id);
        if !self.cluster.with_image(still_there).unwrap_or(false) {
            return;
        }
        let ends = self.slots.iter().zip(&self.topic.partitions).filter_map(|(slot, &(partition, _))| {
            Some((TopicPartition { topic: topic.to_owned(), partition }, slot.appended_to?))
        });
        checkpoints::note(&self.cluster, &ends.collect::<Vec<_>>());
    }
}

/// The size at which a batch is full: what was asked for, else what is fast; never more than the topic takes.
fn batch_bytes(config: &ProducerConfig, topic: &OpenTopic, partitions: usize) -> usize {
    let share = BATCHES_BYTES / partitions.max(1);
    let fast = BATCH_BYTES.min(share).max(SMALLEST_BATCH_BYTES);
    // What doesn't compress grows by a little.
    let growth =
        if topic.config.compresses(config.codec) { topic.config.max_message_bytes / 64 + 128 } else { 0 };
    let most = topic.config.max_message_bytes.saturating_sub(growth).max(1);
    config.batch_size_bytes.unwrap_or(fast).clamp(1, most)
}

fn write(
    slot: &mut Slot,
    topic: &OpenTopic,
    acks: Acks,
    syncer: Option<&Syncer>,
    mut session: Option<&mut Session>,
) -> Result<()> {
    if acks == Acks::All && topic.in_sync < topic.config.min_insync_replicas {
        return Err(client::Error::of(ErrorCode::NotEnoughReplicas));
    }
    let id = slot.key.partition;
    let record_count = slot.builder.record_count();
    let stamp = session.as_ref().map_or(ProducerStamp::NONE, |session| session.stamp(id));
    let batch = slot.builder.finish(&stamp).map_err(Error::from)?;
    if batch.len() > topic.config.max_message_bytes {
        return Err(client::Error::of(ErrorCode::RecordTooLarge)
            .with_hint("raise the topic's max.message.bytes to take records of this size"));
    }
    if topic.config.log_append_time {
        record::set_log_append_time(batch, now_ms());
    }
    if let Some(session) = &mut session {
        session.enter(&slot.key)?;
    }
    let bytes = batch.len();
    let mut partition = slot.partition.lock().unwrap_or_else(PoisonError::into_inner);
    let mut locked = partition.lock().map_err(client::Error::from)?;
    if let Some(session) = &mut session {
        session.check(&slot.key)?;
    }
    let appended = locked.append(batch, slot.epoch).map_err(client::Error::from)?;
    if let Some(session) = &mut session {
        session.advance(id, record_count);
    }
    let end = appended.last_offset.next();
    slot.appended_to = Some(end);
    let record_count = u64::from(record_count.unsigned_abs());
    let Some(syncer) = syncer else {
        slot.written += record_count;
        return locked.publish(end).map_err(client::Error::from);
    };
    let file = locked.log_file();
    drop(locked);
    let new_names = if appended.first_in_segment { partition.names() } else { Vec::new() };
    drop(partition);
    if let Some(file) = file {
        syncer.add(Appended {
            partition: Arc::clone(&slot.partition),
            file,
            end,
            bytes,
            record_count,
            new_names,
        });
    }
    Ok(())
}
