//! What a controller decides about topics: to create, grow or delete one. `fn(&Image, request) -> records`, with
//! Kafka's checks in Kafka's order and words; the records do nothing until they are replayed.

use super::error::PlanError;
use super::image::Image;
use super::partition_records::{Brokers, Directories, PartitionRecord, PartitionState, TopicRecord};
use super::placement::place;
use super::plan_configs::check_topic_settings;
use super::record::{ConfigKind, ConfigRecord, Record};
use super::topics::Topic;
use crate::types::{BrokerId, ErrorCode, PartitionId, TopicName, Uuid};
use std::collections::BTreeMap;

/// Kafka's limit for one request.
const MAX_PARTITIONS: usize = 10_000;
const METADATA_TOPIC: &str = "__cluster_metadata";

/// A topic to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopicRequest<'a> {
    pub(crate) name: &'a str,
    /// `None` is one partition, `num.partitions` of a broker that does not say otherwise.
    pub(crate) partitions: Option<i32>,
    /// `None` is one copy, `default.replication.factor`.
    pub(crate) replication_factor: Option<i16>,
    /// The replicas of each partition, instead of the two numbers.
    pub(crate) assignments: Option<&'a [Vec<BrokerId>]>,
    pub(crate) configs: &'a [(String, String)],
}

/// The records that create the topic. `id` and `seed` (where its replicas begin) are random.
pub(crate) fn create_topic(
    image: &Image,
    request: &TopicRequest<'_>,
    id: Uuid,
    seed: u64,
) -> Result<Vec<Record>, PlanError> {
    check_new_name(image, request.name)?;
    let settings: BTreeMap<String, String> = request.configs.iter().cloned().collect();
    check_topic_settings(&settings)?;
    let placed = match request.assignments {
        Some(lists) if !lists.is_empty() => manual_replicas(image, lists, None)?,
        _ => place_new(image, request, seed)?,
    };
    let mut records = Vec::with_capacity(1 + settings.len() + placed.len());
    records.push(Record::Topic(TopicRecord { name: request.name.into(), id }));
    records.extend(settings.into_iter().map(|(name, value)| {
        let (kind, resource) = (ConfigKind::TOPIC, request.name.to_owned());
        Record::Config(ConfigRecord { kind, resource, name, value: Some(value) })
    }));
    records.extend(partition_records(image, id, 0, placed)?);
    Ok(records)
}

fn check_new_name(image: &Image, name: &str) -> Result<(), PlanError> {
    let invalid = |message: String| PlanError::new(ErrorCode::InvalidTopic, message);
    if name.is_empty() {
        // The client refuses to send this one.
        return Err(invalid("The given topic name '' cannot be represented in a request.".to_owned()));
    }
    if name == METADATA_TOPIC {
        let message = format!("Creation of internal topic {METADATA_TOPIC} is prohibited.");
        return Err(PlanError::new(ErrorCode::InvalidRequest, message));
    }
    let valid = TopicName::new(name).map_err(|why| invalid(format!("Topic name is invalid: {why}")))?;
    if image.topics().get(name).is_some() {
        return Err(PlanError::new(ErrorCode::TopicAlreadyExists, format!("Topic '{name}' already exists.")));
    }
    if name.contains(['.', '_']) {
        // The least name of several, so that the answer does not depend on a map's order.
        let twin = image.topics().iter().map(Topic::name).filter(|other| valid.collides_with(other)).min();
        if let Some(twin) = twin {
            return Err(invalid(format!("Topic '{name}' collides with existing topic: {twin}")));
        }
    }
    Ok(())
}

fn place_new(image: &Image, request: &TopicRequest<'_>, seed: u64) -> Result<Vec<Brokers>, PlanError> {
    let replicas = request.replication_factor.unwrap_or(1);
    if replicas < 1 {
        return Err(PlanError::new(
            ErrorCode::InvalidReplicationFactor,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ));
    }
    let partitions = match usize::try_from(request.partitions.unwrap_or(1)) {
        Ok(partitions @ 1..) => partitions,
        _ => {
            let message = "Number of partitions was set to an invalid non-positive value.";
            return Err(PlanError::new(ErrorCode::InvalidPartitions, message));
        }
    };
    check_count(partitions)?;
    place(image, partitions, replicas, seed)
}

fn check_count(new_partitions: usize) -> Result<(), PlanError> {
    if new_partitions <= MAX_PARTITIONS {
        return Ok(());
    }
    let message = "Excessively large number of partitions per request.";
    Err(PlanError::new(ErrorCode::PolicyViolation, message))
}

/// Checks replica lists given by hand: each broker once, registered, and all lists as long as `factor` or the first.
fn manual_replicas(
    image: &Image,
    lists: &[Vec<BrokerId>],
    factor: Option<usize>,
) -> Result<Vec<Brokers>, PlanError> {
    check_count(lists.len())?;
    let mut factor = factor;
    for list in lists {
        let refuse = |why: String| {
            let message = format!("The manual partition assignment includes {why}");
            Err(PlanError::new(ErrorCode::InvalidReplicaAssignment, message))
        };
        if list.is_empty() {
            return refuse("an empty replica list.".to_owned());
        }
        let mut sorted = list.clone();
        sorted.sort_unstable();
        if let Some(unknown) = sorted.iter().find(|broker| !image.brokers().contains_key(broker)) {
            return refuse(format!("broker {unknown}, but no such broker is registered."));
        }
        if let Some([twice, _]) = sorted.windows(2).find(|pair| pair.first() == pair.last()) {
            return refuse(format!("the broker {twice} more than once."));
        }
        let expected = *factor.get_or_insert(list.len());
        if list.len() != expected {
            return refuse(format!(
                "a partition with {} replica(s), but this is not consistent with previous partitions, \
                 which have {expected} replica(s).",
                list.len()
            ));
        }
    }
    Ok(lists.iter().map(|list| list.as_slice().into()).collect())
}

/// The records of new partitions, numbered from `first`. Replicas that are alive begin in sync.
fn partition_records(
    image: &Image,
    topic_id: Uuid,
    first: usize,
    placed: Vec<Brokers>,
) -> Result<Vec<Record>, PlanError> {
    let alive = |broker: &BrokerId| {
        image.brokers().get(broker).is_some_and(|broker| !broker.fenced && !broker.in_controlled_shutdown)
    };
    let record = |(index, replicas): (usize, Brokers)| {
        let partition = PartitionId(i32::try_from(index).unwrap_or(i32::MAX));
        let isr: Brokers = replicas.iter().copied().filter(alive).collect();
        if isr.is_empty() {
            return Err(PlanError::new(
                ErrorCode::InvalidReplicaAssignment,
                format!(
                    "All brokers specified in the manual partition assignment for partition {partition} are \
                     fenced or in controlled shutdown."
                ),
            ));
        }
        let directories: Directories = replicas.iter().map(|broker| directory_of(image, *broker)).collect();
        let state = PartitionState::new(replicas, isr, directories);
        Ok(Record::Partition(PartitionRecord { partition, topic_id, state }))
    };
    (first..).zip(placed).map(record).collect()
}

/// The log directory of a broker that has only one; else none is chosen yet.
fn directory_of(image: &Image, broker: BrokerId) -> Uuid {
    match image.brokers().get(&broker).map(|broker| broker.log_dirs.as_slice()) {
        Some([only]) => *only,
        _ => Uuid::ZERO,
    }
}

fn existing<'a>(image: &'a Image, name: &str) -> Result<&'a Topic, PlanError> {
    let unknown = ErrorCode::UnknownTopicOrPartition;
    image.topics().get(name).ok_or_else(|| PlanError::new(unknown, unknown.default_message()))
}

/// The records that make the topic have `total` partitions; `assignments` lists the replicas of the new ones.
pub(crate) fn create_partitions(
    image: &Image,
    name: &str,
    total: i32,
    assignments: Option<&[Vec<BrokerId>]>,
    seed: u64,
) -> Result<Vec<Record>, PlanError> {
    let topic = existing(image, name)?;
    let present = topic.partition_count();
    let refuse = |message| Err(PlanError::new(ErrorCode::InvalidPartitions, message));
    let added = match usize::try_from(total) {
        Ok(total) if total == present => {
            return refuse(format!("Topic already has {present} partition(s)."));
        }
        Ok(total) if total > present => total - present,
        _ => {
            return refuse(format!(
                "The topic {name} currently has {present} partition(s); {total} would not be an increase."
            ));
        }
    };
    let replicas = topic.partition(PartitionId(0)).map_or(1, |partition| partition.replicas.len());
    let placed = match assignments {
        Some(lists) if lists.len() != added => {
            let message = format!(
                "Attempted to add {added} additional partition(s), but only {} assignment(s) were specified.",
                lists.len()
            );
            return Err(PlanError::new(ErrorCode::InvalidReplicaAssignment, message));
        }
        Some(lists) => manual_replicas(image, lists, Some(replicas))?,
        None => {
            check_count(added)?;
            place(image, added, i16::try_from(replicas).unwrap_or(i16::MAX), seed)?
        }
    };
    partition_records(image, topic.id(), present, placed)
}

/// The record that deletes the topic, with its partitions and settings.
pub(crate) fn delete_topic(image: &Image, name: &str) -> Result<Vec<Record>, PlanError> {
    if name.is_empty() {
        let message = "The given topic name '' cannot be represented in a request.";
        return Err(PlanError::new(ErrorCode::InvalidTopic, message));
    }
    Ok(vec![Record::RemoveTopic(existing(image, name)?.id())])
}

#[cfg(test)]
mod tests {
    use super::super::bootstrap::{NewBroker, NewController, feature_levels, new_cluster};
    use super::super::loader::Loader;
    use super::*;

    fn cluster(brokers: i32) -> Image {
        let host = || "localhost".to_owned();
        let node = |id| NewBroker {
            id: BrokerId(id),
            incarnation_id: Uuid::ZERO,
            directory_id: Uuid([id as u8; 16]),
            host: host(),
            port: 9092,
        };
        let controller =
            NewController { id: BrokerId(1), incarnation_id: Uuid::ZERO, host: host(), port: 9093 };
        let nodes: Vec<NewBroker> = (1..=brokers).map(node).collect();
        let mut loader = Loader::default();
        new_cluster(&controller, &nodes, feature_levels(), 1)
            .concat()
            .into_iter()
            .for_each(|record| loader.replay(record));
        loader.image().clone()
    }

    fn request(name: &str, partitions: i32, replication_factor: i16) -> TopicRequest<'_> {
        TopicRequest {
            name,
            partitions: Some(partitions),
            replication_factor: Some(replication_factor),
            assignments: None,
            configs: &[],
        }
    }

    fn create(image: &mut Image, request: &TopicRequest<'_>) -> Result<(), PlanError> {
        let id = Uuid([u8::try_from(image.topics().len() + 1).unwrap(); 16]);
        let records = create_topic(image, request, id, 42)?;
        records.into_iter().for_each(|record| image.replay(record));
        Ok(())
    }

    fn refusal(image: &Image, request: &TopicRequest<'_>) -> String {
        let error = create_topic(image, request, Uuid::ZERO, 42).unwrap_err();
        format!("{}: {}", error.code.exception(), error.message)
    }

    fn ids(numbers: &[&[i32]]) -> Vec<Vec<BrokerId>> {
        numbers.iter().map(|list| list.iter().map(|&id| BrokerId(id)).collect()).collect()
    }

    #[test]
    fn a_created_topic_is_there_with_partitions_and_settings() {
        let mut image = cluster(1);
        let configs = [("retention.ms".to_owned(), "5".to_owned())];
        create(&mut image, &TopicRequest { configs: &configs, ..request("demo", 3, 1) }).unwrap();
        let topic = image.topics().get("demo").unwrap();
        assert_eq!(topic.partition_count(), 3);
        let partition = topic.partition(PartitionId(2)).unwrap();
        assert_eq!((&*partition.replicas, &*partition.isr), (&[BrokerId(1)][..], &[BrokerId(1)][..]));
        assert_eq!((partition.leader, partition.leader_epoch.0), (Some(BrokerId(1)), 0));
        assert_eq!(*partition.directories, [Uuid([1; 16])]);
        assert_eq!(image.setting(ConfigKind::TOPIC, "demo", "retention.ms"), Some("5"));
        let records = delete_topic(&image, "demo").unwrap();
        records.into_iter().for_each(|record| image.replay(record));
        assert!(image.topics().get("demo").is_none());
        assert_eq!(image.settings(ConfigKind::TOPIC, "demo"), None);
    }

    #[test]
    fn creation_is_refused_in_kafkas_order_and_words() {
        let mut image = cluster(1);
        create(&mut image, &request("ok", 2, 1)).unwrap();
        create(&mut image, &request("a.b", 1, 1)).unwrap();
        let bad = [("nosuch".to_owned(), "1".to_owned())];
        let with = |configs, base| TopicRequest { configs, ..base };
        for (request, why) in [
            (
                request("p", 0, 1),
                "InvalidPartitionsException: Number of partitions was set to an invalid non-positive value.",
            ),
            (
                request("p", 0, 0),
                "InvalidReplicationFactorException: Replication factor must be larger than 0, or -1 to use the default value.",
            ),
            (
                request("p", 0, 2),
                "InvalidPartitionsException: Number of partitions was set to an invalid non-positive value.",
            ),
            (
                request("p", 1, 2),
                "InvalidReplicationFactorException: Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered.",
            ),
            (
                request("p", 10_001, 1),
                "PolicyViolationException: Excessively large number of partitions per request.",
            ),
            (with(&bad, request("ok", 2, 1)), "TopicExistsException: Topic 'ok' already exists."),
            (
                with(&bad, request("a/b", 0, 1)),
                "InvalidTopicException: Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
            ),
            (
                with(&bad, request("c", 0, 1)),
                "InvalidConfigurationException: Unknown topic config name: nosuch",
            ),
            (request("a_b", 1, 1), "InvalidTopicException: Topic 'a_b' collides with existing topic: a.b"),
            (
                request("", 1, 1),
                "InvalidTopicException: The given topic name '' cannot be represented in a request.",
            ),
            (
                request("__cluster_metadata", 1, 1),
                "InvalidRequestException: Creation of internal topic __cluster_metadata is prohibited.",
            ),
        ] {
            assert_eq!(refusal(&image, &request), why);
        }
    }

    #[test]
    fn replicas_by_hand_are_checked() {
        let image = cluster(2);
        for (lists, why) in [
            (ids(&[&[1], &[]]), "The manual partition assignment includes an empty replica list."),
            (ids(&[&[1, 1]]), "The manual partition assignment includes the broker 1 more than once."),
            (
                ids(&[&[5, 5]]),
                "The manual partition assignment includes broker 5, but no such broker is registered.",
            ),
            (
                ids(&[&[1], &[2, 1]]),
                "The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).",
            ),
        ] {
            let request = TopicRequest { assignments: Some(&lists), ..request("t", 1, 1) };
            assert_eq!(refusal(&image, &request), format!("InvalidReplicaAssignmentException: {why}"));
        }
    }

    #[test]
    fn a_topic_grows_and_never_shrinks() {
        let mut image = cluster(1);
        create(&mut image, &request("grow", 4, 1)).unwrap();
        let message = |total, lists: Option<&[Vec<BrokerId>]>| {
            create_partitions(&image, "grow", total, lists, 1).unwrap_err().message
        };
        assert_eq!(message(4, None), "Topic already has 4 partition(s).");
        assert_eq!(
            message(-1, None),
            "The topic grow currently has 4 partition(s); -1 would not be an increase."
        );
        assert_eq!(
            message(5, Some(&[])),
            "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified."
        );
        let missing = create_partitions(&image, "none", 5, None, 1).unwrap_err();
        assert_eq!(missing.code, ErrorCode::UnknownTopicOrPartition);
        let records = create_partitions(&image, "grow", 6, None, 1).unwrap();
        records.into_iter().for_each(|record| image.replay(record));
        let numbers: Vec<i32> =
            image.topics().get("grow").unwrap().partitions().map(|(id, _)| id.0).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    }
}
