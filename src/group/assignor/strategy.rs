//! The assignors by the names that members vote with.

use super::member::{Assignment, Candidate, TopicPartitions};
use super::{cooperative_sticky, range, round_robin, sticky};

/// A way to share out partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignor {
    Range,
    RoundRobin,
    Sticky,
    CooperativeSticky,
}

impl Assignor {
    pub(crate) const ALL: [Assignor; 4] =
        [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];

    /// Its name in the group protocol.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Assignor::Range => "range",
            Assignor::RoundRobin => "roundrobin",
            Assignor::Sticky => "sticky",
            Assignor::CooperativeSticky => "cooperative-sticky",
        }
    }

    /// Kafka's class, as `partition.assignment.strategy` names it.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Assignor::Range => "org.apache.kafka.clients.consumer.RangeAssignor",
            Assignor::RoundRobin => "org.apache.kafka.clients.consumer.RoundRobinAssignor",
            Assignor::Sticky => "org.apache.kafka.clients.consumer.StickyAssignor",
            Assignor::CooperativeSticky => "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        }
    }

    /// The assignor of that protocol name, or of that class.
    pub(crate) fn named(name: &str) -> Option<Assignor> {
        Assignor::ALL.into_iter().find(|assignor| assignor.name() == name || assignor.class() == name)
    }

    /// Shares out the partitions of the topics that `members` subscribe to; `topics` lists those that exist.
    pub(crate) fn assign(self, members: &[Candidate], topics: &TopicPartitions) -> Assignment {
        match self {
            Assignor::Range => range::assign(members, topics),
            Assignor::RoundRobin => round_robin::assign(members, topics),
            Assignor::Sticky => sticky::assign(members, topics),
            Assignor::CooperativeSticky => cooperative_sticky::assign(members, topics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, topics};
    use super::*;
    use crate::group::schedule::Schedule;
    use std::collections::BTreeSet;

    #[test]
    fn every_partition_has_exactly_one_owner_that_subscribes_to_it() {
        let mut random = Schedule::from_environment("assignors");
        for _ in 0..300 {
            let names = ["t0", "t1", "t2", "t3"];
            let counts: Vec<(&str, i32)> = names.iter().map(|&name| (name, random.below(7))).collect();
            let counts = topics(&counts);
            let mut members = Vec::new();
            for number in 0..random.below(6) {
                let wanted: Vec<&str> = names.into_iter().filter(|_| random.below(3) > 0).collect();
                members.push(member(&format!("m{number}"), &wanted.join(" ")));
            }
            for assignor in Assignor::ALL {
                let mut owning = members.clone();
                // A second round may have to follow where partitions change hands.
                for generation in 1..4 {
                    let assignment = assignor.assign(&owning, &counts);
                    let mut seen = BTreeSet::new();
                    for member in &mut owning {
                        let list = &assignment[&member.member_id];
                        assert!(list.iter().all(|tp| member.topics.contains(&tp.topic)), "{random}");
                        assert!(list.iter().all(|tp| seen.insert(tp.clone())), "{random} {assignor:?}");
                        member.owned = list.clone();
                        member.generation = generation;
                    }
                    let wanted = super::super::member::subscribed_partitions(&owning, &counts);
                    let missing = wanted.iter().filter(|tp| !seen.contains(tp)).count();
                    assert_eq!(missing, 0, "{random} {assignor:?}");
                }
                // Subscriptions change and a member goes: what is shared out stays disjoint, and settles.
                if let Some(last) = owning.pop() {
                    owning.push(member("new", "t0 t1"));
                    let first = assignor.assign(&owning, &counts);
                    let total: usize = first.values().map(Vec::len).sum();
                    let distinct: BTreeSet<_> = first.values().flatten().collect();
                    assert_eq!(total, distinct.len(), "{random} without {}", last.member_id);
                }
            }
        }
    }

    #[test]
    fn nothing_moves_while_nothing_changes() {
        let mut random = Schedule::from_environment("stickiness");
        for _ in 0..200 {
            let counts = topics(&[("t0", random.below(9)), ("t1", random.below(9))]);
            let topic_sets = ["t0 t1", "t0", "t1"];
            let mut members: Vec<_> = (0..random.below(5))
                .map(|n| member(&format!("m{n}"), topic_sets[usize::try_from(random.below(3)).unwrap()]))
                .collect();
            for assignor in [Assignor::Sticky, Assignor::CooperativeSticky] {
                let first = assignor.assign(&members, &counts);
                for member in &mut members {
                    member.owned = first[&member.member_id].clone();
                    member.generation = 1;
                }
                let second = assignor.assign(&members, &counts);
                let sets = |a: &Assignment| {
                    a.values().map(|l| l.iter().cloned().collect::<BTreeSet<_>>()).collect::<Vec<_>>()
                };
                assert_eq!(sets(&first), sets(&second), "{random} {assignor:?}");
                members.iter_mut().for_each(|member| member.owned.clear());
            }
        }
    }

    #[test]
    fn names_and_classes_lead_to_the_same_assignor() {
        for assignor in Assignor::ALL {
            assert_eq!(Assignor::named(assignor.name()), Some(assignor));
            assert_eq!(Assignor::named(assignor.class()), Some(assignor));
        }
        assert_eq!(Assignor::named("uniform"), None);
    }
}
