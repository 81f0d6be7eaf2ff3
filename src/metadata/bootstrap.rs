//! The first records of a new cluster, as the controller and the brokers of Kafka 4.2 write them: feature levels and
//! the cluster-wide default in a transaction, the controller's registration, then each broker's and its unfencing.

use super::record::{ConfigKind, ConfigRecord, FeatureLevelRecord, Record};
use super::registration_records::{
    BrokerRegistrationChangeRecord, Endpoint, RegisterBrokerRecord, RegisterControllerRecord,
    SupportedFeature,
};
use crate::types::{BrokerId, Uuid};

/// The feature levels of a cluster formatted with Kafka 4.2, in the order of its bootstrap file.
const LEVELS: [(&str, i16); 6] = [
    ("metadata.version", 29),
    ("eligible.leader.replicas.version", 1),
    ("group.version", 1),
    ("share.version", 1),
    ("streams.version", 1),
    ("transaction.version", 2),
];

const ELIGIBLE_LEADERS: &str = "eligible.leader.replicas.version";

/// What a 4.2 node says it can work with, in the order of its registration.
const SUPPORTED: [(&str, i16, i16); 7] = [
    ("group.version", 0, 1),
    ("kraft.version", 0, 1),
    ("metadata.version", 7, 29),
    ("share.version", 0, 1),
    ("streams.version", 0, 1),
    ("transaction.version", 0, 2),
    ("eligible.leader.replicas.version", 0, 1),
];

/// A node of a new cluster.
#[derive(Clone, Debug)]
pub(crate) struct NewBroker {
    pub(crate) id: BrokerId,
    /// New with every start of a broker: random.
    pub(crate) incarnation_id: Uuid,
    /// The `directory.id` of its log directory.
    pub(crate) directory_id: Uuid,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The controller of a new cluster, which is one of its brokers.
#[derive(Clone, Debug)]
pub(crate) struct NewController {
    pub(crate) id: BrokerId,
    pub(crate) incarnation_id: Uuid,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The records of the `bootstrap.checkpoint` of a new cluster: the feature levels.
pub(crate) fn feature_levels() -> Vec<Record> {
    LEVELS.iter().map(|&(name, level)| feature_level(name, level)).collect()
}

/// The record of a feature's level.
pub(crate) fn feature_level(name: &str, level: i16) -> Record {
    Record::FeatureLevel(FeatureLevelRecord { name: name.to_owned(), level })
}

/// The first batch of a new cluster's metadata log: one transaction of the records of its `bootstrap.checkpoint`. Eligible
/// leaders are chosen by the cluster-wide `min.insync.replicas`, which then has to be there.
pub(crate) fn first_batch(bootstrap: Vec<Record>) -> Vec<Record> {
    let has_eligible_leaders = bootstrap.iter().any(|record| {
        matches!(record, Record::FeatureLevel(feature) if feature.name == ELIGIBLE_LEADERS && feature.level > 0)
    });
    let mut records = vec![Record::BeginTransaction(Some("Bootstrap records".to_owned()))];
    records.extend(bootstrap);
    records.extend(has_eligible_leaders.then(|| {
        Record::Config(ConfigRecord {
            kind: ConfigKind::BROKER,
            resource: String::new(),
            name: "min.insync.replicas".to_owned(),
            value: Some("1".to_owned()),
        })
    }));
    records.push(Record::EndTransaction);
    records
}

fn supported_features() -> Vec<SupportedFeature> {
    let feature = |&(name, min_version, max_version): &(&str, i16, i16)| SupportedFeature {
        name: name.to_owned(),
        min_version,
        max_version,
    };
    SUPPORTED.iter().map(feature).collect()
}

fn plaintext(name: &str, host: &str, port: u16) -> Vec<Endpoint> {
    vec![Endpoint { name: name.to_owned(), host: host.to_owned(), port, security_protocol: 0 }]
}

/// The controller's registration.
pub(crate) fn register_controller(controller: &NewController) -> Record {
    Record::RegisterController(RegisterControllerRecord {
        controller: controller.id,
        incarnation_id: controller.incarnation_id,
        zk_migration_ready: false,
        endpoints: plaintext("CONTROLLER", &controller.host, controller.port),
        features: supported_features(),
    })
}

/// A broker's registration, fenced at first. `offset` is the one that the record will have in the metadata log: it
/// becomes the broker's epoch.
pub(crate) fn register_broker(broker: &NewBroker, offset: i64) -> Record {
    Record::RegisterBroker(RegisterBrokerRecord {
        broker: broker.id,
        is_migrating_zk_broker: false,
        incarnation_id: broker.incarnation_id,
        epoch: offset,
        endpoints: plaintext("PLAINTEXT", &broker.host, broker.port),
        features: supported_features(),
        rack: None,
        fenced: true,
        in_controlled_shutdown: false,
        log_dirs: vec![broker.directory_id],
    })
}

/// Lets a registered broker lead and follow (`fenced` false), or shuts it out.
pub(crate) fn fence_broker(broker: BrokerId, epoch: i64, fenced: bool) -> Record {
    Record::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
        broker,
        epoch,
        fenced: Some(fenced),
        enters_controlled_shutdown: false,
        log_dirs: Vec::new(),
    })
}

/// All records of a new cluster in order, in the batches in which they are to be written. The first record has the
/// offset `first_offset`: 1 in a log that begins with its leader-change batch.
pub(crate) fn new_cluster(
    controller: &NewController,
    brokers: &[NewBroker],
    bootstrap: Vec<Record>,
    first_offset: i64,
) -> Vec<Vec<Record>> {
    let mut batches = vec![first_batch(bootstrap), vec![register_controller(controller)]];
    let mut offset = batches.iter().fold(first_offset, |offset, batch| {
        offset.saturating_add(i64::try_from(batch.len()).unwrap_or(i64::MAX))
    });
    for broker in brokers {
        batches.push(vec![register_broker(broker, offset)]);
        batches.push(vec![fence_broker(broker.id, offset, false)]);
        offset = offset.saturating_add(2);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::super::loader::Loader;
    use super::*;

    fn id(text: &str) -> Uuid {
        text.parse().unwrap()
    }

    fn hex(record: &Record) -> String {
        record.encode().unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes are those of a directory that Kafka 4.2.0 formatted and started on.
    #[test]
    fn a_new_cluster_begins_with_kafkas_own_bytes() {
        let host = "127.0.0.1".to_owned();
        let controller = NewController {
            id: BrokerId(1),
            incarnation_id: id("0WvwohDYSdSBRw2V-YwTkQ"),
            host: host.clone(),
            port: 19650,
        };
        let broker = NewBroker {
            id: BrokerId(1),
            incarnation_id: id("SXSjZPxAT-SL-CWWzw_xCg"),
            directory_id: id("LnA-2OOiJXAwNzSTtNdW3w"),
            host,
            port: 19600,
        };
        let features = "080e67726f75702e76657273696f6e00000001000e6b726166742e76657273696f6e0000000100116d65746164\
                        6174612e76657273696f6e0007001d000e73686172652e76657273696f6e00000001001073747265616d732e76\
                        657273696f6e0000000100147472616e73616374696f6e2e76657273696f6e000000020021656c696769626c65\
                        2e6c65616465722e7265706c696361732e76657273696f6e0000000100";
        assert_eq!(
            hex(&register_controller(&controller)),
            format!(
                "011b0000000001d16bf0a210d849d481470d95f98c139100020b434f4e54524f4c4c45520a3132372e302e302e314cc2000000\
                 {features}00"
            )
        );
        assert_eq!(
            hex(&register_broker(&broker, 13)),
            format!(
                "010003000000010\
                 04974a364fc404fe48bf82596cf0ff10a000000000000000d020a504c41494e544558540a3132372e302e302e314c90000000\
                 {features}000100010011022e703ed8e3a2257030373493b4d756df"
            )
        );
        assert_eq!(hex(&fence_broker(BrokerId(1), 13, false)), "01110000000001000000000000000d010001ff");
        assert_eq!(
            hex(&first_batch(feature_levels())[0]),
            "01170001001212426f6f747374726170207265636f726473"
        );
        let lengths: Vec<usize> =
            first_batch(feature_levels()).iter().map(|record| record.encode().unwrap().len()).collect();
        assert_eq!(lengths, [24, 23, 39, 20, 20, 22, 26, 28, 4]);
    }

    #[test]
    fn the_brokers_of_a_new_cluster_are_alive_and_know_their_offsets() {
        let node = |number| NewBroker {
            id: BrokerId(number),
            incarnation_id: Uuid::ZERO,
            directory_id: Uuid::METADATA_TOPIC,
            host: "localhost".to_owned(),
            port: 9092,
        };
        let controller = NewController {
            id: BrokerId(1),
            incarnation_id: Uuid::ZERO,
            host: "localhost".to_owned(),
            port: 9093,
        };
        let records = new_cluster(&controller, &[node(1), node(2), node(3)], feature_levels(), 1).concat();
        for (offset, record) in (1..).zip(&records) {
            if let Record::RegisterBroker(broker) = record {
                assert_eq!(broker.epoch, offset);
            }
        }
        let mut loader = Loader::default();
        records.into_iter().for_each(|record| loader.replay(record));
        let image = loader.image().clone();
        assert_eq!(image.brokers().len(), 3);
        assert!(image.brokers().values().all(|broker| !broker.fenced));
        assert_eq!(image.features().get("transaction.version"), Some(&2));
        assert_eq!(image.setting(ConfigKind::BROKER, "", "min.insync.replicas"), Some("1"));
    }
}
