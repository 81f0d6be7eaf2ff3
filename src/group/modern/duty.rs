//! What a member has to do next, told from the group alone: members of a directory look at the group instead of being
//! answered.

use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::member::{LEFT_FOR_A_WHILE, MemberState, ModernMember};
use super::partitions::PartitionSet;
use super::reconcile::Step;
use crate::types::{ErrorCode, Writer};
use std::ops::Bound;

/// What a member has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModernDuty {
    /// The group does not know it (`UnknownMemberId`), or has someone else in its static place (`FencedInstanceId`): what
    /// it had, others may have by now.
    GiveUp(ErrorCode),
    /// Say what it owns: that takes it or the group a step further.
    Speak,
    /// Take what it was assigned, and go on.
    Work,
}

impl ModernGroup {
    /// What a member has to do that owns `owned`.
    pub(crate) fn duty(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        owned: &PartitionSet,
        catalog: &TopicCatalog,
    ) -> ModernDuty {
        let Some(member) = self.members.get(member_id) else {
            let replaced = instance_id.is_some_and(|id| self.static_member(id).is_some());
            let error = if replaced { ErrorCode::FencedInstanceId } else { ErrorCode::UnknownMemberId };
            return ModernDuty::GiveUp(error);
        };
        if member.epoch() == LEFT_FOR_A_WHILE {
            return ModernDuty::GiveUp(ErrorCode::UnknownMemberId);
        }
        let step = Step { target_epoch: self.target_epoch, target: member.target(), owned: Some(owned) };
        let next =
            member.ownership.next(&step, |topic, partition| self.is_taken(member_id, topic, partition));
        if self.is_outdated(catalog) || next != member.ownership {
            ModernDuty::Speak
        } else {
            ModernDuty::Work
        }
    }

    /// Whether the next heartbeat of any member has something to share out anew.
    pub(super) fn is_outdated(&self, catalog: &TopicCatalog) -> bool {
        self.epoch > self.target_epoch
            || self.metadata_hash != catalog.hash_of(self.topics())
            || !self.new_resolutions(catalog).is_empty()
    }

    /// Whether others have let go of something that the member shall have.
    pub(super) fn could_take_more(&self, member_id: &str, member: &ModernMember) -> bool {
        let wanted = member.target().without(member.assigned());
        !wanted.filtered(|topic, partition| !self.is_taken(member_id, topic, partition)).is_empty()
    }

    /// The two members that `member_id` watches over: the next ones that are there only as long as their processes are,
    /// in order of ids and around the end.
    pub(crate) fn neighbours(&self, member_id: &str) -> Vec<String> {
        let behind = self.members.range::<str, _>((Bound::Excluded(member_id), Bound::Unbounded));
        let before = self.members.range::<str, _>((Bound::Unbounded, Bound::Excluded(member_id)));
        let others = behind.chain(before).filter(|(_, member)| member.profile.instance_id.is_none());
        others.take(2).map(|(id, _)| id.clone()).collect()
    }

    /// Differs where members other than the one that made a change have to look at the group: its epochs, and who could
    /// take partitions now that others have let go of them.
    pub(in crate::group) fn phase(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.i32(self.epoch);
        w.i32(self.target_epoch);
        let can_take = self.members.iter().filter(|(id, member)| {
            member.ownership.state == MemberState::Unreleased && self.could_take_more(id, member)
        });
        let can_take: Vec<&String> = can_take.map(|(id, _)| id).collect();
        w.array(&can_take, |w, id| w.string(id));
        w.finish().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, T, beat, catalog, join, owning, set};
    use super::*;

    fn duty(bench: &mut Bench, id: &str, owned: &[i32]) -> ModernDuty {
        let catalog = bench.catalog.clone();
        bench.group().duty(id, None, &set(T, owned), &catalog)
    }

    #[test]
    fn members_find_out_when_to_speak() {
        let mut bench = Bench::new();
        bench.take(&join("A", &["t"])).unwrap();
        assert_eq!(duty(&mut bench, "A", &[0, 1, 2, 3]), ModernDuty::Work);
        bench.take(&join("B", &["t"])).unwrap();
        assert_eq!(duty(&mut bench, "A", &[0, 1, 2, 3]), ModernDuty::Speak);
        bench.take(&owning("A", 1, &[0, 1, 2, 3])).unwrap();
        // It lets go first; only then has it something to say.
        assert_eq!(duty(&mut bench, "A", &[0, 1, 2, 3]), ModernDuty::Work);
        assert_eq!(duty(&mut bench, "A", &[0, 1]), ModernDuty::Speak);
        bench.take(&beat("B", 2)).unwrap();
        assert_eq!(duty(&mut bench, "B", &[]), ModernDuty::Work);
        let before = bench.group().phase();
        bench.take(&owning("A", 1, &[0, 1])).unwrap();
        assert_ne!(bench.group().phase(), before);
        assert_eq!(duty(&mut bench, "B", &[]), ModernDuty::Speak);
        bench.take(&beat("B", 2)).unwrap();
        assert_eq!(duty(&mut bench, "B", &[2, 3]), ModernDuty::Work);
        bench.catalog = catalog(2, &[("t", T, 5)]);
        assert_eq!(duty(&mut bench, "B", &[2, 3]), ModernDuty::Speak);
        assert_eq!(duty(&mut bench, "C", &[]), ModernDuty::GiveUp(ErrorCode::UnknownMemberId));
    }

    #[test]
    fn members_watch_over_the_next_two() {
        let mut bench = Bench::new();
        for id in ["A", "B", "C"] {
            bench.take(&join(id, &["t"])).unwrap();
        }
        let fixed = super::super::HeartbeatRequest { instance_id: Some("i".to_owned()), ..join("D", &["t"]) };
        bench.take(&fixed).unwrap();
        assert_eq!(bench.group().neighbours("A"), ["B", "C"]);
        assert_eq!(bench.group().neighbours("C"), ["A", "B"]);
        assert_eq!(bench.group().neighbours("D"), ["A", "B"]);
    }
}
