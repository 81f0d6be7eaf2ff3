//! The records of `__transaction_state`. A null value is a tombstone: the id is forgotten.
//!
//! | part | fields |
//! |---|---|
//! | key | type i16 = 0, transactional id string |
//! | value 0, 1 | version i16, producer id i64, producer epoch i16, timeout i32 (ms), status i8, nullable array of partitions, last update i64 (ms), start i64 (ms, -1 = none) |
//! | partitions | topic string, array of partition i32 |
//! | value 1 | the same in compact forms, tags: 0 previous producer id i64, 1 next producer id i64, 2 client transaction version i16, 3 next producer epoch i16 |
//!
//! Version 1 is written. A tag is left out where it has its default (-1; for the client's version 0). The partitions are
//! null in state Empty and an array, maybe of none, in every other.
//! Source: TransactionLogKey, TransactionLogValue (record-schemas.txt).

use super::error::{Error, Result};
use crate::types::java::string_hash;
use crate::types::{CodecError, PartitionId, Reader, TimestampMs, TopicPartition, Writer};

const KEY: &str = "transaction key";
const VALUE: &str = "transaction value";
/// The newest version of the value, which is also the one that is written.
const NEWEST: i16 = 1;

/// Where a transaction stands, by its number in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The id is known; no transaction was ended yet by this producer.
    Empty = 0,
    Ongoing = 1,
    /// It is decided, and the markers are being written.
    PrepareCommit = 2,
    PrepareAbort = 3,
    CompleteCommit = 4,
    CompleteAbort = 5,
    /// The id has expired.
    Dead = 6,
}

impl Status {
    fn of(number: i8) -> Result<Status> {
        Ok(match number {
            0 => Status::Empty,
            1 => Status::Ongoing,
            2 => Status::PrepareCommit,
            3 => Status::PrepareAbort,
            4 => Status::CompleteCommit,
            5 => Status::CompleteAbort,
            6 => Status::Dead,
            other => return Err(Error::Status(other)),
        })
    }
}

/// What is known of one transactional id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionValue {
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) timeout_ms: i32,
    pub(crate) status: Status,
    /// The partitions that the open transaction has written to, grouped by topic in the order they were added.
    pub(crate) partitions: Vec<(String, Vec<i32>)>,
    pub(crate) last_update: TimestampMs,
    /// When the transaction began; `NONE` before the first.
    pub(crate) start: TimestampMs,
    /// The producer id before the epochs of one ran out; -1 if there is none.
    pub(crate) previous_producer_id: i64,
    /// The producer id that follows when the transaction is complete; -1 if it stays.
    pub(crate) next_producer_id: i64,
    /// The `transaction.version` that the client follows.
    pub(crate) client_version: i16,
    pub(crate) next_producer_epoch: i16,
}

impl TransactionValue {
    /// Whether the transaction has written to a partition.
    pub(crate) fn has(&self, partition: &TopicPartition) -> bool {
        let of_topic = self.partitions.iter().filter(|(topic, _)| *topic == partition.topic);
        of_topic.flat_map(|(_, ids)| ids).any(|&id| id == partition.partition.0)
    }

    /// Every partition that the transaction has written to.
    pub(crate) fn written(&self) -> Vec<TopicPartition> {
        let of_topic = |(topic, ids): &(String, Vec<i32>)| {
            let one = |&id: &i32| TopicPartition { topic: topic.clone(), partition: PartitionId(id) };
            ids.iter().map(one).collect::<Vec<_>>()
        };
        self.partitions.iter().flat_map(of_topic).collect()
    }
}

/// A record of `__transaction_state`; `None` as a value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionRecord {
    pub(crate) transactional_id: String,
    pub(crate) value: Option<TransactionValue>,
}

impl TransactionRecord {
    /// Decodes a record; `Ok(None)` for one of a type that is not known, which is to be skipped.
    pub(crate) fn decode(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Option<TransactionRecord>> {
        let mut key = Reader::new(key.ok_or(Error::NoKey)?);
        if key.i16().map_err(Error::of(KEY))? != 0 {
            return Ok(None);
        }
        let transactional_id = key.string().map_err(Error::of(KEY))?.to_owned();
        let value = value.map(decode_value).transpose()?;
        Ok(Some(TransactionRecord { transactional_id, value }))
    }

    /// The bytes of key and value.
    pub(crate) fn encode(&self) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let mut key = Writer::new();
        key.i16(0);
        key.string(&self.transactional_id);
        let value = self.value.as_ref().map(encode_value).transpose()?;
        Ok((key.finish().map_err(Error::of(KEY))?, value))
    }
}

fn decode_value(bytes: &[u8]) -> Result<TransactionValue> {
    let mut r = Reader::new(bytes);
    let version = r.i16().map_err(Error::of(VALUE))?;
    if !(0..=NEWEST).contains(&version) {
        return Err(Error::Version { what: VALUE, version });
    }
    let (mut value, status) = read_value(version, &mut r).map_err(Error::of(VALUE))?;
    value.status = Status::of(status)?;
    Ok(value)
}

/// The fields of a value, its status as the number that it is.
fn read_value(version: i16, r: &mut Reader<'_>) -> std::result::Result<(TransactionValue, i8), CodecError> {
    let (producer_id, producer_epoch, timeout_ms, status) = (r.i64()?, r.i16()?, r.i32()?, r.i8()?);
    let partitions = match version {
        0 => r.nullable_array(|r| Ok((r.string()?.to_owned(), r.array(Reader::i32)?)))?,
        _ => r.nullable_compact_array(|r| {
            let topic = (r.compact_string()?.to_owned(), r.compact_array(Reader::i32)?);
            r.skip_tagged_fields()?;
            Ok(topic)
        })?,
    };
    let mut value = TransactionValue {
        producer_id,
        producer_epoch,
        timeout_ms,
        status: Status::Empty,
        partitions: partitions.unwrap_or_default(),
        last_update: TimestampMs(r.i64()?),
        start: TimestampMs(r.i64()?),
        previous_producer_id: -1,
        next_producer_id: -1,
        client_version: 0,
        next_producer_epoch: -1,
    };
    if version >= 1 {
        r.tagged_fields(|tag, content| {
            match tag {
                0 => value.previous_producer_id = content.i64()?,
                1 => value.next_producer_id = content.i64()?,
                2 => value.client_version = content.i16()?,
                3 => value.next_producer_epoch = content.i16()?,
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok((value, status))
}

fn encode_value(value: &TransactionValue) -> Result<Vec<u8>> {
    let mut w = Writer::new();
    w.i16(NEWEST);
    w.i64(value.producer_id);
    w.i16(value.producer_epoch);
    w.i32(value.timeout_ms);
    w.i8(value.status as i8);
    if value.status == Status::Empty {
        w.compact_array_count(None);
    } else {
        w.compact_array(&value.partitions, |w, (topic, ids)| {
            w.compact_string(topic);
            w.compact_array(ids, |w, &id| w.i32(id));
            w.no_tagged_fields();
        });
    }
    w.i64(value.last_update.0);
    w.i64(value.start.0);
    w.tagged_fields(|tags| {
        for (tag, id) in [(0, value.previous_producer_id), (1, value.next_producer_id)] {
            if id != -1 {
                tags.put(tag, |w| w.i64(id));
            }
        }
        if value.client_version != 0 {
            tags.put(2, |w| w.i16(value.client_version));
        }
        if value.next_producer_epoch != -1 {
            tags.put(3, |w| w.i16(value.next_producer_epoch));
        }
    });
    w.finish().map_err(Error::of(VALUE))
}

/// The partition of `__transaction_state`, of `partitions` (at least 1), that holds the records of an id.
pub(crate) fn state_partition(transactional_id: &str, partitions: i32) -> PartitionId {
    // Kafka takes the magnitude of i32::MIN, which has none, as 0.
    let magnitude = string_hash(transactional_id).checked_abs().unwrap_or(0);
    PartitionId(magnitude.checked_rem(partitions).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value() -> TransactionValue {
        TransactionValue {
            producer_id: 1,
            producer_epoch: 3,
            timeout_ms: 60_000,
            status: Status::Ongoing,
            partitions: vec![("pay".to_owned(), vec![0, 1]), ("audit".to_owned(), vec![0])],
            last_update: TimestampMs(1_795_253_860_847),
            start: TimestampMs(1_795_253_860_847),
            previous_producer_id: -1,
            next_producer_id: -1,
            client_version: 2,
            next_producer_epoch: -1,
        }
    }

    fn round_trip(value: TransactionValue) -> usize {
        let record = TransactionRecord { transactional_id: "tx-alpha".to_owned(), value: Some(value) };
        let (key, bytes) = record.encode().unwrap();
        assert_eq!(key.len(), 12);
        assert_eq!(TransactionRecord::decode(Some(&key), bytes.as_deref()).unwrap(), Some(record));
        bytes.unwrap().len()
    }

    /// The sizes are those that a real coordinator's records have.
    #[test]
    fn every_state_goes_round_in_kafkas_size() {
        assert_eq!(round_trip(value()), 65);
        let complete = TransactionValue { status: Status::CompleteCommit, partitions: Vec::new(), ..value() };
        assert_eq!(round_trip(complete.clone()), 39);
        let empty = TransactionValue {
            status: Status::Empty,
            client_version: 0,
            start: TimestampMs::NONE,
            ..complete
        };
        assert_eq!(round_trip(empty), 35);
        let all_tags = TransactionValue {
            status: Status::PrepareAbort,
            previous_producer_id: 7,
            next_producer_id: 8,
            next_producer_epoch: 0,
            ..value()
        };
        assert_eq!(round_trip(all_tags), 65 + 10 + 10 + 4);
    }

    #[test]
    fn no_prefix_of_a_value_is_one_and_a_tombstone_has_none() {
        let record = TransactionRecord { transactional_id: "t".to_owned(), value: Some(value()) };
        let (key, bytes) = record.encode().unwrap();
        let bytes = bytes.unwrap();
        for end in 0..bytes.len() {
            assert!(TransactionRecord::decode(Some(&key), Some(&bytes[..end])).is_err(), "{end}");
        }
        for end in 0..key.len() {
            assert!(TransactionRecord::decode(Some(&key[..end]), None).is_err(), "{end}");
        }
        let tombstone = TransactionRecord { transactional_id: "t".to_owned(), value: None };
        assert_eq!(TransactionRecord::decode(Some(&key), None), Ok(Some(tombstone)));
        assert_eq!(TransactionRecord::decode(Some(&[0, 9]), None), Ok(None));
        assert_eq!(TransactionRecord::decode(None, None), Err(Error::NoKey));
        let mut bad = bytes.clone();
        bad[16] = 9;
        assert_eq!(TransactionRecord::decode(Some(&key), Some(&bad)), Err(Error::Status(9)));
        bad[1] = 2;
        assert!(matches!(TransactionRecord::decode(Some(&key), Some(&bad)), Err(Error::Version { .. })));
    }

    #[test]
    fn version_0_is_read() {
        let mut w = Writer::new();
        w.i16(0);
        w.i64(5);
        w.i16(1);
        w.i32(1000);
        w.i8(1);
        w.array(&["pay"], |w, topic| {
            w.string(topic);
            w.array(&[3], |w, &id| w.i32(id));
        });
        w.i64(10);
        w.i64(9);
        let decoded = decode_value(&w.finish().unwrap()).unwrap();
        assert_eq!(decoded.partitions, [("pay".to_owned(), vec![3])]);
        assert_eq!((decoded.start, decoded.client_version), (TimestampMs(9), 0));
        let here = TopicPartition { topic: "pay".to_owned(), partition: PartitionId(3) };
        assert!(decoded.has(&here));
        assert_eq!(decoded.written(), [here]);
    }
}
