//! The classic protocol.

use super::member::{
    FENCED_INSTANCE_ID, GROUP_ID_NOT_FOUND, ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL,
    INVALID_GROUP_ID, INVALID_SESSION_TIMEOUT, Member, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID,
    UNKNOWN_TOPIC_OR_PARTITION, commit_request, group, parts, text, with_topic,
};
use crate::support::{Served, Wire, wait_until};
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{JoinGroupRequest, LeaveGroupRequest, OffsetCommitRequest};
use std::collections::BTreeMap;

#[test]
fn members_join_share_and_rebalance() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let (mut first, mut second) = (Member::new(&server, "g"), Member::new(&server, "g"));
    let joined = first.join(&[]);
    assert_eq!((joined.error_code, joined.generation_id, joined.members.len()), (0, 1, 1));
    assert_eq!((joined.leader.as_str(), joined.protocol_name), (first.id.as_str(), Some(text("range"))));
    assert_eq!(first.sync(&parts(&[(&first, &[0, 1])])), Ok(vec![0, 1]));
    assert_eq!(first.beat(), 0);
    second.send_join(&[]);
    wait_until("the rebalance", || first.beat() == REBALANCE_IN_PROGRESS);
    assert_eq!(first.commit(0, 5), 0, "what is let go of may be committed");
    let joined = first.join(&[]);
    assert_eq!((joined.generation_id, joined.members.len()), (2, 2));
    let other = second.joined();
    assert_eq!((other.generation_id, other.members.len(), other.leader.as_str()), (2, 0, first.id.as_str()));
    second.send_sync(&BTreeMap::new());
    assert_eq!(first.sync(&parts(&[(&first, &[0]), (&second, &[1])])), Ok(vec![0]));
    assert_eq!(second.synced(), Ok(vec![1]));
    assert_eq!((first.beat(), second.beat()), (0, 0));
    first.generation = 1;
    assert_eq!((first.beat(), first.commit(0, 6)), (ILLEGAL_GENERATION, ILLEGAL_GENERATION));
    assert_eq!(first.sync(&BTreeMap::new()), Err(ILLEGAL_GENERATION));
    first.generation = 2;
    assert_eq!(first.leave(), 0);
    assert_eq!((first.beat(), first.leave()), (UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID));
    assert_eq!(second.beat(), REBALANCE_IN_PROGRESS);
    assert_eq!(second.join(&[]).leader.as_str(), second.id);
    assert_eq!(server.end().status(), 0);
    assert!(kt.run("consumer-groups --list --state").success().text().contains("Empty"));
}

#[test]
fn what_makes_no_sense_is_refused_as_a_broker_refuses_it() {
    let kt = with_topic(1);
    let server = Served::start(&kt, "");
    let mut member = Member::new(&server, "g");
    let refused = |member: &mut Member, request: &JoinGroupRequest| {
        let answer = member.wire.call(9, request);
        assert_eq!(answer.generation_id, -1);
        answer.error_code
    };
    let request = member.join_request(&[]);
    let code = refused(&mut member, &request.clone().with_session_timeout_ms(5_999));
    assert_eq!(code, INVALID_SESSION_TIMEOUT);
    let code = refused(&mut member, &request.clone().with_protocols(Vec::new()));
    assert_eq!(code, INCONSISTENT_GROUP_PROTOCOL);
    let code = refused(&mut member, &request.clone().with_member_id(text("who")));
    assert_eq!(code, UNKNOWN_MEMBER_ID);
    let code = refused(&mut member, &request.clone().with_group_id(group("")));
    assert_eq!(code, INVALID_GROUP_ID);
    member.join(&[]);
    let mut other = Member::new(&server, "g");
    let request = other.join_request(&[]).with_protocol_type(text("connect"));
    assert_eq!(refused(&mut other, &request), INCONSISTENT_GROUP_PROTOCOL);
    // Before version 4 nobody was asked to come again with an id.
    let joined = other.wire.call(3, &other.join_request(&[]).with_group_id(group("old")));
    assert_eq!((joined.error_code, joined.generation_id), (0, 1));
    // Nobody's commits of what isn't there.
    let code = |wire: &mut Wire, request: &OffsetCommitRequest| {
        wire.call(2, request).topics[0].partitions[0].error_code
    };
    assert_eq!(code(&mut member.wire, &commit_request("g", 1, 1)), UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(code(&mut member.wire, &commit_request("g", 0, 1)), UNKNOWN_MEMBER_ID);
    assert_eq!(code(&mut member.wire, &commit_request("simple", 0, 1)), 0);
    let of_nobody = commit_request("nobody", 0, 1).with_generation_id_or_member_epoch(1);
    for (version, expected) in [(2, ILLEGAL_GENERATION), (8, ILLEGAL_GENERATION), (9, GROUP_ID_NOT_FOUND)] {
        let answer = member.wire.call(version, &of_nobody);
        assert_eq!(answer.topics[0].partitions[0].error_code, expected, "version {version}");
    }
}

#[test]
fn a_static_member_comes_back_without_a_rebalance_and_fences_its_former_self() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let mut member = Member::new(&server, "g");
    member.instance_id = Some("one");
    assert_eq!(member.join(&[]).error_code, 0);
    assert_eq!(member.sync(&parts(&[(&member, &[0, 1])])), Ok(vec![0, 1]));
    let mut again = Member::new(&server, "g");
    again.instance_id = Some("one");
    let joined = again.join(&[]);
    assert_eq!((joined.error_code, joined.generation_id, joined.skip_assignment), (0, 1, true));
    assert_ne!(again.id, member.id);
    assert_eq!(again.sync(&BTreeMap::new()), Ok(vec![0, 1]));
    assert_eq!((again.beat(), member.beat()), (0, FENCED_INSTANCE_ID));
    let named = MemberIdentity::default().with_group_instance_id(Some(text("one")));
    let request = LeaveGroupRequest::default().with_group_id(group("g")).with_members(vec![named]);
    assert_eq!(again.wire.call(3, &request).members[0].error_code, 0);
    assert_eq!(again.beat(), UNKNOWN_MEMBER_ID);
}

#[test]
fn a_member_that_gives_no_sign_of_life_is_thrown_out() {
    let kt = with_topic(1);
    let server = Served::start(&kt, "");
    let mut silent = Member::new(&server, "g");
    silent.send_join(&[]);
    silent.joined();
    silent.sync(&parts(&[(&silent, &[0])])).unwrap();
    let mut other = Member::new(&server, "g");
    other.send_join(&[]);
    // The rebalance waits for the silent one, whose session ends first.
    let joined = other.joined();
    assert_eq!((joined.error_code, joined.leader.as_str(), joined.members.len()), (0, other.id.as_str(), 1));
    assert_eq!(silent.beat(), UNKNOWN_MEMBER_ID);
}
