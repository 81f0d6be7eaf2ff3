//! JoinGroup: someone new, someone known, someone who takes a static member's place.

use super::group::{ClassicGroup, ClassicState, later};
use super::member::{ClassicConfig, ClassicMember, JoinRequest, WaitsFor};
use super::outcome::Outcome;
use super::rebalance::Step;
use crate::types::{ErrorCode, TimestampMs};

impl ClassicGroup {
    /// Takes a JoinGroup request. Its answer, under [`JoinRequest::effective_id`], is among the replies or follows in
    /// a later outcome.
    pub(crate) fn join(
        &mut self,
        group_id: &str,
        request: &JoinRequest,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Outcome {
        let mut step = Step { group_id, config, now, out: Outcome::default() };
        let session_range = config.min_session_timeout_ms..=config.max_session_timeout_ms;
        let refused = if !session_range.contains(&request.session_timeout_ms) {
            Some(ErrorCode::InvalidSessionTimeout)
        } else if !self.has_room_for(request, config) {
            self.promised.remove(&request.member_id);
            Some(ErrorCode::GroupMaxSizeReached)
        } else if !self.supports(&request.protocol_type, &request.protocols) {
            Some(ErrorCode::InconsistentGroupProtocol)
        } else {
            None
        };
        let result = match refused {
            Some(error) => Err(error),
            None if request.member_id.is_empty() => self.join_new(request, &mut step),
            None => self.join_known(request, &mut step),
        };
        if let Err(error) = result {
            step.out.join(request.effective_id(), Err(error));
        }
        step.out
    }

    fn has_room_for(&self, request: &JoinRequest, config: &ClassicConfig) -> bool {
        let known = self.members.contains_key(&request.member_id)
            || request.instance_id.as_deref().is_some_and(|id| self.static_member(id).is_some());
        known || self.members.len() < config.max_members
    }

    fn join_new(&mut self, request: &JoinRequest, step: &mut Step<'_>) -> Result<(), ErrorCode> {
        let id = request.new_member_id.as_str();
        let holder = request.instance_id.as_deref().and_then(|instance| self.static_member(instance));
        if let Some(old_id) = holder.map(|member| member.member_id.clone()) {
            self.replace_static(&old_id, request, step);
            return Ok(());
        }
        if request.asks_for_id && request.instance_id.is_none() {
            self.promised.insert(id.to_owned(), later(step.now, i64::from(request.session_timeout_ms)));
            return Err(ErrorCode::MemberIdRequired);
        }
        self.add(request.member(id, step.now), request, step);
        Ok(())
    }

    fn join_known(&mut self, request: &JoinRequest, step: &mut Step<'_>) -> Result<(), ErrorCode> {
        let id = request.member_id.as_str();
        if self.promised.remove(id).is_some() {
            self.add(request.member(id, step.now), request, step);
            return Ok(());
        }
        self.validate(id, request.instance_id.as_deref())?;
        let unchanged = self.members.get(id).is_some_and(|member| member.protocols == request.protocols);
        let settled = match self.state {
            ClassicState::Empty => return Err(ErrorCode::UnknownMemberId),
            ClassicState::PreparingRebalance => false,
            // It may not have got the answer to its join; nothing has changed since.
            ClassicState::CompletingRebalance => unchanged,
            // The leader joins again when it has seen something to share out anew.
            ClassicState::Stable => unchanged && !self.is_leader(id),
        };
        if settled {
            step.out.join(id, Ok(self.joined(id, false)));
            return Ok(());
        }
        if let Some(member) = self.members.get_mut(id) {
            member.protocols.clone_from(&request.protocols);
            member.rebalance_timeout_ms = request.rebalance_timeout_ms;
            member.session_timeout_ms = request.session_timeout_ms;
            // In the new rebalance it waits for its join; a sync that it waited for is answered by the rebalance.
            let waited_for = member.waits_for.replace(WaitsFor::Join);
            if waited_for == Some(WaitsFor::Sync) {
                step.out.sync(id, Err(ErrorCode::RebalanceInProgress));
            }
        }
        self.rebalance(step);
        Ok(())
    }

    fn add(&mut self, mut member: ClassicMember, request: &JoinRequest, step: &mut Step<'_>) {
        member.waits_for = Some(WaitsFor::Join);
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(member.member_id.clone());
        }
        if let Some(initial) = &mut self.initial {
            initial.joined = true;
        }
        self.members.insert(member.member_id.clone(), member);
        self.rebalance(step);
    }

    /// Puts a restarted static member in the place of its former self, whose answers now say that it was fenced.
    fn replace_static(&mut self, old_id: &str, request: &JoinRequest, step: &mut Step<'_>) {
        let Some(mut member) = self.members.remove(old_id) else { return };
        match member.waits_for.take() {
            Some(WaitsFor::Join) => step.out.join(old_id, Err(ErrorCode::FencedInstanceId)),
            Some(WaitsFor::Sync) => step.out.sync(old_id, Err(ErrorCode::FencedInstanceId)),
            None => {}
        }
        let id = request.new_member_id.clone();
        member.protocols.clone_from(&request.protocols);
        member.member_id.clone_from(&id);
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
        member.session_timeout_ms = request.session_timeout_ms;
        member.heard_of(step.now);
        let led = self.is_leader(old_id);
        if led {
            self.leader = Some(id.clone());
        }
        if self.unsynced.remove(old_id) {
            self.unsynced.insert(id.clone());
        }
        self.members.insert(id.clone(), member);
        if self.state == ClassicState::Stable && self.elect_protocol() == self.protocol {
            // The generation goes on, even if the member subscribes to something else now; only the record has to know
            // the new id.
            step.out.records.push(self.record(step.group_id));
            step.out.join(&id, Ok(self.joined(&id, led)));
            return;
        }
        if let Some(member) = self.members.get_mut(&id) {
            member.waits_for = Some(WaitsFor::Join);
        }
        self.rebalance(step);
    }
}
