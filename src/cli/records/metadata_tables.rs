//! A pure table: the records of `__cluster_metadata`, by number, and the values of control records.

use super::schema::{
    BOOL, BYTES, Default, F64, Field, I8, I16, I32, I64, Message, TEXT, U16, UUID, array, field, many, of,
};

/// A record type.
pub(super) struct MetadataRecord {
    pub(super) number: i16,
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

const BROKER_ENDPOINT: &[Field] =
    &[field("name", TEXT), field("host", TEXT), field("port", U16), field("securityProtocol", I16)];
const BROKER_FEATURE: &[Field] =
    &[field("name", TEXT), field("minSupportedVersion", I16), field("maxSupportedVersion", I16)];
const ENTITY_DATA: &[Field] = &[field("entityType", TEXT), field("entityName", TEXT).nullable()];
const VOTER: &[Field] = &[field("voterId", I32), field("voterDirectoryId", UUID).since(1)];
const ENDPOINT: &[Field] = &[field("name", TEXT), field("host", TEXT), field("port", U16)];
const KRAFT_VERSION_FEATURE: &[Field] =
    &[field("minSupportedVersion", I16), field("maxSupportedVersion", I16)];
const KRAFT_VOTER: &[Field] = &[
    field("voterId", I32),
    field("voterDirectoryId", UUID),
    field("endpoints", many(ENDPOINT)),
    field("kRaftVersionFeature", of(KRAFT_VERSION_FEATURE)),
];

/// The records of `__cluster_metadata`; every version of each is flexible.
pub(super) const METADATA: &[MetadataRecord] = &[
    MetadataRecord {
        number: 0,
        name: "REGISTER_BROKER_RECORD",
        fields: &[
            field("brokerId", I32),
            field("isMigratingZkBroker", BOOL).since(2),
            field("incarnationId", UUID),
            field("brokerEpoch", I64),
            field("endPoints", many(BROKER_ENDPOINT)),
            field("features", many(BROKER_FEATURE)),
            field("rack", TEXT).nullable(),
            field("fenced", BOOL),
            field("inControlledShutdown", BOOL).since(1),
            field("logDirs", array(&UUID)).since(3).tagged(0, Default::Empty),
        ],
    },
    MetadataRecord {
        number: 1,
        name: "UNREGISTER_BROKER_RECORD",
        fields: &[field("brokerId", I32), field("brokerEpoch", I64)],
    },
    MetadataRecord {
        number: 2,
        name: "TOPIC_RECORD",
        fields: &[field("name", TEXT), field("topicId", UUID)],
    },
    MetadataRecord {
        number: 3,
        name: "PARTITION_RECORD",
        fields: &[
            field("partitionId", I32),
            field("topicId", UUID),
            field("replicas", array(&I32)),
            field("isr", array(&I32)),
            field("removingReplicas", array(&I32)),
            field("addingReplicas", array(&I32)),
            field("leader", I32),
            field("leaderRecoveryState", I8).tagged(0, Default::Empty),
            field("leaderEpoch", I32),
            field("partitionEpoch", I32),
            field("directories", array(&UUID)).since(1),
            field("eligibleLeaderReplicas", array(&I32)).since(2).nullable().tagged(1, Default::Null),
            field("lastKnownElr", array(&I32)).since(2).nullable().tagged(2, Default::Null),
        ],
    },
    MetadataRecord {
        number: 4,
        name: "CONFIG_RECORD",
        fields: &[
            field("resourceType", I8),
            field("resourceName", TEXT),
            field("name", TEXT),
            field("value", TEXT).nullable(),
        ],
    },
    MetadataRecord {
        number: 5,
        name: "PARTITION_CHANGE_RECORD",
        fields: &[
            field("partitionId", I32),
            field("topicId", UUID),
            field("isr", array(&I32)).nullable().tagged(0, Default::Null),
            field("leader", I32).tagged(1, Default::Number(-2)),
            field("replicas", array(&I32)).nullable().tagged(2, Default::Null),
            field("removingReplicas", array(&I32)).nullable().tagged(3, Default::Null),
            field("addingReplicas", array(&I32)).nullable().tagged(4, Default::Null),
            field("leaderRecoveryState", I8).tagged(5, Default::Number(-1)),
            field("directories", array(&UUID)).since(1).nullable().tagged(8, Default::Null),
            field("eligibleLeaderReplicas", array(&I32)).since(2).nullable().tagged(6, Default::Null),
            field("lastKnownElr", array(&I32)).since(2).nullable().tagged(7, Default::Null),
        ],
    },
    MetadataRecord {
        number: 7,
        name: "FENCE_BROKER_RECORD",
        fields: &[field("id", I32), field("epoch", I64)],
    },
    MetadataRecord {
        number: 8,
        name: "UNFENCE_BROKER_RECORD",
        fields: &[field("id", I32), field("epoch", I64)],
    },
    MetadataRecord { number: 9, name: "REMOVE_TOPIC_RECORD", fields: &[field("topicId", UUID)] },
    MetadataRecord {
        number: 10,
        name: "DELEGATION_TOKEN_RECORD",
        fields: &[
            field("owner", TEXT),
            field("requester", TEXT),
            field("renewers", array(&TEXT)),
            field("issueTimestamp", I64),
            field("maxTimestamp", I64),
            field("expirationTimestamp", I64),
            field("tokenId", TEXT),
        ],
    },
    MetadataRecord {
        number: 11,
        name: "USER_SCRAM_CREDENTIAL_RECORD",
        fields: &[
            field("name", TEXT),
            field("mechanism", I8),
            field("salt", BYTES),
            field("storedKey", BYTES),
            field("serverKey", BYTES),
            field("iterations", I32),
        ],
    },
    MetadataRecord {
        number: 12,
        name: "FEATURE_LEVEL_RECORD",
        fields: &[field("name", TEXT), field("featureLevel", I16)],
    },
    MetadataRecord {
        number: 14,
        name: "CLIENT_QUOTA_RECORD",
        fields: &[
            field("entity", many(ENTITY_DATA)),
            field("key", TEXT),
            field("value", F64),
            field("remove", BOOL),
        ],
    },
    MetadataRecord {
        number: 15,
        name: "PRODUCER_IDS_RECORD",
        fields: &[field("brokerId", I32), field("brokerEpoch", I64), field("nextProducerId", I64)],
    },
    MetadataRecord {
        number: 17,
        name: "BROKER_REGISTRATION_CHANGE_RECORD",
        fields: &[
            field("brokerId", I32),
            field("brokerEpoch", I64),
            field("fenced", I8).tagged(0, Default::Empty),
            field("inControlledShutdown", I8).since(1).tagged(1, Default::Empty),
            field("logDirs", array(&UUID)).since(2).tagged(2, Default::Empty),
        ],
    },
    MetadataRecord {
        number: 18,
        name: "ACCESS_CONTROL_ENTRY_RECORD",
        fields: &[
            field("id", UUID),
            field("resourceType", I8),
            field("resourceName", TEXT),
            field("patternType", I8),
            field("principal", TEXT),
            field("host", TEXT),
            field("operation", I8),
            field("permissionType", I8),
        ],
    },
    MetadataRecord { number: 19, name: "REMOVE_ACCESS_CONTROL_ENTRY_RECORD", fields: &[field("id", UUID)] },
    MetadataRecord { number: 20, name: "NO_OP_RECORD", fields: &[] },
    MetadataRecord {
        number: 21,
        name: "ZK_MIGRATION_STATE_RECORD",
        fields: &[field("zkMigrationState", I8)],
    },
    MetadataRecord {
        number: 22,
        name: "REMOVE_USER_SCRAM_CREDENTIAL_RECORD",
        fields: &[field("name", TEXT), field("mechanism", I8)],
    },
    MetadataRecord {
        number: 23,
        name: "BEGIN_TRANSACTION_RECORD",
        fields: &[field("name", TEXT).nullable().tagged(0, Default::Null)],
    },
    MetadataRecord { number: 24, name: "END_TRANSACTION_RECORD", fields: &[] },
    MetadataRecord {
        number: 25,
        name: "ABORT_TRANSACTION_RECORD",
        fields: &[field("reason", TEXT).nullable().tagged(0, Default::Null)],
    },
    MetadataRecord { number: 26, name: "REMOVE_DELEGATION_TOKEN_RECORD", fields: &[field("tokenId", TEXT)] },
    MetadataRecord {
        number: 27,
        name: "REGISTER_CONTROLLER_RECORD",
        fields: &[
            field("controllerId", I32),
            field("incarnationId", UUID),
            field("zkMigrationReady", BOOL),
            field("endPoints", many(BROKER_ENDPOINT)),
            field("features", many(BROKER_FEATURE)),
        ],
    },
    MetadataRecord { number: 28, name: "CLEAR_ELR_RECORD", fields: &[field("topicName", TEXT)] },
];

/// `LeaderChangeMessage`
pub(super) const LEADER_CHANGE: Message = Message {
    flexible_since: 0,
    fields: &[
        field("version", I16),
        field("leaderId", I32),
        field("voters", many(VOTER)),
        field("grantingVoters", many(VOTER)),
    ],
};

/// `SnapshotHeaderRecord`
pub(super) const SNAPSHOT_HEADER: Message =
    Message { flexible_since: 0, fields: &[field("version", I16), field("lastContainedLogTimestamp", I64)] };

/// `SnapshotFooterRecord`
pub(super) const SNAPSHOT_FOOTER: Message = Message { flexible_since: 0, fields: &[field("version", I16)] };

/// `KRaftVersionRecord`
pub(super) const KRAFT_VERSION: Message =
    Message { flexible_since: 0, fields: &[field("version", I16), field("kRaftVersion", I16)] };

/// `VotersRecord`
pub(super) const KRAFT_VOTERS: Message =
    Message { flexible_since: 0, fields: &[field("version", I16), field("voters", many(KRAFT_VOTER))] };
