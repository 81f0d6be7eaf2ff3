//! SyncGroup, Heartbeat and LeaveGroup, the end of a member that was seen to die, and who may commit.

use super::group::{ClassicGroup, ClassicState};
use super::member::{ClassicConfig, WaitsFor};
use super::outcome::Outcome;
use super::rebalance::Step;
use crate::types::{ErrorCode, TimestampMs};
use std::collections::BTreeMap;

/// Who speaks: a member id, a static id if it has one, and the generation it believes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker<'a> {
    pub(crate) member_id: &'a str,
    pub(crate) instance_id: Option<&'a str>,
    /// Negative for someone outside the group.
    pub(crate) generation: i32,
}

/// What a SyncGroup request says.
#[derive(Clone, Debug)]
pub(crate) struct SyncRequest<'a> {
    pub(crate) speaker: Speaker<'a>,
    /// Checked where the client sends them (version 5 and later).
    pub(crate) protocol_type: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
    /// From the leader: the assignment of each member. A member that is left out gets no bytes.
    pub(crate) assignments: BTreeMap<String, Vec<u8>>,
}

impl ClassicGroup {
    pub(super) fn validate_speaker(&self, speaker: Speaker<'_>) -> Result<(), ErrorCode> {
        self.validate(speaker.member_id, speaker.instance_id)?;
        if speaker.generation == self.generation { Ok(()) } else { Err(ErrorCode::IllegalGeneration) }
    }

    /// Takes a SyncGroup request; the answer is among the replies or follows when the leader has spoken.
    pub(crate) fn sync(
        &mut self,
        group_id: &str,
        request: SyncRequest<'_>,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Outcome {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        let id = request.speaker.member_id.to_owned();
        if let Err(error) = self.take_sync(request, &mut step) {
            step.out.sync(&id, Err(error));
        }
        step.out
    }

    fn take_sync(&mut self, request: SyncRequest<'_>, step: &mut Step<'_>) -> Result<(), ErrorCode> {
        self.validate_speaker(request.speaker)?;
        let differs = |said: Option<&str>, known: Option<&str>| said.is_some_and(|name| known != Some(name));
        if differs(request.protocol_type, self.protocol_type()) || differs(request.protocol, self.protocol())
        {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        let id = request.speaker.member_id;
        match self.state {
            ClassicState::Empty => Err(ErrorCode::UnknownMemberId),
            ClassicState::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            ClassicState::Stable => {
                self.unsynced.remove(id);
                if self.unsynced.is_empty() {
                    self.rebalance_deadline = None;
                }
                if let Some(member) = self.members.get_mut(id) {
                    member.heard_of(step.now);
                }
                step.out.sync(id, Ok(self.synced(id)));
                Ok(())
            }
            ClassicState::CompletingRebalance => {
                self.unsynced.remove(id);
                if let Some(member) = self.members.get_mut(id) {
                    member.waits_for = Some(WaitsFor::Sync);
                }
                if self.is_leader(id) {
                    self.settle(request.assignments, step);
                }
                Ok(())
            }
        }
    }

    /// The leader's assignment makes the generation stable and answers everyone who waits for it.
    fn settle(&mut self, mut assignments: BTreeMap<String, Vec<u8>>, step: &mut Step<'_>) {
        for (id, member) in &mut self.members {
            member.assignment = assignments.remove(id).unwrap_or_default();
        }
        // The record bears the time at which the join phase ended, as Kafka's does.
        step.out.records.push(self.record(step.group_id));
        self.enter(ClassicState::Stable, step.now);
        // Members that have not asked yet have until the deadline to do so.
        if self.unsynced.is_empty() {
            self.rebalance_deadline = None;
        }
        let waiting = self.members.values().filter(|member| member.waits_for == Some(WaitsFor::Sync));
        let waiting: Vec<String> = waiting.map(|member| member.member_id.clone()).collect();
        for id in waiting {
            let synced = self.synced(&id);
            if let Some(member) = self.members.get_mut(&id) {
                member.waits_for = None;
                member.heard_of(step.now);
            }
            step.out.sync(&id, Ok(synced));
        }
    }

    /// Takes a sign of life of a member that has taken its assignment of `generation` by itself, without a SyncGroup.
    pub(crate) fn heartbeat_of_synced(
        &mut self,
        speaker: Speaker<'_>,
        now: TimestampMs,
    ) -> Result<(), ErrorCode> {
        let answer = self.heartbeat(speaker, now);
        if answer.is_ok() && self.state == ClassicState::Stable {
            self.unsynced.remove(speaker.member_id);
            if self.unsynced.is_empty() {
                self.rebalance_deadline = None;
            }
        }
        answer
    }

    /// Takes a heartbeat.
    pub(crate) fn heartbeat(&mut self, speaker: Speaker<'_>, now: TimestampMs) -> Result<(), ErrorCode> {
        let answer = self.heartbeat_answer(speaker);
        if let (Ok(()) | Err(ErrorCode::RebalanceInProgress), Some(member)) =
            (answer, self.members.get_mut(speaker.member_id))
        {
            member.heard_of(now);
        }
        answer
    }

    /// Lets a member go; a static one may be named by its instance id alone.
    pub(crate) fn leave(
        &mut self,
        group_id: &str,
        member_id: &str,
        instance_id: Option<&str>,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Result<Outcome, ErrorCode> {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        if member_id.is_empty() {
            let holder = instance_id.and_then(|id| self.static_member(id));
            let id = holder.map(|member| member.member_id.clone()).ok_or(ErrorCode::UnknownMemberId)?;
            self.remove(&id, &mut step);
        } else if self.promised.remove(member_id).is_some() {
            self.complete_join_if_all_are_there(&mut step);
        } else {
            self.validate(member_id, instance_id)?;
            self.remove(member_id, &mut step);
        }
        Ok(step.out)
    }

    /// Takes out members that are known to be dead, without waiting for their sessions to end.
    pub(crate) fn bury(
        &mut self,
        group_id: &str,
        dead: &[String],
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Outcome {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        for member_id in dead {
            self.remove(member_id, &mut step);
        }
        step.out
    }

    /// Whether `speaker` may commit offsets now, in a transaction or not; its session begins anew if so.
    pub(crate) fn check_commit(
        &mut self,
        speaker: Speaker<'_>,
        transactional: bool,
        now: TimestampMs,
    ) -> Result<(), ErrorCode> {
        let is_empty = self.state == ClassicState::Empty;
        if speaker.generation < 0 && is_empty {
            return Ok(());
        }
        if speaker.generation >= 0 || !speaker.member_id.is_empty() || speaker.instance_id.is_some() {
            self.validate_speaker(speaker)?;
        } else if !transactional && !is_empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        if !transactional && self.state == ClassicState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        if let Some(member) = self.members.get_mut(speaker.member_id) {
            member.heard_of(now);
        }
        Ok(())
    }

    /// Whether `speaker`, who has joined a generation and was not given its part of it, is still expected in the present one or
    /// the next; its session begins anew if so.
    pub(crate) fn check_commit_while_joining(
        &mut self,
        speaker: Speaker<'_>,
        now: TimestampMs,
    ) -> Result<(), ErrorCode> {
        self.validate(speaker.member_id, speaker.instance_id)?;
        let preparing = self.state == ClassicState::PreparingRebalance;
        let is_expected = preparing || self.unsynced.contains(speaker.member_id);
        match self.members.get_mut(speaker.member_id) {
            Some(member) if is_expected || member.waits_for.is_some() => member.heard_of(now),
            _ => return Err(ErrorCode::IllegalGeneration),
        }
        Ok(())
    }
}
