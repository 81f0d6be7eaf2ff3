//! Members of the newer protocol that share a group's partitions; see [`crate::group::sharing`].

use super::tests::{Bench, T, beat, catalog, classic_pair, join};
use super::*;
use crate::group::classic::{Speaker, Step};
use crate::group::sharing::{G, Protocol, nothing_is_ever_shared, what_need_not_move_is_kept};
use crate::group::state::Groups;
use crate::types::{ErrorCode, PartitionId, TimestampMs, TopicPartition};
use std::sync::Arc;

struct Client {
    client: ModernClient,
    id: String,
    instance_id: Option<String>,
    /// The epoch that it was last told; `None` while it has no place.
    epoch: Option<i32>,
    /// The number of the change that it last looked at.
    seen: u64,
}

struct Modern {
    bench: Bench,
    /// The group's phase, and how often it has changed: what calls the members.
    phase: Vec<u8>,
    changes: u64,
    partition_count: i32,
    next_id: u32,
}

/// A member's access to the world's group.
struct Turn<'a> {
    bench: &'a mut Bench,
    id: &'a str,
    instance_id: &'a Option<String>,
    epoch: &'a mut Option<i32>,
    /// What another says between this one's look and what it says itself.
    meanwhile: Option<HeartbeatRequest>,
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
        let seen = self.bench.groups.modern(G).cloned();
        if let Some(request) = self.meanwhile.take() {
            self.bench.take(&request)?;
        }
        Ok(seen)
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

impl Modern {
    fn new() -> Modern {
        let mut bench = Bench::new();
        bench.catalog = catalog(1, &[("t", T, 5)]);
        Modern { bench, phase: Vec::new(), changes: 0, partition_count: 5, next_id: 0 }
    }
}

impl Protocol for Modern {
    type Client = Client;
    const OUT: &'static [ErrorCode] = &[ErrorCode::FencedInstanceId, ErrorCode::UnreleasedInstanceId];
    const SILENCE_MS: i32 = 30_000;

    fn client(&mut self, instance_id: Option<String>) -> Client {
        self.next_id += 1;
        let id = format!("m{}", self.next_id);
        let client = ModernClient::new(id.clone(), instance_id.clone(), &["t".to_owned()]);
        Client { client, id, instance_id, epoch: None, seen: 0 }
    }

    fn next_step(client: &mut Client) -> Option<Step> {
        client.client.next_step()
    }

    fn take_turn(&mut self, client: &mut Client) -> Result<(), ErrorCode> {
        let is_called = client.epoch.is_none() || client.seen != self.changes;
        if !is_called && !client.client.looks_again() {
            return Ok(());
        }
        client.seen = self.changes;
        let Client { client, id, instance_id, epoch, .. } = client;
        let mut turn = Turn { bench: &mut self.bench, id, instance_id, epoch, meanwhile: None };
        client.take_turn(&mut turn).map(|_| ()).map_err(|refusal| refusal.code)
    }

    fn speaker(client: &Client) -> Option<Speaker<'_>> {
        let instance_id = client.instance_id.as_deref();
        Some(Speaker { member_id: &client.id, instance_id, generation: client.epoch? })
    }

    fn instance_id(client: &Client) -> Option<String> {
        client.instance_id.clone()
    }

    fn is_known(&mut self, client: &Client) -> bool {
        let known = self.bench.groups.modern(G).and_then(|group| group.member(&client.id));
        client.epoch.is_some() && known.map(ModernMember::epoch) == client.epoch
    }

    fn call(&mut self) {
        let phase = self.bench.groups.modern(G).map_or_else(Vec::new, |group| group.phase());
        if phase != self.phase {
            self.phase = phase;
            self.changes += 1;
        }
    }

    fn heartbeats<'c>(&mut self, living: impl Iterator<Item = &'c Client>) {
        let now = TimestampMs(self.bench.now);
        for client in living.filter(|client| client.epoch.is_some()) {
            self.bench.groups.modern_alive(G, &client.id, now);
        }
        self.bench.groups.modern_tick(G, &self.bench.catalog, &self.bench.config, now);
    }

    fn bury(&mut self, dead: &Client) {
        let now = TimestampMs(self.bench.now);
        self.bench.groups.bury_modern(G, |id| id == dead.id, &self.bench.catalog, now);
    }

    fn grow<'c>(&mut self, clients: impl Iterator<Item = &'c mut Client>) {
        self.partition_count += 1;
        let version = self.bench.catalog.version() + 1;
        self.bench.catalog = catalog(version, &[("t", T, self.partition_count)]);
        // Members learn of new metadata as of everything else that changes.
        clients.for_each(|client| client.client.look_again());
    }

    fn partition_count(&self) -> i32 {
        self.partition_count
    }

    fn is_stable(&mut self) -> bool {
        self.bench.group().state() == ModernState::Stable
    }

    fn generation(&mut self) -> i32 {
        self.bench.groups.modern(G).map_or(0, |group| group.epoch())
    }

    fn groups(&mut self) -> &mut Groups {
        &mut self.bench.groups
    }

    fn now(&mut self) -> &mut i64 {
        &mut self.bench.now
    }
}

#[test]
fn members_never_share_a_partition() {
    nothing_is_ever_shared("modern members", Modern::new);
}

#[test]
fn members_keep_what_need_not_move() {
    what_need_not_move_is_kept(Modern::new());
}

/// A guest whose last host left between the guest's look and its heartbeat took itself for thrown out: what it had was read
/// again, from its last commit on.
#[test]
fn a_guest_lets_go_of_what_it_has_whenever_its_last_host_leaves() {
    let mut bench = Bench::new();
    classic_pair(&mut bench);
    bench.take(&join("N", &["t"])).unwrap();
    let named = |number| TopicPartition { topic: "t".to_owned(), partition: PartitionId(number) };
    let owned = [0, 1].map(|number| ((T, PartitionId(number)), named(number))).into();
    let mut client = ModernClient::guest("a".to_owned(), None, &["t".to_owned()], owned, true);
    let mut epoch = Some(2);
    let mut turn = |meanwhile| {
        let mut turn = Turn { bench: &mut bench, id: "a", instance_id: &None, epoch: &mut epoch, meanwhile };
        client.take_turn(&mut turn).map_err(|refusal| refusal.code)?;
        Ok(client.next_step())
    };
    assert_eq!(turn(Some(beat("N", -1))), Ok(None));
    assert_eq!(turn(None), Ok(Some(Step::Revoke(vec![named(0), named(1)]))));
    assert_eq!(turn(None), Err(ErrorCode::InconsistentGroupProtocol));
    assert_eq!(epoch, Some(2));
}
