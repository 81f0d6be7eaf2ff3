//! `uniform`, the default of the newer protocol: as even as can be, and who has partitions keeps what evenness leaves it.

use super::member::{Assignment, Candidate, TopicPartitions, named, nothing, subscribed_partitions};
use crate::types::TopicPartition;
use std::collections::{BTreeMap, BTreeSet};

/// Kafka's `UniformAssignor`. What a member has (`owned`) is never claimed by two.
pub(crate) fn assign(members: &[Candidate], topics: &TopicPartitions) -> Assignment {
    let mut members: Vec<&Candidate> = members.iter().collect();
    members.sort_by(|a, b| a.member_id.cmp(&b.member_id));
    let alike = members.windows(2).all(|pair| matches!(pair, [a, b] if a.topics == b.topics));
    if alike { assign_alike(&members, topics) } else { assign_unlike(&members, topics) }
}

/// What a member has of the partitions that exist and that it subscribes to, in order.
fn valid(member: &Candidate, topics: &TopicPartitions) -> BTreeSet<TopicPartition> {
    let exists = |tp: &&TopicPartition| {
        let count = topics.get(&tp.topic).copied().unwrap_or(0);
        member.topics.contains(&tp.topic) && (0..count).contains(&tp.partition.0)
    };
    member.owned.iter().filter(exists).cloned().collect()
}

/// All subscribe to the same topics: quotas decide how much each keeps, and what is left fills them up.
fn assign_alike(members: &[&Candidate], topics: &TopicPartitions) -> Assignment {
    let everyone: Vec<Candidate> = members.iter().map(|&member| member.clone()).collect();
    let mut assignment = nothing(&everyone);
    let all = subscribed_partitions(&everyone, topics);
    let Some(least) = all.len().checked_div(members.len()) else { return assignment };
    let mut larger_left = all.len() - least * members.len();
    let mut taken = BTreeSet::new();
    for member in members {
        let has = valid(member, topics);
        let mut quota = least;
        if has.len() > least && larger_left > 0 {
            larger_left -= 1;
            quota += 1;
        }
        let kept: Vec<TopicPartition> =
            has.into_iter().filter(|tp| !taken.contains(tp)).take(quota).collect();
        taken.extend(kept.iter().cloned());
        assignment.insert(member.member_id.clone(), kept);
    }
    let mut free = all.into_iter().filter(|tp| !taken.contains(tp));
    for member in members {
        let Some(list) = assignment.get_mut(&member.member_id) else { continue };
        let mut quota = least;
        if list.len() <= least && larger_left > 0 {
            larger_left -= 1;
            quota += 1;
        }
        list.extend(free.by_ref().take(quota.saturating_sub(list.len())));
    }
    assignment
}

/// Subscriptions differ: each topic in turn is evened out among those who read it, until nothing moves.
fn assign_unlike(members: &[&Candidate], topics: &TopicPartitions) -> Assignment {
    let mut load: BTreeMap<&str, usize> = members.iter().map(|m| (m.member_id.as_str(), 0)).collect();
    let mut owners: BTreeMap<TopicPartition, &str> = BTreeMap::new();
    for member in members {
        for tp in valid(member, topics) {
            if !owners.contains_key(&tp) {
                give(&mut owners, &mut load, tp, &member.member_id);
            }
        }
    }
    let mut moved = true;
    // Each move makes the sum of the squared loads smaller, so this ends.
    while moved {
        moved = false;
        for (topic, &count) in topics {
            let takers: Vec<&Candidate> =
                members.iter().copied().filter(|member| member.topics.contains(topic)).collect();
            for partition in 0..count {
                let tp = named(topic, partition);
                if !owners.contains_key(&tp)
                    && let Some(taker) = least_loaded(&takers, &load)
                {
                    give(&mut owners, &mut load, tp, taker);
                    moved = true;
                }
            }
            for partition in (0..count).rev() {
                let tp = named(topic, partition);
                let (Some(&owner), Some(taker)) = (owners.get(&tp), least_loaded(&takers, &load)) else {
                    continue;
                };
                if load.get(taker).map(|count| count + 1) < load.get(owner).copied() {
                    load.entry(owner).and_modify(|count| *count -= 1);
                    give(&mut owners, &mut load, tp, taker);
                    moved = true;
                }
            }
        }
    }
    let mut assignment: Assignment = members.iter().map(|m| (m.member_id.clone(), Vec::new())).collect();
    for (tp, owner) in owners {
        if let Some(list) = assignment.get_mut(owner) {
            list.push(tp);
        }
    }
    assignment
}

fn give<'a>(
    owners: &mut BTreeMap<TopicPartition, &'a str>,
    load: &mut BTreeMap<&'a str, usize>,
    tp: TopicPartition,
    taker: &'a str,
) {
    owners.insert(tp, taker);
    *load.entry(taker).or_default() += 1;
}

fn least_loaded<'a>(takers: &[&'a Candidate], load: &BTreeMap<&str, usize>) -> Option<&'a str> {
    let by_load = takers.iter().min_by_key(|member| load.get(member.member_id.as_str()).copied());
    by_load.map(|member| member.member_id.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, shown, topics};
    use super::*;

    /// Members that come one after another, as Kafka 4.2 was seen to share out among them.
    fn joined(subscriptions: &[(&str, &str)], counts: &[(&str, i32)]) -> Vec<Candidate> {
        let mut members: Vec<Candidate> = Vec::new();
        for (id, wanted) in subscriptions {
            members.push(member(id, wanted));
            members = after(members, counts);
        }
        members
    }

    fn after(mut members: Vec<Candidate>, counts: &[(&str, i32)]) -> Vec<Candidate> {
        let assignment = assign(&members, &topics(counts));
        for one in &mut members {
            one.owned = assignment[&one.member_id].clone();
        }
        members
    }

    fn owned(members: &[Candidate]) -> Vec<String> {
        shown(&members.iter().map(|one| (one.member_id.clone(), one.owned.clone())).collect())
    }

    #[test]
    fn one_after_another_share_as_in_kafka() {
        let counts = [("t", 4)];
        let mut members = joined(&[("A", "t"), ("B", "t")], &counts);
        assert_eq!(owned(&members), ["A: t:0,1", "B: t:2,3"]);
        members.push(member("C", "t"));
        members = after(members, &counts);
        assert_eq!(owned(&members), ["A: t:0,1", "B: t:2", "C: t:3"]);
        members.remove(0);
        assert_eq!(owned(&after(members, &counts)), ["B: t:0,2", "C: t:1,3"]);
    }

    #[test]
    fn two_empty_members_split_new_topics_and_grow_with_them() {
        let mut members = vec![member("A", "w x"), member("B", "w x")];
        members = after(members, &[("w", 5), ("x", 3)]);
        assert_eq!(owned(&members), ["A: w:0,1,2,3", "B: w:4 x:0,1,2"]);
        members = after(members, &[("w", 7), ("x", 3)]);
        assert_eq!(owned(&members), ["A: w:0,1,2,3,5", "B: w:4,6 x:0,1,2"]);
        // A deleted topic's partitions are gone.
        assert_eq!(owned(&after(members, &[("x", 3)])), ["A: x:2", "B: x:0,1"]);
    }

    #[test]
    fn unlike_subscriptions_are_evened_out_as_in_kafka() {
        let counts = [("t", 4), ("u", 3)];
        let mut members = joined(&[("A", "t u"), ("B", "t")], &counts);
        assert_eq!(owned(&members), ["A: t:0 u:0,1,2", "B: t:1,2,3"]);
        members.push(member("C", "u"));
        members = after(members, &counts);
        assert_eq!(owned(&members), ["A: t:0 u:0", "B: t:1,2,3", "C: u:1,2"]);
        members.push(member("D", "t u"));
        members = after(members, &counts);
        assert_eq!(owned(&members), ["A: t:0 u:0", "B: t:1,2", "C: u:1,2", "D: t:3"]);
    }

    #[test]
    fn more_members_than_partitions_and_nobody() {
        let members = joined(&[("A", "t"), ("B", "t"), ("C", "t")], &[("t", 2)]);
        assert_eq!(owned(&members), ["A: t:0", "B: t:1", "C:"]);
        let rest = after(members[1..].to_vec(), &[("t", 2)]);
        assert_eq!(owned(&rest), ["B: t:1", "C: t:0"]);
        assert!(assign(&[], &topics(&[("t", 2)])).is_empty());
        assert_eq!(owned(&after(rest, &[])), ["B:", "C:"]);
    }
}
