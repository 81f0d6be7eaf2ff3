//! ListOffsets: where logs begin and end, and what was written when.

use crate::client::{self, OffsetSpec};
use crate::local::{Isolation, OffsetFound};
use crate::serve::call::{Answer, Call, Hangup};
use crate::serve::permissions::Access;
use crate::types::acl::AclOperation;
use crate::types::{ErrorCode, LeaderEpoch, PartitionId, TimestampMs};
use bytes::Bytes;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::list_offsets_request::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use std::collections::HashSet;

/// The newest version that the codec knows. Version 11 only adds a timestamp with a meaning of its own.
const CODEC_LAST: i16 = 10;
/// From this version on answers tell leader epochs.
const EPOCHS_FROM: i16 = 4;
/// The timestamps that stand for a place, and the versions from which on they do.
const LATEST: (i64, i16) = (-1, 1);
const EARLIEST: (i64, i16) = (-2, 1);
const MAX_TIMESTAMP: (i64, i16) = (-3, 7);
const EARLIEST_LOCAL: (i64, i16) = (-4, 8);
const LATEST_TIERED: (i64, i16) = (-5, 9);
const EARLIEST_PENDING_UPLOAD: (i64, i16) = (-6, 11);

pub(in crate::serve) async fn handle(call: Call, mut body: Bytes) -> Result<Answer, Hangup> {
    let version = call.version.min(CODEC_LAST);
    let request: ListOffsetsRequest = call.decode_as(&mut body, version)?;
    let response = call.blocking(move |call| answer(call, request)).await?;
    Ok(Answer::Now(call.encode_as(&response, version)?))
}

fn answer(call: &Call, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let isolation =
        if request.isolation_level == 1 { Isolation::ReadCommitted } else { Isolation::ReadUncommitted };
    let access = call.access();
    let twice = named_twice(&request.topics);
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let found = match twice.contains(&(&topic.name, partition.partition_index)) {
                true => Err(client::Error::of(ErrorCode::InvalidRequest)),
                false => find(call, &access, &topic.name, partition, isolation),
            };
            answer_for(call.version, partition.partition_index, found)
        });
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

fn named_twice(topics: &[ListOffsetsTopic]) -> HashSet<(&TopicName, i32)> {
    let mut seen = HashSet::new();
    let all = topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(move |partition| (&topic.name, partition.partition_index))
    });
    all.filter(|partition| !seen.insert(*partition)).collect()
}

/// `None` if there is no such offset.
fn find(
    call: &Call,
    access: &Access,
    name: &TopicName,
    partition: &ListOffsetsPartition,
    isolation: Isolation,
) -> client::Result<Option<OffsetFound>> {
    access.topic(AclOperation::Describe, name.as_str())?;
    let spec = spec(partition.timestamp, call.version)?;
    let logs = &call.context.logs;
    let topic = logs.topic(name.as_str())?;
    let id = PartitionId(partition.partition_index);
    let believed =
        (partition.current_leader_epoch >= 0).then_some(LeaderEpoch(partition.current_leader_epoch));
    logs.leader_epoch(&topic, id, believed)?;
    match spec {
        Some(spec) => logs.find_offset(&topic, id, spec, isolation),
        None => Ok(None),
    }
}

/// What a timestamp stands for in a version; `None` for places that only logs with tiers have.
fn spec(timestamp: i64, version: i16) -> client::Result<Option<OffsetSpec>> {
    let since = |(_, first): (i64, i16), spec| match version >= first {
        true => Ok(spec),
        false => Err(client::Error::of(ErrorCode::UnsupportedVersion)),
    };
    match timestamp {
        t if t == LATEST.0 => since(LATEST, Some(OffsetSpec::Latest)),
        t if t == EARLIEST.0 => since(EARLIEST, Some(OffsetSpec::Earliest)),
        t if t == MAX_TIMESTAMP.0 => since(MAX_TIMESTAMP, Some(OffsetSpec::MaxTimestamp)),
        t if t == EARLIEST_LOCAL.0 => since(EARLIEST_LOCAL, Some(OffsetSpec::Earliest)),
        t if t == LATEST_TIERED.0 => since(LATEST_TIERED, None),
        t if t == EARLIEST_PENDING_UPLOAD.0 => since(EARLIEST_PENDING_UPLOAD, None),
        t if t < 0 => Err(client::Error::of(ErrorCode::UnsupportedVersion)),
        t => Ok(Some(OffsetSpec::Timestamp(TimestampMs(t)))),
    }
}

fn answer_for(
    version: i16,
    index: i32,
    found: client::Result<Option<OffsetFound>>,
) -> ListOffsetsPartitionResponse {
    let response = ListOffsetsPartitionResponse::default()
        .with_partition_index(index)
        .with_timestamp(-1)
        .with_offset(-1)
        .with_leader_epoch(-1);
    match found {
        Ok(Some(found)) => response
            .with_offset(found.offset.get())
            .with_timestamp(found.timestamp.map_or(-1, |timestamp| timestamp.0))
            .with_leader_epoch(found.epoch.filter(|_| version >= EPOCHS_FROM).map_or(-1, |epoch| epoch.0)),
        Ok(None) => response,
        Err(error) => response.with_error_code(error.code.code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_their_versions() {
        let table = [
            (-1, 1, Some(Some(OffsetSpec::Latest))),
            (-2, 1, Some(Some(OffsetSpec::Earliest))),
            (-3, 6, None),
            (-3, 7, Some(Some(OffsetSpec::MaxTimestamp))),
            (-4, 7, None),
            (-4, 8, Some(Some(OffsetSpec::Earliest))),
            (-5, 9, Some(None)),
            (-6, 10, None),
            (-6, 11, Some(None)),
            (-7, 11, None),
            (0, 1, Some(Some(OffsetSpec::Timestamp(TimestampMs(0))))),
        ];
        for (timestamp, version, expected) in table {
            assert_eq!(spec(timestamp, version).ok(), expected, "{timestamp} in version {version}");
        }
    }
}
