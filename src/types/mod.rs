//! The nouns of Kafka as small values: offsets, ids, names, times, error codes, and a borrowed view of a record.
//! Knows no file, no lock and no wire.

pub(crate) mod acl;
mod codec;
pub(crate) mod config;
mod duration;
mod error_code;
pub(crate) mod features;
mod ids;
pub(crate) mod java;
mod name;
mod offset;
mod record;
mod time;
pub(crate) mod varint;

pub(crate) use codec::{CodecError, Reader, TaggedFields, Writer};
pub(crate) use duration::{read_fraction, read_iso_duration};
pub(crate) use error_code::ErrorCode;
pub(crate) use ids::{BrokerId, LeaderEpoch, PartitionId, TopicPartition, Uuid};
pub(crate) use name::{INTERNAL_TOPICS, TopicName};
pub(crate) use offset::Offset;
pub(crate) use record::{Header, Headers, RecordView, TimestampType};
pub(crate) use time::{TimestampMs, now_ms};
