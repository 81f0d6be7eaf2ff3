//! `Modern`: the newer protocol's part of a member, as the consumer's own thread plays it on a directory.

use super::desk::Desk;
use super::heartbeat::Ring;
use crate::client::{self, ConsumerConfig, Result};
use crate::disk::SharedWord;
use crate::group::{
    GroupKind, ModernClient, ModernGroup, ModernSeat, PartitionSet, Refusal, Step, TopicCatalog,
};
use crate::types::Uuid;
use std::sync::Arc;

/// What a member of a group of the newer protocol remembers between two steps.
pub(super) struct Modern {
    client: ModernClient,
    word: Option<Arc<SharedWord>>,
    seen: u64,
    ring: Ring,
}

impl Modern {
    pub(super) fn new(config: &ConsumerConfig, topics: &[String]) -> Modern {
        let client = ModernClient::new(Uuid::random().to_string(), config.instance_id.clone(), topics);
        Modern { client, word: None, seen: 0, ring: Ring::default() }
    }

    /// The part of a member of the classic protocol, whose group has become one of the newer.
    pub(super) fn guest(client: ModernClient) -> Modern {
        Modern { client, word: None, seen: 0, ring: Ring::default() }
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

impl ModernSeat for LocalSeat<'_> {
    type Error = client::Error;

    fn has_place(&self) -> bool {
        self.desk.place().is_some()
    }

    /// Whoever looks watches over its neighbours too.
    fn look(&mut self) -> Result<Option<ModernGroup>> {
        let group = match self.desk.look()? {
            GroupKind::Consumer(group) => group,
            // A guest whose epoch was behind lets go of what it has in the generation that its group goes on from.
            GroupKind::Classic(group) => {
                self.desk.note_classic_again(&group);
                return Ok(None);
            }
            _ => return Ok(None),
        };
        if let Some(place) = self.desk.place() {
            self.ring.watch(self.desk, group.neighbours(&place.member_id))?;
        }
        Ok(Some(group))
    }

    fn join(&mut self, member_id: &str, topics: &[String]) -> Result<std::result::Result<(), Refusal>> {
        self.desk.join_modern(member_id, topics)
    }

    fn speak(
        &mut self,
        owned: &PartitionSet,
        topics: Option<&[String]>,
    ) -> Result<std::result::Result<(), Refusal>> {
        self.desk.speak_modern(owned, topics)
    }

    fn give_up(&mut self) -> Result<()> {
        self.desk.give_up()
    }

    fn catalog(&self) -> Result<Arc<TopicCatalog>> {
        Ok(self.desk.cluster.catalog()?)
    }

    fn refused(&self, refusal: Refusal) -> client::Error {
        client::Error::new(refusal.code, refusal.message)
    }
}
