//! What a controller decides when a broker comes back: it registers anew, is let in, and leads again what nobody leads and
//! it holds completely (KIP-631, KIP-966).

use super::image::Image;
use super::partition_records::{PartitionChangeRecord, PartitionState};
use super::record::Record;
use super::registration_records::{BrokerRegistrationChangeRecord, RegisterBrokerRecord};
use super::topic_config::TopicConfig;
use super::topics::Topic;
use crate::types::{BrokerId, Uuid};

/// Whether the broker is registered but shut out, as after a clean stop.
pub(crate) fn is_shut_out(image: &Image, broker: BrokerId) -> bool {
    image.brokers().get(&broker).is_some_and(|broker| broker.fenced || broker.in_controlled_shutdown)
}

/// The records that let a broker in which is shut out. `offset` is the one that the first of them will have in the
/// metadata log; it becomes the broker's epoch. Empty if there is nothing to do.
pub(crate) fn revive_broker(
    image: &Image,
    broker: BrokerId,
    incarnation_id: Uuid,
    offset: i64,
) -> Vec<Record> {
    let Some(registration) = image.brokers().get(&broker).filter(|_| is_shut_out(image, broker)) else {
        return Vec::new();
    };
    let mut records = vec![
        Record::RegisterBroker(RegisterBrokerRecord {
            incarnation_id,
            epoch: offset,
            fenced: true,
            in_controlled_shutdown: false,
            ..registration.clone()
        }),
        Record::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
            broker,
            epoch: offset,
            fenced: Some(false),
            enters_controlled_shutdown: false,
            log_dirs: Vec::new(),
        }),
    ];
    for topic in image.topics().sorted() {
        records.extend(elections(image, topic, broker));
    }
    records
}

/// The changes that make the broker lead the topic's partitions that have no leader.
fn elections(image: &Image, topic: &Topic, broker: BrokerId) -> Vec<Record> {
    let mut leaderless = topic.partitions().filter(|(_, state)| can_lead(state, broker)).peekable();
    if leaderless.peek().is_none() {
        return Vec::new();
    }
    let min_isr = TopicConfig::effective(image, topic.name(), broker).min_insync_replicas;
    let election = |(partition, state): (_, &PartitionState)| {
        let mut change = PartitionChangeRecord::of(topic.id(), partition);
        change.leader = Some(Some(broker));
        if *state.isr != [broker] {
            change.isr = Some([broker][..].into());
        }
        // Replicas out of sync are eligible only while there are fewer in sync than a write needs.
        let elr: Vec<BrokerId> = if min_isr > 1 {
            state.elr().iter().copied().filter(|id| *id != broker).collect()
        } else {
            Vec::new()
        };
        if state.elr() != elr {
            change.elr = Some(elr.as_slice().into());
        }
        if !state.last_known_elr().is_empty() {
            change.last_known_elr = Some([][..].into());
        }
        Record::PartitionChange(change)
    };
    leaderless.map(election).collect()
}

/// Whether nobody leads the partition and the broker has all that was committed: it was in sync, or is known to have been
/// the last to be.
fn can_lead(state: &PartitionState, broker: BrokerId) -> bool {
    if state.leader.is_some() {
        return false;
    }
    let last = state.isr.is_empty() && state.elr().is_empty() && state.last_known_elr() == [broker];
    state.isr.contains(&broker) || state.elr().contains(&broker) || last
}

#[cfg(test)]
mod tests {
    use super::super::partition_records::{PartitionRecord, TopicRecord};
    use super::*;
    use crate::types::PartitionId;

    const ONE: BrokerId = BrokerId(1);
    const TWO: BrokerId = BrokerId(2);

    /// Two brokers, both stopped, one after the other; `b` was last in sync on the second.
    fn stopped() -> Image {
        let mut image = Image::default();
        for broker in [ONE, TWO] {
            image.replay(Record::RegisterBroker(RegisterBrokerRecord {
                broker,
                is_migrating_zk_broker: false,
                incarnation_id: Uuid::ZERO,
                epoch: 5,
                endpoints: Vec::new(),
                features: Vec::new(),
                rack: None,
                fenced: true,
                in_controlled_shutdown: true,
                log_dirs: Vec::new(),
            }));
        }
        for (number, name, replicas, last) in [(1, "a", &[ONE][..], ONE), (2, "b", &[ONE, TWO][..], TWO)] {
            let id = Uuid([number; 16]);
            image.replay(Record::Topic(TopicRecord { name: name.into(), id }));
            let state = PartitionState::new(replicas.into(), replicas.into(), [][..].into());
            let partition = PartitionId(0);
            image.replay(Record::Partition(PartitionRecord { partition, topic_id: id, state }));
            let mut change = PartitionChangeRecord::of(id, partition);
            change.isr = Some([][..].into());
            change.leader = Some(None);
            change.elr = Some([last][..].into());
            change.last_known_elr = Some([last][..].into());
            image.replay(Record::PartitionChange(change));
        }
        image
    }

    #[test]
    fn a_broker_that_comes_back_leads_what_it_holds_completely() {
        let mut image = stopped();
        assert!(is_shut_out(&image, ONE));
        let records = revive_broker(&image, ONE, Uuid::METADATA_TOPIC, 77);
        assert_eq!(records.len(), 3);
        records.into_iter().for_each(|record| image.replay(record));
        let broker = &image.brokers()[&ONE];
        assert_eq!((broker.fenced, broker.in_controlled_shutdown, broker.epoch), (false, false, 77));
        let state = |image: &Image, topic| {
            image.topics().get(topic).unwrap().partition(PartitionId(0)).unwrap().clone()
        };
        let led = state(&image, "a");
        assert_eq!(
            (led.leader, &*led.isr, led.elr(), led.last_known_elr()),
            (Some(ONE), &[ONE][..], &[][..], &[][..])
        );
        assert_eq!(led.leader_epoch.0, 2);
        assert_eq!(state(&image, "b").leader, None);
        assert_eq!(revive_broker(&image, ONE, Uuid::ZERO, 78), []);
        assert_eq!(revive_broker(&image, BrokerId(9), Uuid::ZERO, 78), []);
    }
}
