//! What an administrator asks of a server: every version of each request, and the answers' words.

use crate::support::{Kt, Served, Wire};
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Request, StrBytes};
use std::io::Write;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

fn new_topic(name: &str, partitions: i32) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(partitions)
        .with_replication_factor(1)
}

/// The versions of a request that the server advertises, each asked once.
#[track_caller]
fn all<Q: Request>(wire: &mut Wire, request: impl Fn(i16) -> Q) -> Vec<Q::Response> {
    let served = wire.call(3, &client_software());
    let api = served.api_keys.iter().find(|api| api.api_key == Q::KEY).expect("it is served");
    (api.min_version..=api.max_version).map(|version| wire.call(version, &request(version))).collect()
}

fn client_software() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(text("test"))
        .with_client_software_version(text("1"))
}

fn directory() -> Kt {
    let kt = Kt::new();
    kt.run("topics --create --topic demo --partitions 3").shows("Created topic demo.\n");
    kt
}

#[test]
fn metadata_tells_of_topics_by_name_by_id_and_all_in_every_version() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let named = |name| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
    let port: i32 = server.address.rsplit(':').next().unwrap().parse().unwrap();
    for answer in all(&mut wire, |_| MetadataRequest::default().with_topics(Some(vec![named("demo")]))) {
        assert_eq!((answer.brokers[0].node_id.0, answer.brokers[0].port), (1, port));
        let topic = &answer.topics[0];
        assert_eq!((topic.error_code, topic.partitions.len()), (0, 3));
        assert_eq!(
            (topic.partitions[2].leader_id.0, &topic.partitions[2].isr_nodes[..]),
            (1, &[BrokerId(1)][..])
        );
    }
    for version in [1, 12] {
        assert_eq!(wire.call(version, &MetadataRequest::default().with_topics(None)).topics.len(), 1);
    }
    let id = wire.call(13, &MetadataRequest::default().with_topics(None)).topics[0].topic_id;
    let by_id = MetadataRequestTopic::default().with_name(None).with_topic_id(id);
    let unknown = by_id.clone().with_topic_id(uuid::Uuid::from_u128(7));
    let answer = wire.call(13, &MetadataRequest::default().with_topics(Some(vec![by_id, unknown])));
    assert_eq!(answer.topics[0].name.as_ref().unwrap().as_str(), "demo");
    assert_eq!(answer.topics[1].error_code, 100, "UNKNOWN_TOPIC_ID");
}

#[test]
fn a_topic_that_a_producer_asks_for_comes_into_being() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let mut ask = |name, create| {
        let topic = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        let request =
            MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(create);
        let answer = wire.call(12, &request);
        (answer.topics[0].error_code, answer.topics[0].partitions.len())
    };
    assert_eq!(ask("new", false), (3, 0));
    assert_eq!(ask("new", true), (0, 1));
    assert_eq!(ask("no such name", true), (17, 0));
    kt.run("topics --list").shows("new\n");
}

#[test]
fn the_operations_that_are_allowed_are_told_when_asked_for() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let request = MetadataRequest::default().with_topics(None);
    let plain = wire.call(9, &request);
    assert_eq!(
        (plain.cluster_authorized_operations, plain.topics[0].topic_authorized_operations),
        (i32::MIN, i32::MIN)
    );
    let asked = request.with_include_topic_authorized_operations(true);
    let answer = wire.call(8, &asked.with_include_cluster_authorized_operations(true));
    assert_eq!(answer.topics[0].topic_authorized_operations, 0b1101_1111_1000);
    assert_eq!(answer.cluster_authorized_operations, 0b1_1111_1010_0000);
}

#[test]
fn partitions_come_in_pages() {
    let kt = directory();
    kt.run("topics --create --topic other --partitions 2").shows("Created topic other.\n");
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let mut cursor = None;
    let mut seen = Vec::new();
    loop {
        let request = DescribeTopicPartitionsRequest::default()
            .with_response_partition_limit(2)
            .with_cursor(cursor.take());
        let answer = wire.call(0, &request);
        for topic in &answer.topics {
            let name = topic.name.as_ref().unwrap().to_string();
            seen.extend(topic.partitions.iter().map(|p| format!("{name}-{}", p.partition_index)));
        }
        let Some(next) = answer.next_cursor else { break };
        cursor = Some(
            Cursor::default().with_topic_name(next.topic_name).with_partition_index(next.partition_index),
        );
    }
    assert_eq!(seen, ["demo-0", "demo-1", "demo-2", "other-0", "other-1"]);
    let topic = TopicRequest::default().with_name(topic_name("none"));
    let request =
        DescribeTopicPartitionsRequest::default().with_topics(vec![topic]).with_response_partition_limit(10);
    assert_eq!(wire.call(0, &request).topics[0].error_code, 3);
}

#[test]
fn a_topic_is_created_with_numbers_lists_and_settings_or_only_tried() {
    let kt = Kt::new();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let answers = all(&mut wire, |version| {
        let setting =
            CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text("5")));
        CreateTopicsRequest::default()
            .with_topics(vec![new_topic(&format!("t{version}"), 2).with_configs(vec![setting])])
    });
    assert!(answers.iter().all(|answer| answer.topics[0].error_code == 0));
    let last = &answers.last().unwrap().topics[0];
    assert_eq!((last.num_partitions, last.replication_factor), (2, 1));
    let configs = last.configs.as_ref().unwrap();
    let retention = configs.iter().find(|config| config.name.as_str() == "retention.ms").unwrap();
    assert_eq!((retention.value.as_deref(), retention.config_source), (Some("5"), 1));

    let mut create = |topic: CreatableTopic, validate_only| {
        let request =
            CreateTopicsRequest::default().with_topics(vec![topic]).with_validate_only(validate_only);
        let topic = wire.call(7, &request).topics.remove(0);
        (topic.error_code, topic.error_message.map(|message| message.to_string()).unwrap_or_default())
    };
    assert_eq!(create(new_topic("tried", 3), true), (0, String::new()));
    assert_eq!(create(new_topic("t2", 1), false), (36, "Topic 't2' already exists.".to_owned()));
    let assigned = |index| {
        CreatableReplicaAssignment::default().with_partition_index(index).with_broker_ids(vec![BrokerId(1)])
    };
    let listed = new_topic("listed", -1).with_replication_factor(-1);
    let gap = listed.clone().with_assignments(vec![assigned(0), assigned(2)]);
    assert_eq!(create(gap, false).1, "partitions should be a consecutive 0-based integer sequence");
    assert_eq!(create(listed.with_assignments(vec![assigned(1), assigned(0)]), false).0, 0);
    let twice = CreateTopicsRequest::default().with_topics(vec![new_topic("x", 1), new_topic("x", 2)]);
    let answer = wire.call(7, &twice);
    assert_eq!((answer.topics.len(), answer.topics[0].error_code), (1, 42));
    kt.run("topics --list").shows("listed\nt2\nt3\nt4\nt5\nt6\nt7\n");
}

#[test]
fn topics_grow_and_go_in_every_version() {
    let kt = directory();
    for version in 1..=6 {
        kt.run(format!("topics --create --topic t{version}")).success();
    }
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    for (version, answer) in (0..).zip(all(&mut wire, |version| {
        let topic = create_partitions_request::CreatePartitionsTopic::default()
            .with_name(topic_name("demo"))
            .with_count(4 + i32::from(version))
            .with_assignments(None);
        CreatePartitionsRequest::default().with_topics(vec![topic])
    })) {
        assert_eq!(answer.results[0].error_code, 0, "version {version}");
    }
    let answers = all(&mut wire, |version| {
        let name = topic_name(&format!("t{version}"));
        match version {
            6 => DeleteTopicsRequest::default()
                .with_topics(vec![DeleteTopicState::default().with_name(Some(name))]),
            _ => DeleteTopicsRequest::default().with_topic_names(vec![name]),
        }
    });
    assert!(answers.iter().all(|answer| answer.responses[0].error_code == 0));
    let id = wire.call(12, &MetadataRequest::default().with_topics(None)).topics[0].topic_id;
    let by_id = DeleteTopicState::default().with_topic_id(id);
    let mut delete = || {
        let request = DeleteTopicsRequest::default().with_topics(vec![by_id.clone()]);
        wire.call(6, &request).responses.remove(0)
    };
    let gone = delete();
    assert_eq!((gone.error_code, gone.name.unwrap().to_string()), (0, "demo".to_owned()));
    assert_eq!(delete().error_code, 100);
    kt.run("topics --list").shows("");
}

fn change(name: &str, operation: i8, value: Option<&str>) -> AlterableConfig {
    AlterableConfig::default()
        .with_name(text(name))
        .with_config_operation(operation)
        .with_value(value.map(text))
}

fn alter(resource_type: i8, name: &str, changes: Vec<AlterableConfig>) -> IncrementalAlterConfigsRequest {
    IncrementalAlterConfigsRequest::default().with_resources(vec![
        AlterConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(text(name))
            .with_configs(changes),
    ])
}

/// A setting of a resource: its value and the number of the place that it is from.
fn setting(wire: &mut Wire, resource_type: i8, name: &str, key: &str) -> Option<(String, i8)> {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configuration_keys(Some(vec![text(key)]));
    let answer = wire.call(4, &DescribeConfigsRequest::default().with_resources(vec![resource]));
    let config = answer.results[0].configs.first()?;
    Some((config.value.as_ref()?.to_string(), config.config_source))
}

#[test]
fn settings_are_set_taken_away_added_to_and_replaced() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let mut apply = |request: IncrementalAlterConfigsRequest| {
        let answer = wire.call(1, &request).responses.remove(0);
        (answer.error_code, answer.error_message.map(|message| message.to_string()).unwrap_or_default())
    };
    assert_eq!(apply(alter(2, "demo", vec![change("retention.ms", 0, Some("7"))])).0, 0);
    assert_eq!(apply(alter(2, "demo", vec![change("cleanup.policy", 2, Some("compact"))])).0, 0);
    assert_eq!(apply(alter(4, "", vec![change("log.cleaner.threads", 0, Some("2"))])).0, 0);
    assert_eq!(apply(alter(32, "g", vec![change("consumer.session.timeout.ms", 0, Some("46000"))])).0, 0);
    let tried = alter(2, "demo", vec![change("retention.ms", 1, None)]).with_validate_only(true);
    assert_eq!(apply(tried).0, 0);
    for (request, code, words) in [
        (alter(2, "none", vec![]), 3, "The topic 'none' does not exist."),
        (
            alter(2, "demo", vec![change("retention.ms", 0, None)]),
            42,
            "Null value not supported for : retention.ms",
        ),
        (
            alter(2, "demo", vec![change("retention.ms", 2, Some("1"))]),
            40,
            "Can't APPEND to key retention.ms because its type is not LIST.",
        ),
        (alter(3, "demo", vec![]), 42, "Unknown resource type 3"),
    ] {
        assert_eq!(apply(request), (code, words.to_owned()));
    }
    assert_eq!(setting(&mut wire, 2, "demo", "retention.ms"), Some(("7".to_owned(), 1)));
    assert_eq!(setting(&mut wire, 2, "demo", "cleanup.policy"), Some(("delete,compact".to_owned(), 1)));
    assert_eq!(setting(&mut wire, 4, "1", "log.cleaner.threads"), Some(("2".to_owned(), 3)));
    assert_eq!(setting(&mut wire, 32, "g", "consumer.session.timeout.ms"), Some(("46000".to_owned(), 8)));
    let whole = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("demo"))
        .with_configs(vec![
            alter_configs_request::AlterableConfig::default()
                .with_name(text("segment.bytes"))
                .with_value(Some(text("2000000"))),
        ]);
    for answer in all(&mut wire, |_| AlterConfigsRequest::default().with_resources(vec![whole.clone()])) {
        assert_eq!(answer.responses[0].error_code, 0);
    }
    assert_eq!(setting(&mut wire, 2, "demo", "retention.ms"), Some(("604800000".to_owned(), 5)));
    assert_eq!(setting(&mut wire, 2, "demo", "segment.bytes"), Some(("2000000".to_owned(), 1)));
}

#[test]
fn users_get_passwords_that_were_ground_by_the_client() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let upsert = |name: &str, iterations| {
        ScramCredentialUpsertion::default()
            .with_name(text(name))
            .with_mechanism(1)
            .with_iterations(iterations)
            .with_salt(vec![1; 16].into())
            .with_salted_password(vec![2; 32].into())
    };
    let request = AlterUserScramCredentialsRequest::default()
        .with_upsertions(vec![upsert("alice", 4096), upsert("bob", 5), upsert("carl", 8192)])
        .with_deletions(vec![ScramCredentialDeletion::default().with_name(text("dora")).with_mechanism(2)]);
    let answer = wire.call(0, &request);
    let told: Vec<(String, i16)> =
        answer.results.iter().map(|result| (result.user.to_string(), result.error_code)).collect();
    let expected = [("alice", 0), ("bob", 93), ("carl", 0), ("dora", 91)];
    assert_eq!(told, expected.map(|(user, code)| (user.to_owned(), code)));
    let described = wire.call(0, &DescribeUserScramCredentialsRequest::default().with_users(None));
    let rounds: Vec<i32> =
        described.results.iter().map(|result| result.credential_infos[0].iterations).collect();
    assert_eq!(rounds, [4096, 8192]);
}

#[test]
fn without_an_authorizer_there_are_no_acls_to_ask_for() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let any = |version: i16| {
        let _ = version;
        DescribeAclsRequest::default()
            .with_resource_type_filter(1)
            .with_pattern_type_filter(1)
            .with_operation(1)
            .with_permission_type(1)
    };
    for answer in all(&mut wire, any) {
        assert_eq!(
            (answer.error_code, answer.error_message.unwrap().as_str()),
            (54, "No Authorizer is configured.")
        );
    }
}

#[test]
fn every_version_of_every_other_request_is_answered() {
    let kt = directory();
    let server = Served::start(&kt, "");
    let mut wire = server.connect();
    let wire = &mut wire;
    let quorum = TopicData::default()
        .with_topic_name(topic_name("__cluster_metadata"))
        .with_partitions(vec![PartitionData::default()]);
    for answer in all(wire, |_| DescribeQuorumRequest::default().with_topics(vec![quorum.clone()])) {
        assert_eq!(answer.topics[0].partitions[0].leader_id.0, 1);
    }
    let cluster_id = wire.call(12, &MetadataRequest::default()).cluster_id.unwrap();
    for answer in all(wire, |_| DescribeClusterRequest::default()) {
        assert_eq!((answer.cluster_id.clone(), answer.brokers.len()), (cluster_id.clone(), 1));
    }
    for answer in all(wire, |_| DescribeLogDirsRequest::default().with_topics(None)) {
        assert_eq!(answer.results[0].topics[0].partitions.len(), 3);
    }
    let directory = &wire.call(4, &DescribeLogDirsRequest::default().with_topics(None)).results[0];
    assert!(directory.total_bytes > directory.usable_bytes && directory.usable_bytes >= 0);
    let demo = |version: i16| {
        let partitions = elect_leaders_request::TopicPartitions::default()
            .with_topic(topic_name("demo"))
            .with_partitions(vec![0, 9]);
        let _ = version;
        ElectLeadersRequest::default().with_topic_partitions(Some(vec![partitions]))
    };
    for answer in all(wire, demo) {
        let codes: Vec<i16> =
            answer.replica_election_results[0].partition_result.iter().map(|p| p.error_code).collect();
        assert_eq!(codes, [84, 3], "ELECTION_NOT_NEEDED, UNKNOWN_TOPIC_OR_PARTITION");
    }
    assert!(
        all(wire, |_| ListPartitionReassignmentsRequest::default().with_topics(None))[0].topics.is_empty()
    );
    for answer in all(wire, |_| AlterPartitionReassignmentsRequest::default()) {
        assert_eq!(answer.error_code, 0);
    }
    assert_eq!(all(wire, |_| AlterReplicaLogDirsRequest::default()).len(), 2);
    assert_eq!(all(wire, |_| DescribeClientQuotasRequest::default())[1].entries.as_ref().unwrap().len(), 0);
    assert_eq!(all(wire, |_| AlterClientQuotasRequest::default()).len(), 2);
    let bad = FeatureUpdateKey::default().with_feature(text("none")).with_max_version_level(1);
    for answer in all(wire, |_| UpdateFeaturesRequest::default().with_feature_updates(vec![bad.clone()])) {
        assert_eq!(answer.error_code, 95, "INVALID_UPDATE_VERSION");
    }
    assert_eq!(all(wire, |_| ListConfigResourcesRequest::default())[1].config_resources.len(), 3);
    assert_eq!(
        all(wire, |_| UnregisterBrokerRequest::default().with_broker_id(BrokerId(9)))[0].error_code,
        102
    );
    let voter = AddRaftVoterRequest::default().with_cluster_id(None).with_voter_id(2);
    assert_eq!(wire.call(0, &voter).error_code, 35);
    let mut newer = wire.frame(0, &voter);
    // Version 1, whose answer need not wait: one more byte before the tagged fields.
    newer[3] += 1;
    newer[7] = 1;
    newer.insert(newer.len() - 1, 0);
    wire.stream.write_all(&newer).unwrap();
    assert_eq!(wire.receive::<AddRaftVoterRequest>(0).error_code, 35);
    assert_eq!(
        all(wire, |_| RemoveRaftVoterRequest::default().with_cluster_id(None).with_voter_id(2))[0].error_code,
        42
    );
    assert_eq!(all(wire, |_| DescribeDelegationTokenRequest::default())[0].error_code, 61);
    assert_eq!(all(wire, |_| CreateDelegationTokenRequest::default())[0].error_code, 61);
    assert_eq!(all(wire, |_| RenewDelegationTokenRequest::default())[0].error_code, 61);
    assert_eq!(all(wire, |_| ExpireDelegationTokenRequest::default())[0].error_code, 61);
    assert_eq!(all(wire, |_| CreateAclsRequest::default()).len(), 3);
    assert_eq!(all(wire, |_| DeleteAclsRequest::default()).len(), 3);
}
