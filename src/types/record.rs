//! A record as it lies in a decoded batch: borrowed, so that reading costs no allocation.

use super::{Offset, TimestampMs, varint};

/// Who set a record's timestamp (`message.timestamp.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimestampType {
    /// Message format v0 has no timestamp at all.
    None,
    Create,
    LogAppend,
}

impl TimestampType {
    /// Kafka's name for it, as printed before a timestamp.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            TimestampType::None => "NoTimestampType",
            TimestampType::Create => "CreateTime",
            TimestampType::LogAppend => "LogAppendTime",
        }
    }
}

/// One record. `None` is Kafka's null, which is not the same as empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordView<'a> {
    pub(crate) offset: Offset,
    pub(crate) timestamp: TimestampMs,
    pub(crate) timestamp_type: TimestampType,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Headers<'a>,
}

/// A header; its key is UTF-8 in valid records, which is not checked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: Option<&'a [u8]>,
}

/// A record's headers, still encoded as in format v2: per header key length, key, value length, value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Headers<'a> {
    count: usize,
    encoded: &'a [u8],
}

impl<'a> Headers<'a> {
    /// `encoded` holds `count` headers and nothing else; whoever decodes the record has checked that.
    pub(crate) const fn new(count: usize, encoded: &'a [u8]) -> Headers<'a> {
        Headers { count, encoded }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// The headers as they are encoded, without their number.
    pub(crate) const fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// The headers in order; ends early where the bytes are not well-formed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        let mut rest = self.encoded;
        let mut left = self.count;
        std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let key = take_bytes(&mut rest)??;
            let value = take_bytes(&mut rest)?;
            Some(Header { key, value })
        })
    }
}

/// Takes a length (varint, -1 = null) and that many bytes; the outer `None` means malformed.
fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let length = varint::take(bytes)?;
    if length < 0 {
        return Some(None);
    }
    let length = usize::try_from(length).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(taken))
}
