//! `LocalShareConsumer`: records of a share group, each delivered to one member at a time.

use super::super::cluster::Cluster;
use super::super::error::Error;
use super::super::groups::Ring;
use super::desk::{Assignment, ShareDesk};
use super::ledger::{Exchange, Outcome};
use super::reader::RecordReader;
use super::state_log::StateLogs;
use super::topics;
use super::watch;
use super::work::Work;
use crate::client::{self, Polled, Result, ShareConsumer, ShareConsumerConfig, ShareHandler};
use crate::disk::{Channels, Woken};
use crate::group::TopicCatalog;
use crate::share::ShareKey;
use crate::signal;
use crate::types::{ErrorCode, TimestampMs, TopicName, now_ms};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// While records keep coming, what is said of them is synced this often. It counts for everybody at once; of what a power
/// cut takes back, the records are delivered again.
const SYNC_INTERVAL: Duration = Duration::from_millis(100);

/// A consumer of a share group on a data directory. Dropping it is what a crash does.
pub(in crate::local) struct LocalShareConsumer {
    cluster: Cluster,
    config: ShareConsumerConfig,
    member: Option<Member>,
}

/// The consumer once it has joined.
struct Member {
    desk: Arc<ShareDesk>,
    ring: Ring,
    catalog: Arc<TopicCatalog>,
    logs: StateLogs,
    assignment: Option<Assignment>,
    work: Vec<Work>,
    /// The partition to be looked at first, so that a busy one doesn't starve the others.
    turn: usize,
    reader: RecordReader,
    last_sync: Instant,
    /// Somebody has come or gone since the dead were last looked for.
    seeks_the_dead: bool,
}

impl LocalShareConsumer {
    pub(in crate::local) fn open(cluster: &Cluster, config: ShareConsumerConfig) -> LocalShareConsumer {
        LocalShareConsumer { cluster: cluster.clone(), config, member: None }
    }

    fn member(&mut self) -> Result<&mut Member> {
        if self.member.is_none() {
            self.create_topic()?;
            self.member = Some(Member::join(&self.cluster, &self.config)?);
        }
        self.member.as_mut().ok_or_else(|| client::Error::of(ErrorCode::UnknownMemberId))
    }

    /// Asking for a topic creates it, as a broker does on a metadata request.
    fn create_topic(&self) -> Result<()> {
        let topic = &self.config.topic;
        if TopicName::new(topic).is_err() {
            let message = format!("Invalid topics: [{topic}]");
            return Err(client::Error::new(ErrorCode::InvalidTopic, message));
        }
        if !self.config.create_topics {
            return Ok(());
        }
        match self.cluster.open_topic_to_produce(topic) {
            // A name that collides with another can't be created, and is waited for like any other that isn't there.
            Err(e) if e.code != ErrorCode::KafkaStorage => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

impl Member {
    fn join(cluster: &Cluster, config: &ShareConsumerConfig) -> Result<Member> {
        let catalog = cluster.catalog()?;
        let logs = StateLogs::open_or_new(cluster)?;
        let desk = ShareDesk::join(cluster, config, &catalog)?;
        let ring = watch::start(&desk)?;
        Ok(Member {
            desk,
            ring,
            catalog,
            logs,
            assignment: None,
            work: Vec::new(),
            turn: 0,
            reader: RecordReader::default(),
            last_sync: Instant::now(),
            seeks_the_dead: true,
        })
    }

    /// Follows changes of the metadata and of the group: which partitions are this member's now.
    fn follow(&mut self) -> Result<()> {
        let catalog = self.desk.cluster.catalog()?;
        let changed = catalog.version() != self.catalog.version();
        if changed {
            self.catalog = catalog;
            self.desk.refresh_settings()?;
        }
        let new = self.desk.advance(&self.catalog, changed || self.assignment.is_none())?;
        if self.assignment.as_ref() == Some(&new) {
            return Ok(());
        }
        watch::watch(&self.ring, &self.desk)?;
        self.seeks_the_dead = true;
        let was_away = self.assignment.as_ref().is_some_and(|old| old.member_id != new.member_id);
        if was_away {
            // Taken for dead: what it had is another's.
            self.work.clear();
        }
        self.assign(&new)?;
        self.assignment = Some(new);
        Ok(())
    }

    /// Takes up the partitions that are new and gives up those that are not the member's any more.
    fn assign(&mut self, new: &Assignment) -> Result<()> {
        let mut kept = Vec::new();
        for (topic_id, partition) in new.partitions.iter() {
            let is_it = |work: &Work| work.ledger.key.topic_id == topic_id && work.id() == partition;
            if let Some(index) = self.work.iter().position(is_it) {
                kept.push(self.work.swap_remove(index));
                continue;
            }
            let Some(topic) = topics::open_topic(&self.desk.cluster, &self.catalog, topic_id)? else {
                continue;
            };
            let key = ShareKey { group: self.desk.group.clone(), topic_id, partition };
            match Work::new(&self.desk.cluster, key, topic) {
                Err(Error::PartitionGone { .. }) => {}
                other => kept.push(other?),
            }
        }
        let mut gone = std::mem::replace(&mut self.work, kept);
        self.reader.forget();
        if let Some(old) = self.assignment.take() {
            self.give_back(&mut gone, &old.member_id)?;
        }
        Ok(())
    }

    /// Tells what was said, and gives back what was not handed over.
    fn give_back(&mut self, work: &mut [Work], member_id: &str) -> Result<()> {
        let settings = self.desk.settings();
        let how = Exchange {
            cluster: &self.desk.cluster,
            member_id,
            settings: &settings,
            count_max: 0,
            end_max: None,
            seeks_the_dead: false,
            is_strict: false,
        };
        // As on a broker: first what was said, then what was not.
        for one in work.iter_mut().filter(|one| one.has_words()) {
            gone_is_done(one.exchange(&mut self.logs, &how))?;
        }
        for one in work.iter_mut() {
            gone_is_done(one.release(&mut self.logs, &how).map(|()| Outcome::default()))?;
        }
        Ok(self.logs.sync()?)
    }

    /// Hands over what the member has; says whether it was anything.
    fn deliver(&mut self, handler: ShareHandler<'_>) -> Result<bool> {
        let settings = self.desk.settings();
        let count = self.work.len();
        let mut delivered = false;
        for step in 0..count {
            let index = (self.turn + step) % count;
            let Some(work) = self.work.get_mut(index) else { continue };
            let flow = self.reader.deliver(work, &settings, &mut |record| {
                delivered = true;
                handler(record)
            });
            match flow {
                Err(Error::PartitionGone { .. }) => {}
                other => {
                    if other?.is_break() {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(delivered)
    }

    /// Tells what was said and takes what is to be had, partition by partition, up to `count_max` records.
    fn exchange(&mut self, count_max: i64) -> Result<Outcome> {
        let settings = self.desk.settings();
        let Some(assignment) = &self.assignment else { return Ok(Outcome::default()) };
        let mut all = Outcome::default();
        let count = self.work.len();
        for step in 0..count {
            let Some(work) = self.work.get_mut((self.turn + step) % count) else { continue };
            let left = count_max.saturating_sub(all.acquired_count);
            if left <= 0 && !work.has_words() {
                continue;
            }
            let how = Exchange {
                cluster: &self.desk.cluster,
                member_id: &assignment.member_id,
                settings: &settings,
                count_max: left,
                end_max: None,
                seeks_the_dead: self.seeks_the_dead,
                is_strict: false,
            };
            let one = gone_is_done(work.exchange(&mut self.logs, &how))?;
            all.acquired_count += one.acquired_count;
            all.has_changed |= one.has_changed;
            all.next_deadline = earlier(all.next_deadline, one.next_deadline);
        }
        self.seeks_the_dead = false;
        if all.acquired_count == 0 || self.last_sync.elapsed() >= SYNC_INTERVAL {
            self.logs.sync()?;
            self.last_sync = Instant::now();
        }
        Ok(all)
    }

    fn channels(&self) -> Channels {
        let own = self.desk.cluster.metadata_channels().with(self.desk.channels());
        self.work.iter().fold(own, |all, work| all.with(work.channels()))
    }
}

/// A partition that is gone needs nothing any more.
fn gone_is_done(outcome: super::super::error::Result<Outcome>) -> Result<Outcome> {
    match outcome {
        Err(Error::PartitionGone { .. }) => Ok(Outcome::default()),
        other => Ok(other?),
    }
}

fn earlier(a: Option<TimestampMs>, b: Option<TimestampMs>) -> Option<TimestampMs> {
    [a, b].into_iter().flatten().min()
}

impl ShareConsumer for LocalShareConsumer {
    fn poll(&mut self, timeout: Option<Duration>, handler: ShareHandler<'_>) -> Result<Polled> {
        let begun = Instant::now();
        let (wake, count_max) = (self.cluster.wake(), i64::from(self.config.poll_records_max));
        let member = self.member()?;
        loop {
            // Taken before anything is looked at: what changes from here on ends the sleep below.
            let seen = wake.current();
            if signal::received().is_some() {
                return Ok(Polled::Interrupted);
            }
            member.follow()?;
            let has_left = member.work.iter_mut().any(|work| work.next_held().is_some());
            let outcome = member.exchange(if has_left { 0 } else { count_max })?;
            let delivered = member.deliver(handler)?;
            if outcome.acquired_count > 0 {
                member.turn = member.turn.wrapping_add(1) % member.work.len().max(1);
            }
            if delivered {
                return Ok(Polled::Records);
            }
            if outcome.acquired_count > 0 || outcome.has_changed {
                // Nothing but gaps; or what was said and taken back makes that there is more to be had.
                continue;
            }
            let left = timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Polled::TimedOut);
            }
            let due = outcome.next_deadline.map(|due| due.0.saturating_sub(now_ms().0).max(1));
            let due = due.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
            let sleep = [left, due].into_iter().flatten().min();
            let woken = wake.wait(seen, member.channels(), sleep);
            if woken == Woken::TimedOut && left.is_some_and(|left| sleep == Some(left)) {
                return Ok(Polled::TimedOut);
            }
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(mut member) = self.member.take() else { return Ok(()) };
        let mut work = std::mem::take(&mut member.work);
        let given_back = match member.assignment.take() {
            Some(assignment) => member.give_back(&mut work, &assignment.member_id),
            None => Ok(()),
        };
        given_back.and(member.desk.leave())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.desk.abandon();
    }
}
