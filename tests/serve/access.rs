//! Access control entries: who may do what, and how others are refused.

use super::records::{NOBODY, batch, name};
use crate::support::{Kt, Served, Wire};
use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};
use kafka_protocol::messages::describe_configs_request::{DescribeConfigsRequest, DescribeConfigsResource};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchRequest, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use kafka_protocol::messages::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeAclsRequest, DescribeClusterRequest, DescribeGroupsRequest,
    FindCoordinatorRequest, GroupId, HeartbeatRequest, InitProducerIdRequest, JoinGroupRequest,
    ListGroupsRequest, SaslAuthenticateRequest, SaslHandshakeRequest, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
const GROUP_AUTHORIZATION_FAILED: i16 = 30;
const CLUSTER_AUTHORIZATION_FAILED: i16 = 31;
const TRANSACTIONAL_ID_AUTHORIZATION_FAILED: i16 = 53;

fn log_in(server: &Served, user: &str) -> Wire {
    let mut client = server.connect();
    let handshake = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str("PLAIN"));
    assert_eq!(client.call(1, &handshake).error_code, 0);
    let token = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(format!("\0{user}\0pw")));
    assert_eq!(client.call(2, &token).error_code, 0);
    client
}

/// A directory with the topic `t`, and a server that asks who somebody is.
fn start(options: &str) -> (Kt, Served) {
    let kt = Kt::new();
    kt.run("topics --create --topic t").shows("Created topic t.\n");
    let users = kt.work().join("users");
    std::fs::write(&users, "alice:pw\nbob:pw\nadmin:pw\n").unwrap();
    std::fs::set_permissions(&users, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let options =
        format!("serve --listen SASL_PLAINTEXT://localhost:0 --users {} {options}", users.display());
    let server = Served::of(kt.start(options));
    (kt, server)
}

fn allow(kt: &Kt, rest: &str) {
    kt.run(format!("acls --add --allow-principal User:alice {rest}")).success_with_notes();
}

fn group(id: &'static str) -> GroupId {
    GroupId(StrBytes::from_static_str(id))
}

fn produce(client: &mut Wire, transactional_id: Option<&'static str>) -> i16 {
    let data = PartitionProduceData::default().with_records(Some(batch(&["v"], NOBODY)));
    let topic = TopicProduceData::default().with_name(name("t")).with_partition_data(vec![data]);
    let request = ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(60_000)
        .with_transactional_id(transactional_id.map(|id| TransactionalId(StrBytes::from_static_str(id))))
        .with_topic_data(vec![topic]);
    client.call(9, &request).responses[0].partition_responses[0].error_code
}

fn fetch(client: &mut Wire) -> i16 {
    let partition = FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(name("t")).with_partitions(vec![partition]);
    let request = FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![topic]);
    client.call(12, &request).responses[0].partitions[0].error_code
}

fn list_offsets(client: &mut Wire) -> i16 {
    let partition = ListOffsetsPartition::default().with_timestamp(-1);
    let topic = ListOffsetsTopic::default().with_name(name("t")).with_partitions(vec![partition]);
    client.call(7, &ListOffsetsRequest::default().with_topics(vec![topic])).topics[0].partitions[0].error_code
}

fn commit(client: &mut Wire) -> i16 {
    let partition = OffsetCommitRequestPartition::default();
    let topic = OffsetCommitRequestTopic::default().with_name(name("t")).with_partitions(vec![partition]);
    let request = OffsetCommitRequest::default()
        .with_group_id(group("g"))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic]);
    client.call(8, &request).topics[0].partitions[0].error_code
}

fn create(client: &mut Wire, topic: &str) -> i16 {
    let topic =
        CreatableTopic::default().with_name(name(topic)).with_num_partitions(1).with_replication_factor(1);
    client.call(5, &CreateTopicsRequest::default().with_timeout_ms(60_000).with_topics(vec![topic])).topics[0]
        .error_code
}

/// The names of all topics that a client may see, and the answer to the question for `t`.
fn metadata(client: &mut Wire) -> (Vec<String>, i16) {
    let all = client.call(9, &MetadataRequest::default().with_topics(None));
    let names = all.topics.iter().map(|topic| topic.name.as_ref().unwrap().to_string()).collect();
    let wanted = MetadataRequestTopic::default().with_name(Some(name("t")));
    let one = client.call(9, &MetadataRequest::default().with_topics(Some(vec![wanted])));
    (names, one.topics[0].error_code)
}

#[test]
fn who_is_permitted_nothing_sees_and_does_nothing() {
    let (_kt, server) = start("--super-users User:admin");
    let mut alice = log_in(&server, "alice");
    assert_eq!(metadata(&mut alice), (Vec::new(), TOPIC_AUTHORIZATION_FAILED));
    assert_eq!(produce(&mut alice, None), TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(produce(&mut alice, Some("x")), TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert_eq!(fetch(&mut alice), TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(list_offsets(&mut alice), TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(commit(&mut alice), GROUP_AUTHORIZATION_FAILED);
    assert_eq!(create(&mut alice, "new"), TOPIC_AUTHORIZATION_FAILED);
    let find = FindCoordinatorRequest::default().with_key(StrBytes::from_static_str("g"));
    assert_eq!(alice.call(3, &find).error_code, GROUP_AUTHORIZATION_FAILED);
    let join = JoinGroupRequest::default().with_group_id(group("g")).with_session_timeout_ms(6000);
    assert_eq!(alice.call(5, &join).error_code, GROUP_AUTHORIZATION_FAILED);
    let heartbeat = HeartbeatRequest::default().with_group_id(group("g"));
    assert_eq!(alice.call(4, &heartbeat).error_code, GROUP_AUTHORIZATION_FAILED);
    let describe = DescribeGroupsRequest::default().with_groups(vec![group("g")]);
    assert_eq!(alice.call(5, &describe).groups[0].error_code, GROUP_AUTHORIZATION_FAILED);
    let delete = DeleteGroupsRequest::default().with_groups_names(vec![group("g")]);
    assert_eq!(alice.call(2, &delete).results[0].error_code, GROUP_AUTHORIZATION_FAILED);
    let init = InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(1000);
    assert_eq!(alice.call(4, &init).error_code, CLUSTER_AUTHORIZATION_FAILED);
    let acls = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_pattern_type_filter(1)
        .with_operation(1)
        .with_permission_type(1);
    assert_eq!(alice.call(3, &acls).error_code, CLUSTER_AUTHORIZATION_FAILED);
    let resource = |kind, name: &'static str| {
        DescribeConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(StrBytes::from_static_str(name))
    };
    let configs = DescribeConfigsRequest::default().with_resources(vec![resource(2, "t"), resource(4, "1")]);
    let codes: Vec<i16> = alice.call(4, &configs).results.iter().map(|result| result.error_code).collect();
    assert_eq!(codes, [TOPIC_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED]);
    let operations = DescribeClusterRequest::default().with_include_cluster_authorized_operations(true);
    assert_eq!(alice.call(1, &operations).cluster_authorized_operations, 0);

    let mut admin = log_in(&server, "admin");
    assert_eq!(metadata(&mut admin), (vec!["t".to_owned()], 0));
    assert_eq!((produce(&mut admin, None), fetch(&mut admin), commit(&mut admin)), (0, 0, 0));
    assert_eq!(create(&mut admin, "new"), 0);
}

#[test]
fn an_entry_counts_from_the_moment_at_which_it_is_made() {
    let (kt, server) = start("--acls");
    let mut alice = log_in(&server, "alice");
    let mut bob = log_in(&server, "bob");
    assert_eq!(produce(&mut alice, None), TOPIC_AUTHORIZATION_FAILED);
    allow(&kt, "--operation Write --topic t");
    assert_eq!((produce(&mut alice, None), produce(&mut bob, None)), (0, TOPIC_AUTHORIZATION_FAILED));
    assert_eq!(metadata(&mut alice), (vec!["t".to_owned()], 0), "who may write may look");
    let init = InitProducerIdRequest::default().with_transactional_id(None).with_transaction_timeout_ms(1000);
    assert_eq!(alice.call(4, &init).error_code, 0, "who may write something may have an id");
    assert_eq!(fetch(&mut alice), TOPIC_AUTHORIZATION_FAILED);
    allow(&kt, "--operation Read --topic t --resource-pattern-type prefixed");
    assert_eq!(fetch(&mut alice), 0);
    allow(&kt, "--operation Read --group g");
    assert_eq!(commit(&mut alice), 0);
    let groups = alice.call(4, &ListGroupsRequest::default()).groups;
    assert_eq!(groups.iter().map(|group| group.group_id.as_str()).collect::<Vec<_>>(), ["g"]);
    assert!(bob.call(4, &ListGroupsRequest::default()).groups.is_empty());
    kt.run("acls --add --deny-principal User:alice --operation Write --topic t").success_with_notes();
    assert_eq!(produce(&mut alice, None), TOPIC_AUTHORIZATION_FAILED, "a denial counts before all else");
}

#[test]
fn what_no_entry_is_about_may_be_open() {
    let (kt, server) = start("--acls --override allow.everyone.if.no.acl.found=true");
    let mut bob = log_in(&server, "bob");
    assert_eq!((produce(&mut bob, None), fetch(&mut bob)), (0, 0));
    allow(&kt, "--operation Read --topic t");
    assert_eq!(
        (produce(&mut bob, None), fetch(&mut bob)),
        (TOPIC_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED)
    );
}
