//! The classic protocol for clients of the network: JoinGroup, SyncGroup, Heartbeat and LeaveGroup, in classic groups and,
//! as guests, in those of the newer protocol.

use super::super::settle::{Batches, modern_limits, settle};
use super::facade::{NetworkGroups, Shared, code_of};
use super::host::Host;
use super::places::{Reply, Waiting};
use crate::client::{Error, Result as ClientResult};
use crate::group::{
    ClassicConfig, GroupKind, GroupRecord, Groups, JoinRequest, Joined, Speaker, SyncRequest, Synced,
};
use crate::types::{ErrorCode, TimestampMs};
use std::sync::Arc;

/// The answer to a JoinGroup request.
#[derive(Debug)]
pub(crate) struct JoinAnswer {
    /// Also where the answer is that the client has to join with it.
    pub(crate) member_id: String,
    pub(crate) result: Result<Joined, ErrorCode>,
}

/// Takes the answer to a JoinGroup request, at once or later; must not block.
pub(crate) type JoinReply = Box<dyn FnOnce(JoinAnswer) + Send>;
/// Takes the answer to a SyncGroup request, at once or later; must not block.
pub(crate) type SyncReply = Box<dyn FnOnce(Result<Synced, ErrorCode>) + Send>;

/// Who leaves: a static member may be named by its instance id alone.
#[derive(Clone, Debug)]
pub(crate) struct Leaver {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
}

/// What a request came to under the group's lock; `None` where the answer follows when others have spoken.
type Decided<T> = Option<Result<T, ErrorCode>>;

impl NetworkGroups {
    /// Takes a JoinGroup request. `request.new_member_id` is the id that someone new shall have.
    pub(crate) fn join(&self, group: &str, request: &JoinRequest, reply: JoinReply) {
        let refuse = |error: ErrorCode, reply: JoinReply| {
            reply(JoinAnswer { member_id: request.member_id.clone(), result: Err(error) });
        };
        if group.is_empty() {
            return refuse(ErrorCode::InvalidGroupId, reply);
        }
        let host = self.shared.host_or_new(group);
        let id = request.effective_id();
        match self.shared.decide_join(&host, request) {
            Err(error) => refuse(code_of(&error), reply),
            Ok(Some(Err(error))) if error != ErrorCode::MemberIdRequired => refuse(error, reply),
            Ok(Some(result)) => reply(JoinAnswer { member_id: id.to_owned(), result }),
            Ok(None) => {
                let instance_id = request.instance_id.clone();
                host.wait(id, Waiting { instance_id, reply: Reply::Join(reply) });
                self.shared.look_anew(&host);
                self.shared.clock.start(&self.shared);
            }
        }
    }

    /// Takes a SyncGroup request.
    pub(crate) fn sync(&self, group: &str, request: SyncRequest<'_>, reply: SyncReply) {
        if group.is_empty() {
            return reply(Err(ErrorCode::InvalidGroupId));
        }
        let host = self.shared.host_or_new(group);
        let Speaker { member_id, instance_id, generation } = request.speaker;
        match self.shared.decide_sync(&host, request) {
            Err(error) => reply(Err(code_of(&error))),
            Ok(Some(result)) => reply(result),
            Ok(None) => {
                let instance_id = instance_id.map(str::to_owned);
                host.wait(member_id, Waiting { instance_id, reply: Reply::Sync(generation, reply) });
                self.shared.look_anew(&host);
                self.shared.clock.start(&self.shared);
            }
        }
    }

    /// Takes a Heartbeat request.
    pub(crate) fn heartbeat(&self, group: &str, speaker: Speaker<'_>) -> Result<(), ErrorCode> {
        if group.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        // Nothing has changed: a sign of life takes no lock of the group's.
        if let Some(host) = self.shared.host(group)
            && host.has(speaker.member_id)
            && let Some(kind) = host.seen()
            && let Some(answer @ (Ok(()) | Err(ErrorCode::RebalanceInProgress))) = beat(&kind, speaker)
        {
            host.give_sign(speaker.member_id);
            return answer;
        }
        let host = self.shared.host_or_new(group);
        let answer = self.shared.update(&host, |groups, now| {
            let answer = match groups.modern(group) {
                Some(modern) => modern.guest_heartbeat(speaker),
                None => groups.heartbeat(group, speaker, now),
            };
            if let Ok(()) | Err(ErrorCode::RebalanceInProgress) = answer {
                // The server that spoke for it may have been another one.
                host.take_place(speaker.member_id)?;
                groups.modern_alive(group, speaker.member_id, now);
            }
            Ok((Batches::new(), answer))
        });
        host.give_sign(speaker.member_id);
        answer.map_err(|error| code_of(&error))?
    }

    /// Has members leave; answers each of them.
    pub(crate) fn leave(
        &self,
        group: &str,
        leavers: &[Leaver],
    ) -> Result<Vec<Result<(), ErrorCode>>, ErrorCode> {
        if group.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        let host = self.shared.host_or_new(group);
        let left = self.shared.update(&host, |groups, now| {
            let (mut batches, mut answers) = (Batches::new(), Vec::new());
            for leaver in leavers {
                let answer = self.shared.take_leave(group, leaver, groups, now)?;
                answers.push(match answer {
                    Ok((records, id)) => {
                        batches.push(records);
                        host.end_place(&id)?;
                        Ok(())
                    }
                    Err(error) => Err(error),
                });
            }
            Ok((batches, answers))
        });
        left.map_err(|error| code_of(&error))
    }
}

impl Shared {
    fn decide_join(
        self: &Arc<Self>,
        host: &Arc<Host>,
        request: &JoinRequest,
    ) -> ClientResult<Decided<Joined>> {
        let group = host.group();
        self.update(host, |groups, now| {
            let mut batches = settle(&self.cluster, group, groups, now)?;
            let former = holder(groups, group, request.instance_id.as_deref());
            let decided = if groups.modern(group).is_some_and(|modern| modern.has_members()) {
                self.join_as_guest(group, request, groups, &mut batches, now)?
            } else {
                let outcome = groups.join(group, request, &network_limits(), now);
                let decided = outcome.joined(request.effective_id()).cloned();
                batches.push(outcome.records);
                decided
            };
            if let None | Some(Ok(_)) = decided {
                host.take_place(request.effective_id())?;
                let replaced = former.filter(|former| former != request.effective_id());
                if let Some(former) = replaced.filter(|_| request.member_id.is_empty()) {
                    host.end_place(&former)?;
                    super::super::presence::clear(&self.cluster, group, &former)?;
                }
            }
            // The others may have waited for this one alone.
            batches.extend(settle_with_statics(self, group, groups, now)?);
            Ok((batches, decided))
        })
    }

    fn join_as_guest(
        &self,
        group: &str,
        request: &JoinRequest,
        groups: &mut Groups,
        batches: &mut Batches,
        now: TimestampMs,
    ) -> ClientResult<Decided<Joined>> {
        if !accepts_session(request.session_timeout_ms) {
            return Ok(Some(Err(ErrorCode::InvalidSessionTimeout)));
        }
        let (catalog, limits) = (self.cluster.catalog()?, modern_limits(&self.cluster, group)?);
        Ok(Some(match groups.guest_join(group, request, &catalog, &limits, now) {
            Ok((records, joined)) => {
                batches.push(records);
                Ok(joined)
            }
            Err(error) => Err(error),
        }))
    }

    fn decide_sync(
        self: &Arc<Self>,
        host: &Arc<Host>,
        request: SyncRequest<'_>,
    ) -> ClientResult<Decided<Synced>> {
        let (group, member_id) = (host.group(), request.speaker.member_id);
        self.update(host, |groups, now| {
            if let Some(modern) = groups.modern(group) {
                let answer = modern.guest_sync(&request, &*self.cluster.catalog()?);
                groups.modern_alive(group, member_id, now);
                host.give_sign(member_id);
                return Ok((Batches::new(), Some(answer)));
            }
            let outcome = groups.sync(group, request, &network_limits(), now);
            let decided = outcome.synced(member_id).cloned();
            if let None | Some(Ok(_)) = decided {
                host.take_place(member_id)?;
                host.give_sign(member_id);
            }
            Ok((vec![outcome.records], decided))
        })
    }

    /// The records of a departure and who has left, or why not.
    fn take_leave(
        &self,
        group: &str,
        leaver: &Leaver,
        groups: &mut Groups,
        now: TimestampMs,
    ) -> ClientResult<Result<(Vec<GroupRecord>, String), ErrorCode>> {
        let (member_id, instance_id) = (leaver.member_id.as_str(), leaver.instance_id.as_deref());
        if groups.modern(group).is_some() {
            let catalog = self.cluster.catalog()?;
            return Ok(groups.guest_leave(group, member_id, instance_id, &catalog, now));
        }
        let holder = holder(groups, group, instance_id);
        let id = if member_id.is_empty() { holder.unwrap_or_default() } else { member_id.to_owned() };
        let left = groups.leave(group, member_id, instance_id, &network_limits(), now);
        Ok(left.map(|outcome| (outcome.records, id)))
    }
}

/// The limits that clients of the network are held to: Kafka's.
fn network_limits() -> ClassicConfig {
    ClassicConfig::default()
}

fn accepts_session(session_timeout_ms: i32) -> bool {
    let limits = network_limits();
    (limits.min_session_timeout_ms..=limits.max_session_timeout_ms).contains(&session_timeout_ms)
}

/// In a group with static members somebody may have been waited for who is away.
fn settle_with_statics(
    shared: &Shared,
    group: &str,
    groups: &mut Groups,
    now: TimestampMs,
) -> Result<Batches, Error> {
    let has_statics = groups
        .classic(group)
        .is_some_and(|classic| classic.members().any(|member| member.instance_id.is_some()));
    Ok(if has_statics { settle(&shared.cluster, group, groups, now)? } else { Batches::new() })
}

/// Who has a static id in a group of either protocol.
fn holder(groups: &mut Groups, group: &str, instance_id: Option<&str>) -> Option<String> {
    let instance_id = instance_id?;
    match &groups.get(group)?.kind {
        GroupKind::Classic(classic) => Some(classic.static_member(instance_id)?.member_id.clone()),
        GroupKind::Consumer(modern) => modern.static_member(instance_id).map(str::to_owned),
        GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => None,
    }
}

/// The answer to a heartbeat, told from a look at the group; `None` where it takes more than that.
fn beat(kind: &GroupKind, speaker: Speaker<'_>) -> Option<Result<(), ErrorCode>> {
    match kind {
        GroupKind::Classic(group) => Some(group.heartbeat_answer(speaker)),
        GroupKind::Consumer(group) => Some(group.guest_heartbeat(speaker)),
        GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => None,
    }
}
