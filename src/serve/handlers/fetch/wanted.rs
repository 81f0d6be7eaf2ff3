//! `Wanted`: one partition that a client wants to read from, and `Name`, by which it is told from others.

use crate::types::{Offset, PartitionId, Uuid};
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchRequest};

/// From this version on topics are told by their ids.
pub(super) const TOPIC_IDS_FROM: i16 = 13;

/// A partition as a client names it: by its topic's id where that isn't zero, else by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) topic: TopicName,
    pub(super) topic_id: Uuid,
    pub(super) partition: PartitionId,
}

/// What a client wants of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: Name,
    pub(super) offset: Offset,
    pub(super) bytes_max: usize,
    /// The leader epoch that the client believes in; -1 if it has no belief.
    pub(super) leader_epoch: i32,
    /// The epoch of the last batch that it has; -1 if it doesn't say.
    pub(super) last_fetched_epoch: i32,
}

/// The partitions of a request, in its order.
pub(super) fn of_request(request: &FetchRequest) -> Vec<Wanted> {
    let topics = request.topics.iter();
    let partitions = topics.flat_map(|topic| {
        let (name, id) = (topic.topic.clone(), Uuid(*topic.topic_id.as_bytes()));
        topic.partitions.iter().map(move |partition| wanted(name.clone(), id, partition))
    });
    partitions.collect()
}

fn wanted(topic: TopicName, topic_id: Uuid, partition: &FetchPartition) -> Wanted {
    Wanted {
        name: Name { topic, topic_id, partition: PartitionId(partition.partition) },
        offset: Offset::new(partition.fetch_offset),
        bytes_max: usize::try_from(partition.partition_max_bytes).unwrap_or(0),
        leader_epoch: partition.current_leader_epoch,
        last_fetched_epoch: partition.last_fetched_epoch,
    }
}

/// The partitions that are no longer wanted in a session.
pub(super) fn forgotten(request: &FetchRequest) -> impl Iterator<Item = Name> {
    request.forgotten_topics_data.iter().flat_map(|topic| {
        let (name, id) = (&topic.topic, Uuid(*topic.topic_id.as_bytes()));
        let numbers = topic.partitions.iter();
        numbers.map(move |&number| Name { topic: name.clone(), topic_id: id, partition: PartitionId(number) })
    })
}
