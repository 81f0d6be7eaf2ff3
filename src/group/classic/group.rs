//! `ClassicGroup`: a group whose members compute their assignments themselves, and what can be asked of it.
//! Built from its record in `__consumer_offsets`; the states in between are never written.

use super::super::protocol::{CONSUMER, Subscription};
use super::super::records::{ClassicGroupValue, ClassicMemberValue, GroupRecord};
use super::member::{ClassicMember, Protocols};
use crate::types::java::string_hash;
use crate::types::{ErrorCode, TimestampMs};
use std::collections::{BTreeMap, BTreeSet};

/// Where a group is on its way to a new generation. (Kafka's `Dead` is a group that is no longer there.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassicState {
    /// No members; offsets may remain.
    Empty,
    /// Waits for its members to join again.
    PreparingRebalance,
    /// Waits for the leader's assignment.
    CompletingRebalance,
    Stable,
}

/// The first members of a group are waited for a while: how much more of that is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InitialDelay {
    pub(super) left_ms: i64,
    /// Whether someone has joined since the delay was last extended.
    pub(super) joined: bool,
}

/// A group of the classic protocol. Deadlines are data: whoever holds the group calls `tick` when they pass.
#[derive(Clone, Debug)]
pub(crate) struct ClassicGroup {
    pub(super) state: ClassicState,
    pub(super) state_timestamp: TimestampMs,
    pub(super) protocol_type: Option<String>,
    pub(super) generation: i32,
    pub(super) protocol: Option<String>,
    pub(super) leader: Option<String>,
    pub(super) members: BTreeMap<String, ClassicMember>,
    /// Ids that were handed out and have not joined yet, with the time until which they are kept.
    pub(super) promised: BTreeMap<String, TimestampMs>,
    /// Members of the new generation that have not asked for their assignment yet.
    pub(super) unsynced: BTreeSet<String>,
    /// Until when the members have to join or, after that, to sync.
    pub(super) rebalance_deadline: Option<TimestampMs>,
    pub(super) initial: Option<InitialDelay>,
}

impl ClassicGroup {
    /// A group that nobody has joined yet.
    pub(crate) const fn new(now: TimestampMs) -> ClassicGroup {
        ClassicGroup {
            state: ClassicState::Empty,
            state_timestamp: now,
            protocol_type: None,
            generation: 0,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            promised: BTreeMap::new(),
            unsynced: BTreeSet::new(),
            rebalance_deadline: None,
            initial: None,
        }
    }

    /// The group that a record tells of. Its members' sessions run from `loaded_at`, for nobody knows how long ago
    /// they were heard of.
    pub(crate) fn from_value(value: ClassicGroupValue, loaded_at: TimestampMs) -> ClassicGroup {
        let has_members = !value.members.is_empty();
        let mut group = ClassicGroup::new(value.state_timestamp);
        group.state = if has_members { ClassicState::Stable } else { ClassicState::Empty };
        group.protocol_type = Some(value.protocol_type).filter(|name| !name.is_empty());
        group.generation = value.generation;
        for member in value.members {
            let protocol = value.protocol.clone().unwrap_or_default();
            let member = ClassicMember::from_value(member, protocol, loaded_at);
            group.members.insert(member.member_id.clone(), member);
        }
        group.protocol = value.protocol;
        group.leader = value.leader;
        group
    }

    pub(crate) const fn state(&self) -> ClassicState {
        self.state
    }

    /// When the group entered its state.
    pub(crate) const fn state_timestamp(&self) -> TimestampMs {
        self.state_timestamp
    }

    /// `consumer`, or `None` before anyone joined.
    pub(crate) fn protocol_type(&self) -> Option<&str> {
        self.protocol_type.as_deref()
    }

    pub(crate) const fn generation(&self) -> i32 {
        self.generation
    }

    /// The assignor in force; `None` without members.
    pub(crate) fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    pub(crate) fn leader(&self) -> Option<&str> {
        self.leader.as_deref()
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &ClassicMember> {
        self.members.values()
    }

    pub(crate) fn member(&self, member_id: &str) -> Option<&ClassicMember> {
        self.members.get(member_id)
    }

    /// Whether its record tells the whole group: nobody is in it or about to be.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.state == ClassicState::Empty && self.members.is_empty() && self.promised.is_empty()
    }

    /// A text that differs when members other than the one that changed the group have to look at it: a new state, a new
    /// generation, or a new process in a static place.
    pub(crate) fn phase(&self) -> Vec<u8> {
        let mut phase = vec![self.state as u8];
        phase.extend(self.generation.to_be_bytes());
        for member in self.members.values().filter(|member| member.instance_id.is_some()) {
            phase.extend(member.member_id.as_bytes());
            phase.push(0);
        }
        phase
    }

    /// The member that holds a static id.
    pub(crate) fn static_member(&self, instance_id: &str) -> Option<&ClassicMember> {
        self.members.values().find(|member| member.instance_id.as_deref() == Some(instance_id))
    }

    /// Whether `topic` is read by a member; a subscription that can't be read counts as one to everything.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        if self.protocol_type() != Some(CONSUMER) {
            return false;
        }
        self.members.values().any(|member| {
            let metadata = member.metadata(self.protocol.as_deref().unwrap_or_default());
            let metadata = metadata.or_else(|| member.protocols.first().map(|(_, bytes)| bytes.as_slice()));
            match metadata.map(Subscription::decode) {
                Some(Ok(subscription)) => subscription.topics.iter().any(|name| name == topic),
                Some(Err(_)) => true,
                None => false,
            }
        })
    }

    /// The topics that the members read.
    pub(super) fn subscribed_topics(&self) -> BTreeSet<String> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let metadata = self.members.values().filter_map(|member| member.metadata(protocol));
        let subscriptions = metadata.filter_map(|metadata| Subscription::decode(metadata).ok());
        subscriptions.flat_map(|subscription| subscription.topics).collect()
    }

    /// Puts what a member offers in the place of what its record told of that.
    pub(in crate::group) fn set_protocols(&mut self, member_id: &str, protocols: Protocols) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.protocols = protocols;
        }
    }

    /// The group's record, as Kafka writes it when a generation has its assignment and when it has no members.
    pub(crate) fn record(&self, group: &str) -> GroupRecord {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let members = self.members.values().map(|member| ClassicMemberValue {
            member_id: member.member_id.clone(),
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: member.metadata(protocol).unwrap_or_default().to_vec(),
            assignment: member.assignment.clone(),
        });
        let value = ClassicGroupValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            state_timestamp: self.state_timestamp,
            members: members.collect(),
        };
        GroupRecord::ClassicGroup { group: group.to_owned(), value: Some(value) }
    }

    /// Whether someone with these protocols could be a member beside those there are.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &Protocols) -> bool {
        if self.members.is_empty() {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let common = self.common_protocols();
        self.protocol_type() == Some(protocol_type)
            && protocols.iter().any(|(name, _)| common.contains(name.as_str()))
    }

    fn common_protocols(&self) -> BTreeSet<&str> {
        let mut all = self.members.values().map(ClassicMember::protocol_names);
        let first = all.next().unwrap_or_default();
        all.fold(first, |common, names| common.intersection(&names).copied().collect())
    }

    /// The protocol that wins the members' votes: each votes for the first of its own that all have in common.
    pub(super) fn elect_protocol(&self) -> Option<String> {
        let common = self.common_protocols();
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let vote = member.protocols.iter().find(|(name, _)| common.contains(name.as_str()));
            if let Some((name, _)) = vote {
                *votes.entry(name).or_default() += 1;
            }
        }
        // On a tie Kafka takes the one that its hash table lists first.
        let winner = votes.into_iter().max_by_key(|&(name, count)| (count, std::cmp::Reverse(bucket(name))));
        winner.map(|(name, _)| name.to_owned())
    }

    /// Whether `member_id` may speak for itself: it is a member, and the one that holds its static id.
    pub(super) fn validate(&self, member_id: &str, instance_id: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance_id) = instance_id {
            return match self.static_member(instance_id) {
                None => Err(ErrorCode::UnknownMemberId),
                Some(holder) if holder.member_id != member_id => Err(ErrorCode::FencedInstanceId),
                Some(_) => Ok(()),
            };
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    pub(super) fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    /// The longest that any member allows for a rebalance.
    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        self.members.values().map(|member| i64::from(member.rebalance_timeout_ms)).max().unwrap_or(0)
    }

    pub(super) fn enter(&mut self, state: ClassicState, now: TimestampMs) {
        self.state = state;
        self.state_timestamp = now;
    }

    /// The next moment at which `tick` would have something to do.
    pub(crate) fn next_deadline(&self) -> Option<TimestampMs> {
        let sessions = self.members.values().filter(|member| member.waits_for.is_none());
        let sessions = sessions.map(|member| member.session_deadline);
        sessions.chain(self.promised.values().copied()).chain(self.rebalance_deadline).min()
    }
}

/// The place of a text among the 16 buckets of a small `java.util.HashMap`.
fn bucket(text: &str) -> i32 {
    let hash = string_hash(text);
    (hash ^ ((hash as u32) >> 16) as i32) & 15
}

/// `after` milliseconds from `now`, saturating.
pub(super) fn later(now: TimestampMs, after_ms: i64) -> TimestampMs {
    TimestampMs(now.0.saturating_add(after_ms))
}
