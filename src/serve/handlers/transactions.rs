//! ListTransactions, DescribeTransactions and DescribeProducers: what an administrator wants to know of transactions.

use crate::client::{self, ProducerDescription, TransactionDescription, TransactionFilter, TransactionState};
use crate::serve::call::Call;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, PartitionId, TopicPartition};
use kafka_protocol::messages::describe_producers_request::{DescribeProducersRequest, TopicRequest};
use kafka_protocol::messages::describe_producers_response::{
    DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};
use kafka_protocol::messages::describe_transactions_response::{TopicData, TransactionState as Described};
use kafka_protocol::messages::list_transactions_response::TransactionState as Listed;
use kafka_protocol::messages::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, ListTransactionsRequest,
    ListTransactionsResponse, ProducerId, TopicName, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;
use regex::{Regex, RegexBuilder};

/// How much memory a pattern may take.
const PATTERN_BYTES_MAX: usize = 1 << 20;

const STATES: [TransactionState; 7] = [
    TransactionState::Empty,
    TransactionState::Ongoing,
    TransactionState::PrepareCommit,
    TransactionState::PrepareAbort,
    TransactionState::CompleteCommit,
    TransactionState::CompleteAbort,
    TransactionState::Dead,
];

pub(in crate::serve) fn list(call: &Call, request: ListTransactionsRequest) -> ListTransactionsResponse {
    let known = |name: &StrBytes| STATES.iter().find(|state| state.name() == name.as_str()).copied();
    let states: Vec<TransactionState> = request.state_filters.iter().filter_map(known).collect();
    let is_unknown = |name: &&StrBytes| known(name).is_none();
    let unknown: Vec<StrBytes> = request.state_filters.iter().filter(is_unknown).cloned().collect();
    let response = ListTransactionsResponse::default().with_unknown_state_filters(unknown);
    let filter = match pattern(&request) {
        Ok(pattern) => TransactionFilter {
            running_longer_than_ms: Some(request.duration_filter).filter(|&ms| ms >= 0),
            pattern,
        },
        Err(code) => return response.with_error_code(code.code()),
    };
    let listed = match call.context.cluster.admin().list_transactions(&filter) {
        Ok(listed) => listed,
        Err(error) => return response.with_error_code(error.code.code()),
    };
    let access = call.access();
    let producers = &request.producer_id_filters;
    let wanted = listed.into_iter().filter(|one| {
        (request.state_filters.is_empty() || states.contains(&one.state))
            && (producers.is_empty() || producers.contains(&ProducerId(one.producer_id)))
            && access.transactional_id(AclOperation::Describe, &one.transactional_id).is_ok()
    });
    let listed = wanted.map(|one| {
        Listed::default()
            .with_transactional_id(TransactionalId(StrBytes::from_string(one.transactional_id)))
            .with_producer_id(ProducerId(one.producer_id))
            .with_transaction_state(StrBytes::from_static_str(one.state.name()))
    });
    response.with_transaction_states(listed.collect())
}

/// The ids that are wanted; `None` for all.
fn pattern(request: &ListTransactionsRequest) -> Result<Option<Regex>, ErrorCode> {
    let Some(pattern) = request.transactional_id_pattern.as_ref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    // Alone first: one that closes the group which is put around it is none.
    let compile = |text: &str| {
        let compiled = RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
        compiled.map_err(|_| ErrorCode::InvalidRegularExpression)
    };
    compile(pattern)?;
    compile(&format!("^(?:{})$", pattern.as_str())).map(Some)
}

pub(in crate::serve) fn describe(
    call: &Call,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let look = |id: &str| {
        access.transactional_id(AclOperation::Describe, id)?;
        let mut description = admin.describe_transaction(id)?;
        description.partitions.retain(|at| access.topic(AclOperation::Describe, &at.topic).is_ok());
        Ok::<_, client::Error>(description)
    };
    let described = request.transactional_ids.into_iter().map(|id| match look(id.as_str()) {
        Ok(description) => described(&description).with_transactional_id(id),
        Err(error) => Described::default().with_transactional_id(id).with_error_code(error.code.code()),
    });
    DescribeTransactionsResponse::default().with_transaction_states(described.collect())
}

fn described(description: &TransactionDescription) -> Described {
    let mut topics: Vec<TopicData> = Vec::new();
    for partition in &description.partitions {
        let id = partition.partition.0;
        match topics.iter_mut().find(|topic| topic.topic.as_str() == partition.topic) {
            Some(topic) => topic.partitions.push(id),
            None => {
                let name = TopicName(StrBytes::from_string(partition.topic.clone()));
                topics.push(TopicData::default().with_topic(name).with_partitions(vec![id]));
            }
        }
    }
    Described::default()
        .with_transaction_state(StrBytes::from_static_str(description.state.name()))
        .with_transaction_timeout_ms(description.timeout_ms)
        .with_transaction_start_time_ms(description.start.map_or(-1, |start| start.0))
        .with_producer_id(ProducerId(description.producer_id))
        .with_producer_epoch(description.producer_epoch)
        .with_topics(topics)
}

pub(in crate::serve) fn producers(
    call: &Call,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let topics = request.topics.iter().map(|topic| producers_of(call, topic));
    DescribeProducersResponse::default().with_topics(topics.collect())
}

fn producers_of(call: &Call, topic: &TopicRequest) -> TopicResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let partitions = topic.partition_indexes.iter().map(|&id| {
        let name = topic.name.as_str().to_owned();
        let permitted = access.topic(AclOperation::Read, &name);
        let found = permitted.and_then(|()| {
            admin.describe_producers(&TopicPartition { topic: name, partition: PartitionId(id) })
        });
        producers_response(found).with_partition_index(id)
    });
    TopicResponse::default().with_name(topic.name.clone()).with_partitions(partitions.collect())
}

fn producers_response(found: client::Result<Vec<ProducerDescription>>) -> PartitionResponse {
    match found {
        Ok(producers) => {
            let states = producers.into_iter().map(producer_state);
            PartitionResponse::default().with_active_producers(states.collect())
        }
        Err(error) => PartitionResponse::default()
            .with_error_code(error.code.code())
            .with_error_message(Some(StrBytes::from_string(error.message))),
    }
}

fn producer_state(producer: ProducerDescription) -> ProducerState {
    ProducerState::default()
        .with_producer_id(ProducerId(producer.producer_id))
        .with_producer_epoch(i32::from(producer.producer_epoch))
        .with_last_sequence(producer.last_sequence)
        .with_last_timestamp(producer.last_timestamp.0)
        .with_coordinator_epoch(producer.coordinator_epoch.unwrap_or(-1))
        .with_current_txn_start_offset(producer.transaction_start.map_or(-1, |start| start.get()))
}
