//! Admin calls about configurations: where each value comes from, and changes of them.

use super::cluster::Cluster;
use crate::client::{self, AlterConfigOp, ConfigEntry, ConfigResource, ConfigSource, ConfigSynonym, Result};
use crate::metadata::{self, ConfigChange, ConfigKind, ConfigLevel, TopicSetting};
use crate::types::ErrorCode;

pub(super) fn describe(cluster: &Cluster, resource: &ConfigResource) -> Result<Vec<ConfigEntry>> {
    let broker = cluster.broker().id;
    match resource {
        ConfigResource::Topic(name) => {
            let settings = cluster.with_image(|image| {
                image.topics().get(name).map(|_| metadata::topic_settings(image, name, broker))
            })?;
            let unknown = || client::Error::of(ErrorCode::UnknownTopicOrPartition);
            Ok(settings.ok_or_else(unknown)?.into_iter().map(entry).collect())
        }
        ConfigResource::Broker(name) => own_settings(cluster, ConfigKind::BROKER, name, broker_source(name)),
        ConfigResource::Group(name) => {
            own_settings(cluster, ConfigKind::GROUP, name, ConfigSource::DynamicGroup)
        }
    }
}

fn broker_source(name: &str) -> ConfigSource {
    if name.is_empty() { ConfigSource::DynamicDefaultBroker } else { ConfigSource::DynamicBroker }
}

fn own_settings(
    cluster: &Cluster,
    kind: ConfigKind,
    name: &str,
    source: ConfigSource,
) -> Result<Vec<ConfigEntry>> {
    let own = cluster.with_image(|image| image.settings(kind, name).cloned().unwrap_or_default())?;
    let entries = own.into_iter().map(|(name, value)| {
        let synonym = ConfigSynonym { name: name.clone(), value: Some(value.clone()), source };
        ConfigEntry { name, value: Some(value), source, sensitive: false, synonyms: vec![synonym] }
    });
    Ok(entries.collect())
}

const fn source(level: ConfigLevel) -> ConfigSource {
    match level {
        ConfigLevel::Topic => ConfigSource::DynamicTopic,
        ConfigLevel::Broker => ConfigSource::DynamicBroker,
        ConfigLevel::ClusterDefault => ConfigSource::DynamicDefaultBroker,
        ConfigLevel::Default => ConfigSource::Default,
    }
}

fn entry(setting: TopicSetting) -> ConfigEntry {
    let synonyms = setting.places.into_iter().map(|place| ConfigSynonym {
        name: place.name.to_owned(),
        value: Some(place.value),
        source: source(place.level),
    });
    ConfigEntry {
        name: setting.name.to_owned(),
        value: Some(setting.value),
        source: source(setting.level),
        sensitive: false,
        synonyms: synonyms.collect(),
    }
}

pub(super) fn alter(cluster: &Cluster, resource: &ConfigResource, ops: &[AlterConfigOp]) -> Result<()> {
    let (kind, name) = match resource {
        ConfigResource::Topic(name) => (ConfigKind::TOPIC, name),
        ConfigResource::Broker(name) => (ConfigKind::BROKER, name),
        ConfigResource::Group(name) => (ConfigKind::GROUP, name),
    };
    let changes: Vec<ConfigChange<'_>> = ops
        .iter()
        .map(|op| match op {
            AlterConfigOp::Set(name, value) => ConfigChange { name, value: Some(value) },
            AlterConfigOp::Delete(name) => ConfigChange { name, value: None },
        })
        .collect();
    cluster.update(|image| Ok((metadata::alter_configs(image, kind, name, &changes)?, ())))
}
