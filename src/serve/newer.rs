//! Versions of messages that the protocol crate doesn't know yet: what they have beside the fields of the one before.

use crate::local::TransactionProtocol;
use crate::types::{CodecError, Reader};
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
