//! Heartbeats of the newer protocol on groups by id: groups come into being with their first member, and an empty group
//! of the classic protocol becomes one of the newer.

use super::super::classic::Speaker;
use super::super::records::GroupRecord;
use super::super::state::{GroupKind, Groups};
use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::heartbeat::Change;
use super::member::ModernMember;
use super::request::{HeartbeatAnswer, HeartbeatRequest, LEAVE_FOR_A_WHILE, ModernConfig, Refusal};
use crate::types::{ErrorCode, TimestampMs};

impl Groups {
    /// Takes a ConsumerGroupHeartbeat request. A refusal changes nothing.
    pub(crate) fn modern_heartbeat(
        &mut self,
        group_id: &str,
        request: &HeartbeatRequest,
        catalog: &TopicCatalog,
        config: &ModernConfig,
        now: TimestampMs,
    ) -> Result<(Vec<GroupRecord>, HeartbeatAnswer), Refusal> {
        request.validate()?;
        let first_records = self.prepare_for_heartbeat(group_id, request, catalog, now)?;
        let mut change = Change::new(group_id, catalog, now);
        let answer = match request.member_epoch {
            ..0 => self.leave_modern(request, &mut change)?,
            _ => {
                let group = self.modern(group_id).ok_or_else(|| not_found("Group", group_id, "not found"))?;
                group.heartbeat(request, config, &mut change)?
            }
        };
        let mut records = first_records;
        records.append(&mut change.records);
        Ok((records, answer))
    }

    /// Takes the heartbeat of a member that leaves.
    fn leave_modern(
        &mut self,
        request: &HeartbeatRequest,
        change: &mut Change<'_>,
    ) -> Result<HeartbeatAnswer, Refusal> {
        let id = request.member_id.as_str();
        let group =
            self.modern(change.group_id).ok_or_else(|| not_found("Group", change.group_id, "not found"))?;
        group.check_speaker(id, request.instance_id.as_deref(), change.group_id)?;
        if request.member_epoch == LEAVE_FOR_A_WHILE {
            group.leave_for_a_while(id, change);
        } else {
            self.take_out(&[id.to_owned()], change);
        }
        Ok(HeartbeatAnswer { member_epoch: request.member_epoch, assignment: None })
    }

    /// Sees to it that there is a group of the newer protocol, and answers the records that this takes.
    fn prepare_for_heartbeat(
        &mut self,
        group_id: &str,
        request: &HeartbeatRequest,
        catalog: &TopicCatalog,
        now: TimestampMs,
    ) -> Result<Vec<GroupRecord>, Refusal> {
        let is_joining = request.member_epoch == 0;
        let mut records = Vec::new();
        if is_joining && request.classic.is_some() && !self.modern(group_id).is_some_and(|g| g.has_members())
        {
            // A guest needs hosts; without them the group is one of its own protocol.
            return Err(Refusal::of(ErrorCode::InconsistentGroupProtocol));
        }
        match self.get(group_id).map(|group| &group.kind) {
            Some(GroupKind::Consumer(_)) => return Ok(records),
            None | Some(GroupKind::OffsetsOnly) if !is_joining => {
                let what = if request.member_epoch > 0 { "Consumer group" } else { "Group" };
                return Err(not_found(what, group_id, "not found"));
            }
            None => {}
            Some(GroupKind::Classic(classic)) if is_joining && classic.members().next().is_none() => {
                records.push(GroupRecord::ClassicGroup { group: group_id.to_owned(), value: None });
            }
            // Kafka clears the key of a group that only had offsets too.
            Some(GroupKind::OffsetsOnly) => {
                records.push(GroupRecord::ClassicGroup { group: group_id.to_owned(), value: None });
            }
            Some(GroupKind::Classic(_)) if is_joining => {
                let upgraded = self.upgrade(group_id, catalog, now);
                return upgraded.ok_or_else(|| not_found("Group", group_id, "is not a consumer group"));
            }
            Some(GroupKind::Classic(_) | GroupKind::Share(_) | GroupKind::Streams(_)) => {
                return Err(not_found("Group", group_id, "is not a consumer group"));
            }
        }
        self.get_or_insert(group_id).kind = GroupKind::Consumer(ModernGroup::default());
        Ok(records)
    }

    /// Lets time pass for a group of the newer protocol: members that were not heard of, or did not let go of what they
    /// should, are taken out.
    pub(crate) fn modern_tick(
        &mut self,
        group_id: &str,
        catalog: &TopicCatalog,
        config: &ModernConfig,
        now: TimestampMs,
    ) -> Vec<GroupRecord> {
        let Some(group) = self.modern(group_id) else { return Vec::new() };
        let lapsed = group.lapsed(config, now);
        let mut change = Change::new(group_id, catalog, now);
        self.take_out(&lapsed, &mut change);
        change.records
    }

    /// Notes that a member of a group of the newer protocol lives.
    pub(crate) fn modern_alive(&mut self, group_id: &str, member_id: &str, now: TimestampMs) {
        let member = self.modern(group_id).and_then(|group| group.members.get_mut(member_id));
        if let Some(member) = member {
            member.heard_at = member.heard_at.max(now);
        }
    }

    /// Takes out the members of a group of the newer protocol that `is_dead` says are dead; a static one keeps its place
    /// as if it had left for a while.
    pub(crate) fn bury_modern(
        &mut self,
        group_id: &str,
        is_dead: impl Fn(&str) -> bool,
        catalog: &TopicCatalog,
        now: TimestampMs,
    ) -> Vec<GroupRecord> {
        let Some(group) = self.modern(group_id) else { return Vec::new() };
        let mut change = Change::new(group_id, catalog, now);
        let gone = group.park(is_dead, &mut change);
        self.take_out(&gone, &mut change);
        change.records
    }

    /// The group, if it is one of the newer protocol.
    pub(crate) fn modern(&mut self, group_id: &str) -> Option<&mut ModernGroup> {
        self.get_mut(group_id)?.kind.modern_mut()
    }
}

impl ModernGroup {
    /// Takes out who is dead and who was not heard of for too long, for a look: the records of that are not answered.
    pub(crate) fn settle(
        &mut self,
        is_dead: impl Fn(&str) -> bool,
        catalog: &TopicCatalog,
        config: &ModernConfig,
        now: TimestampMs,
    ) {
        let mut change = Change::new("", catalog, now);
        let lapsed = self.lapsed(config, now);
        self.remove(&lapsed, &mut change);
        let gone = self.park(is_dead, &mut change);
        self.remove(&gone, &mut change);
    }

    /// Notes that the static ones among the dead have left for a while; answers the others.
    fn park(&mut self, is_dead: impl Fn(&str) -> bool, change: &mut Change<'_>) -> Vec<String> {
        let dead = self.members.keys().filter(|id| is_dead(id)).cloned();
        let is_static = |id: &String| self.members.get(id).is_some_and(ModernMember::is_static);
        let (fixed, gone): (Vec<String>, Vec<String>) = dead.partition(is_static);
        for id in &fixed {
            let heard_at = self.members.get(id).map(|member| member.heard_at);
            self.leave_for_a_while(id, change);
            // That it is noticed to be gone is no sign of life.
            if let (Some(member), Some(heard_at)) = (self.members.get_mut(id), heard_at) {
                member.heard_at = heard_at;
            }
        }
        gone
    }

    /// Whether `speaker` may commit offsets now; that is a sign of life. The generation is the member's epoch.
    pub(in crate::group) fn check_commit(
        &mut self,
        speaker: Speaker<'_>,
        now: TimestampMs,
    ) -> Result<(), ErrorCode> {
        if speaker.generation < 0 && !self.has_members() {
            return Ok(());
        }
        let member = self.members.get_mut(speaker.member_id).ok_or(ErrorCode::UnknownMemberId)?;
        if speaker.generation != member.epoch() {
            return Err(if member.is_classic() {
                ErrorCode::IllegalGeneration
            } else {
                ErrorCode::StaleMemberEpoch
            });
        }
        // Kafka counts only heartbeats; a member that commits is alive all the same.
        member.heard_at = member.heard_at.max(now);
        Ok(())
    }
}

fn not_found(what: &str, group_id: &str, how: &str) -> Refusal {
    Refusal::new(ErrorCode::GroupIdNotFound, format!("{what} {group_id} {how}."))
}
