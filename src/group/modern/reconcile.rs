//! One member's next step towards its target: first it lets go and says so, then its epoch rises, then it gets what
//! others have let go of. Source: KIP-848, and what Kafka 4.2 writes.

use super::member::{MemberState, Ownership};
use super::partitions::PartitionSet;
use crate::types::{PartitionId, Uuid};

/// What a step is decided on, beside what the member has.
pub(super) struct Step<'a> {
    pub(super) target_epoch: i32,
    pub(super) target: &'a PartitionSet,
    /// What the member says it owns; `None` when it didn't say.
    pub(super) owned: Option<&'a PartitionSet>,
}

impl Ownership {
    /// What the member owns after the step; unchanged if there is nothing to be done. `is_taken` says whether someone
    /// else has a partition.
    pub(super) fn next(&self, step: &Step<'_>, is_taken: impl Fn(Uuid, PartitionId) -> bool) -> Ownership {
        match self.state {
            MemberState::Stable if self.epoch == step.target_epoch => self.clone(),
            MemberState::Unrevoked if step.has_any(&self.revoking) => self.clone(),
            _ => self.towards_target(step, is_taken),
        }
    }

    fn towards_target(&self, step: &Step<'_>, is_taken: impl Fn(Uuid, PartitionId) -> bool) -> Ownership {
        let kept = self.assigned.and(step.target);
        let unwanted = self.assigned.without(step.target);
        if step.has_any(&unwanted) {
            return Ownership {
                epoch: self.epoch,
                previous_epoch: self.epoch,
                state: MemberState::Unrevoked,
                assigned: kept,
                revoking: unwanted,
            };
        }
        let wanted = step.target.without(&self.assigned);
        let free = wanted.filtered(|topic, partition| !is_taken(topic, partition));
        let state = if free == wanted { MemberState::Stable } else { MemberState::Unreleased };
        let mut assigned = kept;
        assigned.extend(free.iter());
        Ownership {
            epoch: step.target_epoch,
            previous_epoch: self.epoch,
            state,
            assigned,
            revoking: PartitionSet::default(),
        }
    }
}

impl Step<'_> {
    /// Whether the member still has one of `partitions`, as far as is known.
    fn has_any(&self, partitions: &PartitionSet) -> bool {
        match self.owned {
            None => !partitions.is_empty(),
            Some(owned) => !owned.and(partitions).is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Uuid = Uuid([1; 16]);

    fn set(partitions: &[i32]) -> PartitionSet {
        partitions.iter().map(|&partition| (T, PartitionId(partition))).collect()
    }

    fn stable(epoch: i32, previous_epoch: i32, assigned: &[i32]) -> Ownership {
        Ownership { epoch, previous_epoch, assigned: set(assigned), ..Ownership::default() }
    }

    #[test]
    fn a_member_lets_go_says_so_and_rises() {
        let has = stable(1, 0, &[0, 1, 2, 3]);
        let target = set(&[0, 1]);
        let next = |has: &Ownership, owned: Option<&[i32]>| {
            let owned = owned.map(set);
            has.next(&Step { target_epoch: 2, target: &target, owned: owned.as_ref() }, |_, _| false)
        };
        let asked = next(&has, None);
        assert_eq!((asked.epoch, asked.previous_epoch, asked.state), (1, 1, MemberState::Unrevoked));
        assert_eq!((asked.assigned.clone(), asked.revoking.clone()), (set(&[0, 1]), set(&[2, 3])));
        // Silence and half an answer change nothing.
        assert_eq!(next(&asked, None), asked);
        assert_eq!(next(&asked, Some(&[0, 1, 3])), asked);
        assert_eq!(next(&asked, Some(&[0, 1])), stable(2, 1, &[0, 1]));
        // Who says at once that it has no more than that skips the asking.
        assert_eq!(next(&has, Some(&[0])), stable(2, 1, &[0, 1]));
    }

    #[test]
    fn a_member_waits_for_what_others_have() {
        let target = set(&[2, 3]);
        let step = Step { target_epoch: 2, target: &target, owned: None };
        let new = Ownership::default().next(&step, |_, partition| partition.0 == 3);
        assert_eq!((new.epoch, new.previous_epoch, new.state), (2, 0, MemberState::Unreleased));
        assert_eq!(new.assigned, set(&[2]));
        let again = new.next(&step, |_, partition| partition.0 == 3);
        assert_eq!((again.previous_epoch, again.state), (2, MemberState::Unreleased));
        assert_eq!(again.next(&step, |_, _| false), stable(2, 2, &[2, 3]));
    }

    #[test]
    fn who_is_where_it_shall_be_stays() {
        let has = stable(4, 3, &[1]);
        let target = set(&[7]);
        assert_eq!(has.next(&Step { target_epoch: 4, target: &target, owned: None }, |_, _| false), has);
    }
}
