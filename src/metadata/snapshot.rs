//! An image as the records of a snapshot, in the order of Kafka's image writer: features, brokers, controllers, topics,
//! configurations, quotas, producer ids, access control, SCRAM, tokens.

use super::error::Error;
use super::image::Image;
use super::partition_records::{PartitionRecord, TopicRecord};
use super::record::{ConfigRecord, FeatureLevelRecord, ProducerIdsRecord, Record};
use super::security_records::ClientQuotaRecord;
use crate::types::BrokerId;

/// The feature that says how all other records are to be read; it comes first.
const METADATA_VERSION: &str = "metadata.version";

/// The records that make an equal image when replayed. Fails if the image has seen records of newer versions, which
/// a snapshot would lose.
pub(crate) fn snapshot(image: &Image) -> Result<Vec<Record>, Error> {
    if image.unknown_records() > 0 {
        return Err(Error::UnknownRecords(image.unknown_records()));
    }
    let mut records = Vec::with_capacity(image.topics().len() * 4 + 32);
    put_features(image, &mut records);
    records.extend(image.brokers().values().cloned().map(Record::RegisterBroker));
    records.extend(image.controllers().values().cloned().map(Record::RegisterController));
    put_topics(image, &mut records);
    put_configs(image, &mut records);
    put_quotas(image, &mut records);
    if image.next_producer_id() > 0 {
        records.push(Record::ProducerIds(ProducerIdsRecord {
            broker: BrokerId(-1),
            broker_epoch: -1,
            next_producer_id: image.next_producer_id(),
        }));
    }
    records.extend(image.acls.values().cloned().map(Record::AccessControlEntry));
    records.extend(image.scram.values().cloned().map(Record::UserScramCredential));
    records.extend(image.tokens.values().cloned().map(Record::DelegationToken));
    Ok(records)
}

fn put_features(image: &Image, records: &mut Vec<Record>) {
    let (first, others): (Vec<_>, Vec<_>) =
        image.features().iter().partition(|(name, _)| *name == METADATA_VERSION);
    for (name, &level) in first.into_iter().chain(others) {
        records.push(Record::FeatureLevel(FeatureLevelRecord { name: name.clone(), level }));
    }
}

fn put_topics(image: &Image, records: &mut Vec<Record>) {
    for topic in image.topics().sorted() {
        records.push(Record::Topic(TopicRecord { name: topic.name().into(), id: topic.id() }));
        for (partition, state) in topic.partitions() {
            records.push(Record::Partition(PartitionRecord {
                partition,
                topic_id: topic.id(),
                state: state.clone(),
            }));
        }
    }
}

fn put_configs(image: &Image, records: &mut Vec<Record>) {
    for (kind, resource, settings) in image.configured() {
        records.extend(settings.iter().map(|(name, value)| {
            Record::Config(ConfigRecord {
                kind,
                resource: resource.to_owned(),
                name: name.clone(),
                value: Some(value.clone()),
            })
        }));
    }
}

fn put_quotas(image: &Image, records: &mut Vec<Record>) {
    for (entity, quotas) in image.quotas() {
        records.extend(quotas.iter().map(|(key, &value)| {
            Record::ClientQuota(ClientQuotaRecord {
                entity: entity.clone(),
                key: key.clone(),
                value,
                remove: false,
            })
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::partition_records::{PartitionChangeRecord, PartitionState};
    use super::super::record::ConfigKind;
    use super::*;
    use crate::types::{PartitionId, Uuid};

    fn lived_in() -> Image {
        let mut image = Image::default();
        super::super::bootstrap::feature_levels().into_iter().for_each(|record| image.replay(record));
        for (number, name) in [(1, "b"), (2, "a"), (3, "gone")] {
            let id = Uuid([number; 16]);
            image.replay(Record::Topic(TopicRecord { name: name.into(), id }));
            let both = [BrokerId(1), BrokerId(2)];
            let state = PartitionState::new(both[..].into(), both[..].into(), [id, id][..].into());
            let partition = PartitionId(0);
            image.replay(Record::Partition(PartitionRecord { partition, topic_id: id, state }));
            let mut change = PartitionChangeRecord::of(id, partition);
            change.isr = Some([][..].into());
            change.leader = Some(None);
            change.elr = Some([BrokerId(2)][..].into());
            image.replay(Record::PartitionChange(change));
            image.replay(Record::Config(ConfigRecord {
                kind: ConfigKind::TOPIC,
                resource: name.to_owned(),
                name: "retention.ms".to_owned(),
                value: Some("5".to_owned()),
            }));
        }
        image.replay(Record::RemoveTopic(Uuid([3; 16])));
        image.replay(Record::ClientQuota(ClientQuotaRecord {
            entity: vec![("user".to_owned(), None)],
            key: "producer_byte_rate".to_owned(),
            value: 1.0,
            remove: false,
        }));
        image.replay(Record::ProducerIds(ProducerIdsRecord {
            broker: BrokerId(1),
            broker_epoch: 5,
            next_producer_id: 2000,
        }));
        image
    }

    #[test]
    fn a_snapshot_makes_an_equal_image() {
        let image = lived_in();
        let topic = image.topics().get("a").unwrap().partition(PartitionId(0)).unwrap();
        assert_eq!((topic.leader, topic.leader_epoch.0, topic.partition_epoch), (None, 1, 1));
        let mut again = Image::default();
        snapshot(&image).unwrap().into_iter().for_each(|record| again.replay(record));
        assert_eq!(again, image);
    }

    #[test]
    fn records_of_newer_versions_are_never_dropped_silently() {
        let mut image = lived_in();
        image.replay(Record::Unknown { id: 99, version: 0, value: vec![1, 99, 0] });
        assert_eq!(snapshot(&image), Err(Error::UnknownRecords(1)));
    }
}
