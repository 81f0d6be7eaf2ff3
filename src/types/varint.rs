//! Kafka's variable-length integers: base 128, low group first; signed ones zigzag first (spec: record format v2).

/// Zigzag-maps a signed number so that small magnitudes become small unsigned ones.
pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Undoes [`zigzag`].
pub(crate) const fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// The encoded size of an unsigned number, 1 to 10 bytes.
pub(crate) const fn unsigned_size(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// The encoded size of a signed number, 1 to 10 bytes.
pub(crate) const fn size(value: i64) -> usize {
    unsigned_size(zigzag(value))
}

/// Appends an unsigned number.
#[inline]
pub(crate) fn put_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, value: i64) {
    put_unsigned(out, zigzag(value));
}

/// Takes an unsigned number from the front of `bytes`; `None` if they end early or it exceeds 64 bits.
#[inline]
pub(crate) fn take_unsigned(bytes: &mut &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        let group = u64::from(byte & 0x7f);
        if index == 9 && group > 1 {
            return None;
        }
        value |= group << (7 * index);
        if byte < 0x80 {
            *bytes = bytes.get(index + 1..)?;
            return Some(value);
        }
    }
    None
}

/// Takes a signed number from the front of `bytes`.
#[inline]
pub(crate) fn take(bytes: &mut &[u8]) -> Option<i64> {
    take_unsigned(bytes).map(unzigzag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_and_every_prefix_is_refused() {
        for value in [0, 1, -1, 63, 64, -64, -65, 8191, 8192, i64::from(i32::MIN), i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put(&mut out, value);
            assert_eq!(out.len(), size(value), "{value}");
            assert_eq!(take(&mut out.as_slice()), Some(value));
            for end in 0..out.len() {
                assert_eq!(take(&mut &out[..end]), None);
            }
        }
        assert_eq!(take_unsigned(&mut [0xff; 10].as_slice()), None);
    }
}
