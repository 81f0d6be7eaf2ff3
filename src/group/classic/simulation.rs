//! Members that come, work, stall, die and come back in random order: no partition ever has two owners in one
//! generation, old generations can't commit, the log says what the coordinator says, and every wait ends.

use super::outcome::{Answer, JoinedMember};
use super::tests::{Bench, G, request};
use super::*;
use crate::group::assignor::{Assignor, TopicPartitions};
use crate::group::protocol::{AssignedPartitions, Subscription};
use crate::group::schedule::Schedule;
use crate::group::state::Groups;
use crate::group::{CommitRequest, GroupRecord, NewCommit};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

/// What a simulated client is waiting for or doing.
#[derive(Clone, Debug, PartialEq)]
enum Doing {
    Nothing,
    Joining,
    Syncing { generation: i32, lead: Option<Vec<JoinedMember>>, protocol: String },
    WaitingForSync { generation: i32 },
    Working { generation: i32, owned: BTreeSet<TopicPartition> },
}

struct Client {
    id: String,
    static_id: Option<String>,
    known: bool,
    doing: Doing,
}

/// A group, its clients, and who was given what in which generation.
struct World {
    bench: Bench,
    clients: Vec<Client>,
    topics: TopicPartitions,
    given: BTreeMap<(i32, TopicPartition), String>,
    next_id: u32,
    log: Vec<GroupRecord>,
}

impl World {
    fn new(clients: usize) -> World {
        let mut world = World {
            bench: Bench::new(),
            clients: Vec::new(),
            topics: [("t".to_owned(), 5)].into(),
            given: BTreeMap::new(),
            next_id: 0,
            log: Vec::new(),
        };
        for number in 0..clients {
            let static_id = (number % 3 == 2).then(|| format!("static{number}"));
            world.clients.push(Client { id: String::new(), static_id, known: false, doing: Doing::Nothing });
        }
        world
    }

    fn client(&mut self, id: &str) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.id == id)
    }

    /// Hands out the answers of an outcome, and checks them.
    fn deliver(&mut self, outcome: Outcome, seed: &str) {
        self.log.extend(outcome.records);
        for reply in outcome.replies {
            let Some(client) = self.client(&reply.member_id) else { continue };
            match reply.answer {
                Answer::Join(Ok(joined)) => {
                    assert_eq!(client.doing, Doing::Joining, "{seed}");
                    let leads = joined.leader == client.id && !joined.skip_assignment;
                    client.known = true;
                    client.doing = Doing::Syncing {
                        generation: joined.generation,
                        lead: leads.then_some(joined.members),
                        protocol: joined.protocol,
                    };
                }
                Answer::Sync(Ok(synced)) => {
                    let Doing::WaitingForSync { generation } = client.doing else {
                        panic!("{seed} {:?}", client.doing)
                    };
                    let owned = AssignedPartitions::decode(&synced.assignment).unwrap().partitions;
                    let owned: BTreeSet<TopicPartition> = owned.into_iter().collect();
                    client.doing = Doing::Working { generation, owned: owned.clone() };
                    let (id, place) = (client.id.clone(), client.static_id.clone());
                    for partition in owned {
                        let owner = place.clone().unwrap_or_else(|| id.clone());
                        let first =
                            self.given.entry((generation, partition)).or_insert_with(|| owner.clone());
                        assert_eq!(*first, owner, "{seed}: two owners in generation {generation}");
                    }
                }
                Answer::Join(Err(ErrorCode::UnknownMemberId | ErrorCode::FencedInstanceId))
                | Answer::Sync(Err(ErrorCode::UnknownMemberId | ErrorCode::FencedInstanceId)) => {
                    client.known = false;
                    client.doing = Doing::Nothing;
                }
                Answer::Join(Err(error)) | Answer::Sync(Err(error)) => {
                    assert!(
                        matches!(error, ErrorCode::RebalanceInProgress | ErrorCode::IllegalGeneration),
                        "{seed} {error:?}"
                    );
                    // Its join may already be under way again.
                    if client.doing != Doing::Joining {
                        client.doing = Doing::Nothing;
                    }
                }
            }
        }
    }

    fn join(&mut self, index: usize, seed: &str) {
        self.next_id += 1;
        let fresh = format!("m{index}-{}", self.next_id);
        let client = &mut self.clients[index];
        let mut join = request(&fresh, client.static_id.as_deref(), &["range", "sticky"]);
        if client.known {
            join.member_id.clone_from(&client.id);
        } else {
            client.id = fresh;
        }
        client.doing = Doing::Joining;
        let outcome = self.bench.join(&join);
        self.deliver(outcome, seed);
    }

    fn sync(&mut self, index: usize, seed: &str) {
        let client = &mut self.clients[index];
        let Doing::Syncing { generation, lead, protocol } = client.doing.clone() else { return };
        client.doing = Doing::WaitingForSync { generation };
        let (id, static_id) = (client.id.clone(), client.static_id.clone());
        let assignments = lead.map(|members| {
            let candidates: Vec<_> = members
                .iter()
                .map(|m| {
                    Subscription::decode(&m.metadata)
                        .unwrap()
                        .candidate(&m.member_id, m.instance_id.as_deref())
                })
                .collect();
            let assignment = Assignor::named(&protocol).unwrap().assign(&candidates, &self.topics);
            let blob = |partitions| AssignedPartitions { partitions, user_data: None }.encode().unwrap();
            assignment.into_iter().map(|(id, partitions)| (id, blob(partitions))).collect()
        });
        let speaker = Speaker { member_id: &id, instance_id: static_id.as_deref(), generation };
        let request = SyncRequest {
            speaker,
            protocol_type: Some("consumer"),
            protocol: Some(&protocol),
            assignments: assignments.unwrap_or_default(),
        };
        let outcome = self.bench.groups.sync(G, request, &self.bench.config, TimestampMs(self.bench.now));
        self.deliver(outcome, seed);
    }

    /// A working client commits; only the present generation may.
    fn commit(&mut self, index: usize, seed: &str) {
        let client = &self.clients[index];
        let Doing::Working { generation, ref owned } = client.doing else { return };
        let Some(partition) = owned.first().cloned() else { return };
        let (id, static_id) = (client.id.clone(), client.static_id.clone());
        let offset = Offset::new(1);
        let new =
            NewCommit { partition, offset, leader_epoch: None, metadata: String::new(), topic_id: None };
        let speaker = Speaker { member_id: &id, instance_id: static_id.as_deref(), generation };
        let request = CommitRequest { group: G, speaker, producer_id: None, offsets: vec![new] };
        let result = self.bench.groups.commit(request, TimestampMs(self.bench.now));
        let group = self.bench.group();
        let current = group.generation() == generation && group.member(&id).is_some();
        let allowed = current && group.state() != ClassicState::CompletingRebalance;
        assert_eq!(result.is_ok(), allowed, "{seed}: {id} in {generation}, {:?}", result.err());
    }

    fn step(&mut self, random: &mut Schedule) {
        let seed = random.to_string();
        let index = usize::try_from(random.below(i32::try_from(self.clients.len()).unwrap())).unwrap();
        match random.below(12) {
            0..=3 => match self.clients[index].doing {
                Doing::Nothing => self.join(index, &seed),
                Doing::Syncing { .. } => self.sync(index, &seed),
                _ => self.commit(index, &seed),
            },
            4..=6 => self.sync(index, &seed),
            7 => self.commit(index, &seed),
            8 | 9 => self.heartbeat(index, &seed),
            10 => self.vanish(index, random.below(3) == 0, &seed),
            _ => {
                self.bench.now += i64::from(random.below(7_000));
                if self.bench.groups.get(G).is_some() {
                    let outcome = self.bench.tick();
                    self.deliver(outcome, &seed);
                }
            }
        }
        self.check(&seed);
    }

    fn heartbeat(&mut self, index: usize, seed: &str) {
        let client = &mut self.clients[index];
        let Doing::Working { generation, .. } = client.doing else { return };
        let speaker = Speaker { member_id: &client.id, instance_id: client.static_id.as_deref(), generation };
        match self.bench.groups.heartbeat(G, speaker, TimestampMs(self.bench.now)) {
            Ok(()) => {}
            Err(ErrorCode::RebalanceInProgress | ErrorCode::IllegalGeneration) => self.join(index, seed),
            Err(_) => {
                client.known = false;
                client.doing = Doing::Nothing;
            }
        }
    }

    /// A client leaves, or dies without a word.
    fn vanish(&mut self, index: usize, politely: bool, seed: &str) {
        let client = &mut self.clients[index];
        let id = std::mem::take(&mut client.id);
        let (known, fixed) = (client.known, client.static_id.is_some());
        (client.known, client.doing) = (false, Doing::Nothing);
        if politely && known && !fixed {
            let now = TimestampMs(self.bench.now);
            if let Ok(outcome) = self.bench.groups.leave(G, &id, None, &self.bench.config, now) {
                self.deliver(outcome, seed);
            }
        }
    }

    fn check(&mut self, seed: &str) {
        if self.bench.groups.get(G).is_none() {
            return;
        }
        let group = self.bench.group();
        let is_empty = group.members().next().is_none();
        assert!(!is_empty || matches!(group.state(), ClassicState::Empty), "{seed} {:?}", group.state());
        if let Some(leader) = group.leader() {
            assert!(group.member(leader).is_some(), "{seed}: the leader is no member");
        }
        assert_eq!(is_empty, group.leader().is_none(), "{seed}");
        if group.state() == ClassicState::Stable {
            let group = group.clone();
            let mut replayed = Groups::default();
            for record in &self.log {
                replayed.apply(record.clone(), TimestampMs(0));
            }
            let loaded = replayed.classic(G).unwrap();
            assert_eq!(
                (loaded.generation(), loaded.protocol()),
                (group.generation(), group.protocol()),
                "{seed}"
            );
            let ids = |group: &ClassicGroup| -> Vec<(String, Vec<u8>)> {
                group.members().map(|m| (m.member_id.clone(), m.assignment.clone())).collect()
            };
            assert_eq!(ids(loaded), ids(&group), "{seed}");
        }
    }
}

#[test]
fn whatever_the_members_do_nothing_has_two_owners_and_every_wait_ends() {
    let mut random = Schedule::from_environment("group");
    let mut generations = 0;
    for _ in 0..60 {
        let seed = random.to_string();
        let mut world = World::new(usize::try_from(1 + random.below(6)).unwrap());
        for _ in 0..1200 {
            world.step(&mut random);
        }
        // From here on everyone does what it should, and time passes: nobody may wait for ever.
        for _ in 0..80 {
            for index in 0..world.clients.len() {
                match world.clients[index].doing {
                    Doing::Nothing => world.join(index, &seed),
                    Doing::Syncing { .. } => world.sync(index, &seed),
                    Doing::Working { .. } => world.heartbeat(index, &seed),
                    _ => {}
                }
            }
            world.bench.now += 3_000;
            let outcome = world.bench.tick();
            world.deliver(outcome, &seed);
        }
        let working = |client: &Client| matches!(client.doing, Doing::Working { .. });
        let states: Vec<&Doing> = world.clients.iter().map(|client| &client.doing).collect();
        assert!(world.clients.iter().all(working), "{seed} {states:?}");
        let owned: usize = states
            .iter()
            .map(|doing| match doing {
                Doing::Working { owned, .. } => owned.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(owned, 5, "{seed}: every partition has its owner");
        generations += world.bench.group().generation();
    }
    assert!(generations > 1000, "too little happened: {generations} generations");
}
