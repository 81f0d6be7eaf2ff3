//! Decoding one record of format v2 (KIP-98): `length varint, attributes i8, timestamp delta varlong, offset delta
//! varint, key, value, headers`; a key, value or header value is `length varint` (-1 = null) and that many bytes.

use crate::types::{Headers, Offset, RecordView, TimestampMs, TimestampType, varint};

/// What a batch's header gives to each of its records.
#[derive(Clone, Copy)]
pub(super) struct Base {
    pub(super) offset: i64,
    /// Deltas add to it.
    pub(super) timestamp: i64,
    /// With log-append time: the timestamp of every record.
    pub(super) append_time: Option<TimestampMs>,
}

/// Takes a record from the front of `bytes`; an error names the field that doesn't fit in what is there.
#[inline]
pub(super) fn take_record<'a>(bytes: &mut &'a [u8], base: Base) -> Result<RecordView<'a>, &'static str> {
    let length = varint::take(bytes).ok_or("length")?;
    let length = usize::try_from(length).map_err(|_| "length")?;
    let (body, rest) = bytes.split_at_checked(length).ok_or("length")?;
    *bytes = rest;
    let (_attributes, mut body) = body.split_first().ok_or("attributes")?;
    let timestamp_delta = varint::take(&mut body).ok_or("timestamp delta")?;
    let offset_delta = take_i32(&mut body).ok_or("offset delta")?;
    let key = take_bytes(&mut body).ok_or("key")?;
    let value = take_bytes(&mut body).ok_or("value")?;
    let headers = take_headers(body).ok_or("headers")?;
    let (timestamp, timestamp_type) = match base.append_time {
        Some(time) => (time, TimestampType::LogAppend),
        None => (TimestampMs(base.timestamp.wrapping_add(timestamp_delta)), TimestampType::Create),
    };
    let offset = Offset::new(base.offset.wrapping_add(offset_delta.into()));
    Ok(RecordView { offset, timestamp, timestamp_type, key, value, headers })
}

/// Checks that `body` holds a count and that many headers, and nothing more.
#[inline]
fn take_headers(mut body: &[u8]) -> Option<Headers<'_>> {
    let count = usize::try_from(take_i32(&mut body)?).ok()?;
    let encoded = body;
    for _ in 0..count {
        take_bytes(&mut body)??;
        take_bytes(&mut body)?;
    }
    body.is_empty().then(|| Headers::new(count, encoded))
}

#[inline]
fn take_i32(bytes: &mut &[u8]) -> Option<i32> {
    i32::try_from(varint::take(bytes)?).ok()
}

/// A length and that many bytes; the inner `None` is null.
#[inline]
fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = take_i32(bytes)?;
    // -1 is what is written; Kafka takes every negative length for null.
    if length < 0 {
        return Some(None);
    }
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(Some(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Base = Base { offset: 100, timestamp: 1000, append_time: None };
    /// Timestamp -3, offset 2, key "k", null value, headers "h" = null and "" = "v".
    const RECORD: [u8; 14] = [26, 0, 5, 4, 2, b'k', 1, 4, 2, b'h', 1, 0, 2, b'v'];

    #[test]
    fn all_fields_are_taken() {
        let mut bytes = RECORD.as_slice();
        let record = take_record(&mut bytes, BASE).unwrap();
        assert!(bytes.is_empty());
        assert_eq!((record.offset, record.timestamp), (Offset::new(102), TimestampMs(997)));
        assert_eq!((record.key, record.value), (Some(b"k".as_slice()), None));
        let headers: Vec<_> = record.headers.iter().map(|header| (header.key, header.value)).collect();
        assert_eq!(headers, [(b"h".as_slice(), None), (b"".as_slice(), Some(b"v".as_slice()))]);
    }

    #[test]
    fn append_time_overrides_every_delta() {
        let base = Base { append_time: Some(TimestampMs(7)), ..BASE };
        let record = take_record(&mut RECORD.as_slice(), base).unwrap();
        assert_eq!((record.timestamp, record.timestamp_type), (TimestampMs(7), TimestampType::LogAppend));
    }

    #[test]
    fn every_prefix_and_every_wrong_length_is_refused() {
        for end in 0..RECORD.len() {
            assert!(take_record(&mut &RECORD[..end], BASE).is_err(), "{end} bytes");
            let mut short = RECORD[..end].to_vec();
            if let Some(length) = short.first_mut() {
                *length = 2 * (end as u8 - 1);
                assert!(take_record(&mut short.as_slice(), BASE).is_err(), "{end} bytes that say so");
            }
        }
        let null_header_key = [18, 0, 0, 0, 1, 1, 2, 1, 1, 0];
        assert_eq!(take_record(&mut null_header_key.as_slice(), BASE).err(), Some("headers"));
        let key_of_minus_two = [12, 0, 0, 0, 3, 1, 0];
        assert_eq!(take_record(&mut key_of_minus_two.as_slice(), BASE).unwrap().key, None);
    }
}
