//! Admin calls about topics: decided by `metadata`, carried out here on the directories.

use super::checkpoints;
use super::cluster::Cluster;
use super::configs;
use super::error::Error;
use super::groups;
use super::share;
use super::topic::OpenTopic;
use crate::client::{
    self, CreatedTopic, NewTopic, PartitionDescription, Result, TopicDescription, TopicListing,
};
use crate::metadata::{self, PlanError, Record, Topic, TopicRequest};
use crate::types::{BrokerId, ErrorCode, INTERNAL_TOPICS, TopicName, Uuid};

impl From<PlanError> for client::Error {
    fn from(refused: PlanError) -> client::Error {
        client::Error::new(refused.code, refused.message)
    }
}

/// The settings with which a broker creates `__consumer_offsets`.
const OFFSETS_CONFIGS: [(&str, &str); 3] =
    [("compression.type", "producer"), ("cleanup.policy", "compact"), ("segment.bytes", "104857600")];
/// The same for `__transaction_state`.
const TRANSACTIONS_CONFIGS: [(&str, &str); 4] = [
    ("compression.type", "uncompressed"),
    ("cleanup.policy", "compact"),
    ("segment.bytes", "104857600"),
    ("unclean.leader.election.enable", "false"),
];
/// The same for `__share_group_state` on a cluster of one broker.
const SHARE_STATE_CONFIGS: [(&str, &str); 5] = [
    ("compression.type", "producer"),
    ("cleanup.policy", "delete"),
    ("min.insync.replicas", "1"),
    ("segment.bytes", "104857600"),
    ("retention.ms", "-1"),
];
const INTERNAL_PARTITIONS: i32 = 50;

impl Cluster {
    /// Creates a topic with the broker's defaults, an internal one as it must be. That it is there already is no error.
    pub(crate) fn create_topic_automatically(&self, name: &str) -> Result<()> {
        create_automatically(self, name)
    }
}

pub(super) fn list(cluster: &Cluster) -> Result<Vec<TopicListing>> {
    let listing = |topic: &Topic| TopicListing {
        name: topic.name().to_owned(),
        id: topic.id(),
        internal: INTERNAL_TOPICS.contains(&topic.name()),
    };
    Ok(cluster.with_image(|image| image.topics().sorted().into_iter().map(listing).collect())?)
}

pub(super) fn describe(cluster: &Cluster, name: &str) -> Result<TopicDescription> {
    let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
    cluster.with_image(|image| image.topics().get(name).map(description))?.ok_or_else(unknown)
}

fn description(topic: &Topic) -> TopicDescription {
    let partitions = topic.partitions().map(|(partition, state)| PartitionDescription {
        partition,
        leader: state.leader,
        leader_epoch: state.leader_epoch,
        replicas: state.replicas.to_vec(),
        isr: state.isr.to_vec(),
        elr: state.elr().to_vec(),
        last_known_elr: state.last_known_elr().to_vec(),
    });
    TopicDescription {
        name: topic.name().to_owned(),
        id: topic.id(),
        internal: INTERNAL_TOPICS.contains(&topic.name()),
        partitions: partitions.collect(),
    }
}

pub(super) fn create(cluster: &Cluster, new: &NewTopic) -> Result<CreatedTopic> {
    let request = TopicRequest {
        name: &new.name,
        partitions: new.partitions,
        replication_factor: new.replication_factor,
        assignments: new.assignments.as_deref(),
        configs: &new.configs,
    };
    let id = Uuid::random();
    let created = cluster.update(|image| {
        let records = metadata::create_topic(image, &request, id, seed(id))?;
        // A deletion that a crash cut short may have left them.
        checkpoints::forget(cluster, &new.name)?;
        let settings = metadata::new_topic_settings(image, &new.configs, cluster.broker().id);
        let mut partitions = records.iter().filter_map(|record| match record {
            Record::Partition(partition) => Some(partition.state.replicas.len()),
            _ => None,
        });
        let replication_factor = partitions.next().unwrap_or(0);
        let created = CreatedTopic {
            id,
            partition_count: partitions.count() + 1,
            replication_factor,
            configs: configs::topic_entries(settings),
        };
        Ok((records, created))
    })?;
    make_partitions(cluster, &new.name)?;
    Ok(created)
}

/// Creates a topic as a broker does on its own: an internal one as it must be, any other with the defaults. That
/// another process was faster is no error.
pub(super) fn create_automatically(cluster: &Cluster, name: &str) -> Result<()> {
    let mut new = NewTopic { name: name.to_owned(), ..NewTopic::default() };
    let internal: &[(&str, &str)] = match name {
        "__consumer_offsets" => &OFFSETS_CONFIGS,
        "__transaction_state" => &TRANSACTIONS_CONFIGS,
        "__share_group_state" => &SHARE_STATE_CONFIGS,
        _ => &[],
    };
    if !internal.is_empty() {
        new.partitions = Some(INTERNAL_PARTITIONS);
        new.configs = internal.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    }
    match create(cluster, &new) {
        Err(e) if e.code == ErrorCode::TopicAlreadyExists => Ok(()),
        other => other.map(|_| ()),
    }
}

pub(super) fn create_partitions(
    cluster: &Cluster,
    name: &str,
    total: i32,
    assignments: Option<&[Vec<BrokerId>]>,
) -> Result<()> {
    let seed = seed(Uuid::random());
    cluster.update(|image| Ok((metadata::create_partitions(image, name, total, assignments, seed)?, ())))?;
    make_partitions(cluster, name)
}

/// Makes the directories of a topic's partitions that are not there yet.
fn make_partitions(cluster: &Cluster, name: &str) -> Result<()> {
    // It may be deleted again by now.
    let Some(topic) = cluster.open_topic(name)? else { return Ok(()) };
    for &(partition, epoch) in &topic.partitions {
        match cluster.make_partition(&topic, partition, epoch) {
            Err(Error::PartitionGone { .. }) => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

/// Deletes a topic: first from the metadata, then its partitions, each under its lock, so that a producer that has it
/// open learns of it before its next record.
pub(super) fn delete(cluster: &Cluster, name: &str) -> Result<()> {
    let broker = cluster.broker().id;
    let doomed: Option<OpenTopic> = cluster.update(|image| {
        let records = metadata::delete_topic(image, name)?;
        let open = TopicName::new(name).ok().and_then(|name| OpenTopic::of(image, &name, broker));
        Ok((records, open))
    })?;
    let Some(topic) = doomed else { return Ok(()) };
    for &(partition, _) in &topic.partitions {
        cluster.delete_partition(&topic.name, topic.id, partition)?;
    }
    checkpoints::forget(cluster, name)?;
    groups::forget_topic(cluster, name)?;
    share::forget_topic(cluster, topic.id)
}

fn seed(id: Uuid) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = id.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
