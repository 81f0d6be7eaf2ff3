//! `Classic`: a member's part in the classic protocol (JoinGroup, SyncGroup), as the consumer's own thread plays it. The
//! members compute their assignments themselves, the eager way (let go of everything, then share out) or the cooperative one
//! (keep everything but what has to move).

use super::desk::{Desk, Place};
use super::heartbeat::Ring;
use super::member::Step;
use crate::client::{self, ConsumerConfig, Result};
use crate::disk::SharedWord;
use crate::group::protocol::{AssignedPartitions, StickyUserData, Subscription};
use crate::group::{Assignor, ClassicGroup, Duty, Joined, Protocols, TopicPartitions};
use crate::local::error::Error;
use crate::types::{ErrorCode, TopicPartition};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What a member of a classic group remembers between two steps.
pub(super) struct Classic {
    assignors: Vec<Assignor>,
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
    /// Something may have changed that the group's word doesn't tell of.
    looks_again: bool,
    /// What the present assignment was made from, for the leader that made it.
    counts: Option<TopicPartitions>,
    /// The last assignment and its generation: what the sticky assignors go by.
    previous: Option<(Vec<TopicPartition>, i32)>,
    word: Option<Arc<SharedWord>>,
    seen: u64,
    ring: Ring,
}

impl Classic {
    pub(super) fn new(config: &ConsumerConfig, topics: &[String]) -> Classic {
        Classic {
            assignors: config.assignors.iter().filter_map(|name| Assignor::named(name)).collect(),
            topics: topics.to_vec(),
            joined_topics: Vec::new(),
            owned: Vec::new(),
            steps: VecDeque::new(),
            in_group: false,
            has_let_go: false,
            joins_again: false,
            is_fenced: false,
            looks_again: false,
            counts: None,
            previous: None,
            word: None,
            seen: 0,
            ring: Ring::default(),
        }
    }

    pub(super) fn word(&self) -> Option<&SharedWord> {
        self.word.as_deref()
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    pub(super) fn subscribe(&mut self, topics: &[String]) {
        self.topics = topics.to_vec();
        self.looks_again = true;
    }

    /// Eager, unless all assignors can do otherwise.
    fn is_cooperative(&self) -> bool {
        self.assignors.iter().all(|assignor| *assignor == Assignor::CooperativeSticky)
    }

    /// The next thing that the consumer has to do.
    pub(super) fn advance(&mut self, desk: &Arc<Desk>) -> Result<Step> {
        if self.is_fenced {
            return Err(client::Error::of(ErrorCode::FencedInstanceId));
        }
        if desk.was_silent() {
            desk.beat(false)?;
            self.looks_again = true;
        }
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Ok(step);
            }
            let now = self.word.as_ref().map(|word| word.get());
            if now == Some(self.seen) && !self.looks_again {
                return Ok(Step::Nothing);
            }
            let Some(place) = desk.place() else {
                match self.in_group {
                    true => self.lose(),
                    false => self.join(desk)?,
                }
                continue;
            };
            self.looks_again = false;
            self.seen = now.unwrap_or_default();
            let group = desk.look()?;
            let group = group.ok_or(client::Error::of(ErrorCode::InconsistentGroupProtocol))?;
            self.ring.watch(desk, &group, &place.member_id)?;
            if self.act(desk, &place, &group)? {
                return Ok(Step::Nothing);
            }
        }
    }

    /// Does what is the member's turn; true if there is nothing to be done before something changes.
    fn act(&mut self, desk: &Arc<Desk>, place: &Place, group: &ClassicGroup) -> Result<bool> {
        match group.duty(&place.member_id, desk.config.instance_id.as_deref(), place.belief) {
            Duty::GiveUp(ErrorCode::FencedInstanceId) => {
                self.is_fenced = true;
                desk.give_up()?;
                return Err(client::Error::of(ErrorCode::FencedInstanceId));
            }
            Duty::GiveUp(_) => {
                desk.give_up()?;
                self.lose();
            }
            Duty::Wait => return Ok(true),
            Duty::Join => self.let_go_and_join(desk)?,
            Duty::Lead(joined) => self.lead(desk, &joined)?,
            Duty::Sync => self.sync(desk, group, &place.member_id)?,
            Duty::Work => {
                let outdated =
                    self.joined_topics != self.topics || self.leads_with_other_counts(desk, group)?;
                if !outdated && !self.joins_again {
                    return Ok(true);
                }
                self.let_go_and_join(desk)?;
            }
        }
        Ok(false)
    }

    /// Whether this member has shared out what is not any more all there is.
    fn leads_with_other_counts(&self, desk: &Desk, group: &ClassicGroup) -> Result<bool> {
        let Some(counts) = &self.counts else { return Ok(false) };
        Ok(*counts != counts_of(desk, &subscribed_topics(group))?)
    }

    /// The consumer has nothing any more.
    fn lose(&mut self) {
        self.in_group = false;
        self.has_let_go = false;
        self.owned.clear();
        self.counts = None;
        self.word = None;
        self.steps.push_back(Step::Lose);
    }

    /// An eager member lets go of everything, a cooperative one of what it doesn't subscribe to any more; then it joins.
    fn let_go_and_join(&mut self, desk: &Desk) -> Result<()> {
        if self.has_let_go {
            return self.join(desk);
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

    fn join(&mut self, desk: &Desk) -> Result<()> {
        let generation = desk.place().map_or(-1, |place| place.generation);
        let protocols = self.protocols(generation)?;
        match desk.join(protocols)? {
            Ok(()) => {
                self.joined_topics.clone_from(&self.topics);
                self.joins_again = false;
                self.counts = None;
                self.in_group = true;
                self.looks_again = true;
                self.word = desk.place().map(|place| place.word);
            }
            // What it should do about this, the group tells.
            Err(ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {
                desk.give_up()?;
                self.lose();
            }
            Err(error) => return Err(client::Error::of(error)),
        }
        Ok(())
    }

    /// The subscription under each assignor that the consumer offers.
    fn protocols(&self, generation: i32) -> Result<Protocols> {
        let mut subscription = Subscription::to(self.topics.clone());
        subscription.owned.clone_from(&self.owned);
        subscription.generation = generation;
        let encoded = self.assignors.iter().map(|assignor| {
            let user_data = match (assignor, &self.previous) {
                (Assignor::Sticky, Some((assignment, generation))) => {
                    let data = StickyUserData { assignment: assignment.clone(), generation: *generation };
                    Some(data.encode().map_err(Error::from)?)
                }
                // Its user data is the generation of what is owned.
                (Assignor::CooperativeSticky, previous) => {
                    let generation = previous.as_ref().map_or(-1, |(_, generation)| *generation);
                    Some(generation.to_be_bytes().to_vec())
                }
                _ => None,
            };
            let subscription = Subscription { user_data, ..subscription.clone() };
            Ok((assignor.name().to_owned(), subscription.encode().map_err(Error::from)?))
        });
        encoded.collect()
    }

    /// Computes the assignment of the generation, and syncs with it.
    fn lead(&mut self, desk: &Desk, joined: &Joined) -> Result<()> {
        let assignor = Assignor::named(&joined.protocol)
            .ok_or_else(|| client::Error::of(ErrorCode::InconsistentGroupProtocol))?;
        let mut candidates = Vec::new();
        for member in &joined.members {
            let subscription = Subscription::decode(&member.metadata).map_err(Error::from)?;
            candidates.push(subscription.candidate(&member.member_id, member.instance_id.as_deref()));
        }
        let topics = candidates.iter().flat_map(|candidate| candidate.topics.iter().cloned()).collect();
        let counts = counts_of(desk, &topics)?;
        let mut encoded = BTreeMap::new();
        for (member_id, partitions) in assignor.assign(&candidates, &counts) {
            let assigned = AssignedPartitions { partitions, user_data: None };
            encoded.insert(member_id, assigned.encode().map_err(Error::from)?);
        }
        if let Ok(own) = desk.sync(joined.generation, encoded)? {
            self.counts = Some(counts);
            self.take(&own, joined.generation)?;
        }
        self.looks_again = true;
        Ok(())
    }

    fn sync(&mut self, desk: &Desk, group: &ClassicGroup, member_id: &str) -> Result<()> {
        if let Ok(own) = desk.sync(group.generation(), BTreeMap::new())? {
            self.take(&own, group.generation())?;
            if group.leader() == Some(member_id) {
                self.lead_as_found(desk, group)?;
            }
        }
        self.looks_again = true;
        Ok(())
    }

    /// A static leader is back in a generation that it shared out in another life: is that still all there is?
    fn lead_as_found(&mut self, desk: &Desk, group: &ClassicGroup) -> Result<()> {
        let counts = counts_of(desk, &subscribed_topics(group))?;
        let mut given = TopicPartitions::new();
        for member in group.members() {
            let assigned = AssignedPartitions::decode(&member.assignment).map_err(Error::from)?;
            for partition in assigned.partitions {
                *given.entry(partition.topic).or_default() += 1;
            }
        }
        let all: TopicPartitions = counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(topic, count)| (topic.clone(), *count))
            .collect();
        self.joins_again |= given != all;
        self.counts = Some(counts);
        Ok(())
    }

    /// Takes what a generation gives to the member.
    fn take(&mut self, assignment: &[u8], generation: i32) -> Result<()> {
        let given = AssignedPartitions::decode(assignment).map_err(Error::from)?.partitions;
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

/// The topics that the group's members read.
fn subscribed_topics(group: &ClassicGroup) -> BTreeSet<String> {
    let protocol = group.protocol().unwrap_or_default();
    let subscriptions =
        group.members().filter_map(|member| Subscription::decode(member.metadata(protocol)?).ok());
    subscriptions.flat_map(|subscription| subscription.topics).collect()
}

/// How many partitions each of the topics has that exist.
fn counts_of(desk: &Desk, topics: &BTreeSet<String>) -> Result<TopicPartitions> {
    let mut counts = TopicPartitions::new();
    for name in topics {
        if let Some(topic) = desk.cluster.open_topic(name)? {
            counts.insert(name.clone(), i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
        }
    }
    Ok(counts)
}
