//! `.snapshot` files: `version i16 = 1, crc u32, count i32` and 46 bytes for each producer; the CRC-32C covers all
//! behind it.

use super::error::Result;
use crate::disk::{File, Mode};
use crate::record::crc32c;
use crate::types::{CodecError, Offset, Reader, TimestampMs};
use std::path::Path;

/// Where the checksum's cover begins.
const CRC_FROM: usize = 6;

/// What a log knew of a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerEntry {
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    /// -1 if only a marker is known.
    pub(crate) last_sequence: i32,
    pub(crate) last_offset: Offset,
    pub(crate) offset_delta: i32,
    pub(crate) timestamp: TimestampMs,
    /// -1 before any marker.
    pub(crate) coordinator_epoch: i32,
    pub(crate) transaction_first_offset: Option<Offset>,
}

/// Why a snapshot is no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotDamage {
    Checksum {
        stored: u32,
        computed: u32,
    },
    /// It ends within a field.
    Truncated,
    /// Less than no producers.
    NegativeCount,
    /// More producers than bytes.
    Count {
        count: i32,
        remaining: usize,
    },
}

/// The producers of a `.snapshot`, or what is wrong with it.
pub(crate) fn read_producers(path: &Path) -> Result<std::result::Result<Vec<ProducerEntry>, SnapshotDamage>> {
    Ok(parse(&File::open(path, Mode::Read)?.read_all()?))
}

fn parse(bytes: &[u8]) -> std::result::Result<Vec<ProducerEntry>, SnapshotDamage> {
    let cut_off = |_| SnapshotDamage::Truncated;
    let mut fields = Reader::new(bytes);
    let _version = fields.i16().map_err(cut_off)?;
    let stored = fields.i32().map_err(cut_off)?.cast_unsigned();
    let count = fields.i32().map_err(cut_off)?;
    if count < 0 {
        return Err(SnapshotDamage::NegativeCount);
    }
    let remaining = fields.remaining().len();
    if usize::try_from(count).is_ok_and(|count| count > remaining) {
        return Err(SnapshotDamage::Count { count, remaining });
    }
    let producers = (0..count).map(|_| producer(&mut fields)).collect::<std::result::Result<_, _>>();
    let producers = producers.map_err(cut_off)?;
    let computed = crc32c(bytes.get(CRC_FROM..).unwrap_or_default());
    if stored == computed { Ok(producers) } else { Err(SnapshotDamage::Checksum { stored, computed }) }
}

fn producer(fields: &mut Reader<'_>) -> std::result::Result<ProducerEntry, CodecError> {
    Ok(ProducerEntry {
        producer_id: fields.i64()?,
        producer_epoch: fields.i16()?,
        last_sequence: fields.i32()?,
        last_offset: Offset::new(fields.i64()?),
        offset_delta: fields.i32()?,
        timestamp: TimestampMs(fields.i64()?),
        coordinator_epoch: fields.i32()?,
        transaction_first_offset: Some(fields.i64()?).filter(|&offset| offset >= 0).map(Offset::new),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_producer() -> Vec<u8> {
        let mut body = 1i32.to_be_bytes().to_vec();
        body.extend_from_slice(&9i64.to_be_bytes());
        body.extend_from_slice(&2i16.to_be_bytes());
        body.extend_from_slice(&14i32.to_be_bytes());
        body.extend_from_slice(&40i64.to_be_bytes());
        body.extend_from_slice(&4i32.to_be_bytes());
        body.extend_from_slice(&1_700_000_000_000i64.to_be_bytes());
        body.extend_from_slice(&(-1i32).to_be_bytes());
        body.extend_from_slice(&(-1i64).to_be_bytes());
        [1i16.to_be_bytes().as_slice(), &crc32c(&body).to_be_bytes(), &body].concat()
    }

    #[test]
    fn fields_come_in_order_and_every_flipped_bit_is_seen() {
        let sound = one_producer();
        let producers = parse(&sound).unwrap();
        assert_eq!((producers[0].producer_id, producers[0].last_sequence), (9, 14));
        assert_eq!((producers[0].offset_delta, producers[0].transaction_first_offset), (4, None));
        for bit in 16..sound.len() * 8 {
            let mut damaged = sound.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&damaged).is_err(), "bit {bit}");
        }
        for end in 0..sound.len() {
            assert!(parse(&sound[..end]).is_err(), "{end} bytes");
        }
    }
}
