//! The shared state of a partition: a small file in `.kt/` that tells every process where the log ends, and that is
//! the partition's lock as well.
//!
//! It is disposable: where it is missing, of another boot, or at odds with the log's file, the log itself is asked.
//! Writers replace it whole under its lock; readers take no lock, and a checksum tells them when they looked at it
//! while it was being written.
//!
//! | at | size | field |
//! |---|---|---|
//! | 0 | 8 | `kt-part1` |
//! | 8 | u32 | CRC-32 of everything behind it |
//! | 12 | u32 | flags: 1 = the partition was deleted |
//! | 16 | u64 | the boot that wrote it |
//! | 24 | u64 | the active .log's inode |
//! | 32 | i64 × 12 | high watermark, then the fields of `LogEnd` in order |

use crate::disk::{self, File};
use crate::log::LogEnd;
use crate::types::{LeaderEpoch, Offset, TimestampMs};

const MAGIC: [u8; 8] = *b"kt-part1";
const BODY_AT: usize = 12;
const NUMBERS: usize = 12;
const SIZE: usize = 32 + 8 * NUMBERS;
const DELETED: u32 = 1;
/// How often a reader that met a half-written state looks again before it gives up; a write takes microseconds.
const ATTEMPTS: usize = 1000;

/// What the processes of a boot know of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SharedState {
    pub(super) deleted: bool,
    pub(super) boot_id: u64,
    /// The inode of the active .log, so that a file put in its place is noticed.
    pub(super) inode: u64,
    /// Readers see the records below this.
    pub(super) high_watermark: Offset,
    pub(super) end: LogEnd,
}

impl SharedState {
    /// What is known before anybody has looked: nothing, and of no boot.
    pub(super) fn unknown() -> SharedState {
        let end = LogEnd::empty(Offset::ZERO, LeaderEpoch::UNKNOWN);
        SharedState { deleted: false, boot_id: 0, inode: 0, high_watermark: Offset::ZERO, end }
    }

    /// Reads the state without a lock. `None` if there is none, or none of this boot.
    pub(super) fn read(file: &File, boot_id: u64) -> disk::Result<Option<SharedState>> {
        for _ in 0..ATTEMPTS {
            let mut bytes = [0; SIZE];
            let count = file.read_at(&mut bytes, 0)?;
            if count == 0 {
                return Ok(None);
            }
            if let Some(state) = SharedState::decode(&bytes) {
                return Ok((state.boot_id == boot_id).then_some(state));
            }
            std::hint::spin_loop();
        }
        Ok(None)
    }

    /// Replaces the state; the caller holds the lock on `file`.
    pub(super) fn write(&self, file: &File) -> disk::Result<()> {
        file.write_at(&self.encode(), 0)
    }

    fn encode(&self) -> [u8; SIZE] {
        let end = &self.end;
        let numbers: [i64; NUMBERS] = [
            self.high_watermark.get(),
            end.log_end.get(),
            end.segment_base.get(),
            end.segment_bytes as i64,
            end.first_timestamp.0,
            end.max_timestamp.0,
            end.max_timestamp_offset.get(),
            end.bytes_since_index as i64,
            i64::from(end.index_entries),
            i64::from(end.time_index_entries),
            end.last_indexed_timestamp.0,
            i64::from(end.leader_epoch.0),
        ];
        let flags = if self.deleted { DELETED } else { 0 };
        let fields = [&flags.to_le_bytes()[..], &self.boot_id.to_le_bytes(), &self.inode.to_le_bytes()];
        let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
        let body = fields.concat().into_iter().chain(numbers);
        let mut bytes = [0; SIZE];
        for (to, from) in bytes.iter_mut().skip(BODY_AT).zip(body) {
            *to = from;
        }
        let crc = crc32fast::hash(bytes.get(BODY_AT..).unwrap_or_default());
        for (to, from) in bytes.iter_mut().zip(MAGIC.into_iter().chain(crc.to_le_bytes())) {
            *to = from;
        }
        bytes
    }

    fn decode(bytes: &[u8; SIZE]) -> Option<SharedState> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (crc, body) = rest.split_first_chunk::<4>()?;
        if *magic != MAGIC || u32::from_le_bytes(*crc) != crc32fast::hash(body) {
            return None;
        }
        let (flags, body) = body.split_first_chunk::<4>()?;
        let mut words = body.chunks_exact(8).filter_map(|word| word.first_chunk::<8>()).copied();
        let boot_id = u64::from_le_bytes(words.next()?);
        let inode = u64::from_le_bytes(words.next()?);
        let mut numbers = words.map(i64::from_le_bytes);
        let mut next = || numbers.next();
        let high_watermark = Offset::new(next()?);
        let end = LogEnd {
            log_end: Offset::new(next()?),
            segment_base: Offset::new(next()?),
            segment_bytes: u64::try_from(next()?).ok()?,
            first_timestamp: TimestampMs(next()?),
            max_timestamp: TimestampMs(next()?),
            max_timestamp_offset: Offset::new(next()?),
            bytes_since_index: u64::try_from(next()?).ok()?,
            index_entries: u32::try_from(next()?).ok()?,
            time_index_entries: u32::try_from(next()?).ok()?,
            last_indexed_timestamp: TimestampMs(next()?),
            leader_epoch: LeaderEpoch(i32::try_from(next()?).ok()?),
        };
        let deleted = u32::from_le_bytes(*flags) & DELETED != 0;
        Some(SharedState { deleted, boot_id, inode, high_watermark, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_its_bytes_and_a_flipped_one_is_refused() {
        let mut end = LogEnd::empty(Offset::new(7), LeaderEpoch(3));
        end.segment_bytes = 12345;
        end.index_entries = 9;
        let state = SharedState { deleted: true, boot_id: 77, inode: 5, high_watermark: Offset::new(6), end };
        let bytes = state.encode();
        assert_eq!(SharedState::decode(&bytes), Some(state));
        for index in 0..bytes.len() {
            let mut flipped = bytes;
            flipped[index] ^= 0x10;
            assert_eq!(SharedState::decode(&flipped), None, "byte {index}");
        }
    }
}
