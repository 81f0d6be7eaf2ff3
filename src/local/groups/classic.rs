//! `Classic`: the classic protocol's part of a member, as the consumer's own thread plays it on a directory.

use super::desk::Desk;
use super::heartbeat::Ring;
use crate::client::{self, ConsumerConfig, Result};
use crate::disk::SharedWord;
use crate::group::{
    Assignor, ClassicClient, ClassicGroup, ClassicSide, Error as GroupError, GroupKind, ModernClient, Place,
    Protocols, Seat, Step, TopicPartitions,
};
use crate::local::error::Error;
use crate::types::{ErrorCode, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a member of a classic group remembers between two steps.
pub(super) struct Classic {
    client: ClassicClient,
    word: Option<Arc<SharedWord>>,
    seen: u64,
    ring: Ring,
}

impl Classic {
    pub(super) fn new(config: &ConsumerConfig, topics: &[String]) -> Classic {
        let assignors = config.assignors.iter().filter_map(|name| Assignor::named(name)).collect();
        let client = ClassicClient::new(assignors, config.instance_id.clone(), topics);
        Classic { client, word: None, seen: 0, ring: Ring::default() }
    }

    /// What it tells a group of the newer protocol that it is a guest in.
    pub(super) fn side(&self, config: &ConsumerConfig) -> Result<ClassicSide> {
        let protocols = self.client.protocols(-1)?;
        Ok(ClassicSide { session_timeout_ms: config.session_timeout_ms, protocols })
    }

    /// Hands over to a guest's part in a group of the newer protocol: to go on with what the consumer has if it has a place
    /// in the group, else to join.
    pub(super) fn become_guest(&mut self, desk: &Desk, topics: &[String]) -> Result<ModernClient> {
        let catalog = desk.cluster.catalog()?;
        let with_id = |tp: TopicPartition| Some(((catalog.get(&tp.topic)?.id, tp.partition), tp));
        let owned = self.client.hand_over().into_iter().filter_map(with_id).collect();
        let place = desk.place();
        let new_id = || format!("{}-{}", desk.config.client_id, uuid::Uuid::new_v4());
        let has_place = place.is_some();
        let member_id = place.map_or_else(new_id, |place| place.member_id);
        Ok(ModernClient::guest(member_id, desk.config.instance_id.clone(), topics, owned, has_place))
    }

    /// Goes on in a group that is a classic one again.
    pub(super) fn resume(&mut self, desk: &Desk) {
        self.client.resume(desk.place().is_some());
        self.word = None;
    }

    pub(super) fn subscribe(&mut self, topics: &[String]) {
        self.client.subscribe(topics);
    }

    /// Whether the group has something for the member to look at. One look into memory.
    #[inline]
    pub(super) fn is_called(&self) -> bool {
        self.word.as_ref().is_none_or(|word| word.get() != self.seen)
    }

    /// The next thing that the consumer has to do; `None` if there is nothing before the group changes.
    pub(super) fn advance(&mut self, desk: &Arc<Desk>) -> Result<Option<Step>> {
        if desk.was_silent() {
            desk.beat(false)?;
            self.client.look_again();
        }
        loop {
            if let Some(step) = self.client.next_step() {
                return Ok(Some(step));
            }
            if !self.is_called() && !self.client.looks_again() {
                return Ok(None);
            }
            self.seen = self.word.as_ref().map_or(0, |word| word.get());
            let mut seat = LocalSeat { desk, ring: &self.ring };
            let goes_on = self.client.take_turn(&mut seat)?;
            self.word = desk.word();
            if !goes_on {
                return Ok(None);
            }
        }
    }
}

/// What the member asks of its group, on a directory.
struct LocalSeat<'a> {
    desk: &'a Arc<Desk>,
    ring: &'a Ring,
}

impl From<GroupError> for client::Error {
    fn from(error: GroupError) -> client::Error {
        Error::from(error).into()
    }
}

impl Seat for LocalSeat<'_> {
    type Error = client::Error;

    fn place(&self) -> Option<Place> {
        self.desk.place()
    }

    /// Whoever looks watches over its neighbours too.
    fn look(&mut self) -> Result<Option<ClassicGroup>> {
        let group = match self.desk.look()? {
            GroupKind::Classic(group) => group,
            // The member goes on in it as a guest.
            GroupKind::Consumer(group) if group.has_members() => {
                return Err(client::Error::of(ErrorCode::InconsistentGroupProtocol));
            }
            _ => return Ok(None),
        };
        if let Some(place) = self.desk.place() {
            self.ring.watch(self.desk, group.neighbours(&place.member_id))?;
        }
        Ok(Some(group))
    }

    fn join(&mut self, protocols: Protocols) -> Result<std::result::Result<(), ErrorCode>> {
        self.desk.join(protocols)
    }

    fn note_synced(&mut self, generation: i32) {
        self.desk.note_synced(generation);
    }

    fn sync(
        &mut self,
        generation: i32,
        assignments: BTreeMap<String, Vec<u8>>,
    ) -> Result<std::result::Result<Vec<u8>, ErrorCode>> {
        self.desk.sync(generation, assignments)
    }

    fn give_up(&mut self) -> Result<()> {
        self.desk.give_up()
    }

    fn counts(&self, topics: &BTreeSet<String>) -> Result<TopicPartitions> {
        let mut counts = TopicPartitions::new();
        for name in topics {
            if let Some(topic) = self.desk.cluster.open_topic(name)? {
                counts.insert(name.clone(), i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
            }
        }
        Ok(counts)
    }

    fn refused(&self, code: ErrorCode) -> client::Error {
        client::Error::of(code)
    }
}
