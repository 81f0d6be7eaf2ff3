//! `ClassicClient`: a member's own part in the classic protocol. The members compute their assignments themselves, the eager
//! way (let go of everything, then share out) or the cooperative one (keep everything but what has to move).
//!
//! It waits for no answers: it looks at the group whenever that has changed, and does what it finds to be its turn. Knows
//! no lock and no file: what it asks of the group goes through a [`Seat`].

use super::super::assignor::{Assignor, TopicPartitions};
use super::super::error::Error;
use super::super::protocol::{AssignedPartitions, StickyUserData, Subscription};
use super::duty::{Belief, Duty};
use super::group::ClassicGroup;
use super::member::Protocols;
use super::outcome::Joined;
use crate::types::{ErrorCode, TopicPartition};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the consumer has to do for its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Let go of these partitions, with their positions committed; asking for the next step says that it has.
    Revoke(Vec<TopicPartition>),
    /// Drop all partitions, which others may have by now.
    Lose,
    /// These are its partitions from here on, all of them.
    Assign(Vec<TopicPartition>),
}

/// What a member knows of its place in the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) member_id: String,
    pub(crate) belief: Belief,
    /// The generation in which it was last given partitions; -1 before.
    pub(crate) generation: i32,
}

/// What a member can ask of its group.
pub(crate) trait Seat {
    type Error: From<Error>;

    /// `None` before it has joined, and after it was thrown out.
    fn place(&self) -> Option<Place>;

    /// The group as it is now; `None` if it is none of this protocol.
    fn look(&mut self) -> Result<Option<ClassicGroup>, Self::Error>;

    /// Joins, or joins again.
    fn join(&mut self, protocols: Protocols) -> Result<Result<(), ErrorCode>, Self::Error>;

    /// Notes that the member has taken its part in a generation.
    fn note_synced(&mut self, generation: i32);

    /// Gives everyone's part in a generation, as its leader; answers the member's own.
    fn sync(
        &mut self,
        generation: i32,
        assignments: BTreeMap<String, Vec<u8>>,
    ) -> Result<Result<Vec<u8>, ErrorCode>, Self::Error>;

    /// Gives the place up: others may have it by now.
    fn give_up(&mut self) -> Result<(), Self::Error>;

    /// How many partitions each of the topics has that exist.
    fn counts(&self, topics: &BTreeSet<String>) -> Result<TopicPartitions, Self::Error>;

    /// An answer that ends the membership.
    fn refused(&self, code: ErrorCode) -> Self::Error;
}

/// What a member of a classic group remembers between two steps.
pub(crate) struct ClassicClient {
    assignors: Vec<Assignor>,
    instance_id: Option<String>,
    topics: Vec<String>,
    /// The topics that the group knows of.
    joined_topics: Vec<String>,
    /// What the consumer has.
    owned: Vec<TopicPartition>,
    steps: VecDeque<Step>,
    in_group: bool,
    /// The consumer has let go of what an eager member must not have while it joins.
    has_let_go: bool,
    /// It has to join again once the group is stable.
    joins_again: bool,
    /// Someone else has the member's static place: it is out for good.
    is_fenced: bool,
    /// Something may be to be done though the group has not changed.
    looks_again: bool,
    /// What the present assignment was made from, for the leader that made it.
    counts: Option<TopicPartitions>,
    /// The last assignment and its generation: what the sticky assignors go by.
    previous: Option<(Vec<TopicPartition>, i32)>,
}

impl ClassicClient {
    /// A consumer of `topics` that offers `assignors`, most wanted first.
    pub(crate) fn new(
        assignors: Vec<Assignor>,
        instance_id: Option<String>,
        topics: &[String],
    ) -> ClassicClient {
        ClassicClient {
            assignors,
            instance_id,
            topics: topics.to_vec(),
            joined_topics: Vec::new(),
            owned: Vec::new(),
            steps: VecDeque::new(),
            in_group: false,
            has_let_go: false,
            joins_again: false,
            is_fenced: false,
            looks_again: true,
            counts: None,
            previous: None,
        }
    }

    /// Changes what is subscribed to, or tells that topics or partitions may have come or gone.
    pub(crate) fn subscribe(&mut self, topics: &[String]) {
        self.topics = topics.to_vec();
        self.looks_again = true;
    }

    /// Becomes a guest in a group of the newer protocol: hands over what the consumer has.
    pub(crate) fn hand_over(&mut self) -> Vec<TopicPartition> {
        self.has_let_go = false;
        self.counts = None;
        std::mem::take(&mut self.owned)
    }

    /// Goes on in a group that is a classic one again; the consumer has let go of everything.
    pub(crate) fn resume(&mut self, has_place: bool) {
        self.in_group = has_place;
        self.has_let_go = true;
        self.looks_again = true;
    }

    /// Has the next turn look at the group, changed or not.
    pub(crate) fn look_again(&mut self) {
        self.looks_again = true;
    }

    /// Whether there is a reason to look though the group has not changed.
    pub(crate) fn looks_again(&self) -> bool {
        self.looks_again
    }

    /// What the consumer has to do next; asking again says that it is done.
    pub(crate) fn next_step(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Eager, unless all assignors can do otherwise.
    fn is_cooperative(&self) -> bool {
        self.assignors.iter().all(|assignor| *assignor == Assignor::CooperativeSticky)
    }

    /// Looks at the group and does what is the member's turn; false if there is nothing to be done before something
    /// changes. Only when all steps are done.
    pub(crate) fn take_turn<S: Seat>(&mut self, seat: &mut S) -> Result<bool, S::Error> {
        if self.is_fenced {
            return Err(seat.refused(ErrorCode::FencedInstanceId));
        }
        self.looks_again = false;
        let Some(place) = seat.place() else {
            match self.in_group {
                true => self.lose(),
                false => self.join(seat)?,
            }
            return Ok(true);
        };
        let Some(group) = seat.look()? else {
            // Deleted, or of the other protocol by now: either way it is not in it any more.
            seat.give_up()?;
            self.lose();
            return Ok(true);
        };
        match group.duty(&place.member_id, self.instance_id.as_deref(), place.belief) {
            Duty::GiveUp(ErrorCode::FencedInstanceId) => {
                self.is_fenced = true;
                seat.give_up()?;
                return Err(seat.refused(ErrorCode::FencedInstanceId));
            }
            Duty::GiveUp(_) => {
                seat.give_up()?;
                self.lose();
            }
            Duty::Wait => return Ok(false),
            Duty::Join => self.let_go_and_join(seat)?,
            Duty::Lead(joined) => self.lead(seat, &joined)?,
            Duty::Sync => self.take_part(seat, &group, &place.member_id)?,
            Duty::Work => {
                let outdated =
                    self.joined_topics != self.topics || self.leads_with_other_counts(seat, &group)?;
                if !outdated && !self.joins_again {
                    return Ok(false);
                }
                self.let_go_and_join(seat)?;
            }
        }
        Ok(true)
    }

    /// Whether this member has shared out what is not any more all there is.
    fn leads_with_other_counts<S: Seat>(&self, seat: &S, group: &ClassicGroup) -> Result<bool, S::Error> {
        let Some(counts) = &self.counts else { return Ok(false) };
        Ok(*counts != seat.counts(&group.subscribed_topics())?)
    }

    /// The consumer has nothing any more.
    fn lose(&mut self) {
        self.in_group = false;
        self.has_let_go = false;
        self.looks_again = true;
        self.owned.clear();
        self.counts = None;
        self.steps.push_back(Step::Lose);
    }

    /// An eager member lets go of everything, a cooperative one of what it doesn't subscribe to any more; then it joins.
    fn let_go_and_join<S: Seat>(&mut self, seat: &mut S) -> Result<(), S::Error> {
        if self.has_let_go {
            return self.join(seat);
        }
        self.has_let_go = true;
        self.looks_again = true;
        let gone = if self.is_cooperative() {
            let wanted: BTreeSet<&String> = self.topics.iter().collect();
            let (kept, gone) = self.owned.drain(..).partition(|owned| wanted.contains(&owned.topic));
            self.owned = kept;
            gone
        } else {
            std::mem::take(&mut self.owned)
        };
        if !gone.is_empty() || !self.is_cooperative() {
            self.steps.push_back(Step::Revoke(gone));
        }
        Ok(())
    }

    fn join<S: Seat>(&mut self, seat: &mut S) -> Result<(), S::Error> {
        let generation = seat.place().map_or(-1, |place| place.generation);
        match seat.join(self.protocols(generation)?)? {
            Ok(()) => {
                self.joined_topics.clone_from(&self.topics);
                self.joins_again = false;
                self.counts = None;
                self.in_group = true;
                self.looks_again = true;
            }
            Err(ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {
                seat.give_up()?;
                self.lose();
            }
            Err(code) => return Err(seat.refused(code)),
        }
        Ok(())
    }

    /// The subscription under each assignor that the consumer offers.
    pub(crate) fn protocols(&self, generation: i32) -> Result<Protocols, Error> {
        let mut subscription = Subscription::to(self.topics.clone());
        subscription.owned.clone_from(&self.owned);
        subscription.generation = generation;
        let encoded = self.assignors.iter().map(|assignor| {
            let user_data = match (assignor, &self.previous) {
                (Assignor::Sticky, Some((assignment, generation))) => {
                    let data = StickyUserData { assignment: assignment.clone(), generation: *generation };
                    Some(data.encode()?)
                }
                // Its user data is the generation of what is owned.
                (Assignor::CooperativeSticky, previous) => {
                    let generation = previous.as_ref().map_or(-1, |(_, generation)| *generation);
                    Some(generation.to_be_bytes().to_vec())
                }
                _ => None,
            };
            let subscription = Subscription { user_data, ..subscription.clone() };
            Ok((assignor.name().to_owned(), subscription.encode()?))
        });
        encoded.collect()
    }

    /// Computes the assignment of the generation, and syncs with it.
    fn lead<S: Seat>(&mut self, seat: &mut S, joined: &Joined) -> Result<(), S::Error> {
        let Some(assignor) = Assignor::named(&joined.protocol) else {
            return Err(seat.refused(ErrorCode::InconsistentGroupProtocol));
        };
        let mut candidates = Vec::new();
        for member in &joined.members {
            let subscription = Subscription::decode(&member.metadata)?;
            candidates.push(subscription.candidate(&member.member_id, member.instance_id.as_deref()));
        }
        let topics = candidates.iter().flat_map(|candidate| candidate.topics.iter().cloned()).collect();
        let counts = seat.counts(&topics)?;
        let mut encoded = BTreeMap::new();
        for (member_id, partitions) in assignor.assign(&candidates, &counts) {
            encoded.insert(member_id, AssignedPartitions { partitions, user_data: None }.encode()?);
        }
        if let Ok(own) = seat.sync(joined.generation, encoded)? {
            self.counts = Some(counts);
            self.take(&own, joined.generation)?;
        }
        self.looks_again = true;
        Ok(())
    }

    /// Takes what the leader has given. The group can't go on without the member before it has let go of that, so that
    /// this takes no lock; the next sign of life tells of it.
    fn take_part<S: Seat>(
        &mut self,
        seat: &mut S,
        group: &ClassicGroup,
        member_id: &str,
    ) -> Result<(), S::Error> {
        let own = group.member(member_id).map(|member| member.assignment.as_slice()).unwrap_or_default();
        seat.note_synced(group.generation());
        self.take(own, group.generation())?;
        if group.leader() == Some(member_id) {
            self.lead_as_found(seat, group)?;
        }
        self.looks_again = true;
        Ok(())
    }

    /// A static leader is back in a generation that it shared out in another life: is that still all there is?
    fn lead_as_found<S: Seat>(&mut self, seat: &S, group: &ClassicGroup) -> Result<(), S::Error> {
        let counts = seat.counts(&group.subscribed_topics())?;
        let mut given = TopicPartitions::new();
        for member in group.members() {
            for partition in AssignedPartitions::decode(&member.assignment)?.partitions {
                *given.entry(partition.topic).or_default() += 1;
            }
        }
        let all = counts.iter().filter(|(_, count)| **count > 0);
        self.joins_again |= !all.eq(given.iter());
        self.counts = Some(counts);
        Ok(())
    }

    /// Takes what a generation gives to the member.
    fn take(&mut self, assignment: &[u8], generation: i32) -> Result<(), Error> {
        let given = AssignedPartitions::decode(assignment)?.partitions;
        self.has_let_go = false;
        self.previous = Some((given.clone(), generation));
        let gone: Vec<TopicPartition> =
            self.owned.iter().filter(|owned| !given.contains(owned)).cloned().collect();
        if !gone.is_empty() {
            self.steps.push_back(Step::Revoke(gone));
            // Others may have what was let go of once everyone knows.
            self.joins_again = true;
        }
        self.owned.clone_from(&given);
        self.steps.push_back(Step::Assign(given));
        Ok(())
    }
}
