//! The assignors that a coordinator of the newer protocol runs, by the names that members ask for.

use super::member::{Assignment, Candidate, TopicPartitions};
use super::{range, uniform};

/// A way for the coordinator to share out partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerAssignor {
    Uniform,
    Range,
}

impl ServerAssignor {
    /// The default first.
    pub(crate) const ALL: [ServerAssignor; 2] = [ServerAssignor::Uniform, ServerAssignor::Range];

    /// Its name, as in `group.remote.assignor`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            ServerAssignor::Uniform => "uniform",
            ServerAssignor::Range => "range",
        }
    }

    pub(crate) fn named(name: &str) -> Option<ServerAssignor> {
        ServerAssignor::ALL.into_iter().find(|assignor| assignor.name() == name)
    }

    /// Shares out the partitions of the topics that `members` subscribe to; `topics` lists those that exist.
    pub(crate) fn assign(self, members: &[Candidate], topics: &TopicPartitions) -> Assignment {
        match self {
            ServerAssignor::Uniform => uniform::assign(members, topics),
            ServerAssignor::Range => range::assign(members, topics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, topics};
    use super::super::member::subscribed_partitions;
    use super::*;
    use crate::group::schedule::Schedule;
    use std::collections::BTreeSet;

    #[test]
    fn every_partition_has_one_owner_that_subscribes_and_loads_are_even() {
        let mut random = Schedule::from_environment("server assignors");
        for _ in 0..300 {
            let names = ["t0", "t1", "t2"];
            let counts: Vec<(&str, i32)> = names.iter().map(|&name| (name, random.below(7))).collect();
            let counts = topics(&counts);
            let alike = random.below(2) == 0;
            let mut members: Vec<Candidate> = Vec::new();
            for step in 0..12 {
                if random.below(3) > 0 || members.is_empty() {
                    let wanted: Vec<&str> =
                        names.into_iter().filter(|_| alike || random.below(3) > 0).collect();
                    members.push(member(&format!("m{step}"), &wanted.join(" ")));
                } else {
                    members.remove(
                        usize::try_from(random.below(i32::try_from(members.len()).unwrap())).unwrap(),
                    );
                }
                for assignor in ServerAssignor::ALL {
                    let assignment = assignor.assign(&members, &counts);
                    let all: Vec<_> = assignment.values().flatten().cloned().collect();
                    let distinct: BTreeSet<_> = all.iter().cloned().collect();
                    let wanted: BTreeSet<_> = subscribed_partitions(&members, &counts).into_iter().collect();
                    assert_eq!((all.len(), &distinct), (wanted.len(), &wanted), "{random} {assignor:?}");
                    for one in &members {
                        assert!(
                            assignment[&one.member_id].iter().all(|tp| one.topics.contains(&tp.topic)),
                            "{random}"
                        );
                    }
                    if assignor == ServerAssignor::Uniform {
                        let loads = assignment.values().map(Vec::len);
                        let spread = loads.clone().max().unwrap_or(0) - loads.min().unwrap_or(0);
                        assert!(!alike || spread <= 1, "{random} {assignment:?}");
                        for one in &mut members {
                            one.owned = assignment[&one.member_id].clone();
                        }
                    }
                }
            }
        }
    }
}
