//! `GroupMember`: a consumer's place in its group.
//!
//! A member holds the lock on a file of its own for as long as it lives. One member at a time has the group's claim:
//! it joins the group, reads all its partitions and commits; the others wait until it leaves or dies. What the group
//! is told of this is what Kafka's coordinator would write of a group with one member.

use super::super::cluster::Cluster;
use super::super::error::Error;
use super::claim::Claim;
use super::log::{GroupLog, Sync};
use crate::client::{self, CommittedOffset, ConsumerConfig, GroupMetadata, Result};
use crate::disk::{self, Channels, FileLock};
use crate::group::protocol::{AssignedPartitions, CONSUMER, Subscription};
use crate::group::{
    Assignor, ClassicConfig, CommitRequest, GroupRecord, Groups, JoinRequest, Joined, NewCommit, Outcome,
    Protocols, Speaker, SyncRequest, TopicPartitions,
};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicPartition, java};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where the member of a directory's group sits, as Kafka shows it.
const HOST: &str = "/127.0.0.1";

/// A member of a group, from `join` to `leave`. Dropping it is what a crash does.
pub(in crate::local) struct GroupMember {
    cluster: Cluster,
    group: String,
    member_id: String,
    config: ConsumerConfig,
    topics: Vec<String>,
    /// Held as long as the member lives.
    alive: FileLock,
    path: PathBuf,
    claim: Option<Claim>,
    log: GroupLog,
    place: Option<Place>,
}

/// What the member has in the present generation.
struct Place {
    generation: i32,
    assignment: Vec<TopicPartition>,
    /// What it was shared out from: a change of it asks for a new generation.
    counts: TopicPartitions,
    /// Whether the consumer knows of the assignment.
    told: bool,
}

impl GroupMember {
    /// Joins `group` as a consumer of `topics`; the consumer learns from [`GroupMember::assignment_if_changed`] when it
    /// has partitions to read.
    pub(in crate::local) fn join(
        cluster: &Cluster,
        group: &str,
        config: &ConsumerConfig,
        topics: &[String],
    ) -> Result<GroupMember> {
        if group.is_empty() {
            return Err(client::Error::of(ErrorCode::InvalidGroupId));
        }
        let log = GroupLog::of_group_or_new(cluster, group)?;
        let coordination = cluster.coordination()?;
        disk::create_dirs(&coordination.group_members(group)).map_err(Error::from)?;
        let name = config.instance_id.as_ref().unwrap_or(&config.client_id);
        let member_id = format!("{name}-{}", uuid::Uuid::new_v4());
        let path = coordination.group_member(group, &member_id);
        let alive = FileLock::acquire(&path).map_err(Error::from)?;
        let claim = Claim::request(&coordination.group_claim(group), cluster.wake(), channels_of(group))?;
        Ok(GroupMember {
            cluster: cluster.clone(),
            group: group.to_owned(),
            member_id,
            config: config.clone(),
            topics: topics.to_vec(),
            alive,
            path,
            claim: Some(claim),
            log,
            place: None,
        })
    }

    /// Changes what the member subscribes to, or tells it that topics or partitions may have come or gone.
    pub(in crate::local) fn subscribe(&mut self, topics: &[String]) -> Result<()> {
        let resubscribed = self.topics != topics;
        self.topics = topics.to_vec();
        let counts = self.counts()?;
        if let Some(place) = &self.place
            && (resubscribed || place.counts != counts)
        {
            self.take_place(counts)?;
        }
        Ok(())
    }

    /// The partitions that are this member's, if that has changed since the last call.
    pub(in crate::local) fn assignment_if_changed(&mut self) -> Result<Option<Vec<TopicPartition>>> {
        if self.place.is_none() && self.claim.as_ref().map_or(Ok(false), Claim::is_held)? {
            let counts = self.counts()?;
            self.take_place(counts)?;
        }
        let Some(place) = self.place.as_mut().filter(|place| !place.told) else { return Ok(None) };
        place.told = true;
        Ok(Some(place.assignment.clone()))
    }

    /// The offset that the group has committed of a partition.
    pub(in crate::local) fn committed(&mut self, partition: &TopicPartition) -> Result<Option<Offset>> {
        self.log.refresh()?;
        let group = self.log.groups().get(&self.group);
        Ok(group.and_then(|group| group.offset(partition)).map(|commit| commit.offset))
    }

    /// Commits positions; they are on the disk when this returns.
    pub(in crate::local) fn commit(&mut self, positions: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        let Some(place) = &self.place else { return Err(client::Error::of(ErrorCode::UnknownMemberId)) };
        let offsets = positions.iter().map(|(partition, committed)| NewCommit {
            partition: partition.clone(),
            offset: committed.offset,
            leader_epoch: committed.leader_epoch,
            metadata: committed.metadata.clone(),
            topic_id: None,
        });
        let request = CommitRequest {
            group: &self.group,
            speaker: Speaker {
                member_id: &self.member_id,
                instance_id: self.config.instance_id.as_deref(),
                generation: place.generation,
            },
            producer_id: None,
            offsets: offsets.collect(),
        };
        let results = self.log.update(Sync::Now, |groups, now| {
            let outcome = groups.commit(request, now).map_err(client::Error::of)?;
            Ok((vec![outcome.records], outcome.results))
        })?;
        self.heard_of()?;
        results.into_iter().try_for_each(|(_, result)| result.map_err(client::Error::of))
    }

    #[allow(dead_code, reason = "for transactions that commit offsets")]
    pub(in crate::local) fn metadata(&self) -> GroupMetadata {
        GroupMetadata {
            group: self.group.clone(),
            generation: self.place.as_ref().map_or(-1, |place| place.generation),
            member_id: self.member_id.clone(),
            instance_id: self.config.instance_id.clone(),
        }
    }

    /// Leaves the group. A static member's place is kept for it until its session ends.
    pub(in crate::local) fn leave(&mut self) -> Result<()> {
        let left = match (self.place.take(), &self.config.instance_id) {
            (Some(_), Some(_)) => self.heard_of(),
            (Some(_), None) => self.log.update(Sync::Later, |groups, now| {
                let config = ClassicConfig::default();
                match groups.leave(&self.group, &self.member_id, None, &config, now) {
                    Ok(outcome) => Ok((vec![outcome.records], ())),
                    // Taken for dead, or deleted with its group: it is out already.
                    Err(_) => Ok((Vec::new(), ())),
                }
            }),
            (None, _) => Ok(()),
        };
        if self.config.instance_id.is_none() {
            disk::remove_file(&self.path).map_err(Error::from)?;
        }
        self.claim = None;
        left
    }

    /// What is notified when the member may have become the one that reads.
    pub(in crate::local) fn channels(&self) -> Channels {
        channels_of(&self.group)
    }

    /// Leaves a trace of when a static member was last at work: its file's time of change.
    fn heard_of(&self) -> Result<()> {
        if self.config.instance_id.is_some() {
            self.alive.file().write_at(b"\n", 0).map_err(Error::from)?;
        }
        Ok(())
    }

    /// How many partitions each of the member's topics has.
    fn counts(&self) -> Result<TopicPartitions> {
        let mut counts = TopicPartitions::new();
        for name in &self.topics {
            if let Some(topic) = self.cluster.open_topic(name)? {
                counts.insert(name.clone(), i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
            }
        }
        Ok(counts)
    }

    /// Joins the group, or joins again, as its only member, and takes over what its topics have.
    fn take_place(&mut self, counts: TopicPartitions) -> Result<()> {
        let member_id = if self.place.is_some() { self.member_id.clone() } else { String::new() };
        let request = JoinRequest {
            member_id,
            new_member_id: self.member_id.clone(),
            instance_id: self.config.instance_id.clone(),
            client_id: self.config.client_id.clone(),
            client_host: HOST.to_owned(),
            rebalance_timeout_ms: self.config.rebalance_timeout_ms,
            session_timeout_ms: self.config.session_timeout_ms,
            protocol_type: CONSUMER.to_owned(),
            protocols: self.protocols()?,
            asks_for_id: false,
        };
        let rebalance = Rebalance { group: &self.group, request: &request, counts: &counts };
        let (generation, assignment) =
            self.log.update(Sync::Later, |groups, now| rebalance.run(groups, now))?;
        let told = self.place.as_ref().is_some_and(|place| place.told && place.assignment == assignment);
        self.place = Some(Place { generation, assignment, counts, told });
        Ok(())
    }

    /// The subscription under each assignor that the consumer offers.
    fn protocols(&self) -> Result<Protocols> {
        let assignors = self.config.assignors.iter().filter_map(|name| Assignor::named(name));
        let encoded = assignors.map(|assignor| {
            let mut subscription = Subscription::to(self.topics.clone());
            if assignor == Assignor::CooperativeSticky {
                // Its user data is the generation of what is owned.
                subscription.user_data = Some(subscription.generation.to_be_bytes().to_vec());
            }
            let bytes = subscription.encode().map_err(Error::from)?;
            Ok((assignor.name().to_owned(), bytes))
        });
        encoded.collect()
    }
}

/// Records to be written, each list a batch.
type Batches = Vec<Vec<GroupRecord>>;

/// What a leader's assignor came to.
struct SharedOut {
    /// Each member's part, as the group stores it.
    encoded: BTreeMap<String, Vec<u8>>,
    /// The leader's own part.
    own: Vec<TopicPartition>,
}

/// A member's way through JoinGroup and SyncGroup when nobody else is in the group.
struct Rebalance<'a> {
    group: &'a str,
    request: &'a JoinRequest,
    counts: &'a TopicPartitions,
}

impl Rebalance<'_> {
    /// What is to be written, and the member's generation and partitions.
    fn run(&self, groups: &mut Groups, now: TimestampMs) -> Result<(Batches, (i32, Vec<TopicPartition>))> {
        let config = ClassicConfig {
            min_session_timeout_ms: 0,
            max_session_timeout_ms: i32::MAX,
            ..ClassicConfig::default()
        };
        let mut batches = vec![self.bury_others(groups, &config, now)];
        let mut again = self.request.clone();
        again.member_id.clone_from(&self.request.new_member_id);
        let mut joined = self.join(groups, self.request, &config, now, &mut batches)?;
        let mut assignment = self.sync(groups, &joined, &config, now, &mut batches)?;
        if joined.skip_assignment && assignment != self.share_out(&joined)?.own {
            // A static member is back, and what it left is no longer all there is.
            joined = self.join(groups, &again, &config, now, &mut batches)?;
            assignment = self.sync(groups, &joined, &config, now, &mut batches)?;
        }
        Ok((batches, (joined.generation, assignment)))
    }

    /// Whoever holds the claim is the only one who reads: any other member is dead, but for the former self of a
    /// static one.
    fn bury_others(&self, groups: &mut Groups, config: &ClassicConfig, now: TimestampMs) -> Vec<GroupRecord> {
        let own = self.request.effective_id().to_owned();
        let former = groups.classic(self.group).and_then(|group| {
            let instance = self.request.instance_id.as_deref()?;
            Some(group.static_member(instance)?.member_id.clone())
        });
        groups.bury(self.group, |id| *id != own && Some(id) != former.as_deref(), config, now)
    }

    fn join(
        &self,
        groups: &mut Groups,
        request: &JoinRequest,
        config: &ClassicConfig,
        now: TimestampMs,
        batches: &mut Batches,
    ) -> Result<Joined> {
        let outcome = groups.join(self.group, request, config, now);
        let answer = outcome.joined(request.effective_id()).cloned();
        batches.push(outcome.records);
        answer.unwrap_or(Err(ErrorCode::RebalanceInProgress)).map_err(client::Error::of)
    }

    /// Sends the assignment that the member, as the leader, has computed, and takes its own part of it.
    fn sync(
        &self,
        groups: &mut Groups,
        joined: &Joined,
        config: &ClassicConfig,
        now: TimestampMs,
        batches: &mut Batches,
    ) -> Result<Vec<TopicPartition>> {
        let member_id = self.request.effective_id();
        let assignments =
            if joined.skip_assignment { BTreeMap::new() } else { self.share_out(joined)?.encoded };
        let speaker = Speaker {
            member_id,
            instance_id: self.request.instance_id.as_deref(),
            generation: joined.generation,
        };
        let request = SyncRequest { speaker, protocol_type: None, protocol: None, assignments };
        let outcome: Outcome = groups.sync(self.group, request, config, now);
        let answer = outcome.synced(member_id).cloned();
        batches.push(outcome.records);
        let synced = answer.unwrap_or(Err(ErrorCode::RebalanceInProgress)).map_err(client::Error::of)?;
        Ok(AssignedPartitions::decode(&synced.assignment).map_err(Error::from)?.partitions)
    }

    /// Computes the assignment of a generation that this member leads.
    fn share_out(&self, joined: &Joined) -> Result<SharedOut> {
        let assignor = Assignor::named(&joined.protocol)
            .ok_or_else(|| client::Error::of(ErrorCode::InconsistentGroupProtocol))?;
        let mut candidates = Vec::new();
        for member in &joined.members {
            let subscription = Subscription::decode(&member.metadata).map_err(Error::from)?;
            candidates.push(subscription.candidate(&member.member_id, member.instance_id.as_deref()));
        }
        let mut assignment = assignor.assign(&candidates, self.counts);
        let mut encoded = BTreeMap::new();
        for (member_id, partitions) in &assignment {
            let assigned = AssignedPartitions { partitions: partitions.clone(), user_data: None };
            encoded.insert(member_id.clone(), assigned.encode().map_err(Error::from)?);
        }
        let own = assignment.remove(self.request.effective_id()).unwrap_or_default();
        Ok(SharedOut { encoded, own })
    }
}

/// A group's notices go where those of partitions go; a sleeper that is woken for nothing looks and sleeps on.
fn channels_of(group: &str) -> Channels {
    Channels::of(u64::from(java::string_hash(group) as u32))
}
