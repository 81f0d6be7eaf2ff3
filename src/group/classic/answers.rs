//! The answers that members wait for, told from the group alone: whoever moves the group on may be another process, which
//! can't answer the clients of this one.

use super::super::state::GroupKind;
use super::group::{ClassicGroup, ClassicState};
use super::member::WaitsFor;
use super::outcome::{Joined, Synced};
use super::requests::Speaker;
use crate::types::ErrorCode;

impl ClassicGroup {
    /// The answer to a heartbeat that changes nothing.
    pub(crate) fn heartbeat_answer(&self, speaker: Speaker<'_>) -> Result<(), ErrorCode> {
        self.validate_speaker(speaker)?;
        match self.state {
            ClassicState::Empty => Err(ErrorCode::UnknownMemberId),
            ClassicState::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            ClassicState::CompletingRebalance | ClassicState::Stable => Ok(()),
        }
    }

    /// The answer to a JoinGroup that was taken and not answered at once; `None` while others are waited for.
    fn join_answer(&self, member_id: &str, instance_id: Option<&str>) -> Option<Result<Joined, ErrorCode>> {
        if let Err(error) = self.validate(member_id, instance_id) {
            return Some(Err(error));
        }
        let waits = self.member(member_id).is_some_and(|member| member.waits_for == Some(WaitsFor::Join));
        // If the members are called together again by now, the member finds that out when it syncs.
        (!waits).then(|| Ok(self.joined(member_id, false)))
    }

    /// The answer to a SyncGroup of `generation` that was taken and not answered at once; `None` before the leader has
    /// spoken.
    fn sync_answer(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Option<Result<Synced, ErrorCode>> {
        if let Err(error) = self.validate(member_id, instance_id) {
            return Some(Err(error));
        }
        if generation != self.generation {
            return Some(Err(ErrorCode::RebalanceInProgress));
        }
        match self.state {
            ClassicState::Empty => Some(Err(ErrorCode::UnknownMemberId)),
            ClassicState::PreparingRebalance => Some(Err(ErrorCode::RebalanceInProgress)),
            ClassicState::CompletingRebalance => None,
            ClassicState::Stable => Some(Ok(self.synced(member_id))),
        }
    }
}

impl GroupKind {
    /// [`ClassicGroup::join_answer`] of a group that may have become one of another kind meanwhile.
    pub(crate) fn join_answer(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
    ) -> Option<Result<Joined, ErrorCode>> {
        match self {
            GroupKind::Classic(group) => group.join_answer(member_id, instance_id),
            other => Some(Err(other.why_not_classic())),
        }
    }

    /// [`ClassicGroup::sync_answer`] of a group that may have become one of another kind meanwhile.
    pub(crate) fn sync_answer(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Option<Result<Synced, ErrorCode>> {
        match self {
            GroupKind::Classic(group) => group.sync_answer(member_id, instance_id, generation),
            other => Some(Err(other.why_not_classic())),
        }
    }

    /// In a group that was taken over by the newer protocol its members join again.
    fn why_not_classic(&self) -> ErrorCode {
        match self {
            GroupKind::Consumer(group) if group.has_members() => ErrorCode::RebalanceInProgress,
            _ => ErrorCode::UnknownMemberId,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, G, request};
    use super::super::{Speaker, SyncRequest};
    use super::*;
    use crate::types::TimestampMs;

    fn kind(bench: &Bench) -> GroupKind {
        bench.groups.get(G).unwrap().kind.clone()
    }

    #[test]
    fn who_waits_is_answered_from_what_others_did_to_the_group() {
        let mut bench = Bench::new();
        bench.join(&request("a", None, &["range"]));
        bench.join(&request("b", None, &["range"]));
        // `a` leads generation 1 and has not come back; `b` waits for it.
        assert_eq!(kind(&bench).join_answer("b", None), None);
        let mut again = request("a", None, &["range"]);
        again.member_id = "a".to_owned();
        bench.join(&again);
        let joined = kind(&bench).join_answer("b", None).unwrap().unwrap();
        assert_eq!((joined.generation, joined.leader.as_str(), joined.members.len()), (2, "a", 0));
        assert_eq!(kind(&bench).join_answer("x", None), Some(Err(ErrorCode::UnknownMemberId)));
        assert_eq!(kind(&bench).sync_answer("b", None, 2), None);
        assert_eq!(kind(&bench).sync_answer("b", None, 1), Some(Err(ErrorCode::RebalanceInProgress)));
        let speaker = Speaker { member_id: "a", instance_id: None, generation: 2 };
        let assignments = [("b".to_owned(), vec![7])].into();
        let sync = SyncRequest { speaker, protocol_type: None, protocol: None, assignments };
        bench.groups.sync(G, sync, &bench.config, TimestampMs(bench.now));
        let synced = kind(&bench).sync_answer("b", None, 2).unwrap().unwrap();
        assert_eq!(synced.assignment, [7]);
        assert_eq!(GroupKind::OffsetsOnly.join_answer("b", None), Some(Err(ErrorCode::UnknownMemberId)));
    }
}
