//! How members of the newer protocol go: for good, for a while, or because nothing was heard of them.

use super::super::records::{Family, GroupRecord};
use super::group::ModernGroup;
use super::heartbeat::Change;
use super::member::{LEFT_FOR_A_WHILE, ModernMember};
use super::request::ModernConfig;
use crate::types::TimestampMs;

impl ModernGroup {
    /// A static member keeps its place and its partitions until its session ends.
    pub(super) fn leave_for_a_while(&mut self, id: &str, change: &mut Change<'_>) {
        let Some(member) = self.members.get(id).filter(|member| member.epoch() != LEFT_FOR_A_WHILE) else {
            return;
        };
        let mut ownership = member.ownership.clone();
        ownership.epoch = LEFT_FOR_A_WHILE;
        let (family, value) = (Family::Consumer, Some(ownership.to_record()));
        let (group, member) = (change.group(), id.to_owned());
        change.put(self, GroupRecord::Current { family, group, member, value });
    }

    /// Takes members out; the others share what they had when they next speak.
    pub(super) fn remove(&mut self, member_ids: &[String], change: &mut Change<'_>) {
        for id in member_ids {
            let Some(member) = self.members.get(id) else { continue };
            let regex = member.regex().map(str::to_owned);
            self.bury_records(id, change);
            self.drop_regex_if_unused(&regex.unwrap_or_default(), change);
        }
        if !member_ids.is_empty() {
            self.raise_epoch(change);
        }
    }

    /// The tombstones of a member.
    pub(super) fn bury_records(&mut self, id: &str, change: &mut Change<'_>) {
        for tombstone in Family::Consumer.tombstones_of_member(change.group_id, id) {
            change.put(self, tombstone);
        }
    }

    /// Notes when a member gave its last sign of life, for whom that is known without its speaking.
    pub(crate) fn hear(&mut self, member_id: &str, at: TimestampMs) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.heard_at = at;
        }
    }

    /// The members whose time has run out: of their session, or to let go of partitions.
    pub(super) fn lapsed(&self, config: &ModernConfig, now: TimestampMs) -> Vec<String> {
        let is_over = |member: &ModernMember| member.deadline(config).is_some_and(|deadline| deadline <= now);
        self.members.iter().filter(|(_, member)| is_over(member)).map(|(id, _)| id.clone()).collect()
    }

    /// The next moment at which [`ModernGroup::lapsed`] would name someone.
    pub(crate) fn next_deadline(&self, config: &ModernConfig) -> Option<TimestampMs> {
        self.members.values().filter_map(|member| member.deadline(config)).min()
    }
}

impl ModernMember {
    /// When the member is given up unless something is heard of it.
    fn deadline(&self, config: &ModernConfig) -> Option<TimestampMs> {
        let after = |since: TimestampMs, ms: i32| TimestampMs(since.0.saturating_add(i64::from(ms)));
        let session_ms = match &self.profile.classic {
            Some(classic) => classic.session_timeout_ms,
            None => config.session_timeout_ms,
        };
        let session = after(self.heard_at, session_ms);
        let revocation = self.revoking_since.map(|since| after(since, self.profile.rebalance_timeout_ms));
        [Some(session), revocation].into_iter().flatten().min()
    }
}
