//! A heartbeat of a member of the newer protocol: joining, saying something new, taking a step towards the target.
//! Source: KIP-848, KIP-1043, and the order in which Kafka 4.2 writes its records.

use super::super::records::{ConsumerMember, Family, GroupEpoch, GroupRecord};
use super::catalog::TopicCatalog;
use super::group::ModernGroup;
use super::member::{LEFT_FOR_A_WHILE, ModernMember};
use super::reconcile::Step;
use super::request::{HeartbeatAnswer, HeartbeatRequest, ModernConfig, Refusal};
use crate::types::{ErrorCode, TimestampMs};

/// What one request works with beside the group itself, and the records that it takes.
pub(super) struct Change<'a> {
    pub(super) group_id: &'a str,
    pub(super) catalog: &'a TopicCatalog,
    pub(super) now: TimestampMs,
    pub(super) records: Vec<GroupRecord>,
}

impl<'a> Change<'a> {
    pub(super) fn new(group_id: &'a str, catalog: &'a TopicCatalog, now: TimestampMs) -> Change<'a> {
        Change { group_id, catalog, now, records: Vec::new() }
    }

    /// The name of the group for one more record.
    pub(super) fn group(&self) -> String {
        self.group_id.to_owned()
    }

    /// Applies a record and keeps it for the log.
    pub(super) fn put(&mut self, group: &mut ModernGroup, record: GroupRecord) {
        group.apply(record.clone(), self.now);
        self.records.push(record);
    }
}

impl ModernGroup {
    /// Takes a heartbeat of a member that stays or joins; the request has been validated.
    pub(super) fn heartbeat(
        &mut self,
        request: &HeartbeatRequest,
        config: &ModernConfig,
        change: &mut Change<'_>,
    ) -> Result<HeartbeatAnswer, Refusal> {
        let is_joining = request.member_epoch == 0;
        if is_joining {
            self.find_place(request, config, change)?;
        } else {
            self.check_speaker(&request.member_id, request.instance_id.as_deref(), change.group_id)?;
            self.check_epoch(request)?;
        }
        let before = self.members.get(&request.member_id).map(|member| member.assigned().clone());
        let subscription_changed = self.take_profile(request, change);
        self.raise_epoch_if_needed(subscription_changed, change);
        self.update_targets(change);
        self.take_step(request, change);
        let member = self.members.get_mut(&request.member_id);
        let member = member.ok_or_else(|| Refusal::unknown_member(&request.member_id, change.group_id))?;
        member.heard_at = change.now;
        let changed = before.as_ref() != Some(member.assigned());
        let tell = request.is_full() || changed;
        Ok(HeartbeatAnswer {
            member_epoch: member.epoch(),
            assignment: tell.then(|| member.assigned().clone()),
        })
    }

    /// Sees to it that someone who joins may: a static member takes the place of its former self.
    fn find_place(
        &mut self,
        request: &HeartbeatRequest,
        config: &ModernConfig,
        change: &mut Change<'_>,
    ) -> Result<(), Refusal> {
        let id = request.member_id.as_str();
        let holder = request.instance_id.as_deref().and_then(|instance| self.static_member(instance));
        match holder.map(str::to_owned) {
            Some(holder) if holder != id => {
                // A guest fences its former self, as it would in a group of its own protocol.
                let is_guest = request.classic.is_some();
                let gives_way =
                    |m: &ModernMember| m.epoch() == LEFT_FOR_A_WHILE || (is_guest && m.is_classic());
                let left = self.members.get(&holder).is_some_and(gives_way);
                if !left {
                    let instance = request.instance_id.as_deref().unwrap_or_default();
                    let message = format!(
                        "Static member {id} with instance id {instance} cannot join the group because the instance id is owned by {holder} member."
                    );
                    return Err(Refusal::new(ErrorCode::UnreleasedInstanceId, message));
                }
                self.replace(&holder, id, change);
            }
            Some(_) => {}
            None if !self.members.contains_key(id) && self.members.len() >= config.max_members => {
                let message = format!(
                    "The consumer group has reached its maximum capacity of {} members.",
                    config.max_members
                );
                return Err(Refusal::new(ErrorCode::GroupMaxSizeReached, message));
            }
            None => {}
        }
        Ok(())
    }

    /// Gives what a static member left behind to its new self.
    fn replace(&mut self, old: &str, new: &str, change: &mut Change<'_>) {
        let Some(former) = self.members.get(old).cloned() else { return };
        self.bury_records(old, change);
        let group = change.group();
        let member = new.to_owned();
        let value = Some(former.profile.clone());
        change.put(self, GroupRecord::ConsumerMember { group: group.clone(), member: member.clone(), value });
        let (family, value) = (Family::Consumer, Some(former.target().to_record()));
        let target = GroupRecord::Target { family, group: group.clone(), member: member.clone(), value };
        change.put(self, target);
        let mut ownership = former.ownership;
        (ownership.epoch, ownership.previous_epoch) = (0, 0);
        let value = Some(ownership.to_record());
        change.put(self, GroupRecord::Current { family, group, member, value });
    }

    /// Whether `member_id` may speak for itself: it is a member, and the one that holds its static id.
    pub(super) fn check_speaker(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        group_id: &str,
    ) -> Result<(), Refusal> {
        let Some(instance) = instance_id else {
            let is_known = self.members.contains_key(member_id);
            return is_known.then_some(()).ok_or_else(|| Refusal::unknown_member(member_id, group_id));
        };
        match self.static_member(instance) {
            None => {
                Err(Refusal::new(ErrorCode::UnknownMemberId, format!("Instance id {instance} is unknown.")))
            }
            Some(holder) if holder != member_id => Err(Refusal::new(
                ErrorCode::FencedInstanceId,
                format!(
                    "Static member {member_id} with instance id {instance} was fenced by member {holder}."
                ),
            )),
            Some(_) => Ok(()),
        }
    }

    /// The member's epoch must be the present one; the last one will do for who may have missed the answer that raised it.
    fn check_epoch(&self, request: &HeartbeatRequest) -> Result<(), Refusal> {
        let Some(member) = self.members.get(&request.member_id) else { return Ok(()) };
        let (said, known) = (request.member_epoch, member.epoch());
        let size = if said > known {
            "greater"
        } else if said < known {
            let owns_no_more =
                request.owned.as_ref().is_some_and(|owned| owned.is_subset_of(member.assigned()));
            if said == member.ownership.previous_epoch && owns_no_more {
                return Ok(());
            }
            "smaller"
        } else {
            return Ok(());
        };
        let message = format!(
            "The consumer group member has a {size} member epoch ({said}) than the one known by the group coordinator ({known}). The member must abandon all its partitions and rejoin."
        );
        Err(Refusal::new(ErrorCode::FencedMemberEpoch, message))
    }

    /// Takes over what the request says of the member; answers whether that changes what is to be shared out.
    fn take_profile(&mut self, request: &HeartbeatRequest, change: &mut Change<'_>) -> bool {
        let former = self.members.get(&request.member_id).map(|member| member.profile.clone());
        let profile = profile_after(former.as_ref(), request);
        if former.as_ref() == Some(&profile) {
            return false;
        }
        let no_topics = Vec::new();
        let former_topics = former.as_ref().map_or(&no_topics, |former| &former.topics);
        let former_regex = former.as_ref().and_then(|former| former.topic_regex.clone()).unwrap_or_default();
        let regex = profile.topic_regex.clone().unwrap_or_default();
        let topics_changed = profile.topics != *former_topics;
        let (group, member) = (change.group(), request.member_id.clone());
        change.put(self, GroupRecord::ConsumerMember { group, member, value: Some(profile) });
        if regex != former_regex {
            self.drop_regex_if_unused(&former_regex, change);
        }
        topics_changed || regex != former_regex
    }

    /// Raises the group's epoch if what is to be shared out, or among whom, has changed.
    pub(super) fn raise_epoch_if_needed(&mut self, subscription_changed: bool, change: &mut Change<'_>) {
        let regexes_changed = self.resolve_regexes(change);
        let metadata_hash = change.catalog.hash_of(self.topics());
        if subscription_changed || regexes_changed || metadata_hash != self.metadata_hash {
            self.raise_epoch(change);
        }
    }

    pub(super) fn raise_epoch(&mut self, change: &mut Change<'_>) {
        let metadata_hash = change.catalog.hash_of(self.topics());
        let value = Some(GroupEpoch { epoch: self.epoch.saturating_add(1), metadata_hash });
        let record = GroupRecord::Group { family: Family::Consumer, group: change.group(), value };
        change.put(self, record);
    }

    /// Computes the targets if the group's epoch is ahead of them.
    pub(super) fn update_targets(&mut self, change: &mut Change<'_>) {
        if self.epoch <= self.target_epoch {
            return;
        }
        let family = Family::Consumer;
        for (member, target) in self.new_targets(change.catalog) {
            let value = Some(target.to_record());
            change.put(self, GroupRecord::Target { family, group: change.group(), member, value });
        }
        let record = GroupRecord::TargetEpoch { family, group: change.group(), value: Some(self.epoch) };
        change.put(self, record);
    }

    fn take_step(&mut self, request: &HeartbeatRequest, change: &mut Change<'_>) {
        let id = request.member_id.as_str();
        let Some(member) = self.members.get(id) else { return };
        let step =
            Step { target_epoch: self.target_epoch, target: member.target(), owned: request.owned.as_ref() };
        let next = member.ownership.next(&step, |topic, partition| self.is_taken(id, topic, partition));
        if next != member.ownership {
            let (family, value) = (Family::Consumer, Some(next.to_record()));
            let (group, member) = (change.group(), id.to_owned());
            change.put(self, GroupRecord::Current { family, group, member, value });
        }
    }
}

impl Refusal {
    pub(super) fn unknown_member(member: &str, group: &str) -> Refusal {
        Refusal::new(ErrorCode::UnknownMemberId, format!("Member {member} is not a member of group {group}."))
    }
}

/// The profile of a member after a request: what it doesn't say stays as it was.
fn profile_after(former: Option<&ConsumerMember>, request: &HeartbeatRequest) -> ConsumerMember {
    let mut profile = former.cloned().unwrap_or_else(|| ConsumerMember {
        instance_id: None,
        rack_id: None,
        client_id: String::new(),
        client_host: String::new(),
        topics: Vec::new(),
        // Kafka writes an empty text, not null.
        topic_regex: Some(String::new()),
        rebalance_timeout_ms: -1,
        server_assignor: None,
        classic: None,
    });
    let replace = |known: &mut Option<String>, said: &Option<String>| {
        if said.is_some() {
            known.clone_from(said);
        }
    };
    replace(&mut profile.instance_id, &request.instance_id);
    replace(&mut profile.rack_id, &request.rack_id);
    replace(&mut profile.server_assignor, &request.assignor);
    replace(&mut profile.topic_regex, &request.topic_regex);
    if let Some(timeout) = request.rebalance_timeout_ms {
        profile.rebalance_timeout_ms = timeout;
    }
    if let Some(topics) = &request.topics {
        profile.topics = topics.clone();
        profile.topics.sort();
        profile.topics.dedup();
    }
    profile.client_id.clone_from(&request.client_id);
    profile.client_host.clone_from(&request.client_host);
    profile.classic.clone_from(&request.classic);
    profile
}
