//! The order in which Java's `HashMap` gives back its keys, for listings that Kafka's tools print in that order.

use crate::types::java::string_hash;

/// How a `HashMap` came to have its keys, which decides how many buckets it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// For as many keys as it has got.
    ToMeasure,
    /// As a copy of another map, with room to spare.
    AsCopy,
    /// For no particular number of keys.
    ToGrow,
    /// With so many buckets (a power of two).
    WithBuckets(usize),
}

impl Made {
    /// The buckets of such a map with `count` keys; they double when more than three quarters of them are full.
    fn buckets(self, count: usize) -> usize {
        const LEAST: usize = 16;
        let size = match self {
            Made::ToMeasure => count.next_power_of_two(),
            Made::AsCopy => (count * 4 / 3 + 1).next_power_of_two(),
            Made::ToGrow => count.next_power_of_two().max(LEAST),
            Made::WithBuckets(buckets) => buckets,
        };
        if count * 4 > size * 3 { size * 2 } else { size }
    }
}

/// Puts `items`, in the order in which they were put into a map that is keyed by `name`, into the order of the map.
pub(crate) fn in_hash_map_order<T>(items: &mut [T], made: Made, name: impl Fn(&T) -> &str) {
    let buckets = made.buckets(items.len());
    let mask = u32::try_from(buckets.saturating_sub(1)).unwrap_or(u32::MAX);
    // Stable: keys of one bucket keep the order of their insertion.
    items.sort_by_key(|item| {
        let hash = string_hash(name(item)).cast_unsigned();
        (hash ^ hash >> 16) & mask
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_come_in_the_order_that_kafka_was_seen_to_print() {
        let seen = [
            "bravo golf foxtrot alpha delta echo charlie",
            "strict tight tuned plain",
            "pay idem src audit __consumer_offsets __transaction_state",
            "nvfa uqze muyb djrw fzoo khdn jwky mgcx vxzr qlcq sdaj dgly",
            "jlhg sdcw xqne rgsw hcfh gfhg",
        ];
        for line in seen {
            let mut names: Vec<&str> = line.split(' ').collect();
            names.sort_unstable();
            for made in [Made::AsCopy, Made::ToMeasure] {
                in_hash_map_order(&mut names, made, |name| name);
            }
            assert_eq!(names.join(" "), line);
        }
    }

    #[test]
    fn a_map_grows_when_three_quarters_are_full() {
        let grown = [(0, 1), (1, 2), (2, 4), (3, 4), (4, 8), (6, 8), (7, 16), (12, 16), (13, 32)];
        for (count, buckets) in grown {
            assert_eq!(Made::ToMeasure.buckets(count), buckets, "{count}");
        }
        assert_eq!((Made::ToGrow.buckets(12), Made::ToGrow.buckets(13)), (16, 32));
        assert_eq!((Made::AsCopy.buckets(4), Made::AsCopy.buckets(6), Made::AsCopy.buckets(12)), (8, 16, 32));
    }
}
