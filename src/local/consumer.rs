//! `LocalConsumer`: records of a directory's partitions, in order within each, waiting for more where asked to.

use super::assigned::{Assigned, Flow};
use super::cluster::Cluster;
use super::error::Error;
use super::groups::GroupMember;
use super::transactions::{Janitor, Patience};
use crate::client::{
    self, CommittedOffset, Consumer, ConsumerConfig, ConsumerRecord, GroupMetadata, Handler, OffsetReset,
    Polled, Result, StartOffset, Subscription,
};
use crate::disk::{Channels, Woken};
use crate::record::BatchReader;
use crate::signal;
use crate::types::{ErrorCode, Offset, TimestampMs, TopicName, TopicPartition, now_ms};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How much of a log is read at a time: one buffer serves all partitions.
const BUFFER_BYTES: usize = 1024 * 1024;

/// A consumer on a data directory.
pub(super) struct LocalConsumer {
    pub(super) cluster: Cluster,
    pub(super) config: ConsumerConfig,
    pub(super) member: Option<GroupMember>,
    pub(super) assigned: Vec<Assigned>,
    /// The partition to be looked at first, so that a busy one doesn't starve the others.
    turn: usize,
    buffer: Vec<u8>,
    batches: BatchReader,
    /// A chunk in `buffer` that isn't read to its end: which partition's, and the bytes that are left of it.
    pub(super) unread: Option<(usize, std::ops::Range<usize>)>,
    /// The version of the metadata that the subscription was last held against.
    known_metadata: Offset,
    started: bool,
    pub(super) last_commit: Instant,
    janitor: Janitor,
    /// Whether a transaction that is open may still change where a partition is to be read from.
    awaits_offsets: bool,
    /// What ended the reading of a partition.
    damage: Option<client::Error>,
}

impl LocalConsumer {
    pub(super) fn open(cluster: &Cluster, config: ConsumerConfig) -> Result<LocalConsumer> {
        Ok(LocalConsumer {
            cluster: cluster.clone(),
            config,
            member: None,
            assigned: Vec::new(),
            turn: 0,
            buffer: Vec::new(),
            batches: BatchReader::default(),
            unread: None,
            known_metadata: Offset::ZERO,
            started: false,
            last_commit: Instant::now(),
            janitor: Janitor::default(),
            awaits_offsets: false,
            damage: None,
        })
    }

    /// Follows changes of the metadata and of the group: which partitions are this consumer's now.
    fn update_assignment(&mut self, handler: &mut dyn Handler) -> Result<()> {
        if !self.started {
            self.create_topic()?;
        }
        let metadata = self.cluster.refresh()?;
        if metadata != self.known_metadata || !self.started {
            self.known_metadata = metadata;
            let topics = self.matching_topics()?;
            match &mut self.member {
                Some(member) => member.subscribe(&topics),
                None if !self.started => self.member = self.new_member(&topics)?,
                None => {}
            }
            self.started = true;
            if self.member.is_none() {
                let wanted = self.all_partitions(&topics)?;
                return self.assign(&wanted, handler);
            }
        }
        self.follow_group(handler)
    }

    /// A member of the group, if there is to be one. A group that nobody asked for is done without where none can be kept.
    fn new_member(&self, topics: &[String]) -> Result<Option<GroupMember>> {
        let Some(group) = self.config.group.as_deref() else { return Ok(None) };
        if self.config.group_is_made_up && !self.cluster.is_writable() {
            return Ok(None);
        }
        match GroupMember::new(&self.cluster, group, &self.config, topics) {
            Err(e) if self.config.group_is_made_up && e.code == ErrorCode::KafkaStorage => Ok(None),
            other => other.map(Some),
        }
    }

    /// Asking for a topic creates it, as a broker does on a metadata request.
    fn create_topic(&self) -> Result<()> {
        let topic = match &self.config.subscription {
            Subscription::Topic(topic) => topic,
            Subscription::Partition(partition, _) => &partition.topic,
            Subscription::Pattern(_) => return Ok(()),
        };
        if !self.config.create_topics || !self.cluster.is_writable() || TopicName::new(topic).is_err() {
            return Ok(());
        }
        match self.cluster.open_topic_to_produce(topic) {
            // A name that collides with another can't be created, and is waited for like any other that isn't there.
            Err(e) if e.code != ErrorCode::KafkaStorage => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// The topics subscribed to that exist.
    fn matching_topics(&self) -> Result<Vec<String>> {
        Ok(self.cluster.with_image(|image| {
            let topics = image.topics();
            match &self.config.subscription {
                Subscription::Topic(name) => {
                    topics.get(name).map(|t| t.name().to_owned()).into_iter().collect()
                }
                Subscription::Partition(partition, _) => {
                    topics.get(&partition.topic).map(|t| t.name().to_owned()).into_iter().collect()
                }
                Subscription::Pattern(pattern) => {
                    let names = topics.iter().map(|topic| topic.name()).filter(|name| pattern.is_match(name));
                    let mut names: Vec<String> = names.map(str::to_owned).collect();
                    names.sort();
                    names
                }
            }
        })?)
    }

    fn all_partitions(&self, topics: &[String]) -> Result<Vec<TopicPartition>> {
        let mut all = Vec::new();
        for topic in topics {
            let Some(open) = self.cluster.open_topic(topic)? else { continue };
            let ids = open.partitions.iter().map(|&(id, _)| id);
            let wanted = ids.filter(|&id| match &self.config.subscription {
                Subscription::Partition(only, _) => only.partition == id,
                _ => true,
            });
            all.extend(wanted.map(|partition| TopicPartition { topic: topic.clone(), partition }));
        }
        Ok(all)
    }

    pub(super) fn forget_unread(&mut self) {
        if let Some((index, _)) = self.unread.take()
            && let Some(assigned) = self.assigned.get_mut(index)
        {
            assigned.rewind();
        }
    }

    /// Gives a partition its first position.
    pub(super) fn position(&mut self, index: usize) -> Result<()> {
        let Some(assigned) = self.assigned.get_mut(index).filter(|a| a.position().is_none()) else {
            return Ok(());
        };
        let committed = match self.member.as_ref().map(|member| member.committed(&assigned.key())) {
            Some(Err(e)) if e.code == ErrorCode::UnstableOffsetCommit => {
                // Who had the partition before has not said yet how far he got.
                self.awaits_offsets = true;
                return Ok(());
            }
            committed => committed.transpose()?.flatten(),
        };
        let start = match (&self.config.subscription, committed) {
            (Subscription::Partition(_, start), _) => *start,
            (_, Some(committed)) => StartOffset::At(committed),
            (_, None) => match self.config.start {
                Some(start) => start,
                None => reset(self.config.offset_reset, assigned)?,
            },
        };
        let log_start = self.cluster.log_start(assigned.topic(), assigned.partition())?;
        if assigned.begin(start, log_start)? {
            return Ok(());
        }
        // The position lies outside of the log.
        let start = reset(self.config.offset_reset, assigned)?;
        assigned.begin(start, log_start).map(|_| ())
    }

    /// Hands over what is at hand of one partition; says whether it stopped at a record.
    fn drain(&mut self, handler: &mut dyn Handler, delivered: &mut bool) -> Result<Flow> {
        let Some((index, range)) = self.unread.take() else { return Ok(Flow::Done) };
        let Some(assigned) = self.assigned.get_mut(index) else { return Ok(Flow::Done) };
        let bytes = self.buffer.get(range.clone()).unwrap_or_default();
        let member = self.member.as_ref();
        let mut counted = |record: &ConsumerRecord<'_>| {
            *delivered = true;
            let flow = handler.record(record);
            // Whoever was stopped meanwhile, or is to give partitions to others, must not go on.
            if member.is_some_and(GroupMember::is_called) { ControlFlow::Break(()) } else { flow }
        };
        let flow = assigned.deliver(bytes, &mut self.batches, self.config.until, &mut counted)?;
        if let Flow::Stopped { left_bytes } = flow {
            let start = range.end.saturating_sub(left_bytes);
            self.unread = Some((index, start..range.end));
        }
        Ok(flow)
    }

    /// Reads the next chunk of the first partition, in turn, that has one. Damage in one doesn't keep the others from
    /// being read: it is an error once nothing else is at hand.
    fn fetch(&mut self) -> Result<bool> {
        let count = self.assigned.len();
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER_BYTES];
        }
        for step in 0..count {
            let index = (self.turn + step) % count;
            if let Some(length) = self.fetch_from(index)? {
                self.unread = Some((index, 0..length));
                self.turn = (index + 1) % count;
                return Ok(true);
            }
        }
        self.damage.take().map_or(Ok(false), Err)
    }

    /// Reads the next chunk of one partition, if it has any.
    fn fetch_from(&mut self, index: usize) -> Result<Option<usize>> {
        loop {
            if self.assigned.get(index).is_none_or(Assigned::is_damaged) {
                return Ok(None);
            }
            match self.position(index) {
                Err(e)
                    if self.member.is_none()
                        && matches!(e.code, ErrorCode::CorruptMessage | ErrorCode::KafkaStorage) =>
                {
                    self.give_up(index, e);
                    return Ok(None);
                }
                other => other?,
            }
            let Some(assigned) = self.assigned.get_mut(index) else { return Ok(None) };
            let error = match assigned.fetch(&mut self.buffer, self.config.until) {
                Ok(fetched) => return Ok(fetched),
                Err(e) if e.is_gone() => return Ok(None),
                // The records were removed before they were read (retention, delete-records).
                Err(Error::Log(crate::log::Error::OutOfRange { .. })) => {
                    let start = reset(self.config.offset_reset, assigned)?;
                    let log_start = self.cluster.log_start(assigned.topic(), assigned.partition())?;
                    assigned.begin(start, log_start)?;
                    continue;
                }
                Err(e) => e,
            };
            if self.config.skip_damaged && assigned.skip_damage()? {
                self.cluster.notes().add(error);
            } else {
                self.give_up(index, error.into());
            }
        }
    }

    /// Reads no more of a partition. Its damage is told at once if it is the only one, else when the others are read.
    fn give_up(&mut self, index: usize, error: client::Error) {
        if let Some(assigned) = self.assigned.get_mut(index) {
            assigned.give_up();
        }
        if self.damage.is_some() || self.config.skip_damaged {
            self.cluster.notes().add(error.message);
        } else {
            self.damage = Some(error);
        }
    }

    fn channels(&self) -> Channels {
        let member = self.member.as_ref().map_or(Channels::NONE, GroupMember::channels);
        let own = self.cluster.metadata_channels().with(member);
        self.assigned.iter().fold(own, |all, assigned| all.with(assigned.channels()))
    }

    /// Ends abandoned transactions where they hold up this reader. Answers when it is to look again; zero: records may
    /// have become readable. That it can't be done is no error of a reader: it waits on.
    fn see_to_transactions(&mut self) -> Option<Duration> {
        if std::mem::take(&mut self.awaits_offsets) {
            // Of an owner before this one who is dead nothing more is to be heard.
            return Some(self.janitor.look_after(&self.cluster, Patience::None));
        }
        let held_back = self.assigned.iter().any(Assigned::is_held_back);
        held_back.then(|| self.janitor.look_after(&self.cluster, Patience::ForAWhile))
    }

    fn until_reached(&self) -> bool {
        self.config.until.is_some_and(|until| {
            !self.assigned.is_empty()
                && self.assigned.iter().all(|a| a.position().is_some_and(|p| p >= until))
        })
    }
}

impl Consumer for LocalConsumer {
    fn poll(&mut self, timeout: Option<Duration>, handler: &mut dyn Handler) -> Result<Polled> {
        let begun = Instant::now();
        // What the last call handed over has reached its reader by now; what this one hands over may not have when it ends.
        self.commit_if_due()?;
        loop {
            // Taken before anything is looked at: what changes from here on ends the sleep below.
            let seen = self.cluster.wake().current();
            if signal::is_interrupted() {
                return Ok(Polled::Interrupted);
            }
            self.update_assignment(handler)?;
            if handler.wants_out() {
                return Ok(Polled::Interrupted);
            }
            let mut delivered = false;
            while !handler.is_full() && (self.unread.is_some() || self.fetch()?) && !self.is_called() {
                let flow = self.drain(handler, &mut delivered)?;
                if delivered || matches!(flow, Flow::Stopped { .. }) {
                    return Ok(Polled::Records);
                }
            }
            if self.until_reached() {
                return Ok(Polled::End);
            }
            if self.is_called() {
                continue;
            }
            let held_for = match self.see_to_transactions() {
                Some(Duration::ZERO) => continue,
                held_for => held_for,
            };
            let commit_in = self.commit_if_due()?;
            let left = timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Polled::TimedOut);
            }
            let sleep = [left, commit_in, held_for].into_iter().flatten().min();
            self.set_idle(true);
            let woken = self.cluster.wake().wait(seen, self.channels(), sleep);
            self.set_idle(false);
            if woken == Woken::TimedOut && left.is_some_and(|left| sleep == Some(left)) {
                return Ok(Polled::TimedOut);
            }
        }
    }

    fn positions(&mut self) -> Vec<(TopicPartition, CommittedOffset)> {
        for index in 0..self.assigned.len() {
            // Where none can be found, there is none to tell.
            let _ = self.position(index);
        }
        self.assigned.iter().filter_map(Assigned::to_commit).collect()
    }

    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        match &self.member {
            Some(member) if !offsets.is_empty() => member.commit(offsets),
            _ => Ok(()),
        }
    }

    fn group_metadata(&self) -> Option<GroupMetadata> {
        self.member.as_ref().map(GroupMember::metadata)
    }

    fn remaining(&self) -> Option<u64> {
        self.assigned.iter().map(|assigned| assigned.remaining(self.config.until)).sum()
    }

    fn close(&mut self) -> Result<()> {
        let committed = if self.config.auto_commit.is_some() {
            self.position_all();
            self.commit_positions()
        } else {
            Ok(())
        };
        let left = self.member.as_mut().map_or(Ok(()), GroupMember::leave);
        self.member = None;
        committed.and(left)
    }
}

/// Where `auto.offset.reset` puts a partition without a usable position.
fn reset(policy: OffsetReset, assigned: &Assigned) -> Result<StartOffset> {
    match policy {
        OffsetReset::Earliest => Ok(StartOffset::Earliest),
        OffsetReset::Latest => Ok(StartOffset::Latest),
        OffsetReset::ByDuration(age) => {
            let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            Ok(StartOffset::Timestamp(TimestampMs(now_ms().0.saturating_sub(age_ms))))
        }
        OffsetReset::None => {
            let message =
                format!("Undefined offset with no reset policy for partitions: [{}]", assigned.key());
            Err(client::Error::new(ErrorCode::OffsetOutOfRange, message))
        }
    }
}
