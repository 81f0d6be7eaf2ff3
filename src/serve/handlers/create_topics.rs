//! CreateTopics: each topic is created whole or not at all, whatever becomes of the others.

use crate::client::{self, Admin, ConfigEntry, CreatedTopic, Error, NewTopic};
use crate::serve::call::Call;
use crate::serve::handlers::describe_configs::source_code;
use crate::serve::once::once;
use crate::serve::wire;
use crate::types::acl::AclOperation;
use crate::types::{BrokerId, ErrorCode};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreateTopicsRequest};
use kafka_protocol::messages::create_topics_response::{
    CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponse,
};
use std::collections::{BTreeMap, HashMap};

pub(in crate::serve) fn handle(call: &Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let cluster = &call.context.cluster;
    let admin = if request.validate_only { cluster.trial_admin() } else { cluster.admin() };
    let access = call.access();
    let mut times_named: HashMap<&str, usize> = HashMap::new();
    for topic in &request.topics {
        *times_named.entry(topic.name.as_str()).or_default() += 1;
    }
    let mut results: Vec<CreatableTopicResult> = Vec::with_capacity(times_named.len());
    for topic in once(&request.topics, |topic| topic.name.clone()) {
        let outcome = match times_named.get(topic.name.as_str()).is_some_and(|&times| times > 1) {
            true => Err(Error::new(ErrorCode::InvalidRequest, "Duplicate topic name.")),
            false => access.create_topic(&topic.name).and_then(|()| create(&*admin, topic)),
        };
        let result = result(topic, outcome);
        results.push(match access.topic(AclOperation::DescribeConfigs, &topic.name) {
            Err(error) if result.error_code == 0 => without_settings(result, error.code),
            _ => result,
        });
    }
    CreateTopicsResponse::default().with_topics(results)
}

fn create(admin: &dyn Admin, topic: &CreatableTopic) -> client::Result<CreatedTopic> {
    let configs = topic.configs.iter().filter_map(|config| {
        let value = config.value.as_ref()?;
        Some((config.name.to_string(), value.to_string()))
    });
    admin.create_topic(&NewTopic {
        name: topic.name.to_string(),
        partitions: (topic.num_partitions != -1).then_some(topic.num_partitions),
        replication_factor: (topic.replication_factor != -1).then_some(topic.replication_factor),
        assignments: assignments(topic)?,
        configs: configs.collect(),
    })
}

/// The replicas that the request lists, in the order of the partitions.
fn assignments(topic: &CreatableTopic) -> client::Result<Option<Vec<Vec<BrokerId>>>> {
    if topic.assignments.is_empty() {
        return Ok(None);
    }
    let given = |what: &str| {
        let message = format!("A manual partition assignment was specified, but {what} was not set to -1.");
        Err(Error::new(ErrorCode::InvalidRequest, message))
    };
    if topic.replication_factor != -1 {
        return given("replication factor");
    }
    if topic.num_partitions != -1 {
        return given("numPartitions");
    }
    let mut lists = BTreeMap::new();
    for assignment in &topic.assignments {
        let partition = assignment.partition_index;
        if lists.insert(partition, wire::broker_ids(&assignment.broker_ids)).is_some() {
            let message = format!("Found multiple manual partition assignments for partition {partition}");
            return Err(Error::new(ErrorCode::InvalidReplicaAssignment, message));
        }
    }
    if (0..).zip(lists.keys()).any(|(expected, partition)| *partition != expected) {
        let message = "partitions should be a consecutive 0-based integer sequence";
        return Err(Error::new(ErrorCode::InvalidReplicaAssignment, message));
    }
    Ok(Some(lists.into_values().collect()))
}

fn result(topic: &CreatableTopic, outcome: client::Result<CreatedTopic>) -> CreatableTopicResult {
    let result = CreatableTopicResult::default().with_name(topic.name.clone());
    match outcome {
        Ok(created) => result
            .with_topic_id(wire::uuid(created.id))
            .with_num_partitions(i32::try_from(created.partition_count).unwrap_or(i32::MAX))
            .with_replication_factor(i16::try_from(created.replication_factor).unwrap_or(i16::MAX))
            .with_configs(Some(created.configs.into_iter().map(config).collect())),
        Err(error) => result
            .with_error_code(error.code.code())
            .with_error_message(wire::message(&error))
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(Some(Vec::new())),
    }
}

/// For one who may make topics, but not see their settings.
fn without_settings(result: CreatableTopicResult, code: ErrorCode) -> CreatableTopicResult {
    result
        .with_topic_config_error_code(code.code())
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_configs(Some(Vec::new()))
}

fn config(entry: ConfigEntry) -> CreatableTopicConfigs {
    CreatableTopicConfigs::default()
        .with_name(wire::text(entry.name))
        .with_value(entry.value.map(wire::text))
        .with_read_only(entry.read_only)
        .with_config_source(source_code(entry.source))
        .with_is_sensitive(entry.sensitive)
}
