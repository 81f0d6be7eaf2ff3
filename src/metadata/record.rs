//! `Record`: one record of the metadata log, and its bytes. Knows no batch: a value's bytes come in, a value's bytes
//! go out. Source: KIP-500, KIP-631 and the schemas of Kafka 4.2.
//!
//! | part | encoding |
//! |---|---|
//! | frame version | uvarint, 1 |
//! | record type | uvarint |
//! | record version | uvarint |
//! | body | the type's schema, flexible version |

use super::error::Error;
use super::partition_records::{PartitionChangeRecord, PartitionRecord, TopicRecord};
use super::registration_records::{
    BrokerAndEpoch, BrokerRegistrationChangeRecord, RegisterBrokerRecord, RegisterControllerRecord,
};
use super::security_records::{
    AccessControlEntryRecord, ClientQuotaRecord, DelegationTokenRecord, RemoveUserScramCredentialRecord,
    UserScramCredentialRecord,
};
use crate::types::{BrokerId, CodecError, Reader, Uuid, Writer};

const FRAME_VERSION: u32 = 1;

/// What a configuration belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConfigKind(pub(crate) i8);

impl ConfigKind {
    pub(crate) const TOPIC: ConfigKind = ConfigKind(2);
    /// With an empty name the default of all brokers.
    pub(crate) const BROKER: ConfigKind = ConfigKind(4);
    pub(crate) const CLIENT_METRICS: ConfigKind = ConfigKind(16);
    pub(crate) const GROUP: ConfigKind = ConfigKind(32);
}

/// One key of a resource's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigRecord {
    pub(crate) kind: ConfigKind,
    pub(crate) resource: String,
    pub(crate) name: String,
    /// `None` takes the setting away.
    pub(crate) value: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FeatureLevelRecord {
    pub(crate) name: String,
    /// 0 takes the feature away.
    pub(crate) level: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProducerIdsRecord {
    /// Who took the block before `next_producer_id`; -1 in snapshots.
    pub(crate) broker: BrokerId,
    pub(crate) broker_epoch: i64,
    pub(crate) next_producer_id: i64,
}

/// A record of the metadata log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Record {
    RegisterBroker(RegisterBrokerRecord),
    UnregisterBroker(BrokerAndEpoch),
    Topic(TopicRecord),
    Partition(PartitionRecord),
    Config(ConfigRecord),
    PartitionChange(PartitionChangeRecord),
    FenceBroker(BrokerAndEpoch),
    UnfenceBroker(BrokerAndEpoch),
    RemoveTopic(Uuid),
    DelegationToken(DelegationTokenRecord),
    UserScramCredential(UserScramCredentialRecord),
    FeatureLevel(FeatureLevelRecord),
    ClientQuota(ClientQuotaRecord),
    ProducerIds(ProducerIdsRecord),
    BrokerRegistrationChange(BrokerRegistrationChangeRecord),
    AccessControlEntry(AccessControlEntryRecord),
    RemoveAccessControlEntry(Uuid),
    NoOp,
    ZkMigrationState(i8),
    RemoveUserScramCredential(RemoveUserScramCredentialRecord),
    BeginTransaction(Option<String>),
    EndTransaction,
    AbortTransaction(Option<String>),
    RemoveDelegationToken(String),
    RegisterController(RegisterControllerRecord),
    /// The topic whose eligible leader replicas are forgotten; empty for all.
    ClearElr(String),
    /// A type, or a version of one, that Kafka 4.2 does not have; `value` is the whole record.
    Unknown {
        id: u32,
        version: u32,
        value: Vec<u8>,
    },
}

/// The highest version of each type that Kafka 4.2 knows, by type id.
const fn newest_version(id: u32) -> Option<u32> {
    match id {
        0 => Some(3),
        3 | 5 | 17 => Some(2),
        1 | 2 | 4 | 7..=12 | 14 | 15 | 18..=28 => Some(0),
        _ => None,
    }
}

impl Record {
    /// Decodes a record's value. Bytes after the body are an error, as they would be lost on rewriting.
    pub(crate) fn decode(value: &[u8]) -> Result<Record, Error> {
        let mut r = Reader::new(value);
        let frame = r.uvarint()?;
        if frame != FRAME_VERSION {
            return Err(Error::FrameVersion(frame));
        }
        let (id, version) = (r.uvarint()?, r.uvarint()?);
        if newest_version(id).is_none_or(|newest| version > newest) {
            return Ok(Record::Unknown { id, version, value: value.to_vec() });
        }
        read_body(id, version, &mut r)
            .and_then(|record| r.expect_end().map(|()| record))
            .map_err(|source| Error::Record { id, version, source })
    }

    /// The record's value, in the version that Kafka 4.2 writes.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        if let Record::Unknown { value, .. } = self {
            return Ok(value.clone());
        }
        let (id, version) = self.id_and_version();
        let mut w = Writer::new();
        w.uvarint(FRAME_VERSION);
        w.uvarint(id);
        w.uvarint(version);
        write_body(self, &mut w);
        w.finish().map_err(|source| Error::Record { id, version, source })
    }

    fn id_and_version(&self) -> (u32, u32) {
        match self {
            Record::RegisterBroker(_) => (0, 3),
            Record::UnregisterBroker(_) => (1, 0),
            Record::Topic(_) => (2, 0),
            Record::Partition(_) => (3, 2),
            Record::Config(_) => (4, 0),
            Record::PartitionChange(_) => (5, 2),
            Record::FenceBroker(_) => (7, 0),
            Record::UnfenceBroker(_) => (8, 0),
            Record::RemoveTopic(_) => (9, 0),
            Record::DelegationToken(_) => (10, 0),
            Record::UserScramCredential(_) => (11, 0),
            Record::FeatureLevel(_) => (12, 0),
            Record::ClientQuota(_) => (14, 0),
            Record::ProducerIds(_) => (15, 0),
            Record::BrokerRegistrationChange(change) => (17, change.version()),
            Record::AccessControlEntry(_) => (18, 0),
            Record::RemoveAccessControlEntry(_) => (19, 0),
            Record::NoOp => (20, 0),
            Record::ZkMigrationState(_) => (21, 0),
            Record::RemoveUserScramCredential(_) => (22, 0),
            Record::BeginTransaction(_) => (23, 0),
            Record::EndTransaction => (24, 0),
            Record::AbortTransaction(_) => (25, 0),
            Record::RemoveDelegationToken(_) => (26, 0),
            Record::RegisterController(_) => (27, 0),
            Record::ClearElr(_) => (28, 0),
            Record::Unknown { id, version, .. } => (*id, *version),
        }
    }
}

fn read_body(id: u32, version: u32, r: &mut Reader<'_>) -> Result<Record, CodecError> {
    Ok(match id {
        0 => Record::RegisterBroker(RegisterBrokerRecord::read(r, version)?),
        1 => Record::UnregisterBroker(BrokerAndEpoch::read(r)?),
        2 => Record::Topic(TopicRecord::read(r)?),
        3 => Record::Partition(PartitionRecord::read(r, version)?),
        4 => Record::Config(read_config(r)?),
        5 => Record::PartitionChange(PartitionChangeRecord::read(r)?),
        7 => Record::FenceBroker(BrokerAndEpoch::read(r)?),
        8 => Record::UnfenceBroker(BrokerAndEpoch::read(r)?),
        9 => Record::RemoveTopic(with_no_tags(r, Reader::uuid)?),
        10 => Record::DelegationToken(DelegationTokenRecord::read(r)?),
        11 => Record::UserScramCredential(UserScramCredentialRecord::read(r)?),
        12 => Record::FeatureLevel(with_no_tags(r, |r| {
            Ok(FeatureLevelRecord { name: r.compact_string()?.to_owned(), level: r.i16()? })
        })?),
        14 => Record::ClientQuota(ClientQuotaRecord::read(r)?),
        15 => Record::ProducerIds(with_no_tags(r, |r| {
            let broker = BrokerId(r.i32()?);
            Ok(ProducerIdsRecord { broker, broker_epoch: r.i64()?, next_producer_id: r.i64()? })
        })?),
        17 => Record::BrokerRegistrationChange(BrokerRegistrationChangeRecord::read(r)?),
        18 => Record::AccessControlEntry(AccessControlEntryRecord::read(r)?),
        19 => Record::RemoveAccessControlEntry(with_no_tags(r, Reader::uuid)?),
        20 => with_no_tags(r, |_| Ok(Record::NoOp))?,
        21 => Record::ZkMigrationState(with_no_tags(r, Reader::i8)?),
        22 => Record::RemoveUserScramCredential(RemoveUserScramCredentialRecord::read(r)?),
        23 => Record::BeginTransaction(read_tagged_text(r)?),
        24 => with_no_tags(r, |_| Ok(Record::EndTransaction))?,
        25 => Record::AbortTransaction(read_tagged_text(r)?),
        26 => Record::RemoveDelegationToken(with_no_tags(r, Reader::compact_string)?.to_owned()),
        27 => Record::RegisterController(RegisterControllerRecord::read(r)?),
        28 => Record::ClearElr(with_no_tags(r, Reader::compact_string)?.to_owned()),
        _ => return Err(r.malformed("record type")),
    })
}

fn write_body(record: &Record, w: &mut Writer) {
    match record {
        Record::RegisterBroker(body) => return body.write(w),
        Record::UnregisterBroker(body) | Record::FenceBroker(body) | Record::UnfenceBroker(body) => {
            return body.write(w);
        }
        Record::Topic(body) => return body.write(w),
        Record::Partition(body) => return body.write(w),
        Record::PartitionChange(body) => return body.write(w),
        Record::DelegationToken(body) => return body.write(w),
        Record::UserScramCredential(body) => return body.write(w),
        Record::ClientQuota(body) => return body.write(w),
        Record::BrokerRegistrationChange(body) => return body.write(w),
        Record::AccessControlEntry(body) => return body.write(w),
        Record::RemoveUserScramCredential(body) => return body.write(w),
        Record::RegisterController(body) => return body.write(w),
        Record::BeginTransaction(text) | Record::AbortTransaction(text) => {
            return write_tagged_text(w, text.as_deref());
        }
        Record::Config(body) => write_config(w, body),
        Record::RemoveTopic(id) | Record::RemoveAccessControlEntry(id) => w.uuid(*id),
        Record::FeatureLevel(body) => {
            w.compact_string(&body.name);
            w.i16(body.level);
        }
        Record::ProducerIds(body) => {
            w.i32(body.broker.0);
            w.i64(body.broker_epoch);
            w.i64(body.next_producer_id);
        }
        Record::ZkMigrationState(state) => w.i8(*state),
        Record::RemoveDelegationToken(text) | Record::ClearElr(text) => w.compact_string(text),
        Record::NoOp | Record::EndTransaction | Record::Unknown { .. } => {}
    }
    w.no_tagged_fields();
}

/// A body whose fields `fields` reads and which has no tagged fields that anyone knows.
fn with_no_tags<'a, T>(
    r: &mut Reader<'a>,
    fields: impl FnOnce(&mut Reader<'a>) -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    let body = fields(r)?;
    r.skip_tagged_fields()?;
    Ok(body)
}

fn read_config(r: &mut Reader<'_>) -> Result<ConfigRecord, CodecError> {
    with_no_tags(r, |r| {
        Ok(ConfigRecord {
            kind: ConfigKind(r.i8()?),
            resource: r.compact_string()?.to_owned(),
            name: r.compact_string()?.to_owned(),
            value: r.compact_nullable_string()?.map(str::to_owned),
        })
    })
}

fn write_config(w: &mut Writer, config: &ConfigRecord) {
    w.i8(config.kind.0);
    w.compact_string(&config.resource);
    w.compact_string(&config.name);
    w.compact_nullable_string(config.value.as_deref());
}

/// The bodies of BeginTransaction (its name) and AbortTransaction (the reason): tag 0 and nothing else.
fn read_tagged_text(r: &mut Reader<'_>) -> Result<Option<String>, CodecError> {
    let mut text = None;
    r.tagged_fields(|tag, field| {
        if tag == 0 {
            text = field.compact_nullable_string()?.map(str::to_owned);
        }
        Ok(())
    })?;
    Ok(text)
}

fn write_tagged_text(w: &mut Writer, text: Option<&str>) {
    w.tagged_fields(|tags| {
        if let Some(text) = text {
            tags.put(0, |w| w.compact_string(text));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::partition_records::LeaderRecovery;
    use super::*;
    use crate::types::PartitionId;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
    }

    /// Values that a Kafka 4.2.0 cluster wrote, one of each type that it does write.
    const WRITTEN: [&str; 12] = [
        "010200145f5f7472616e73616374696f6e5f737461746598bddd8f2ddd44e1976469dbcc559f6600",
        "01030200000031322680893ef14f8e8683eedb07a11bec04000000020000000100000003010101ffffffff0000000200000004\
         042f3973b91709f31ad825316185c1c271df3917842f9daca8154d3d620dbca28d9fdf0f88955cebd97122a5536e48fe0d02\
         0105020000000102050200000001",
        "01040002087374616d706564176d6573736167652e74696d657374616d702e747970650e4c6f67417070656e6454696d6500",
        "01050200000031fc127b37fab047a8ad71f946a19cb6d5040001010104ffffffff0605020000000107050200000001",
        "01090052444b5a0743452ba6cf139eec230ab800",
        "010c0021656c696769626c652e6c65616465722e7265706c696361732e76657273696f6e000100",
        "010f00ffffffffffffffffffffffff00000000000007d000",
        "01110100000003000000000000010001010101",
        "01140000",
        "01170001001212426f6f747374726170207265636f726473",
        "01180000",
        "011c00145f5f7472616e73616374696f6e5f737461746500",
    ];

    #[test]
    fn kafkas_records_survive_and_every_prefix_is_refused() {
        for hex in WRITTEN {
            let value = bytes(hex);
            let record = Record::decode(&value).unwrap();
            assert!(!matches!(record, Record::Unknown { .. }));
            assert_eq!(record.encode().unwrap(), value);
            for end in 0..value.len() {
                assert!(Record::decode(&value[..end]).is_err(), "{hex} cut at {end}");
            }
            for (index, bit) in (0..value.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
                let mut damaged = value.clone();
                damaged[index] ^= 1 << bit;
                // No checksum here: damage may still be a record, but never one that can't be written.
                if let Ok(record) = Record::decode(&damaged) {
                    assert!(record.encode().is_ok());
                }
            }
        }
    }

    #[test]
    fn a_partition_without_leader_shows_its_lists() {
        let Ok(Record::Partition(record)) = Record::decode(&bytes(WRITTEN[1])) else {
            panic!("another type")
        };
        let ids = |list: &[BrokerId]| list.iter().map(|broker| broker.0).collect::<Vec<_>>();
        let state = record.state;
        assert_eq!((record.partition, state.leader), (PartitionId(49), None));
        assert_eq!((ids(&state.replicas), ids(&state.isr)), (vec![2, 1, 3], vec![]));
        assert_eq!((ids(state.elr()), ids(state.last_known_elr())), (vec![1], vec![1]));
        assert_eq!((state.leader_epoch.0, state.partition_epoch), (2, 4));
        assert_eq!(state.leader_recovery, LeaderRecovery::Recovered);
    }

    #[test]
    fn newer_records_are_kept_as_they_are() {
        for value in [[1, 99, 0, 7], [1, 2, 1, 7]] {
            let record = Record::decode(&value).unwrap();
            assert!(matches!(record, Record::Unknown { .. }));
            assert_eq!(record.encode().unwrap(), value);
        }
        assert_eq!(Record::decode(&[2, 20, 0, 0]), Err(Error::FrameVersion(2)));
        assert!(Record::decode(&[1, 20, 0, 0, 0]).is_err());
    }

    #[test]
    fn types_without_a_sample_survive_too() {
        let owned = |text: &str| text.to_owned();
        for record in [
            Record::UnregisterBroker(BrokerAndEpoch { broker: BrokerId(7), epoch: 9 }),
            Record::ClientQuota(ClientQuotaRecord {
                entity: vec![(owned("user"), Some(owned("alice"))), (owned("client-id"), None)],
                key: owned("producer_byte_rate"),
                value: 1024.0,
                remove: false,
            }),
            Record::UserScramCredential(UserScramCredentialRecord {
                name: owned("alice"),
                mechanism: 1,
                salt: vec![1],
                stored_key: vec![2, 3],
                server_key: vec![],
                iterations: 4096,
            }),
            Record::RemoveUserScramCredential(RemoveUserScramCredentialRecord {
                name: owned("a"),
                mechanism: 2,
            }),
            Record::AccessControlEntry(AccessControlEntryRecord {
                id: Uuid::METADATA_TOPIC,
                resource_type: 2,
                resource_name: owned("t"),
                pattern_type: 3,
                principal: owned("User:a"),
                host: owned("*"),
                operation: 3,
                permission_type: 3,
            }),
            Record::DelegationToken(DelegationTokenRecord {
                owner: owned("a"),
                requester: owned("b"),
                renewers: vec![owned("c")],
                issue_timestamp_ms: 1,
                max_timestamp_ms: 2,
                expiration_timestamp_ms: 3,
                token_id: owned("d"),
            }),
            Record::AbortTransaction(Some(owned("why"))),
            Record::RemoveDelegationToken(owned("d")),
        ] {
            assert_eq!(Record::decode(&record.encode().unwrap()), Ok(record));
        }
    }
}
