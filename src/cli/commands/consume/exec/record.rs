//! A record that is kept until the work on it is done, with the text that it is handed over as.

use crate::client::ConsumerRecord;
use crate::types::{Header, Offset, TimestampMs, TopicPartition};
use std::fmt;
use std::rc::Rc;

/// A record on its own, away from the batch it came in.
#[derive(Clone, Debug)]
pub(super) struct OwnedRecord {
    pub(super) partition: Rc<TopicPartition>,
    pub(super) offset: Offset,
    pub(super) timestamp: TimestampMs,
    /// `None` is null, here and below.
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    headers: Vec<OwnedHeader>,
    /// The record as a formatter prints it; empty where nobody asked for that.
    pub(super) text: Vec<u8>,
}

#[derive(Clone, Debug)]
struct OwnedHeader {
    key: Vec<u8>,
    value: Option<Vec<u8>>,
}

impl OwnedRecord {
    /// Copies a record of `partition`.
    pub(super) fn new(partition: Rc<TopicPartition>, consumed: &ConsumerRecord<'_>) -> OwnedRecord {
        let record = &consumed.record;
        let owned = |header: Header<'_>| OwnedHeader {
            key: header.key.to_vec(),
            value: header.value.map(<[u8]>::to_vec),
        };
        OwnedRecord {
            partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record.headers.iter().map(owned).collect(),
            text: Vec::new(),
        }
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.headers.iter().map(|header| Header { key: &header.key, value: header.value.as_deref() })
    }

    /// About how much memory it takes.
    pub(super) fn size_bytes(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers: usize = self.headers.iter().map(|header| header.key.len() + length(&header.value)).sum();
        length(&self.key) + length(&self.value) + headers + self.text.len() + size_of::<OwnedRecord>()
    }
}

/// `topic-0 at offset 17`, as messages name a record.
impl fmt::Display for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.partition, self.offset)
    }
}

/// Makes a record for the tests of this folder.
#[cfg(test)]
pub(super) fn record(partition: i32, offset: i64, key: Option<&[u8]>) -> OwnedRecord {
    with_headers(partition, offset, key, &[])
}

#[cfg(test)]
pub(super) fn with_headers(
    partition: i32,
    offset: i64,
    key: Option<&[u8]>,
    headers: &[(&[u8], Option<&[u8]>)],
) -> OwnedRecord {
    use crate::types::PartitionId;
    let owned = |&(key, value): &(&[u8], Option<&[u8]>)| OwnedHeader {
        key: key.to_vec(),
        value: value.map(<[u8]>::to_vec),
    };
    OwnedRecord {
        partition: Rc::new(TopicPartition { topic: "t".to_owned(), partition: PartitionId(partition) }),
        offset: Offset::new(offset),
        timestamp: TimestampMs(17),
        key: key.map(<[u8]>::to_vec),
        value: Some(b"value".to_vec()),
        headers: headers.iter().map(owned).collect(),
        text: Vec::new(),
    }
}
