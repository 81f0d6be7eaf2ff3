//! Members that come, work, stall, die and come back in random order while topics grow: no partition ever has two owners,
//! old epochs can't commit, the log says what the coordinator says, and every wait ends.

use super::tests::{Bench, G, T, U, catalog, join};
use super::*;
use crate::group::classic::Speaker;
use crate::group::schedule::Schedule;
use crate::group::state::Groups;
use crate::group::{CommitRequest, GroupRecord, NewCommit};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition};

/// A consumer as it sees itself.
struct Client {
    id: String,
    instance: Option<String>,
    /// `None` while it is not in the group.
    epoch: Option<i32>,
    owned: PartitionSet,
    /// What it was last told it may own; it lets go of the rest in its own time.
    told: PartitionSet,
    assignor: Option<&'static str>,
}

struct World {
    bench: Bench,
    clients: Vec<Client>,
    log: Vec<GroupRecord>,
    next_id: u32,
    sizes: (i32, i32),
}

impl World {
    fn new(clients: usize, random: &mut Schedule) -> World {
        let mut world =
            World { bench: Bench::new(), clients: Vec::new(), log: Vec::new(), next_id: 0, sizes: (4, 3) };
        for number in 0..clients {
            world.clients.push(Client {
                id: String::new(),
                instance: (number % 3 == 2).then(|| format!("static{number}")),
                epoch: None,
                owned: PartitionSet::default(),
                told: PartitionSet::default(),
                assignor: [None, Some("range"), Some("uniform")][usize::try_from(random.below(3)).unwrap()],
            });
        }
        world
    }

    fn join(&mut self, index: usize, seed: &str) {
        self.next_id += 1;
        let client = &mut self.clients[index];
        if client.id.is_empty() {
            client.id = format!("m{}", self.next_id);
        }
        client.owned = PartitionSet::default();
        let topics: &[&str] = if index % 4 == 3 { &["u"] } else { &["t", "u"] };
        let request = HeartbeatRequest {
            instance_id: client.instance.clone(),
            assignor: client.assignor.map(str::to_owned),
            ..join(&client.id, topics)
        };
        self.send(index, &request, seed);
    }

    /// A heartbeat that says what the client owns, or nothing of it.
    fn beat(&mut self, index: usize, says_what_it_owns: bool, seed: &str) {
        let client = &self.clients[index];
        let Some(member_epoch) = client.epoch else { return };
        let request = HeartbeatRequest {
            member_epoch,
            instance_id: client.instance.clone(),
            rebalance_timeout_ms: None,
            topics: None,
            owned: says_what_it_owns.then(|| client.owned.clone()),
            ..join(&client.id, &[])
        };
        self.send(index, &request, seed);
    }

    fn send(&mut self, index: usize, request: &HeartbeatRequest, seed: &str) {
        match self.bench.take(request) {
            Ok(answer) => {
                self.log.append(&mut self.bench.records);
                let client = &mut self.clients[index];
                client.epoch = Some(answer.member_epoch);
                if let Some(assignment) = answer.assignment {
                    // It begins with what is new at once, and lets go of the rest when it comes to it.
                    client.owned.extend(assignment.iter());
                    client.told = assignment;
                }
            }
            Err(refusal) => {
                let expected = [
                    ErrorCode::FencedMemberEpoch,
                    ErrorCode::UnknownMemberId,
                    ErrorCode::UnreleasedInstanceId,
                    ErrorCode::FencedInstanceId,
                ];
                assert!(expected.contains(&refusal.code), "{seed} {refusal:?}");
                self.forget(index);
            }
        }
    }

    /// The client is out of the group, or believes so.
    fn forget(&mut self, index: usize) {
        let client = &mut self.clients[index];
        (client.epoch, client.owned, client.told) = (None, PartitionSet::default(), PartitionSet::default());
    }

    /// The client leaves, for good or for a while, or dies without a word.
    fn vanish(&mut self, index: usize, how: i32, seed: &str) {
        let client = &self.clients[index];
        if client.epoch.is_some() && how < 2 {
            let member_epoch = if how == 0 && client.instance.is_some() { -2 } else { -1 };
            let instance_id = client.instance.clone();
            let request = HeartbeatRequest { member_epoch, instance_id, ..join(&client.id, &[]) };
            self.send(index, &request, seed);
        }
        self.forget(index);
        self.clients[index].id.clear();
    }

    fn commit(&mut self, index: usize, seed: &str) {
        let client = &self.clients[index];
        let (Some(epoch), Some((topic, partition))) = (client.epoch, client.owned.iter().next()) else {
            return;
        };
        let topic = self.bench.catalog.name(topic).unwrap().to_owned();
        let new = NewCommit {
            partition: TopicPartition { topic, partition },
            offset: Offset::new(1),
            leader_epoch: None,
            metadata: String::new(),
            topic_id: None,
        };
        let speaker =
            Speaker { member_id: &client.id, instance_id: client.instance.as_deref(), generation: epoch };
        let request = CommitRequest { group: G, speaker, producer_id: None, offsets: vec![new] };
        let known =
            self.bench.groups.modern(G).and_then(|group| group.member(&client.id).map(ModernMember::epoch));
        let allowed = known == Some(epoch);
        let result = self.bench.groups.commit(request, TimestampMs(self.bench.now));
        assert_eq!(result.is_ok(), allowed, "{seed} {:?}", result.err());
    }

    fn tick(&mut self) {
        let now = TimestampMs(self.bench.now);
        let records = self.bench.groups.modern_tick(G, &self.bench.catalog, &self.bench.config, now);
        self.log.extend(records);
    }

    fn grow(&mut self) {
        self.sizes.0 += 1;
        self.bench.catalog =
            catalog(self.bench.catalog.version() + 1, &[("t", T, self.sizes.0), ("u", U, self.sizes.1)]);
    }

    fn step(&mut self, random: &mut Schedule) {
        let seed = random.to_string();
        let index = usize::try_from(random.below(i32::try_from(self.clients.len()).unwrap())).unwrap();
        match random.below(24) {
            0..=5 if self.clients[index].epoch.is_none() => self.join(index, &seed),
            0..=7 => self.beat(index, true, &seed),
            8..=10 => self.beat(index, false, &seed),
            11..=14 => self.clients[index].owned = self.clients[index].owned.and(&self.clients[index].told),
            15..=17 => self.commit(index, &seed),
            18 | 19 => self.vanish(index, random.below(3), &seed),
            20 => self.join(index, &seed),
            21 if self.sizes.0 < 9 => self.grow(),
            _ => {
                self.bench.now += i64::from(random.below(9_000));
                self.tick();
            }
        }
        self.check(&seed);
    }

    fn check(&mut self, seed: &str) {
        let Some(group) = self.bench.groups.modern(G) else { return };
        let mut held = PartitionSet::default();
        for (id, member) in group.members() {
            for (topic, partition) in member.assigned().iter().chain(member.ownership.revoking.iter()) {
                assert!(!held.contains(topic, partition), "{seed}: {id} holds what another holds: {group:?}");
                held.insert(topic, partition);
            }
        }
        for client in &self.clients {
            if let (Some(epoch), Some(member)) = (client.epoch, group.member(&client.id))
                && epoch == member.epoch()
            {
                let mut may = member.assigned().clone();
                may.extend(member.ownership.revoking.iter());
                assert!(
                    client.owned.is_subset_of(&may),
                    "{seed}: {} owns {:?} of {may:?}",
                    client.id,
                    client.owned
                );
            }
        }
        let mut replayed = Groups::default();
        for record in &self.log {
            replayed.apply(record.clone(), TimestampMs(0));
        }
        let shown = |group: &ModernGroup| {
            let members = group
                .members()
                .map(|(id, m)| format!("{id} {:?} {:?} {:?}", m.profile, m.ownership, m.target()));
            (group.epoch(), group.target_epoch(), members.collect::<Vec<_>>())
        };
        let now = shown(group);
        assert_eq!(shown(replayed.modern(G).unwrap()), now, "{seed}");
    }
}

#[test]
fn whatever_the_members_do_nothing_has_two_owners_and_every_wait_ends() {
    let mut random = Schedule::from_environment("modern group");
    let mut epochs = 0;
    for _ in 0..30 {
        let seed = random.to_string();
        let clients = usize::try_from(1 + random.below(6)).unwrap();
        let mut world = World::new(clients, &mut random);
        for _ in 0..400 {
            world.step(&mut random);
        }
        // From here on everyone does what it should, and time passes: nobody may wait for ever.
        for _ in 0..40 {
            for index in 0..world.clients.len() {
                if world.clients[index].epoch.is_none() {
                    world.join(index, &seed);
                }
                world.clients[index].owned = world.clients[index].owned.and(&world.clients[index].told);
                world.beat(index, true, &seed);
                world.check(&seed);
            }
            world.bench.now += 3_000;
            world.tick();
        }
        assert_eq!(world.bench.group().state(), ModernState::Stable, "{seed} {:?}", world.bench.group());
        let owned: usize = world.clients.iter().map(|client| client.owned.iter().count()).sum();
        let reads_t = (0..clients).any(|index| index % 4 != 3);
        assert_eq!(
            owned,
            usize::try_from(world.sizes.1 + if reads_t { world.sizes.0 } else { 0 }).unwrap(),
            "{seed}"
        );
        epochs += world.bench.group().epoch();
    }
    assert!(epochs > 1000, "too little happened: {epochs} epochs");
}
