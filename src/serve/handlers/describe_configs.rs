//! DescribeConfigs: the settings of topics, brokers, their loggers, groups and subscriptions to clients' metrics. What a
//! setting is for is not told: those words are in Kafka's documentation.

use crate::client::{self, ConfigEntry, ConfigResource, ConfigSource, Error, ValueType};
use crate::serve::call::Call;
use crate::serve::once::once;
use crate::serve::wire;
use crate::types::ErrorCode;
use crate::types::acl::AclOperation;
use crate::types::config::topic_configs;
use kafka_protocol::messages::describe_configs_request::{DescribeConfigsRequest, DescribeConfigsResource};
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
};

pub(in crate::serve) fn handle(call: &Call, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let admin = call.context.cluster.admin();
    let access = call.access();
    let named =
        |resource: &&DescribeConfigsResource| (resource.resource_type, resource.resource_name.clone());
    let results = once(&request.resources, named).map(|resource| {
        let described = own_resource(resource.resource_type, &resource.resource_name)
            .ok_or_else(|| unsupported(resource.resource_type))
            .and_then(|own| {
                access.settings(AclOperation::DescribeConfigs, &own)?;
                admin.describe_configs(&own)
            });
        result(resource, described.map(in_kafkas_order), request.include_synonyms)
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

/// A topic's settings in the order in which a broker's map has them: clients show them in the order of a map of their own,
/// which depends on it.
fn in_kafkas_order(mut entries: Vec<ConfigEntry>) -> Vec<ConfigEntry> {
    let place = |entry: &ConfigEntry| topic_configs().iter().position(|def| def.name == entry.name);
    if entries.iter().all(|entry| place(entry).is_some()) {
        entries.sort_by_key(place);
    }
    entries
}

/// The resource of a type's number; `None` for one that has no settings.
pub(in crate::serve) fn own_resource(resource_type: i8, name: &str) -> Option<ConfigResource> {
    let name = name.to_owned();
    match resource_type {
        2 => Some(ConfigResource::Topic(name)),
        4 => Some(ConfigResource::Broker(name)),
        8 => Some(ConfigResource::BrokerLogger(name)),
        16 => Some(ConfigResource::ClientMetrics(name)),
        32 => Some(ConfigResource::Group(name)),
        _ => None,
    }
}

fn unsupported(resource_type: i8) -> Error {
    Error::new(ErrorCode::InvalidRequest, format!("Unsupported resource type: {resource_type}"))
}

fn result(
    resource: &DescribeConfigsResource,
    described: client::Result<Vec<ConfigEntry>>,
    with_synonyms: bool,
) -> DescribeConfigsResult {
    let (code, message) = match &described {
        // A broker has no words for it, and says so.
        Err(error) if error.code == ErrorCode::UnknownTopicOrPartition => {
            (error.code.code(), Some(wire::text("")))
        }
        described => wire::outcome(described),
    };
    let keys = resource.configuration_keys.as_ref().filter(|keys| !keys.is_empty());
    let entries = described.unwrap_or_default().into_iter();
    let wanted = entries.filter(|entry| keys.is_none_or(|keys| keys.iter().any(|key| **key == *entry.name)));
    DescribeConfigsResult::default()
        .with_error_code(code)
        .with_error_message(message)
        .with_resource_type(resource.resource_type)
        .with_resource_name(resource.resource_name.clone())
        .with_configs(wanted.map(|entry| config(entry, with_synonyms)).collect())
}

fn config(entry: ConfigEntry, with_synonyms: bool) -> DescribeConfigsResourceResult {
    let synonyms = entry.synonyms.into_iter().filter(|_| with_synonyms).map(|synonym| {
        DescribeConfigsSynonym::default()
            .with_name(wire::text(synonym.name))
            .with_value(synonym.value.map(wire::text))
            .with_source(source_code(synonym.source))
    });
    DescribeConfigsResourceResult::default()
        .with_name(wire::text(entry.name))
        .with_value(entry.value.map(wire::text))
        .with_read_only(entry.read_only)
        .with_config_source(source_code(entry.source))
        .with_is_sensitive(entry.sensitive)
        .with_synonyms(synonyms.collect())
        .with_config_type(type_code(entry.value_type))
}

/// The number of a value's origin.
pub(in crate::serve) const fn source_code(source: ConfigSource) -> i8 {
    match source {
        ConfigSource::DynamicTopic => 1,
        ConfigSource::DynamicBroker => 2,
        ConfigSource::DynamicDefaultBroker => 3,
        ConfigSource::StaticBroker => 4,
        ConfigSource::Default => 5,
        ConfigSource::DynamicBrokerLogger => 6,
        ConfigSource::DynamicClientMetrics => 7,
        ConfigSource::DynamicGroup => 8,
    }
}

const fn type_code(value_type: ValueType) -> i8 {
    match value_type {
        ValueType::Unknown => 0,
        ValueType::Boolean => 1,
        ValueType::Text => 2,
        ValueType::Int => 3,
        ValueType::Short => 4,
        ValueType::Long => 5,
        ValueType::Double => 6,
        ValueType::List => 7,
        ValueType::Password => 9,
    }
}
