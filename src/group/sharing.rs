//! Members that look at their group and take turns in random order, while some are stopped, go on, die and leave, and
//! topics grow: at no moment have two of those whom the group knows the same partition, whoever was stopped can't commit,
//! nobody loses a partition without having let go of it, and in the end everything has an owner. Of what the members say to
//! the group only their [`Protocol`] knows.

use super::classic::{Speaker, Step};
use super::schedule::Schedule;
use super::state::Groups;
use super::{CommitRequest, NewCommit};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// The one group.
pub(super) const G: &str = "g";

/// How members speak to their group, and the group itself. It reads the topic `t`, which has five partitions to begin with.
pub(super) trait Protocol {
    /// A member's side of the protocol, with its place in the group.
    type Client;
    /// With what a member may find itself out for good.
    const OUT: &'static [ErrorCode];
    /// How long all are silent, at the most.
    const SILENCE_MS: i32;

    fn client(&mut self, instance_id: Option<String>) -> Self::Client;

    /// The next thing that the consumer has to do.
    fn next_step(client: &mut Self::Client) -> Option<Step>;

    /// One turn, if the client would take one now.
    fn take_turn(&mut self, client: &mut Self::Client) -> Result<(), ErrorCode>;

    /// Who the client takes itself for; `None` without a place.
    fn speaker(client: &Self::Client) -> Option<Speaker<'_>>;

    fn instance_id(client: &Self::Client) -> Option<String>;

    /// Whether the group takes the client for one that may have what it has.
    fn is_known(&mut self, client: &Self::Client) -> bool;

    /// Calls the clients if they have something to look at.
    fn call(&mut self) {}

    /// Has these be heard of, and time take its course.
    fn heartbeats<'c>(&mut self, living: impl Iterator<Item = &'c Self::Client>)
    where
        Self::Client: 'c;

    /// Takes out a client that is dead, if the group takes such out at once.
    fn bury(&mut self, dead: &Self::Client);

    /// Adds a partition to the topic.
    fn grow<'c>(&mut self, clients: impl Iterator<Item = &'c mut Self::Client>)
    where
        Self::Client: 'c;

    fn partition_count(&self) -> i32;

    fn is_stable(&mut self) -> bool;

    /// How often the group has changed.
    fn generation(&mut self) -> i32;

    fn groups(&mut self) -> &mut Groups;

    /// The time, in milliseconds.
    fn now(&mut self) -> &mut i64;
}

struct Member<C> {
    client: C,
    /// What the consumer reads.
    has: BTreeSet<TopicPartition>,
    is_stopped: bool,
    is_dead: bool,
}

pub(super) struct World<P: Protocol> {
    protocol: P,
    members: Vec<Member<P::Client>>,
}

impl<P: Protocol> World<P> {
    fn new(protocol: P, members: i32) -> World<P> {
        let mut world = World { protocol, members: Vec::new() };
        for number in 0..members {
            world.add((number % 4 == 3).then(|| format!("static{number}")));
        }
        world
    }

    fn add(&mut self, instance_id: Option<String>) {
        let client = self.protocol.client(instance_id);
        self.members.push(Member { client, has: BTreeSet::new(), is_stopped: false, is_dead: false });
    }

    /// One step or one turn of a member.
    fn advance(&mut self, index: usize, seed: &str) {
        let member = &mut self.members[index];
        if member.is_stopped || member.is_dead {
            return;
        }
        match P::next_step(&mut member.client) {
            Some(Step::Revoke(gone)) => {
                assert!(gone.iter().all(|partition| member.has.contains(partition)), "{seed}: {gone:?}");
                self.commit(index, seed);
                self.members[index].has.retain(|partition| !gone.contains(partition));
            }
            Some(Step::Lose) => member.has.clear(),
            Some(Step::Assign(given)) => {
                let given: BTreeSet<TopicPartition> = given.into_iter().collect();
                assert!(member.has.is_subset(&given), "{seed}: taken away without a word");
                member.has = given;
            }
            None => {
                if let Err(code) = self.protocol.take_turn(&mut member.client) {
                    assert!(P::OUT.contains(&code), "{seed}: {code:?}");
                    member.is_dead = true;
                    member.has.clear();
                }
            }
        }
    }

    /// A member commits as what it takes itself for; refused unless the group takes it for the same.
    fn commit(&mut self, index: usize, seed: &str) {
        let member = &self.members[index];
        let (Some(speaker), Some(partition)) = (P::speaker(&member.client), member.has.first().cloned())
        else {
            return;
        };
        let new = NewCommit {
            partition,
            offset: Offset::new(1),
            leader_epoch: None,
            metadata: String::new(),
            topic_id: None,
        };
        let request = CommitRequest { group: G, speaker, producer_id: None, offsets: vec![new] };
        let now = TimestampMs(*self.protocol.now());
        let accepted = self.protocol.groups().commit(request, now).is_ok();
        assert!(!accepted || self.protocol.is_known(&member.client), "{seed}: a stranger's commit counts");
    }

    fn check(&mut self, seed: &str) {
        self.protocol.call();
        let mut owners: BTreeMap<TopicPartition, usize> = BTreeMap::new();
        for (index, member) in self.members.iter().enumerate() {
            if member.is_dead || !self.protocol.is_known(&member.client) {
                continue;
            }
            for partition in &member.has {
                let other = owners.insert(partition.clone(), index);
                assert_eq!(other, None, "{seed}: {partition} has two owners, {index} is one");
            }
        }
    }

    fn heartbeats(&mut self) {
        let living = self.members.iter().filter(|member| !member.is_stopped && !member.is_dead);
        self.protocol.heartbeats(living.map(|member| &member.client));
    }

    /// A member dies, and a new one comes in its place.
    fn bury(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.is_dead = true;
        self.protocol.bury(&member.client);
        let instance_id = P::instance_id(&member.client);
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
                *self.protocol.now() += i64::from(random.below(P::SILENCE_MS));
                self.heartbeats();
            }
            6 if random.below(10) == 0 => {
                self.protocol.grow(self.members.iter_mut().map(|member| &mut member.client));
            }
            7 | 8 => self.commit(index, &seed),
            _ => self.advance(index, &seed),
        }
        self.check(&seed);
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
            *self.protocol.now() += 3_000;
            self.heartbeats();
        }
        self.members.retain(|member| !member.is_dead);
        let all: usize = self.members.iter().map(|member| member.has.len()).sum();
        assert_eq!(
            all,
            usize::try_from(self.protocol.partition_count()).unwrap(),
            "{seed}: each partition has its owner"
        );
        assert!(self.protocol.is_stable(), "{seed}");
    }
}

/// Plays many schedules with up to six members each.
pub(super) fn nothing_is_ever_shared<P: Protocol>(test: &str, protocol: impl Fn() -> P) {
    let mut random = Schedule::from_environment(test);
    let mut generations = 0;
    for _ in 0..40 {
        let seed = random.to_string();
        let mut world = World::new(protocol(), 1 + random.below(6));
        for _ in 0..1500 {
            world.step(&mut random);
        }
        generations += world.protocol.generation();
        world.come_to_rest(&seed);
    }
    assert!(generations > 400, "too little happened: {generations} generations");
}

/// A third member comes to two.
pub(super) fn what_need_not_move_is_kept(protocol: impl Protocol) {
    let mut world = World::new(protocol, 2);
    world.come_to_rest("two");
    let mut kept: Vec<BTreeSet<TopicPartition>> =
        world.members.iter().map(|member| member.has.clone()).collect();
    world.add(None);
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
    let kept: usize = kept.iter().map(BTreeSet::len).sum();
    assert_eq!((kept, world.members[2].has.len()), (4, 1), "of five partitions a third member needs one");
}
