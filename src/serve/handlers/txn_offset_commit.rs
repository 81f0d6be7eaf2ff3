//! TxnOffsetCommit: offsets of a group that count when a transaction is committed.

use crate::client::{CommittedOffset, GroupMetadata};
use crate::local::{Entry, ProducerIdentity, TransactionOffsets};
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, TopicPartition};
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponse, TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use std::collections::BTreeMap;

/// From here on clients know `TRANSACTION_ABORTABLE`.
const KNOWS_ABORTABLE: i16 = 4;
/// From here on the group gets into the transaction without AddOffsetsToTxn.
const ADDS_GROUP: i16 = 5;

/// What became of each partition.
type Codes = BTreeMap<TopicPartition, i16>;

pub(in crate::serve) fn handle(call: &Call, request: TxnOffsetCommitRequest) -> TxnOffsetCommitResponse {
    let mut offsets = Vec::new();
    for topic in &request.topics {
        let name = topic.name.as_str();
        offsets.extend(topic.partitions.iter().map(|partition| offset(name, partition)));
    }
    let codes = commit(call, &request, offsets);
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let id = PartitionId(partition.partition_index);
            let key = TopicPartition { topic: topic.name.as_str().to_owned(), partition: id };
            TxnOffsetCommitResponsePartition::default()
                .with_partition_index(id.0)
                .with_error_code(codes.get(&key).copied().unwrap_or(ErrorCode::UnknownServerError.code()))
        });
        TxnOffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    TxnOffsetCommitResponse::default().with_topics(topics.collect())
}

fn offset(topic: &str, partition: &TxnOffsetCommitRequestPartition) -> (TopicPartition, CommittedOffset) {
    let id = PartitionId(partition.partition_index);
    let epoch = partition.committed_leader_epoch;
    let committed = CommittedOffset {
        offset: Offset::new(partition.committed_offset),
        leader_epoch: (epoch >= 0).then_some(LeaderEpoch(epoch)),
        metadata: partition.committed_metadata.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    (TopicPartition { topic: topic.to_owned(), partition: id }, committed)
}

/// Commits the offsets of those partitions that there are.
fn commit(
    call: &Call,
    request: &TxnOffsetCommitRequest,
    offsets: Vec<(TopicPartition, CommittedOffset)>,
) -> Codes {
    let transactions = &call.context.transactions;
    let all: Vec<TopicPartition> = offsets.iter().map(|(partition, _)| partition.clone()).collect();
    let access = call.access();
    let permitted = access
        .transactional_id(AclOperation::Write, request.transactional_id.as_str())
        .and_then(|()| access.group(AclOperation::Read, request.group_id.as_str()));
    let missing = match permitted.and_then(|()| transactions.missing(&all)) {
        Ok(missing) => missing,
        Err(error) => return all.into_iter().map(|partition| (partition, error.code.code())).collect(),
    };
    let unknown = ErrorCode::UnknownTopicOrPartition.code();
    let mut codes: Codes = missing.iter().map(|partition| (partition.clone(), unknown)).collect();
    let denied = |partition: &TopicPartition| access.topic(AclOperation::Read, &partition.topic).is_err();
    for (partition, _) in offsets.iter().filter(|(partition, _)| denied(partition)) {
        codes.insert(partition.clone(), ErrorCode::TopicAuthorizationFailed.code());
    }
    let offsets: Vec<_> =
        offsets.into_iter().filter(|(partition, _)| !codes.contains_key(partition)).collect();
    if offsets.is_empty() {
        return codes;
    }
    let known: Vec<TopicPartition> = offsets.iter().map(|(partition, _)| partition.clone()).collect();
    let outcome = transactions.commit_offsets(&TransactionOffsets {
        transactional_id: request.transactional_id.as_str(),
        producer: ProducerIdentity { id: request.producer_id.0, epoch: request.producer_epoch },
        group: GroupMetadata {
            group: request.group_id.to_string(),
            generation: request.generation_id,
            member_id: request.member_id.to_string(),
            instance_id: request.group_instance_id.as_ref().map(ToString::to_string),
        },
        offsets,
        entry: if call.version >= ADDS_GROUP { Entry::Written } else { Entry::Verified },
    });
    match outcome {
        Ok(results) => {
            let code = |result: Result<(), ErrorCode>| result.map_or_else(ErrorCode::code, |()| 0);
            codes.extend(known.into_iter().zip(results.into_iter().map(code)));
        }
        Err(error) => {
            let code = refused(call, error.code).code();
            codes.extend(known.into_iter().map(|partition| (partition, code)));
        }
    }
    codes
}

fn refused(call: &Call, code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::ProducerFenced => ErrorCode::InvalidProducerEpoch,
        ErrorCode::InvalidTxnState if (KNOWS_ABORTABLE..ADDS_GROUP).contains(&call.version) => {
            ErrorCode::TransactionAbortable
        }
        code => code,
    }
}
