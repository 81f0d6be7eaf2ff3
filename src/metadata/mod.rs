//! The KRaft metadata log's records, the image that they add up to, and the decisions that a controller takes on it.
//! Pure: knows no file, no clock and no randomness; ids and random seeds are arguments. Source: KIP-500, KIP-631.

mod bootstrap;
mod error;
mod few;
mod image;
mod loader;
mod partition_records;
mod placement;
mod plan_acls;
mod plan_brokers;
mod plan_configs;
mod plan_elections;
mod plan_features;
mod plan_quotas;
mod plan_topics;
mod plan_unregister;
mod record;
mod registration_records;
mod scram;
mod security_records;
mod settings;
mod snapshot;
mod topic_config;
mod topics;

pub(crate) use bootstrap::{NewBroker, NewController, feature_level, feature_levels, new_cluster};
pub(crate) use error::{Error, PlanError};
pub(crate) use image::{AclEntries, Image};
pub(crate) use loader::Loader;
pub(crate) use partition_records::{PartitionRecord, PartitionState, TopicRecord};
pub(crate) use plan_acls::{create_acls, delete_acls};
pub(crate) use plan_brokers::{is_shut_out, revive_broker};
pub(crate) use plan_configs::{ConfigChange, alter_configs};
pub(crate) use plan_elections::{Election, elect_leader};
pub(crate) use plan_features::{Direction, FeatureChange, FeatureLevels, update_features};
pub(crate) use plan_quotas::alter_quotas;
pub(crate) use plan_topics::{TopicRequest, create_partitions, create_topic, delete_topic};
pub(crate) use plan_unregister::unregister_broker;
pub(crate) use record::{ConfigKind, ProducerIdsRecord, Record};
pub(crate) use registration_records::Endpoint;
pub(crate) use scram::{ScramMechanism, ScramUpsertion, alter_scram};
pub(crate) use security_records::{AccessControlEntryRecord, QuotaEntity, UserScramCredentialRecord};
pub(crate) use settings::{
    ConfigLevel, Setting, broker_default_settings, broker_settings, client_metrics_settings, group_settings,
    new_topic_settings, topic_settings,
};
pub(crate) use snapshot::snapshot;
pub(crate) use topic_config::{TimestampPolicy, TopicCompression, TopicConfig};
pub(crate) use topics::Topic;
