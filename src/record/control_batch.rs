//! Control batches, whole: one control record, base offset 0, the CRC in place. `stamp` puts them in their log.
//! The clock is an argument.

use super::Compression;
use super::builder::{BatchBuilder, ProducerStamp};
use super::control::{ControlType, EndTxn, KRaftVoter};
use super::error::{Error, Result};
use crate::types::{BrokerId, TimestampMs, Writer};

/// The marker that ends a transaction of this producer; with transaction.version 2 `producer_epoch` is the raised
/// one.
pub(crate) fn end_txn_batch(
    outcome: EndTxn,
    producer_id: i64,
    producer_epoch: i16,
    coordinator_epoch: i32,
    now: TimestampMs,
) -> Result<Vec<u8>> {
    let mut value = value_of_version_0();
    value.i32(coordinator_epoch);
    let producer =
        ProducerStamp { producer_id, epoch: producer_epoch, transactional: true, ..ProducerStamp::NONE };
    control_batch(ControlType::EndTxn(outcome), value, &producer, now)
}

/// The first batch of a Raft leader's epoch (`LeaderChangeMessage` v0): it leads, these vote, and these voted for it.
pub(crate) fn leader_change_batch(
    leader: BrokerId,
    voters: &[BrokerId],
    granting_voters: &[BrokerId],
    now: TimestampMs,
) -> Result<Vec<u8>> {
    let mut value = value_of_version_0();
    value.i32(leader.0);
    for voters in [voters, granting_voters] {
        value.compact_array(voters, |value, voter| {
            value.i32(voter.0);
            value.no_tagged_fields();
        });
    }
    value.no_tagged_fields();
    control_batch(ControlType::LeaderChange, value, &ProducerStamp::NONE, now)
}

/// The first batch of a metadata snapshot; `last_contained` is the append time of the last batch that it covers, 0
/// if it covers none. A quorum that can change its members, given as the version of its feature and its voters, stands
/// in it too.
pub(crate) fn snapshot_header_batch(
    last_contained: TimestampMs,
    quorum: Option<(i16, &[KRaftVoter])>,
    now: TimestampMs,
) -> Result<Vec<u8>> {
    let mut value = value_of_version_0();
    value.i64(last_contained.0);
    value.no_tagged_fields();
    let mut records = vec![(ControlType::SnapshotHeader, value)];
    if let Some((version, voters)) = quorum {
        records.extend(quorum_records(version, voters));
    }
    control_records(records, &ProducerStamp::NONE, now)
}

/// The batch with which a quorum becomes one that can change its members (KIP-853).
pub(crate) fn quorum_batch(version: i16, voters: &[KRaftVoter], now: TimestampMs) -> Result<Vec<u8>> {
    control_records(quorum_records(version, voters).into(), &ProducerStamp::NONE, now)
}

fn quorum_records(version: i16, voters: &[KRaftVoter]) -> [(ControlType, Writer); 2] {
    let mut feature = value_of_version_0();
    feature.i16(version);
    feature.no_tagged_fields();
    let mut value = value_of_version_0();
    value.compact_array(voters, |value, voter| {
        value.i32(voter.id);
        value.uuid(voter.directory_id);
        value.compact_array(&voter.endpoints, |value, endpoint| {
            value.compact_string(&endpoint.name);
            value.compact_string(&endpoint.host);
            value.u16(endpoint.port);
            value.no_tagged_fields();
        });
        value.i16(voter.min_supported_version);
        value.i16(voter.max_supported_version);
        value.no_tagged_fields();
        value.no_tagged_fields();
    });
    value.no_tagged_fields();
    [(ControlType::KRaftVersion, feature), (ControlType::KRaftVoters, value)]
}

/// The last batch of a metadata snapshot.
pub(crate) fn snapshot_footer_batch(now: TimestampMs) -> Result<Vec<u8>> {
    let mut value = value_of_version_0();
    value.no_tagged_fields();
    control_batch(ControlType::SnapshotFooter, value, &ProducerStamp::NONE, now)
}

fn value_of_version_0() -> Writer {
    let mut value = Writer::new();
    value.i16(0);
    value
}

fn control_batch(
    kind: ControlType,
    value: Writer,
    producer: &ProducerStamp,
    now: TimestampMs,
) -> Result<Vec<u8>> {
    control_records(vec![(kind, value)], producer, now)
}

fn control_records(
    records: Vec<(ControlType, Writer)>,
    producer: &ProducerStamp,
    now: TimestampMs,
) -> Result<Vec<u8>> {
    let mut builder = BatchBuilder::new(Compression::None);
    for (kind, value) in records {
        let mut key = [0; 4];
        if let Some(number) = key.last_chunk_mut::<2>() {
            *number = kind.number().to_be_bytes();
        }
        let value = value.finish().map_err(|source| Error::ControlRecord { what: "new", source })?;
        builder.append(now, Some(&key), Some(&value), &[]);
    }
    builder.finish_control(producer).map(|batch| batch.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BatchHeader, fixtures, stamp};

    #[test]
    fn control_batches_are_kafkas_to_the_byte() {
        let one = [BrokerId(1)];
        for real in
            [fixtures::MARKER, fixtures::LEADER_CHANGE, fixtures::SNAPSHOT_HEADER, fixtures::SNAPSHOT_FOOTER]
        {
            let header = BatchHeader::parse(real).unwrap();
            let now = header.max_timestamp();
            let mut made = match real.len() {
                78 => end_txn_batch(EndTxn::Commit, header.producer_id(), header.producer_epoch(), 0, now),
                91 => leader_change_batch(BrokerId(1), &one, &one, now),
                83 => snapshot_header_batch(TimestampMs(0x01a1_fd8b_60fa), None, now),
                _ => snapshot_footer_batch(now),
            }
            .unwrap();
            stamp(&mut made, header.base_offset(), header.leader_epoch());
            assert_eq!(made, real);
        }
    }

    /// The first batch of a snapshot that `kafka-storage format --standalone` has written.
    #[test]
    fn a_quorum_stands_behind_a_snapshots_header() {
        let real = "00000000000000000000009a0000000002f343884c002000000002000001a1ff65715f000001a1ff65715fffff\
                    ffffffffffffffffffffffff000000032a0000000800000003160000000001a1ff6570bb00001e000002080000\
                    00050a000000010000820100000408000000066e000002000000019917927f2b8f4014bc86b58c5237c57a020b\
                    434f4e54524f4c4c45520a3132372e302e302e314cba000000000100000000";
        let voter = KRaftVoter {
            id: 1,
            directory_id: "mReSfyuPQBS8hrWMUjfFeg".parse().unwrap(),
            endpoints: vec![super::super::control::Endpoint {
                name: "CONTROLLER".to_owned(),
                host: "127.0.0.1".to_owned(),
                port: 19642,
            }],
            min_supported_version: 0,
            max_supported_version: 1,
        };
        let now = TimestampMs(1_795_286_200_671);
        let quorum = Some((1, std::slice::from_ref(&voter)));
        let mut made = snapshot_header_batch(TimestampMs(1_795_286_200_507), quorum, now).unwrap();
        stamp(&mut made, crate::types::Offset::ZERO, crate::types::LeaderEpoch(0));
        let hex: String = made.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, real);
        assert_eq!(quorum_batch(1, &[voter], now).unwrap().len(), 144);
    }
}
