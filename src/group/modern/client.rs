//! `ModernClient`: a member's own part in the newer protocol. It lets go of what it must not have any more, says so, and takes
//! what it was assigned.
//!
//! It waits for no answers: it looks at the group whenever that has changed, and does what it finds to be its turn. Knows
//! no lock and no file: what it asks of the group goes through a [`ModernSeat`].

use super::super::classic::Step;
use super::catalog::TopicCatalog;
use super::duty::ModernDuty;
use super::group::ModernGroup;
use super::partitions::PartitionSet;
use super::request::Refusal;
use crate::types::{ErrorCode, PartitionId, TopicPartition, Uuid};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a member can ask of its group.
pub(crate) trait ModernSeat {
    type Error;

    /// Whether it has a place: not before it has joined, nor after it was thrown out.
    fn has_place(&self) -> bool;

    /// The group as it is now; `None` if it is none of this protocol.
    fn look(&mut self) -> Result<Option<ModernGroup>, Self::Error>;

    /// Joins as a reader of `topics`.
    fn join(&mut self, member_id: &str, topics: &[String]) -> Result<Result<(), Refusal>, Self::Error>;

    /// Says what the member owns and, if that is new, what it reads.
    fn speak(
        &mut self,
        owned: &PartitionSet,
        topics: Option<&[String]>,
    ) -> Result<Result<(), Refusal>, Self::Error>;

    /// Gives the place up: others may have it by now.
    fn give_up(&mut self) -> Result<(), Self::Error>;

    /// The topics there are.
    fn catalog(&self) -> Result<Arc<TopicCatalog>, Self::Error>;

    /// An answer that ends the membership.
    fn refused(&self, refusal: Refusal) -> Self::Error;
}

/// What a member of a group of the newer protocol remembers between two steps.
pub(crate) struct ModernClient {
    member_id: String,
    instance_id: Option<String>,
    topics: Vec<String>,
    /// The topics that the group knows of.
    said_topics: Vec<String>,
    /// What the consumer has, under the names that it knows it by.
    owned: BTreeMap<(Uuid, PartitionId), TopicPartition>,
    /// Whether it was told its first assignment, be it empty.
    was_assigned: bool,
    steps: VecDeque<Step>,
    in_group: bool,
    /// Someone else has the member's static place: it is out for good.
    is_fenced: bool,
    /// Something may be to be done though the group has not changed.
    looks_again: bool,
    /// It speaks the classic protocol, and takes part as long as there are members of the newer one.
    is_guest: bool,
}

impl ModernClient {
    /// A consumer of `topics`. It keeps its id when it joins again, as Kafka's clients do.
    pub(crate) fn new(member_id: String, instance_id: Option<String>, topics: &[String]) -> ModernClient {
        ModernClient {
            member_id,
            instance_id,
            topics: topics.to_vec(),
            said_topics: Vec::new(),
            owned: BTreeMap::new(),
            was_assigned: false,
            steps: VecDeque::new(),
            in_group: false,
            is_fenced: false,
            looks_again: true,
            is_guest: false,
        }
    }

    /// A member of a classic group that has become one of the newer protocol, with what it has. Without a place (`false`)
    /// it has yet to join.
    pub(crate) fn guest(
        member_id: String,
        instance_id: Option<String>,
        topics: &[String],
        owned: BTreeMap<(Uuid, PartitionId), TopicPartition>,
        has_place: bool,
    ) -> ModernClient {
        let said_topics = if has_place { topics.to_vec() } else { Vec::new() };
        let (in_group, was_assigned) = (has_place, has_place);
        let new = ModernClient::new(member_id, instance_id, topics);
        ModernClient { said_topics, owned, was_assigned, in_group, is_guest: true, ..new }
    }

    /// Changes what is subscribed to, or tells that topics or partitions may have come or gone.
    pub(crate) fn subscribe(&mut self, topics: &[String]) {
        self.topics = topics.to_vec();
        self.looks_again = true;
    }

    pub(crate) fn look_again(&mut self) {
        self.looks_again = true;
    }

    pub(crate) fn looks_again(&self) -> bool {
        self.looks_again
    }

    /// The next thing that the consumer has to do, if that is known.
    pub(crate) fn next_step(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Looks at the group and does what is the member's turn; false if there is nothing to be done before something
    /// changes.
    pub(crate) fn take_turn<S: ModernSeat>(&mut self, seat: &mut S) -> Result<bool, S::Error> {
        if self.is_fenced {
            return Err(self.fenced(seat));
        }
        if !seat.has_place() {
            match self.in_group {
                true => self.lose(),
                false => self.join(seat)?,
            }
            return Ok(true);
        }
        self.looks_again = false;
        let Some(group) = seat.look()? else {
            if self.is_guest {
                return self.let_go_of_everything(seat);
            }
            // Deleted, or of the other protocol by now: either way it is not in it any more.
            seat.give_up()?;
            self.lose();
            return Ok(true);
        };
        self.act(seat, &group)
    }

    fn fenced<S: ModernSeat>(&self, seat: &S) -> S::Error {
        seat.refused(Refusal::of(ErrorCode::FencedInstanceId))
    }

    fn act<S: ModernSeat>(&mut self, seat: &mut S, group: &ModernGroup) -> Result<bool, S::Error> {
        let catalog = seat.catalog()?;
        let owned: PartitionSet = self.owned.keys().copied().collect();
        let duty = group.duty(&self.member_id, self.instance_id.as_deref(), &owned, &catalog);
        if let ModernDuty::GiveUp(error) = duty {
            seat.give_up()?;
            if error == ErrorCode::FencedInstanceId {
                self.is_fenced = true;
                return Err(self.fenced(seat));
            }
            self.lose();
            return Ok(true);
        }
        let assigned = group.member(&self.member_id).map(|member| member.assigned().clone());
        let assigned = assigned.unwrap_or_default();
        if self.let_go_of(&owned.without(&assigned)) {
            return Ok(true);
        }
        let has_news = self.said_topics != self.topics;
        if duty == ModernDuty::Speak || has_news {
            self.looks_again = true;
            match seat.speak(&owned, has_news.then_some(self.topics.as_slice()))? {
                Ok(()) => self.said_topics.clone_from(&self.topics),
                Err(refusal) => self.take_refusal(seat, refusal)?,
            }
            return Ok(true);
        }
        Ok(self.take(&assigned, &catalog))
    }

    /// Has the consumer let go of partitions, if there are some; the group hears of it after that.
    fn let_go_of(&mut self, gone: &PartitionSet) -> bool {
        if gone.is_empty() {
            return false;
        }
        let names = gone.iter().filter_map(|partition| self.owned.remove(&partition)).collect();
        self.steps.push_back(Step::Revoke(names));
        self.looks_again = true;
        true
    }

    /// The group is a classic one again: its members let go of everything, then join as they used to.
    fn let_go_of_everything<S: ModernSeat>(&mut self, seat: &S) -> Result<bool, S::Error> {
        let all: PartitionSet = self.owned.keys().copied().collect();
        if self.let_go_of(&all) {
            return Ok(true);
        }
        Err(seat.refused(Refusal::of(ErrorCode::InconsistentGroupProtocol)))
    }

    /// Has the consumer begin with what it was assigned, if some of that is new to it.
    fn take(&mut self, assigned: &PartitionSet, catalog: &TopicCatalog) -> bool {
        let mut is_new = !self.was_assigned;
        for (topic, partition) in assigned.iter() {
            // A topic that was deleted meanwhile has no name; the group is about to find that out.
            let Some(name) = catalog.name(topic) else { continue };
            if let Entry::Vacant(place) = self.owned.entry((topic, partition)) {
                place.insert(TopicPartition { topic: name.to_owned(), partition });
                is_new = true;
            }
        }
        if is_new {
            self.was_assigned = true;
            let mut all: Vec<TopicPartition> = self.owned.values().cloned().collect();
            all.sort();
            self.steps.push_back(Step::Assign(all));
        }
        is_new
    }

    /// The consumer has nothing any more.
    fn lose(&mut self) {
        self.in_group = false;
        self.was_assigned = false;
        self.looks_again = true;
        self.owned.clear();
        self.steps.push_back(Step::Lose);
    }

    fn join<S: ModernSeat>(&mut self, seat: &mut S) -> Result<(), S::Error> {
        match seat.join(&self.member_id, &self.topics)? {
            Ok(()) => {
                self.said_topics.clone_from(&self.topics);
                self.in_group = true;
                self.looks_again = true;
                Ok(())
            }
            Err(refusal) => Err(seat.refused(refusal)),
        }
    }

    /// A member that the group goes on without joins again; whatever else is refused ends it.
    fn take_refusal<S: ModernSeat>(&mut self, seat: &mut S, refusal: Refusal) -> Result<(), S::Error> {
        match refusal.code {
            // The group has become a classic one since the guest looked at it: it still has its place, and what it has.
            ErrorCode::GroupIdNotFound if self.is_guest => Ok(()),
            ErrorCode::UnknownMemberId | ErrorCode::FencedMemberEpoch | ErrorCode::GroupIdNotFound => {
                seat.give_up()?;
                self.lose();
                Ok(())
            }
            _ => Err(seat.refused(refusal)),
        }
    }
}
