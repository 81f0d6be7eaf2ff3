//! Where the replicas of new partitions go: striped over the racks and brokers from a random start, as Kafka's striped
//! placer does, so that leaders and copies are spread evenly. Randomness is an argument.

use super::error::PlanError;
use super::image::Image;
use super::partition_records::Brokers;
use crate::types::{BrokerId, ErrorCode};
use std::collections::BTreeMap;

/// The brokers of a rack: those alive, then those fenced, each in a rotation of its own.
#[derive(Debug, Default)]
struct Rack {
    alive: Vec<BrokerId>,
    fenced: Vec<BrokerId>,
}

/// A small generator of numbers (xorshift64*), enough to shuffle brokers.
struct Shuffle(u64);

impl Shuffle {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0).checked_rem(limit).unwrap_or(0)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = self.below(end + 1);
            items.swap(end, other);
        }
    }
}

/// Places `partitions` partitions with `replicas` copies each. The first of each list is alive, a partition's copies
/// are on different brokers and on as many racks as there are.
pub(super) fn place(
    image: &Image,
    partitions: usize,
    replicas: i16,
    seed: u64,
) -> Result<Vec<Brokers>, PlanError> {
    let refuse = |why: String| {
        let message = format!("Unable to replicate the partition {replicas} time(s): {why}");
        PlanError::new(ErrorCode::InvalidReplicationFactor, message)
    };
    let wanted = usize::try_from(replicas).unwrap_or(0);
    let registered = image.brokers().len();
    if image.brokers().values().all(|broker| broker.fenced) {
        return Err(refuse("All brokers are currently fenced.".to_owned()));
    }
    if wanted > registered {
        return Err(refuse(format!(
            "The target replication factor of {replicas} cannot be reached because only {registered} \
             broker(s) are registered."
        )));
    }
    let mut shuffle = Shuffle(seed | 1);
    let mut racks: Vec<Rack> = racks(image).into_values().collect();
    shuffle.shuffle(&mut racks);
    for rack in &mut racks {
        shuffle.shuffle(&mut rack.alive);
        shuffle.shuffle(&mut rack.fenced);
    }
    let start = shuffle.below(registered);
    Ok((start..start.saturating_add(partitions)).map(|turn| pick(&racks, turn, wanted)).collect())
}

fn racks(image: &Image) -> BTreeMap<Option<&str>, Rack> {
    let mut racks = BTreeMap::<Option<&str>, Rack>::new();
    for broker in image.brokers().values() {
        let rack = racks.entry(broker.rack.as_deref()).or_default();
        if broker.fenced { &mut rack.fenced } else { &mut rack.alive }.push(broker.broker);
    }
    racks
}

/// One partition's replicas: rack after rack, each giving its next broker; in every turn each rack begins one further.
fn pick(racks: &[Rack], turn: usize, wanted: usize) -> Brokers {
    let nth = |brokers: &[BrokerId], index: usize| -> Option<BrokerId> {
        brokers.get(turn.wrapping_add(index).checked_rem(brokers.len())?).copied()
    };
    let rack_at = |index: usize| racks.get(turn.wrapping_add(index) % racks.len().max(1));
    let rounds = 0..racks.iter().map(|rack| rack.alive.len() + rack.fenced.len()).max().unwrap_or(0);
    let candidates: Vec<BrokerId> = rounds
        .flat_map(|round| (0..racks.len()).filter_map(move |index| Some((round, rack_at(index)?))))
        .filter_map(|(round, rack)| match round.checked_sub(rack.alive.len()) {
            None => nth(&rack.alive, round),
            Some(past) if past < rack.fenced.len() => nth(&rack.fenced, past),
            Some(_) => None,
        })
        .collect();
    let alive = |broker: &BrokerId| racks.iter().any(|rack| rack.alive.contains(broker));
    let leader = candidates.iter().position(alive).unwrap_or(0);
    let mut ordered = candidates;
    if let Some(front) = ordered.get_mut(..=leader) {
        front.rotate_right(1);
    }
    ordered.into_iter().take(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::super::record::Record;
    use super::super::registration_records::RegisterBrokerRecord;
    use super::*;
    use crate::types::Uuid;

    fn cluster(brokers: &[(i32, Option<&str>, bool)]) -> Image {
        let mut image = Image::default();
        for &(id, rack, fenced) in brokers {
            image.replay(Record::RegisterBroker(RegisterBrokerRecord {
                broker: BrokerId(id),
                is_migrating_zk_broker: false,
                incarnation_id: Uuid::ZERO,
                epoch: 0,
                endpoints: Vec::new(),
                features: Vec::new(),
                rack: rack.map(str::to_owned),
                fenced,
                in_controlled_shutdown: false,
                log_dirs: Vec::new(),
            }));
        }
        image
    }

    fn distinct(brokers: &Brokers) -> bool {
        brokers.iter().enumerate().all(|(index, broker)| !brokers[..index].contains(broker))
    }

    #[test]
    fn leaders_and_copies_are_spread_evenly() {
        let image = cluster(&[(1, None, false), (2, None, false), (3, None, false)]);
        for seed in 0..50 {
            let placed = place(&image, 6, 2, seed).unwrap();
            assert!(placed.iter().all(|replicas| replicas.len() == 2 && distinct(replicas)));
            for broker in 1..=3 {
                let leads = placed.iter().filter(|replicas| replicas[0] == BrokerId(broker)).count();
                let holds = placed.iter().filter(|replicas| replicas.contains(&BrokerId(broker))).count();
                assert_eq!((leads, holds), (2, 4), "{placed:?}");
            }
        }
    }

    #[test]
    fn copies_are_on_different_racks_and_a_fenced_broker_never_leads() {
        let image = cluster(&[
            (1, Some("a"), false),
            (2, Some("a"), false),
            (3, Some("b"), true),
            (4, Some("b"), false),
        ]);
        for seed in 0..50 {
            for replicas in place(&image, 8, 2, seed).unwrap() {
                assert!((replicas[0].0 <= 2) != (replicas[1].0 <= 2), "{replicas:?}");
                assert_ne!(replicas[0], BrokerId(3));
            }
            let all = place(&image, 1, 4, seed).unwrap();
            assert!(all[0].len() == 4 && distinct(&all[0]));
        }
        let fenced_rack = cluster(&[(1, Some("a"), true), (2, Some("b"), false)]);
        for seed in 0..20 {
            assert_eq!(*place(&fenced_rack, 1, 2, seed).unwrap()[0], [BrokerId(2), BrokerId(1)]);
        }
    }

    #[test]
    fn too_many_copies_are_refused() {
        let message = |image: &Image| place(image, 1, 2, 7).unwrap_err().message;
        assert_eq!(
            message(&cluster(&[(1, None, false)])),
            "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be \
             reached because only 1 broker(s) are registered."
        );
        assert_eq!(
            message(&cluster(&[(1, None, true), (2, None, true)])),
            "Unable to replicate the partition 2 time(s): All brokers are currently fenced."
        );
    }
}
