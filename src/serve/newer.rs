//! Versions of messages that the protocol crate doesn't know yet: what they have beside the fields of the one before.

use crate::client;
use crate::local::TransactionProtocol;
use crate::types::{CodecError, PartitionId, Reader, Uuid, Writer};
use bytes::Bytes;
use kafka_protocol::messages::add_raft_voter_request::{AddRaftVoterRequest, Listener};
use kafka_protocol::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use kafka_protocol::messages::{ProducerId, TopicName};
use kafka_protocol::protocol::StrBytes;

/// AddRaftVoter 1: whether the answer may come before the change is committed, which it never does here.
pub(super) fn add_raft_voter(body: &[u8]) -> Result<AddRaftVoterRequest, CodecError> {
    let mut r = Reader::new(body);
    let cluster_id = r.compact_nullable_string()?.map(|id| StrBytes::from_string(id.to_owned()));
    let (timeout_ms, voter_id, directory) = (r.i32()?, r.i32()?, r.uuid()?);
    let listeners = r.compact_array(|r| {
        let name = StrBytes::from_string(r.compact_string()?.to_owned());
        let host = StrBytes::from_string(r.compact_string()?.to_owned());
        let port = r.u16()?;
        r.skip_tagged_fields()?;
        Ok(Listener::default().with_name(name).with_host(host).with_port(port))
    })?;
    r.bool()?;
    r.skip_tagged_fields()?;
    r.expect_end()?;
    Ok(AddRaftVoterRequest::default()
        .with_cluster_id(cluster_id)
        .with_timeout_ms(timeout_ms)
        .with_voter_id(voter_id)
        .with_voter_directory_id(uuid::Uuid::from_bytes(directory.0))
        .with_listeners(listeners))
}

/// WriteTxnMarkers 2: each marker says last which version of transactions it follows.
pub(super) fn write_txn_markers(
    body: &[u8],
) -> Result<Vec<(WritableTxnMarker, TransactionProtocol)>, CodecError> {
    let mut r = Reader::new(body);
    let markers = r.compact_array(|r| {
        let (producer_id, epoch, outcome) = (r.i64()?, r.i16()?, r.i8()? != 0);
        let topics = r.compact_array(|r| {
            let name = TopicName(StrBytes::from_string(r.compact_string()?.to_owned()));
            let ids = r.compact_array(Reader::i32)?;
            r.skip_tagged_fields()?;
            Ok(WritableTxnMarkerTopic::default().with_name(name).with_partition_indexes(ids))
        })?;
        let (coordinator_epoch, version) = (r.i32()?, r.i8()?);
        r.skip_tagged_fields()?;
        let marker = WritableTxnMarker::default()
            .with_producer_id(ProducerId(producer_id))
            .with_producer_epoch(epoch)
            .with_transaction_result(outcome)
            .with_topics(topics)
            .with_coordinator_epoch(coordinator_epoch);
        let protocol = if version >= 2 { TransactionProtocol::Rising } else { TransactionProtocol::Classic };
        Ok((marker, protocol))
    })?;
    r.skip_tagged_fields()?;
    r.expect_end()?;
    Ok(markers)
}

/// ShareFetch 2: behind the numbers of the request it says how records are to be acquired, and whether it is all about having
/// more time for others. Answers the body without these.
pub(super) fn share_fetch(body: &[u8]) -> Result<(Bytes, i8, bool), CodecError> {
    let mut r = Reader::new(body);
    r.compact_nullable_string()?;
    r.compact_nullable_string()?;
    // The session's epoch, the time to wait, bytes at least and at most, records, and the size of batches.
    r.take(6 * 4)?;
    let front = body.get(..r.position()).unwrap_or_default();
    let (mode, renews) = (r.i8()?, r.bool()?);
    Ok((Bytes::from([front, r.remaining()].concat()), mode, renews))
}

/// ShareAcknowledge 2: behind the session's epoch it says whether it is about having more time.
pub(super) fn share_acknowledge(body: &[u8]) -> Result<(Bytes, bool), CodecError> {
    let mut r = Reader::new(body);
    r.compact_nullable_string()?;
    r.compact_nullable_string()?;
    r.i32()?;
    let front = body.get(..r.position()).unwrap_or_default();
    let renews = r.bool()?;
    Ok((Bytes::from([front, r.remaining()].concat()), renews))
}

/// The body of an answer to ShareAcknowledge 2, from an answer to 1 as it is sent: it tells besides how long records are locked.
pub(super) fn share_acknowledged(answer: &[u8], lock_ms: i32) -> Result<Vec<u8>, CodecError> {
    let mut r = Reader::new(answer);
    // The length, the correlation id, no tags.
    r.take(4 + 4 + 1)?;
    let start = r.position();
    // How long the client is to wait, and what was wrong with the request as a whole.
    r.take(4 + 2)?;
    r.compact_nullable_string()?;
    let front = answer.get(start..r.position()).unwrap_or_default();
    Ok([front, &lock_ms.to_be_bytes(), r.remaining()].concat())
}

/// How far a share group has come in a partition.
pub(super) struct DescribedOffsets {
    pub(super) partition: PartitionId,
    /// -1 before a record was delivered.
    pub(super) start: i64,
    pub(super) leader_epoch: i32,
    /// -1 where nobody knows.
    pub(super) lag: i64,
}

pub(super) struct OffsetsOfTopic {
    pub(super) name: String,
    pub(super) id: Uuid,
    pub(super) partitions: Vec<DescribedOffsets>,
}

pub(super) struct OffsetsOfGroup {
    pub(super) id: String,
    pub(super) outcome: client::Result<Vec<OffsetsOfTopic>>,
}

/// The body of an answer to DescribeShareGroupOffsets; from version 1 on it tells the lag.
pub(super) fn described_offsets(groups: &[OffsetsOfGroup], version: i16) -> Result<Vec<u8>, CodecError> {
    let mut w = Writer::new();
    w.i32(0);
    w.compact_array(groups, |w, group| {
        w.compact_string(&group.id);
        let (topics, error) = match &group.outcome {
            Ok(topics) => (topics.as_slice(), None),
            Err(error) => (&[][..], Some(error)),
        };
        w.compact_array(topics, |w, topic| {
            w.compact_string(&topic.name);
            w.uuid(topic.id);
            w.compact_array(&topic.partitions, |w, described| {
                w.i32(described.partition.0);
                w.i64(described.start);
                w.i32(described.leader_epoch);
                if version >= 1 {
                    w.i64(described.lag);
                }
                w.i16(0);
                w.compact_nullable_string(None);
                w.no_tagged_fields();
            });
            w.no_tagged_fields();
        });
        w.i16(error.map_or(0, |error| error.code.code()));
        w.compact_nullable_string(error.map(|error| error.message.as_str()));
        w.no_tagged_fields();
    });
    w.no_tagged_fields();
    w.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorCode;
    use bytes::BytesMut;
    use kafka_protocol::messages::describe_share_group_offsets_response::DescribeShareGroupOffsetsResponse;
    use kafka_protocol::messages::{
        ShareAcknowledgeRequest, ShareAcknowledgeResponse, ShareFetchRequest, WriteTxnMarkersRequest,
    };
    use kafka_protocol::protocol::{Decodable, Encodable};

    fn encoded(message: &impl Encodable) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        message.encode(&mut bytes, 1).unwrap();
        bytes.to_vec()
    }

    fn no_prefix_is_read<T>(body: &[u8], read: impl Fn(&[u8]) -> Result<T, CodecError>) {
        for end in 0..body.len() {
            assert!(read(&body[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn what_is_new_in_a_request_is_read_and_taken_out() {
        let message = ShareFetchRequest::default()
            .with_member_id(Some(StrBytes::from_static_str("m")))
            .with_max_records(7);
        let old = encoded(&message);
        // A null group, "m", and six numbers.
        let at = 1 + 2 + 24;
        let new = [&old[..at], &[1, 1], &old[at..]].concat();
        let (body, mode, renews) = share_fetch(&new).unwrap();
        assert_eq!((&body[..], mode, renews), (&old[..], 1, true));
        no_prefix_is_read(&new[..at + 2], share_fetch);
        let old = encoded(&ShareAcknowledgeRequest::default().with_share_session_epoch(3));
        let at = old.len() - 2;
        let new = [&old[..at], &[1], &old[at..]].concat();
        assert_eq!(share_acknowledge(&new), Ok((Bytes::from(old), true)));
        no_prefix_is_read(&new[..=at], share_acknowledge);
    }

    #[test]
    fn a_marker_tells_its_version() {
        let topic = WritableTxnMarkerTopic::default()
            .with_name(TopicName(StrBytes::from_static_str("t")))
            .with_partition_indexes(vec![3]);
        let marker = WritableTxnMarker::default()
            .with_producer_id(ProducerId(5))
            .with_transaction_result(true)
            .with_topics(vec![topic])
            .with_coordinator_epoch(2);
        let old = encoded(&WriteTxnMarkersRequest::default().with_markers(vec![marker.clone()]));
        let at = old.len() - 2;
        let new = [&old[..at], &[2], &old[at..]].concat();
        assert_eq!(write_txn_markers(&new), Ok(vec![(marker, TransactionProtocol::Rising)]));
        no_prefix_is_read(&new, write_txn_markers);
    }

    #[test]
    fn answers_have_what_is_new_in_its_place() {
        let response = ShareAcknowledgeResponse::default()
            .with_error_code(42)
            .with_error_message(Some(StrBytes::from_static_str("no")));
        let old = encoded(&response);
        let answer = [&[0; 9], &old[..]].concat();
        let at = 4 + 2 + 3;
        assert_eq!(share_acknowledged(&answer, 7), Ok([&old[..at], &[0, 0, 0, 7], &old[at..]].concat()));
        no_prefix_is_read(&answer[..9 + at], |bytes| share_acknowledged(bytes, 7));
        let described = DescribedOffsets { partition: PartitionId(1), start: 2, leader_epoch: 3, lag: 4 };
        let topic = OffsetsOfTopic { name: "t".into(), id: Uuid::ZERO, partitions: vec![described] };
        let groups = [
            OffsetsOfGroup { id: "g".into(), outcome: Ok(vec![topic]) },
            OffsetsOfGroup { id: "h".into(), outcome: Err(client::Error::of(ErrorCode::InvalidGroupId)) },
        ];
        let mut body = Bytes::from(described_offsets(&groups, 0).unwrap());
        let read = DescribeShareGroupOffsetsResponse::decode(&mut body, 0).unwrap();
        assert!(body.is_empty());
        let partition = &read.groups[0].topics[0].partitions[0];
        assert_eq!((partition.partition_index, partition.start_offset, partition.leader_epoch), (1, 2, 3));
        assert_eq!((read.groups[1].error_code, read.groups[1].topics.len()), (24, 0));
        let more =
            described_offsets(&groups, 1).unwrap().len() - described_offsets(&groups, 0).unwrap().len();
        assert_eq!(more, 8);
    }
}
