//! `cooperative-sticky`: sticky, but a partition that changes hands is given to nobody for one generation, so
//! that its old owner can let go of it first while everyone goes on with the rest (KIP-429).

use super::member::{Assignment, Candidate, TopicPartitions};
use super::sticky;
use crate::types::TopicPartition;
use std::collections::BTreeMap;

/// Kafka's `CooperativeStickyAssignor`. Whoever loses a partition joins again at once, and then it is handed on.
pub(crate) fn assign(members: &[Candidate], topics: &TopicPartitions) -> Assignment {
    let mut assignment = sticky::assign(members, topics);
    let mut owner_of: BTreeMap<&TopicPartition, &str> = BTreeMap::new();
    for member in members {
        owner_of.extend(member.owned.iter().map(|tp| (tp, member.member_id.as_str())));
    }
    for member in members {
        if let Some(list) = assignment.get_mut(&member.member_id) {
            list.retain(|tp| {
                owner_of.get(tp).is_none_or(|&owner| owner == member.member_id) || member.owned.contains(tp)
            });
        }
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, shown, topics};
    use super::super::member::named;
    use super::*;

    #[test]
    fn only_what_must_move_is_held_back_for_one_generation() {
        let counts = topics(&[("t", 4)]);
        let mut old = member("a", "t");
        old.owned = (0..4).map(|partition| named("t", partition)).collect();
        old.generation = 1;
        let first = assign(&[old.clone(), member("b", "t")], &counts);
        assert_eq!(shown(&first), ["a: t:0,1", "b:"]);
        old.owned.truncate(2);
        old.generation = 2;
        let second = assign(&[old, member("b", "t")], &counts);
        assert_eq!(shown(&second), ["a: t:0,1", "b: t:2,3"]);
    }

    #[test]
    fn what_nobody_owned_is_given_out_at_once() {
        let members = [member("a", "t"), member("b", "t")];
        assert_eq!(shown(&assign(&members, &topics(&[("t", 3)]))), ["a: t:0,2", "b: t:1"]);
    }
}
