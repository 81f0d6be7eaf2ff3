//! The order in which Java's `HashMap` gives back its keys, for listings that Kafka's tools print in that order.

use crate::types::java::string_hash;

/// Puts `items`, in the order in which they were put into the map, into the order of a `HashMap` with that many `buckets`
/// (a power of two), keyed by `name`.
pub(crate) fn in_hash_map_order<T>(items: &mut [T], buckets: usize, name: impl Fn(&T) -> &str) {
    let mask = u32::try_from(buckets.saturating_sub(1)).unwrap_or(u32::MAX);
    // Stable: keys of one bucket keep the order of their insertion.
    items.sort_by_key(|item| {
        let hash = string_hash(name(item)).cast_unsigned();
        (hash ^ hash >> 16) & mask
    });
}

/// The buckets of a `HashMap` that was made for `count` keys and has got them: the next power of two, doubled when more
/// than three quarters are full.
pub(crate) fn buckets_for(count: usize) -> usize {
    let size = count.next_power_of_two();
    if count * 4 > size * 3 { size * 2 } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_come_in_the_order_that_kafka_was_seen_to_print() {
        let mut names = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"];
        in_hash_map_order(&mut names, buckets_for(7), |name| name);
        assert_eq!(names, ["bravo", "golf", "foxtrot", "alpha", "delta", "echo", "charlie"]);
    }

    #[test]
    fn a_map_grows_when_three_quarters_are_full() {
        let grown = [(0, 1), (1, 2), (2, 4), (3, 4), (4, 8), (6, 8), (7, 16), (12, 16), (13, 32)];
        for (count, buckets) in grown {
            assert_eq!(buckets_for(count), buckets, "{count}");
        }
    }
}
