//! The requests of the classic protocol on groups by id: groups come into being with their first member, and an empty
//! group of the new protocol becomes a classic one.

use super::classic::{ClassicConfig, ClassicGroup, JoinRequest, Outcome, Speaker, SyncRequest};
use super::records::GroupRecord;
use super::state::{GroupKind, Groups};
use crate::types::{ErrorCode, TimestampMs};

impl Groups {
    /// Takes a JoinGroup request; see [`ClassicGroup::join`].
    pub(crate) fn join(
        &mut self,
        group_id: &str,
        request: &JoinRequest,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Outcome {
        let first_records = match self.prepare_for_join(group_id, request, now) {
            Ok(records) => records,
            Err(error) => return Outcome::join_refused(request.effective_id(), error),
        };
        let Some(group) = self.classic(group_id) else {
            return Outcome::join_refused(request.effective_id(), ErrorCode::InconsistentGroupProtocol);
        };
        let mut outcome = group.join(group_id, request, config, now);
        let failed = matches!(outcome.joined(request.effective_id()), Some(Err(error)) if *error != ErrorCode::MemberIdRequired);
        if failed && !first_records.is_empty() {
            self.undo_new_group(group_id);
        } else {
            outcome.records.splice(0..0, first_records);
        }
        outcome
    }

    /// Sees to it that there is a classic group to join, and answers the records that this takes.
    fn prepare_for_join(
        &mut self,
        group_id: &str,
        request: &JoinRequest,
        now: TimestampMs,
    ) -> Result<Vec<GroupRecord>, ErrorCode> {
        if self.get(group_id).is_none() && !request.member_id.is_empty() {
            return Err(ErrorCode::UnknownMemberId);
        }
        let is_new = self.get(group_id).is_none();
        let group = self.get_or_insert(group_id);
        let mut records = match &group.kind {
            GroupKind::Classic(_) => return Ok(Vec::new()),
            GroupKind::Consumer(old) if !old.has_members() => old.tombstones(group_id),
            GroupKind::Consumer(_) | GroupKind::Share(_) | GroupKind::Streams(_) => {
                return Err(ErrorCode::InconsistentGroupProtocol);
            }
            GroupKind::OffsetsOnly => Vec::new(),
        };
        let classic = ClassicGroup::new(now);
        // A group that had nothing but offsets is known already: Kafka writes nothing before its first generation.
        if is_new || !records.is_empty() {
            records.push(classic.record(group_id));
        }
        group.kind = GroupKind::Classic(classic);
        Ok(records)
    }

    /// Takes back a group whose first member was refused.
    fn undo_new_group(&mut self, group_id: &str) {
        let tombstone = GroupRecord::ClassicGroup { group: group_id.to_owned(), value: None };
        self.apply(tombstone, TimestampMs::NONE);
    }

    /// Takes a SyncGroup request; see [`ClassicGroup::sync`].
    pub(crate) fn sync(
        &mut self,
        group_id: &str,
        request: SyncRequest<'_>,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Outcome {
        match self.classic(group_id) {
            Some(group) => group.sync(group_id, request, config, now),
            None => Outcome::sync_refused(request.speaker.member_id, ErrorCode::UnknownMemberId),
        }
    }

    pub(crate) fn heartbeat(
        &mut self,
        group_id: &str,
        speaker: Speaker<'_>,
        now: TimestampMs,
    ) -> Result<(), ErrorCode> {
        self.classic(group_id).ok_or(ErrorCode::UnknownMemberId)?.heartbeat(speaker, now)
    }

    /// Lets a member leave; see [`ClassicGroup::leave`].
    pub(crate) fn leave(
        &mut self,
        group_id: &str,
        member_id: &str,
        instance_id: Option<&str>,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Result<Outcome, ErrorCode> {
        let group = self.classic(group_id).ok_or(ErrorCode::UnknownMemberId)?;
        group.leave(group_id, member_id, instance_id, config, now)
    }

    /// Takes out the members of a classic group that `is_dead` says are dead. (For the other kinds there are
    /// [`Groups::bury_modern`] and [`Groups::share_remove`].)
    pub(crate) fn bury(
        &mut self,
        group_id: &str,
        is_dead: impl Fn(&str) -> bool,
        config: &ClassicConfig,
        now: TimestampMs,
    ) -> Vec<GroupRecord> {
        let Some(classic) = self.classic(group_id) else { return Vec::new() };
        let ids = classic.members().map(|member| member.member_id.clone());
        let dead: Vec<String> = ids.filter(|id| is_dead(id)).collect();
        classic.bury(group_id, &dead, config, now).records
    }

    /// The group, if it is a classic one.
    pub(crate) fn classic(&mut self, group_id: &str) -> Option<&mut ClassicGroup> {
        match &mut self.get_mut(group_id)?.kind {
            GroupKind::Classic(group) => Some(group),
            _ => None,
        }
    }
}
