//! `Image`: what a cluster's metadata says after a prefix of its log. `replay` is the only way to change it, and it
//! accepts every record: one about something that does not exist changes nothing.

use super::record::{ConfigKind, ConfigRecord, Record};
use super::registration_records::{
    BrokerAndEpoch, BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord,
};
use super::security_records::{
    AccessControlEntryRecord, ClientQuotaRecord, DelegationTokenRecord, QuotaEntity,
    UserScramCredentialRecord,
};
use super::topics::Topics;
use crate::types::{BrokerId, Uuid};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A resource's own settings, by key.
pub(crate) type Settings = BTreeMap<String, String>;

/// The access control entries, by id.
pub(crate) type AclEntries = BTreeMap<Uuid, AccessControlEntryRecord>;

/// The state of the metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Image {
    features: BTreeMap<String, i16>,
    brokers: BTreeMap<BrokerId, RegisterBrokerRecord>,
    controllers: BTreeMap<BrokerId, RegisterControllerRecord>,
    topics: Topics,
    configs: BTreeMap<ConfigKind, BTreeMap<String, Settings>>,
    next_producer_id: i64,
    quotas: BTreeMap<QuotaEntity, BTreeMap<String, f64>>,
    pub(super) scram: BTreeMap<(String, i8), UserScramCredentialRecord>,
    /// Shared with who has made something of them: a new one is a new state.
    pub(super) acls: Arc<AclEntries>,
    pub(super) tokens: BTreeMap<String, DelegationTokenRecord>,
    unknown_records: usize,
}

impl Image {
    /// Feature levels by name; a feature at level 0 is absent.
    pub(crate) fn features(&self) -> &BTreeMap<String, i16> {
        &self.features
    }

    /// Every registered broker, alive or not.
    pub(crate) fn brokers(&self) -> &BTreeMap<BrokerId, RegisterBrokerRecord> {
        &self.brokers
    }

    pub(crate) fn controllers(&self) -> &BTreeMap<BrokerId, RegisterControllerRecord> {
        &self.controllers
    }

    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// A resource's own settings; `None` if it has none.
    pub(crate) fn settings(&self, kind: ConfigKind, resource: &str) -> Option<&Settings> {
        self.configs.get(&kind)?.get(resource)
    }

    /// The value of one of a resource's own settings.
    pub(crate) fn setting(&self, kind: ConfigKind, resource: &str, name: &str) -> Option<&str> {
        self.settings(kind, resource)?.get(name).map(String::as_str)
    }

    /// All resources that have settings of their own, by kind and name.
    pub(crate) fn configured(&self) -> impl Iterator<Item = (ConfigKind, &str, &Settings)> {
        self.configs.iter().flat_map(|(&kind, resources)| {
            resources.iter().map(move |(name, settings)| (kind, name.as_str(), settings))
        })
    }

    /// The first producer id that no block contains yet.
    pub(crate) fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }

    pub(crate) fn quotas(&self) -> &BTreeMap<QuotaEntity, BTreeMap<String, f64>> {
        &self.quotas
    }

    /// The SCRAM credentials, by user and mechanism.
    pub(crate) fn scram(&self) -> impl Iterator<Item = &UserScramCredentialRecord> {
        self.scram.values()
    }

    /// The access control entries. The same `Arc` as before where none has changed.
    pub(crate) fn acls(&self) -> &Arc<AclEntries> {
        &self.acls
    }

    /// How many records were of a type or version that this program does not know.
    pub(crate) fn unknown_records(&self) -> usize {
        self.unknown_records
    }

    /// Applies a record.
    pub(crate) fn replay(&mut self, record: Record) {
        match record {
            Record::Topic(topic) => self.topics.add(topic.name, topic.id),
            Record::Partition(partition) => {
                if let Some(topic) = self.topics.by_id_mut(partition.topic_id) {
                    topic.put(partition.partition, partition.state);
                }
            }
            Record::PartitionChange(change) => {
                if let Some(topic) = self.topics.by_id_mut(change.topic_id) {
                    topic.change(change);
                }
            }
            Record::RemoveTopic(id) => self.remove_topic(id),
            Record::ClearElr(name) => self.clear_elr(&name),
            Record::Config(config) => self.configure(config),
            Record::FeatureLevel(feature) => {
                set(&mut self.features, feature.name, feature.level, feature.level == 0)
            }
            Record::ProducerIds(ids) => self.next_producer_id = ids.next_producer_id,
            Record::RegisterBroker(broker) => {
                self.brokers.insert(broker.broker, broker);
            }
            Record::UnregisterBroker(which) => {
                self.brokers.remove(&which.broker);
            }
            Record::FenceBroker(which) => self.fence(which, true),
            Record::UnfenceBroker(which) => self.fence(which, false),
            Record::BrokerRegistrationChange(change) => self.change_broker(change),
            Record::RegisterController(controller) => {
                self.controllers.insert(controller.controller, controller);
            }
            Record::NoOp | Record::ZkMigrationState(_) => {}
            // A `Loader` has dealt with the borders of transactions.
            Record::BeginTransaction(_) | Record::EndTransaction | Record::AbortTransaction(_) => {}
            Record::Unknown { .. } => self.unknown_records += 1,
            security => self.replay_security(security),
        }
    }

    fn replay_security(&mut self, record: Record) {
        match record {
            Record::ClientQuota(quota) => self.set_quota(quota),
            Record::UserScramCredential(credential) => {
                self.scram.insert((credential.name.clone(), credential.mechanism), credential);
            }
            Record::RemoveUserScramCredential(which) => {
                self.scram.remove(&(which.name, which.mechanism));
            }
            Record::AccessControlEntry(entry) => {
                Arc::make_mut(&mut self.acls).insert(entry.id, entry);
            }
            Record::RemoveAccessControlEntry(id) => {
                Arc::make_mut(&mut self.acls).remove(&id);
            }
            Record::DelegationToken(token) => {
                self.tokens.insert(token.token_id.clone(), token);
            }
            Record::RemoveDelegationToken(id) => {
                self.tokens.remove(&id);
            }
            _ => {}
        }
    }

    /// A topic takes its settings with it.
    fn remove_topic(&mut self, id: Uuid) {
        if let Some(name) = self.topics.remove(id)
            && let Some(topics) = self.configs.get_mut(&ConfigKind::TOPIC)
        {
            topics.remove(&*name);
        }
    }

    fn clear_elr(&mut self, name: &str) {
        if name.is_empty() {
            self.topics.iter_mut().for_each(super::topics::Topic::clear_elr);
        } else if let Some(id) = self.topics.id_of(name)
            && let Some(topic) = self.topics.by_id_mut(id)
        {
            topic.clear_elr();
        }
    }

    fn configure(&mut self, config: ConfigRecord) {
        let resources = self.configs.entry(config.kind).or_default();
        match config.value {
            Some(value) => {
                resources.entry(config.resource).or_default().insert(config.name, value);
            }
            None => {
                if let Some(settings) = resources.get_mut(&config.resource) {
                    settings.remove(&config.name);
                    if settings.is_empty() {
                        resources.remove(&config.resource);
                    }
                }
            }
        }
    }

    fn fence(&mut self, which: BrokerAndEpoch, fenced: bool) {
        if let Some(broker) = self.brokers.get_mut(&which.broker) {
            broker.fenced = fenced;
        }
    }

    fn change_broker(&mut self, change: BrokerRegistrationChangeRecord) {
        let Some(broker) = self.brokers.get_mut(&change.broker) else { return };
        if let Some(fenced) = change.fenced {
            broker.fenced = fenced;
        }
        broker.in_controlled_shutdown |= change.enters_controlled_shutdown;
        if !change.log_dirs.is_empty() {
            broker.log_dirs = change.log_dirs;
        }
    }

    fn set_quota(&mut self, quota: ClientQuotaRecord) {
        let mut entity = quota.entity;
        entity.sort();
        let quotas = self.quotas.entry(entity.clone()).or_default();
        set(quotas, quota.key, quota.value, quota.remove);
        if quotas.is_empty() {
            self.quotas.remove(&entity);
        }
    }
}

fn set<V>(map: &mut BTreeMap<String, V>, key: String, value: V, remove: bool) {
    if remove {
        map.remove(&key);
    } else {
        map.insert(key, value);
    }
}
