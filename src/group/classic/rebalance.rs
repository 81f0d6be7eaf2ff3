//! From one generation to the next: when a rebalance begins, when its join phase is complete, and what passing time
//! does. Source: KIP-62, KIP-134 (initial delay), KIP-345 (static members), and the behaviour of Kafka 4.2.

use super::group::{ClassicGroup, ClassicState, InitialDelay, later};
use super::member::{ClassicConfig, WaitsFor};
use super::outcome::{Joined, JoinedMember, Outcome, Synced};
use crate::types::{ErrorCode, TimestampMs};

/// What one step works with beside the group itself.
pub(super) struct Step<'a> {
    pub(super) group_id: &'a str,
    pub(super) config: &'a ClassicConfig,
    pub(super) now: TimestampMs,
    pub(super) out: Outcome,
}

impl ClassicGroup {
    /// Begins a rebalance unless one is being prepared already; in that case looks whether it is now complete.
    pub(super) fn rebalance(&mut self, step: &mut Step<'_>) {
        match self.state {
            ClassicState::PreparingRebalance => self.complete_join_if_all_are_there(step),
            _ => self.prepare_rebalance(step),
        }
    }

    /// Has the members join again.
    pub(in crate::group) fn begin_anew(&mut self, group_id: &str, config: &ClassicConfig, now: TimestampMs) {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        self.rebalance(&mut step);
    }

    fn prepare_rebalance(&mut self, step: &mut Step<'_>) {
        for member in self.members.values_mut() {
            if member.waits_for == Some(WaitsFor::Sync) {
                member.waits_for = None;
                member.heard_of(step.now);
                step.out.sync(&member.member_id, Err(ErrorCode::RebalanceInProgress));
            }
        }
        self.unsynced.clear();
        let is_first = self.state == ClassicState::Empty;
        self.enter(ClassicState::PreparingRebalance, step.now);
        let timeout_ms = self.rebalance_timeout_ms();
        let delay_ms = step.config.initial_rebalance_delay_ms;
        if is_first && delay_ms > 0 {
            self.initial =
                Some(InitialDelay { left_ms: timeout_ms.saturating_sub(delay_ms).max(0), joined: false });
            self.rebalance_deadline = Some(later(step.now, delay_ms));
        } else {
            self.initial = None;
            self.rebalance_deadline = Some(later(step.now, timeout_ms));
            self.complete_join_if_all_are_there(step);
        }
    }

    pub(super) fn complete_join_if_all_are_there(&mut self, step: &mut Step<'_>) {
        let all_there = self.members.values().all(|member| member.waits_for == Some(WaitsFor::Join));
        let preparing = self.state == ClassicState::PreparingRebalance;
        if preparing && all_there && self.promised.is_empty() && self.initial.is_none() {
            self.complete_join(step);
        }
    }

    /// Has the others go on without static members that are known to be away: they keep their places. A broker can't know, and
    /// waits for them until their sessions end.
    pub(crate) fn go_on_without(
        &mut self,
        group_id: &str,
        away: &[String],
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Outcome {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        let is_away = |id: &String| away.contains(id);
        if self.state == ClassicState::CompletingRebalance && self.leader.as_ref().is_some_and(is_away) {
            self.prepare_rebalance(&mut step);
        }
        let has_joined =
            |id: &String| self.members.get(id).is_some_and(|m| m.waits_for == Some(WaitsFor::Join));
        let is_complete = self.members.keys().all(|id| has_joined(id) || is_away(id));
        let preparing = self.state == ClassicState::PreparingRebalance && self.initial.is_none();
        if preparing && is_complete && self.members.keys().any(has_joined) && self.promised.is_empty() {
            self.complete_join(&mut step);
        }
        step.out
    }

    /// Ends the join phase: who is not there is no longer a member, unless it is a static one.
    fn complete_join(&mut self, step: &mut Step<'_>) {
        self.initial = None;
        self.members
            .retain(|_, member| member.waits_for == Some(WaitsFor::Join) || member.instance_id.is_some());
        self.forget_lost_leader();
        let leader_is_there =
            self.leader.as_ref().and_then(|id| self.members.get(id)).is_some_and(|m| m.waits_for.is_some());
        if !leader_is_there && !self.members.is_empty() {
            let joined = self.members.values().find(|member| member.waits_for == Some(WaitsFor::Join));
            let Some(joined) = joined else {
                // Only static members, none of which has come back: go on waiting.
                self.rebalance_deadline = Some(later(step.now, self.rebalance_timeout_ms()));
                return;
            };
            self.leader = Some(joined.member_id.clone());
        }
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.rebalance_deadline = None;
        self.unsynced.clear();
        if self.members.is_empty() {
            self.protocol = None;
            self.enter(ClassicState::Empty, step.now);
            step.out.records.push(self.record(step.group_id));
            return;
        }
        self.protocol = self.elect_protocol();
        self.enter(ClassicState::CompletingRebalance, step.now);
        self.rebalance_deadline = Some(later(step.now, self.rebalance_timeout_ms()));
        let answers: Vec<(String, Joined)> =
            self.members.keys().map(|id| (id.clone(), self.joined(id, false))).collect();
        for (member_id, joined) in answers {
            if let Some(member) = self.members.get_mut(&member_id) {
                if member.waits_for.take() == Some(WaitsFor::Join) {
                    step.out.join(&member_id, Ok(joined));
                }
                member.heard_of(step.now);
            }
            self.unsynced.insert(member_id);
        }
    }

    /// The answer to a member's JoinGroup in the present generation.
    pub(super) fn joined(&self, member_id: &str, skip_assignment: bool) -> Joined {
        let protocol = self.protocol.clone().unwrap_or_default();
        let everyone = self.members.values().map(|member| JoinedMember {
            member_id: member.member_id.clone(),
            instance_id: member.instance_id.clone(),
            metadata: member.metadata(&protocol).unwrap_or_default().to_vec(),
        });
        Joined {
            generation: self.generation,
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            leader: self.leader.clone().unwrap_or_default(),
            members: if self.is_leader(member_id) { everyone.collect() } else { Vec::new() },
            skip_assignment,
            protocol,
        }
    }

    /// The answer to a member's SyncGroup in the present generation.
    pub(super) fn synced(&self, member_id: &str) -> Synced {
        Synced {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            protocol: self.protocol.clone().unwrap_or_default(),
            assignment: self.members.get(member_id).map(|m| m.assignment.clone()).unwrap_or_default(),
        }
    }

    /// Takes a member out and has the others share what it had.
    pub(super) fn remove(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some(member) = self.members.remove(member_id) else { return };
        match member.waits_for {
            Some(WaitsFor::Join) => step.out.join(member_id, Err(ErrorCode::UnknownMemberId)),
            Some(WaitsFor::Sync) => step.out.sync(member_id, Err(ErrorCode::UnknownMemberId)),
            None => {}
        }
        self.unsynced.remove(member_id);
        self.forget_lost_leader();
        match self.state {
            ClassicState::Empty => {}
            _ => self.rebalance(step),
        }
    }

    /// Someone has to lead as long as there are members.
    fn forget_lost_leader(&mut self) {
        let gone = self.leader.as_ref().is_some_and(|leader| !self.members.contains_key(leader));
        if gone {
            self.leader = self.members.keys().next().cloned();
        }
    }

    /// Notes when a member gave its last sign of life, for whom that is known without its speaking.
    pub(crate) fn hear(&mut self, member_id: &str, at: TimestampMs) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.heard_of(at);
        }
    }

    /// Lets time pass: sessions end, promised ids lapse, rebalances stop waiting.
    pub(crate) fn tick(&mut self, group_id: &str, config: &ClassicConfig, now: TimestampMs) -> Outcome {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        let lapsed = self.members.values().filter(|m| m.waits_for.is_none() && m.session_deadline <= now);
        let lapsed: Vec<String> = lapsed.map(|member| member.member_id.clone()).collect();
        for member_id in lapsed {
            self.remove(&member_id, &mut step);
        }
        let promised = self.promised.len();
        self.promised.retain(|_, deadline| *deadline > now);
        if self.promised.len() < promised {
            self.complete_join_if_all_are_there(&mut step);
        }
        if self.rebalance_deadline.is_some_and(|deadline| deadline <= now) {
            match self.state {
                ClassicState::PreparingRebalance => self.end_of_waiting(&mut step),
                ClassicState::CompletingRebalance | ClassicState::Stable => self.end_of_sync(&mut step),
                ClassicState::Empty => self.rebalance_deadline = None,
            }
        }
        step.out
    }

    fn end_of_waiting(&mut self, step: &mut Step<'_>) {
        match self.initial {
            Some(initial) if initial.joined && initial.left_ms > 0 => {
                let more_ms = initial.left_ms.min(step.config.initial_rebalance_delay_ms);
                self.initial = Some(InitialDelay { left_ms: initial.left_ms - more_ms, joined: false });
                self.rebalance_deadline = Some(later(step.now, more_ms));
            }
            _ => {
                self.promised.clear();
                self.complete_join(step);
            }
        }
    }

    /// Members that never asked for their assignment are given up. Static ones too: they have had their time.
    fn end_of_sync(&mut self, step: &mut Step<'_>) {
        self.rebalance_deadline = None;
        let missing = std::mem::take(&mut self.unsynced);
        if missing.is_empty() {
            return;
        }
        self.members.retain(|id, _| !missing.contains(id));
        self.forget_lost_leader();
        self.rebalance(step);
    }
}
