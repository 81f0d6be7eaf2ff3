//! `roundrobin`: all partitions in one row, dealt to the members in turn.

use super::member::{Assignment, Candidate, TopicPartitions, in_order, nothing, subscribed_partitions};

/// Kafka's `RoundRobinAssignor`.
pub(crate) fn assign(members: &[Candidate], topics: &TopicPartitions) -> Assignment {
    let mut assignment = nothing(members);
    let order = in_order(members);
    let mut turn = order.iter().cycle();
    for partition in subscribed_partitions(members, topics) {
        // Someone subscribes to every one of these topics, so a whole round always finds a taker.
        let taker = turn.by_ref().take(order.len()).find(|member| member.topics.contains(&partition.topic));
        if let Some(partitions) = taker.and_then(|member| assignment.get_mut(&member.member_id)) {
            partitions.push(partition);
        }
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::super::member::examples::{member, shown, topics};
    use super::*;

    #[test]
    fn partitions_are_dealt_across_topics() {
        let members = [member("b", "north south"), member("a", "north south")];
        let assignment = assign(&members, &topics(&[("north", 3), ("south", 3)]));
        assert_eq!(shown(&assignment), ["a: north:0,2 south:1", "b: north:1 south:0,2"]);
    }

    #[test]
    fn who_does_not_subscribe_is_passed_over() {
        // Example of KIP-54: t0 has 1, t1 has 2, t2 has 3 partitions.
        let members = [member("c0", "t0"), member("c1", "t0 t1"), member("c2", "t0 t1 t2")];
        let assignment = assign(&members, &topics(&[("t0", 1), ("t1", 2), ("t2", 3)]));
        assert_eq!(shown(&assignment), ["c0: t0:0", "c1: t1:0", "c2: t1:1 t2:0,1,2"]);
    }

    #[test]
    fn nobody_and_nothing() {
        assert!(assign(&[], &topics(&[("t", 1)])).is_empty());
        assert_eq!(shown(&assign(&[member("a", "t")], &topics(&[]))), ["a:"]);
    }
}
