//! The head of a record batch: parsed, checked, written and patched in place. Knows nothing of the records.
//!
//! Format v2 (KIP-98), big-endian; the CRC covers everything from the attributes on:
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | i64 | base offset |
//! | 8 | i32 | batch length: bytes after this field |
//! | 12 | i32 | partition leader epoch |
//! | 16 | i8 | magic = 2 |
//! | 17 | u32 | CRC-32C |
//! | 21 | i16 | attributes |
//! | 23 | i32 | last offset delta |
//! | 27 | i64 | base timestamp, or delete horizon |
//! | 35 | i64 | max timestamp |
//! | 43 | i64 | producer id |
//! | 51 | i16 | producer epoch |
//! | 53 | i32 | base sequence |
//! | 57 | i32 | record count |
//!
//! Formats v0 and v1 (KIP-32) share the first 12 bytes and the magic at 16: then crc u32 at 12, attributes i8 at
//! 17, and in v1 timestamp i64 at 18.

use super::error::{Error, Result};
use super::{Compression, ProducerStamp, crc};
use crate::types::{LeaderEpoch, Offset, TimestampMs, TimestampType};

/// Bytes of a v2 batch before its records.
pub(crate) const HEADER_SIZE: usize = 61;
/// Bytes of offset and length, which the length itself does not count.
pub(crate) const LOG_OVERHEAD: usize = 12;
/// The least that a length may be: crc, magic, attributes, key length and value length of a v0 entry.
const MIN_LENGTH: i32 = 14;
pub(super) const V0_ENTRY_SIZE: usize = LOG_OVERHEAD + MIN_LENGTH as usize;
pub(super) const V1_ENTRY_SIZE: usize = V0_ENTRY_SIZE + 8;
const MAGIC_AT: usize = 16;
const CRC_AT: usize = 17;
/// Where the bytes under the CRC begin: behind the CRC itself, whose place differs.
const V2_CRC_FROM: usize = 21;
const LEGACY_CRC_FROM: usize = 16;

const CODEC_MASK: i16 = 0x07;
pub(super) const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;
pub(super) const DELETE_HORIZON: i16 = 0x40;
/// What a batch that is written anew takes over from the old one's attributes.
pub(super) const MARKS: i16 = LOG_APPEND_TIME | TRANSACTIONAL | CONTROL;

/// The whole size of the batch (or legacy entry) that `prefix` begins with; `None` if fewer than 12 bytes are
/// given or the length field holds less than any format needs.
pub(crate) fn batch_size(prefix: &[u8]) -> Option<usize> {
    let length = take_i32(prefix, 8)?;
    let length = usize::try_from(length).ok().filter(|_| length >= MIN_LENGTH)?;
    Some(LOG_OVERHEAD + length)
}

/// What stands before a batch's records. For a legacy entry: its own offset and timestamp, one record, and -1
/// for what its format lacks (a wrapper's inner records only show when it is read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub(super) base_offset: i64,
    pub(super) size: usize,
    pub(super) leader_epoch: i32,
    pub(super) magic: i8,
    pub(super) crc: u32,
    pub(super) attributes: i16,
    pub(super) last_offset_delta: i32,
    pub(super) base_timestamp: i64,
    pub(super) max_timestamp: i64,
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
    pub(super) record_count: i32,
}

impl BatchHeader {
    /// Parses the head of a batch or legacy entry; `prefix` may end anywhere behind it (61 bytes always do).
    /// Checks the size and the magic, but not the CRC.
    pub(crate) fn parse(prefix: &[u8]) -> Result<BatchHeader> {
        let header = BatchHeader::parse_any_magic(prefix)?;
        if matches!(header.magic, 0..=2) { Ok(header) } else { Err(Error::UnknownMagic(header.magic)) }
    }

    /// As `parse`, but takes what has a magic above 2 for a v2 batch and below 0 for a v0 entry: Kafka's own
    /// recovery and dump do not look closer, as the magic is not under the CRC.
    pub(crate) fn parse_any_magic(prefix: &[u8]) -> Result<BatchHeader> {
        let length = take_i32(prefix, 8).ok_or(truncated("a batch's length", LOG_OVERHEAD, prefix))?;
        let magic = prefix.get(MAGIC_AT).ok_or(truncated("a batch's magic", MAGIC_AT + 1, prefix))?;
        let magic = magic.cast_signed();
        let (minimum, header) = match magic {
            2.. => (HEADER_SIZE, parse_v2(prefix)),
            1 => (V1_ENTRY_SIZE, parse_legacy(prefix, magic)),
            _ => (V0_ENTRY_SIZE, parse_legacy(prefix, magic)),
        };
        let size = usize::try_from(i64::from(length) + LOG_OVERHEAD as i64).unwrap_or(0);
        if size < minimum {
            return Err(Error::TooSmall { length: length.into(), minimum: minimum - LOG_OVERHEAD });
        }
        let header = header.ok_or(truncated("a batch's header", minimum, prefix))?;
        Ok(BatchHeader { size, magic, ..header })
    }

    /// The first offset as produced (inclusive); compaction keeps it even when that record is gone.
    pub(crate) fn base_offset(&self) -> Offset {
        Offset::new(self.base_offset)
    }

    /// The last offset as produced (inclusive).
    pub(crate) fn last_offset(&self) -> Offset {
        self.base_offset().plus(self.last_offset_delta.into())
    }

    /// The whole batch, from its base offset to its last record.
    pub(crate) fn size_bytes(&self) -> usize {
        self.size
    }

    pub(crate) fn leader_epoch(&self) -> LeaderEpoch {
        LeaderEpoch(self.leader_epoch)
    }

    pub(crate) fn magic(&self) -> i8 {
        self.magic
    }

    /// Whether this is an entry of message format v0 or v1.
    pub(crate) fn is_legacy(&self) -> bool {
        self.magic < 2
    }

    /// The checksum as stored.
    pub(crate) fn crc(&self) -> u32 {
        self.crc
    }

    /// The codec; an error for the numbers 5 to 7.
    pub(crate) fn codec(&self) -> Result<Compression> {
        Compression::from_id(self.attributes & CODEC_MASK)
    }

    pub(crate) fn timestamp_type(&self) -> TimestampType {
        match self.magic {
            ..=0 => TimestampType::None,
            _ if self.attributes & LOG_APPEND_TIME != 0 => TimestampType::LogAppend,
            _ => TimestampType::Create,
        }
    }

    pub(crate) fn is_transactional(&self) -> bool {
        !self.is_legacy() && self.attributes & TRANSACTIONAL != 0
    }

    /// Whether the records are Kafka's own marks, which consumers never see.
    pub(crate) fn is_control(&self) -> bool {
        !self.is_legacy() && self.attributes & CONTROL != 0
    }

    pub(crate) fn has_delete_horizon(&self) -> bool {
        !self.is_legacy() && self.attributes & DELETE_HORIZON != 0
    }

    /// When compaction may drop the batch's tombstones or marker; `None` until a first pass has set it.
    pub(crate) fn delete_horizon(&self) -> Option<TimestampMs> {
        self.has_delete_horizon().then_some(TimestampMs(self.base_timestamp))
    }

    /// What the records' timestamp deltas add to; with a delete horizon that is the horizon.
    #[cfg(test)]
    pub(crate) fn base_timestamp(&self) -> TimestampMs {
        TimestampMs(self.base_timestamp)
    }

    /// The largest timestamp; with log-append time the timestamp of every record.
    pub(crate) fn max_timestamp(&self) -> TimestampMs {
        TimestampMs(self.max_timestamp)
    }

    /// -1 if there is none.
    pub(crate) fn producer_id(&self) -> i64 {
        self.producer_id
    }

    /// -1 if there is none.
    pub(crate) fn producer_epoch(&self) -> i16 {
        self.producer_epoch
    }

    /// The first record's sequence number; -1 if there is none. Only counts with a producer id.
    pub(crate) fn base_sequence(&self) -> i32 {
        self.base_sequence
    }

    /// The last record's sequence number as produced, wrapping from 2^31-1 to 0; -1 if there is none.
    pub(crate) fn last_sequence(&self) -> i32 {
        sequence_after(self.base_sequence, self.last_offset_delta)
    }

    /// Records that are there now; compaction makes them fewer than offsets.
    pub(crate) fn record_count(&self) -> i32 {
        self.record_count
    }
}

/// The sequence number `delta` records after `base`: 31 bits, going round; -1, which is none, stays.
pub(crate) fn sequence_after(base: i32, delta: i32) -> i32 {
    match base {
        -1 => -1,
        0.. => base.wrapping_add(delta) & i32::MAX,
        _ => base.wrapping_add(delta),
    }
}

/// Compares a whole batch with its checksum; `batch` may be longer.
pub(crate) fn verify_crc(batch: &[u8]) -> Result<()> {
    let header = BatchHeader::parse_any_magic(batch)?;
    let whole = batch.get(..header.size).ok_or(truncated("a batch", header.size, batch))?;
    let computed = if header.is_legacy() {
        crc::crc32(whole.get(LEGACY_CRC_FROM..).unwrap_or_default())
    } else {
        crc::crc32c(whole.get(V2_CRC_FROM..).unwrap_or_default())
    };
    if computed == header.crc { Ok(()) } else { Err(Error::Checksum { stored: header.crc, computed }) }
}

/// The bit of a v2 batch, counted from its first byte's least significant one, that is all that keeps it from agreeing with
/// its checksum; `None` if there is no such bit. `batch` is that batch alone.
pub(crate) fn flipped_bit(batch: &[u8]) -> Option<usize> {
    let stored = take(batch, CRC_AT).map(u32::from_be_bytes)?;
    let covered = batch.get(V2_CRC_FROM..)?;
    let difference = stored ^ crc::crc32c(covered);
    let (byte, bit) = if difference.count_ones() == 1 {
        // The checksum's own.
        let from_low = difference.trailing_zeros();
        (CRC_AT + 3 - usize::try_from(from_low / 8).ok()?, from_low % 8)
    } else {
        let (byte, bit) = crc::bit_that_changes(covered.len(), difference)?;
        (V2_CRC_FROM + byte, bit)
    };
    Some(byte * 8 + usize::try_from(bit).ok()?)
}

/// Puts a v2 batch in its place in a log. Both fields lie outside the CRC.
pub(crate) fn stamp(batch: &mut [u8], base_offset: Offset, leader_epoch: LeaderEpoch) {
    debug_assert!(batch.len() >= HEADER_SIZE, "a batch has a header");
    put(batch, 0, base_offset.get().to_be_bytes());
    put(batch, 12, leader_epoch.0.to_be_bytes());
}

/// Puts a v2 batch in its place, all that lies outside the CRC: magic and length too. `batch` is that batch alone.
pub(crate) fn place(batch: &mut [u8], base_offset: Offset, leader_epoch: LeaderEpoch) {
    debug_assert!(batch.len() >= HEADER_SIZE, "a batch has a header");
    let length = i32::try_from(batch.len().saturating_sub(LOG_OVERHEAD)).unwrap_or(i32::MAX);
    put(batch, 8, length.to_be_bytes());
    put(batch, MAGIC_AT, [2]);
    stamp(batch, base_offset, leader_epoch);
}

/// A batch without records that takes the offsets from `first` to `last`, both inclusive and at most 2^31 - 1 apart: what
/// compaction leaves of a batch that it has to keep.
pub(crate) fn empty_batch(first: Offset, last: Offset, leader_epoch: LeaderEpoch) -> [u8; HEADER_SIZE] {
    let mut batch = [0; HEADER_SIZE];
    let delta = i32::try_from(last.since(first)).unwrap_or(i32::MAX);
    put(&mut batch, 23, delta.to_be_bytes());
    for at in [27, 35, 43] {
        put(&mut batch, at, (-1_i64).to_be_bytes());
    }
    put(&mut batch, 51, (-1_i16).to_be_bytes());
    put(&mut batch, 53, (-1_i32).to_be_bytes());
    seal(&mut batch);
    place(&mut batch, first, leader_epoch);
    batch
}

/// Makes a v2 batch this producer's, and not a part of a transaction, unless it is so already. `batch` is that batch alone.
pub(crate) fn set_producer(batch: &mut [u8], producer: &ProducerStamp) {
    debug_assert!(batch.len() >= HEADER_SIZE, "a batch has a header");
    let Ok(header) = BatchHeader::parse(batch) else { return };
    let is_so = (header.producer_id, header.producer_epoch, header.base_sequence)
        == (producer.producer_id, producer.epoch, producer.base_sequence);
    if is_so && !header.is_transactional() {
        return;
    }
    put(batch, 21, (header.attributes & !TRANSACTIONAL).to_be_bytes());
    put(batch, 43, producer.producer_id.to_be_bytes());
    put(batch, 51, producer.epoch.to_be_bytes());
    put(batch, 53, producer.base_sequence.to_be_bytes());
    seal(batch);
}

/// Gives every record of a v2 batch the time of its append, and the batch a new CRC. `batch` is that batch alone.
pub(crate) fn set_log_append_time(batch: &mut [u8], now: TimestampMs) {
    debug_assert!(batch.len() >= HEADER_SIZE, "a batch has a header");
    if let Some([high, low]) = take(batch, 21) {
        put(batch, 21, (i16::from_be_bytes([high, low]) | LOG_APPEND_TIME).to_be_bytes());
    }
    put(batch, 35, now.0.to_be_bytes());
    seal(batch);
}

/// Writes the CRC of a v2 batch whose other bytes are final.
pub(super) fn seal(batch: &mut [u8]) {
    let crc = crc::crc32c(batch.get(V2_CRC_FROM..).unwrap_or_default());
    put(batch, 17, crc.to_be_bytes());
}

impl BatchHeader {
    /// Writes this header, without the CRC, over the first 61 bytes of `batch`, then seals the batch.
    pub(super) fn write(&self, batch: &mut [u8]) -> Result<()> {
        let length = i32::try_from(batch.len()).map_err(|_| Error::TooLarge { bytes: batch.len() })?;
        put(batch, 0, self.base_offset.to_be_bytes());
        put(batch, 8, (length - LOG_OVERHEAD as i32).to_be_bytes());
        put(batch, 12, self.leader_epoch.to_be_bytes());
        put(batch, 16, self.magic.to_be_bytes());
        put(batch, 21, self.attributes.to_be_bytes());
        put(batch, 23, self.last_offset_delta.to_be_bytes());
        put(batch, 27, self.base_timestamp.to_be_bytes());
        put(batch, 35, self.max_timestamp.to_be_bytes());
        put(batch, 43, self.producer_id.to_be_bytes());
        put(batch, 51, self.producer_epoch.to_be_bytes());
        put(batch, 53, self.base_sequence.to_be_bytes());
        put(batch, 57, self.record_count.to_be_bytes());
        seal(batch);
        Ok(())
    }
}

/// The attributes of a batch to be written.
pub(super) fn attributes(codec: Compression, transactional: bool, control: bool) -> i16 {
    let bit = |set, bit| if set { bit } else { 0 };
    codec.id() | bit(transactional, TRANSACTIONAL) | bit(control, CONTROL)
}

fn parse_v2(bytes: &[u8]) -> Option<BatchHeader> {
    Some(BatchHeader {
        base_offset: take_i64(bytes, 0)?,
        size: 0,
        leader_epoch: take_i32(bytes, 12)?,
        magic: 2,
        crc: take(bytes, 17).map(u32::from_be_bytes)?,
        attributes: take(bytes, 21).map(i16::from_be_bytes)?,
        last_offset_delta: take_i32(bytes, 23)?,
        base_timestamp: take_i64(bytes, 27)?,
        max_timestamp: take_i64(bytes, 35)?,
        producer_id: take_i64(bytes, 43)?,
        producer_epoch: take(bytes, 51).map(i16::from_be_bytes)?,
        base_sequence: take_i32(bytes, 53)?,
        record_count: take_i32(bytes, 57)?,
    })
}

fn parse_legacy(bytes: &[u8], magic: i8) -> Option<BatchHeader> {
    let timestamp = if magic == 1 { take_i64(bytes, 18)? } else { TimestampMs::NONE.0 };
    Some(BatchHeader {
        base_offset: take_i64(bytes, 0)?,
        size: 0,
        leader_epoch: LeaderEpoch::UNKNOWN.0,
        magic,
        crc: take(bytes, 12).map(u32::from_be_bytes)?,
        attributes: bytes.get(17).map(|&byte| i16::from(byte))?,
        last_offset_delta: 0,
        base_timestamp: timestamp,
        max_timestamp: timestamp,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 1,
    })
}

fn truncated(what: &'static str, needed: usize, bytes: &[u8]) -> Error {
    Error::Truncated { what, needed, found: bytes.len() }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

fn take_i32(bytes: &[u8], at: usize) -> Option<i32> {
    take(bytes, at).map(i32::from_be_bytes)
}

fn take_i64(bytes: &[u8], at: usize) -> Option<i64> {
    take(bytes, at).map(i64::from_be_bytes)
}

fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(field) = bytes.get_mut(at..at + N) {
        field.copy_from_slice(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixtures;

    #[test]
    fn every_field_of_a_real_batch_is_found() {
        let header = BatchHeader::parse(fixtures::LZ4).unwrap();
        assert_eq!(header.size_bytes(), fixtures::LZ4.len());
        assert_eq!((header.magic(), header.codec().unwrap()), (2, Compression::Lz4));
        assert_eq!((header.base_offset(), header.last_offset()), (Offset::new(1), Offset::new(50)));
        assert_eq!((header.record_count(), header.last_sequence()), (50, 50));
        assert_eq!(header.timestamp_type(), TimestampType::Create);
        assert!(!header.is_control() && !header.is_transactional() && header.delete_horizon().is_none());
    }

    #[test]
    fn a_real_batch_is_written_as_it_was_read() {
        for sound in fixtures::V2 {
            let header = BatchHeader::parse(sound).unwrap();
            let mut copy = sound.to_vec();
            copy[..HEADER_SIZE].fill(0);
            header.write(&mut copy).unwrap();
            assert!(copy == *sound);
        }
    }

    #[test]
    fn one_flipped_bit_under_the_crc_is_seen() {
        for sound in fixtures::V2.iter().chain(fixtures::LEGACY) {
            verify_crc(sound).unwrap();
            let from = if BatchHeader::parse(sound).unwrap().is_legacy() { 17 } else { 21 };
            for bit in from * 8..sound.len() * 8 {
                let mut damaged = sound.to_vec();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(matches!(verify_crc(&damaged), Err(Error::Checksum { .. })), "bit {bit}");
            }
        }
    }

    #[test]
    fn every_prefix_is_refused() {
        for sound in fixtures::V2.iter().chain(fixtures::LEGACY) {
            assert_eq!(batch_size(sound), Some(sound.len()));
            for end in 0..sound.len() {
                assert!(verify_crc(&sound[..end]).is_err());
                assert_eq!(batch_size(&sound[..end]).is_some(), end >= LOG_OVERHEAD);
            }
        }
    }

    #[test]
    fn nonsense_lengths_and_magics_are_refused() {
        let mut bytes = fixtures::NONE.to_vec();
        for length in [i32::MIN, -1, 0, 13] {
            put(&mut bytes, 8, length.to_be_bytes());
            assert_eq!(batch_size(&bytes), None, "{length}");
            assert!(matches!(BatchHeader::parse(&bytes), Err(Error::TooSmall { minimum: 49, .. })));
        }
        let mut bytes = fixtures::NONE.to_vec();
        bytes[16] = 7;
        assert!(matches!(BatchHeader::parse(&bytes), Err(Error::UnknownMagic(7))));
        assert_eq!(BatchHeader::parse_any_magic(&bytes).unwrap().magic(), 7);
        verify_crc(&bytes).unwrap();
    }

    #[test]
    fn stamping_leaves_the_crc_right() {
        let mut batch = fixtures::NONE.to_vec();
        stamp(&mut batch, Offset::new(1 << 40), LeaderEpoch(7));
        verify_crc(&batch).unwrap();
        set_log_append_time(&mut batch, TimestampMs(1_700_000_000_123));
        verify_crc(&batch).unwrap();
        let header = BatchHeader::parse(&batch).unwrap();
        assert_eq!((header.base_offset(), header.leader_epoch()), (Offset::new(1 << 40), LeaderEpoch(7)));
        assert_eq!(header.timestamp_type(), TimestampType::LogAppend);
        assert_eq!(header.max_timestamp(), TimestampMs(1_700_000_000_123));
    }

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(i32::MAX - 1, 4), 2);
        assert_eq!(sequence_after(-1, 4), -1);
    }
}
