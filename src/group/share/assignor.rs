//! The assignor of share groups, Kafka's `simple`: a partition may go to several members, and as few as will do. Each member
//! gets a partition, each partition a member, as evenly as may be; who stays keeps what it has.

use super::super::modern::PartitionSet;
use crate::types::{PartitionId, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// A member with the topics that it reads and what it has been given so far.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) member_id: String,
    pub(super) topics: BTreeSet<Uuid>,
    pub(super) target: PartitionSet,
}

/// Shares `partitions` out. Topics that the same members read are shared out together.
pub(super) fn assign(
    members: &[Candidate],
    partitions: &BTreeSet<(Uuid, PartitionId)>,
) -> BTreeMap<String, PartitionSet> {
    let mut classes: BTreeMap<BTreeSet<&str>, Vec<(Uuid, PartitionId)>> = BTreeMap::new();
    for &(topic, partition) in partitions {
        let readers = members.iter().filter(|member| member.topics.contains(&topic));
        let readers: BTreeSet<&str> = readers.map(|member| member.member_id.as_str()).collect();
        classes.entry(readers).or_default().push((topic, partition));
    }
    let mut targets: BTreeMap<String, PartitionSet> =
        members.iter().map(|member| (member.member_id.clone(), PartitionSet::NONE)).collect();
    for (readers, partitions) in classes {
        let readers: Vec<&Candidate> =
            members.iter().filter(|member| readers.contains(member.member_id.as_str())).collect();
        if !readers.is_empty() {
            share_out(&readers, &partitions, &mut targets);
        }
    }
    targets
}

/// A member while partitions are being given to it.
struct Place<'a> {
    member: &'a Candidate,
    has: BTreeSet<(Uuid, PartitionId)>,
    /// How many it is to have.
    quota: usize,
}

/// Shares partitions out among members that all read their topics.
fn share_out(
    members: &[&Candidate],
    partitions: &[(Uuid, PartitionId)],
    targets: &mut BTreeMap<String, PartitionSet>,
) {
    let sharing = members.len().div_ceil(partitions.len().max(1));
    let total = sharing * partitions.len();
    let mut holders: BTreeMap<(Uuid, PartitionId), usize> = partitions.iter().map(|&p| (p, 0)).collect();
    let mut places = places(members, partitions, total);
    for place in &mut places {
        for (topic, partition) in place.member.target.iter() {
            if let Some(count) = holders.get_mut(&(topic, partition))
                && *count < sharing
                && place.has.len() < place.quota
            {
                place.has.insert((topic, partition));
                *count += 1;
            }
        }
    }
    for place in &mut places {
        while place.has.len() < place.quota {
            let free = holders.iter_mut().filter(|(p, count)| **count < sharing && !place.has.contains(p));
            let Some((&partition, count)) = free.min_by_key(|(p, count)| (**count, **p)) else { break };
            place.has.insert(partition);
            *count += 1;
        }
    }
    // Members that couldn't take a partition twice may have left one out.
    for (&partition, _) in holders.iter().filter(|(_, count)| **count == 0) {
        if let Some(place) = places.iter_mut().min_by_key(|place| place.has.len()) {
            place.has.insert(partition);
        }
    }
    for place in places {
        if let Some(target) = targets.get_mut(&place.member.member_id) {
            target.extend(place.has);
        }
    }
}

/// How many partitions each member is to have. Where it doesn't come out even, one more goes to who would have to give one
/// up otherwise, then to who has the fewest.
fn places<'a>(members: &[&'a Candidate], partitions: &[(Uuid, PartitionId)], total: usize) -> Vec<Place<'a>> {
    let (base, more) = (total / members.len().max(1), total % members.len().max(1));
    let had = |member: &Candidate| member.target.iter().filter(|p| partitions.contains(p)).count();
    let mut ordered: Vec<&Candidate> = members.to_vec();
    ordered.sort_by_key(|member| (had(member) <= base, had(member), member.member_id.clone()));
    let place = |(index, member): (usize, &'a Candidate)| Place {
        member,
        has: BTreeSet::new(),
        quota: base + usize::from(index < more),
    };
    ordered.into_iter().enumerate().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::schedule::Schedule;

    fn topic(number: u8) -> Uuid {
        Uuid([number; 16])
    }

    fn partitions(counts: &[i32]) -> BTreeSet<(Uuid, PartitionId)> {
        let numbered = counts.iter().zip(0..);
        numbered
            .flat_map(|(&count, number)| (0..count).map(move |p| (topic(number), PartitionId(p))))
            .collect()
    }

    fn reader(member_id: &str, topics: &[u8], target: PartitionSet) -> Candidate {
        Candidate {
            member_id: member_id.to_owned(),
            topics: topics.iter().map(|&number| topic(number)).collect(),
            target,
        }
    }

    fn numbers(target: &PartitionSet) -> Vec<i32> {
        target.iter().map(|(_, partition)| partition.0).collect()
    }

    #[test]
    fn members_join_and_leave_as_with_kafka() {
        // As seen: 2 partitions; the third member shares both, and keeps one when another goes.
        let two = partitions(&[2]);
        let mut members = vec![reader("a", &[0], PartitionSet::NONE)];
        let step = |members: &mut Vec<Candidate>| {
            let targets = assign(members, &two);
            members.iter_mut().for_each(|member| member.target = targets[&member.member_id].clone());
            members.iter().map(|member| numbers(&member.target)).collect::<Vec<_>>()
        };
        assert_eq!(step(&mut members), [vec![0, 1]]);
        members.push(reader("b", &[0], PartitionSet::NONE));
        assert_eq!(step(&mut members), [vec![0], vec![1]]);
        members.push(reader("c", &[0], PartitionSet::NONE));
        let shared = step(&mut members);
        assert_eq!((shared.iter().map(Vec::len).sum::<usize>(), &shared[2]), (4, &vec![0, 1]));
        members.remove(0);
        assert_eq!(step(&mut members).iter().map(Vec::len).sum::<usize>(), 2);
    }

    #[test]
    fn every_member_works_and_every_partition_is_read_whoever_comes_and_goes() {
        let mut random = Schedule::from_environment("share assignor");
        for _ in 0..300 {
            let counts = [random.below(7), random.below(4)];
            let all = partitions(&counts);
            let alike = random.below(2) == 0;
            let mut members: Vec<Candidate> = Vec::new();
            for step in 0..12 {
                if random.below(3) > 0 || members.is_empty() {
                    let topics: &[u8] = if alike || random.below(2) == 0 { &[0, 1] } else { &[0] };
                    members.push(reader(&format!("m{step}"), topics, PartitionSet::NONE));
                } else {
                    let gone = random.below(i32::try_from(members.len()).unwrap());
                    members.remove(usize::try_from(gone).unwrap());
                }
                let targets = assign(&members, &all);
                members.iter_mut().for_each(|member| member.target = targets[&member.member_id].clone());
                for &(id, partition) in &all {
                    let readers = members.iter().filter(|m| m.topics.contains(&id)).count();
                    let given = members.iter().filter(|m| m.target.contains(id, partition)).count();
                    assert!(given >= readers.min(1), "{random}");
                }
                let loads = members.iter().map(|m| m.target.iter().count());
                let (least, most) = (loads.clone().min().unwrap_or(0), loads.max().unwrap_or(0));
                if alike && !all.is_empty() && !members.is_empty() {
                    assert!(least >= 1 && most - least <= 2, "{least} {most} {random}");
                }
                assert!(members.iter().all(|m| m.target.iter().all(|(id, _)| m.topics.contains(&id))));
                assert_eq!(assign(&members, &all), targets, "nothing changes by itself: {random}");
            }
        }
    }
}
