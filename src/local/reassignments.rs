//! Admin calls about moves of partitions between brokers.

use super::cluster::Cluster;
use crate::client::{self, PartitionReassignment, Result};
use crate::types::{BrokerId, ErrorCode, TopicPartition};

/// The moves that are under way, by topic and partition.
pub(super) fn list(cluster: &Cluster) -> Result<Vec<PartitionReassignment>> {
    let found = cluster.with_image(|image| {
        let mut found = Vec::new();
        for topic in image.topics().sorted() {
            for (partition, state) in topic.partitions() {
                if state.adding_replicas().is_empty() && state.removing_replicas().is_empty() {
                    continue;
                }
                found.push(PartitionReassignment {
                    partition: TopicPartition { topic: topic.name().to_owned(), partition },
                    replicas: state.replicas.to_vec(),
                    adding: state.adding_replicas().to_vec(),
                    removing: state.removing_replicas().to_vec(),
                });
            }
        }
        found
    })?;
    Ok(found)
}

/// One answer for each move. A partition that is where it should be needs none; another one needs both brokers.
pub(super) fn alter(
    cluster: &Cluster,
    moves: &[(TopicPartition, Vec<BrokerId>)],
) -> Result<Vec<client::Result<()>>> {
    let answers = cluster.with_image(|image| {
        let answer = |(partition, target): &(TopicPartition, Vec<BrokerId>)| {
            let topic = image.topics().get(&partition.topic);
            let Some(state) = topic.and_then(|topic| topic.partition(partition.partition)) else {
                return Err(client::Error::of(ErrorCode::UnknownTopicOrPartition));
            };
            if *state.replicas == **target {
                return Ok(());
            }
            let message = "a replica can't be moved to another broker's directory yet";
            Err(client::Error::new(ErrorCode::InvalidRequest, message))
        };
        moves.iter().map(answer).collect()
    })?;
    Ok(answers)
}
