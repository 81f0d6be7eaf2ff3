//! Message formats v0 and v1 (KIP-31, KIP-32), which Kafka still reads and nobody writes any more.
//!
//! An entry: `offset i64, size i32, crc u32, magic i8, attributes i8, [v1: timestamp i64], key, value`, both `i32
//! length` (-1 = null) and bytes. A compressed set is a wrapper entry whose value, unfolded, is a set of the same
//! magic. The wrapper has the last inner entry's offset; inner offsets are absolute in v0 and count from 0 in v1.

use super::batch::{BatchHeader, V0_ENTRY_SIZE, V1_ENTRY_SIZE, batch_size};
use super::decompress::Decompressor;
use super::error::{Error, Result};
use super::{Compression, crc};
use crate::types::{Headers, Offset, RecordView, TimestampMs, TimestampType};
use std::ops::ControlFlow;

/// A record of a legacy entry with the checksum that it has of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LegacyRecord<'a> {
    pub(crate) view: RecordView<'a>,
    /// The CRC-32 as stored.
    pub(crate) crc: u32,
    /// What the checksum covers.
    covered: &'a [u8],
}

impl LegacyRecord<'_> {
    /// Whether the record agrees with its checksum.
    pub(crate) fn is_valid(&self) -> bool {
        crc::crc32(self.covered) == self.crc
    }
}

/// Visits an entry's records; `entry` is the whole of it and `header` its header.
pub(super) fn for_each(
    decompressor: &mut Decompressor,
    header: &BatchHeader,
    entry: &[u8],
    mut visit: impl FnMut(&LegacyRecord<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let outer = parse(entry).map_err(|what| Error::Malformed { what, position: 0 })?;
    let codec = header.codec()?;
    if codec == Compression::None {
        return Ok(visit(&outer));
    }
    let packed = outer.view.value.ok_or(Error::Malformed { what: "wrapper value", position: 0 })?;
    let set = decompressor.decompress(codec, packed)?;
    let shift = if header.magic == 0 { 0 } else { inner_shift(header, set)? };
    let mut rest = set;
    while !rest.is_empty() {
        let mut record = take_inner(header, set, &mut rest)?;
        record.view.offset = record.view.offset.plus(shift);
        if header.timestamp_type() == TimestampType::LogAppend {
            record.view.timestamp = header.max_timestamp();
            record.view.timestamp_type = TimestampType::LogAppend;
        }
        if visit(&record).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// What v1's inner offsets lack: the wrapper's offset is that of the last one.
fn inner_shift(header: &BatchHeader, set: &[u8]) -> Result<i64> {
    let mut rest = set;
    let mut last = Offset::ZERO;
    while !rest.is_empty() {
        last = take_inner(header, set, &mut rest)?.view.offset;
    }
    Ok(header.base_offset().since(last))
}

fn take_inner<'a>(header: &BatchHeader, set: &'a [u8], rest: &mut &'a [u8]) -> Result<LegacyRecord<'a>> {
    let position = set.len() - rest.len();
    let malformed = |what| Error::Malformed { what, position };
    let size = batch_size(rest).ok_or(malformed("inner entry's size"))?;
    let (entry, after) = rest.split_at_checked(size).ok_or(malformed("inner entry's size"))?;
    *rest = after;
    let inner = BatchHeader::parse(entry)?;
    if inner.magic() != header.magic() || inner.codec()? != Compression::None {
        return Err(malformed("inner entry's magic or attributes"));
    }
    parse(entry).map_err(malformed)
}

/// Takes an entry apart as if it stood alone; an error names the field that doesn't fit.
fn parse(entry: &[u8]) -> std::result::Result<LegacyRecord<'_>, &'static str> {
    let header = BatchHeader::parse_any_magic(entry).map_err(|_| "header")?;
    // Key and value come behind the fixed fields, which end with the key's length.
    let fields_end = if header.magic() == 1 { V1_ENTRY_SIZE - 8 } else { V0_ENTRY_SIZE - 8 };
    let mut rest = entry.get(fields_end..).ok_or("key")?;
    let key = take_bytes(&mut rest).ok_or("key")?;
    let value = take_bytes(&mut rest).ok_or("value")?;
    if !rest.is_empty() {
        return Err("size");
    }
    let view = RecordView {
        offset: header.base_offset(),
        timestamp: if header.magic() == 1 { header.max_timestamp() } else { TimestampMs::NONE },
        timestamp_type: header.timestamp_type(),
        key,
        value,
        headers: Headers::default(),
    };
    Ok(LegacyRecord { view, crc: header.crc(), covered: entry.get(16..).ok_or("header")? })
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = i32::from_be_bytes(*length);
    if length < 0 {
        *bytes = rest;
        return Some(None);
    }
    let (taken, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(taken))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BatchReader, fixtures};

    fn read(entry: &[u8]) -> Vec<(i64, i64, TimestampType, Option<String>)> {
        let header = BatchHeader::parse(entry).unwrap();
        let mut records = Vec::new();
        let visit = |record: &LegacyRecord<'_>| {
            assert!(record.is_valid());
            let view = record.view;
            let key = view.key.map(|key| String::from_utf8_lossy(key).into_owned());
            records.push((view.offset.get(), view.timestamp.0, view.timestamp_type, key));
            ControlFlow::Continue(())
        };
        assert!(BatchReader::default().for_each_legacy(&header, entry, visit).unwrap().is_continue());
        records
    }

    #[test]
    fn wrappers_of_v0_unfold_with_absolute_offsets() {
        for wrapper in fixtures::V0_WRAPPERS {
            let expected = [(0, Some("k0")), (1, None), (2, Some("k2"))]
                .map(|(offset, key)| (offset, -1, TimestampType::None, key.map(str::to_owned)));
            assert_eq!(read(wrapper), expected);
        }
    }

    #[test]
    fn wrappers_of_v1_unfold_with_shifted_offsets() {
        for wrapper in fixtures::V1_WRAPPERS {
            let expected = [(0, Some("k0")), (1, None), (2, Some("k2"))].map(|(offset, key)| {
                let timestamp = 1_700_000_000_000 + 1000 * offset;
                (offset, timestamp, TimestampType::Create, key.map(str::to_owned))
            });
            assert_eq!(read(wrapper), expected);
        }
    }

    #[test]
    fn a_wrappers_append_time_goes_for_all_it_holds() {
        let expected = [14, 15, 16]
            .map(|offset| (offset, 1_700_000_077_777, TimestampType::LogAppend, Some("lat".to_owned())));
        assert_eq!(read(fixtures::V1_LOG_APPEND), expected);
    }
}
