//! Topics as share groups have to know them, and the setting up of their states.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::topic::OpenTopic;
use super::state_log::StateLogs;
use crate::group::{ShareTopic, TopicCatalog};
use crate::share::ShareKey;
use crate::types::{LeaderEpoch, PartitionId, TopicName, Uuid, now_ms};

/// A topic by its id, opened; `None` if it is no more.
pub(super) fn open_topic(cluster: &Cluster, catalog: &TopicCatalog, id: Uuid) -> Result<Option<OpenTopic>> {
    let Some(name) = catalog.name(id).and_then(|name| TopicName::new(name).ok()) else { return Ok(None) };
    let broker = cluster.broker().id;
    let topic = cluster.with_image(|image| OpenTopic::of(image, &name, broker))?;
    Ok(topic.filter(|topic| topic.id == id))
}

/// Sets up the states of partitions that have none yet; they are durable when this returns.
pub(super) fn set_up(
    cluster: &Cluster,
    catalog: &TopicCatalog,
    group: &str,
    state_epoch: i32,
    topics: &[ShareTopic],
) -> crate::client::Result<()> {
    let mut logs = StateLogs::open_or_new(cluster)?;
    for topic in topics {
        let Some(open) = open_topic(cluster, catalog, topic.topic_id)? else { continue };
        for &partition in &topic.partitions {
            let key = ShareKey { group: group.to_owned(), topic_id: topic.topic_id, partition };
            let mut locked = logs.of(&key)?.lock()?;
            if locked.states().get(&key).is_none() {
                let epoch = leader_epoch(&open, partition);
                let initial = locked.states().initial(key, state_epoch, epoch, None, now_ms());
                locked.append(initial)?;
            }
        }
    }
    Ok(logs.sync()?)
}

pub(super) fn leader_epoch(topic: &OpenTopic, partition: PartitionId) -> LeaderEpoch {
    let known = topic.partitions.iter().find(|&&(id, _)| id == partition);
    known.map_or(LeaderEpoch::UNKNOWN, |&(_, epoch)| epoch)
}
