//! `sticky`: as even as can be, and who stays keeps what it has as far as evenness allows (KIP-54, KIP-341, KIP-792).

use super::member::{Assignment, Candidate, TopicPartitions, nothing, subscribed_partitions};
use crate::types::TopicPartition;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Kafka's `StickyAssignor`. Where a partition is claimed by several members the claim of the latest
/// generation counts, and none if there are two of those.
pub(crate) fn assign(members: &[Candidate], topics: &TopicPartitions) -> Assignment {
    let mut members: Vec<&Candidate> = members.iter().collect();
    members.sort_by(|a, b| a.member_id.cmp(&b.member_id));
    let owned: Vec<TopicPartition> = members.iter().flat_map(|member| member.owned.iter().cloned()).collect();
    let owners = owners(&members, owned, topics);
    let candidates: Vec<Candidate> = members.iter().map(|&member| member.clone()).collect();
    let partitions = subscribed_partitions(&candidates, topics);
    let all_alike = members.windows(2).all(|pair| matches!(pair, [a, b] if a.topics == b.topics));
    if all_alike {
        assign_alike(&candidates, &partitions, &owners)
    } else {
        assign_unlike(&candidates, &partitions, &owners)
    }
}

/// Whose each claimed partition is: of a topic that exists, that the owner still subscribes to.
fn owners<'a>(
    members: &[&'a Candidate],
    owned: Vec<TopicPartition>,
    topics: &TopicPartitions,
) -> BTreeMap<TopicPartition, &'a str> {
    let mut claims: BTreeMap<TopicPartition, (i32, Option<&'a str>)> =
        owned.into_iter().map(|tp| (tp, (i32::MIN, None))).collect();
    for member in members {
        let distinct: BTreeSet<&TopicPartition> = member.owned.iter().collect();
        for tp in distinct {
            let exists = topics.get(&tp.topic).is_some_and(|&count| (0..count).contains(&tp.partition.0));
            let Some((generation, owner)) = claims.get_mut(tp) else { continue };
            if !exists || !member.topics.contains(&tp.topic) || member.generation < *generation {
                continue;
            }
            *owner = if member.generation == *generation { None } else { Some(&member.member_id) };
            *generation = member.generation;
        }
    }
    claims.into_iter().filter_map(|(tp, (_, owner))| Some((tp, owner?))).collect()
}

/// All members subscribe to the same topics: quotas decide who keeps how many.
fn assign_alike(
    members: &[Candidate],
    partitions: &[TopicPartition],
    owners: &BTreeMap<TopicPartition, &str>,
) -> Assignment {
    let mut assignment = nothing(members);
    let Some(smaller) = partitions.len().checked_div(members.len()) else { return assignment };
    let mut larger_left = partitions.len() - smaller * members.len();
    let mut below: VecDeque<&str> = VecDeque::new();
    let mut at_smaller: VecDeque<&str> = VecDeque::new();
    let mut kept: BTreeSet<&TopicPartition> = BTreeSet::new();
    for member in members {
        let id = member.member_id.as_str();
        let mine: Vec<&TopicPartition> =
            partitions.iter().filter(|&tp| owners.get(tp).copied() == Some(id)).collect();
        let mut quota = smaller;
        if mine.len() > smaller && larger_left > 0 {
            larger_left -= 1;
            quota += 1;
        } else if mine.len() < smaller {
            below.push_back(id);
        } else {
            at_smaller.push_back(id);
        }
        kept.extend(mine.iter().take(quota));
        if let Some(list) = assignment.get_mut(id) {
            list.extend(mine.into_iter().take(quota).cloned());
        }
    }
    for tp in partitions.iter().filter(|tp| !kept.contains(tp)) {
        // Those below the smaller quota are served in turn; the rest goes, one each, to those who have just it.
        let Some(taker) = below.pop_front().or_else(|| at_smaller.pop_front()) else { break };
        let Some(list) = assignment.get_mut(taker) else { break };
        list.push(tp.clone());
        if list.len() < smaller {
            below.push_back(taker);
        } else if list.len() == smaller {
            at_smaller.push_back(taker);
        }
    }
    assignment
}

/// Subscriptions differ: fill up the least loaded, then move single partitions while that evens things out.
fn assign_unlike(
    members: &[Candidate],
    partitions: &[TopicPartition],
    owners: &BTreeMap<TopicPartition, &str>,
) -> Assignment {
    let mut load: BTreeMap<&str, usize> = members.iter().map(|m| (m.member_id.as_str(), 0)).collect();
    let mut placed: BTreeMap<&TopicPartition, &str> = BTreeMap::new();
    for tp in partitions {
        if let Some(&owner) = owners.get(tp) {
            put(&mut placed, &mut load, tp, owner);
        }
    }
    let takers = |tp: &TopicPartition| members.iter().filter(|m| m.topics.contains(&tp.topic)).count();
    let mut free: Vec<&TopicPartition> = partitions.iter().filter(|tp| !placed.contains_key(tp)).collect();
    free.sort_by_key(|tp| takers(tp));
    for tp in free {
        if let Some(taker) = least_loaded(members, &load, tp) {
            put(&mut placed, &mut load, tp, taker);
        }
    }
    // Each move makes the sum of the squared loads smaller, so this ends.
    let mut moved = true;
    while moved {
        moved = false;
        for tp in partitions {
            let Some(&owner) = placed.get(tp) else { continue };
            let Some(taker) = least_loaded(members, &load, tp) else { continue };
            if load.get(taker).map(|n| n + 1) < load.get(owner).copied() {
                if let Some(count) = load.get_mut(owner) {
                    *count -= 1;
                }
                put(&mut placed, &mut load, tp, taker);
                moved = true;
            }
        }
    }
    let mut assignment = nothing(members);
    for (tp, owner) in placed {
        if let Some(list) = assignment.get_mut(owner) {
            list.push(tp.clone());
        }
    }
    assignment
}

fn put<'a>(
    placed: &mut BTreeMap<&'a TopicPartition, &'a str>,
    load: &mut BTreeMap<&'a str, usize>,
    tp: &'a TopicPartition,
    owner: &'a str,
) {
    placed.insert(tp, owner);
    *load.entry(owner).or_default() += 1;
}

fn least_loaded<'a>(
    members: &'a [Candidate],
    load: &BTreeMap<&str, usize>,
    tp: &TopicPartition,
) -> Option<&'a str> {
    let takers = members.iter().filter(|member| member.topics.contains(&tp.topic));
    let by_load = takers.min_by_key(|member| load.get(member.member_id.as_str()).copied());
    by_load.map(|member| member.member_id.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, shown, topics};
    use super::*;

    /// The members with what `assignment` gave them, as they would join the next generation.
    fn after(members: &[Candidate], assignment: &Assignment, generation: i32) -> Vec<Candidate> {
        let owning = members.iter().map(|member| Candidate {
            owned: assignment.get(&member.member_id).cloned().unwrap_or_default(),
            generation,
            ..member.clone()
        });
        owning.collect()
    }

    #[test]
    fn two_topics_of_three_are_halved() {
        let members = [member("a", "north south"), member("b", "north south")];
        let assignment = assign(&members, &topics(&[("north", 3), ("south", 3)]));
        assert_eq!(shown(&assignment), ["a: north:0,2 south:1", "b: north:1 south:0,2"]);
    }

    #[test]
    fn who_stays_keeps_what_it_has() {
        let counts = topics(&[("t", 6)]);
        let three = [member("a", "t"), member("b", "t"), member("c", "t")];
        let first = assign(&three, &counts);
        let survivors = after(&three[..2], &first, 1);
        let second = assign(&survivors, &counts);
        for survivor in &survivors {
            let now = &second[&survivor.member_id];
            assert!(survivor.owned.iter().all(|tp| now.contains(tp)), "{second:?}");
            assert_eq!(now.len(), 3);
        }
        // Someone new takes only what evenness asks for.
        let mut joined = after(&three[..2], &second, 2);
        joined.push(member("d", "t"));
        let third = assign(&joined, &counts);
        assert!(joined[..2].iter().all(|m| third[&m.member_id].iter().all(|tp| m.owned.contains(tp))));
        assert!(third.values().all(|list| list.len() == 2), "{third:?}");
    }

    #[test]
    fn the_later_generation_wins_a_claim_and_equals_lose_both() {
        let counts = topics(&[("t", 2)]);
        let claim = |id: &str, partition: i32, generation: i32| Candidate {
            owned: vec![super::super::member::named("t", partition)],
            generation,
            ..member(id, "t")
        };
        let stale = assign(&[claim("a", 1, 3), claim("b", 1, 4)], &counts);
        assert_eq!(shown(&stale), ["a: t:0", "b: t:1"]);
        let equal = assign(&[claim("a", 1, 4), claim("b", 1, 4)], &counts);
        assert_eq!(shown(&equal), ["a: t:0", "b: t:1"]);
    }

    #[test]
    fn unlike_subscriptions_are_evened_out_as_far_as_they_allow() {
        let members = [member("c0", "t0"), member("c1", "t0 t1"), member("c2", "t0 t1 t2")];
        let assignment = assign(&members, &topics(&[("t0", 1), ("t1", 2), ("t2", 3)]));
        assert_eq!(shown(&assignment), ["c0: t0:0", "c1: t1:0,1", "c2: t2:0,1,2"]);
    }

    #[test]
    fn nobody_and_nothing() {
        assert!(assign(&[], &topics(&[("t", 1)])).is_empty());
        assert_eq!(shown(&assign(&[member("a", "t")], &topics(&[]))), ["a:"]);
    }
}
