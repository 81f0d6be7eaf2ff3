//! What a controller decides about configurations: whether a change is sound, and the records that make it.

use super::error::PlanError;
use super::image::{Image, Settings};
use super::record::{ConfigKind, ConfigRecord, Record};
use crate::types::config::{
    BrokerConfigDef, Change, InvalidClientMetrics, broker_config, validate_client_metrics,
    validate_group_configs, validate_topic_configs,
};
use crate::types::{ErrorCode, TopicName};

/// A change of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConfigChange<'a> {
    pub(crate) name: &'a str,
    /// `None` takes the setting away.
    pub(crate) value: Option<&'a str>,
}

fn invalid_config(message: impl Into<String>) -> PlanError {
    PlanError::new(ErrorCode::InvalidConfig, message)
}

fn invalid_request(message: impl Into<String>) -> PlanError {
    PlanError::new(ErrorCode::InvalidRequest, message)
}

/// Checks all settings of a topic together.
pub(super) fn check_topic_settings(settings: &Settings) -> Result<(), PlanError> {
    validate_topic_configs(settings).map_err(invalid_config)?;
    let tiered = settings.get("remote.storage.enable");
    if tiered.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")) {
        return Err(invalid_config(
            "Tiered Storage functionality is disabled in the broker. \
             Topic cannot be configured with remote log storage.",
        ));
    }
    Ok(())
}

/// The records that apply all of `changes` to the resource's settings, or none.
pub(crate) fn alter_configs(
    image: &Image,
    kind: ConfigKind,
    resource: &str,
    changes: &[ConfigChange<'_>],
) -> Result<Vec<Record>, PlanError> {
    let repeated = |(index, change): (usize, &ConfigChange<'_>)| {
        changes.iter().take(index).any(|earlier| earlier.name == change.name)
    };
    if changes.iter().enumerate().any(repeated) {
        return Err(invalid_request("Error due to duplicate config keys"));
    }
    let old = image.settings(kind, resource).cloned().unwrap_or_default();
    let mut new = old.clone();
    for change in changes {
        match change.value {
            Some(value) => new.insert(change.name.to_owned(), value.to_owned()),
            None => new.remove(change.name),
        };
    }
    match kind {
        ConfigKind::TOPIC => check_topic(image, resource, &new)?,
        ConfigKind::BROKER => check_broker(image, resource, changes)?,
        ConfigKind::GROUP => check_group(resource, &new)?,
        ConfigKind::CLIENT_METRICS => check_client_metrics(resource, &new)?,
        _ => {}
    }
    Ok(changes.iter().filter_map(|change| record(kind, resource, change, &old)).collect())
}

/// The record of a change, unless it changes nothing.
fn record(kind: ConfigKind, resource: &str, change: &ConfigChange<'_>, old: &Settings) -> Option<Record> {
    if old.get(change.name).map(String::as_str) == change.value {
        return None;
    }
    Some(Record::Config(ConfigRecord {
        kind,
        resource: resource.to_owned(),
        name: change.name.to_owned(),
        value: change.value.map(str::to_owned),
    }))
}

fn check_topic(image: &Image, name: &str, settings: &Settings) -> Result<(), PlanError> {
    if name.is_empty() {
        return Err(invalid_request("Default topic resources are not allowed."));
    }
    TopicName::new(name)
        .map_err(|why| PlanError::new(ErrorCode::InvalidTopic, format!("Topic name is invalid: {why}")))?;
    check_topic_settings(settings)?;
    if image.topics().get(name).is_none() {
        let message = format!("The topic '{name}' does not exist.");
        return Err(PlanError::new(ErrorCode::UnknownTopicOrPartition, message));
    }
    Ok(())
}

/// The one setting of brokers that the controller itself relies on.
const MIN_ISR: &str = "min.insync.replicas";
const ELR_FEATURE: &str = "eligible.leader.replicas.version";

/// A broker takes names that it does not know; of those that it does it checks whether and how they can be changed.
fn check_broker(image: &Image, broker: &str, changes: &[ConfigChange<'_>]) -> Result<(), PlanError> {
    let mut known: Vec<(&ConfigChange<'_>, &BrokerConfigDef)> =
        changes.iter().filter_map(|change| Some((change, broker_config(change.name)?))).collect();
    let of = |known: &[(&ConfigChange<'_>, &BrokerConfigDef)], change: Change| -> Option<String> {
        let names: Vec<&str> =
            known.iter().filter(|(_, def)| def.change == change).map(|(_, def)| def.name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    known.sort_by_key(|(_, def)| def.name);
    if let Some(names) = of(&known, Change::Never) {
        return Err(invalid_request(format!("Cannot update these configs dynamically: Set({names})")));
    }
    if let Some(names) = of(&known, Change::PerListener) {
        return Err(invalid_request(format!(
            "These security configs can be dynamically updated only per-listener using the listener prefix: \
             HashSet({names})"
        )));
    }
    for (change, def) in &known {
        if let Some(value) = change.value {
            check_broker_value(def, value).map_err(invalid_request)?;
        }
    }
    if let Some(names) = of(&known, Change::PerBroker).filter(|_| broker.is_empty()) {
        return Err(invalid_request(format!(
            "Cannot update these configs at default cluster level, broker id must be specified: Set({names})"
        )));
    }
    let elr = image.features().get(ELR_FEATURE).is_some_and(|level| *level > 0);
    match changes.iter().find(|change| change.name == MIN_ISR) {
        Some(ConfigChange { value: None, .. }) if elr && broker.is_empty() => {
            Err(invalid_config("Cluster-level min.insync.replicas cannot be removed while ELR is enabled."))
        }
        Some(_) if elr && !broker.is_empty() => {
            Err(invalid_config("Broker-level min.insync.replicas cannot be altered while ELR is enabled."))
        }
        _ => Ok(()),
    }
}

fn check_broker_value(def: &BrokerConfigDef, raw: &str) -> Result<(), String> {
    let value = def.kind.parse(def.name, raw)?;
    def.kind.check(def.name, &value)
}

fn check_group(group: &str, settings: &Settings) -> Result<(), PlanError> {
    if group.is_empty() {
        return Err(invalid_request("Default group resources are not allowed."));
    }
    validate_group_configs(settings).map_err(invalid_config)
}

fn check_client_metrics(name: &str, settings: &Settings) -> Result<(), PlanError> {
    if name.is_empty() {
        return Err(invalid_request("Subscription name can't be empty"));
    }
    validate_client_metrics(settings).map_err(|refused| match refused {
        InvalidClientMetrics::Request(message) => invalid_request(message),
        InvalidClientMetrics::Value(message) => invalid_config(message),
    })
}

#[cfg(test)]
mod tests {
    use super::super::partition_records::TopicRecord;
    use super::*;
    use crate::types::Uuid;

    fn image() -> Image {
        let mut image = Image::default();
        image.replay(Record::Topic(TopicRecord { name: "t".into(), id: Uuid::METADATA_TOPIC }));
        super::super::bootstrap::feature_levels().into_iter().for_each(|record| image.replay(record));
        image
    }

    fn set<'a>(name: &'a str, value: &'a str) -> ConfigChange<'a> {
        ConfigChange { name, value: Some(value) }
    }

    fn refusal(kind: ConfigKind, resource: &str, changes: &[ConfigChange<'_>]) -> String {
        let error = alter_configs(&image(), kind, resource, changes).unwrap_err();
        format!("{}: {}", error.code.exception(), error.message)
    }

    #[test]
    fn topic_changes_are_refused_in_kafkas_words() {
        let gone = ConfigChange { name: "retention.ms", value: None };
        for (resource, changes, why) in [
            (
                "t",
                vec![set("retention.ms", "x")],
                "InvalidConfigurationException: Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
            (
                "missing",
                vec![set("retention.ms", "x")],
                "InvalidConfigurationException: Invalid value x for configuration retention.ms: Not a number of type LONG",
            ),
            ("missing", vec![gone], "UnknownTopicOrPartitionException: The topic 'missing' does not exist."),
            ("", vec![gone], "InvalidRequestException: Default topic resources are not allowed."),
            (
                "t",
                vec![set("retention.ms", "1"), gone],
                "InvalidRequestException: Error due to duplicate config keys",
            ),
            (
                "t",
                vec![set("remote.storage.enable", "true")],
                "InvalidConfigurationException: Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.",
            ),
        ] {
            assert_eq!(refusal(ConfigKind::TOPIC, resource, &changes), why);
        }
    }

    #[test]
    fn broker_defaults_keep_the_least_count_of_in_sync_replicas() {
        let gone = ConfigChange { name: MIN_ISR, value: None };
        assert_eq!(
            refusal(ConfigKind::BROKER, "", &[gone]),
            "InvalidConfigurationException: Cluster-level min.insync.replicas cannot be removed while ELR is enabled."
        );
        assert_eq!(
            refusal(ConfigKind::BROKER, "", &[set(MIN_ISR, "0")]),
            "InvalidRequestException: Invalid value 0 for configuration min.insync.replicas: Value must be at least 1"
        );
        assert_eq!(
            refusal(ConfigKind::BROKER, "1", &[set(MIN_ISR, "1")]),
            "InvalidConfigurationException: Broker-level min.insync.replicas cannot be altered while ELR is enabled."
        );
    }

    #[test]
    fn what_a_running_broker_cannot_change_is_refused() {
        for (broker, name, value, why) in [
            ("1", "num.partitions", "3", "Cannot update these configs dynamically: Set(num.partitions)"),
            (
                "",
                "listeners",
                "PLAINTEXT://:1",
                "Cannot update these configs at default cluster level, broker id must be specified: Set(listeners)",
            ),
            (
                "1",
                "log.cleaner.threads",
                "many",
                "Invalid value many for configuration log.cleaner.threads: Not a number of type INT",
            ),
        ] {
            let refused = refusal(ConfigKind::BROKER, broker, &[set(name, value)]);
            assert_eq!(refused, format!("InvalidRequestException: {why}"));
        }
        assert!(alter_configs(&image(), ConfigKind::BROKER, "1", &[set("nosuch", "x")]).is_ok());
    }

    #[test]
    fn only_what_changes_is_written() {
        let mut image = image();
        let changes = [set("retention.ms", "5"), ConfigChange { name: "flush.ms", value: None }];
        let records = alter_configs(&image, ConfigKind::TOPIC, "t", &changes).unwrap();
        assert_eq!(records.len(), 1);
        records.into_iter().for_each(|record| image.replay(record));
        assert_eq!(alter_configs(&image, ConfigKind::TOPIC, "t", &changes), Ok(Vec::new()));
        assert_eq!(image.setting(ConfigKind::TOPIC, "t", "retention.ms"), Some("5"));
    }
}
