//! What a controller decides about configurations: whether a change is sound, and the records that make it.

use super::error::PlanError;
use super::image::{Image, Settings};
use super::record::{ConfigKind, ConfigRecord, Record};
use crate::types::config::{ConfigType, topic_configs, validate_topic_configs};
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

/// Values that topics fall back to must be good ones; a broker accepts names that it does not know.
fn check_broker(image: &Image, broker: &str, changes: &[ConfigChange<'_>]) -> Result<(), PlanError> {
    for change in changes {
        let def = topic_configs()
            .iter()
            .find(|def| def.synonyms.first().is_some_and(|synonym| synonym.name == change.name));
        if let (Some(def), Some(value)) = (def, change.value) {
            check_broker_value(change.name, &def.kind, value).map_err(invalid_request)?;
        }
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

fn check_broker_value(name: &str, kind: &ConfigType, raw: &str) -> Result<(), String> {
    let value = kind.parse(name, raw)?;
    kind.check(name, &value)
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
