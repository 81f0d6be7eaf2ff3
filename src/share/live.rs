//! `Live`: a share partition as the members of this moment share it, acquisitions and all, as bytes.
//!
//! It is disposable: of another boot, cut short or flipped, it counts for nothing, and the state that was written in
//! `__share_group_state` is all that is known.
//!
//! | size | field |
//! |---|---|
//! | 8 | `kt-share` |
//! | u32 | CRC-32 of everything behind it |
//! | u64 | the boot that wrote it |
//! | i32, i64 | epoch and time of the state's set-up |
//! | i64 | where the last record about it lies |
//! | i64, i64 | start, end |
//! | array of strings | members |
//! | array of runs | first i64, last i64, count i16, batch size i64, fate i8 (-1 acquired, then member u32 and time i64) |

use super::partition::SharePartition;
use super::ranges::{Delivery, Lock, Range, Ranges};
use super::records::Fate;
use super::state::ShareState;
use crate::types::{CodecError, Offset, Reader, TimestampMs, Writer};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"kt-share";
const ACQUIRED: i8 = -1;
const FATES: [(i8, Fate); 3] = [(0, Fate::Available), (2, Fate::Acknowledged), (4, Fate::Archived)];

/// A share partition with what it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) partition: SharePartition,
    state_epoch: i32,
    created: TimestampMs,
    written_at: Offset,
}

impl Live {
    /// `partition` as of now; the last record about it is the one that `state` knows.
    pub(crate) fn of(partition: SharePartition, state: &ShareState) -> Live {
        Live {
            partition,
            state_epoch: state.state_epoch,
            created: state.created,
            written_at: state.written_at,
        }
    }

    /// Reads what [`Live::encode`] wrote in the same boot, if it goes by the same set-up as `state`, and brings it up to
    /// date. `None` where it counts for nothing.
    pub(crate) fn decode(bytes: &[u8], boot_id: u64, state: &ShareState) -> Option<SharePartition> {
        let mut live = Live::read(bytes, boot_id).ok()??;
        if (live.state_epoch, live.created) != (state.state_epoch, state.created) {
            return None;
        }
        if live.written_at != state.written_at {
            // Whoever wrote the record died before it could say so here; or a broker was at work.
            live.partition.catch_up(state);
        }
        Some(live.partition)
    }

    pub(crate) fn encode(&self, boot_id: u64) -> Result<Vec<u8>, CodecError> {
        let mut w = Writer::new();
        w.i64(boot_id.cast_signed());
        w.i32(self.state_epoch);
        w.i64(self.created.0);
        w.i64(self.written_at.get());
        let partition = &self.partition;
        w.i64(partition.start.get());
        w.i64(partition.end.get());
        let members: Vec<Arc<str>> = partition.holders().into_iter().collect();
        w.array(&members, |w, member| w.string(member));
        let ranges: Vec<&Range> = partition.ranges.iter().collect();
        w.array(&ranges, |w, range| {
            w.i64(range.first.get());
            w.i64(range.last.get());
            w.i16(range.count);
            w.i64(range.batch_size);
            match &range.delivery {
                Delivery::Settled(fate) => {
                    w.i8(FATES.iter().find(|(_, known)| known == fate).map_or(0, |(number, _)| *number));
                }
                Delivery::Acquired(lock) => {
                    w.i8(ACQUIRED);
                    let index = members.iter().position(|member| *member == lock.member).unwrap_or(0);
                    w.i32(i32::try_from(index).unwrap_or(i32::MAX));
                    w.i64(lock.until.0);
                }
            }
        });
        let body = w.finish()?;
        Ok([&MAGIC[..], &crc32fast::hash(&body).to_be_bytes(), &body].concat())
    }

    /// `None` for what somebody else or another boot wrote, or what is damaged.
    fn read(bytes: &[u8], boot_id: u64) -> Result<Option<Live>, CodecError> {
        let mut r = Reader::new(bytes);
        if r.take(MAGIC.len())? != MAGIC {
            return Ok(None);
        }
        let crc = r.i32()?.cast_unsigned();
        let body = bytes.get(MAGIC.len() + 4..).unwrap_or_default();
        if crc32fast::hash(body) != crc || r.i64()?.cast_unsigned() != boot_id {
            return Ok(None);
        }
        let state_epoch = r.i32()?;
        let (created, written_at) = (TimestampMs(r.i64()?), Offset::new(r.i64()?));
        let (start, end) = (Offset::new(r.i64()?), Offset::new(r.i64()?));
        let members: Vec<Arc<str>> = r.array(|r| r.string().map(Arc::from))?;
        let read = r.array(|r| read_range(r, &members))?;
        let mut ranges = Ranges::default();
        let mut next = start;
        for range in read {
            let Some(range) = range.filter(|range| range.first == next && range.last >= range.first) else {
                return Ok(None);
            };
            next = range.last.next();
            ranges.push(range);
        }
        let partition = SharePartition { start, end, ranges };
        Ok((next == end).then_some(Live { partition, state_epoch, created, written_at }))
    }
}

fn read_range(r: &mut Reader<'_>, members: &[Arc<str>]) -> Result<Option<Range>, CodecError> {
    let (first, last) = (Offset::new(r.i64()?), Offset::new(r.i64()?));
    let (count, batch_size) = (r.i16()?, r.i64()?);
    let delivery = match r.i8()? {
        ACQUIRED => {
            let (index, until) = (r.i32()?, TimestampMs(r.i64()?));
            let member = usize::try_from(index).ok().and_then(|index| members.get(index));
            member.map(|member| Delivery::Acquired(Lock { member: Arc::clone(member), until }))
        }
        number => FATES.iter().find(|(known, _)| *known == number).map(|(_, fate)| Delivery::Settled(*fate)),
    };
    Ok(delivery.map(|delivery| Range { first, last, delivery, count, batch_size }))
}

#[cfg(test)]
mod tests {
    use super::super::partition::{AcknowledgeType, Acknowledgement, Acquire, Limits};
    use super::*;

    const LIMITS: Limits = Limits { delivery_count_max: 5, in_flight_max: 20, lock_ms: 100 };

    /// Two members at work on a partition.
    fn partition(state: &ShareState) -> SharePartition {
        let mut partition = SharePartition::load(state, Offset::new(3));
        for (member, count_max) in [("a", 4), ("b", 6)] {
            let wish = Acquire { member, log_end: Offset::new(50), count_max };
            partition.acquire(wish, &LIMITS, TimestampMs(7));
        }
        let word =
            |first, last, what| Acknowledgement { first: Offset::new(first), last: Offset::new(last), what };
        let words = [word(4, 4, AcknowledgeType::Release), word(5, 5, AcknowledgeType::Reject)];
        partition.acknowledge("a", &words, &LIMITS, TimestampMs(8));
        partition
    }

    #[test]
    fn the_bytes_say_what_was_so_and_no_others_do() {
        let state = ShareState::for_tests(None);
        let partition = partition(&state);
        let bytes = Live::of(partition.clone(), &state).encode(77).unwrap();
        assert_eq!(Live::decode(&bytes, 77, &state), Some(partition));
        assert_eq!(Live::decode(&bytes, 78, &state), None, "another boot");
        let mut anew = state.clone();
        anew.created = TimestampMs(2);
        assert_eq!(Live::decode(&bytes, 77, &anew), None, "set up anew");
        for index in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[index] ^= 0x04;
            assert_eq!(Live::decode(&flipped, 77, &state), None, "byte {index}");
            assert_eq!(Live::decode(&bytes[..index], 77, &state), None, "length {index}");
        }
    }
}
