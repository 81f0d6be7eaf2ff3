//! Admin calls about configurations: where each value comes from, and changes of them.

use super::cluster::Cluster;
use super::loggers;
use crate::client::{
    self, AlterConfigOp, ConfigEntry, ConfigResource, ConfigSource, ConfigSynonym, ConfiguredKind, Result,
};
use crate::metadata::{self, ConfigChange, ConfigKind, ConfigLevel, Setting};
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
    Ok(settings.into_iter().map(entry).collect())
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

fn entry(setting: Setting) -> ConfigEntry {
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
        ConfigResource::Topic(name) => (ConfigKind::TOPIC, name),
        ConfigResource::Broker(name) => (ConfigKind::BROKER, name),
        ConfigResource::Group(name) => (ConfigKind::GROUP, name),
        ConfigResource::ClientMetrics(name) => (ConfigKind::CLIENT_METRICS, name),
        ConfigResource::BrokerLogger(name) => return loggers::alter(cluster, name, ops),
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
