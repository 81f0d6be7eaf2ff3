//! Members that look at their group and take turns in random order, while some are stopped, go on, die and leave, and
//! topics grow: at no moment have two of those whom the group knows the same partition, whoever was stopped can't commit,
//! cooperative members keep what needn't move, and in the end everything has an owner.

use super::client::{ClassicClient, Place, Seat, Step};
use super::tests::{Bench, G, request};
use super::*;
use crate::group::assignor::{Assignor, TopicPartitions};
use crate::group::schedule::Schedule;
use crate::group::{CommitRequest, Error, NewCommit};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// Why a member is out for good.
#[derive(Debug)]
struct Out(ErrorCode);

impl From<Error> for Out {
    fn from(error: Error) -> Out {
        panic!("{error}")
    }
}

struct Member {
    client: ClassicClient,
    place: Option<Place>,
    instance_id: Option<String>,
    /// What the consumer reads.
    has: BTreeSet<TopicPartition>,
    is_stopped: bool,
    is_dead: bool,
}

struct World {
    bench: Bench,
    members: Vec<Member>,
    topics: TopicPartitions,
    next_id: u32,
    assignors: Vec<Assignor>,
}

/// A member's access to the world's group.
struct Turn<'a> {
    bench: &'a mut Bench,
    topics: &'a TopicPartitions,
    place: &'a mut Option<Place>,
    instance_id: &'a Option<String>,
    next_id: &'a mut u32,
}

impl Turn<'_> {
    fn now(&self) -> TimestampMs {
        TimestampMs(self.bench.now)
    }
}

impl Seat for Turn<'_> {
    type Error = Out;

    fn place(&self) -> Option<Place> {
        self.place.clone()
    }

    fn look(&mut self) -> Result<Option<ClassicGroup>, Out> {
        Ok(self.bench.groups.classic(G).cloned())
    }

    fn join(&mut self, protocols: Protocols) -> Result<Result<(), ErrorCode>, Out> {
        *self.next_id += 1;
        let name = self.instance_id.as_deref().unwrap_or("m");
        let mut join = request(&format!("{name}-{}", self.next_id), self.instance_id.as_deref(), &[]);
        join.member_id = self.place.as_ref().map(|place| place.member_id.clone()).unwrap_or_default();
        join.protocols = protocols;
        let outcome = self.bench.join(&join);
        if let Some(Err(error)) = outcome.joined(join.effective_id()) {
            return Ok(Err(*error));
        }
        let generation = self.place.as_ref().map_or(-1, |place| place.generation);
        let member_id = join.effective_id().to_owned();
        *self.place = Some(Place { member_id, belief: Belief::Joined, generation });
        Ok(Ok(()))
    }

    fn note_synced(&mut self, generation: i32) {
        if let Some(place) = self.place {
            (place.belief, place.generation) = (Belief::Synced(generation), generation);
        }
    }

    fn sync(
        &mut self,
        generation: i32,
        assignments: BTreeMap<String, Vec<u8>>,
    ) -> Result<Result<Vec<u8>, ErrorCode>, Out> {
        let now = self.now();
        let Some(place) = self.place else { return Ok(Err(ErrorCode::UnknownMemberId)) };
        let instance_id = self.instance_id.as_deref();
        let speaker = Speaker { member_id: &place.member_id, instance_id, generation };
        let request = SyncRequest { speaker, protocol_type: None, protocol: None, assignments };
        let outcome = self.bench.groups.sync(G, request, &self.bench.config, now);
        let answer = outcome.synced(&place.member_id).cloned().unwrap_or(Err(ErrorCode::RebalanceInProgress));
        Ok(answer.map(|synced| {
            (place.belief, place.generation) = (Belief::Synced(generation), generation);
            synced.assignment
        }))
    }

    fn give_up(&mut self) -> Result<(), Out> {
        *self.place = None;
        Ok(())
    }

    fn counts(&self, topics: &BTreeSet<String>) -> Result<TopicPartitions, Out> {
        let known = self.topics.iter().filter(|(name, _)| topics.contains(*name));
        Ok(known.map(|(name, count)| (name.clone(), *count)).collect())
    }

    fn refused(&self, code: ErrorCode) -> Out {
        Out(code)
    }
}

impl World {
    fn new(members: i32, assignors: &[Assignor]) -> World {
        let mut world = World {
            bench: Bench::new(),
            members: Vec::new(),
            topics: [("t".to_owned(), 5)].into(),
            next_id: 0,
            assignors: assignors.to_vec(),
        };
        for number in 0..members {
            world.add((number % 4 == 3).then(|| format!("static{number}")));
        }
        world
    }

    fn add(&mut self, instance_id: Option<String>) {
        let topics = ["t".to_owned()];
        let client = ClassicClient::new(self.assignors.clone(), instance_id.clone(), &topics);
        let (has, is_stopped, is_dead) = (BTreeSet::new(), false, false);
        self.members.push(Member { client, place: None, instance_id, has, is_stopped, is_dead });
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
                    for partition in &gone {
                        assert!(member.has.contains(partition), "{seed}: {partition} was never had");
                    }
                    self.commit(index, seed);
                    self.members[index].has.retain(|partition| !gone.contains(partition));
                }
                Step::Lose => member.has.clear(),
                Step::Assign(given) => member.has = given.into_iter().collect(),
            }
            return;
        }
        let mut turn = Turn {
            bench: &mut self.bench,
            topics: &self.topics,
            place: &mut member.place,
            instance_id: &member.instance_id,
            next_id: &mut self.next_id,
        };
        if let Err(Out(code)) = member.client.take_turn(&mut turn) {
            assert_eq!(code, ErrorCode::FencedInstanceId, "{seed}");
            member.is_dead = true;
            member.has.clear();
        }
    }

    /// A member commits as what it takes itself for; refused unless the group takes it for the same.
    fn commit(&mut self, index: usize, seed: &str) {
        let member = &self.members[index];
        let (Some(place), Some(partition)) = (member.place.clone(), member.has.first().cloned()) else {
            return;
        };
        let new = NewCommit {
            partition,
            offset: Offset::new(1),
            leader_epoch: None,
            metadata: String::new(),
            topic_id: None,
        };
        let speaker = Speaker {
            member_id: &place.member_id,
            instance_id: member.instance_id.as_deref(),
            generation: place.generation,
        };
        let request = CommitRequest { group: G, speaker, producer_id: None, offsets: vec![new] };
        let accepted = self.bench.groups.commit(request, TimestampMs(self.bench.now)).is_ok();
        assert!(!accepted || self.is_known(index), "{seed}: a stranger's commit counts");
    }

    /// Whether the group takes the member for one that may have what it has.
    fn is_known(&mut self, index: usize) -> bool {
        let member = &self.members[index];
        let (Some(place), instance_id) = (member.place.clone(), member.instance_id.clone()) else {
            return false;
        };
        let Some(group) = self.bench.groups.classic(G) else { return false };
        let is_member = group.validate(&place.member_id, instance_id.as_deref()).is_ok();
        // A static member stays when a generation begins without it, but what it had is not its own any more.
        let is_behind = matches!(place.belief, Belief::Synced(own) if own != group.generation());
        is_member && !is_behind
    }

    fn check(&mut self, seed: &str) {
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
        for member in self.members.iter().filter(|member| !member.is_stopped && !member.is_dead) {
            let Some(place) = &member.place else { continue };
            let now = TimestampMs(self.bench.now);
            let generation = match place.belief {
                Belief::Synced(generation) => generation,
                Belief::Joined => self.bench.group().generation(),
            };
            let instance_id = member.instance_id.as_deref();
            let speaker = Speaker { member_id: &place.member_id, instance_id, generation };
            let group = self.bench.groups.classic(G).unwrap();
            let _ = match place.belief {
                Belief::Synced(_) => group.heartbeat_of_synced(speaker, now),
                Belief::Joined => group.heartbeat(speaker, now),
            };
        }
        if self.bench.groups.classic(G).is_some() {
            self.bench.tick();
        }
    }

    /// Those who have died since are taken out at once, but for static ones.
    fn bury(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.is_dead = true;
        if let (Some(place), None) = (&member.place, &member.instance_id) {
            let (dead, config, now) =
                (place.member_id.clone(), self.bench.config, TimestampMs(self.bench.now));
            self.bench.groups.bury(G, |id| id == dead, &config, now);
        }
        let instance_id = member.instance_id.clone();
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
                self.bench.now += i64::from(random.below(6_000));
                self.heartbeats();
            }
            6 if random.below(10) == 0 => *self.topics.get_mut("t").unwrap() += 1,
            7 | 8 => self.commit(index, &seed),
            _ => self.advance(index, &seed),
        }
        self.check(&seed);
    }

    /// Everyone does its turn until nothing happens.
    fn come_to_rest(&mut self, seed: &str) {
        self.members.retain(|member| !member.is_dead);
        for _ in 0..40 {
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
        assert_eq!(all, usize::try_from(self.topics["t"]).unwrap(), "{seed}: each partition has its owner");
        assert_eq!(self.bench.group().state(), ClassicState::Stable, "{seed}");
    }
}

fn run(test: &str, assignors: &[Assignor]) {
    let mut random = Schedule::from_environment(test);
    let mut generations = 0;
    for _ in 0..40 {
        let seed = random.to_string();
        let mut world = World::new(1 + random.below(6), assignors);
        for _ in 0..1500 {
            world.step(&mut random);
        }
        generations += world.bench.groups.classic(G).map_or(0, |group| group.generation());
        world.come_to_rest(&seed);
    }
    assert!(generations > 400, "too little happened: {generations} generations");
}

#[test]
fn eager_members_never_share_a_partition() {
    run("eager", &[Assignor::Range, Assignor::CooperativeSticky]);
    run("sticky", &[Assignor::Sticky]);
}

#[test]
fn cooperative_members_never_share_a_partition() {
    run("cooperative", &[Assignor::CooperativeSticky]);
}

#[test]
fn cooperative_members_keep_what_need_not_move() {
    let mut world = World::new(2, &[Assignor::CooperativeSticky]);
    world.come_to_rest("two");
    let before: Vec<BTreeSet<TopicPartition>> =
        world.members.iter().map(|member| member.has.clone()).collect();
    world.add(None);
    let mut kept = before.clone();
    for _ in 0..100 {
        for index in 0..3 {
            world.advance(index, "three");
        }
        for (kept, member) in kept.iter_mut().zip(&world.members) {
            kept.retain(|partition| member.has.contains(partition));
        }
    }
    world.come_to_rest("three");
    let moved: usize = before.iter().zip(&kept).map(|(before, kept)| before.len() - kept.len()).sum();
    assert_eq!(moved, 1, "of five partitions a third member needs one");
    assert_eq!(world.members[2].has.len(), 1);
}
