//! What a member has to do next, told from the group alone. Members that look at the group instead of waiting for
//! answers need nothing else, and a server can derive from it when a client's JoinGroup or SyncGroup is to be answered.

use super::group::{ClassicGroup, ClassicState};
use super::member::WaitsFor;
use super::outcome::Joined;
use crate::types::ErrorCode;

/// What a member knows of its own place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    /// It has joined, and has not been given anything yet.
    Joined,
    /// It has been given what it has in this generation.
    Synced(i32),
}

/// What a member has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// The group does not know it (`UnknownMemberId`), has gone on without it (`IllegalGeneration`), or has someone else
    /// in its static place (`FencedInstanceId`): what it had, others may have by now.
    GiveUp(ErrorCode),
    /// Join, or join again; an eager member lets go of everything first.
    Join,
    Wait,
    /// Compute the assignment of the generation and sync with it.
    Lead(Joined),
    /// Sync, to be given its part.
    Sync,
    /// Go on: it has what it should have.
    Work,
}

impl ClassicGroup {
    /// What the member has to do that believes `belief` of itself.
    pub(crate) fn duty(&self, member_id: &str, instance_id: Option<&str>, belief: Belief) -> Duty {
        if let Err(error) = self.validate(member_id, instance_id) {
            return Duty::GiveUp(error);
        }
        let has_joined = self.members.get(member_id).is_some_and(|m| m.waits_for == Some(WaitsFor::Join));
        match (self.state, belief) {
            (ClassicState::Empty, _) => Duty::GiveUp(ErrorCode::UnknownMemberId),
            (ClassicState::PreparingRebalance, _) if has_joined => Duty::Wait,
            // Only what it had is of an older generation; it may join this one.
            (ClassicState::PreparingRebalance, Belief::Synced(own)) if own != self.generation => {
                Duty::GiveUp(ErrorCode::IllegalGeneration)
            }
            (ClassicState::PreparingRebalance, _) => Duty::Join,
            (ClassicState::CompletingRebalance, Belief::Joined) if self.is_leader(member_id) => {
                Duty::Lead(self.joined(member_id, false))
            }
            (ClassicState::CompletingRebalance, Belief::Joined) => Duty::Wait,
            (ClassicState::Stable, Belief::Joined) => Duty::Sync,
            (ClassicState::Stable, Belief::Synced(own)) if own == self.generation => Duty::Work,
            (_, Belief::Synced(_)) => Duty::GiveUp(ErrorCode::IllegalGeneration),
        }
    }

    /// The two members that `member_id` watches over: the next ones that are there only as long as their processes are,
    /// in order of ids and around the end.
    pub(crate) fn neighbours(&self, member_id: &str) -> Vec<String> {
        let behind =
            self.members.range::<str, _>((std::ops::Bound::Excluded(member_id), std::ops::Bound::Unbounded));
        let before =
            self.members.range::<str, _>((std::ops::Bound::Unbounded, std::ops::Bound::Excluded(member_id)));
        let others = behind.chain(before).filter(|(_, member)| member.instance_id.is_none());
        others.take(2).map(|(id, _)| id.clone()).collect()
    }
}
