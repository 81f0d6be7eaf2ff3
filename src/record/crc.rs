//! The two checksums of Kafka's formats. CRC-32C runs on the processor's own instructions (carry-less
//! multiplication where there is one: about 50 GB/s on AVX-512, twice what the CRC-32C instruction alone gives).

/// CRC-32C (Castagnoli): record batches v2 and producer snapshots.
#[inline]
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// The polynomial, least significant bit first.
const CASTAGNOLI: u32 = 0x82f6_3b78;

/// Which bit of `length` bytes must be flipped for their checksum to change by `difference`: its byte, and its number in that
/// byte from the least significant on. `None` if no single one does it. Takes a step for each bit.
pub(crate) fn bit_that_changes(length: usize, difference: u32) -> Option<(usize, u32)> {
    let mut effect = 1_u32;
    for behind in 1..=length.checked_mul(8)? {
        effect = if effect & 1 == 1 { (effect >> 1) ^ CASTAGNOLI } else { effect >> 1 };
        if effect == difference {
            let byte = length - behind.div_ceil(8);
            return Some((byte, u32::try_from((length - byte) * 8 - behind).ok()?));
        }
    }
    None
}

/// CRC-32 (zlib's): message sets v0 and v1.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_match_their_catalogue_values() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn a_flipped_bit_is_told_by_what_it_does_to_the_checksum() {
        let bytes: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(37)).collect();
        for byte in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[byte] ^= 1 << bit;
                let difference = crc32c(&bytes) ^ crc32c(&flipped);
                assert_eq!(bit_that_changes(bytes.len(), difference), Some((byte, bit)));
                flipped[(byte + 7) % 40] ^= 4;
                assert_eq!(bit_that_changes(bytes.len(), crc32c(&bytes) ^ crc32c(&flipped)), None);
            }
        }
    }

    #[test]
    fn every_length_agrees_with_the_definition() {
        let bytes: Vec<u8> = (0..1200u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for end in 0..bytes.len() {
            assert_eq!(crc32c(&bytes[..end]), bit_by_bit(&bytes[..end]), "{end} bytes");
        }
    }

    fn bit_by_bit(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for &byte in bytes {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            }
        }
        !crc
    }
}
