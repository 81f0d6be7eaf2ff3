//! `Desk`: what the threads of one member share, and everything that it does under the group's lock.

use super::super::cluster::Cluster;
use super::super::error::Result as LocalResult;
use super::live::LiveFile;
use super::log::{GroupLog, Sync};
use super::presence::{Presence, clear};
use super::settle::{Batches, limits, next_deadline, settle};
use crate::client::{self, CommittedOffset, ConsumerConfig, GroupMetadata, Result};
use crate::disk::{self, SharedWord};
use crate::group::protocol::CONSUMER;
use crate::group::{
    Assignor, Belief, ClassicGroup, ClassicSide, CommitRequest, GroupKind, Groups, JoinRequest, NewCommit,
    Place, Protocols, Speaker, SyncRequest,
};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the member of a directory's group sits, as Kafka shows it.
pub(super) const HOST: &str = "/127.0.0.1";

/// A member's desk.
pub(super) struct Desk {
    pub(super) cluster: Cluster,
    pub(super) group: String,
    pub(super) config: ConsumerConfig,
    pub(super) inner: Mutex<Inner>,
    /// Where signs of life go; beside `inner`, which is held while the group's lock is waited for.
    pulse: Mutex<Option<Arc<SharedWord>>>,
    has_closed: Mutex<bool>,
    /// What a member of the classic protocol tells a group of the newer one that it is a guest in.
    pub(super) guest: Mutex<Option<ClassicSide>>,
    closed: Condvar,
    /// Rises as records are handed over and polls begin: the consumer is at work.
    progress: AtomicU64,
    /// Whether the consumer waits for records inside of a poll.
    idle: AtomicBool,
}

pub(super) struct Inner {
    pub(super) log: GroupLog,
    pub(super) seat: Option<Seat>,
    pub(super) is_closed: bool,
}

/// A member's place in its group.
pub(super) struct Seat {
    pub(super) member_id: String,
    pub(super) presence: Presence,
    pub(super) word: Arc<SharedWord>,
    pub(super) belief: Belief,
    /// The generation in which it was last given partitions, -1 before; in the newer protocol its epoch.
    pub(super) generation: i32,
}

impl Desk {
    pub(super) fn open(cluster: &Cluster, group: &str, config: &ConsumerConfig) -> Result<Desk> {
        let log = GroupLog::of_group_or_new(cluster, group)?;
        Ok(Desk {
            cluster: cluster.clone(),
            group: group.to_owned(),
            config: config.clone(),
            inner: Mutex::new(Inner { log, seat: None, is_closed: false }),
            pulse: Mutex::new(None),
            has_closed: Mutex::new(false),
            guest: Mutex::default(),
            closed: Condvar::new(),
            progress: AtomicU64::new(0),
            idle: AtomicBool::new(false),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The member's place; `None` before it has joined and after it was thrown out.
    pub(super) fn place(&self) -> Option<Place> {
        let inner = self.lock();
        inner.seat.as_ref().map(|seat| Place {
            member_id: seat.member_id.clone(),
            belief: seat.belief,
            generation: seat.generation,
        })
    }

    /// The number that tells the member when to look at the group; another one each time that it has joined anew.
    pub(super) fn word(&self) -> Option<Arc<SharedWord>> {
        self.lock().seat.as_ref().map(|seat| Arc::clone(&seat.word))
    }

    pub(super) fn metadata(&self) -> GroupMetadata {
        let place = self.place();
        GroupMetadata {
            group: self.group.clone(),
            generation: place.as_ref().map_or(-1, |place| place.generation),
            member_id: place.map(|place| place.member_id).unwrap_or_default(),
            instance_id: self.config.instance_id.clone(),
        }
    }

    /// Looks at the group without a lock; at one without anything if it isn't there.
    pub(super) fn look(&self) -> LocalResult<GroupKind> {
        let mut inner = self.lock();
        let live = inner.log.live(&self.group).as_ref().map(LiveFile::read).transpose()?.flatten();
        match live.and_then(|live| live.group()) {
            Some(kind) => Ok(kind),
            None => {
                inner.log.refresh()?;
                Ok(inner.log.kind(&self.group)?.unwrap_or_default())
            }
        }
    }

    /// Joins the group, or joins it again.
    pub(super) fn join(&self, protocols: Protocols) -> Result<std::result::Result<(), ErrorCode>> {
        let mut inner = self.lock();
        let Inner { log, seat, .. } = &mut *inner;
        let name = self.config.instance_id.as_ref().unwrap_or(&self.config.client_id);
        let request = JoinRequest {
            member_id: seat.as_ref().map(|seat| seat.member_id.clone()).unwrap_or_default(),
            new_member_id: format!("{name}-{}", uuid::Uuid::new_v4()),
            instance_id: self.config.instance_id.clone(),
            client_id: self.config.client_id.clone(),
            client_host: HOST.to_owned(),
            rebalance_timeout_ms: self.config.rebalance_timeout_ms,
            session_timeout_ms: self.config.session_timeout_ms,
            protocol_type: CONSUMER.to_owned(),
            protocols,
            asks_for_id: false,
        };
        let coordination = self.cluster.coordination()?;
        let live = log.live(&self.group).ok_or(client::Error::of(ErrorCode::KafkaStorage))?;
        let (mut new_seat, mut former) = (None, None);
        let refused = log.update(&self.group, Sync::Later, |groups, now| {
            let mut batches = Batches::new();
            if seat.is_none() {
                batches = settle(&self.cluster, &self.group, groups, now)?;
                new_seat = Some(Seat {
                    member_id: request.new_member_id.clone(),
                    presence: Presence::take(coordination, &self.group, &request.new_member_id)?,
                    word: Arc::new(live.word()?),
                    belief: Belief::Joined,
                    generation: -1,
                });
            }
            former = self.static_member(groups);
            let outcome = groups.join(&self.group, &request, &limits(), now);
            let refused = outcome.joined(request.effective_id()).and_then(|answer| answer.as_ref().err());
            let refused = refused.copied();
            batches.push(outcome.records);
            // The others may have waited for this one alone.
            let group = groups.classic(&self.group);
            if group.is_some_and(|group| group.members().any(|member| member.instance_id.is_some())) {
                batches.extend(settle(&self.cluster, &self.group, groups, now)?);
            }
            Ok((batches, refused))
        })?;
        if let Some(error) = refused {
            if let Some(seat) = new_seat {
                seat.presence.end()?;
            }
            return Ok(Err(error));
        }
        if let Some(former) = former.filter(|_| new_seat.is_some()) {
            clear(&self.cluster, &self.group, &former)?;
        }
        if let Some(new) = new_seat {
            self.pulse_goes_to(Some(new.presence.pulse()));
            *seat = Some(new);
        } else if let Some(seat) = seat {
            seat.belief = Belief::Joined;
        }
        Ok(Ok(()))
    }

    /// Notes that the member has taken its part in a generation.
    pub(super) fn note_synced(&self, generation: i32) {
        if let Some(seat) = &mut self.lock().seat {
            seat.belief = Belief::Synced(generation);
            seat.generation = generation;
        }
    }

    /// Notes that the group is a classic one again, if it knows the member: no one else is given what it has before it has
    /// joined again.
    pub(super) fn note_classic_again(&self, group: &ClassicGroup) {
        if self.place().is_some_and(|place| group.member(&place.member_id).is_some()) {
            self.note_synced(group.generation());
        }
    }

    /// Gives everyone's part in the present generation, as its leader; answers the member's own.
    pub(super) fn sync(
        &self,
        generation: i32,
        assignments: BTreeMap<String, Vec<u8>>,
    ) -> Result<std::result::Result<Vec<u8>, ErrorCode>> {
        let mut inner = self.lock();
        let Inner { log, seat, .. } = &mut *inner;
        let Some(seat) = seat else { return Ok(Err(ErrorCode::UnknownMemberId)) };
        let answer = log.update(&self.group, Sync::Later, |groups, now| {
            let speaker = self.speaker(&seat.member_id, generation);
            let request = SyncRequest { speaker, protocol_type: None, protocol: None, assignments };
            let outcome = groups.sync(&self.group, request, &limits(), now);
            let answer = outcome.synced(&seat.member_id).cloned();
            Ok((vec![outcome.records], answer.unwrap_or(Err(ErrorCode::RebalanceInProgress))))
        })?;
        Ok(answer.map(|synced| {
            seat.belief = Belief::Synced(generation);
            seat.generation = generation;
            synced.assignment
        }))
    }

    /// Who has this consumer's static id.
    fn static_member(&self, groups: &mut Groups) -> Option<String> {
        let instance_id = self.config.instance_id.as_deref()?;
        let member = groups.classic(&self.group)?.static_member(instance_id)?;
        Some(member.member_id.clone())
    }

    fn speaker<'a>(&'a self, member_id: &'a str, generation: i32) -> Speaker<'a> {
        Speaker { member_id, instance_id: self.config.instance_id.as_deref(), generation }
    }

    /// The offset that the group has committed of a partition; `UnstableOffsetCommit` while a transaction that is open may
    /// change it.
    pub(super) fn committed(&self, partition: &TopicPartition) -> Result<Option<Offset>> {
        let mut inner = self.lock();
        inner.log.refresh_to_end()?;
        let mut found =
            inner.log.groups().fetch(&self.group, std::slice::from_ref(partition), true).into_iter();
        let commit = found.next().unwrap_or(Ok(None)).map_err(client::Error::of)?;
        Ok(commit.map(|commit| commit.offset))
    }

    /// Commits positions; they are on the disk when this returns.
    pub(super) fn commit(&self, positions: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        let mut inner = self.lock();
        let Inner { log, seat, .. } = &mut *inner;
        let Some(seat) = seat else { return Err(client::Error::of(ErrorCode::UnknownMemberId)) };
        let offsets = positions.iter().map(|(partition, committed)| NewCommit {
            partition: partition.clone(),
            offset: committed.offset,
            leader_epoch: committed.leader_epoch,
            metadata: committed.metadata.clone(),
            topic_id: self.topic_id_of(partition),
        });
        let request = CommitRequest {
            group: &self.group,
            speaker: self.speaker(&seat.member_id, seat.generation),
            producer_id: None,
            offsets: offsets.collect(),
        };
        // An eager member has let go of everything by then: what it reads on in its own mind, others may have.
        let is_joining = self.is_cooperative() && seat.belief == Belief::Joined;
        let results = log.update(&self.group, Sync::Now, |groups, now| {
            let committed = match is_joining {
                true => groups.commit_while_joining(request, now),
                false => groups.commit(request, now),
            };
            match committed {
                Ok(outcome) => Ok((vec![outcome.records], Ok(outcome.results))),
                Err(refused) => Ok((Vec::new(), Err(refused))),
            }
        })?;
        let results = results.map_err(client::Error::of)?;
        results.into_iter().try_for_each(|(_, result)| result.map_err(client::Error::of))
    }

    /// Whether the member keeps what it has while it joins.
    fn is_cooperative(&self) -> bool {
        let keeps = |name: &String| Assignor::named(name) == Some(Assignor::CooperativeSticky);
        !self.is_modern() && self.config.assignors.iter().all(keeps)
    }

    /// Gives a sign of life, unless the consumer hasn't come along for too long: then the member leaves. Has the dead
    /// taken out. Answers the next moment at which something is due in the group.
    pub(super) fn beat(&self, is_overdue: bool) -> Result<Option<TimestampMs>> {
        let mut inner = self.lock();
        if inner.is_closed {
            return Ok(None);
        }
        let Inner { log, seat, .. } = &mut *inner;
        let leaves = is_overdue && self.config.instance_id.is_none();
        let is_modern = self.is_modern();
        let due = log.update(&self.group, Sync::Later, |groups, now| {
            let mut batches = Batches::new();
            if let Some(seat) = seat {
                if is_modern {
                    batches.push(self.beat_modern(groups, &seat.member_id, is_overdue, now)?);
                } else if leaves {
                    if let Ok(outcome) = groups.leave(&self.group, &seat.member_id, None, &limits(), now) {
                        batches.push(outcome.records);
                    }
                } else if let Some(group) = groups.classic(&self.group).filter(|_| !is_overdue) {
                    let speaker = |generation| self.speaker(&seat.member_id, generation);
                    // What is refused, the consumer finds out when it looks at the group.
                    let _ = match seat.belief {
                        Belief::Synced(generation) => group.heartbeat_of_synced(speaker(generation), now),
                        Belief::Joined => group.heartbeat(speaker(group.generation()), now),
                    };
                }
            }
            batches.extend(settle(&self.cluster, &self.group, groups, now)?);
            Ok((batches, next_deadline(&self.cluster, &self.group, groups)?))
        })?;
        if let Some(seat) = seat.take_if(|_| leaves) {
            self.pulse_goes_to(None);
            seat.presence.end()?;
        }
        Ok(due)
    }

    /// Has the dead taken out, and answers what became of the group; `None` once this member has gone itself.
    pub(super) fn settle(&self) -> Result<Option<GroupKind>> {
        let mut inner = self.lock();
        if inner.is_closed {
            return Ok(None);
        }
        inner.log.update(&self.group, Sync::Later, |groups, now| {
            let batches = settle(&self.cluster, &self.group, groups, now)?;
            Ok((batches, groups.get(&self.group).map(|group| group.kind.clone())))
        })
    }

    /// Gives the member's place up: it was told that others may have what it had.
    pub(super) fn give_up(&self) -> Result<()> {
        self.pulse_goes_to(None);
        match self.lock().seat.take() {
            Some(seat) => Ok(seat.presence.end()?),
            None => Ok(()),
        }
    }

    /// Leaves the group. A static member's place is kept for it until its session ends.
    pub(super) fn leave(&self) -> Result<()> {
        let mut inner = self.lock();
        inner.is_closed = true;
        self.end_threads();
        let Inner { log, seat, .. } = &mut *inner;
        let Some(seat) = seat.take() else { return Ok(()) };
        let left = match self.config.instance_id {
            _ if self.is_modern() => self.leave_modern(log, &seat.member_id),
            Some(_) => Ok(()),
            None => log.update(&self.group, Sync::Later, |groups, now| {
                match groups.leave(&self.group, &seat.member_id, None, &limits(), now) {
                    Ok(outcome) => Ok((vec![outcome.records], ())),
                    // Taken for dead, or deleted with its group: it is out already.
                    Err(_) => Ok((Vec::new(), ())),
                }
            }),
        };
        seat.presence.end()?;
        left
    }

    /// Ends the member's threads and gives its lock up, as its death does.
    pub(super) fn abandon(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.seat = None;
        self.end_threads();
    }

    fn end_threads(&self) {
        *self.has_closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.pulse_goes_to(None);
        self.closed.notify_all();
    }

    /// Sleeps, but no longer than until the member leaves; says whether it has.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        let has_closed = self.has_closed.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.closed.wait_timeout_while(has_closed, time, |has_closed| !*has_closed);
        *waiting.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn pulse_goes_to(&self, pulse: Option<Arc<SharedWord>>) {
        *self.pulse() = pulse;
    }

    fn pulse(&self) -> MutexGuard<'_, Option<Arc<SharedWord>>> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a sign of life, without any lock of the group's.
    pub(super) fn give_sign(&self) {
        if let Some(pulse) = &*self.pulse() {
            pulse.set(disk::monotonic_ms());
        }
    }

    /// Notes that the consumer is at work.
    #[inline]
    pub(super) fn at_work(&self) {
        self.progress.store(self.progress.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    pub(super) fn set_idle(&self, idle: bool) {
        self.idle.store(idle, Ordering::Relaxed);
    }

    /// How far the consumer has come; `None` while it has nothing to do.
    pub(super) fn progress(&self) -> Option<u64> {
        (!self.idle.load(Ordering::Relaxed)).then(|| self.progress.load(Ordering::Relaxed))
    }

    /// Whether the group has not heard of the member for as long as a session lasts: it may have been stopped.
    pub(super) fn was_silent(&self) -> bool {
        let Some(heard_at_ms) = self.pulse().as_ref().map(|pulse| pulse.get()) else { return false };
        let session_ms = u64::try_from(self.config.session_timeout_ms).unwrap_or(0);
        disk::monotonic_ms().saturating_sub(heard_at_ms) >= session_ms
    }
}

/// Whether an answer says that the group goes on without the member, or is about to.
pub(in crate::local) fn is_about_membership(error: &client::Error) -> bool {
    matches!(
        error.code,
        ErrorCode::UnknownMemberId
            | ErrorCode::IllegalGeneration
            | ErrorCode::RebalanceInProgress
            | ErrorCode::FencedInstanceId
            | ErrorCode::StaleMemberEpoch
    )
}
