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

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, T, beat, classic_pair, join, owning};
    use super::*;
    use crate::group::classic::tests::request;
    use crate::group::sharing::G;
    use crate::types::PartitionId;
    use std::collections::BTreeMap;

    fn named(numbers: &[i32]) -> Vec<TopicPartition> {
        let named = |&number: &i32| TopicPartition { topic: "t".to_owned(), partition: PartitionId(number) };
        numbers.iter().map(named).collect()
    }

    fn join_as_guest(bench: &mut Bench, id: &str, owned: &[i32]) -> Result<Joined, ErrorCode> {
        let subscription = Subscription { owned: named(owned), ..Subscription::to(vec!["t".to_owned()]) };
        let mut join = request("new", None, &[]);
        join.member_id = id.to_owned();
        join.protocols = vec![("range".to_owned(), subscription.encode().unwrap())];
        let (config, now) = (bench.config, TimestampMs(bench.now));
        bench.groups.guest_join(G, &join, &bench.catalog, &config, now).map(|(_, joined)| joined)
    }

    fn speaker(member_id: &str, generation: i32) -> Speaker<'_> {
        Speaker { member_id, instance_id: None, generation }
    }

    fn sync_as_guest(bench: &mut Bench, id: &str, generation: i32) -> Result<Vec<i32>, ErrorCode> {
        let (protocol_type, protocol) = (Some(CONSUMER), Some("range"));
        let assignments = BTreeMap::new();
        let request = SyncRequest { speaker: speaker(id, generation), protocol_type, protocol, assignments };
        let catalog = bench.catalog.clone();
        let synced = bench.group().guest_sync(&request, &catalog)?;
        let given = AssignedPartitions::decode(&synced.assignment).unwrap().partitions;
        Ok(given.into_iter().map(|one| one.partition.0).collect())
    }

    #[test]
    fn guests_let_go_by_joining_again_and_take_what_has_become_free() {
        let mut bench = Bench::new();
        classic_pair(&mut bench);
        // `a` has 0 and 1, `b` has 2 and 3 in generation 2, when a member of the newer protocol comes.
        bench.take(&join("N", &["t"])).unwrap();
        let heartbeat = |bench: &mut Bench, id, epoch| bench.group().guest_heartbeat(speaker(id, epoch));
        assert_eq!(heartbeat(&mut bench, "a", 2), Err(ErrorCode::RebalanceInProgress));
        assert_eq!(heartbeat(&mut bench, "a", 1), Err(ErrorCode::IllegalGeneration));
        assert_eq!(heartbeat(&mut bench, "N", 3), Err(ErrorCode::UnknownMemberId));
        assert_eq!(sync_as_guest(&mut bench, "a", 2), Err(ErrorCode::RebalanceInProgress));
        for (id, owned) in [("a", [0, 1]), ("b", [2, 3])] {
            let joined = join_as_guest(&mut bench, id, &owned).unwrap();
            assert_eq!((joined.leader.as_str(), joined.members.len()), ("", 0));
            let kept = sync_as_guest(&mut bench, id, joined.generation).unwrap();
            if kept.len() < owned.len() {
                assert_eq!(joined.generation, 2, "it has to let go first");
                assert_eq!(heartbeat(&mut bench, id, 2), Err(ErrorCode::RebalanceInProgress));
            }
            let joined = join_as_guest(&mut bench, id, &kept).unwrap();
            assert_eq!(joined.generation, 3);
            assert_eq!((heartbeat(&mut bench, id, 3), sync_as_guest(&mut bench, id, 3)), (Ok(()), Ok(kept)));
        }
        bench.take(&beat("N", 3)).unwrap();
        let got: Vec<_> = bench.group().member("N").unwrap().assigned().iter().collect();
        assert_eq!(got.len(), 1);
        // When a guest leaves, the others get what it had.
        let (catalog, now) = (bench.catalog.clone(), TimestampMs(bench.now));
        let left = bench.groups.guest_leave(G, "b", None, &catalog, now).unwrap();
        assert_eq!(left.1, "b");
        bench.take(&beat("N", 3)).unwrap();
        assert_eq!(heartbeat(&mut bench, "a", 3), Err(ErrorCode::RebalanceInProgress));
        assert_eq!(
            bench.groups.guest_leave(G, "b", None, &catalog, now).unwrap_err(),
            ErrorCode::UnknownMemberId
        );
    }

    #[test]
    fn strangers_are_asked_for_an_id_and_for_the_right_protocol() {
        let mut bench = Bench::new();
        bench.take(&join("N", &["t"])).unwrap();
        let mut asking = request("g1", None, &["range"]);
        let (config, now) = (bench.config, TimestampMs(bench.now));
        let mut join = |request: &JoinRequest| {
            bench.groups.guest_join(G, request, &bench.catalog, &config, now).map(|(_, joined)| joined)
        };
        asking.protocols[0].1 = Subscription::to(vec!["t".to_owned()]).encode().unwrap();
        asking.asks_for_id = true;
        assert_eq!(join(&asking), Err(ErrorCode::MemberIdRequired));
        asking.member_id = "g1".to_owned();
        assert_eq!(join(&asking).unwrap().generation, 2);
        asking.protocols[0].1 = vec![9];
        assert_eq!(join(&asking), Err(ErrorCode::InconsistentGroupProtocol));
        asking.protocol_type = "connect".to_owned();
        assert_eq!(join(&asking), Err(ErrorCode::InconsistentGroupProtocol));
    }

    #[test]
    fn a_heartbeat_that_says_nothing_new_is_a_sign_of_life_and_no_more() {
        let mut bench = Bench::new();
        bench.take(&join("A", &["t"])).unwrap();
        let catalog = bench.catalog.clone();
        let idle =
            |bench: &mut Bench, request: &HeartbeatRequest| bench.group().is_idle_beat(request, &catalog);
        assert!(idle(&mut bench, &beat("A", 1)) && idle(&mut bench, &owning("A", 1, &[0, 1, 2, 3])));
        assert!(!idle(&mut bench, &owning("A", 1, &[0])) && !idle(&mut bench, &beat("A", 2)));
        assert!(!idle(&mut bench, &beat("B", 1)) && !idle(&mut bench, &join("A", &["t"])));
        bench.take(&join("B", &["t"])).unwrap();
        assert!(!idle(&mut bench, &beat("A", 1)), "it has something to let go of");
        let grown = super::super::tests::catalog(2, &[("t", T, 5)]);
        assert!(!bench.group().is_idle_beat(&beat("B", 2), &grown));
    }
}
