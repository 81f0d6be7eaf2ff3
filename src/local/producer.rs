//! `LocalProducer`: records gather into batches, batches go to the log, a second thread syncs them.

use super::checkpoints;
use super::cluster::Cluster;
use super::error::Error;
use super::receipts::Receipts;
use super::syncer::Syncer;
use super::topic_writer::{Means, TopicWriter};
use super::transactions::Session;
use crate::client::{self, Acks, Idle, Producer, ProducerConfig, ProducerRecord, Receipt, Result};
use crate::record;
use crate::types::{ErrorCode, TimestampMs, TopicPartition, now_ms};
use std::time::{Duration, Instant};

/// How long records may wait for company while an earlier sync runs, or between two batches that nobody syncs.
const LINGER: Duration = Duration::from_millis(1);
/// The clock is read anew for every so many records of one batch.
const RECORDS_PER_CLOCK_READ: u32 = 256;

/// A producer in a data directory.
pub(super) struct LocalProducer {
    cluster: Cluster,
    config: ProducerConfig,
    /// The topic that it was opened for, and behind it those that records were sent to besides.
    topics: Vec<TopicWriter>,
    syncer: Option<Syncer>,
    /// Of an idempotent or a transactional producer.
    session: Option<Session>,
    /// Of a producer whose caller takes them.
    receipts: Option<Receipts>,
    now: TimestampMs,
    records_since_clock: u32,
    last_handed_over: Instant,
    fatal: bool,
}

impl LocalProducer {
    /// Opens `topic`, creating it if it isn't there.
    pub(super) fn open(cluster: &Cluster, topic: &str, mut config: ProducerConfig) -> Result<LocalProducer> {
        let topic = TopicWriter::open(cluster, topic, &config)?;
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
            receipts: config.receipts.then(Receipts::default),
            config,
            topics: vec![topic],
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

    /// Where a topic stands in `topics`; it is opened if it is new.
    fn topic_at(&mut self, name: &str) -> Result<usize> {
        if let Some(at) = self.topics.iter().position(|topic| topic.name() == name) {
            return Ok(at);
        }
        self.topics.push(TopicWriter::open(&self.cluster, name, &self.config)?);
        Ok(self.topics.len() - 1)
    }

    /// Writes the batch of a partition to its log. What could not be written is dropped, and the error says so.
    fn hand_over(&mut self, at: usize, index: usize) -> Result<()> {
        let Some(topic) = self.topics.get_mut(at) else { return Ok(()) };
        let (acks, syncer) = (self.config.acks, self.syncer.as_ref());
        // After a batch that couldn't be written none may follow it: that would tear a hole into the order.
        let means = (!self.fatal).then_some(Means { acks, syncer, session: self.session.as_mut() });
        let outcome = topic.hand_over(index, means);
        if let Some(receipts) = &mut self.receipts {
            match (&outcome, topic.place(index)) {
                (Err(error), _) => receipts.dropped(at, index, error),
                (Ok(()), Some(place)) if !self.fatal => receipts.wrote(at, index, place),
                (Ok(()), _) => receipts.discard(),
            }
        }
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
        let pending = self.pending();
        let mut outcome = match &mut self.session {
            Some(session) if !self.fatal && !pending.is_empty() => session.enter(&pending),
            _ => Ok(()),
        };
        for at in 0..self.topics.len() {
            for index in self.topics.get(at).map(TopicWriter::pending).unwrap_or_default() {
                outcome = outcome.and(self.hand_over(at, index));
            }
        }
        for topic in &mut self.topics {
            outcome = outcome.and(topic.store_turn());
        }
        outcome
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// The partitions with records that are not handed over yet; of no interest but to a transaction.
    pub(super) fn pending(&self) -> Vec<TopicPartition> {
        match self.session {
            Some(_) => self.topics.iter().flat_map(TopicWriter::pending_partitions).collect(),
            None => Vec::new(),
        }
    }

    /// Drops the records that are not handed over yet.
    pub(super) fn discard(&mut self) {
        self.topics.iter_mut().for_each(TopicWriter::discard);
        self.receipts.iter_mut().for_each(Receipts::discard);
    }

    /// Takes no further record.
    pub(super) fn give_up(&mut self) {
        self.fatal = true;
    }

    fn has_pending(&self) -> bool {
        self.topics.iter().any(TopicWriter::has_pending)
    }

    /// Takes a record for the topic at a place of `topics`.
    fn take(&mut self, at: usize, record: &ProducerRecord<'_>) -> Result<()> {
        if let Some(session) = &self.session {
            session.check_open()?;
        }
        let number = self.receipts.as_mut().map(Receipts::number);
        let timestamp = record.timestamp.unwrap_or(TimestampMs(0));
        let timestamp = if record.timestamp.is_some() { timestamp } else { self.clock() };
        let bound = record::record_size_bound(record.key, record.value, record.headers);
        self.check_size(record::HEADER_SIZE + bound)?;
        let Some(topic) = self.topics.get_mut(at) else { return Ok(()) };
        topic.check(record, self.now)?;
        let index = topic.choose(record, bound)?;
        if topic.has_no_room(index, bound) {
            self.hand_over(at, index)?;
        }
        let Some(topic) = self.topics.get_mut(at) else { return Ok(()) };
        if let (Some(receipts), Some(number)) = (&mut self.receipts, number) {
            receipts.added(at, index, number);
        }
        if !topic.add(index, timestamp, record) {
            return Ok(());
        }
        let outcome = self.hand_over(at, index);
        if let (Err(_), Some(receipts), Some(number)) = (&outcome, &mut self.receipts, number) {
            receipts.refused(number);
        }
        outcome
    }

    /// Refuses a record of which a batch could take more than `max.request.size`.
    fn check_size(&self, bound: usize) -> Result<()> {
        let most = self.config.max_request_size_bytes;
        if bound <= most {
            return Ok(());
        }
        let message = format!(
            "The message is {bound} bytes when serialized which is larger than {most}, which is the value of the max.request.size configuration."
        );
        Err(client::Error::new(ErrorCode::RecordTooLarge, message))
    }

    /// Takes a record for a topic that may be another than the one that the producer was opened for.
    pub(super) fn take_for(&mut self, topic: &str, record: &ProducerRecord<'_>) -> Result<()> {
        let outcome = self.topic_at(topic).and_then(|at| self.take(at, record));
        self.spoil_if(outcome)
    }

    /// Notes in the open transaction that something which belongs to it could not be done.
    pub(super) fn spoil_if(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_err() {
            self.session.iter_mut().for_each(Session::spoil);
        }
        outcome
    }

    fn failed(&mut self, error: Error) -> client::Error {
        self.fatal = true;
        error.into()
    }
}

impl Producer for LocalProducer {
    fn send(&mut self, record: &ProducerRecord<'_>) -> Result<()> {
        let outcome = self.take(0, record);
        self.spoil_if(outcome)
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
        let written: u64 = self.topics.iter().map(TopicWriter::written).sum();
        written + self.syncer.as_ref().map_or(0, Syncer::synced)
    }

    fn take_receipts(&mut self, receipts: &mut Vec<Receipt>) {
        if let Some(kept) = &mut self.receipts {
            kept.take(receipts);
        }
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
        let ends = self.topics.iter().flat_map(|topic| topic.ends(&self.cluster));
        checkpoints::note(&self.cluster, &ends.collect::<Vec<_>>());
    }
}
