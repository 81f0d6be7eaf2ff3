//! The partition of a key: murmur2, as Kafka's clients hash it, modulo the number of partitions.

const SEED: u32 = 0x9747_b28c;
const M: u32 = 0x5bd1_e995;
const R: u32 = 24;

/// The 32-bit murmur2 hash of `bytes` with Kafka's seed.
pub(crate) fn murmur2(bytes: &[u8]) -> i32 {
    let mut hash = SEED ^ bytes.len() as u32;
    let (words, tail) = bytes.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (index, &byte) in tail.iter().enumerate() {
            hash ^= u32::from(byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^= hash >> 15;
    hash.cast_signed()
}

/// The partition, from 0, that Kafka's default partitioner gives a non-null key; 0 if there are no partitions.
pub(crate) fn partition_for_key(key: &[u8], partitions: i32) -> i32 {
    // The sign bit is cleared: that is not the absolute value.
    (murmur2(key) & i32::MAX).checked_rem(partitions).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hash_as_kafka_hashes_them() {
        let vectors = include_str!("../../tests/fixtures/murmur2.tsv");
        let mut checked = 0;
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let digits = fields[0].as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            let key: Vec<u8> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            assert_eq!(murmur2(&key), fields[1].parse::<i32>().unwrap(), "{line}");
            for (partitions, expected) in [2, 3, 7, 50].into_iter().zip(&fields[3..]) {
                assert_eq!(partition_for_key(&key, partitions), expected.parse::<i32>().unwrap(), "{line}");
            }
            checked += 1;
        }
        assert_eq!(checked, 200);
        assert_eq!(partition_for_key(b"any", 0), 0);
    }
}
