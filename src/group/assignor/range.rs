//! `range`: each topic by itself is cut into consecutive runs, the earlier members getting the longer ones.

use super::member::{Assignment, Candidate, TopicPartitions, in_order, named, nothing};

/// Kafka's `RangeAssignor` without racks.
pub(crate) fn assign(members: &[Candidate], topics: &TopicPartitions) -> Assignment {
    let mut assignment = nothing(members);
    let members = in_order(members);
    for (topic, &count) in topics {
        let takers: Vec<&&Candidate> =
            members.iter().filter(|member| member.topics.contains(topic)).collect();
        let Ok(shares) = i32::try_from(takers.len()) else { continue };
        let mut next = 0;
        for (place, taker) in (0..shares).zip(takers) {
            let length = count / shares + i32::from(place < count % shares);
            if let Some(partitions) = assignment.get_mut(&taker.member_id) {
                partitions.extend((next..next + length).map(|partition| named(topic, partition)));
            }
            next += length;
        }
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, shown, topics};
    use super::*;

    #[test]
    fn the_first_member_takes_the_longer_run_of_every_topic() {
        let members = [member("b", "north south"), member("a", "north south")];
        let assignment = assign(&members, &topics(&[("north", 3), ("south", 3)]));
        assert_eq!(shown(&assignment), ["a: north:0,1 south:0,1", "b: north:2 south:2"]);
    }

    #[test]
    fn subscriptions_unknown_topics_and_idle_members() {
        let members = [member("a", "north lost"), member("b", "south"), member("c", "south")];
        let assignment = assign(&members, &topics(&[("north", 2), ("south", 1), ("unasked", 5)]));
        assert_eq!(shown(&assignment), ["a: north:0,1", "b: south:0", "c:"]);
    }

    #[test]
    fn static_members_come_first() {
        let mut fixed = member("z", "t");
        fixed.instance_id = Some("one".to_owned());
        let assignment = assign(&[member("a", "t"), fixed], &topics(&[("t", 3)]));
        assert_eq!(shown(&assignment), ["a: t:2", "z: t:0,1"]);
    }
}
