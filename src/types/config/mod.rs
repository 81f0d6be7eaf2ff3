//! Configurations as such: their names, types, defaults and the values they may have, in Kafka's words. Knows no
//! cluster, and not which values are set. Source: Kafka 4.2's `ConfigDef`, `LogConfig` and `KafkaConfig`, asked.

mod broker;
mod group;
mod topic;
mod value;

pub(crate) use broker::{BrokerConfigDef, Change, broker_config, broker_configs};
pub(crate) use group::{
    InvalidClientMetrics, group_configs, validate_client_metrics, validate_group_configs,
};
pub(crate) use topic::{Synonym, TopicConfigDef, topic_config, topic_configs, validate_topic_configs};
pub(crate) use value::{ConfigType, ConfigValue};
