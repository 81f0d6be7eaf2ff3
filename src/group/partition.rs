//! Which partition of `__consumer_offsets` holds a group (spec: storage.md §10). The same rule places
//! transactional ids and share-group keys.

use crate::types::PartitionId;
use crate::types::java::string_hash;

/// The partition, of `partitions` (at least 1), whose log holds the records of `group`.
pub(crate) fn group_partition(group: &str, partitions: i32) -> PartitionId {
    // Kafka takes the magnitude of i32::MIN, which has none, as 0.
    let magnitude = string_hash(group).checked_abs().unwrap_or(0);
    PartitionId(magnitude.checked_rem(partitions).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_group_lands_in_kafkas_partition() {
        let vectors = include_str!("../../tests/fixtures/group-partitions.tsv");
        let mut seen = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [group, hash, of_50, of_7] = fields[..] else { panic!("{line:?}") };
            assert_eq!(string_hash(group), hash.parse::<i32>().unwrap(), "{group:?}");
            assert_eq!(group_partition(group, 50).0, of_50.parse::<i32>().unwrap(), "{group:?}");
            assert_eq!(group_partition(group, 7).0, of_7.parse::<i32>().unwrap(), "{group:?}");
            seen += 1;
        }
        assert!(seen >= 100, "{seen}");
    }

    #[test]
    fn the_smallest_hash_has_no_magnitude() {
        assert_eq!(string_hash("polygenelubricants"), i32::MIN);
        assert_eq!(group_partition("polygenelubricants", 50), PartitionId(0));
    }
}
