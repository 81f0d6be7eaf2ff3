//! The coordinator against what Kafka 4.2 was seen to answer and to write, heartbeat by heartbeat.

use super::*;
use crate::group::classic::Speaker;
use crate::group::records::{CurrentAssignment, GroupEpoch, GroupRecord};
pub(super) use crate::group::sharing::G;
use crate::group::state::{GroupKind, Groups};
use crate::group::{CommitRequest, NewCommit};
use crate::types::{ErrorCode, Offset, PartitionId, TimestampMs, TopicPartition, Uuid};

pub(super) const T: Uuid = Uuid([1; 16]);
pub(super) const U: Uuid = Uuid([2; 16]);

pub(super) fn catalog(version: i64, topics: &[(&str, Uuid, i32)]) -> TopicCatalog {
    let topic = |&(name, id, partition_count): &(&str, Uuid, i32)| {
        (name.to_owned(), CatalogTopic { id, partition_count })
    };
    TopicCatalog::new(version, topics.iter().map(topic))
}

pub(super) fn set(topic: Uuid, partitions: &[i32]) -> PartitionSet {
    partitions.iter().map(|&partition| (topic, PartitionId(partition))).collect()
}

pub(super) fn join(id: &str, topics: &[&str]) -> HeartbeatRequest {
    HeartbeatRequest {
        member_id: id.to_owned(),
        client_id: "c".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        rebalance_timeout_ms: Some(60_000),
        topics: Some(topics.iter().map(|&topic| topic.to_owned()).collect()),
        owned: Some(PartitionSet::default()),
        ..HeartbeatRequest::default()
    }
}

pub(super) fn beat(id: &str, member_epoch: i32) -> HeartbeatRequest {
    HeartbeatRequest {
        member_epoch,
        ..HeartbeatRequest { rebalance_timeout_ms: None, topics: None, owned: None, ..join(id, &[]) }
    }
}

pub(super) fn owning(id: &str, member_epoch: i32, partitions: &[i32]) -> HeartbeatRequest {
    HeartbeatRequest { owned: Some(set(T, partitions)), ..beat(id, member_epoch) }
}

fn of_instance(instance: &str, request: HeartbeatRequest) -> HeartbeatRequest {
    HeartbeatRequest { instance_id: Some(instance.to_owned()), ..request }
}

/// Groups with a clock and topics, for steps one after another.
pub(super) struct Bench {
    pub(super) groups: Groups,
    pub(super) catalog: TopicCatalog,
    pub(super) config: ModernConfig,
    pub(super) now: i64,
    /// The records of the last step.
    pub(super) records: Vec<GroupRecord>,
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench {
            groups: Groups::default(),
            catalog: catalog(1, &[("t", T, 4), ("u", U, 3)]),
            config: ModernConfig::default(),
            now: 1000,
            records: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, request: &HeartbeatRequest) -> Result<HeartbeatAnswer, Refusal> {
        let now = TimestampMs(self.now);
        let (records, answer) = self.groups.modern_heartbeat(G, request, &self.catalog, &self.config, now)?;
        self.records = records;
        Ok(answer)
    }

    /// The epoch and the numbers of topic `t` in the answer.
    fn step(&mut self, request: &HeartbeatRequest) -> (i32, Option<Vec<i32>>) {
        let answer = self.take(request).unwrap();
        let numbers =
            |set: PartitionSet| set.iter().filter(|(topic, _)| *topic == T).map(|(_, p)| p.0).collect();
        (answer.member_epoch, answer.assignment.map(numbers))
    }

    fn refused(&mut self, request: &HeartbeatRequest) -> (ErrorCode, String) {
        let refusal = self.take(request).unwrap_err();
        (refusal.code, refusal.message)
    }

    pub(super) fn group(&mut self) -> &mut ModernGroup {
        self.groups.modern(G).unwrap()
    }

    fn commit(&mut self, member_id: &str, generation: i32) -> Result<(), ErrorCode> {
        let new = NewCommit {
            partition: TopicPartition { topic: "t".to_owned(), partition: PartitionId(0) },
            offset: Offset::new(5),
            leader_epoch: None,
            metadata: String::new(),
            topic_id: None,
        };
        let speaker = Speaker { member_id, instance_id: None, generation };
        let request = CommitRequest { group: G, speaker, producer_id: None, offsets: vec![new] };
        self.groups.commit(request, TimestampMs(self.now)).map(|_| ())
    }

    fn key_types(&self) -> Vec<i16> {
        self.records.iter().map(GroupRecord::key_type).collect()
    }
}

#[test]
fn three_members_come_share_and_go_as_in_kafka() {
    let mut bench = Bench::new();
    assert_eq!(bench.step(&join("A", &["t"])), (1, Some(vec![0, 1, 2, 3])));
    assert_eq!(bench.key_types(), [5, 3, 7, 6, 8]);
    assert_eq!(bench.step(&beat("A", 1)), (1, None));
    assert!(bench.records.is_empty());
    assert_eq!(bench.step(&join("B", &["t"])), (2, Some(vec![])));
    assert_eq!(bench.key_types(), [5, 3, 7, 7, 6, 8]);
    assert_eq!(bench.group().state(), ModernState::Reconciling);
    assert_eq!(bench.step(&owning("A", 1, &[0, 1, 2, 3])), (1, Some(vec![0, 1])));
    assert_eq!((bench.step(&beat("A", 1)), bench.records.len()), ((1, None), 0));
    assert_eq!((bench.step(&beat("B", 2)), bench.key_types()), ((2, None), vec![8]));
    assert_eq!(bench.step(&owning("A", 1, &[0, 1])), (2, None));
    assert_eq!(bench.step(&beat("B", 2)), (2, Some(vec![2, 3])));
    assert_eq!(bench.group().state(), ModernState::Stable);
    assert_eq!(bench.step(&join("C", &["t"])), (3, Some(vec![])));
    assert_eq!(bench.step(&owning("B", 2, &[2, 3])), (2, Some(vec![2])));
    assert_eq!(bench.step(&owning("B", 2, &[2])), (3, None));
    assert_eq!(bench.step(&beat("C", 3)), (3, Some(vec![3])));
    assert_eq!(bench.step(&owning("A", 2, &[0, 1])), (3, None));
    assert_eq!(bench.step(&beat("A", -1)), (-1, None));
    assert_eq!(bench.key_types(), [8, 7, 5, 3]);
    assert_eq!(bench.group().state(), ModernState::Assigning);
    assert_eq!(bench.step(&beat("B", 3)), (4, Some(vec![0, 2])));
    assert_eq!(bench.step(&beat("C", 3)), (4, Some(vec![1, 3])));
    // Joining again under the same id changes nothing, and tells everything.
    assert_eq!(bench.step(&join("B", &["t"])), (4, Some(vec![0, 2])));
    bench.step(&beat("B", -1));
    bench.step(&beat("C", -1));
    let last = GroupEpoch { epoch: 6, metadata_hash: 0 };
    assert!(
        matches!(bench.records.last(), Some(GroupRecord::Group { value: Some(value), .. }) if *value == last)
    );
    assert_eq!((bench.group().state(), bench.group().target_epoch()), (ModernState::Empty, 4));
}

#[test]
fn what_a_member_owns_is_written_as_kafka_writes_it() {
    let mut bench = Bench::new();
    bench.step(&join("A", &["t"]));
    bench.step(&join("B", &["t"]));
    bench.step(&owning("A", 1, &[0, 1, 2, 3]));
    let expected = CurrentAssignment {
        member_epoch: 1,
        previous_member_epoch: 1,
        state: 1,
        assigned: set(T, &[0, 1]).to_record(),
        pending_revocation: set(T, &[2, 3]).to_record(),
    };
    let [GroupRecord::Current { value: Some(value), .. }] = &bench.records[..] else { panic!() };
    assert_eq!(*value, expected);
}

#[test]
fn strangers_and_wrong_epochs_are_refused_in_kafkas_words() {
    let mut bench = Bench::new();
    let (code, message) = bench.refused(&beat("A", 4));
    assert_eq!((code, message.as_str()), (ErrorCode::GroupIdNotFound, "Consumer group g not found."));
    assert_eq!(bench.refused(&beat("A", -1)).1, "Group g not found.");
    bench.step(&join("A", &["t"]));
    bench.step(&join("B", &["t"]));
    assert_eq!(
        bench.refused(&beat("Z", 2)),
        (ErrorCode::UnknownMemberId, "Member Z is not a member of group g.".to_owned())
    );
    let fenced = |size: &str, said: i32, known: i32| {
        let message = format!(
            "The consumer group member has a {size} member epoch ({said}) than the one known by the group coordinator ({known}). The member must abandon all its partitions and rejoin."
        );
        (ErrorCode::FencedMemberEpoch, message)
    };
    assert_eq!(bench.refused(&beat("A", 9)), fenced("greater", 9, 1));
    bench.step(&owning("A", 1, &[0, 1]));
    assert_eq!(bench.refused(&beat("A", 1)), fenced("smaller", 1, 2));
    // The last epoch will do for who owns no more than it should: the answer may have been lost.
    assert_eq!(bench.step(&owning("A", 1, &[0])), (2, None));
    assert_eq!(bench.refused(&owning("A", 1, &[0, 3])), fenced("smaller", 1, 2));
}

#[test]
fn requests_are_checked_before_the_group_is_looked_at() {
    let mut bench = Bench::new();
    let mut message = |request: HeartbeatRequest| bench.refused(&request).1;
    assert_eq!(message(join("", &["t"])), "MemberId can't be empty.");
    assert_eq!(message(of_instance("", join("A", &["t"]))), "InstanceId can't be empty.");
    let rack = HeartbeatRequest { rack_id: Some(String::new()), ..join("A", &["t"]) };
    assert_eq!(message(rack), "RackId can't be empty.");
    let nothing = HeartbeatRequest { topics: None, ..join("A", &[]) };
    assert!(message(nothing).starts_with("Either SubscribedTopicNames or SubscribedTopicRegex must"));
    let timeless = HeartbeatRequest { rebalance_timeout_ms: None, ..join("A", &["t"]) };
    assert_eq!(message(timeless), "RebalanceTimeoutMs must be provided in first request.");
    let owner = HeartbeatRequest { owned: Some(set(T, &[0])), ..join("A", &["t"]) };
    assert_eq!(message(owner), "TopicPartitions must be empty when (re-)joining.");
    let picky = HeartbeatRequest { assignor: Some("zzz".to_owned()), ..join("A", &["t"]) };
    assert_eq!(message(picky), "ServerAssignor zzz is not supported. Supported assignors: uniform, range.");
    assert_eq!(message(beat("A", -2)), "InstanceId can't be null.");
    assert_eq!(message(beat("A", -3)), "MemberEpoch is invalid.");
    let regex = HeartbeatRequest { topic_regex: Some("a(".to_owned()), ..join("A", &[]) };
    assert!(message(regex).starts_with("SubscribedTopicRegex `a(` is not a valid regular expression: "));
    assert!(bench.groups.get(G).is_none());
}

#[test]
fn a_static_member_comes_back_to_its_partitions() {
    let mut bench = Bench::new();
    bench.step(&of_instance("ia", join("A", &["t"])));
    bench.step(&of_instance("ib", join("B", &["t"])));
    bench.step(&owning("A", 1, &[0, 1]));
    bench.step(&beat("B", 2));
    let (code, message) = bench.refused(&of_instance("ia", join("A2", &["t"])));
    assert_eq!(code, ErrorCode::UnreleasedInstanceId);
    assert_eq!(
        message,
        "Static member A2 with instance id ia cannot join the group because the instance id is owned by A member."
    );
    assert_eq!(bench.step(&of_instance("ia", beat("A", -2))), (-2, None));
    assert_eq!((bench.group().state(), bench.group().epoch()), (ModernState::Reconciling, 2));
    assert_eq!(bench.step(&of_instance("ia", join("A2", &["t"]))), (2, Some(vec![0, 1])));
    assert_eq!(bench.key_types(), [8, 7, 5, 5, 7, 8, 8]);
    assert_eq!((bench.group().state(), bench.group().epoch()), (ModernState::Stable, 2));
    let fenced = bench.refused(&of_instance("ia", beat("A", 2)));
    let message = "Static member A with instance id ia was fenced by member A2.".to_owned();
    assert_eq!(fenced, (ErrorCode::FencedInstanceId, message));
    assert_eq!(bench.refused(&of_instance("zz", beat("A2", 2))).1, "Instance id zz is unknown.");
    // It comes back once more, with another subscription.
    bench.step(&of_instance("ia", beat("A2", -2)));
    assert_eq!(bench.step(&of_instance("ia", join("A3", &["t", "u"]))), (3, Some(vec![0])));
    assert_eq!(bench.key_types(), [8, 7, 5, 5, 7, 8, 5, 3, 7, 7, 6, 8]);
    assert_eq!(bench.group().member("A3").unwrap().assigned().iter().count(), 4);
}

#[test]
fn topics_that_come_grow_and_go_are_shared_out_anew() {
    let mut bench = Bench::new();
    bench.catalog = catalog(1, &[]);
    bench.step(&join("A", &["t", "u"]));
    bench.step(&join("B", &["t", "u"]));
    assert_eq!(bench.step(&beat("A", 1)), (2, None));
    bench.catalog = catalog(2, &[("t", T, 5), ("u", U, 3)]);
    assert_eq!(bench.step(&beat("A", 2)), (3, Some(vec![0, 1, 2, 3])));
    assert_eq!(bench.key_types(), [3, 7, 7, 6, 8]);
    assert_eq!(bench.step(&beat("B", 2)), (3, Some(vec![4])));
    bench.catalog = catalog(3, &[("t", T, 7), ("u", U, 3)]);
    assert_eq!(bench.step(&beat("A", 3)), (4, Some(vec![0, 1, 2, 3, 5])));
    bench.catalog = catalog(4, &[("u", U, 3)]);
    assert_eq!(bench.step(&beat("A", 4)), (4, Some(vec![])));
    assert_eq!(bench.group().state(), ModernState::Reconciling);
}

#[test]
fn regular_expressions_stand_for_topics_as_long_as_someone_has_them() {
    let mut bench = Bench::new();
    let regex = |text: &str, request| HeartbeatRequest { topic_regex: Some(text.to_owned()), ..request };
    bench.step(&regex("t|u", join("A", &[])));
    assert_eq!(bench.key_types(), [5, 16, 3, 7, 6, 8]);
    assert_eq!(bench.group().member("A").unwrap().assigned().iter().count(), 7);
    assert!(bench.group().is_subscribed_to("u") && !bench.group().is_subscribed_to("v"));
    bench.catalog = catalog(2, &[("t", T, 4), ("u", U, 3), ("tu", Uuid([3; 16]), 1)]);
    assert_eq!((bench.step(&beat("A", 1)), bench.records.len()), ((1, None), 0));
    assert_eq!(bench.step(&regex("t.*", owning("A", 1, &[0, 1, 2, 3]))).0, 2);
    assert_eq!(bench.key_types()[..4], [5, 16, 16, 3]);
    bench.step(&beat("A", -1));
    assert_eq!(bench.key_types(), [8, 7, 5, 16, 3]);
}

#[test]
fn the_assignor_is_the_one_that_most_ask_for() {
    let mut bench = Bench::new();
    let wish = |name: &str, request| HeartbeatRequest { assignor: Some(name.to_owned()), ..request };
    bench.step(&wish("range", join("A", &["t", "u"])));
    bench.step(&join("B", &["t", "u"]));
    assert_eq!(bench.group().assignor().name(), "range");
    let target = |bench: &mut Bench, id: &str| bench.group().member(id).unwrap().target().clone();
    let mut expected = set(T, &[2, 3]);
    expected.insert(U, PartitionId(2));
    assert_eq!(target(&mut bench, "B"), expected);
    bench.step(&wish("uniform", join("C", &["t", "u"])));
    assert_eq!(bench.group().assignor().name(), "uniform");
    bench.step(&beat("A", -1));
    bench.step(&beat("C", -1));
    assert_eq!(bench.group().assignor().name(), "uniform");
}

#[test]
fn silence_and_clinging_to_partitions_end_a_membership() {
    let mut bench = Bench::new();
    bench.step(&join("A", &["t"]));
    bench.step(&join("B", &["t"]));
    bench.step(&beat("A", 1));
    let tick = |bench: &mut Bench| {
        let now = TimestampMs(bench.now);
        bench.groups.modern_tick(G, &bench.catalog.clone(), &bench.config.clone(), now)
    };
    assert_eq!(bench.group().next_deadline(&ModernConfig::default()), Some(TimestampMs(46_000)));
    bench.now = 40_000;
    bench.step(&beat("A", 1));
    bench.step(&beat("B", 2));
    assert!(tick(&mut bench).is_empty());
    // It is heard of, but does not let go of what it should within its rebalance timeout.
    bench.now = 61_000;
    bench.step(&beat("B", 2));
    let records = tick(&mut bench);
    assert_eq!(records.iter().map(GroupRecord::key_type).collect::<Vec<_>>(), [8, 7, 5, 3]);
    assert!(bench.group().member("A").is_none());
    assert_eq!(bench.step(&beat("B", 2)), (3, Some(vec![0, 1, 2, 3])));
    // Even a static member that has left for a while is given up.
    bench.step(&of_instance("ic", join("C", &["t"])));
    bench.step(&of_instance("ic", beat("C", -2)));
    bench.now = 61_000 + 45_000;
    assert_eq!(tick(&mut bench).len(), 7);
    assert_eq!(bench.group().state(), ModernState::Empty);
}

#[test]
fn only_the_present_epoch_may_commit() {
    let mut bench = Bench::new();
    assert_eq!(bench.commit("", -1), Ok(()));
    bench.step(&join("A", &["t"]));
    assert_eq!(bench.key_types(), [2, 5, 3, 7, 6, 8]);
    assert_eq!(bench.commit("A", 1), Ok(()));
    for epoch in [-1, 0, 2] {
        assert_eq!(bench.commit("A", epoch), Err(ErrorCode::StaleMemberEpoch));
    }
    assert_eq!(bench.commit("", -1), Err(ErrorCode::UnknownMemberId));
    assert_eq!(bench.commit("Q", 1), Err(ErrorCode::UnknownMemberId));
    bench.step(&beat("A", -1));
    assert_eq!((bench.commit("A", 1), bench.commit("", -1)), (Err(ErrorCode::UnknownMemberId), Ok(())));
}

#[test]
fn an_empty_group_goes_from_one_protocol_to_the_other_and_back() {
    use crate::group::classic::tests::request;
    let mut bench = Bench::new();
    let now = TimestampMs(1000);
    let classic = |bench: &mut Bench| {
        let config = crate::group::ClassicConfig::default();
        let joined = bench.groups.join(G, &request("old", None, &["range"]), &config, now);
        bench.groups.leave(G, "old", None, &config, now).ok();
        joined
    };
    classic(&mut bench);
    bench.step(&join("A", &["t"]));
    assert_eq!(bench.key_types(), [2, 5, 3, 7, 6, 8]);
    let refused = classic(&mut bench);
    assert_eq!(refused.joined("old").unwrap().as_ref().unwrap_err(), &ErrorCode::InconsistentGroupProtocol);
    bench.step(&beat("A", -1));
    let records = classic(&mut bench).records;
    assert_eq!(records.iter().map(GroupRecord::key_type).collect::<Vec<_>>(), [6, 4, 3, 2]);
    assert!(matches!(bench.groups.get(G).unwrap().kind, GroupKind::Classic(_)));
}

#[test]
fn the_dead_are_taken_out_together_and_the_others_share_what_they_had() {
    let mut bench = Bench::new();
    for id in ["A", "B", "C"] {
        bench.step(&join(id, &["t"]));
    }
    let now = TimestampMs(bench.now);
    let records = bench.groups.bury_modern(G, |id| id != "B", &bench.catalog, now);
    assert_eq!(records.iter().map(GroupRecord::key_type).collect::<Vec<_>>(), [8, 7, 5, 8, 7, 5, 3]);
    assert_eq!(bench.step(&beat("B", 2)), (4, Some(vec![0, 1, 2, 3])));
    assert!(bench.groups.bury_modern(G, |_| false, &bench.catalog, now).is_empty());
}

#[test]
fn no_more_members_than_the_group_may_have() {
    let mut bench = Bench::new();
    bench.config.max_members = 1;
    bench.step(&join("A", &["t"]));
    assert_eq!(bench.refused(&join("B", &["t"])).0, ErrorCode::GroupMaxSizeReached);
    assert_eq!(bench.step(&join("A", &["t"])).0, 1);
}

/// A stable classic group of `a` and `b`, who have two partitions each.
pub(super) fn classic_pair(bench: &mut Bench) {
    use crate::group::classic::tests::request;
    use crate::group::protocol::AssignedPartitions;
    use crate::group::{ClassicConfig, SyncRequest};
    let (config, now) = (ClassicConfig::default(), TimestampMs(bench.now));
    bench.groups.join(G, &request("a", None, &["range"]), &config, now);
    bench.groups.join(G, &request("b", None, &["range"]), &config, now);
    let again = crate::group::JoinRequest { member_id: "a".to_owned(), ..request("a", None, &["range"]) };
    bench.groups.join(G, &again, &config, now);
    let blob = |numbers: [i32; 2]| {
        let named = |number| TopicPartition { topic: "t".to_owned(), partition: PartitionId(number) };
        AssignedPartitions { partitions: numbers.map(named).to_vec(), user_data: None }.encode().unwrap()
    };
    let assignments: std::collections::BTreeMap<String, Vec<u8>> =
        [("a".to_owned(), blob([0, 1])), ("b".to_owned(), blob([2, 3]))].into();
    for (member_id, assignments) in [("a", assignments), ("b", std::collections::BTreeMap::new())] {
        let speaker = Speaker { member_id, instance_id: None, generation: 2 };
        let request = SyncRequest { speaker, protocol_type: None, protocol: None, assignments };
        bench.groups.sync(G, request, &config, now);
    }
}

/// A heartbeat of a member that speaks the classic protocol.
fn guest(request: HeartbeatRequest) -> HeartbeatRequest {
    let classic = crate::group::records::ClassicSide { session_timeout_ms: 10_000, protocols: Vec::new() };
    HeartbeatRequest { classic: Some(classic), ..request }
}

#[test]
fn a_classic_group_takes_up_members_of_the_newer_protocol_and_is_left_by_them() {
    use crate::group::ClassicState;
    let mut bench = Bench::new();
    classic_pair(&mut bench);
    assert_eq!(bench.step(&join("N", &["t"])), (3, Some(vec![])));
    assert_eq!(bench.key_types(), [2, 5, 5, 3, 7, 7, 6, 8, 8, 5, 3, 7, 7, 6, 8]);
    assert_eq!(bench.group().epoch(), 3);
    let a = bench.group().member("a").unwrap();
    assert_eq!((a.is_classic(), a.epoch(), a.assigned().clone()), (true, 2, set(T, &[0, 1])));
    // The guests let go as everyone else, and commit with the epoch that their generation was.
    assert_eq!((bench.commit("a", 2), bench.commit("a", 1)), (Ok(()), Err(ErrorCode::IllegalGeneration)));
    for (id, has) in [("a", [0, 1]), ("b", [2, 3])] {
        let (epoch, assigned) = bench.step(&guest(owning(id, 2, &has)));
        if let Some(assigned) = assigned {
            assert_eq!((epoch, assigned.len()), (2, 1));
            assert_eq!(bench.step(&guest(owning(id, 2, &assigned))).0, 3);
        }
    }
    assert_eq!(bench.step(&beat("N", 3)).1.unwrap().len(), 1);
    assert_eq!(bench.group().state(), ModernState::Stable);
    bench.step(&beat("N", -1));
    assert_eq!(bench.key_types(), [8, 8, 8, 7, 7, 7, 6, 5, 5, 5, 4, 3, 2]);
    let classic = bench.groups.classic(G).unwrap();
    assert_eq!((classic.state(), classic.generation()), (ClassicState::PreparingRebalance, 3));
    assert_eq!(classic.members().count(), 2);
}

#[test]
fn a_guest_needs_hosts() {
    let mut bench = Bench::new();
    assert_eq!(bench.refused(&guest(join("a", &["t"]))).0, ErrorCode::InconsistentGroupProtocol);
    bench.step(&join("N", &["t"]));
    assert_eq!(bench.step(&guest(join("a", &["t"]))).0, 2);
    bench.now += 10_001;
    let now = TimestampMs(bench.now);
    let records = bench.groups.modern_tick(G, &bench.catalog.clone(), &bench.config.clone(), now);
    assert_eq!(records.len(), 4, "a guest's session is its own");
}
