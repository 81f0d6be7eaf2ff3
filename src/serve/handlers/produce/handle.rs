//! A Produce from its body to its answer.
//!
//! A request's batches are appended before the connection's next request is taken up, so that a producer's batches stay in
//! order; its answer may come later, when they are durable. Versions 0 to 2 are advertised, for clients that believe there
//! is no compression otherwise, and can't be read (KIP-896).

use super::outstanding::{Failure, Outstanding, Place};
use super::transactions::Transactions;
use crate::client;
use crate::local::{Done, RawTopic, Refusal, Stored, When};
use crate::record::BatchHeader;
use crate::serve::call::{Answer, Call, Hangup};
use crate::serve::permissions::{self, Access};
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, INTERNAL_TOPICS, PartitionId, TopicPartition, Uuid};
use bytes::Bytes;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_protocol::messages::produce_response::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, ProduceResponse, TopicProduceResponse,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

/// From this version on topics are told by their ids.
const TOPIC_IDS_FROM: i16 = 13;
/// Who may write to Kafka's own topics.
const ADMIN_CLIENT: &str = "__admin_client";

/// When a producer wants its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acks {
    Never,
    Written,
    Durable,
}

pub(in crate::serve) async fn handle(call: Call, mut body: Bytes) -> Result<Answer, Hangup> {
    let request: ProduceRequest = call.decode(&mut body)?;
    let acks = match request.acks {
        0 => Acks::Never,
        1 => Acks::Written,
        -1 => Acks::Durable,
        _ => return Ok(Answer::Now(call.encode(&refused(&request, ErrorCode::InvalidRequiredAcks))?)),
    };
    let (response, durable) = match append_at_once(&call, &request, acks) {
        Some(appended) => appended,
        None => call.blocking(move |call| append(call, request, acks)).await?,
    };
    match (acks, durable) {
        (Acks::Never, _) if has_error(&response) => Err(Hangup::Unacknowledged),
        (Acks::Never, _) => Ok(Answer::Nothing),
        (_, None) => Ok(Answer::Now(call.encode(&response)?)),
        (_, Some(durable)) => Ok(Answer::Later(Box::pin(async move {
            // Those who were to tell are gone, and what they were to make durable is in doubt.
            let failures =
                durable.await.map_err(|_| Hangup::Failed { key: call.key, version: call.version })?;
            call.encode(&with_failures(response, failures))
        }))),
    }
}

/// Appends the only batch of a request where nothing has to be waited for: that spares two changes of threads, which cost
/// more than the append. `None` where something has to be, or nobody knows yet.
fn append_at_once(call: &Call, request: &ProduceRequest, acks: Acks) -> Option<Appended> {
    // What entries there are only a look at the directory tells.
    if permissions::are_enforced(call) {
        return None;
    }
    let ([data], logs) = (&request.topic_data[..], &call.context.logs) else { return None };
    let [partition] = &data.partition_data[..] else { return None };
    let topic = match call.version >= TOPIC_IDS_FROM {
        true => logs.topic_of_at_once(Uuid(*data.topic_id.as_bytes())),
        false => logs.topic_at_once(data.name.as_str()),
    }?;
    if INTERNAL_TOPICS.contains(&topic.name()) {
        return None;
    }
    let (outstanding, receiver) = Outstanding::new();
    let when = match acks {
        Acks::Durable => When::Durable(outstanding.add(Place { topic: 0, partition: partition.index })),
        Acks::Never | Acks::Written => When::Written,
    };
    let batch = partition.records.as_ref()?;
    let stored = logs.append_at_once(&topic, PartitionId(partition.index), batch, when).ok()?;
    let answer = TopicProduceResponse::default()
        .with_name(data.name.clone())
        .with_topic_id(data.topic_id)
        .with_partition_responses(vec![answer_for(partition.index, stored)]);
    let response = ProduceResponse::default().with_responses(vec![answer]);
    Some((response, (acks == Acks::Durable && !outstanding.finish()).then_some(receiver)))
}

/// The answer, as it stands but for what the receiver, if there is one, will tell.
type Appended = (ProduceResponse, Option<oneshot::Receiver<Vec<Failure>>>);

/// Appends every batch of a request.
fn append(call: &Call, request: ProduceRequest, acks: Acks) -> Appended {
    let (outstanding, receiver) = Outstanding::new();
    let access = call.access();
    let id = request.transactional_id.as_ref().map(|id| id.as_str());
    if let Some(Err(error)) = id.map(|id| access.transactional_id(AclOperation::Write, id)) {
        return (refused(&request, error.code), None);
    }
    let topics: Vec<_> = request.topic_data.iter().map(|data| topic_of(call, &access, data)).collect();
    let transactions = Transactions::enter(call, id, transactional(&request, &topics));
    let answers = request.topic_data.iter().zip(&topics).enumerate().map(|(place, (data, topic))| {
        let partitions = data.partition_data.iter().map(|partition| {
            let at = Place { topic: place, partition: partition.index };
            let stored = match topic {
                Ok(topic) => append_one(call, topic, partition, acks, &transactions, outstanding.add(at)),
                Err(error) => Err(Refusal::of(error.code)),
            };
            answer_for(partition.index, stored)
        });
        TopicProduceResponse::default()
            .with_name(data.name.clone())
            .with_topic_id(data.topic_id)
            .with_partition_responses(partitions.collect())
    });
    let response = ProduceResponse::default().with_responses(answers.collect());
    (response, (acks == Acks::Durable && !outstanding.finish()).then_some(receiver))
}

/// The batches of a request that say they are a part of a transaction.
fn transactional<'a>(
    request: &'a ProduceRequest,
    topics: &'a [client::Result<RawTopic>],
) -> impl Iterator<Item = (TopicPartition, BatchHeader)> + 'a {
    let known = request.topic_data.iter().zip(topics);
    let known = known.filter_map(|(data, topic)| Some((data, topic.as_ref().ok()?)));
    known.flat_map(|(data, topic)| {
        data.partition_data.iter().filter_map(|partition| {
            let header = BatchHeader::parse(partition.records.as_ref()?).ok()?;
            let id = PartitionId(partition.index);
            topic.leader_epoch(id)?;
            let at = TopicPartition { topic: topic.name().to_owned(), partition: id };
            header.is_transactional().then_some((at, header))
        })
    })
}

fn topic_of(call: &Call, access: &Access, data: &TopicProduceData) -> client::Result<RawTopic> {
    let logs = &call.context.logs;
    if call.version < TOPIC_IDS_FROM {
        access.topic(AclOperation::Write, data.name.as_str())?;
    }
    let topic = match call.version >= TOPIC_IDS_FROM {
        true => logs.topic_of(Uuid(*data.topic_id.as_bytes())),
        false => logs.topic(data.name.as_str()),
    }?;
    access.topic(AclOperation::Write, topic.name())?;
    if INTERNAL_TOPICS.contains(&topic.name()) && call.client_id() != ADMIN_CLIENT {
        return Err(client::Error::of(ErrorCode::InvalidTopic));
    }
    Ok(topic)
}

fn append_one(
    call: &Call,
    topic: &RawTopic,
    data: &PartitionProduceData,
    acks: Acks,
    transactions: &Transactions<'_>,
    done: Done,
) -> Result<Stored, Refusal> {
    let batch = data.records.as_ref().map_or(&[][..], |records| records);
    let when = match acks {
        Acks::Durable => When::Durable(done),
        Acks::Never | Acks::Written => When::Written,
    };
    let partition = PartitionId(data.index);
    if !is_transactional(batch) {
        return call.context.logs.append(topic, partition, batch, when, None);
    }
    let at = TopicPartition { topic: topic.name().to_owned(), partition };
    transactions.may_write(&at)?;
    let mut gate = |header: &BatchHeader| transactions.check(header, &at);
    call.context.logs.append(topic, partition, batch, when, Some(&mut gate))
}

/// Whether a batch says that it is a part of a transaction.
fn is_transactional(batch: &[u8]) -> bool {
    BatchHeader::parse(batch).is_ok_and(|header| header.is_transactional())
}

fn answer_for(index: i32, stored: Result<Stored, Refusal>) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match stored {
        Ok(stored) => response
            .with_base_offset(stored.base_offset.get())
            .with_log_append_time_ms(stored.append_time.map_or(-1, |time| time.0))
            .with_log_start_offset(stored.log_start.get()),
        Err(refusal) => refuse(response, refusal),
    }
}

fn refuse(response: PartitionProduceResponse, refusal: Refusal) -> PartitionProduceResponse {
    let records = refusal.records.into_iter().map(|(index, message)| {
        BatchIndexAndErrorMessage::default()
            .with_batch_index(index)
            .with_batch_index_error_message(Some(StrBytes::from_string(message)))
    });
    response
        .with_error_code(refusal.code.code())
        .with_base_offset(-1)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(-1)
        .with_record_errors(records.collect())
        .with_error_message(refusal.message.map(StrBytes::from_string))
}

/// The answer to a request that is refused as a whole.
fn refused(request: &ProduceRequest, code: ErrorCode) -> ProduceResponse {
    let topics = request.topic_data.iter().map(|data| {
        let partitions = data.partition_data.iter();
        let partitions = partitions.map(|partition| answer_for(partition.index, Err(Refusal::of(code))));
        TopicProduceResponse::default()
            .with_name(TopicName(data.name.0.clone()))
            .with_topic_id(data.topic_id)
            .with_partition_responses(partitions.collect())
    });
    ProduceResponse::default().with_responses(topics.collect())
}

fn has_error(response: &ProduceResponse) -> bool {
    response
        .responses
        .iter()
        .flat_map(|topic| &topic.partition_responses)
        .any(|answer| answer.error_code != 0)
}

fn with_failures(mut response: ProduceResponse, failures: Vec<Failure>) -> ProduceResponse {
    for Failure { at, refusal } in failures {
        let topic = response.responses.get_mut(at.topic);
        let partitions = topic.map(|topic| topic.partition_responses.iter_mut()).into_iter().flatten();
        for answer in partitions.filter(|answer| answer.index == at.partition) {
            let failed = PartitionProduceResponse::default().with_index(at.partition);
            *answer = refuse(
                failed,
                Refusal { code: refusal.code, message: refusal.message.clone(), records: Vec::new() },
            );
        }
    }
    response
}
