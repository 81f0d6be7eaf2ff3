//! Offsets, and groups as they look from outside.

use super::member::{
    GROUP_ID_NOT_FOUND, GROUP_NOT_EMPTY, INVALID_GROUP_ID, Member, commit_request, given, group, parts, text,
    topic, with_topic,
};
use crate::support::{Served, Wire};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest,
    ListGroupsRequest, OffsetDeleteRequest, OffsetFetchRequest,
};
use kafka_protocol::protocol::StrBytes;

#[test]
fn offsets_are_committed_fetched_and_deleted_in_every_version() {
    let kt = with_topic(2);
    let server = Served::start(&kt, "");
    let mut client = server.connect();
    for version in 0..=6 {
        let request = FindCoordinatorRequest::default();
        let request = match version {
            0..=3 => request.with_key(text("g")),
            _ => request.with_coordinator_keys(vec![text("g"), text("h")]),
        };
        let answer = client.call(version, &request);
        let port = answer.coordinators.first().map_or(answer.port, |found| found.port);
        assert!(server.address.ends_with(&format!(":{port}")), "version {version}");
    }
    for version in 2..=9 {
        let answer = client.call(version, &commit_request("g", 1, i64::from(version)));
        assert_eq!(answer.topics[0].partitions[0].error_code, 0, "version {version}");
        let fetched = fetch(&mut client, version.clamp(1, 9), "g");
        assert_eq!(fetched, [(0, -1, String::new()), (1, i64::from(version), "note".to_owned())]);
    }
    for version in [2, 9] {
        let all = OffsetFetchRequest::default();
        let all = match version {
            2 => all.with_group_id(group("g")).with_topics(None),
            _ => all.with_groups(vec![
                OffsetFetchRequestGroup::default().with_group_id(group("g")).with_topics(None),
            ]),
        };
        let answer = client.call(version, &all);
        let known = answer.topics.iter().map(|topic| topic.name.to_string());
        let of_group = answer.groups.iter().flat_map(|group| &group.topics);
        let known: Vec<String> = known.chain(of_group.map(|topic| topic.name.to_string())).collect();
        assert_eq!(known, ["t"]);
    }
    let shown = kt.run("consumer-groups --describe --group g --offsets").lines().join(" ");
    assert!(shown.contains("9") && shown.contains("LAG"), "{shown}");
    let partition = OffsetDeleteRequestPartition::default().with_partition_index(1);
    let of_topic = OffsetDeleteRequestTopic::default().with_name(topic("t")).with_partitions(vec![partition]);
    let delete = OffsetDeleteRequest::default().with_group_id(group("g")).with_topics(vec![of_topic]);
    let answer = client.call(0, &delete);
    assert_eq!((answer.error_code, answer.topics[0].partitions[0].error_code), (0, 0));
    assert_eq!(fetch(&mut client, 9, "g")[1].1, -1);
}

#[test]
fn what_is_named_twice_is_answered_once() {
    let kt = with_topic(1);
    let server = Served::start(&kt, "");
    let mut client = server.connect();
    assert_eq!(client.call(9, &commit_request("g", 0, 1)).topics[0].partitions[0].error_code, 0);
    let named = || vec![group("g"), group("h"), group("g"), group("g")];
    let groups = named().into_iter().map(|id| OffsetFetchRequestGroup::default().with_group_id(id));
    let groups = groups.map(|group| group.with_topics(None)).collect();
    let fetched = client.call(9, &OffsetFetchRequest::default().with_groups(groups));
    let ids: Vec<&str> = fetched.groups.iter().map(|group| group.group_id.as_str()).collect();
    assert_eq!(ids, ["g", "h"]);
    assert_eq!(client.call(5, &DescribeGroupsRequest::default().with_groups(named())).groups.len(), 2);
    let request = ConsumerGroupDescribeRequest::default().with_group_ids(named());
    assert_eq!(client.call(1, &request).groups.len(), 2);
    let deleted = client.call(2, &DeleteGroupsRequest::default().with_groups_names(named()));
    let codes: Vec<i16> = deleted.results.iter().map(|result| result.error_code).collect();
    assert_eq!(codes, [0, GROUP_ID_NOT_FOUND]);
}

/// What a group has committed of the two partitions of `t`.
fn fetch(client: &mut Wire, version: i16, id: &str) -> Vec<(i32, i64, String)> {
    let request = match version {
        0..=7 => OffsetFetchRequest::default().with_group_id(group(id)).with_topics(Some(vec![
            OffsetFetchRequestTopic::default().with_name(topic("t")).with_partition_indexes(vec![0, 1]),
        ])),
        _ => OffsetFetchRequest::default().with_groups(vec![
            OffsetFetchRequestGroup::default().with_group_id(group(id)).with_topics(Some(vec![
                OffsetFetchRequestTopics::default().with_name(topic("t")).with_partition_indexes(vec![0, 1]),
            ])),
        ]),
    };
    let answer = client.call(version, &request);
    let metadata = |text: &Option<StrBytes>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    match version {
        0..=7 => answer.topics[0]
            .partitions
            .iter()
            .map(|one| (one.partition_index, one.committed_offset, metadata(&one.metadata)))
            .collect(),
        _ => answer.groups[0].topics[0]
            .partitions
            .iter()
            .map(|one| (one.partition_index, one.committed_offset, metadata(&one.metadata)))
            .collect(),
    }
}

#[test]
fn groups_are_listed_described_and_deleted() {
    let kt = with_topic(1);
    let server = Served::start(&kt, "");
    let mut member = Member::new(&server, "g");
    member.join(&[]);
    member.sync(&parts(&[(&member, &[0])])).unwrap();
    let mut client = server.connect();
    for version in 0..=5 {
        let listed = client.call(version, &ListGroupsRequest::default());
        let names: Vec<&str> = listed.groups.iter().map(|group| group.group_id.as_str()).collect();
        assert_eq!((listed.error_code, names), (0, vec!["g"]));
    }
    let empty = ListGroupsRequest::default().with_states_filter(vec![text("empty")]);
    assert!(client.call(5, &empty).groups.is_empty());
    let classic = ListGroupsRequest::default().with_types_filter(vec![text("Classic")]);
    assert_eq!(client.call(5, &classic).groups[0].group_state.as_str(), "Stable");
    for version in 0..=6 {
        let request = DescribeGroupsRequest::default().with_groups(vec![group("g"), group("none")]);
        let answer = client.call(version, &request);
        let (known, unknown) = (&answer.groups[0], &answer.groups[1]);
        assert_eq!((known.error_code, known.group_state.as_str(), known.members.len()), (0, "Stable", 1));
        assert_eq!(given(&known.members[0].member_assignment), [0]);
        assert_eq!(unknown.group_state.as_str(), "Dead");
        assert_eq!(unknown.error_code, if version < 6 { 0 } else { GROUP_ID_NOT_FOUND });
    }
    let described = client.call(1, &ConsumerGroupDescribeRequest::default().with_group_ids(vec![group("g")]));
    assert_eq!(described.groups[0].error_code, GROUP_ID_NOT_FOUND);
    let nameless = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group("")]);
    assert_eq!(client.call(1, &nameless).groups[0].error_code, INVALID_GROUP_ID);
    let delete = DeleteGroupsRequest::default().with_groups_names(vec![group("g"), group("none")]);
    let answer = client.call(2, &delete);
    assert_eq!(answer.results[0].error_code, GROUP_NOT_EMPTY);
    assert_eq!(answer.results[1].error_code, GROUP_ID_NOT_FOUND);
    member.leave();
    assert_eq!(client.call(2, &delete).results[0].error_code, 0);
    assert!(client.call(5, &ListGroupsRequest::default()).groups.is_empty());
}
