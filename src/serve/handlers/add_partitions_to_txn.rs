//! AddPartitionsToTxn: the partitions that a transaction is about to write to. Up to version 3 a client says so, from 4 on
//! one broker to another for many transactions at once.

use crate::local::{Entry, ProducerIdentity};
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, PartitionId, TopicPartition};
use kafka_protocol::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic,
};
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnResponse, AddPartitionsToTxnResult,
    AddPartitionsToTxnTopicResult,
};
use std::collections::BTreeSet;

/// From here on clients know `PRODUCER_FENCED`.
const KNOWS_FENCED: i16 = 2;
/// From here on requests name many transactions.
const BATCHED: i16 = 4;
/// From here on brokers know `TRANSACTION_ABORTABLE`.
const KNOWS_ABORTABLE: i16 = 5;

pub(in crate::serve) fn handle(
    call: &Call,
    request: AddPartitionsToTxnRequest,
) -> AddPartitionsToTxnResponse {
    if call.version < BATCHED {
        let producer = ProducerIdentity {
            id: request.v3_and_below_producer_id.0,
            epoch: request.v3_and_below_producer_epoch,
        };
        let id = request.v3_and_below_transactional_id.as_str();
        let results = add(call, id, producer, &request.v3_and_below_topics, Entry::Said);
        return AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(results);
    }
    let results = request.transactions.iter().map(|transaction| {
        let producer = ProducerIdentity { id: transaction.producer_id.0, epoch: transaction.producer_epoch };
        let entry = if transaction.verify_only { Entry::Verified } else { Entry::Written };
        let topics = add(call, transaction.transactional_id.as_str(), producer, &transaction.topics, entry);
        AddPartitionsToTxnResult::default()
            .with_transactional_id(transaction.transactional_id.clone())
            .with_topic_results(topics)
    });
    AddPartitionsToTxnResponse::default().with_results_by_transaction(results.collect())
}

/// What a client is told that may not know all errors yet.
pub(in crate::serve) fn as_known(code: ErrorCode, knows_fenced: bool) -> ErrorCode {
    match code {
        ErrorCode::ProducerFenced if !knows_fenced => ErrorCode::InvalidProducerEpoch,
        code => code,
    }
}

fn partitions_of(topic: &AddPartitionsToTxnTopic) -> impl Iterator<Item = TopicPartition> + '_ {
    let name = || topic.name.as_str().to_owned();
    topic.partitions.iter().map(move |&id| TopicPartition { topic: name(), partition: PartitionId(id) })
}

/// Adds all of the partitions or none.
fn add(
    call: &Call,
    transactional_id: &str,
    producer: ProducerIdentity,
    topics: &[AddPartitionsToTxnTopic],
    entry: Entry,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let transactions = &call.context.transactions;
    let partitions: Vec<TopicPartition> = topics.iter().flat_map(partitions_of).collect();
    let access = call.access();
    let denied: BTreeSet<&str> = topics
        .iter()
        .map(|topic| topic.name.as_str())
        .filter(|name| access.topic(AclOperation::Write, name).is_err())
        .collect();
    let permitted = access.transactional_id(AclOperation::Write, transactional_id);
    let outcome = permitted
        .and_then(|()| transactions.missing(&partitions))
        .map_err(|error| error.code)
        .and_then(|missing| match missing.is_empty() && denied.is_empty() {
            true => transactions
                .enter(transactional_id, producer, &partitions, entry)
                .map(|()| missing)
                .map_err(|error| refused(call, error.code, entry)),
            false => Ok(missing),
        });
    let code = |partition: &TopicPartition| match &outcome {
        Ok(_) if denied.contains(partition.topic.as_str()) => ErrorCode::TopicAuthorizationFailed.code(),
        Ok(missing) if missing.is_empty() && denied.is_empty() => 0,
        Ok(missing) if missing.contains(partition) => ErrorCode::UnknownTopicOrPartition.code(),
        Ok(_) => ErrorCode::OperationNotAttempted.code(),
        Err(code) => code.code(),
    };
    let topic_result = |topic: &AddPartitionsToTxnTopic| {
        let results = partitions_of(topic).map(|partition| {
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(partition.partition.0)
                .with_partition_error_code(code(&partition))
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(results.collect())
    };
    topics.iter().map(topic_result).collect()
}

fn refused(call: &Call, code: ErrorCode, entry: Entry) -> ErrorCode {
    match code {
        ErrorCode::InvalidTxnState if entry == Entry::Verified && call.version >= KNOWS_ABORTABLE => {
            ErrorCode::TransactionAbortable
        }
        code => as_known(code, call.version >= KNOWS_FENCED),
    }
}
