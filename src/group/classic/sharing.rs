//! Classic members that share a group's partitions; see [`crate::group::sharing`]. Cooperative ones keep what needn't move.

use super::client::{ClassicClient, Place, Seat, Step};
use super::tests::{Bench, request};
use super::*;
use crate::group::Error;
use crate::group::assignor::{Assignor, TopicPartitions};
use crate::group::sharing::{G, Protocol, nothing_is_ever_shared, what_need_not_move_is_kept};
use crate::group::state::Groups;
use crate::types::{ErrorCode, TimestampMs};
use std::collections::{BTreeMap, BTreeSet};

/// Why a member is out for good.
#[derive(Debug)]
struct Out(ErrorCode);

impl From<Error> for Out {
    fn from(error: Error) -> Out {
        panic!("{error}")
    }
}

struct Client {
    client: ClassicClient,
    place: Option<Place>,
    instance_id: Option<String>,
}

struct Classic {
    bench: Bench,
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

impl Classic {
    fn new(assignors: &[Assignor]) -> Classic {
        let topics = [("t".to_owned(), 5)].into();
        Classic { bench: Bench::new(), topics, next_id: 0, assignors: assignors.to_vec() }
    }
}

impl Protocol for Classic {
    type Client = Client;
    const OUT: &'static [ErrorCode] = &[ErrorCode::FencedInstanceId];
    const SILENCE_MS: i32 = 6_000;

    fn client(&mut self, instance_id: Option<String>) -> Client {
        let client = ClassicClient::new(self.assignors.clone(), instance_id.clone(), &["t".to_owned()]);
        Client { client, place: None, instance_id }
    }

    fn next_step(client: &mut Client) -> Option<Step> {
        client.client.next_step()
    }

    fn take_turn(&mut self, client: &mut Client) -> Result<(), ErrorCode> {
        let mut turn = Turn {
            bench: &mut self.bench,
            topics: &self.topics,
            place: &mut client.place,
            instance_id: &client.instance_id,
            next_id: &mut self.next_id,
        };
        client.client.take_turn(&mut turn).map(|_| ()).map_err(|Out(code)| code)
    }

    fn speaker(client: &Client) -> Option<Speaker<'_>> {
        let Place { member_id, generation, .. } = client.place.as_ref()?;
        Some(Speaker { member_id, instance_id: client.instance_id.as_deref(), generation: *generation })
    }

    fn instance_id(client: &Client) -> Option<String> {
        client.instance_id.clone()
    }

    fn is_known(&mut self, client: &Client) -> bool {
        let (Some(place), Some(group)) = (&client.place, self.bench.groups.classic(G)) else { return false };
        let is_member = group.validate(&place.member_id, client.instance_id.as_deref()).is_ok();
        // A static member stays when a generation begins without it, but what it had is not its own any more.
        let is_behind = matches!(place.belief, Belief::Synced(own) if own != group.generation());
        is_member && !is_behind
    }

    fn heartbeats<'c>(&mut self, living: impl Iterator<Item = &'c Client>) {
        let now = TimestampMs(self.bench.now);
        for client in living {
            let Some(place) = &client.place else { continue };
            let generation = match place.belief {
                Belief::Synced(generation) => generation,
                Belief::Joined => self.bench.group().generation(),
            };
            let instance_id = client.instance_id.as_deref();
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

    /// Static ones stay.
    fn bury(&mut self, dead: &Client) {
        if let (Some(place), None) = (&dead.place, &dead.instance_id) {
            let (config, now) = (self.bench.config, TimestampMs(self.bench.now));
            self.bench.groups.bury(G, |id| id == place.member_id, &config, now);
        }
    }

    fn grow<'c>(&mut self, _: impl Iterator<Item = &'c mut Client>) {
        *self.topics.get_mut("t").unwrap() += 1;
    }

    fn partition_count(&self) -> i32 {
        self.topics["t"]
    }

    fn is_stable(&mut self) -> bool {
        self.bench.group().state() == ClassicState::Stable
    }

    fn generation(&mut self) -> i32 {
        self.bench.groups.classic(G).map_or(0, |group| group.generation())
    }

    fn groups(&mut self) -> &mut Groups {
        &mut self.bench.groups
    }

    fn now(&mut self) -> &mut i64 {
        &mut self.bench.now
    }
}

#[test]
fn eager_members_never_share_a_partition() {
    nothing_is_ever_shared("eager", || Classic::new(&[Assignor::Range, Assignor::CooperativeSticky]));
    nothing_is_ever_shared("sticky", || Classic::new(&[Assignor::Sticky]));
}

#[test]
fn cooperative_members_never_share_a_partition() {
    nothing_is_ever_shared("cooperative", || Classic::new(&[Assignor::CooperativeSticky]));
}

#[test]
fn cooperative_members_keep_what_need_not_move() {
    what_need_not_move_is_kept(Classic::new(&[Assignor::CooperativeSticky]));
}
