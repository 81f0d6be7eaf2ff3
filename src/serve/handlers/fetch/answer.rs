//! From what was gathered to the response, and what of it a session's client has been told already.

use super::gather::{Found, Part};
use super::sessions::Told;
use crate::local::{Fetched, Isolation};
use crate::types::ErrorCode;
use bytes::Bytes;
use kafka_protocol::messages::ProducerId;
use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchResponse, FetchableTopicResponse, PartitionData,
};
use std::collections::VecDeque;

/// The answer to a request that is refused as a whole.
pub(super) fn refused(code: ErrorCode) -> FetchResponse {
    FetchResponse::default().with_error_code(code.code())
}

/// What a client is told of a partition; `None` where it was told nothing that lasts.
pub(super) fn told(part: &Part) -> Option<Told> {
    match &part.outcome {
        Ok(Found::Records(fetched)) => Some(Told {
            high_watermark: fetched.extent.high_watermark.get(),
            log_start: fetched.extent.log_start.get(),
        }),
        _ => None,
    }
}

/// Whether a client that was told `before` is to be told of a partition again.
pub(super) fn is_news(part: &Part, before: Option<Told>) -> bool {
    part.bytes() > 0 || told(part).is_none() || told(part) != before
}

/// The partitions of the response by topic, and their records in the same order. Partitions of a topic that stand together
/// are answered together.
pub(super) fn response(parts: Vec<Part>, isolation: Isolation) -> (FetchResponse, VecDeque<Bytes>) {
    let mut topics: Vec<FetchableTopicResponse> = Vec::new();
    let mut pieces = VecDeque::new();
    for part in parts {
        let name = &part.wanted.name;
        let id = uuid::Uuid::from_bytes(name.topic_id.0);
        if !topics.last().is_some_and(|last| last.topic == name.topic && last.topic_id == id) {
            topics.push(FetchableTopicResponse::default().with_topic(name.topic.clone()).with_topic_id(id));
        }
        let data = partition_data(part, isolation);
        pieces.extend(data.records.clone());
        if let Some(topic) = topics.last_mut() {
            topic.partitions.push(data);
        }
    }
    (FetchResponse::default().with_responses(topics), pieces)
}

fn partition_data(part: Part, isolation: Isolation) -> PartitionData {
    let nothing = PartitionData::default()
        .with_partition_index(part.wanted.name.partition.0)
        .with_high_watermark(-1)
        .with_last_stable_offset(-1)
        .with_log_start_offset(-1)
        .with_aborted_transactions(None)
        .with_records(Some(Bytes::new()));
    match part.outcome {
        Ok(Found::Records(fetched)) => with_records(nothing, fetched, isolation),
        Ok(Found::Diverging(epoch, end)) => nothing
            .with_diverging_epoch(EpochEndOffset::default().with_epoch(epoch.0).with_end_offset(end.get())),
        Err(code) => nothing.with_error_code(code.code()),
    }
}

fn with_records(data: PartitionData, fetched: Fetched, isolation: Isolation) -> PartitionData {
    let aborted = fetched.aborted.iter().map(|aborted| {
        AbortedTransaction::default()
            .with_producer_id(ProducerId(aborted.producer_id))
            .with_first_offset(aborted.first_offset.get())
    });
    data.with_high_watermark(fetched.extent.high_watermark.get())
        .with_last_stable_offset(fetched.extent.last_stable.get())
        .with_log_start_offset(fetched.extent.log_start.get())
        .with_aborted_transactions((isolation == Isolation::ReadCommitted).then(|| aborted.collect()))
        .with_records(Some(Bytes::from_owner(fetched.records)))
}
