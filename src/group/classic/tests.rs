//! The coordinator against Kafka's rules, step by step.

use super::*;
use crate::group::CommitRequest;
use crate::group::GroupRecord;
use crate::group::protocol::Subscription;
pub(super) use crate::group::sharing::G;
use crate::group::state::Groups;
use crate::types::{ErrorCode, TimestampMs};

pub(in crate::group) fn request(id: &str, instance: Option<&str>, assignors: &[&str]) -> JoinRequest {
    let subscription = Subscription::to(vec!["t".to_owned()]).encode().unwrap();
    JoinRequest {
        member_id: String::new(),
        new_member_id: id.to_owned(),
        instance_id: instance.map(str::to_owned),
        client_id: "c".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        rebalance_timeout_ms: 60_000,
        session_timeout_ms: 10_000,
        protocol_type: "consumer".to_owned(),
        protocols: assignors.iter().map(|name| ((*name).to_owned(), subscription.clone())).collect(),
        asks_for_id: false,
    }
}

/// The same member again, with its id.
fn again(id: &str) -> JoinRequest {
    JoinRequest { member_id: id.to_owned(), ..request(id, None, &["range"]) }
}

fn speaker(member_id: &str, generation: i32) -> Speaker<'_> {
    Speaker { member_id, instance_id: None, generation }
}

/// Groups with a clock, for steps one after another.
pub(super) struct Bench {
    pub(super) groups: Groups,
    pub(super) config: ClassicConfig,
    pub(super) now: i64,
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench { groups: Groups::default(), config: ClassicConfig::default(), now: 1000 }
    }

    pub(super) fn join(&mut self, request: &JoinRequest) -> Outcome {
        self.groups.join(G, request, &self.config, TimestampMs(self.now))
    }

    fn sync(&mut self, speaker: Speaker<'_>, given: &[(&str, &str)]) -> Outcome {
        let assignments =
            given.iter().map(|(id, blob)| ((*id).to_owned(), blob.as_bytes().to_vec())).collect();
        let request = SyncRequest { speaker, protocol_type: Some("consumer"), protocol: None, assignments };
        self.groups.sync(G, request, &self.config, TimestampMs(self.now))
    }

    pub(super) fn tick(&mut self) -> Outcome {
        let (config, now) = (self.config, TimestampMs(self.now));
        self.groups.classic(G).unwrap().tick(G, &config, now)
    }

    fn leave(&mut self, id: &str) -> Outcome {
        self.groups.leave(G, id, None, &self.config, TimestampMs(self.now)).unwrap()
    }

    pub(super) fn group(&mut self) -> &ClassicGroup {
        self.groups.classic(G).unwrap()
    }

    /// A stable group of `a` (the leader) and `b` in generation 2.
    fn with_two() -> Bench {
        let mut bench = Bench::new();
        bench.join(&request("a", None, &["range"]));
        bench.join(&request("b", None, &["range"]));
        let outcome = bench.join(&again("a"));
        assert_eq!(outcome.joined("b").unwrap().as_ref().unwrap().generation, 2);
        assert!(bench.sync(speaker("b", 2), &[]).replies.is_empty());
        let outcome = bench.sync(speaker("a", 2), &[("a", "A"), ("b", "B")]);
        assert_eq!(outcome.synced("b").unwrap().as_ref().unwrap().assignment, b"B");
        assert_eq!(outcome.synced("a").unwrap().as_ref().unwrap().assignment, b"A");
        bench
    }
}

fn value(record: &GroupRecord) -> &crate::group::records::ClassicGroupValue {
    match record {
        GroupRecord::ClassicGroup { value: Some(value), .. } => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_member_comes_and_goes_as_kafka_records_it() {
    let mut bench = Bench::new();
    let outcome = bench.join(&request("a", None, &["range"]));
    let born = value(&outcome.records[0]);
    assert_eq!((born.generation, born.protocol_type.as_str(), born.state_timestamp.0), (0, "", 1000));
    let joined = outcome.joined("a").unwrap().clone().unwrap();
    assert_eq!((joined.generation, joined.leader.as_str(), joined.members.len()), (1, "a", 1));
    bench.now = 1010;
    let outcome = bench.sync(speaker("a", 1), &[("a", "A")]);
    let stable = value(&outcome.records[0]);
    assert_eq!(
        (stable.generation, stable.protocol.as_deref(), stable.leader.as_deref()),
        (1, Some("range"), Some("a"))
    );
    assert_eq!((stable.members[0].assignment.as_slice(), stable.state_timestamp.0), (b"A".as_slice(), 1000));
    assert_eq!(bench.group().state(), ClassicState::Stable);
    assert_eq!(bench.group().next_deadline(), Some(TimestampMs(11_010)));
    bench.now = 1020;
    let outcome = bench.leave("a");
    let empty = value(&outcome.records[0]);
    assert_eq!((empty.generation, empty.protocol_type.as_str(), empty.members.len()), (2, "consumer", 0));
    assert_eq!(
        (empty.protocol.as_deref(), empty.leader.as_deref(), empty.state_timestamp.0),
        (None, None, 1020)
    );
    assert_eq!(bench.group().state(), ClassicState::Empty);
    assert_eq!(bench.group().next_deadline(), None);
}

#[test]
fn a_second_member_has_the_first_join_again() {
    let mut bench = Bench::with_two();
    assert_eq!(bench.group().leader(), Some("a"));
    bench.now += 5;
    let heartbeat = |bench: &mut Bench, id, generation| {
        let now = TimestampMs(bench.now);
        bench.groups.heartbeat(G, speaker(id, generation), now)
    };
    assert_eq!(heartbeat(&mut bench, "b", 2), Ok(()));
    assert_eq!(heartbeat(&mut bench, "b", 1), Err(ErrorCode::IllegalGeneration));
    assert_eq!(heartbeat(&mut bench, "x", 2), Err(ErrorCode::UnknownMemberId));
    bench.join(&request("c", None, &["range"]));
    assert_eq!(heartbeat(&mut bench, "b", 2), Err(ErrorCode::RebalanceInProgress));
    assert_eq!(bench.sync(speaker("b", 2), &[]).synced("b"), Some(&Err(ErrorCode::RebalanceInProgress)));
    assert!(bench.join(&again("b")).replies.is_empty());
    let outcome = bench.join(&again("a"));
    assert_eq!(outcome.replies.len(), 3);
    let leader = outcome.joined("a").unwrap().as_ref().unwrap();
    let ids: Vec<&str> = leader.members.iter().map(|member| member.member_id.as_str()).collect();
    assert_eq!((leader.generation, ids), (3, vec!["a", "b", "c"]));
    assert!(outcome.joined("c").unwrap().as_ref().unwrap().members.is_empty());
}

#[test]
fn an_unchanged_follower_that_joins_again_disturbs_nobody() {
    let mut bench = Bench::with_two();
    let outcome = bench.join(&again("b"));
    assert_eq!(outcome.joined("b").unwrap().as_ref().unwrap().generation, 2);
    assert_eq!(bench.group().state(), ClassicState::Stable);
    // The leader does, for it has seen something change.
    assert!(bench.join(&again("a")).replies.is_empty());
    assert_eq!(bench.group().state(), ClassicState::PreparingRebalance);
}

#[test]
fn sessions_end_and_the_rest_goes_on() {
    let mut bench = Bench::with_two();
    bench.now += 9_000;
    bench.groups.heartbeat(G, speaker("b", 2), TimestampMs(bench.now)).unwrap();
    bench.now += 1_000;
    assert!(bench.tick().replies.is_empty());
    assert_eq!(bench.group().state(), ClassicState::PreparingRebalance);
    assert!(bench.group().member("a").is_none());
    let outcome = bench.join(&again("b"));
    let joined = outcome.joined("b").unwrap().as_ref().unwrap();
    assert_eq!((joined.generation, joined.leader.as_str()), (3, "b"));
}

#[test]
fn who_misses_the_rebalance_is_out() {
    let mut bench = Bench::with_two();
    bench.join(&again("a"));
    for _ in 0..7 {
        bench.now += 9_000;
        let _ = bench.groups.heartbeat(G, speaker("b", 2), TimestampMs(bench.now));
        let outcome = bench.tick();
        if let Some(joined) = outcome.joined("a") {
            assert_eq!(joined.as_ref().unwrap().generation, 3);
            assert!(bench.group().member("b").is_none());
            return;
        }
    }
    panic!("the rebalance never ended");
}

#[test]
fn who_never_syncs_is_out() {
    let mut bench = Bench::with_two();
    bench.join(&again("a"));
    let late = JoinRequest { session_timeout_ms: 1_000_000, ..again("b") };
    assert!(bench.join(&late).joined("b").unwrap().is_ok());
    bench.sync(speaker("a", 3), &[("a", "A")]);
    assert_eq!(bench.group().state(), ClassicState::Stable);
    for _ in 0..10 {
        bench.now += 6_000;
        let _ = bench.groups.heartbeat(G, speaker("a", 3), TimestampMs(bench.now));
        bench.tick();
    }
    assert!(bench.group().member("b").is_none() && bench.group().member("a").is_some());
}

#[test]
fn the_initial_delay_waits_for_company_and_is_extended_by_it() {
    let mut bench = Bench::new();
    bench.config.initial_rebalance_delay_ms = 3_000;
    assert!(bench.join(&request("a", None, &["range"])).replies.is_empty());
    bench.now += 2_000;
    assert!(bench.join(&request("b", None, &["range"])).replies.is_empty());
    bench.now += 1_000;
    assert!(bench.tick().replies.is_empty(), "extended");
    bench.now += 3_000;
    assert_eq!(bench.tick().replies.len(), 2);
    assert_eq!(bench.group().generation(), 1);
}

#[test]
fn clients_that_ask_for_an_id_get_one_and_are_waited_for() {
    let mut bench = Bench::with_two();
    let mut new = JoinRequest { asks_for_id: true, ..request("c", None, &["range"]) };
    assert_eq!(bench.join(&new).joined("c"), Some(&Err(ErrorCode::MemberIdRequired)));
    assert_eq!(bench.group().state(), ClassicState::Stable);
    bench.join(&again("a"));
    assert!(bench.join(&again("b")).replies.is_empty(), "c was promised a place");
    new.member_id = "c".to_owned();
    assert_eq!(bench.join(&new).replies.len(), 3);
    let stranger = JoinRequest { member_id: "x".to_owned(), ..new };
    assert_eq!(bench.join(&stranger).joined("x"), Some(&Err(ErrorCode::UnknownMemberId)));
}

#[test]
fn a_static_member_that_comes_back_takes_its_place_without_a_rebalance() {
    let mut bench = Bench::new();
    bench.join(&request("one-1", Some("one"), &["range"]));
    bench.sync(speaker("one-1", 1), &[("one-1", "A")]);
    let outcome = bench.join(&request("one-2", Some("one"), &["range"]));
    let joined = outcome.joined("one-2").unwrap().as_ref().unwrap();
    assert_eq!((joined.generation, joined.leader.as_str(), joined.skip_assignment), (1, "one-2", true));
    assert_eq!(value(&outcome.records[0]).members[0].member_id, "one-2");
    let synced = bench.sync(speaker("one-2", 1), &[]);
    assert_eq!(synced.synced("one-2").unwrap().as_ref().unwrap().assignment, b"A");
    let now = TimestampMs(bench.now);
    let old = Speaker { member_id: "one-1", instance_id: Some("one"), generation: 1 };
    assert_eq!(bench.groups.heartbeat(G, old, now), Err(ErrorCode::FencedInstanceId));
    let outcome = bench.groups.leave(G, "", Some("one"), &ClassicConfig::default(), now).unwrap();
    assert_eq!(value(&outcome.records[0]).generation, 2);
}

#[test]
fn the_members_vote_for_the_assignor() {
    let mut bench = Bench::new();
    bench.join(&request("a", None, &["range", "sticky"]));
    bench.join(&request("b", None, &["roundrobin", "sticky"]));
    let first = JoinRequest { protocols: request("a", None, &["range", "sticky"]).protocols, ..again("a") };
    assert_eq!(bench.join(&first).joined("a").unwrap().as_ref().unwrap().protocol, "sticky");
    let stranger = bench.join(&request("c", None, &["range"]));
    assert_eq!(stranger.joined("c"), Some(&Err(ErrorCode::InconsistentGroupProtocol)));
    let other = JoinRequest { protocol_type: "connect".to_owned(), ..request("d", None, &["sticky"]) };
    assert_eq!(bench.join(&other).joined("d"), Some(&Err(ErrorCode::InconsistentGroupProtocol)));
}

#[test]
fn refused_strangers_leave_no_group_behind() {
    let mut bench = Bench::new();
    let hasty = JoinRequest { session_timeout_ms: 1, ..request("a", None, &["range"]) };
    let outcome = bench.join(&hasty);
    assert_eq!(outcome.joined("a"), Some(&Err(ErrorCode::InvalidSessionTimeout)));
    assert!(outcome.records.is_empty() && bench.groups.get(G).is_none());
    bench.config.max_members = 1;
    bench.join(&request("a", None, &["range"]));
    let full = bench.join(&request("b", None, &["range"]));
    assert_eq!(full.joined("b"), Some(&Err(ErrorCode::GroupMaxSizeReached)));
}

/// A member that left in the middle of a cooperative rebalance used to lose its last commit: what it had read came again.
#[test]
fn who_has_joined_commits_what_it_still_has() {
    let mut bench = Bench::with_two();
    let now = TimestampMs(bench.now);
    let commit = |bench: &mut Bench, id| {
        let offsets = Vec::new();
        let request = CommitRequest { group: G, speaker: speaker(id, 2), producer_id: None, offsets };
        bench.groups.commit_while_joining(request, now).map(|_| ())
    };
    assert_eq!(commit(&mut bench, "b"), Err(ErrorCode::IllegalGeneration), "it has its part");
    bench.join(&request("c", None, &["range"]));
    bench.join(&again("b"));
    assert_eq!(commit(&mut bench, "b"), Ok(()));
    bench.join(&again("a"));
    assert_eq!((bench.group().generation(), commit(&mut bench, "b")), (3, Ok(())));
    // The leader leaves before it has shared anything out.
    bench.leave("a");
    assert_eq!(commit(&mut bench, "b"), Ok(()));
    bench.join(&again("b"));
    bench.join(&again("c"));
    bench.sync(speaker("b", 4), &[]);
    assert_eq!(commit(&mut bench, "c"), Ok(()));
    bench.sync(speaker("c", 4), &[]);
    assert_eq!(commit(&mut bench, "c"), Err(ErrorCode::IllegalGeneration));
    assert_eq!(commit(&mut bench, "a"), Err(ErrorCode::UnknownMemberId));
}

#[test]
fn nobody_waits_for_static_members_that_are_away() {
    let mut bench = Bench::new();
    bench.join(&request("one-1", Some("one"), &["range"]));
    bench.sync(speaker("one-1", 1), &[("one-1", "A")]);
    let go_on = |bench: &mut Bench, away: &str| {
        let (config, now) = (bench.config, TimestampMs(bench.now));
        let group = bench.groups.classic(G).unwrap();
        group.go_on_without(G, &[away.to_owned()], &config, now)
    };
    assert!(go_on(&mut bench, "one-1").replies.is_empty(), "nobody is there to go on");
    assert!(bench.join(&request("b", None, &["range"])).replies.is_empty());
    assert!(go_on(&mut bench, "x").replies.is_empty());
    let outcome = go_on(&mut bench, "one-1");
    let joined = outcome.joined("b").unwrap().as_ref().unwrap();
    let ids: Vec<&str> = joined.members.iter().map(|member| member.member_id.as_str()).collect();
    assert_eq!((joined.generation, joined.leader.as_str(), ids), (2, "b", vec!["b", "one-1"]));
    bench.sync(speaker("b", 2), &[("b", "B"), ("one-1", "A")]);
    let outcome = bench.join(&request("one-2", Some("one"), &["range"]));
    assert_eq!(
        outcome.joined("one-2").unwrap().as_ref().unwrap().generation,
        2,
        "it comes back to its place"
    );
    assert_eq!(
        bench.sync(speaker("one-2", 2), &[]).synced("one-2").unwrap().as_ref().unwrap().assignment,
        b"A"
    );
}

#[test]
fn a_leader_that_is_away_leads_no_more() {
    let mut bench = Bench::new();
    bench.join(&request("one-1", Some("one"), &["range"]));
    bench.sync(speaker("one-1", 1), &[]);
    bench.join(&request("b", None, &["range"]));
    let back = JoinRequest { member_id: "one-1".to_owned(), ..request("", Some("one"), &["range"]) };
    bench.join(&back);
    assert_eq!(
        (bench.group().state(), bench.group().leader()),
        (ClassicState::CompletingRebalance, Some("one-1"))
    );
    let (config, now) = (bench.config, TimestampMs(bench.now));
    let away = ["one-1".to_owned()];
    let _ = bench.groups.classic(G).unwrap().go_on_without(G, &away, &config, now);
    bench.join(&again("b"));
    let outcome = bench.groups.classic(G).unwrap().go_on_without(G, &away, &config, now);
    assert_eq!(outcome.joined("b").unwrap().as_ref().unwrap().leader, "b");
}
