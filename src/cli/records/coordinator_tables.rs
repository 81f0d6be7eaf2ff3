//! A pure table: the records of the coordinators' topics, by number, and the consumer protocol's two messages.

use super::schema::{
    BYTES, Default, Field, I8, I16, I32, I64, Message, NEVER, TEXT, U16, UUID, array, field, many, of,
};

/// A record type: what its key holds behind the number, and its value behind the version.
pub(super) struct CoordinatorRecord {
    pub(super) number: i16,
    pub(super) key: &'static [Field],
    /// Of the value.
    pub(super) last_version: i16,
    pub(super) value: Message,
}

const MEMBER_METADATA: &[Field] = &[
    field("memberId", TEXT),
    field("groupInstanceId", TEXT).since(3).nullable(),
    field("clientId", TEXT),
    field("clientHost", TEXT),
    field("rebalanceTimeout", I32).since(1),
    field("sessionTimeout", I32),
    field("subscription", BYTES),
    field("assignment", BYTES),
];
const PARTITION_METADATA: &[Field] = &[field("partition", I32), field("racks", array(&TEXT))];
const TOPIC_METADATA: &[Field] = &[
    field("topicId", UUID),
    field("topicName", TEXT),
    field("numPartitions", I32),
    field("partitionMetadata", many(PARTITION_METADATA)),
];
const CLASSIC_PROTOCOL: &[Field] = &[field("name", TEXT), field("metadata", BYTES)];
const CLASSIC_MEMBER_METADATA: &[Field] =
    &[field("sessionTimeoutMs", I32), field("supportedProtocols", many(CLASSIC_PROTOCOL))];
const TOPIC_PARTITION: &[Field] = &[field("topicId", UUID), field("partitions", array(&I32))];
const TOPIC_PARTITIONS_INFO: &[Field] =
    &[field("topicId", UUID), field("topicName", TEXT), field("partitions", array(&I32))];
const TOPIC_INFO: &[Field] = &[field("topicId", UUID), field("topicName", TEXT)];
const LAST_ASSIGNMENT_CONFIG: &[Field] = &[field("key", TEXT), field("value", TEXT)];
const ENDPOINT: &[Field] = &[field("host", TEXT), field("port", U16)];
const TASK_IDS: &[Field] = &[field("subtopologyId", TEXT), field("partitions", array(&I32))];
const CURRENT_TASK_IDS: &[Field] = &[
    field("subtopologyId", TEXT),
    field("partitions", array(&I32)),
    field("assignmentEpochs", array(&I32)).nullable().tagged(0, Default::Empty),
];
const TOPOLOGY_TOPIC_INFO: &[Field] = &[
    field("name", TEXT),
    field("partitions", I32),
    field("replicationFactor", I16),
    field("topicConfigs", many(LAST_ASSIGNMENT_CONFIG)),
];
const COPARTITION_GROUP: &[Field] = &[
    field("sourceTopics", array(&I16)),
    field("sourceTopicRegex", array(&I16)),
    field("repartitionSourceTopics", array(&I16)),
];
const SUBTOPOLOGY: &[Field] = &[
    field("subtopologyId", TEXT),
    field("sourceTopics", array(&TEXT)),
    field("sourceTopicRegex", array(&TEXT)),
    field("stateChangelogTopics", many(TOPOLOGY_TOPIC_INFO)),
    field("repartitionSinkTopics", array(&TEXT)),
    field("repartitionSourceTopics", many(TOPOLOGY_TOPIC_INFO)),
    field("copartitionGroups", many(COPARTITION_GROUP)),
];
const PARTITIONS_SCHEMA: &[Field] = &[field("topic", TEXT), field("partitionIds", array(&I32))];
const STATE_BATCH: &[Field] = &[
    field("firstOffset", I64),
    field("lastOffset", I64),
    field("deliveryState", I8),
    field("deliveryCount", I16),
];
const OWNED_TOPIC_PARTITION: &[Field] =
    &[field("topic", TEXT).since(1), field("partitions", array(&I32)).since(1)];
const ASSIGNED_TOPIC_PARTITION: &[Field] = &[field("topic", TEXT), field("partitions", array(&I32))];

/// `__consumer_offsets`.
pub(super) const GROUPS: &[CoordinatorRecord] = &[
    CoordinatorRecord {
        number: 0,
        key: &[field("group", TEXT), field("topic", TEXT), field("partition", I32)],
        last_version: 0,
        value: Message {
            flexible_since: NEVER,
            fields: &[field("offset", I64), field("metadata", TEXT), field("commitTimestamp", I64)],
        },
    },
    CoordinatorRecord {
        number: 1,
        key: &[field("group", TEXT), field("topic", TEXT), field("partition", I32)],
        last_version: 4,
        value: Message {
            flexible_since: 4,
            fields: &[
                field("offset", I64),
                field("leaderEpoch", I32).since(3),
                field("metadata", TEXT),
                field("commitTimestamp", I64),
                field("expireTimestamp", I64).only(1),
                field("topicId", UUID).since(4).tagged(0, Default::Empty),
            ],
        },
    },
    CoordinatorRecord {
        number: 2,
        key: &[field("group", TEXT)],
        last_version: 4,
        value: Message {
            flexible_since: 4,
            fields: &[
                field("protocolType", TEXT),
                field("generation", I32),
                field("protocol", TEXT).nullable(),
                field("leader", TEXT).nullable(),
                field("currentStateTimestamp", I64).since(2),
                field("members", many(MEMBER_METADATA)),
            ],
        },
    },
    CoordinatorRecord {
        number: 3,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[field("epoch", I32), field("metadataHash", I64).tagged(0, Default::Empty)],
        },
    },
    CoordinatorRecord {
        number: 4,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("topics", many(TOPIC_METADATA))] },
    },
    CoordinatorRecord {
        number: 5,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("instanceId", TEXT).nullable(),
                field("rackId", TEXT).nullable(),
                field("clientId", TEXT),
                field("clientHost", TEXT),
                field("subscribedTopicNames", array(&TEXT)),
                field("subscribedTopicRegex", TEXT).nullable(),
                field("rebalanceTimeoutMs", I32),
                field("serverAssignor", TEXT).nullable(),
                field("classicMemberMetadata", of(CLASSIC_MEMBER_METADATA))
                    .nullable()
                    .tagged(0, Default::Empty),
            ],
        },
    },
    CoordinatorRecord {
        number: 6,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("assignmentEpoch", I32)] },
    },
    CoordinatorRecord {
        number: 7,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("topicPartitions", many(TOPIC_PARTITION))] },
    },
    CoordinatorRecord {
        number: 8,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("memberEpoch", I32),
                field("previousMemberEpoch", I32),
                field("state", I8),
                field("assignedPartitions", many(TOPIC_PARTITION)),
                field("partitionsPendingRevocation", many(TOPIC_PARTITION)),
            ],
        },
    },
    CoordinatorRecord {
        number: 10,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("rackId", TEXT).nullable(),
                field("clientId", TEXT),
                field("clientHost", TEXT),
                field("subscribedTopicNames", array(&TEXT)),
            ],
        },
    },
    CoordinatorRecord {
        number: 11,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("epoch", I32), field("metadataHash", I64)] },
    },
    CoordinatorRecord {
        number: 12,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("assignmentEpoch", I32)] },
    },
    CoordinatorRecord {
        number: 13,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("topicPartitions", many(TOPIC_PARTITION))] },
    },
    CoordinatorRecord {
        number: 14,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("memberEpoch", I32),
                field("previousMemberEpoch", I32),
                field("state", I8),
                field("assignedPartitions", many(TOPIC_PARTITION)),
            ],
        },
    },
    CoordinatorRecord {
        number: 15,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("initializingTopics", many(TOPIC_PARTITIONS_INFO)),
                field("initializedTopics", many(TOPIC_PARTITIONS_INFO)),
                field("deletingTopics", many(TOPIC_INFO)),
            ],
        },
    },
    CoordinatorRecord {
        number: 16,
        key: &[field("groupId", TEXT), field("regularExpression", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[field("topics", array(&TEXT)), field("version", I64), field("timestamp", I64)],
        },
    },
    CoordinatorRecord {
        number: 17,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("epoch", I32),
                field("metadataHash", I64),
                field("validatedTopologyEpoch", I32).tagged(0, Default::Number(-1)),
                field("lastAssignmentConfigs", many(LAST_ASSIGNMENT_CONFIG))
                    .nullable()
                    .tagged(1, Default::Empty),
            ],
        },
    },
    CoordinatorRecord {
        number: 19,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("instanceId", TEXT).nullable(),
                field("rackId", TEXT).nullable(),
                field("clientId", TEXT),
                field("clientHost", TEXT),
                field("rebalanceTimeoutMs", I32),
                field("topologyEpoch", I32),
                field("processId", TEXT),
                field("userEndpoint", of(ENDPOINT)).nullable(),
                field("clientTags", many(LAST_ASSIGNMENT_CONFIG)),
            ],
        },
    },
    CoordinatorRecord {
        number: 20,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message { flexible_since: 0, fields: &[field("assignmentEpoch", I32)] },
    },
    CoordinatorRecord {
        number: 21,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("activeTasks", many(TASK_IDS)),
                field("standbyTasks", many(TASK_IDS)),
                field("warmupTasks", many(TASK_IDS)),
            ],
        },
    },
    CoordinatorRecord {
        number: 22,
        key: &[field("groupId", TEXT), field("memberId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("memberEpoch", I32),
                field("previousMemberEpoch", I32),
                field("state", I8),
                field("activeTasks", many(CURRENT_TASK_IDS)),
                field("standbyTasks", many(CURRENT_TASK_IDS)),
                field("warmupTasks", many(CURRENT_TASK_IDS)),
                field("activeTasksPendingRevocation", many(CURRENT_TASK_IDS)),
                field("standbyTasksPendingRevocation", many(CURRENT_TASK_IDS)),
                field("warmupTasksPendingRevocation", many(CURRENT_TASK_IDS)),
            ],
        },
    },
    CoordinatorRecord {
        number: 23,
        key: &[field("groupId", TEXT)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[field("epoch", I32), field("subtopologies", many(SUBTOPOLOGY))],
        },
    },
];

/// `__transaction_state`.
pub(super) const TRANSACTIONS: &[CoordinatorRecord] = &[CoordinatorRecord {
    number: 0,
    key: &[field("transactionalId", TEXT)],
    last_version: 1,
    value: Message {
        flexible_since: 1,
        fields: &[
            field("producerId", I64),
            field("previousProducerId", I64).since(1).tagged(0, Default::Number(-1)),
            field("nextProducerId", I64).since(1).tagged(1, Default::Number(-1)),
            field("producerEpoch", I16),
            field("nextProducerEpoch", I16).since(1).tagged(3, Default::Number(-1)),
            field("transactionTimeoutMs", I32),
            field("transactionStatus", I8),
            field("transactionPartitions", many(PARTITIONS_SCHEMA)).nullable(),
            field("transactionLastUpdateTimestampMs", I64),
            field("transactionStartTimestampMs", I64),
            field("clientTransactionVersion", I16).since(1).tagged(2, Default::Empty),
        ],
    },
}];

/// `__share_group_state`.
pub(super) const SHARE_STATE: &[CoordinatorRecord] = &[
    CoordinatorRecord {
        number: 0,
        key: &[field("groupId", TEXT), field("topicId", UUID), field("partition", I32)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("snapshotEpoch", I32),
                field("stateEpoch", I32),
                field("leaderEpoch", I32),
                field("startOffset", I64),
                field("deliveryCompleteCount", I32).tagged(0, Default::Number(-1)),
                field("createTimestamp", I64),
                field("writeTimestamp", I64),
                field("stateBatches", many(STATE_BATCH)),
            ],
        },
    },
    CoordinatorRecord {
        number: 1,
        key: &[field("groupId", TEXT), field("topicId", UUID), field("partition", I32)],
        last_version: 0,
        value: Message {
            flexible_since: 0,
            fields: &[
                field("snapshotEpoch", I32),
                field("leaderEpoch", I32),
                field("startOffset", I64),
                field("deliveryCompleteCount", I32).tagged(0, Default::Number(-1)),
                field("stateBatches", many(STATE_BATCH)),
            ],
        },
    },
];

/// `ConsumerProtocolSubscription`
pub(super) const SUBSCRIPTION: Message = Message {
    flexible_since: NEVER,
    fields: &[
        field("topics", array(&TEXT)),
        field("userData", BYTES).nullable(),
        field("ownedPartitions", many(OWNED_TOPIC_PARTITION)).since(1),
        field("generationId", I32).since(2),
        field("rackId", TEXT).since(3).nullable(),
    ],
};

/// `ConsumerProtocolAssignment`
pub(super) const ASSIGNMENT: Message = Message {
    flexible_since: NEVER,
    fields: &[
        field("assignedPartitions", many(ASSIGNED_TOPIC_PARTITION)),
        field("userData", BYTES).nullable(),
    ],
};
