//! The Admin call that chooses leaders.

use super::cluster::Cluster;
use crate::client::{ElectionType, Result};
use crate::metadata::{self, Election};
use crate::types::{ErrorCode, TopicPartition};

pub(super) fn elect(
    cluster: &Cluster,
    kind: ElectionType,
    partitions: Option<&[TopicPartition]>,
) -> Result<Vec<(TopicPartition, Result<()>)>> {
    let election = match kind {
        ElectionType::Preferred => Election::Preferred,
        ElectionType::Unclean => Election::Unclean,
    };
    cluster.update(|image| {
        let wanted = match partitions {
            Some(partitions) => partitions.to_vec(),
            None => every_partition(image),
        };
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        for partition in wanted {
            let answer = metadata::elect_leader(image, &partition.topic, partition.partition, election);
            match answer {
                // Who asks for all means those that need it.
                Err(error) if partitions.is_none() && error.code == ErrorCode::ElectionNotNeeded => {}
                Err(error) => answers.push((partition, Err(error.into()))),
                Ok(record) => {
                    records.push(record);
                    answers.push((partition, Ok(())));
                }
            }
        }
        Ok((records, answers))
    })
}

fn every_partition(image: &metadata::Image) -> Vec<TopicPartition> {
    let of_topic = |topic: &metadata::Topic| {
        let name = topic.name().to_owned();
        let named = topic.partitions().map(|(id, _)| TopicPartition { topic: name.clone(), partition: id });
        named.collect::<Vec<_>>()
    };
    image.topics().sorted().into_iter().flat_map(of_topic).collect()
}
