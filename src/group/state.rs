//! `Groups`: what the records of one partition of `__consumer_offsets` add up to, replayed in order of their offsets.
//! Commits of open transactions wait for their marker. Source: spec, storage.md §10.

use super::classic::ClassicGroup;
use super::error::Result;
use super::modern::ModernGroup;
use super::records::{Family, GroupRecord, OffsetCommit};
use super::share::ShareGroup;
use super::streams::StreamsGroup;
use crate::types::{TimestampMs, TopicPartition};
use std::collections::BTreeMap;

/// `offsets.retention.check.interval.ms`.
const RETENTION_CHECK_MS: i64 = 600_000;

/// All groups of one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    groups: BTreeMap<String, Group>,
    /// Commits of transactions that are still open, by producer id, in order.
    open: BTreeMap<i64, Vec<PendingCommit>>,
    /// How many records were replayed: a commit in a transaction does not undo one that came after it.
    replayed: u64,
}

#[derive(Clone, Debug)]
struct PendingCommit {
    group: String,
    partition: TopicPartition,
    /// `None` is a tombstone.
    commit: Option<OffsetCommit>,
    place: u64,
}

/// A group with its offsets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) kind: GroupKind,
    offsets: BTreeMap<TopicPartition, Committed>,
}

#[derive(Clone, Debug)]
struct Committed {
    commit: OffsetCommit,
    place: u64,
}

/// What keeps the members of a group together.
#[derive(Clone, Debug, Default)]
pub(crate) enum GroupKind {
    /// Nobody has ever joined: only offsets were set. The tools show it as an empty classic group.
    #[default]
    OffsetsOnly,
    Classic(ClassicGroup),
    Consumer(ModernGroup),
    Share(ShareGroup),
    Streams(StreamsGroup),
}

impl Groups {
    /// Applies a record that is not part of a transaction. Members of classic groups count as heard of at
    /// `timestamp`, the record's own. Answers the group that it describes, if it isn't an offset.
    pub(crate) fn replay(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: TimestampMs,
    ) -> Result<Option<String>> {
        let record = GroupRecord::decode(key, value)?;
        let described = record.described().map(str::to_owned);
        self.apply(record, timestamp);
        Ok(described)
    }

    /// Keeps a record of a transactional batch until [`Groups::end_transaction`]. Transactions hold nothing but
    /// offset commits; anything else in one counts at once.
    pub(crate) fn replay_transactional(
        &mut self,
        producer_id: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: TimestampMs,
    ) -> Result<()> {
        self.apply_transactional(producer_id, GroupRecord::decode(key, value)?, timestamp);
        Ok(())
    }

    /// [`Groups::replay_transactional`] of a decoded record.
    pub(super) fn apply_transactional(
        &mut self,
        producer_id: i64,
        record: GroupRecord,
        timestamp: TimestampMs,
    ) {
        match record {
            GroupRecord::Offset { group, partition, value } => {
                self.replayed += 1;
                let pending = PendingCommit { group, partition, commit: value, place: self.replayed };
                self.open.entry(producer_id).or_default().push(pending);
            }
            record => self.apply(record, timestamp),
        }
    }

    /// Applies (COMMIT marker) or forgets (ABORT marker) what the producer's open transaction holds.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, committed: bool) {
        let pending = self.open.remove(&producer_id).unwrap_or_default();
        if committed {
            for one in pending {
                self.apply_commit(one.group, one.partition, one.commit, one.place);
            }
        }
    }

    /// Applies a decoded record.
    pub(crate) fn apply(&mut self, record: GroupRecord, timestamp: TimestampMs) {
        self.replayed += 1;
        match record {
            GroupRecord::Offset { group, partition, value } => {
                self.apply_commit(group, partition, value, self.replayed);
            }
            GroupRecord::ClassicGroup { group, value: Some(value) } => {
                let classic = ClassicGroup::from_value(value, timestamp);
                self.groups.entry(group).or_default().kind = GroupKind::Classic(classic);
            }
            GroupRecord::ClassicGroup { group, value: None } => {
                self.end(&group, |kind| matches!(kind, GroupKind::Classic(_)));
            }
            GroupRecord::Group { family, group, value: None } => match family {
                Family::Consumer => self.end(&group, |kind| matches!(kind, GroupKind::Consumer(_))),
                Family::Share => self.end(&group, |kind| matches!(kind, GroupKind::Share(_))),
            },
            record @ GroupRecord::Streams { .. } => self.apply_to_streams_group(record),
            GroupRecord::PartitionMetadata { .. } | GroupRecord::Unknown { .. } => {}
            record if record.key_type() >= 10 && record.key_type() != 16 => self.apply_to_share_group(record),
            record => self.apply_to_modern_group(record, timestamp),
        }
    }

    /// The group that a record of a newer protocol is about, made if there is none of that kind; a tombstone makes none.
    fn described<T: Default>(
        &mut self,
        record: &GroupRecord,
        of_kind: fn(&mut GroupKind) -> Option<&mut T>,
        kind: fn(T) -> GroupKind,
    ) -> Option<&mut T> {
        let group = record.group()?;
        let is_there = self.groups.get_mut(group).is_some_and(|known| of_kind(&mut known.kind).is_some());
        if !is_there {
            if record.is_tombstone() {
                return None;
            }
            self.get_or_insert(group).kind = kind(T::default());
        }
        of_kind(&mut self.get_mut(group)?.kind)
    }

    fn apply_to_modern_group(&mut self, record: GroupRecord, timestamp: TimestampMs) {
        if let Some(group) = self.described(&record, GroupKind::modern_mut, GroupKind::Consumer) {
            group.apply(record, timestamp);
        }
    }

    fn apply_to_share_group(&mut self, record: GroupRecord) {
        if let Some(group) = self.described(&record, GroupKind::share_mut, GroupKind::Share) {
            group.apply(record);
        }
    }

    fn apply_to_streams_group(&mut self, record: GroupRecord) {
        let known = self.described(&record, GroupKind::streams_mut, GroupKind::Streams);
        if let (Some(known), GroupRecord::Streams { key_type, group, member, tombstone }) = (known, record) {
            known.apply(key_type, member, tombstone);
            if tombstone && known.is_gone() {
                self.end(&group, |kind| matches!(kind, GroupKind::Streams(_)));
            }
        }
    }

    fn apply_commit(
        &mut self,
        group: String,
        partition: TopicPartition,
        commit: Option<OffsetCommit>,
        place: u64,
    ) {
        match commit {
            Some(commit) => {
                let offsets = &mut self.groups.entry(group).or_default().offsets;
                if offsets.get(&partition).is_none_or(|known| known.place <= place) {
                    offsets.insert(partition, Committed { commit, place });
                }
            }
            None => {
                // A group that only had offsets stays, as in Kafka, until its own tombstone.
                if let Some(known) = self.groups.get_mut(&group)
                    && known.offsets.get(&partition).is_some_and(|known| known.place <= place)
                {
                    known.offsets.remove(&partition);
                }
            }
        }
    }

    /// Ends what a tombstone of its kind ends; offsets that remain keep the group, as one that nobody ever joined.
    fn end(&mut self, group: &str, is_meant: impl FnOnce(&GroupKind) -> bool) {
        if let Some(known) = self.groups.get_mut(group)
            && is_meant(&known.kind)
        {
            known.kind = GroupKind::OffsetsOnly;
        }
        let bare = |group: &Group| matches!(group.kind, GroupKind::OffsetsOnly) && group.offsets.is_empty();
        if self.groups.get(group).is_some_and(bare) {
            self.groups.remove(group);
        }
    }

    pub(crate) fn get(&self, group: &str) -> Option<&Group> {
        self.groups.get(group)
    }

    pub(crate) fn get_mut(&mut self, group: &str) -> Option<&mut Group> {
        self.groups.get_mut(group)
    }

    pub(crate) fn get_or_insert(&mut self, group: &str) -> &mut Group {
        self.groups.entry(group.to_owned()).or_default()
    }

    /// All groups, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.groups.iter().map(|(id, group)| (id.as_str(), group))
    }

    /// Whether an open transaction holds a commit of the group, for `partition` if one is named.
    pub(crate) fn has_pending(&self, group: &str, partition: Option<&TopicPartition>) -> bool {
        let fits =
            |one: &PendingCommit| one.group == group && partition.is_none_or(|tp| *tp == one.partition);
        self.open.values().flatten().any(fits)
    }
}

impl Group {
    /// The committed offsets, by topic and partition.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = (&TopicPartition, &OffsetCommit)> {
        self.offsets.iter().map(|(partition, committed)| (partition, &committed.commit))
    }

    pub(crate) fn offset(&self, partition: &TopicPartition) -> Option<&OffsetCommit> {
        self.offsets.get(partition).map(|committed| &committed.commit)
    }

    /// Whether anyone is in the group.
    pub(crate) fn has_members(&self) -> bool {
        self.kind.has_members()
    }

    /// Whether nothing is left of a classic group that has been empty for so long that a broker would have deleted it:
    /// it looks for such groups from time to time.
    pub(crate) fn is_leftover(&self, now: TimestampMs) -> bool {
        let GroupKind::Classic(group) = &self.kind else { return false };
        let empty_ms = now.0.saturating_sub(group.state_timestamp().0);
        group.is_at_rest() && self.offsets.is_empty() && empty_ms >= RETENTION_CHECK_MS
    }
}

impl GroupKind {
    /// The group, if it is one of the newer consumer protocol.
    pub(super) fn modern_mut(&mut self) -> Option<&mut ModernGroup> {
        if let GroupKind::Consumer(group) = self { Some(group) } else { None }
    }

    /// The group, if it is a share group.
    pub(super) fn share_mut(&mut self) -> Option<&mut ShareGroup> {
        if let GroupKind::Share(group) = self { Some(group) } else { None }
    }

    /// The group, if it is a streams group.
    fn streams_mut(&mut self) -> Option<&mut StreamsGroup> {
        if let GroupKind::Streams(group) = self { Some(group) } else { None }
    }

    /// The members that `member_id` watches over; none in a group that is not of this machine's consumers.
    pub(crate) fn neighbours(&self, member_id: &str) -> Vec<String> {
        match self {
            GroupKind::Classic(group) => group.neighbours(member_id),
            GroupKind::Consumer(group) => group.neighbours(member_id),
            GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => Vec::new(),
        }
    }

    /// Whether anyone is in the group.
    pub(crate) fn has_members(&self) -> bool {
        match self {
            GroupKind::OffsetsOnly => false,
            GroupKind::Streams(group) => group.has_members(),
            GroupKind::Classic(group) => group.members().next().is_some(),
            GroupKind::Consumer(group) => group.has_members(),
            GroupKind::Share(group) => group.has_members(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::classic::ClassicState;
    use crate::types::{Offset, PartitionId};

    /// Replays what Kafka wrote, markers included, as the fixture lists it.
    fn recorded() -> Groups {
        let hex = |text: &str| -> Vec<u8> {
            let digits = text.as_bytes().chunks_exact(2);
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
        };
        let mut groups = Groups::default();
        for line in include_str!("../../tests/fixtures/group-records.tsv").lines() {
            if let Some((_, marker)) = line.strip_prefix('#').and_then(|line| line.split_once(" producer ")) {
                let (producer, verdict) = marker.split_once(' ').unwrap();
                groups.end_transaction(producer.parse().unwrap(), verdict == "COMMIT");
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let &[_, time, key, value, _] = fields.as_slice() else { continue };
            let (key, value) = (hex(key), (value != "-").then(|| hex(value)));
            let (time, producer) = time.split_once(" producer ").unwrap_or((time, ""));
            let time = TimestampMs(time.parse().unwrap());
            match producer.parse() {
                Ok(producer) => {
                    groups.replay_transactional(producer, Some(&key), value.as_deref(), time).unwrap()
                }
                Err(_) => drop(groups.replay(Some(&key), value.as_deref(), time).unwrap()),
            }
        }
        groups
    }

    #[test]
    fn the_groups_are_those_that_kafka_listed() {
        let groups = recorded();
        let kinds: Vec<(&str, &str, bool)> = groups
            .iter()
            .map(|(id, group)| {
                let kind = match group.kind {
                    GroupKind::OffsetsOnly => "offsets",
                    GroupKind::Classic(_) => "classic",
                    GroupKind::Consumer(_) => "consumer",
                    GroupKind::Share(_) => "share",
                    GroupKind::Streams(_) => "streams",
                };
                (id, kind, group.has_members())
            })
            .collect();
        let expected = [
            ("classic-coop", "classic", true),
            ("classic-empty", "classic", false),
            ("classic-live", "classic", true),
            ("cluster-group", "classic", false),
            ("half-deleted", "offsets", false),
            ("new-empty", "consumer", false),
            ("new-live", "consumer", true),
            ("new-regex", "consumer", true),
            ("share-1", "share", true),
            ("simple", "offsets", false),
            ("tx-group", "classic", false),
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn offsets_are_those_that_kafka_described() {
        let groups = recorded();
        let shown = |group: &str| -> Vec<String> {
            let offsets = groups.get(group).unwrap().offsets();
            offsets.map(|(tp, commit)| format!("{tp} {}", commit.offset)).collect()
        };
        assert_eq!(
            shown("classic-empty"),
            ["events-0 5", "events-1 0", "orders-0 20", "orders-1 20", "orders-2 20"]
        );
        assert_eq!(shown("new-live"), ["orders-0 3", "orders-2 20"]);
        assert_eq!(shown("half-deleted"), ["jobs-1 5"]);
        // 7 was committed with its transaction; 9 was aborted.
        assert_eq!(shown("tx-group"), ["src-0 7"]);
    }

    #[test]
    fn a_loaded_group_is_stable_with_its_members_or_empty() {
        let groups = recorded();
        let classic = |id: &str| match &groups.get(id).unwrap().kind {
            GroupKind::Classic(group) => group.clone(),
            other => panic!("{other:?}"),
        };
        let live = classic("classic-live");
        assert_eq!((live.state(), live.generation()), (ClassicState::Stable, 1));
        assert_eq!((live.protocol(), live.static_member("inst-a").is_some()), (Some("roundrobin"), true));
        assert!(live.is_subscribed_to("orders") && !live.is_subscribed_to("events"));
        let empty = classic("classic-empty");
        assert_eq!((empty.state(), empty.generation(), empty.protocol()), (ClassicState::Empty, 4, None));
    }

    fn commit(offset: i64) -> OffsetCommit {
        OffsetCommit {
            offset: Offset::new(offset),
            leader_epoch: None,
            metadata: String::new(),
            commit_timestamp: TimestampMs(0),
            expire_timestamp: None,
            topic_id: None,
        }
    }

    #[test]
    fn a_transaction_does_not_undo_a_later_commit() {
        let partition = TopicPartition { topic: "t".to_owned(), partition: PartitionId(0) };
        let record = |offset: Option<i64>| {
            let (group, partition) = ("g".to_owned(), partition.clone());
            GroupRecord::Offset { group, partition, value: offset.map(commit) }.encode().unwrap()
        };
        let mut groups = Groups::default();
        let now = TimestampMs(0);
        let (first, later) = (record(Some(1)), record(Some(2)));
        groups.replay_transactional(7, Some(&first.key), first.value.as_deref(), now).unwrap();
        assert!(groups.has_pending("g", Some(&partition)) && groups.get("g").is_none());
        groups.replay(Some(&later.key), later.value.as_deref(), now).unwrap();
        groups.end_transaction(7, true);
        assert_eq!(groups.get("g").unwrap().offset(&partition).unwrap().offset, Offset::new(2));
        assert!(!groups.has_pending("g", None));
        let gone = record(None);
        groups.replay(Some(&gone.key), gone.value.as_deref(), now).unwrap();
        assert_eq!(groups.get("g").unwrap().offsets().count(), 0, "the group stays until its own tombstone");
        let tombstone = GroupRecord::ClassicGroup { group: "g".to_owned(), value: None };
        groups.apply(tombstone, now);
        assert!(groups.get("g").is_none());
    }
}
