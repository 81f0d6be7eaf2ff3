//! Members that come, take records, answer, dawdle and die in random order, and a log that loses what is live and is
//! replayed: no record is ever had by two, each is finished in the end, none is lost and none is delivered too often.

use super::partition::{AcknowledgeType, Acknowledgement, Acquire, Limits, SharePartition};
use super::records::ShareKey;
use super::state::ShareStates;
use super::{Change, Live};
use crate::group::schedule::Schedule;
use crate::types::{LeaderEpoch, Offset, PartitionId, TimestampMs, Uuid};
use std::collections::BTreeMap;

const LIMITS: Limits = Limits { delivery_count_max: 4, in_flight_max: 30, lock_ms: 50 };
const BOOT: u64 = 1;
const RECORDS: i64 = 120;

/// What a member believes to have: the record, and until when.
type Had = BTreeMap<i64, TimestampMs>;

struct World {
    schedule: Schedule,
    now: TimestampMs,
    states: ShareStates,
    written: i64,
    partition: SharePartition,
    log_end: i64,
    members: BTreeMap<String, Had>,
    born: i32,
    /// How often each record was delivered since the last time that live state was lost.
    deliveries: BTreeMap<i64, i16>,
    accepted: BTreeMap<i64, u32>,
}

fn key() -> ShareKey {
    ShareKey { group: "g".to_owned(), topic_id: Uuid::METADATA_TOPIC, partition: PartitionId(0) }
}

impl World {
    fn new(round: i32) -> World {
        let schedule = Schedule::from_environment(&format!("share model {round}"));
        let mut states = ShareStates::default();
        let initial = states.initial(key(), 1, LeaderEpoch(0), None, TimestampMs(0));
        states.apply(initial, Offset::ZERO);
        let partition = SharePartition::load(states.get(&key()).unwrap(), Offset::ZERO);
        World {
            schedule,
            now: TimestampMs(0),
            states,
            written: 0,
            partition,
            log_end: 0,
            members: BTreeMap::new(),
            born: 0,
            deliveries: BTreeMap::new(),
            accepted: BTreeMap::new(),
        }
    }

    fn write(&mut self, change: Option<Change>) {
        let Some(change) = change else { return };
        assert!(change.batches.iter().all(|batch| batch.first >= change.start), "{}", self.schedule);
        let record = self.states.changed(&key(), change, LeaderEpoch(0), self.now).unwrap();
        let (key, value) = record.encode().unwrap().unwrap();
        self.written += 1;
        self.states.replay(Some(&key), value.as_deref(), Offset::new(self.written)).unwrap();
    }

    fn member(&mut self) -> Option<String> {
        let count = i32::try_from(self.members.len()).unwrap();
        let index =
            usize::try_from(if count == 0 { return None } else { self.schedule.below(count) }).unwrap();
        self.members.keys().nth(index).cloned()
    }

    fn expire(&mut self) {
        let change = self.partition.expire(&LIMITS, self.now);
        self.write(change);
        let now = self.now;
        self.members.values_mut().for_each(|had| had.retain(|_, until| *until > now));
    }

    fn acquire(&mut self, member: &str) {
        self.expire();
        let count_max = i64::from(1 + self.schedule.below(12));
        let wish = Acquire { member, log_end: Offset::new(self.log_end), count_max };
        let acquired = self.partition.acquire(wish, &LIMITS, self.now);
        let mut count = 0;
        for part in acquired {
            for offset in part.first.get()..=part.last.get() {
                count += 1;
                let two = self.members.iter().find(|(_, had)| had.contains_key(&offset));
                assert!(two.is_none(), "{offset} of {two:?} went to {member}: {}", self.schedule);
                assert!(!self.accepted.contains_key(&offset), "{offset} was accepted: {}", self.schedule);
                assert!(offset < self.log_end && part.delivery_count <= LIMITS.delivery_count_max);
                let times = self.deliveries.entry(offset).or_default();
                *times += 1;
                assert!(*times <= part.delivery_count, "{offset}: {}", self.schedule);
                let until = TimestampMs(self.now.0 + LIMITS.lock_ms);
                self.members.get_mut(member).unwrap().insert(offset, until);
            }
        }
        assert!(count <= count_max, "{}", self.schedule);
    }

    /// Says something of some of what the member has, and of some that it hasn't.
    fn answer(&mut self, member: &str) {
        self.expire();
        let mut words = Vec::new();
        let had: Vec<i64> = self.members[member].keys().copied().collect();
        for offset in had {
            let what = match self.schedule.below(8) {
                0..=3 => AcknowledgeType::Accept,
                4 => AcknowledgeType::Release,
                5 => AcknowledgeType::Reject,
                6 => AcknowledgeType::Renew,
                _ => continue,
            };
            words.push(Acknowledgement { first: Offset::new(offset), last: Offset::new(offset), what });
            let had = self.members.get_mut(member).unwrap();
            match what {
                AcknowledgeType::Renew => {
                    had.insert(offset, TimestampMs(self.now.0 + LIMITS.lock_ms));
                }
                _ => {
                    had.remove(&offset);
                }
            }
            if what == AcknowledgeType::Accept {
                *self.accepted.entry(offset).or_default() += 1;
            }
        }
        let foreign = Offset::new(i64::from(self.schedule.below(120)));
        if !self.members[member].contains_key(&foreign.get()) {
            words.push(Acknowledgement { first: foreign, last: foreign, what: AcknowledgeType::Reject });
        }
        let change = self.partition.acknowledge(member, &words, &LIMITS, self.now);
        self.write(change);
    }

    fn step(&mut self) {
        self.now = TimestampMs(self.now.0 + i64::from(self.schedule.below(10)));
        match self.schedule.below(20) {
            0 | 1 if self.members.len() < 6 => {
                self.born += 1;
                self.members.insert(format!("m{}", self.born), Had::new());
            }
            2 => self.log_end = RECORDS.min(self.log_end + i64::from(self.schedule.below(20))),
            3 => {
                if let Some(member) = self.member() {
                    self.members.remove(&member);
                    let change = self.partition.release(&member, &LIMITS);
                    self.write(change);
                }
            }
            4 if self.schedule.below(10) == 0 => self.lose_live_state(),
            5..=12 => {
                if let Some(member) = self.member() {
                    self.acquire(&member);
                }
            }
            13..=17 => {
                if let Some(member) = self.member() {
                    self.answer(&member);
                }
            }
            _ => self.pass_through_bytes(),
        }
    }

    /// What one process writes, the next reads.
    fn pass_through_bytes(&mut self) {
        let state = self.states.get(&key()).unwrap();
        let bytes = Live::of(self.partition.clone(), state).encode(BOOT).unwrap();
        assert_eq!(Live::decode(&bytes, BOOT, state).as_ref(), Some(&self.partition), "{}", self.schedule);
    }

    /// The machine is started anew: nobody has anything, and what was said is known.
    fn lose_live_state(&mut self) {
        self.members.clear();
        self.deliveries.clear();
        self.partition = SharePartition::load(self.states.get(&key()).unwrap(), Offset::ZERO);
    }

    fn finish(&mut self) {
        self.log_end = RECORDS;
        self.members.clear();
        for member in self.partition.holders() {
            let change = self.partition.release(&member, &LIMITS);
            self.write(change);
        }
        self.members.insert("last".to_owned(), Had::new());
        for _ in 0..5000 {
            self.acquire("last");
            self.answer("last");
            if self.partition.start().get() == RECORDS {
                return;
            }
        }
        panic!("record {} is never finished: {}", self.partition.start(), self.schedule);
    }
}

#[test]
fn no_record_is_had_by_two_and_none_is_lost() {
    for round in 0..300 {
        let mut world = World::new(round);
        for _ in 0..400 {
            world.step();
        }
        world.finish();
        let state = world.states.get(&key()).unwrap();
        assert_eq!(state.lag(Offset::new(RECORDS)), Some(0), "{}", world.schedule);
        assert!(world.accepted.values().all(|&times| times == 1), "{}", world.schedule);
        let reloaded = SharePartition::load(state, Offset::ZERO);
        assert_eq!(reloaded.start().get(), RECORDS, "{}", world.schedule);
    }
}
