//! Members that look at their group and take turns in random order, while some are stopped, go on, die and leave, and
//! topics grow: at no moment have two of those whom the group knows the same partition, whoever was stopped can't commit,
//! nobody lets go of what needn't move, and in the end everything has an owner.

use super::tests::{Bench, G, T, catalog, join};
use super::*;
use crate::group::classic::{Speaker, Step};
use crate::group::schedule::Schedule;
use crate::group::{CommitRequest, NewCommit};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

struct Member {
    client: ModernClient,
    id: String,
    instance_id: Option<String>,
    /// The epoch that it was last told; `None` while it has no place.
    epoch: Option<i32>,
    /// What the consumer reads.
    has: BTreeSet<TopicPartition>,
    /// The number of the change that it last looked at.
    seen: u64,
    is_stopped: bool,
    is_dead: bool,
}

struct World {
    bench: Bench,
    /// The group's phase, and how often it has changed: what calls the members.
    phase: Vec<u8>,
    changes: u64,
    members: Vec<Member>,
    partition_count: i32,
    next_id: u32,
}

/// A member's access to the world's group.
struct Turn<'a> {
    bench: &'a mut Bench,
    id: &'a str,
    instance_id: &'a Option<String>,
    epoch: &'a mut Option<i32>,
}

impl Turn<'_> {
    fn send(&mut self, request: HeartbeatRequest) -> Result<(), Refusal> {
        let instance_id = self.instance_id.clone();
        let answer = self.bench.take(&HeartbeatRequest { instance_id, ..request })?;
        *self.epoch = Some(answer.member_epoch);
        Ok(())
    }
}

impl ModernSeat for Turn<'_> {
    type Error = Refusal;

    fn has_place(&self) -> bool {
        self.epoch.is_some()
    }

    fn look(&mut self) -> Result<Option<ModernGroup>, Refusal> {
        Ok(self.bench.groups.modern(G).cloned())
    }

    fn join(&mut self, member_id: &str, topics: &[String]) -> Result<Result<(), Refusal>, Refusal> {
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        Ok(self.send(join(member_id, &topics)))
    }

    fn speak(
        &mut self,
        owned: &PartitionSet,
        topics: Option<&[String]>,
    ) -> Result<Result<(), Refusal>, Refusal> {
        let request = HeartbeatRequest {
            member_epoch: self.epoch.unwrap(),
            rebalance_timeout_ms: None,
            topics: topics.map(<[String]>::to_vec),
            owned: Some(owned.clone()),
            ..join(self.id, &[])
        };
        Ok(self.send(request))
    }

    fn give_up(&mut self) -> Result<(), Refusal> {
        *self.epoch = None;
        Ok(())
    }

    fn catalog(&self) -> Result<Arc<TopicCatalog>, Refusal> {
        Ok(Arc::new(self.bench.catalog.clone()))
    }

    fn refused(&self, refusal: Refusal) -> Refusal {
        refusal
    }
}

impl World {
    fn new(members: i32) -> World {
        let mut world = World {
            bench: Bench::new(),
            phase: Vec::new(),
            changes: 0,
            members: Vec::new(),
            partition_count: 5,
            next_id: 0,
        };
        world.bench.catalog = catalog(1, &[("t", T, 5)]);
        for number in 0..members {
            world.add((number % 4 == 3).then(|| format!("static{number}")));
        }
        world
    }

    fn add(&mut self, instance_id: Option<String>) {
        self.next_id += 1;
        let id = format!("m{}", self.next_id);
        let client = ModernClient::new(id.clone(), instance_id.clone(), &["t".to_owned()]);
        let (has, is_stopped, is_dead) = (BTreeSet::new(), false, false);
        self.members.push(Member { client, id, instance_id, epoch: None, has, seen: 0, is_stopped, is_dead });
    }

    /// One step or one turn of a member.
    fn advance(&mut self, index: usize, seed: &str) {
        let member = &mut self.members[index];
        if member.is_stopped || member.is_dead {
            return;
        }
        if let Some(step) = member.client.next_step() {
            match step {
                Step::Revoke(gone) => {
                    assert!(gone.iter().all(|partition| member.has.contains(partition)), "{seed}: {gone:?}");
                    self.commit(index, seed);
                    self.members[index].has.retain(|partition| !gone.contains(partition));
                }
                Step::Lose => member.has.clear(),
                Step::Assign(given) => {
                    let given: BTreeSet<TopicPartition> = given.into_iter().collect();
                    assert!(member.has.is_subset(&given), "{seed}: taken away without a word");
                    member.has = given;
                }
            }
            return;
        }
        let is_called = member.epoch.is_none() || member.seen != self.changes;
        if !is_called && !member.client.looks_again() {
            return;
        }
        member.seen = self.changes;
        let Member { client, id, instance_id, epoch, .. } = member;
        let mut turn = Turn { bench: &mut self.bench, id, instance_id, epoch };
        if let Err(refusal) = client.take_turn(&mut turn) {
            let expected = [ErrorCode::FencedInstanceId, ErrorCode::UnreleasedInstanceId];
            assert!(expected.contains(&refusal.code), "{seed}: {refusal:?}");
            member.is_dead = true;
            member.has.clear();
        }
    }

    /// A member commits as what it takes itself for; refused unless the group takes it for the same.
    fn commit(&mut self, index: usize, seed: &str) {
        let member = &self.members[index];
        let (Some(generation), Some(partition)) = (member.epoch, member.has.first().cloned()) else { return };
        let new = NewCommit {
            partition,
            offset: Offset::new(1),
            leader_epoch: None,
            metadata: String::new(),
            topic_id: None,
        };
        let instance_id = member.instance_id.as_deref();
        let speaker = Speaker { member_id: &member.id, instance_id, generation };
        let request = CommitRequest { group: G, speaker, producer_id: None, offsets: vec![new] };
        let accepted = self.bench.groups.commit(request, TimestampMs(self.bench.now)).is_ok();
        assert!(!accepted || self.is_known(index), "{seed}: a stranger's commit counts");
    }

    /// Whether the group takes the member for one that may have what it has.
    fn is_known(&mut self, index: usize) -> bool {
        let member = &self.members[index];
        let known = self.bench.groups.modern(G).and_then(|group| group.member(&member.id));
        member.epoch.is_some() && known.map(ModernMember::epoch) == member.epoch
    }

    /// Calls the members if they have something to look at.
    fn call(&mut self) {
        let phase = self.bench.groups.modern(G).map_or_else(Vec::new, |group| group.phase());
        if phase != self.phase {
            self.phase = phase;
            self.changes += 1;
        }
    }

    fn check(&mut self, seed: &str) {
        self.call();
        let mut owners: BTreeMap<TopicPartition, usize> = BTreeMap::new();
        for index in 0..self.members.len() {
            if self.members[index].is_dead || !self.is_known(index) {
                continue;
            }
            for partition in self.members[index].has.clone() {
                let other = owners.insert(partition.clone(), index);
                assert_eq!(other, None, "{seed}: {partition} has two owners, {index} is one");
            }
        }
    }

    fn heartbeats(&mut self) {
        let now = TimestampMs(self.bench.now);
        for member in self.members.iter().filter(|member| !member.is_stopped && !member.is_dead) {
            if member.epoch.is_some() {
                self.bench.groups.modern_alive(G, &member.id, now);
            }
        }
        self.bench.groups.modern_tick(G, &self.bench.catalog, &self.bench.config, now);
    }

    /// A member dies, which is seen at once, and a new one comes in its place.
    fn bury(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.is_dead = true;
        let (dead, instance_id) = (member.id.clone(), member.instance_id.clone());
        let now = TimestampMs(self.bench.now);
        self.bench.groups.bury_modern(G, |id| id == dead, &self.bench.catalog, now);
        self.add(instance_id);
    }

    fn step(&mut self, random: &mut Schedule) {
        let seed = random.to_string();
        let index = usize::try_from(random.below(i32::try_from(self.members.len()).unwrap())).unwrap();
        match random.below(60) {
            0 => self.members[index].is_stopped = true,
            1..=3 => self.members[index].is_stopped = false,
            4 if !self.members[index].is_dead => self.bury(index),
            5 => {
                self.bench.now += i64::from(random.below(30_000));
                self.heartbeats();
            }
            6 if random.below(10) == 0 => self.grow(),
            7 | 8 => self.commit(index, &seed),
            _ => self.advance(index, &seed),
        }
        self.check(&seed);
    }

    fn grow(&mut self) {
        self.partition_count += 1;
        let version = self.bench.catalog.version() + 1;
        self.bench.catalog = catalog(version, &[("t", T, self.partition_count)]);
        // Members learn of new metadata as of everything else that changes.
        self.members.iter_mut().for_each(|member| member.client.look_again());
    }

    /// Everyone does its turn until nothing happens.
    fn come_to_rest(&mut self, seed: &str) {
        self.members.retain(|member| !member.is_dead);
        for _ in 0..60 {
            for index in 0..self.members.len() {
                self.members[index].is_stopped = false;
                for _ in 0..8 {
                    self.advance(index, seed);
                    self.check(seed);
                }
            }
            self.bench.now += 3_000;
            self.heartbeats();
        }
        self.members.retain(|member| !member.is_dead);
        let all: usize = self.members.iter().map(|member| member.has.len()).sum();
        assert_eq!(
            all,
            usize::try_from(self.partition_count).unwrap(),
            "{seed}: each partition has its owner"
        );
        assert_eq!(self.bench.group().state(), ModernState::Stable, "{seed}");
    }
}

#[test]
fn members_never_share_a_partition() {
    let mut random = Schedule::from_environment("modern members");
    let mut epochs = 0;
    for _ in 0..40 {
        let seed = random.to_string();
        let mut world = World::new(1 + random.below(6));
        for _ in 0..1500 {
            world.step(&mut random);
        }
        epochs += world.bench.groups.modern(G).map_or(0, |group| group.epoch());
        world.come_to_rest(&seed);
    }
    assert!(epochs > 400, "too little happened: {epochs} epochs");
}

#[test]
fn members_keep_what_need_not_move() {
    let mut world = World::new(2);
    world.come_to_rest("two");
    let before: Vec<BTreeSet<TopicPartition>> =
        world.members.iter().map(|member| member.has.clone()).collect();
    world.add(None);
    let mut kept = before;
    for _ in 0..100 {
        for index in 0..3 {
            world.advance(index, "three");
            world.check("three");
        }
        for (kept, member) in kept.iter_mut().zip(&world.members) {
            kept.retain(|partition| member.has.contains(partition));
        }
    }
    world.come_to_rest("three");
    let moved: usize = world.members[2].has.len();
    assert_eq!(kept.iter().map(BTreeSet::len).sum::<usize>() + moved, 5);
    assert_eq!(moved, 1);
}
