//! The order in which a `java.util.HashMap` gives its entries back, where Kafka's tools show it.

use crate::types::TopicPartition;
use crate::types::java::string_hash;

/// The table of a `new HashMap()`.
pub(crate) const DEFAULT_CAPACITY: usize = 16;

/// `TopicPartition.hashCode`.
pub(crate) fn partition_hash(tp: &TopicPartition) -> i32 {
    let partition = 31_i32.wrapping_mul(31_i32.wrapping_add(tp.partition.0));
    partition.wrapping_add(string_hash(&tp.topic))
}

/// The table that a map allocates when it is filled with `count` entries of another at once.
pub(crate) fn capacity_for_all(count: usize) -> usize {
    (count * 4 / 3 + 1).next_power_of_two()
}

/// Sorts `entries`, put into a table of `capacity` one after another, as the map would list them. The table doubles
/// whenever it is filled to more than three quarters.
pub(crate) fn sort<T>(entries: &mut [T], mut capacity: usize, hash: impl Fn(&T) -> i32) {
    while entries.len() * 4 > capacity * 3 {
        capacity *= 2;
    }
    let mask = u32::try_from(capacity - 1).unwrap_or(u32::MAX);
    // Entries of one bucket stand in the order in which they came.
    entries.sort_by_key(|entry| {
        let hash = hash(entry) as u32;
        (hash ^ (hash >> 16)) & mask
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::PartitionId;

    fn sorted(names: &[(&str, i32)], capacity: usize) -> Vec<String> {
        let named = |&(topic, partition): &(&str, i32)| TopicPartition {
            topic: topic.to_owned(),
            partition: PartitionId(partition),
        };
        let mut entries: Vec<TopicPartition> = names.iter().map(named).collect();
        sort(&mut entries, capacity, partition_hash);
        entries.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn partitions_come_as_kafka_listed_them() {
        let three = [("demo", 0), ("demo", 1), ("other", 0)];
        assert_eq!(sorted(&three, DEFAULT_CAPACITY), ["other-0", "demo-0", "demo-1"]);
        // --to-current of two partitions without a commit: a table for just these.
        let two = [("demo", 0), ("demo", 1)];
        assert_eq!(sorted(&two, capacity_for_all(2)), ["demo-1", "demo-0"]);
        assert_eq!(sorted(&two, DEFAULT_CAPACITY), ["demo-0", "demo-1"]);
    }
}
