//! What a controller decides when it is asked to choose a leader (KIP-183, KIP-460).

use super::error::PlanError;
use super::image::Image;
use super::partition_records::{LeaderRecovery, PartitionChangeRecord, PartitionState};
use super::record::Record;
use crate::types::{BrokerId, ErrorCode, PartitionId};

/// How the leader is to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Election {
    Preferred,
    Unclean,
}

/// The change that gives a partition the leader that it should have.
pub(crate) fn elect_leader(
    image: &Image,
    topic: &str,
    partition: PartitionId,
    election: Election,
) -> Result<Record, PlanError> {
    let unknown = |what: &str| PlanError::new(ErrorCode::UnknownTopicOrPartition, what);
    let Some(found) = image.topics().get(topic) else {
        return Err(unknown(&format!("No such topic as {topic}")));
    };
    let Some(state) = found.partition(partition) else {
        return Err(unknown(&format!("No such partition as {topic}-{partition}")));
    };
    let refuse = |code: ErrorCode| Err(PlanError::new(code, code.default_message()));
    let alive = |id: &&BrokerId| image.brokers().get(id).is_some_and(|registration| !registration.fenced);
    let mut change = PartitionChangeRecord::of(found.id(), partition);
    match election {
        Election::Preferred => {
            let preferred = state.replicas.first();
            if state.leader.is_some() && state.leader.as_ref() == preferred {
                return refuse(ErrorCode::ElectionNotNeeded);
            }
            match preferred.filter(alive).filter(|id| state.isr.contains(id)) {
                Some(id) => change.leader = Some(Some(*id)),
                None => return refuse(ErrorCode::PreferredLeaderNotAvailable),
            }
        }
        Election::Unclean => {
            if state.leader.is_some() {
                return refuse(ErrorCode::ElectionNotNeeded);
            }
            match clean(state, &alive).or_else(|| state.replicas.iter().find(alive).copied()) {
                None => return refuse(ErrorCode::EligibleLeadersNotAvailable),
                Some(id) => {
                    change.leader = Some(Some(id));
                    if !state.isr.contains(&id) {
                        change.isr = Some([id][..].into());
                        change.leader_recovery = Some(LeaderRecovery::Recovering);
                    }
                }
            }
        }
    }
    Ok(Record::PartitionChange(change))
}

/// A replica that has all that was committed.
fn clean(state: &PartitionState, alive: &impl Fn(&&BrokerId) -> bool) -> Option<BrokerId> {
    state.isr.iter().chain(state.elr()).find(alive).copied()
}

#[cfg(test)]
mod tests {
    use super::super::partition_records::{PartitionRecord, TopicRecord};
    use super::super::registration_records::RegisterBrokerRecord;
    use super::*;
    use crate::types::Uuid;

    /// Broker 1 is alive, 2 is not; a partition for each case.
    fn image() -> Image {
        let mut image = Image::default();
        for (number, fenced) in [(1, false), (2, true)] {
            image.replay(Record::RegisterBroker(RegisterBrokerRecord {
                broker: BrokerId(number),
                is_migrating_zk_broker: false,
                incarnation_id: Uuid::ZERO,
                epoch: 7,
                endpoints: Vec::new(),
                features: Vec::new(),
                rack: None,
                fenced,
                in_controlled_shutdown: false,
                log_dirs: Vec::new(),
            }));
        }
        let topic_id = Uuid([9; 16]);
        image.replay(Record::Topic(TopicRecord { name: "t".into(), id: topic_id }));
        let ids = |numbers: &[i32]| numbers.iter().copied().map(BrokerId).collect::<Vec<_>>();
        let cases: [(&[i32], &[i32], Option<i32>); 4] = [
            (&[1], &[1], Some(1)),
            (&[1, 2], &[1, 2], Some(2)),
            (&[2, 1], &[2], None),
            (&[2, 1], &[2, 1], Some(1)),
        ];
        for (partition, (replicas, isr, leader)) in (0..).zip(cases) {
            let (replicas, isr) = (ids(replicas), ids(isr));
            let mut state =
                PartitionState::new(replicas.as_slice().into(), isr.as_slice().into(), [][..].into());
            state.leader = leader.map(BrokerId);
            image.replay(Record::Partition(PartitionRecord {
                partition: PartitionId(partition),
                topic_id,
                state,
            }));
        }
        image
    }

    #[test]
    fn a_leader_is_chosen_where_there_is_a_better_one() {
        let mut image = image();
        let elect = |image: &Image, topic: &str, partition, election| {
            elect_leader(image, topic, PartitionId(partition), election).map_err(|error| error.code)
        };
        for (partition, election, code) in [
            (0, Election::Preferred, ErrorCode::ElectionNotNeeded),
            (0, Election::Unclean, ErrorCode::ElectionNotNeeded),
            (3, Election::Preferred, ErrorCode::PreferredLeaderNotAvailable),
            (9, Election::Preferred, ErrorCode::UnknownTopicOrPartition),
        ] {
            assert_eq!(elect(&image, "t", partition, election), Err(code), "{partition}");
        }
        let missing = elect_leader(&image, "u", PartitionId(0), Election::Unclean).unwrap_err();
        assert_eq!(missing.message, "No such topic as u");
        for (partition, election) in [(1, Election::Preferred), (2, Election::Unclean)] {
            let record = elect(&image, "t", partition, election).unwrap();
            image.replay(record);
            let state = image.topics().get("t").unwrap().partition(PartitionId(partition)).unwrap();
            assert_eq!(state.leader, Some(BrokerId(1)), "{partition}");
        }
        let state = image.topics().get("t").unwrap().partition(PartitionId(2)).unwrap();
        assert_eq!((&*state.isr, state.leader_recovery), (&[BrokerId(1)][..], LeaderRecovery::Recovering));
    }
}
