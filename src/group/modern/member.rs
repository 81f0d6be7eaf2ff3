//! `ModernMember`: a member of a group of the newer protocol: what it said of itself and what it may own.

use super::super::records::{ConsumerMember, CurrentAssignment};
use super::partitions::PartitionSet;
use crate::types::TimestampMs;

/// The epoch of a static member that has left for a while.
pub(crate) const LEFT_FOR_A_WHILE: i32 = -2;

/// How far a member is on its way from what it had to what it shall have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MemberState {
    /// It has what its epoch gives it.
    #[default]
    Stable,
    /// It must let go of partitions, and say so, before its epoch rises.
    Unrevoked,
    /// It waits for partitions that others have not let go of.
    Unreleased,
}

impl MemberState {
    const fn from_record(state: i8) -> MemberState {
        match state {
            0 => MemberState::Stable,
            1 => MemberState::Unrevoked,
            // Kafka's `UNKNOWN` too is looked at anew with every heartbeat.
            _ => MemberState::Unreleased,
        }
    }

    const fn to_record(self) -> i8 {
        match self {
            MemberState::Stable => 0,
            MemberState::Unrevoked => 1,
            MemberState::Unreleased => 2,
        }
    }
}

/// What a member owns as of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ownership {
    pub(crate) epoch: i32,
    pub(crate) previous_epoch: i32,
    pub(crate) state: MemberState,
    pub(crate) assigned: PartitionSet,
    /// What it still has and must let go of.
    pub(crate) revoking: PartitionSet,
}

impl Ownership {
    pub(super) fn from_record(record: &CurrentAssignment) -> Ownership {
        Ownership {
            epoch: record.member_epoch,
            previous_epoch: record.previous_member_epoch,
            state: MemberState::from_record(record.state),
            assigned: PartitionSet::from_record(&record.assigned),
            revoking: PartitionSet::from_record(&record.pending_revocation),
        }
    }

    pub(super) fn to_record(&self) -> CurrentAssignment {
        CurrentAssignment {
            member_epoch: self.epoch,
            previous_member_epoch: self.previous_epoch,
            state: self.state.to_record(),
            assigned: self.assigned.to_record(),
            pending_revocation: self.revoking.to_record(),
        }
    }

    /// Whether it has all that the targets of `target_epoch` give it, and nothing else.
    pub(super) fn is_reconciled_to(&self, target_epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == target_epoch
    }
}

/// A member as its records tell of it.
#[derive(Clone, Debug)]
pub(crate) struct ModernMember {
    pub(crate) profile: ConsumerMember,
    pub(crate) ownership: Ownership,
    /// `None` before one was computed.
    pub(super) target: Option<PartitionSet>,
    /// When it last gave a sign of life. Not in any record: after a load, the time of its last record.
    pub(super) heard_at: TimestampMs,
    /// Since when it has been asked to let go of partitions.
    pub(super) revoking_since: Option<TimestampMs>,
}

impl ModernMember {
    pub(super) fn new(profile: ConsumerMember, now: TimestampMs) -> ModernMember {
        ModernMember {
            profile,
            ownership: Ownership::default(),
            target: None,
            heard_at: now,
            revoking_since: None,
        }
    }

    pub(crate) const fn epoch(&self) -> i32 {
        self.ownership.epoch
    }

    /// What it may own; what it must let go of is not in it.
    pub(crate) const fn assigned(&self) -> &PartitionSet {
        &self.ownership.assigned
    }

    /// What it shall own when it is done.
    pub(crate) fn target(&self) -> &PartitionSet {
        static NOTHING: PartitionSet = PartitionSet::NONE;
        self.target.as_ref().unwrap_or(&NOTHING)
    }

    /// Whether its place is kept for it when it goes for a while.
    pub(crate) const fn is_static(&self) -> bool {
        self.profile.instance_id.is_some()
    }

    /// Whether it speaks the classic protocol.
    pub(crate) const fn is_classic(&self) -> bool {
        self.profile.classic.is_some()
    }

    /// Its regular expression, if it has one.
    pub(super) fn regex(&self) -> Option<&str> {
        self.profile.topic_regex.as_deref().filter(|text| !text.is_empty())
    }

    /// Takes over what its newest record says it owns.
    pub(super) fn set_ownership(&mut self, ownership: Ownership, now: TimestampMs) {
        self.revoking_since = match ownership.state {
            MemberState::Unrevoked if self.ownership.epoch == ownership.epoch => {
                self.revoking_since.or(Some(now))
            }
            MemberState::Unrevoked => Some(now),
            MemberState::Stable | MemberState::Unreleased => None,
        };
        self.ownership = ownership;
    }
}
