//! Admin calls about configurations: where each value comes from, and changes of them.

use super::cluster::Cluster;
use super::loggers;
use crate::client::{
    self, AlterConfigOp, ConfigEntry, ConfigResource, ConfigSource, ConfigSynonym, ConfiguredKind, Result,
    ValueType,
};
use crate::metadata::{self, ConfigChange, ConfigKind, ConfigLevel, Image, Setting};
use crate::types::config::{Change, ConfigType, broker_config, group_configs, topic_config};
use crate::types::{BrokerId, ErrorCode};

pub(super) fn describe(cluster: &Cluster, resource: &ConfigResource) -> Result<Vec<ConfigEntry>> {
    let broker = cluster.broker().id;
    let settings = match resource {
        ConfigResource::Topic(name) => {
            let settings = cluster.with_image(|image| {
                image.topics().get(name).map(|_| metadata::topic_settings(image, name, broker))
            })?;
            settings.ok_or_else(|| client::Error::of(ErrorCode::UnknownTopicOrPartition))?
        }
        ConfigResource::Broker(name) if name.is_empty() => {
            cluster.with_image(metadata::broker_default_settings)?
        }
        ConfigResource::Broker(name) => describe_broker(cluster, name)?,
        ConfigResource::Group(name) => cluster.with_image(|image| metadata::group_settings(image, name))?,
        ConfigResource::BrokerLogger(name) => return loggers::describe(cluster, name),
        ConfigResource::ClientMetrics(name) => {
            cluster.with_image(|image| metadata::client_metrics_settings(image, name))?
        }
    };
    let kind = kind_of(resource);
    Ok(settings.into_iter().map(|setting| entry(setting, kind)).collect())
}

/// A topic's settings as they are told.
pub(super) fn topic_entries(settings: Vec<Setting>) -> Vec<ConfigEntry> {
    settings.into_iter().map(|setting| entry(setting, ConfigKind::TOPIC)).collect()
}

/// As what the resource stands in the metadata; the loggers of a broker don't.
const fn kind_of(resource: &ConfigResource) -> ConfigKind {
    match resource {
        ConfigResource::Topic(_) => ConfigKind::TOPIC,
        ConfigResource::Broker(_) | ConfigResource::BrokerLogger(_) => ConfigKind::BROKER,
        ConfigResource::Group(_) => ConfigKind::GROUP,
        ConfigResource::ClientMetrics(_) => ConfigKind::CLIENT_METRICS,
    }
}

/// The type of a configuration, and whether it is fixed while a broker runs.
fn facts(kind: ConfigKind, name: &str) -> (ValueType, bool) {
    match kind {
        ConfigKind::TOPIC => (value_type(topic_config(name).map(|def| &def.kind)), false),
        ConfigKind::BROKER => {
            let def = broker_config(name);
            (value_type(def.map(|def| &def.kind)), def.is_some_and(|def| def.change == Change::Never))
        }
        ConfigKind::GROUP => {
            let def = group_configs().iter().find(|def| def.name == name);
            (value_type(def.map(|def| &def.kind)), false)
        }
        _ => (client_metrics_type(name), false),
    }
}

const fn value_type(kind: Option<&ConfigType>) -> ValueType {
    match kind {
        None => ValueType::Unknown,
        Some(ConfigType::Int { .. } | ConfigType::GzipLevel) => ValueType::Int,
        Some(ConfigType::Long { .. }) => ValueType::Long,
        Some(ConfigType::Short) => ValueType::Short,
        Some(ConfigType::Double { .. }) => ValueType::Double,
        Some(ConfigType::Boolean) => ValueType::Boolean,
        Some(ConfigType::ListOf(_) | ConfigType::ThrottledReplicas | ConfigType::List) => ValueType::List,
        Some(ConfigType::OneOf(_) | ConfigType::OffsetReset | ConfigType::Text) => ValueType::Text,
        Some(ConfigType::Password) => ValueType::Password,
    }
}

fn client_metrics_type(name: &str) -> ValueType {
    match name {
        "interval.ms" => ValueType::Int,
        "match" | "metrics" => ValueType::List,
        _ => ValueType::Unknown,
    }
}

fn describe_broker(cluster: &Cluster, name: &str) -> Result<Vec<Setting>> {
    let unknown = || {
        client::Error::new(
            ErrorCode::InvalidRequest,
            format!("Unexpected broker id, there is no broker {name}"),
        )
    };
    let broker = name.parse().map(BrokerId).map_err(|_| unknown())?;
    let statics = statics(cluster, broker);
    let settings = cluster.with_image(|image| {
        image.brokers().get(&broker).map(|_| metadata::broker_settings(image, broker, &statics))
    })?;
    settings.ok_or_else(unknown)
}

/// What the file would say with which a broker is started on this directory.
fn statics(cluster: &Cluster, broker: BrokerId) -> Vec<(&'static str, String)> {
    let mut statics = vec![
        ("broker.id", broker.to_string()),
        ("node.id", broker.to_string()),
        ("num.partitions", "1".to_owned()),
        ("process.roles", "broker,controller".to_owned()),
    ];
    if cluster.broker().id == broker {
        statics.push(("log.dirs", cluster.broker().dir.display().to_string()));
    }
    statics
}

const fn source(level: ConfigLevel) -> ConfigSource {
    match level {
        ConfigLevel::Topic => ConfigSource::DynamicTopic,
        ConfigLevel::Group => ConfigSource::DynamicGroup,
        ConfigLevel::ClientMetrics => ConfigSource::DynamicClientMetrics,
        ConfigLevel::Broker => ConfigSource::DynamicBroker,
        ConfigLevel::ClusterDefault => ConfigSource::DynamicDefaultBroker,
        ConfigLevel::Static => ConfigSource::StaticBroker,
        ConfigLevel::Default => ConfigSource::Default,
    }
}

fn entry(setting: Setting, kind: ConfigKind) -> ConfigEntry {
    let (value_type, read_only) = facts(kind, &setting.name);
    let synonyms = setting.places.into_iter().map(|place| ConfigSynonym {
        name: place.name.into_owned(),
        value: place.value,
        source: source(place.level),
    });
    ConfigEntry {
        name: setting.name.into_owned(),
        value: setting.value,
        source: source(setting.level),
        sensitive: setting.sensitive,
        read_only,
        value_type,
        synonyms: synonyms.collect(),
    }
}

pub(super) fn list_configured(cluster: &Cluster, kind: ConfiguredKind) -> Result<Vec<String>> {
    let kind = match kind {
        ConfiguredKind::Group => ConfigKind::GROUP,
        ConfiguredKind::ClientMetrics => ConfigKind::CLIENT_METRICS,
    };
    let names = cluster.with_image(|image| {
        let configured = image.configured().filter(|(of, _, _)| *of == kind);
        configured.map(|(_, name, _)| name.to_owned()).collect()
    })?;
    Ok(names)
}

pub(super) fn alter(cluster: &Cluster, resource: &ConfigResource, ops: &[AlterConfigOp]) -> Result<()> {
    let (kind, name) = match resource {
        ConfigResource::BrokerLogger(name) => return loggers::alter(cluster, name, ops),
        resource => (kind_of(resource), name_of(resource)),
    };
    cluster.update(|image| {
        let changes = ops.iter().map(|op| change(image, kind, name, op)).collect::<Result<Vec<_>>>()?;
        Ok((planned(image, kind, name, &changes)?, ()))
    })
}

/// Makes `configs` the resource's only settings: all others that it has are taken away.
pub(super) fn replace(
    cluster: &Cluster,
    resource: &ConfigResource,
    configs: &[(String, String)],
) -> Result<()> {
    if let ConfigResource::BrokerLogger(_) = resource {
        let message = "Unknown resource type BROKER_LOGGER";
        return Err(client::Error::new(ErrorCode::InvalidRequest, message));
    }
    let (kind, name) = (kind_of(resource), name_of(resource));
    cluster.update(|image| {
        let given = configs.iter().map(|(key, value)| (key.clone(), Some(value.clone())));
        let present = image.settings(kind, name).into_iter().flatten();
        let gone = present.filter(|(key, _)| configs.iter().all(|(given, _)| given != *key));
        let changes: Vec<OwnedChange> = given.chain(gone.map(|(key, _)| (key.clone(), None))).collect();
        Ok((planned(image, kind, name, &changes)?, ()))
    })
}

/// A key with its new value.
type OwnedChange = (String, Option<String>);

fn planned(
    image: &Image,
    kind: ConfigKind,
    name: &str,
    changes: &[OwnedChange],
) -> Result<Vec<metadata::Record>> {
    let changes: Vec<ConfigChange<'_>> =
        changes.iter().map(|(name, value)| ConfigChange { name, value: value.as_deref() }).collect();
    Ok(metadata::alter_configs(image, kind, name, &changes)?)
}

fn name_of(resource: &ConfigResource) -> &str {
    match resource {
        ConfigResource::Topic(name)
        | ConfigResource::Broker(name)
        | ConfigResource::Group(name)
        | ConfigResource::ClientMetrics(name)
        | ConfigResource::BrokerLogger(name) => name,
    }
}

/// What an operation comes to.
fn change(image: &Image, kind: ConfigKind, resource: &str, op: &AlterConfigOp) -> Result<OwnedChange> {
    let (key, words, verb) = match op {
        AlterConfigOp::Set(key, value) => return Ok((key.clone(), Some(value.clone()))),
        AlterConfigOp::Delete(key) => return Ok((key.clone(), None)),
        AlterConfigOp::Append(key, words) => (key, words, "APPEND"),
        AlterConfigOp::Subtract(key, words) => (key, words, "SUBTRACT"),
    };
    if facts(kind, key).0 != ValueType::List {
        let message = format!("Can't {verb} to key {key} because its type is not LIST.");
        return Err(client::Error::new(ErrorCode::InvalidConfig, message));
    }
    let present = image.setting(kind, resource, key).or_else(|| default_of(kind, key)).unwrap_or_default();
    let mut list = words_of(present);
    let words = words_of(words);
    if let AlterConfigOp::Append(..) = op {
        for word in words {
            if !list.contains(&word) {
                list.push(word);
            }
        }
    } else {
        list.retain(|word| !words.contains(word));
    }
    Ok((key.clone(), Some(list.join(","))))
}

fn words_of(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

fn default_of(kind: ConfigKind, key: &str) -> Option<&'static str> {
    match kind {
        ConfigKind::TOPIC => topic_config(key)?.default,
        ConfigKind::BROKER => broker_config(key)?.default,
        _ => None,
    }
}
