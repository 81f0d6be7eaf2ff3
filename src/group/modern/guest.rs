//! Members of the classic protocol in a group of the newer one that are not at hand: they join, sync and send heartbeats as
//! they would anywhere, and are answered so that they come to have what the coordinator gives them (KIP-848).
//!
//! A join is answered at once, by a generation that is the member's epoch and without a leader; a sync with what the
//! member is to have; and a heartbeat says when it has to join again: to let go of something, or to take what has become
//! free.

use super::super::classic::{JoinRequest, Joined, Speaker, SyncRequest, Synced};
use super::super::protocol::{AssignedPartitions, CONSUMER, Subscription};
use super::super::records::{ClassicSide, GroupRecord};
use super::super::state::Groups;
use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::heartbeat::Change;
use super::member::{MemberState, ModernMember};
use super::partitions::PartitionSet;
use super::request::{HeartbeatRequest, ModernConfig};
use crate::types::{ErrorCode, TimestampMs, TopicPartition};

impl Groups {
    /// Takes a JoinGroup request of a guest, under [`JoinRequest::effective_id`]. A refusal changes nothing.
    pub(crate) fn guest_join(
        &mut self,
        group_id: &str,
        request: &JoinRequest,
        catalog: &TopicCatalog,
        config: &ModernConfig,
        now: TimestampMs,
    ) -> Result<(Vec<GroupRecord>, Joined), ErrorCode> {
        let group = self.modern(group_id).ok_or(ErrorCode::UnknownMemberId)?;
        let (protocol, subscription) = understood(request)?;
        let (id, is_new) = (request.effective_id(), request.member_id.is_empty());
        match request.instance_id.as_deref() {
            None if is_new && request.asks_for_id => return Err(ErrorCode::MemberIdRequired),
            Some(_) if !is_new => group.check_guest(id, request.instance_id.as_deref())?,
            _ => {}
        }
        let member_epoch = group.member(id).map_or(0, |member| member.epoch().max(0));
        let with_id = |tp: &TopicPartition| Some((catalog.get(&tp.topic)?.id, tp.partition));
        let owned = match member_epoch {
            0 => PartitionSet::NONE,
            _ => subscription.owned.iter().filter_map(with_id).collect(),
        };
        let heartbeat = HeartbeatRequest {
            member_id: id.to_owned(),
            member_epoch,
            instance_id: request.instance_id.clone(),
            rack_id: subscription.rack_id.filter(|rack| !rack.is_empty()),
            client_id: request.client_id.clone(),
            client_host: request.client_host.clone(),
            rebalance_timeout_ms: Some(request.rebalance_timeout_ms),
            topics: Some(subscription.topics),
            topic_regex: Some(String::new()),
            assignor: None,
            owned: Some(owned),
            classic: Some(ClassicSide {
                session_timeout_ms: request.session_timeout_ms,
                protocols: request.protocols.clone(),
            }),
        };
        let taken = self.modern_heartbeat(group_id, &heartbeat, catalog, config, now);
        let (records, answer) = taken.map_err(|refusal| match refusal.code {
            // What clients of this protocol know.
            ErrorCode::FencedMemberEpoch => ErrorCode::UnknownMemberId,
            code => code,
        })?;
        let joined = Joined {
            generation: answer.member_epoch,
            protocol_type: CONSUMER.to_owned(),
            protocol,
            leader: String::new(),
            members: Vec::new(),
            skip_assignment: false,
        };
        Ok((records, joined))
    }

    /// Takes a guest out for good; a static one may be named by its instance id alone. Answers who it was.
    pub(crate) fn guest_leave(
        &mut self,
        group_id: &str,
        member_id: &str,
        instance_id: Option<&str>,
        catalog: &TopicCatalog,
        now: TimestampMs,
    ) -> Result<(Vec<GroupRecord>, String), ErrorCode> {
        let group = self.modern(group_id).ok_or(ErrorCode::UnknownMemberId)?;
        let id = match instance_id {
            Some(instance) if member_id.is_empty() => {
                group.static_member(instance).ok_or(ErrorCode::UnknownMemberId)?.to_owned()
            }
            _ => member_id.to_owned(),
        };
        group.check_guest(&id, instance_id)?;
        let mut change = Change::new(group_id, catalog, now);
        self.take_out(std::slice::from_ref(&id), &mut change);
        Ok((change.records, id))
    }
}

impl ModernGroup {
    /// Whether `member_id` is a member that speaks the classic protocol, and the one that holds its static id.
    fn check_guest(&self, member_id: &str, instance_id: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance) = instance_id {
            match self.static_member(instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(holder) if holder != member_id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        let is_guest = self.member(member_id).is_some_and(ModernMember::is_classic);
        if is_guest { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// The guest that speaks, in its own epoch.
    fn guest(&self, speaker: Speaker<'_>) -> Result<&ModernMember, ErrorCode> {
        self.check_guest(speaker.member_id, speaker.instance_id)?;
        let member = self.member(speaker.member_id).ok_or(ErrorCode::UnknownMemberId)?;
        if member.epoch() == speaker.generation { Ok(member) } else { Err(ErrorCode::IllegalGeneration) }
    }

    /// The answer to a guest's heartbeat.
    pub(crate) fn guest_heartbeat(&self, speaker: Speaker<'_>) -> Result<(), ErrorCode> {
        let member = self.guest(speaker)?;
        let has_to_join = member.epoch() < self.epoch
            || match member.ownership.state {
                MemberState::Stable => false,
                MemberState::Unrevoked => true,
                MemberState::Unreleased => self.could_take_more(speaker.member_id, member),
            };
        if has_to_join { Err(ErrorCode::RebalanceInProgress) } else { Ok(()) }
    }

    /// The answer to a guest's SyncGroup.
    pub(crate) fn guest_sync(
        &self,
        request: &SyncRequest<'_>,
        catalog: &TopicCatalog,
    ) -> Result<Synced, ErrorCode> {
        let member = self.guest(request.speaker)?;
        let side = member.profile.classic.as_ref();
        let protocol = side.and_then(|side| side.protocols.first()).map(|(name, _)| name.as_str());
        let differs = |said: Option<&str>, known: Option<&str>| said.is_some() && said != known;
        if differs(request.protocol_type, Some(CONSUMER)) || differs(request.protocol, protocol) {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        // Who has to let go of something has joined for that, and finds out what by this.
        if self.epoch > member.epoch() && member.ownership.state != MemberState::Unrevoked {
            return Err(ErrorCode::RebalanceInProgress);
        }
        let with_name =
            |(topic, partition)| Some(TopicPartition { topic: catalog.name(topic)?.to_owned(), partition });
        let partitions = member.assigned().iter().filter_map(with_name).collect();
        let assignment = AssignedPartitions { partitions, user_data: None }.encode();
        Ok(Synced {
            protocol_type: CONSUMER.to_owned(),
            protocol: protocol.unwrap_or_default().to_owned(),
            assignment: assignment.map_err(|_| ErrorCode::InconsistentGroupProtocol)?,
        })
    }

    /// Whether a heartbeat says nothing new and calls for nothing: it is a sign of life and no more.
    pub(crate) fn is_idle_beat(&self, request: &HeartbeatRequest, catalog: &TopicCatalog) -> bool {
        let Some(member) = self.member(&request.member_id) else { return false };
        let says_nothing = request.rebalance_timeout_ms.is_none()
            && request.topics.is_none()
            && request.topic_regex.is_none()
            && request.assignor.is_none()
            && request.rack_id.is_none()
            && request.owned.as_ref().is_none_or(|owned| owned == member.assigned());
        let is_there = member.epoch() == request.member_epoch
            && member.ownership.is_reconciled_to(self.target_epoch)
            && request.instance_id == member.profile.instance_id
            && !member.is_classic();
        says_nothing && is_there && !self.is_outdated(catalog)
    }
}

/// The protocol that a guest is taken to speak, its most wanted one, and what it subscribes to.
fn understood(request: &JoinRequest) -> Result<(String, Subscription), ErrorCode> {
    let first = request.protocols.first().filter(|_| request.protocol_type == CONSUMER);
    let (name, metadata) = first.ok_or(ErrorCode::InconsistentGroupProtocol)?;
    let subscription = Subscription::decode(metadata).map_err(|_| ErrorCode::InconsistentGroupProtocol)?;
    Ok((name.clone(), subscription))
}
