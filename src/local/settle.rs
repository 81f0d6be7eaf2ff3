//! Putting partitions in order that nobody may have left in order, so that the directory can be sealed again; see `Seal`.

use super::cluster::Cluster;
use super::error::{Error, Result};
use super::seal::Seal;
use super::topic::OpenTopic;
use crate::client::{self, Graduation};
use crate::disk;
use crate::types::{PartitionId, TopicName, Uuid};
use std::collections::HashSet;

/// How much of a log may not be in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// The active segment: closed ones are durable.
    Tail,
    /// All that a broker may have left when it was killed, or lost its power.
    All,
}

impl Cluster {
    /// Recovers what killed processes wrote to last, where that is quickly done. What can't be put in order stays as it is:
    /// whoever reads or writes it is told.
    pub(super) fn tidy_up_after_the_dead(&self) {
        if let Some(seal) = self.seal()
            && let Some(dead) = seal.dead()
        {
            let in_order = self.settle_touched().is_ok();
            seal.settled(dead, in_order);
        }
    }

    /// Recovers every partition, makes all of it durable, and has the directory sealed when this process ends as the
    /// last one that writes.
    pub(crate) fn graduate(&self) -> client::Result<Graduation> {
        self.coordination()?;
        let is_in_order = self.seal().is_some_and(Seal::is_in_order);
        let depth = if is_in_order { Depth::Tail } else { Depth::All };
        let partition_count = self.settle(|_, _| true, depth)?;
        let mut is_in_use = true;
        if let Some(seal) = self.seal() {
            is_in_use = seal.is_others_too()?;
            seal.all_is_settled();
        }
        let broker = self.broker();
        let log_dir = disk::canonical(&broker.dir).map_err(Error::from)?;
        let quorum_can_change = self.with_metadata(|log| log.quorum().version() > 0)?;
        Ok(Graduation { node: self.coordinator()?, log_dir, partition_count, quorum_can_change, is_in_use })
    }

    /// The partitions that anybody has written to in this boot.
    fn settle_touched(&self) -> Result<usize> {
        let entries = disk::list(&self.coordination()?.partitions())?;
        let touched: HashSet<_> = entries.iter().filter_map(|entry| partition_of(&entry.name)).collect();
        self.settle(|topic, partition| touched.contains(&(topic, partition)), Depth::Tail)
    }

    fn settle(&self, is_meant: impl Fn(Uuid, PartitionId) -> bool, depth: Depth) -> Result<usize> {
        let broker = self.broker().id;
        let topics: Vec<OpenTopic> = self.with_image(|image| {
            let topics = image.topics().iter();
            let meant = topics.filter(|topic| topic.partitions().any(|(id, _)| is_meant(topic.id(), id)));
            let named = meant.filter_map(|topic| TopicName::new(topic.name()).ok());
            named.filter_map(|name| OpenTopic::of(image, &name, broker)).collect()
        })?;
        let mut count = 0;
        for topic in &topics {
            for &(id, _) in topic.partitions.iter().filter(|(id, _)| is_meant(topic.id, *id)) {
                let settled = self.partition(topic, id).and_then(|mut partition| {
                    if depth == Depth::All {
                        partition.settle_closed()?;
                    }
                    partition.settle_durably()
                });
                match settled {
                    Ok(()) => count += 1,
                    // The topic was deleted meanwhile.
                    Err(Error::PartitionGone { .. }) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(count)
    }
}

/// The topic's id and the partition that a state file's name says.
fn partition_of(name: &str) -> Option<(Uuid, PartitionId)> {
    let (id, partition) = name.rsplit_once('-')?;
    Some((id.parse().ok()?, PartitionId(partition.parse().ok()?)))
}
