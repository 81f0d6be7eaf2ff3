//! The configurations of groups (a table) and of client metrics: types, defaults, and the brokers' limits for them.

use super::value::{ConfigType, ConfigValue};
use std::collections::BTreeMap;

/// A configuration of groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GroupConfigDef {
    pub(crate) name: &'static str,
    pub(crate) kind: ConfigType,
    pub(crate) default: &'static str,
    /// What brokers allow by default, inclusive.
    least: i32,
    most: i32,
}

const fn limited(
    name: &'static str,
    min: i32,
    default: &'static str,
    least: i32,
    most: i32,
) -> GroupConfigDef {
    GroupConfigDef { name, kind: ConfigType::Int { min, max: i32::MAX }, default, least, most }
}

const fn free(name: &'static str, kind: ConfigType, default: &'static str) -> GroupConfigDef {
    GroupConfigDef { name, kind, default, least: i32::MIN, most: i32::MAX }
}

static GROUP_CONFIGS: [GroupConfigDef; 11] = [
    limited("consumer.heartbeat.interval.ms", 1, "5000", 5_000, 15_000),
    limited("consumer.session.timeout.ms", 1, "45000", 45_000, 60_000),
    free("share.auto.offset.reset", ConfigType::OffsetReset, "latest"),
    limited("share.heartbeat.interval.ms", 1, "5000", 5_000, 15_000),
    free(
        "share.isolation.level",
        ConfigType::OneOf(&["read_committed", "read_uncommitted"]),
        "read_uncommitted",
    ),
    limited("share.record.lock.duration.ms", 1_000, "30000", 15_000, 60_000),
    limited("share.session.timeout.ms", 1, "45000", 45_000, 60_000),
    limited("streams.heartbeat.interval.ms", 1, "5000", 5_000, 15_000),
    limited("streams.initial.rebalance.delay.ms", 0, "3000", i32::MIN, i32::MAX),
    limited("streams.num.standby.replicas", 0, "0", i32::MIN, 2),
    limited("streams.session.timeout.ms", 1, "45000", 45_000, 60_000),
];

/// All configurations of groups, in the order of their names.
pub(crate) fn group_configs() -> &'static [GroupConfigDef] {
    &GROUP_CONFIGS
}

/// Checks the settings of a group. The error is Kafka's sentence.
pub(crate) fn validate_group_configs(settings: &BTreeMap<String, String>) -> Result<(), String> {
    let known = |name: &str| GROUP_CONFIGS.iter().any(|def| def.name == name);
    if let Some(name) = settings.keys().find(|name| !known(name)) {
        return Err(format!("Unknown group config name: {name}"));
    }
    for def in &GROUP_CONFIGS {
        let Some(raw) = settings.get(def.name) else { continue };
        let value = def.kind.parse(def.name, raw)?;
        def.kind.check(def.name, &value)?;
        if let ConfigValue::Int(number) = value {
            check_limits(def, number)?;
        }
    }
    Ok(())
}

/// The limits are configurations of the broker: `group.KIND.min.REST` and `group.KIND.max.REST`.
fn check_limits(def: &GroupConfigDef, number: i32) -> Result<(), String> {
    let (kind, rest) = def.name.split_once('.').unwrap_or((def.name, ""));
    if number < def.least {
        Err(format!("{} must be greater than or equal to group.{kind}.min.{rest}", def.name))
    } else if number > def.most {
        let rest = rest.trim_start_matches("num.");
        Err(format!("{} must be less than or equal to group.{kind}.max.{rest}", def.name))
    } else {
        Ok(())
    }
}

/// The shortest and the longest interval at which clients can be made to send metrics, in milliseconds.
const METRICS_INTERVAL_MS: std::ops::RangeInclusive<i32> = 100..=3_600_000;
/// What `match` can look at.
const METRICS_SELECTORS: [&str; 6] = [
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// Why settings of client metrics are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidClientMetrics {
    /// Kafka answers with an InvalidRequest.
    #[error("{0}")]
    Request(String),
    /// Kafka answers with an InvalidConfiguration.
    #[error("{0}")]
    Value(String),
}

/// Checks the settings of a subscription to clients' metrics. The error is Kafka's sentence.
pub(crate) fn validate_client_metrics(
    settings: &BTreeMap<String, String>,
) -> Result<(), InvalidClientMetrics> {
    for (name, raw) in settings {
        match name.as_str() {
            "interval.ms" => {
                let kind = ConfigType::Int { min: i32::MIN, max: i32::MAX };
                let value = kind.parse(name, raw).map_err(InvalidClientMetrics::Value)?;
                if !matches!(value, ConfigValue::Int(ms) if METRICS_INTERVAL_MS.contains(&ms)) {
                    return Err(InvalidClientMetrics::Request(format!(
                        "Invalid value {value} for interval.ms, interval must be between 100 and 3600000 (1 hour)"
                    )));
                }
            }
            "match" => {
                let good = |pattern: &str| {
                    let selector = pattern.split_once('=').map(|(name, _)| name.trim());
                    selector.is_some_and(|name| METRICS_SELECTORS.contains(&name))
                };
                if let Some(bad) = raw.split(',').find(|part| !part.is_empty() && !good(part)) {
                    let message = format!("Illegal client matching pattern: {bad}");
                    return Err(InvalidClientMetrics::Value(message));
                }
            }
            "metrics" => {}
            other => {
                let message = format!("Unknown client metrics configuration: {other}");
                return Err(InvalidClientMetrics::Request(message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn bad_group_settings_are_refused_in_kafkas_words() {
        for def in group_configs() {
            assert_eq!(validate_group_configs(&settings(def.name, def.default)), Ok(()), "{}", def.name);
        }
        for (name, value, why) in [
            ("nosuch", "1", "Unknown group config name: nosuch"),
            (
                "consumer.session.timeout.ms",
                "-1",
                "Invalid value -1 for configuration consumer.session.timeout.ms: Value must be at least 1",
            ),
            (
                "consumer.session.timeout.ms",
                "1",
                "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
            ),
            (
                "streams.num.standby.replicas",
                "3",
                "streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas",
            ),
            (
                "share.auto.offset.reset",
                "middle",
                "Invalid value middle for configuration share.auto.offset.reset: Invalid value `middle` for \
                 configuration share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the \
                 format 'by_duration:<PnDTnHnMn.nS>'.",
            ),
        ] {
            assert_eq!(validate_group_configs(&settings(name, value)), Err(why.to_owned()));
        }
        assert_eq!(validate_group_configs(&settings("share.auto.offset.reset", "by_duration:PT1H")), Ok(()));
    }

    #[test]
    fn bad_metrics_settings_are_refused_in_kafkas_words() {
        let refused = |name, value| validate_client_metrics(&settings(name, value)).unwrap_err();
        assert!(matches!(refused("interval.ms", "5"), InvalidClientMetrics::Request(_)));
        assert!(matches!(refused("interval.ms", "x"), InvalidClientMetrics::Value(_)));
        assert_eq!(refused("match", "nosuch=x").to_string(), "Illegal client matching pattern: nosuch=x");
        assert_eq!(refused("nosuch", "1").to_string(), "Unknown client metrics configuration: nosuch");
        assert_eq!(validate_client_metrics(&settings("match", "client_id=a.*")), Ok(()));
    }
}
