//! The engine's values as the messages of the protocol have them, and back.

use crate::client::{Error, PartitionDescription};
use crate::types::{BrokerId, Uuid};
use kafka_protocol::messages::{BrokerId as WireBroker, TopicName};
use kafka_protocol::protocol::StrBytes;

pub(super) fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

pub(super) fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

pub(super) fn broker(id: BrokerId) -> WireBroker {
    WireBroker(id.0)
}

pub(super) fn brokers(ids: &[BrokerId]) -> Vec<WireBroker> {
    ids.iter().copied().map(broker).collect()
}

/// The replicas of a partition that are on none of the brokers that are `alive`.
pub(super) fn offline(partition: &PartitionDescription, alive: &[BrokerId]) -> Vec<WireBroker> {
    partition.replicas.iter().filter(|replica| !alive.contains(replica)).copied().map(broker).collect()
}

pub(super) fn broker_ids(ids: &[WireBroker]) -> Vec<BrokerId> {
    ids.iter().map(|id| BrokerId(id.0)).collect()
}

pub(super) const fn uuid(id: Uuid) -> uuid::Uuid {
    uuid::Uuid::from_bytes(id.0)
}

pub(super) const fn own_uuid(id: uuid::Uuid) -> Uuid {
    Uuid(*id.as_bytes())
}

/// The words of an error, unless they are those that every client has for its code.
pub(super) fn message(error: &Error) -> Option<StrBytes> {
    (error.message != error.code.default_message()).then(|| text(error.message.as_str()))
}

/// An outcome as a code, 0 for success, and words.
pub(super) fn outcome<T>(outcome: &Result<T, Error>) -> (i16, Option<StrBytes>) {
    match outcome {
        Ok(_) => (0, None),
        Err(error) => (error.code.code(), message(error)),
    }
}
