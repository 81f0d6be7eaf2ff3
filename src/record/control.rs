//! Control records: the marks that Kafka itself leaves in a log. Decoded here from key and value; whole control
//! batches are made in `control_batch`.
//!
//! Key: `version i16, type i16`. Values (KIP-98, KIP-595, KIP-630, KIP-853) begin with their `version i16`; all
//! but the transaction marker's use compact arrays and strings and tagged fields.

use super::error::{Error, Result};
use crate::types::{CodecError, Reader, TimestampMs, Uuid};

/// How a transaction ended, by its number in the key of its marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndTxn {
    Abort = 0,
    Commit = 1,
}

/// The type of a control record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlType {
    EndTxn(EndTxn),
    LeaderChange,
    SnapshotHeader,
    SnapshotFooter,
    KRaftVersion,
    KRaftVoters,
    Unknown(i16),
}

impl ControlType {
    /// The type that a control record's key names.
    pub(crate) fn from_key(key: &[u8]) -> Result<ControlType> {
        let [_, _, high, low, ..] = *key else {
            return Err(Error::ControlKey(key.len()));
        };
        Ok(match i16::from_be_bytes([high, low]) {
            0 => ControlType::EndTxn(EndTxn::Abort),
            1 => ControlType::EndTxn(EndTxn::Commit),
            2 => ControlType::LeaderChange,
            3 => ControlType::SnapshotHeader,
            4 => ControlType::SnapshotFooter,
            5 => ControlType::KRaftVersion,
            6 => ControlType::KRaftVoters,
            other => ControlType::Unknown(other),
        })
    }

    /// The number that stands for it in the key.
    pub(super) const fn number(self) -> i16 {
        match self {
            ControlType::EndTxn(outcome) => outcome as i16,
            ControlType::LeaderChange => 2,
            ControlType::SnapshotHeader => 3,
            ControlType::SnapshotFooter => 4,
            ControlType::KRaftVersion => 5,
            ControlType::KRaftVoters => 6,
            ControlType::Unknown(number) => number,
        }
    }
}

/// A voter as a leader change names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voter {
    pub(crate) id: i32,
    /// Only in version 1.
    pub(crate) directory_id: Option<Uuid>,
}

/// A voter as the voters record describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KRaftVoter {
    pub(crate) id: i32,
    pub(crate) directory_id: Uuid,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) min_supported_version: i16,
    pub(crate) max_supported_version: i16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A decoded control record; `version` is that of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ControlRecord {
    EndTxn { outcome: EndTxn, coordinator_epoch: i32 },
    LeaderChange { version: i16, leader_id: i32, voters: Vec<Voter>, granting_voters: Vec<Voter> },
    SnapshotHeader { version: i16, last_contained_log_timestamp: TimestampMs },
    SnapshotFooter { version: i16 },
    KRaftVersion { version: i16, kraft_version: i16 },
    KRaftVoters { version: i16, voters: Vec<KRaftVoter> },
    Unknown { number: i16 },
}

impl ControlRecord {
    /// Decodes a control batch's record. Tagged fields and bytes behind the known ones are skipped.
    pub(crate) fn decode(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<ControlRecord> {
        let kind = ControlType::from_key(key.unwrap_or_default())?;
        let mut value = Reader::new(value.unwrap_or_default());
        let (what, record) = match kind {
            ControlType::EndTxn(outcome) => ("transaction marker", end_txn(outcome, &mut value)),
            ControlType::LeaderChange => ("leader change", leader_change(&mut value)),
            ControlType::SnapshotHeader => ("snapshot header", snapshot_header(&mut value)),
            ControlType::SnapshotFooter => ("snapshot footer", snapshot_footer(&mut value)),
            ControlType::KRaftVersion => ("kraft version", kraft_version(&mut value)),
            ControlType::KRaftVoters => ("kraft voters", kraft_voters(&mut value)),
            ControlType::Unknown(number) => ("unknown", Ok(ControlRecord::Unknown { number })),
        };
        record.map_err(|source| Error::ControlRecord { what, source })
    }
}

type Decoded<T> = std::result::Result<T, CodecError>;

fn end_txn(outcome: EndTxn, value: &mut Reader<'_>) -> Decoded<ControlRecord> {
    let _version = value.i16()?;
    Ok(ControlRecord::EndTxn { outcome, coordinator_epoch: value.i32()? })
}

fn leader_change(value: &mut Reader<'_>) -> Decoded<ControlRecord> {
    let version = value.i16()?;
    let leader_id = value.i32()?;
    let voter = |value: &mut Reader<'_>| {
        let id = value.i32()?;
        let directory_id = if version >= 1 { Some(value.uuid()?) } else { None };
        value.skip_tagged_fields()?;
        Ok(Voter { id, directory_id })
    };
    let (voters, granting_voters) = (value.compact_array(voter)?, value.compact_array(voter)?);
    Ok(ControlRecord::LeaderChange { version, leader_id, voters, granting_voters })
}

fn snapshot_header(value: &mut Reader<'_>) -> Decoded<ControlRecord> {
    let (version, last_contained_log_timestamp) = (value.i16()?, TimestampMs(value.i64()?));
    Ok(ControlRecord::SnapshotHeader { version, last_contained_log_timestamp })
}

fn snapshot_footer(value: &mut Reader<'_>) -> Decoded<ControlRecord> {
    Ok(ControlRecord::SnapshotFooter { version: value.i16()? })
}

fn kraft_version(value: &mut Reader<'_>) -> Decoded<ControlRecord> {
    Ok(ControlRecord::KRaftVersion { version: value.i16()?, kraft_version: value.i16()? })
}

fn kraft_voters(value: &mut Reader<'_>) -> Decoded<ControlRecord> {
    let version = value.i16()?;
    let voters = value.compact_array(|value| {
        let (id, directory_id) = (value.i32()?, value.uuid()?);
        let endpoints = value.compact_array(|value| {
            let (name, host) = (value.compact_string()?.to_owned(), value.compact_string()?.to_owned());
            let port = value.u16()?;
            value.skip_tagged_fields()?;
            Ok(Endpoint { name, host, port })
        })?;
        let (min_supported_version, max_supported_version) = (value.i16()?, value.i16()?);
        // One section ends the version range, one the voter.
        value.skip_tagged_fields()?;
        value.skip_tagged_fields()?;
        Ok(KRaftVoter { id, directory_id, endpoints, min_supported_version, max_supported_version })
    })?;
    Ok(ControlRecord::KRaftVoters { version, voters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BatchReader, fixtures};
    use std::ops::ControlFlow;

    fn decode(batch: &[u8]) -> ControlRecord {
        let mut decoded = None;
        let visit = |record: &crate::types::RecordView<'_>| {
            decoded = Some(ControlRecord::decode(record.key, record.value).unwrap());
            ControlFlow::Continue(())
        };
        assert!(BatchReader::default().for_each(batch, visit).unwrap().is_continue());
        decoded.unwrap()
    }

    #[test]
    fn real_control_records_decode() {
        let voter = Voter { id: 1, directory_id: None };
        let expected = [
            (fixtures::MARKER, ControlRecord::EndTxn { outcome: EndTxn::Commit, coordinator_epoch: 0 }),
            (
                fixtures::LEADER_CHANGE,
                ControlRecord::LeaderChange {
                    version: 0,
                    leader_id: 1,
                    voters: vec![voter],
                    granting_voters: vec![voter],
                },
            ),
            (
                fixtures::SNAPSHOT_HEADER,
                ControlRecord::SnapshotHeader {
                    version: 0,
                    last_contained_log_timestamp: TimestampMs(0x01a1_fd8b_60fa),
                },
            ),
            (fixtures::SNAPSHOT_FOOTER, ControlRecord::SnapshotFooter { version: 0 }),
        ];
        for (batch, record) in expected {
            assert_eq!(decode(batch), record);
        }
    }

    #[test]
    fn the_voters_record_decodes_and_no_prefix_of_it() {
        let id = [9; 16];
        let endpoint = [b"\x02C\x02h".as_slice(), &[0x23, 0x84, 0]].concat();
        let voter = [[0, 0, 0, 7].as_slice(), &id, &[2], &endpoint, &[0, 0, 0, 1, 0, 0]].concat();
        let value = [[0, 0, 2].as_slice(), &voter].concat();
        let key = Some([0, 0, 0, 6].as_slice());
        let expected = KRaftVoter {
            id: 7,
            directory_id: Uuid(id),
            endpoints: vec![Endpoint { name: "C".to_owned(), host: "h".to_owned(), port: 9092 }],
            min_supported_version: 0,
            max_supported_version: 1,
        };
        let record = ControlRecord::decode(key, Some(&value)).unwrap();
        assert_eq!(record, ControlRecord::KRaftVoters { version: 0, voters: vec![expected] });
        for end in 0..value.len() {
            assert!(ControlRecord::decode(key, Some(&value[..end])).is_err(), "{end} bytes");
        }
        assert!(ControlRecord::decode(Some(&[0, 0, 0]), Some(&value)).is_err());
        assert!(ControlRecord::decode(None, None).is_err());
    }
}
