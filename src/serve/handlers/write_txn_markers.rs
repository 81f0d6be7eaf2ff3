//! WriteTxnMarkers: another coordinator, or an administrator, ends a transaction in partitions.

use crate::client::{self, AbortTransactionSpec};
use crate::local::TransactionProtocol;
use crate::record::EndTxn;
use crate::serve::call::{Answer, Call, Hangup};
use crate::serve::newer;
use crate::types::acl::AclOperation;
use crate::types::{PartitionId, TopicPartition};
use bytes::Bytes;
use kafka_protocol::messages::write_txn_markers_request::{WritableTxnMarker, WriteTxnMarkersRequest};
use kafka_protocol::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
    WriteTxnMarkersResponse,
};

/// The version of the answer, of which 2 has the same fields.
const ANSWER: i16 = 1;

/// Takes the request as it comes: version 2 is read here.
pub(in crate::serve) async fn answer(call: Call, mut body: Bytes) -> Result<Answer, Hangup> {
    let markers = match call.version {
        1 => {
            let request: WriteTxnMarkersRequest = call.decode(&mut body)?;
            request.markers.into_iter().map(|marker| (marker, TransactionProtocol::Classic)).collect()
        }
        _ => newer::write_txn_markers(&body).map_err(|e| call.malformed(&e))?,
    };
    let reply = call.blocking(move |call| call.encode_as(&write(call, markers), ANSWER)).await??;
    Ok(Answer::Now(reply))
}

/// Each marker comes with the protocol that its transaction follows.
fn write(call: &Call, markers: Vec<(WritableTxnMarker, TransactionProtocol)>) -> WriteTxnMarkersResponse {
    let results = markers.iter().map(|(marker, protocol)| {
        let topics = marker.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|&id| {
                let name = topic.name.as_str().to_owned();
                let partition = TopicPartition { topic: name, partition: PartitionId(id) };
                let code =
                    write_one(call, marker, *protocol, partition).map_or_else(|e| e.code.code(), |()| 0);
                WritableTxnMarkerPartitionResult::default().with_partition_index(id).with_error_code(code)
            });
            WritableTxnMarkerTopicResult::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions.collect())
        });
        WritableTxnMarkerResult::default().with_producer_id(marker.producer_id).with_topics(topics.collect())
    });
    WriteTxnMarkersResponse::default().with_markers(results.collect())
}

fn write_one(
    call: &Call,
    marker: &WritableTxnMarker,
    protocol: TransactionProtocol,
    partition: TopicPartition,
) -> client::Result<()> {
    let access = call.access();
    access.cluster(AclOperation::Alter).or_else(|_| access.cluster(AclOperation::ClusterAction))?;
    let outcome = if marker.transaction_result { EndTxn::Commit } else { EndTxn::Abort };
    let spec = AbortTransactionSpec {
        partition,
        producer_id: marker.producer_id.0,
        producer_epoch: marker.producer_epoch,
        coordinator_epoch: marker.coordinator_epoch,
    };
    call.context.transactions.write_marker(&spec, outcome, protocol)
}
