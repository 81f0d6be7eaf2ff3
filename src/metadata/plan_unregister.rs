//! What a controller decides when a broker is taken out of the metadata: nobody counts on its replicas any more.

use super::error::PlanError;
use super::image::Image;
use super::partition_records::{PartitionChangeRecord, PartitionState};
use super::record::Record;
use super::registration_records::BrokerAndEpoch;
use crate::types::{BrokerId, ErrorCode, PartitionId, Uuid};

/// The records that take a broker out: what it led is led by another replica in sync, or by nobody.
pub(crate) fn unregister_broker(image: &Image, broker: BrokerId) -> Result<Vec<Record>, PlanError> {
    let registration = image.brokers().get(&broker).ok_or_else(|| {
        let message = format!("Broker ID {broker} is not currently registered");
        PlanError::new(ErrorCode::BrokerIdNotRegistered, message)
    })?;
    let mut records = Vec::new();
    for topic in image.topics().sorted() {
        let changes =
            topic.partitions().filter_map(|(id, state)| without(image, topic.id(), id, state, broker));
        records.extend(changes.map(Record::PartitionChange));
    }
    records.push(Record::UnregisterBroker(BrokerAndEpoch { broker, epoch: registration.epoch }));
    Ok(records)
}

/// The change of a partition in which the broker is in sync or leads.
fn without(
    image: &Image,
    topic: Uuid,
    partition: PartitionId,
    state: &PartitionState,
    broker: BrokerId,
) -> Option<PartitionChangeRecord> {
    let leads = state.leader == Some(broker);
    if !leads && !state.isr.contains(&broker) {
        return None;
    }
    let mut change = PartitionChangeRecord::of(topic, partition);
    let others: Vec<BrokerId> = state.isr.iter().copied().filter(|id| *id != broker).collect();
    // The last one in sync stays so: it alone has all that was committed.
    if !others.is_empty() && others.len() < state.isr.len() {
        change.isr = Some(others.as_slice().into());
    }
    if leads {
        let alive = |id: &&BrokerId| image.brokers().get(id).is_some_and(|registration| !registration.fenced);
        change.leader = Some(others.iter().find(alive).copied());
    }
    (change.isr.is_some() || change.leader.is_some()).then_some(change)
}

#[cfg(test)]
mod tests {
    use super::super::partition_records::{PartitionRecord, TopicRecord};
    use super::super::registration_records::RegisterBrokerRecord;
    use super::*;

    fn image() -> Image {
        let mut image = Image::default();
        for number in [1, 2] {
            image.replay(Record::RegisterBroker(RegisterBrokerRecord {
                broker: BrokerId(number),
                is_migrating_zk_broker: false,
                incarnation_id: Uuid::ZERO,
                epoch: 7,
                endpoints: Vec::new(),
                features: Vec::new(),
                rack: None,
                fenced: false,
                in_controlled_shutdown: false,
                log_dirs: Vec::new(),
            }));
        }
        let id = Uuid([9; 16]);
        image.replay(Record::Topic(TopicRecord { name: "t".into(), id }));
        for (partition, replicas) in [(0, &[2, 1][..]), (1, &[2][..]), (2, &[1][..])] {
            let replicas: Vec<BrokerId> = replicas.iter().copied().map(BrokerId).collect();
            let mut state =
                PartitionState::new(replicas.as_slice().into(), replicas.as_slice().into(), [][..].into());
            state.leader = replicas.first().copied();
            image.replay(Record::Partition(PartitionRecord {
                partition: PartitionId(partition),
                topic_id: id,
                state,
            }));
        }
        image
    }

    #[test]
    fn what_a_broker_led_goes_to_another_or_to_nobody() {
        let mut image = image();
        let records = unregister_broker(&image, BrokerId(2)).unwrap();
        assert_eq!(records.len(), 3);
        records.into_iter().for_each(|record| image.replay(record));
        assert_eq!(image.brokers().len(), 1);
        let topic = image.topics().get("t").unwrap();
        let state = |number| topic.partition(PartitionId(number)).unwrap();
        assert_eq!((state(0).leader, &*state(0).isr), (Some(BrokerId(1)), &[BrokerId(1)][..]));
        assert_eq!((state(1).leader, &*state(1).isr), (None, &[BrokerId(2)][..]));
        assert_eq!(state(2).leader, Some(BrokerId(1)));
    }

    #[test]
    fn a_stranger_is_not_taken_out() {
        let error = unregister_broker(&image(), BrokerId(5)).unwrap_err();
        assert_eq!(error.message, "Broker ID 5 is not currently registered");
    }
}
