//! Control batches, whole: one control record, base offset 0, the CRC in place. `stamp` puts them in their log.
//! The clock is an argument.

use super::Compression;
use super::builder::{BatchBuilder, ProducerStamp};
use super::control::{ControlType, EndTxn};
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
/// if it covers none.
pub(crate) fn snapshot_header_batch(last_contained: TimestampMs, now: TimestampMs) -> Result<Vec<u8>> {
    let mut value = value_of_version_0();
    value.i64(last_contained.0);
    value.no_tagged_fields();
    control_batch(ControlType::SnapshotHeader, value, &ProducerStamp::NONE, now)
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
    let mut key = [0; 4];
    if let Some(number) = key.last_chunk_mut::<2>() {
        *number = kind.number().to_be_bytes();
    }
    let value = value.finish().map_err(|source| Error::ControlRecord { what: "new", source })?;
    let mut builder = BatchBuilder::new(Compression::None);
    builder.append(now, Some(&key), Some(&value), &[]);
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
                83 => snapshot_header_batch(TimestampMs(0x01a1_fd8b_60fa), now),
                _ => snapshot_footer_batch(now),
            }
            .unwrap();
            stamp(&mut made, header.base_offset(), header.leader_epoch());
            assert_eq!(made, real);
        }
    }
}
