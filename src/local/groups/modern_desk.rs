//! What a member of the newer protocol does under the group's lock: heartbeats that join, say what it owns, and leave.

use super::desk::{Desk, HOST, Inner, Seat};
use super::log::{GroupLog, Sync};
use super::presence::Presence;
use super::settle::{Batches, modern_limits, settle};
use crate::client::{self, GroupProtocol, Result};
use crate::group::{Belief, ClassicSide, GroupRecord, Groups, HeartbeatRequest, PartitionSet, Refusal};
use crate::types::{ErrorCode, TimestampMs, TopicPartition, Uuid};
use std::sync::{Arc, MutexGuard, PoisonError};

/// The epoch that says goodbye, for good and for a while.
const LEAVE: i32 = -1;
const LEAVE_FOR_A_WHILE: i32 = -2;

impl Desk {
    /// Whether it takes part in the newer protocol, be it as a guest.
    pub(super) fn is_modern(&self) -> bool {
        self.speaks_modern() || self.guest().is_some()
    }

    fn speaks_modern(&self) -> bool {
        matches!(self.config.protocol, GroupProtocol::Consumer { .. })
    }

    fn guest(&self) -> MutexGuard<'_, Option<ClassicSide>> {
        self.guest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the member a guest in a group of the newer protocol, or ends that.
    pub(super) fn set_guest(&self, side: Option<ClassicSide>) {
        *self.guest() = side;
    }

    /// Takes over the epoch that a member of a classic group has got in a group of the newer protocol.
    pub(super) fn set_epoch(&self, epoch: i32) {
        if let Some(seat) = &mut self.lock().seat {
            seat.generation = epoch;
        }
    }

    /// The id of a partition's topic, which commits of this protocol bear.
    pub(super) fn topic_id_of(&self, partition: &TopicPartition) -> Option<Uuid> {
        let catalog = self.speaks_modern().then(|| self.cluster.catalog().ok()).flatten()?;
        catalog.get(&partition.topic).map(|topic| topic.id)
    }

    fn request(&self, member_id: &str, member_epoch: i32) -> HeartbeatRequest {
        HeartbeatRequest {
            member_id: member_id.to_owned(),
            member_epoch,
            instance_id: self.config.instance_id.clone(),
            client_id: self.config.client_id.clone(),
            client_host: HOST.to_owned(),
            classic: self.guest().clone(),
            ..HeartbeatRequest::default()
        }
    }

    /// Joins the group as a reader of `topics` under the id `member_id`.
    pub(super) fn join_modern(
        &self,
        member_id: &str,
        topics: &[String],
    ) -> Result<std::result::Result<(), Refusal>> {
        let mut inner = self.lock();
        let Inner { log, seat, .. } = &mut *inner;
        let remote_assignor = match &self.config.protocol {
            GroupProtocol::Consumer { remote_assignor } => remote_assignor.clone(),
            GroupProtocol::Classic => None,
        };
        let request = HeartbeatRequest {
            rebalance_timeout_ms: Some(self.config.rebalance_timeout_ms),
            topics: Some(topics.to_vec()),
            topic_regex: Some(String::new()),
            assignor: remote_assignor,
            owned: Some(PartitionSet::NONE),
            ..self.request(member_id, 0)
        };
        let coordination = self.cluster.coordination()?;
        let live = log.live(&self.group).ok_or(client::Error::of(ErrorCode::KafkaStorage))?;
        let limits = modern_limits(&self.cluster, &self.group)?;
        let mut presence = None;
        let answer = log.update(&self.group, Sync::Later, |groups, now| {
            let mut batches = settle(&self.cluster, &self.group, groups, now)?;
            presence = Some(Presence::take(coordination, &self.group, member_id)?);
            let catalog = self.cluster.catalog()?;
            match groups.modern_heartbeat(&self.group, &request, &catalog, &limits, now) {
                Ok((records, answer)) => {
                    batches.push(records);
                    Ok((batches, Ok(answer)))
                }
                Err(refusal) => Ok((batches, Err(refusal))),
            }
        })?;
        let presence = presence.ok_or(client::Error::of(ErrorCode::KafkaStorage))?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(refusal) => {
                presence.end()?;
                return Ok(Err(refusal));
            }
        };
        self.pulse_goes_to(Some(presence.pulse()));
        *seat = Some(Seat {
            member_id: member_id.to_owned(),
            presence,
            word: Arc::new(live.word()?),
            belief: Belief::Synced(answer.member_epoch),
            generation: answer.member_epoch,
        });
        Ok(Ok(()))
    }

    /// Says what the member owns and, if that is new, what it reads.
    pub(super) fn speak_modern(
        &self,
        owned: &PartitionSet,
        topics: Option<&[String]>,
    ) -> Result<std::result::Result<(), Refusal>> {
        let mut inner = self.lock();
        let Inner { log, seat, .. } = &mut *inner;
        let Some(seat) = seat else { return Ok(Ok(())) };
        let limits = modern_limits(&self.cluster, &self.group)?;
        let request = HeartbeatRequest {
            topics: topics.map(<[String]>::to_vec),
            owned: Some(owned.clone()),
            ..self.request(&seat.member_id, seat.generation)
        };
        let answer = log.update(&self.group, Sync::Later, |groups, now| {
            let catalog = self.cluster.catalog()?;
            match groups.modern_heartbeat(&self.group, &request, &catalog, &limits, now) {
                Ok((records, answer)) => Ok((vec![records], Ok(answer))),
                Err(refusal) => Ok((Batches::new(), Err(refusal))),
            }
        })?;
        Ok(answer.map(|answer| {
            seat.belief = Belief::Synced(answer.member_epoch);
            seat.generation = answer.member_epoch;
        }))
    }

    /// What a beat does: a sign of life and no more, for only the consumer's own thread knows what it owns. Who is overdue
    /// leaves.
    pub(super) fn beat_modern(
        &self,
        groups: &mut Groups,
        member_id: &str,
        is_overdue: bool,
        now: TimestampMs,
    ) -> Result<Vec<GroupRecord>> {
        if !is_overdue {
            groups.modern_alive(&self.group, member_id, now);
            return Ok(Vec::new());
        }
        if self.config.instance_id.is_some() {
            return Ok(Vec::new());
        }
        self.farewell(groups, member_id, now)
    }

    fn farewell(&self, groups: &mut Groups, member_id: &str, now: TimestampMs) -> Result<Vec<GroupRecord>> {
        let epoch = if self.config.instance_id.is_some() { LEAVE_FOR_A_WHILE } else { LEAVE };
        let (catalog, limits) = (self.cluster.catalog()?, modern_limits(&self.cluster, &self.group)?);
        let request = self.request(member_id, epoch);
        match groups.modern_heartbeat(&self.group, &request, &catalog, &limits, now) {
            Ok((records, _)) => Ok(records),
            // Taken for dead, or deleted with its group: it is out already.
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Leaves the group. A static member's place is kept for it until its session ends.
    pub(super) fn leave_modern(&self, log: &mut GroupLog, member_id: &str) -> Result<()> {
        log.update(&self.group, Sync::Later, |groups, now| {
            Ok((vec![self.farewell(groups, member_id, now)?], ()))
        })
    }
}
