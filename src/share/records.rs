//! The records of `__share_group_state`: what a share group has done with a partition. A null value is a tombstone.
//!
//! | part | fields |
//! |---|---|
//! | key | type i16 (0 snapshot, 1 update), group string, topic id 16 bytes, partition i32 |
//! | snapshot | version i16 = 0, snapshot epoch i32, state epoch i32, leader epoch i32, start offset i64, created i64 (ms), written i64 (ms), batches, tag 0: deliveries that are complete i32 |
//! | update | version i16 = 0, snapshot epoch i32, leader epoch i32, start offset i64, batches, tag 0 as above |
//! | batches | compact array of: first i64, last i64 (inclusive), state i8 (0 available, 2 acknowledged, 4 archived), delivery count i16 |
//!
//! Nobody's acquisitions are written. A start offset of -1 is not known yet. Tag 0 is left out where it is -1.
//! Source: ShareSnapshot, ShareUpdate (record-schemas.txt).

use super::error::{Error, Result};
use crate::types::java::string_hash;
use crate::types::{CodecError, LeaderEpoch, Offset, PartitionId, Reader, TimestampMs, Uuid, Writer};

const KEY: &str = "share state key";
const SNAPSHOT: &str = "share snapshot";
const UPDATE: &str = "share update";

/// What the state is about: a group's doings on a partition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShareKey {
    pub(crate) group: String,
    pub(crate) topic_id: Uuid,
    pub(crate) partition: PartitionId,
}

/// What has become of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// To be delivered, maybe once more.
    Available,
    /// Done with.
    Acknowledged,
    /// Given up: rejected, delivered too often, or no records at all.
    Archived,
}

/// Records that have fared alike, `first` to `last` inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateBatch {
    pub(crate) first: Offset,
    pub(crate) last: Offset,
    pub(crate) fate: Fate,
    pub(crate) delivery_count: i16,
}

/// The whole state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) snapshot_epoch: i32,
    /// The group's epoch when the state was set up.
    pub(crate) state_epoch: i32,
    pub(crate) leader_epoch: LeaderEpoch,
    /// The first record that is not finished; `None` before one was delivered.
    pub(crate) start: Option<Offset>,
    /// When the state was set up.
    pub(crate) created: TimestampMs,
    pub(crate) written: TimestampMs,
    pub(crate) batches: Vec<StateBatch>,
    /// How many records from `start` on are finished.
    pub(crate) complete_count: Option<i32>,
}

/// What has changed since the snapshot of the same epoch, or since an earlier update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) snapshot_epoch: i32,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) start: Option<Offset>,
    pub(crate) batches: Vec<StateBatch>,
    pub(crate) complete_count: Option<i32>,
}

/// The bytes of a record; no value is a tombstone.
pub(crate) type KeyAndValue = (Vec<u8>, Option<Vec<u8>>);

/// A record of `__share_group_state`; `None` as a value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ShareRecord {
    Snapshot(ShareKey, Option<Snapshot>),
    Update(ShareKey, Option<Update>),
    /// Any other type: to be skipped.
    Unknown,
}

impl Fate {
    fn read(number: i8) -> Result<Fate> {
        Ok(match number {
            0 => Fate::Available,
            2 => Fate::Acknowledged,
            4 => Fate::Archived,
            other => return Err(Error::DeliveryState(other)),
        })
    }

    const fn number(self) -> i8 {
        match self {
            Fate::Available => 0,
            Fate::Acknowledged => 2,
            Fate::Archived => 4,
        }
    }

    /// Whether the records are never delivered again.
    pub(crate) fn is_finished(self) -> bool {
        self != Fate::Available
    }
}

impl ShareRecord {
    /// Reads a record. An unknown key type is no error, an unknown version of a known value is.
    pub(crate) fn decode(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<ShareRecord> {
        let mut r = Reader::new(key.ok_or(Error::NoKey)?);
        let key_type = r.i16().map_err(Error::of(KEY))?;
        if !matches!(key_type, 0 | 1) {
            return Ok(ShareRecord::Unknown);
        }
        let key = read_key(&mut r).map_err(Error::of(KEY))?;
        r.expect_end().map_err(Error::of(KEY))?;
        match key_type {
            0 => Ok(ShareRecord::Snapshot(key, read_value(SNAPSHOT, value, read_snapshot)?)),
            _ => Ok(ShareRecord::Update(key, read_value(UPDATE, value, read_update)?)),
        }
    }

    /// Key and value as Kafka writes them; `None` for a record of no known type.
    pub(crate) fn encode(&self) -> Result<Option<KeyAndValue>> {
        let (key_type, key) = match self {
            ShareRecord::Snapshot(key, _) => (0, key),
            ShareRecord::Update(key, _) => (1, key),
            ShareRecord::Unknown => return Ok(None),
        };
        let mut w = Writer::new();
        w.i16(key_type);
        w.string(&key.group);
        w.uuid(key.topic_id);
        w.i32(key.partition.0);
        let key = w.finish().map_err(Error::of(KEY))?;
        let value = match self {
            ShareRecord::Snapshot(_, Some(snapshot)) => Some(snapshot.encode().map_err(Error::of(SNAPSHOT))?),
            ShareRecord::Update(_, Some(update)) => Some(update.encode().map_err(Error::of(UPDATE))?),
            _ => None,
        };
        Ok(Some((key, value)))
    }
}

impl Snapshot {
    fn encode(&self) -> std::result::Result<Vec<u8>, CodecError> {
        let mut w = Writer::new();
        w.i16(0);
        w.i32(self.snapshot_epoch);
        w.i32(self.state_epoch);
        w.i32(self.leader_epoch.0);
        w.i64(self.start.map_or(-1, Offset::get));
        w.i64(self.created.0);
        w.i64(self.written.0);
        write_batches(&mut w, &self.batches, self.complete_count);
        w.finish()
    }
}

impl Update {
    fn encode(&self) -> std::result::Result<Vec<u8>, CodecError> {
        let mut w = Writer::new();
        w.i16(0);
        w.i32(self.snapshot_epoch);
        w.i32(self.leader_epoch.0);
        w.i64(self.start.map_or(-1, Offset::get));
        write_batches(&mut w, &self.batches, self.complete_count);
        w.finish()
    }
}

fn write_batches(w: &mut Writer, batches: &[StateBatch], complete_count: Option<i32>) {
    w.compact_array(batches, |w, batch| {
        w.i64(batch.first.get());
        w.i64(batch.last.get());
        w.i8(batch.fate.number());
        w.i16(batch.delivery_count);
        w.no_tagged_fields();
    });
    w.tagged_fields(|tags| {
        if let Some(count) = complete_count {
            tags.put(0, |w| w.i32(count));
        }
    });
}

fn read_key(r: &mut Reader<'_>) -> std::result::Result<ShareKey, CodecError> {
    let group = r.string()?.to_owned();
    Ok(ShareKey { group, topic_id: r.uuid()?, partition: PartitionId(r.i32()?) })
}

/// Reads a value of version 0. What follows the known fields is ignored, as Kafka does.
fn read_value<'a, T>(
    what: &'static str,
    bytes: Option<&'a [u8]>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T>,
) -> Result<Option<T>> {
    let Some(bytes) = bytes else { return Ok(None) };
    let mut r = Reader::new(bytes);
    match r.i16().map_err(Error::of(what))? {
        0 => read(&mut r).map(Some),
        version => Err(Error::Version { what, version }),
    }
}

fn read_snapshot(r: &mut Reader<'_>) -> Result<Snapshot> {
    let head = |r: &mut Reader<'_>| {
        let epochs = (r.i32()?, r.i32()?, LeaderEpoch(r.i32()?));
        Ok((epochs, read_start(r)?, TimestampMs(r.i64()?), TimestampMs(r.i64()?)))
    };
    let ((snapshot_epoch, state_epoch, leader_epoch), start, created, written) =
        head(r).map_err(Error::of(SNAPSHOT))?;
    let (batches, complete_count) = read_batches(SNAPSHOT, r)?;
    Ok(Snapshot {
        snapshot_epoch,
        state_epoch,
        leader_epoch,
        start,
        created,
        written,
        batches,
        complete_count,
    })
}

fn read_update(r: &mut Reader<'_>) -> Result<Update> {
    let head = |r: &mut Reader<'_>| Ok((r.i32()?, LeaderEpoch(r.i32()?), read_start(r)?));
    let (snapshot_epoch, leader_epoch, start) = head(r).map_err(Error::of(UPDATE))?;
    let (batches, complete_count) = read_batches(UPDATE, r)?;
    Ok(Update { snapshot_epoch, leader_epoch, start, batches, complete_count })
}

fn read_start(r: &mut Reader<'_>) -> std::result::Result<Option<Offset>, CodecError> {
    Ok(Some(r.i64()?).filter(|&offset| offset >= 0).map(Offset::new))
}

fn read_batches(what: &'static str, r: &mut Reader<'_>) -> Result<(Vec<StateBatch>, Option<i32>)> {
    let fields = |r: &mut Reader<'_>| {
        let fields = (r.i64()?, r.i64()?, r.i8()?, r.i16()?);
        r.skip_tagged_fields()?;
        Ok(fields)
    };
    let raw = r.compact_array(fields).map_err(Error::of(what))?;
    let mut complete_count = None;
    r.tagged_fields(|tag, content| {
        if tag == 0 {
            complete_count = Some(content.i32()?).filter(|&count| count >= 0);
        }
        Ok(())
    })
    .map_err(Error::of(what))?;
    let batch = |(first, last, fate, delivery_count): (i64, i64, i8, i16)| {
        if first < 0 || last < first || last == i64::MAX {
            return Err(Error::Range { first, last });
        }
        let (first, last) = (Offset::new(first), Offset::new(last));
        Ok(StateBatch { first, last, fate: Fate::read(fate)?, delivery_count })
    };
    Ok((raw.into_iter().map(batch).collect::<Result<_>>()?, complete_count))
}

/// The partition, of `partitions` (at least 1), that holds the state under `key`.
pub(crate) fn state_partition(key: &ShareKey, partitions: i32) -> PartitionId {
    let text = format!("{}:{}:{}", key.group, key.topic_id, key.partition);
    // Kafka takes the magnitude of i32::MIN, which has none, as 0.
    let magnitude = string_hash(&text).checked_abs().unwrap_or(0);
    PartitionId(magnitude.checked_rem(partitions).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ShareKey {
        // As in the recorded directory.
        let topic_id = Uuid([
            0x4c, 0x3f, 0xb3, 0x3b, 0xf0, 0x68, 0x43, 0x61, 0x86, 0x87, 0x0c, 0x82, 0x52, 0xff, 0x81, 0x7b,
        ]);
        ShareKey { group: "share-1".to_owned(), topic_id, partition: PartitionId(0) }
    }

    fn batch(first: i64, last: i64, fate: Fate, delivery_count: i16) -> StateBatch {
        StateBatch { first: Offset::new(first), last: Offset::new(last), fate, delivery_count }
    }

    fn records() -> [ShareRecord; 4] {
        let update = Update {
            snapshot_epoch: 1,
            leader_epoch: LeaderEpoch(4),
            start: Some(Offset::new(3)),
            batches: vec![batch(3, 3, Fate::Available, 2), batch(4, 7, Fate::Acknowledged, 1)],
            complete_count: Some(5),
        };
        let snapshot = Snapshot {
            snapshot_epoch: 0,
            state_epoch: 1,
            leader_epoch: LeaderEpoch(0),
            start: None,
            created: TimestampMs(17),
            written: TimestampMs(18),
            batches: vec![batch(9, 9, Fate::Archived, 5)],
            complete_count: None,
        };
        [
            ShareRecord::Update(key(), Some(update)),
            ShareRecord::Snapshot(key(), Some(snapshot)),
            ShareRecord::Snapshot(key(), None),
            ShareRecord::Update(key(), None),
        ]
    }

    #[test]
    fn records_survive_their_bytes() {
        for record in records() {
            let (key, value) = record.encode().unwrap().unwrap();
            assert_eq!(ShareRecord::decode(Some(&key), value.as_deref()).unwrap(), record);
            for length in 0..key.len() {
                assert!(ShareRecord::decode(Some(&key[..length]), value.as_deref()).is_err(), "{length}");
            }
            for length in 0..value.as_deref().map_or(0, <[u8]>::len) {
                let cut = value.as_deref().map(|value| &value[..length]);
                assert!(ShareRecord::decode(Some(&key), cut).is_err(), "{length}");
            }
        }
        assert_eq!(ShareRecord::decode(Some(&[0, 9, 1]), None).unwrap(), ShareRecord::Unknown);
        assert!(ShareRecord::decode(None, None).is_err());
    }

    #[test]
    fn what_kafka_wrote_is_read_and_written_again_byte_for_byte() {
        let hex = |text: &str| -> Vec<u8> {
            let digits = text.as_bytes().chunks_exact(2);
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
        };
        let mut seen = 0;
        let lines = include_str!("../../tests/fixtures/share-records.tsv").lines();
        for line in lines.filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let &[partition, _, key, value, json] = fields.as_slice() else { panic!("{line}") };
            let (key, value) = (hex(key), hex(value));
            let record = ShareRecord::decode(Some(&key), Some(&value)).unwrap();
            assert_eq!(record.encode().unwrap(), Some((key, Some(value))), "{json}");
            let (key, shown) = match &record {
                ShareRecord::Snapshot(key, Some(s)) => {
                    let (created, written) = (s.created, s.written);
                    (
                        key,
                        format!(
                            r#""snapshotEpoch":{},"stateEpoch":{},"leaderEpoch":{},"startOffset":{},"createTimestamp":{created},"writeTimestamp":{written},"#,
                            s.snapshot_epoch,
                            s.state_epoch,
                            s.leader_epoch,
                            s.start.map_or(-1, Offset::get)
                        ),
                    )
                }
                ShareRecord::Update(key, Some(u)) => {
                    let (start, count) = (u.start.unwrap(), u.complete_count.unwrap());
                    (
                        key,
                        format!(
                            r#""snapshotEpoch":{},"leaderEpoch":{},"startOffset":{start},"deliveryCompleteCount":{count},"#,
                            u.snapshot_epoch, u.leader_epoch
                        ),
                    )
                }
                other => panic!("{other:?}"),
            };
            assert!(json.contains(&shown), "{json} {shown}");
            assert_eq!(state_partition(key, 50).to_string(), partition, "{json}");
            seen += 1;
        }
        assert_eq!(seen, 7);
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        for (first, last, fate) in [(-1, 3, 0), (4, 3, 0), (0, i64::MAX, 0), (0, 1, 1), (0, 1, 7)] {
            let mut w = Writer::new();
            w.i16(0);
            w.i32(0);
            w.i32(0);
            w.i64(0);
            w.compact_array(&[()], |w, ()| {
                w.i64(first);
                w.i64(last);
                w.i8(fate);
                w.i16(1);
                w.no_tagged_fields();
            });
            w.no_tagged_fields();
            let (key, _) = ShareRecord::Update(key(), None).encode().unwrap().unwrap();
            assert!(
                ShareRecord::decode(Some(&key), Some(&w.finish().unwrap())).is_err(),
                "{first} {last} {fate}"
            );
        }
    }
}
