//! Committing, fetching, deleting and expiring offsets, and deleting whole groups: who may, and which records that
//! takes. Source: KIP-211 (expiry), KIP-496 (deletion), and the behaviour of Kafka 4.2.

use super::classic::Speaker;
use super::records::{GroupRecord, OffsetCommit};
use super::state::{Group, GroupKind, Groups};
use crate::types::{ErrorCode, LeaderEpoch, Offset, TimestampMs, TopicPartition, Uuid};

/// `offset.metadata.max.bytes`, counted as Kafka counts it: in UTF-16 units.
const MAX_METADATA_LENGTH: usize = 4096;

/// What an OffsetCommit request says.
#[derive(Clone, Debug)]
pub(crate) struct CommitRequest<'a> {
    pub(crate) group: &'a str,
    /// An empty member id and a negative generation for someone outside the group.
    pub(crate) speaker: Speaker<'a>,
    /// The transaction that the commit is part of.
    pub(crate) producer_id: Option<i64>,
    pub(crate) offsets: Vec<NewCommit>,
}

/// An offset to be committed.
#[derive(Clone, Debug)]
pub(crate) struct NewCommit {
    pub(crate) partition: TopicPartition,
    pub(crate) offset: Offset,
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    pub(crate) metadata: String,
    /// Only written for members of the new protocol.
    pub(crate) topic_id: Option<Uuid>,
}

/// Records to be written, and an answer for each partition in the order asked. The image has changed already.
#[derive(Clone, Debug, Default)]
pub(crate) struct OffsetOutcome {
    pub(crate) records: Vec<GroupRecord>,
    pub(crate) results: Vec<(TopicPartition, Result<(), ErrorCode>)>,
}

impl Groups {
    /// Commits offsets. Those of a transaction count when it is committed.
    pub(crate) fn commit(
        &mut self,
        request: CommitRequest<'_>,
        now: TimestampMs,
    ) -> Result<OffsetOutcome, ErrorCode> {
        self.check_commit(&request, now)?;
        Ok(self.take_commit(request, now, None))
    }

    /// The same, of what nobody is to forget however long the group is without members.
    pub(crate) fn commit_for_good(
        &mut self,
        request: CommitRequest<'_>,
        now: TimestampMs,
    ) -> Result<OffsetOutcome, ErrorCode> {
        self.check_commit(&request, now)?;
        Ok(self.take_commit(request, now, Some(TimestampMs(i64::MAX))))
    }

    /// Commits offsets of a member that has joined a generation and not been given its part of it yet, whatever generation
    /// the request names: what a cooperative member had, it still has. On a broker such a commit is refused, and a member
    /// that leaves in the middle of a rebalance loses it.
    pub(crate) fn commit_while_joining(
        &mut self,
        request: CommitRequest<'_>,
        now: TimestampMs,
    ) -> Result<OffsetOutcome, ErrorCode> {
        let group = self.classic(request.group).ok_or(ErrorCode::UnknownMemberId)?;
        group.check_commit_while_joining(request.speaker, now)?;
        Ok(self.take_commit(request, now, None))
    }

    fn take_commit(
        &mut self,
        request: CommitRequest<'_>,
        now: TimestampMs,
        expires: Option<TimestampMs>,
    ) -> OffsetOutcome {
        let mut outcome = OffsetOutcome::default();
        for new in request.offsets {
            if new.metadata.encode_utf16().count() > MAX_METADATA_LENGTH {
                outcome.results.push((new.partition, Err(ErrorCode::OffsetMetadataTooLarge)));
                continue;
            }
            let value = OffsetCommit {
                offset: new.offset,
                leader_epoch: new.leader_epoch,
                metadata: new.metadata,
                commit_timestamp: now,
                expire_timestamp: expires,
                topic_id: new.topic_id,
            };
            outcome.results.push((new.partition.clone(), Ok(())));
            let record = GroupRecord::Offset {
                group: request.group.to_owned(),
                partition: new.partition,
                value: Some(value),
            };
            match request.producer_id {
                Some(producer_id) => self.apply_transactional(producer_id, record.clone(), now),
                None => self.apply(record.clone(), now),
            }
            outcome.records.push(record);
        }
        outcome
    }

    fn check_commit(&mut self, request: &CommitRequest<'_>, now: TimestampMs) -> Result<(), ErrorCode> {
        let outside = request.speaker.generation < 0;
        match self.get_mut(request.group).map(|group| &mut group.kind) {
            None if outside => Ok(()),
            None => Err(ErrorCode::IllegalGeneration),
            Some(GroupKind::OffsetsOnly) if outside => Ok(()),
            Some(GroupKind::OffsetsOnly) => Err(ErrorCode::UnknownMemberId),
            Some(GroupKind::Classic(group)) => {
                group.check_commit(request.speaker, request.producer_id.is_some(), now)
            }
            Some(GroupKind::Consumer(group)) => group.check_commit(request.speaker, now),
            Some(GroupKind::Share(_) | GroupKind::Streams(_)) => Err(ErrorCode::UnknownMemberId),
        }
    }

    /// The committed offset of each partition asked for, `None` where there is none. With `stable_only` a partition
    /// with a commit in an open transaction is answered with `UnstableOffsetCommit`.
    pub(crate) fn fetch(
        &self,
        group: &str,
        partitions: &[TopicPartition],
        stable_only: bool,
    ) -> Vec<Result<Option<&OffsetCommit>, ErrorCode>> {
        let known = self.get(group);
        let answers = partitions.iter().map(|partition| {
            if stable_only && self.has_pending(group, Some(partition)) {
                return Err(ErrorCode::UnstableOffsetCommit);
            }
            Ok(known.and_then(|group| group.offset(partition)))
        });
        answers.collect()
    }

    /// Deletes a group that nobody is in, with its offsets.
    pub(crate) fn delete(&mut self, group_id: &str) -> Result<Vec<GroupRecord>, ErrorCode> {
        let group = self.get(group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        if group.has_members() {
            return Err(ErrorCode::GroupNotEmpty);
        }
        let partitions: Vec<TopicPartition> =
            group.offsets().map(|(partition, _)| partition.clone()).collect();
        let mut records: Vec<GroupRecord> =
            partitions.into_iter().map(|partition| offset_tombstone(group_id, partition)).collect();
        records.extend(group.tombstones(group_id));
        self.apply_all(&records);
        Ok(records)
    }

    /// Deletes committed offsets, except of topics that a live member reads.
    pub(crate) fn delete_offsets(
        &mut self,
        group_id: &str,
        partitions: &[TopicPartition],
    ) -> Result<OffsetOutcome, ErrorCode> {
        let group = self.get(group_id).ok_or(ErrorCode::GroupIdNotFound)?;
        if matches!(group.kind, GroupKind::Share(_)) {
            return Err(ErrorCode::GroupIdNotFound);
        }
        if let GroupKind::Classic(classic) = &group.kind
            && group.has_members()
            && classic.protocol_type() != Some(super::protocol::CONSUMER)
        {
            return Err(ErrorCode::GroupNotEmpty);
        }
        let mut outcome = OffsetOutcome::default();
        for partition in partitions {
            if group.is_subscribed_to(&partition.topic) {
                outcome.results.push((partition.clone(), Err(ErrorCode::GroupSubscribedToTopic)));
                continue;
            }
            if group.offset(partition).is_some() || self.has_pending(group_id, Some(partition)) {
                outcome.records.push(offset_tombstone(group_id, partition.clone()));
            }
            outcome.results.push((partition.clone(), Ok(())));
        }
        self.apply_all(&outcome.records);
        Ok(outcome)
    }

    /// Deletes every commit of a topic that is no more.
    pub(crate) fn forget_topic(&mut self, topic: &str) -> Vec<GroupRecord> {
        let mut records = Vec::new();
        for (id, group) in self.iter() {
            let gone = group.offsets().map(|(partition, _)| partition).filter(|tp| tp.topic == topic);
            records.extend(gone.map(|partition| offset_tombstone(id, partition.clone())));
        }
        self.apply_all(&records);
        records
    }

    /// Deletes what a group has that has outlived `retention_ms`: offsets, and then the group itself if it has neither
    /// members nor offsets.
    pub(crate) fn expire(&mut self, id: &str, now: TimestampMs, retention_ms: i64) -> Vec<GroupRecord> {
        let records = self.expired(id, now, retention_ms);
        self.apply_all(&records);
        records
    }

    /// What [`Groups::expire`] would write. Share groups don't expire.
    pub(crate) fn expired(&self, id: &str, now: TimestampMs, retention_ms: i64) -> Vec<GroupRecord> {
        let Some(group) = self.get(id).filter(|group| !matches!(group.kind, GroupKind::Share(_))) else {
            return Vec::new();
        };
        let stale: Vec<&TopicPartition> = group
            .offsets()
            .filter(|(partition, commit)| group.is_stale(partition, commit, now, retention_ms))
            .map(|(partition, _)| partition)
            .filter(|partition| !self.has_pending(id, Some(partition)))
            .collect();
        let none_left = stale.len() == group.offsets().count();
        let mut records: Vec<GroupRecord> =
            stale.into_iter().map(|partition| offset_tombstone(id, partition.clone())).collect();
        if none_left && !group.has_members() && !self.has_pending(id, None) {
            records.extend(group.tombstones(id));
        }
        records
    }

    /// Deletes the groups of which nothing is left, but for those that `is_alive` knows better of.
    pub(crate) fn sweep(&mut self, now: TimestampMs, is_alive: impl Fn(&str) -> bool) -> Vec<GroupRecord> {
        let leftover =
            self.iter().filter(|(id, group)| group.is_leftover(now) && !self.has_pending(id, None));
        let leftover = leftover.filter(|(id, _)| !is_alive(id));
        let records: Vec<GroupRecord> = leftover.flat_map(|(id, group)| group.tombstones(id)).collect();
        self.apply_all(&records);
        records
    }

    fn apply_all(&mut self, records: &[GroupRecord]) {
        for record in records {
            self.apply(record.clone(), TimestampMs::NONE);
        }
    }
}

impl Group {
    /// Tombstones of the group itself, its offsets apart.
    fn tombstones(&self, group_id: &str) -> Vec<GroupRecord> {
        match &self.kind {
            GroupKind::OffsetsOnly | GroupKind::Classic(_) => {
                vec![GroupRecord::ClassicGroup { group: group_id.to_owned(), value: None }]
            }
            GroupKind::Consumer(group) => group.tombstones(group_id),
            GroupKind::Share(group) => group.tombstones(group_id),
            GroupKind::Streams(group) => group.tombstones(group_id),
        }
    }

    /// Whether a member reads `topic`.
    pub(crate) fn is_subscribed_to(&self, topic: &str) -> bool {
        match &self.kind {
            GroupKind::OffsetsOnly | GroupKind::Streams(_) => false,
            GroupKind::Classic(group) => group.is_subscribed_to(topic),
            GroupKind::Consumer(group) => group.is_subscribed_to(topic),
            GroupKind::Share(group) => group.is_subscribed_to(topic),
        }
    }

    /// An offset's time runs from its commit, in an empty classic group from when it became empty; while members
    /// read its topic it does not run at all.
    fn is_stale(
        &self,
        partition: &TopicPartition,
        commit: &OffsetCommit,
        now: TimestampMs,
        retention_ms: i64,
    ) -> bool {
        if let Some(expires) = commit.expire_timestamp {
            return now >= expires;
        }
        let mut since = commit.commit_timestamp.0;
        match &self.kind {
            GroupKind::Classic(group) if group.protocol_type().is_some() => {
                if self.has_members() {
                    let consumers = group.protocol_type() == Some(super::protocol::CONSUMER);
                    if !consumers || group.is_subscribed_to(&partition.topic) {
                        return false;
                    }
                } else {
                    since = since.max(group.state_timestamp().0);
                }
            }
            _ if self.is_subscribed_to(&partition.topic) => return false,
            _ => {}
        }
        now.0.saturating_sub(since) >= retention_ms
    }
}

fn offset_tombstone(group: &str, partition: TopicPartition) -> GroupRecord {
    GroupRecord::Offset { group: group.to_owned(), partition, value: None }
}

#[cfg(test)]
mod tests {
    use super::super::classic::{ClassicConfig, JoinRequest};
    use super::super::protocol::Subscription;
    use super::*;
    use crate::types::PartitionId;

    const OUTSIDE: Speaker<'static> = Speaker { member_id: "", instance_id: None, generation: -1 };

    fn tp(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) }
    }

    fn commit<'a>(group: &'a str, speaker: Speaker<'a>, topic: &str, offset: i64) -> CommitRequest<'a> {
        let partition = tp(topic, 0);
        let metadata = String::new();
        let new = NewCommit {
            partition,
            offset: Offset::new(offset),
            leader_epoch: None,
            metadata,
            topic_id: None,
        };
        CommitRequest { group, speaker, producer_id: None, offsets: vec![new] }
    }

    /// A group with one member, `m`, that reads `t`.
    fn joined(now: i64) -> Groups {
        let mut groups = Groups::default();
        let request = JoinRequest {
            member_id: String::new(),
            new_member_id: "m".to_owned(),
            instance_id: None,
            client_id: "c".to_owned(),
            client_host: "/127.0.0.1".to_owned(),
            rebalance_timeout_ms: 300_000,
            session_timeout_ms: 45_000,
            protocol_type: "consumer".to_owned(),
            protocols: vec![("range".to_owned(), Subscription::to(vec!["t".to_owned()]).encode().unwrap())],
            asks_for_id: false,
        };
        let outcome = groups.join("g", &request, &ClassicConfig::default(), TimestampMs(now));
        assert!(outcome.joined("m").unwrap().is_ok());
        let speaker = Speaker { member_id: "m", instance_id: None, generation: 1 };
        let assignments = [("m".to_owned(), Vec::new())].into();
        let sync =
            super::super::classic::SyncRequest { speaker, protocol_type: None, protocol: None, assignments };
        assert!(
            groups.sync("g", sync, &ClassicConfig::default(), TimestampMs(now)).synced("m").unwrap().is_ok()
        );
        groups
    }

    #[test]
    fn offsets_alone_make_a_group_and_deleting_it_leaves_nothing() {
        let mut groups = Groups::default();
        let outcome = groups.commit(commit("g", OUTSIDE, "t", 4), TimestampMs(10)).unwrap();
        assert_eq!(outcome.records.len(), 1);
        assert_eq!(groups.fetch("g", &[tp("t", 0)], true)[0].unwrap().unwrap().offset, Offset::new(4));
        assert_eq!(groups.fetch("g", &[tp("t", 1)], true)[0], Ok(None));
        let records = groups.delete("g").unwrap();
        let types: Vec<i16> = records.iter().map(GroupRecord::key_type).collect();
        assert_eq!(types, [1, 2]);
        assert!(groups.get("g").is_none());
        assert_eq!(groups.delete("g").unwrap_err(), ErrorCode::GroupIdNotFound);
    }

    #[test]
    fn who_may_commit() {
        let speaker = |member_id, generation| Speaker { member_id, instance_id: None, generation };
        let mut groups = joined(0);
        let mut try_commit =
            |speaker| groups.commit(commit("g", speaker, "t", 1), TimestampMs(1)).map(|_| ());
        assert_eq!(try_commit(speaker("m", 1)), Ok(()));
        assert_eq!(try_commit(speaker("m", 0)), Err(ErrorCode::IllegalGeneration));
        assert_eq!(try_commit(speaker("x", 1)), Err(ErrorCode::UnknownMemberId));
        assert_eq!(try_commit(OUTSIDE), Err(ErrorCode::UnknownMemberId));
        let mut unknown = Groups::default();
        let refused = unknown.commit(commit("g", speaker("m", 1), "t", 1), TimestampMs(1)).map(|_| ());
        assert_eq!(refused, Err(ErrorCode::IllegalGeneration));
        assert_eq!(groups.delete("g").unwrap_err(), ErrorCode::GroupNotEmpty);
    }

    #[test]
    fn too_long_a_note_is_refused_for_its_partition_alone() {
        let mut request = commit("g", OUTSIDE, "t", 1);
        request.offsets.push(NewCommit { metadata: "x".repeat(4097), ..request.offsets[0].clone() });
        request.offsets[1].partition = tp("t", 1);
        let mut groups = Groups::default();
        let outcome = groups.commit(request, TimestampMs(1)).unwrap();
        let results: Vec<_> = outcome.results.iter().map(|(_, result)| *result).collect();
        assert_eq!(results, [Ok(()), Err(ErrorCode::OffsetMetadataTooLarge)]);
        assert_eq!(outcome.records.len(), 1);
    }

    #[test]
    fn offsets_of_topics_that_are_read_stay() {
        let mut groups = joined(0);
        let speaker = Speaker { member_id: "m", instance_id: None, generation: 1 };
        groups.commit(commit("g", speaker, "t", 1), TimestampMs(1)).unwrap();
        groups.commit(commit("g", speaker, "other", 1), TimestampMs(1)).unwrap();
        let outcome = groups.delete_offsets("g", &[tp("t", 0), tp("other", 0), tp("other", 9)]).unwrap();
        let results: Vec<_> = outcome.results.iter().map(|(_, result)| *result).collect();
        assert_eq!(results, [Err(ErrorCode::GroupSubscribedToTopic), Ok(()), Ok(())]);
        assert_eq!(outcome.records.len(), 1);
        assert_eq!(groups.forget_topic("t").len(), 1);
        assert_eq!(groups.get("g").unwrap().offsets().count(), 0);
    }

    #[test]
    fn offsets_expire_from_when_the_group_became_empty() {
        let mut groups = joined(0);
        let speaker = Speaker { member_id: "m", instance_id: None, generation: 1 };
        groups.commit(commit("g", speaker, "t", 1), TimestampMs(1)).unwrap();
        groups.commit(commit("g", speaker, "unread", 1), TimestampMs(1)).unwrap();
        let expired = groups.expire("g", TimestampMs(1_000_000), 1000);
        assert_eq!(expired, [offset_tombstone("g", tp("unread", 0))]);
        groups.leave("g", "m", None, &ClassicConfig::default(), TimestampMs(1_000_000)).unwrap();
        assert_eq!(groups.expire("g", TimestampMs(1_000_999), 1000), []);
        let types: Vec<i16> =
            groups.expire("g", TimestampMs(1_001_000), 1000).iter().map(GroupRecord::key_type).collect();
        assert_eq!(types, [1, 2]);
        assert!(groups.get("g").is_none());
    }

    #[test]
    fn commits_in_a_transaction_wait_for_its_end() {
        let mut groups = Groups::default();
        let mut request = commit("g", OUTSIDE, "t", 4);
        request.producer_id = Some(9);
        groups.commit(request, TimestampMs(10)).unwrap();
        assert_eq!(groups.fetch("g", &[tp("t", 0)], true)[0], Err(ErrorCode::UnstableOffsetCommit));
        assert_eq!(groups.fetch("g", &[tp("t", 0)], false)[0], Ok(None));
        groups.end_transaction(9, true);
        assert_eq!(groups.fetch("g", &[tp("t", 0)], true)[0].unwrap().unwrap().offset, Offset::new(4));
    }
}
