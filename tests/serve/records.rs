//! What the tests of Produce and Fetch share: batches made and read, requests for one partition.

use crate::support::Wire;
use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchRequest, FetchTopic};
use kafka_protocol::messages::fetch_response::{FetchResponse, PartitionData};
use kafka_protocol::messages::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// From these versions on topics are told by their ids.
const PRODUCE_IDS_FROM: i16 = 13;
const FETCH_IDS_FROM: i16 = 13;

/// Who a batch is of.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    pub(super) id: i64,
    pub(super) epoch: i16,
    pub(super) sequence: i32,
    pub(super) transactional: bool,
}

pub(super) const NOBODY: Stamp = Stamp { id: -1, epoch: -1, sequence: -1, transactional: false };

pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

pub(super) fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

/// A batch of records with these values.
pub(super) fn batch(values: &[&str], stamp: Stamp) -> Bytes {
    let records: Vec<Record> = values
        .iter()
        .enumerate()
        .map(|(place, value)| Record {
            transactional: stamp.transactional,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: stamp.id,
            producer_epoch: stamp.epoch,
            timestamp_type: TimestampType::Creation,
            offset: place as i64,
            sequence: if stamp.id < 0 { place as i32 } else { stamp.sequence + place as i32 },
            timestamp: now_ms(),
            key: None,
            value: Some(Bytes::copy_from_slice(value.as_bytes())),
            headers: IndexMap::default(),
        })
        .collect();
    let mut bytes = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
    bytes.freeze()
}

/// The offsets and values of records.
pub(super) fn read(data: &PartitionData) -> Vec<(i64, String)> {
    let mut bytes = data.records.clone().unwrap_or_default();
    let sets = RecordBatchDecoder::decode_all(&mut bytes).unwrap();
    let records = sets.into_iter().flat_map(|set| set.records).filter(|record| !record.control);
    let value = |record: &Record| String::from_utf8_lossy(record.value.as_ref().unwrap()).into_owned();
    records.map(|record| (record.offset, value(&record))).collect()
}

/// The id of a topic.
pub(super) fn topic_id(wire: &mut Wire, topic: &str) -> uuid::Uuid {
    let asked = MetadataRequestTopic::default().with_name(Some(name(topic)));
    let answer = wire.call(
        12,
        &MetadataRequest::default().with_topics(Some(vec![asked])).with_allow_auto_topic_creation(false),
    );
    answer.topics[0].topic_id
}

pub(super) fn produce_request(
    wire: &mut Wire,
    version: i16,
    (topic, partition): (&str, i32),
    acks: i16,
    records: Bytes,
) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let mut topic_data = TopicProduceData::default().with_partition_data(vec![data]);
    if version >= PRODUCE_IDS_FROM {
        topic_data = topic_data.with_topic_id(topic_id(wire, topic));
    } else {
        topic_data = topic_data.with_name(name(topic));
    }
    ProduceRequest::default().with_acks(acks).with_timeout_ms(30_000).with_topic_data(vec![topic_data])
}

/// Sends one batch and returns the answer.
#[track_caller]
pub(super) fn produce(
    wire: &mut Wire,
    version: i16,
    at: (&str, i32),
    acks: i16,
    records: Bytes,
) -> PartitionProduceResponse {
    produce_as(wire, version, at, acks, records, None)
}

#[track_caller]
pub(super) fn produce_as(
    wire: &mut Wire,
    version: i16,
    at: (&str, i32),
    acks: i16,
    records: Bytes,
    transactional_id: Option<&str>,
) -> PartitionProduceResponse {
    let id = transactional_id.map(|id| TransactionalId(StrBytes::from_string(id.to_owned())));
    let request = produce_request(wire, version, at, acks, records).with_transactional_id(id);
    wire.call(version, &request).responses.remove(0).partition_responses.remove(0)
}

/// A fetch of one partition from an offset on, that waits for a minute at most.
pub(super) fn fetch_request(
    wire: &mut Wire,
    version: i16,
    (topic, partition): (&str, i32),
    offset: i64,
) -> FetchRequest {
    let wanted = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let mut wanted = FetchTopic::default().with_partitions(vec![wanted]);
    if version >= FETCH_IDS_FROM {
        wanted = wanted.with_topic_id(topic_id(wire, topic));
    } else {
        wanted = wanted.with_topic(name(topic));
    }
    FetchRequest::default()
        .with_max_wait_ms(0)
        .with_min_bytes(1)
        .with_max_bytes(50 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![wanted])
}

pub(super) fn only_part(response: FetchResponse) -> PartitionData {
    assert_eq!(response.error_code, 0);
    response.responses.into_iter().next().unwrap().partitions.remove(0)
}

/// What one partition has from an offset on.
#[track_caller]
pub(super) fn fetch(wire: &mut Wire, version: i16, at: (&str, i32), offset: i64) -> PartitionData {
    let request = fetch_request(wire, version, at, offset);
    only_part(wire.call(version, &request))
}
