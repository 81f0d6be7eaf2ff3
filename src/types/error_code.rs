//! Kafka's error codes, with the Java exception that each becomes in the tools' output.

/// An error of the Kafka protocol. Only those that kt's own code can raise or must tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorCode {
    OffsetOutOfRange,
    CorruptMessage,
    UnknownTopicOrPartition,
    RecordTooLarge,
    OffsetMetadataTooLarge,
    InvalidTopic,
    NotEnoughReplicas,
    IllegalGeneration,
    InconsistentGroupProtocol,
    InvalidGroupId,
    UnknownMemberId,
    RebalanceInProgress,
    TopicAlreadyExists,
    InvalidPartitions,
    InvalidReplicationFactor,
    InvalidReplicaAssignment,
    InvalidConfig,
    InvalidRequest,
    InvalidTimestamp,
    PolicyViolation,
    KafkaStorage,
    GroupNotEmpty,
    GroupIdNotFound,
    InvalidRecord,
    FencedInstanceId,
    GroupSubscribedToTopic,
    InvalidSessionTimeout,
    MemberIdRequired,
    GroupMaxSizeReached,
    FencedMemberEpoch,
    UnreleasedInstanceId,
    UnsupportedAssignor,
    StaleMemberEpoch,
    InvalidRegularExpression,
    UnstableOffsetCommit,
    InvalidTxnState,
    ProducerFenced,
}

impl ErrorCode {
    /// The simple name of Kafka's exception class, in package `org.apache.kafka.common.errors`.
    pub(crate) const fn exception(self) -> &'static str {
        match self {
            ErrorCode::OffsetOutOfRange => "OffsetOutOfRangeException",
            ErrorCode::CorruptMessage => "CorruptRecordException",
            ErrorCode::UnknownTopicOrPartition => "UnknownTopicOrPartitionException",
            ErrorCode::RecordTooLarge => "RecordTooLargeException",
            ErrorCode::OffsetMetadataTooLarge => "OffsetMetadataTooLarge",
            ErrorCode::InvalidTopic => "InvalidTopicException",
            ErrorCode::NotEnoughReplicas => "NotEnoughReplicasException",
            ErrorCode::IllegalGeneration => "IllegalGenerationException",
            ErrorCode::InconsistentGroupProtocol => "InconsistentGroupProtocolException",
            ErrorCode::InvalidGroupId => "InvalidGroupIdException",
            ErrorCode::UnknownMemberId => "UnknownMemberIdException",
            ErrorCode::RebalanceInProgress => "RebalanceInProgressException",
            ErrorCode::TopicAlreadyExists => "TopicExistsException",
            ErrorCode::InvalidPartitions => "InvalidPartitionsException",
            ErrorCode::InvalidReplicationFactor => "InvalidReplicationFactorException",
            ErrorCode::InvalidReplicaAssignment => "InvalidReplicaAssignmentException",
            ErrorCode::InvalidConfig => "InvalidConfigurationException",
            ErrorCode::InvalidRequest => "InvalidRequestException",
            ErrorCode::InvalidTimestamp => "InvalidTimestampException",
            ErrorCode::PolicyViolation => "PolicyViolationException",
            ErrorCode::KafkaStorage => "KafkaStorageException",
            ErrorCode::GroupNotEmpty => "GroupNotEmptyException",
            ErrorCode::GroupIdNotFound => "GroupIdNotFoundException",
            ErrorCode::InvalidRecord => "InvalidRecordException",
            ErrorCode::FencedInstanceId => "FencedInstanceIdException",
            ErrorCode::GroupSubscribedToTopic => "GroupSubscribedToTopicException",
            ErrorCode::InvalidSessionTimeout => "InvalidSessionTimeoutException",
            ErrorCode::MemberIdRequired => "MemberIdRequiredException",
            ErrorCode::GroupMaxSizeReached => "GroupMaxSizeReachedException",
            ErrorCode::FencedMemberEpoch => "FencedMemberEpochException",
            ErrorCode::UnreleasedInstanceId => "UnreleasedInstanceIdException",
            ErrorCode::UnsupportedAssignor => "UnsupportedAssignorException",
            ErrorCode::StaleMemberEpoch => "StaleMemberEpochException",
            ErrorCode::InvalidRegularExpression => "InvalidRegularExpression",
            ErrorCode::UnstableOffsetCommit => "UnstableOffsetCommitException",
            ErrorCode::InvalidTxnState => "InvalidTxnStateException",
            ErrorCode::ProducerFenced => "ProducerFencedException",
        }
    }

    /// What Kafka says when an answer carries the code without a message of its own.
    pub(crate) const fn default_message(self) -> &'static str {
        match self {
            ErrorCode::OffsetOutOfRange => {
                "The requested offset is not within the range of offsets maintained by the server."
            }
            ErrorCode::CorruptMessage => {
                "This message has failed its CRC checksum, exceeds the valid size, has a null key for a compacted topic, or is otherwise corrupt."
            }
            ErrorCode::UnknownTopicOrPartition => "This server does not host this topic-partition.",
            ErrorCode::RecordTooLarge => {
                "The request included a message larger than the max message size the server will accept."
            }
            ErrorCode::OffsetMetadataTooLarge => "The metadata field of the offset request was too large.",
            ErrorCode::InvalidTopic => "The request attempted to perform an operation on an invalid topic.",
            ErrorCode::NotEnoughReplicas => {
                "Messages are rejected since there are fewer in-sync replicas than required."
            }
            ErrorCode::IllegalGeneration => "Specified group generation id is not valid.",
            ErrorCode::InconsistentGroupProtocol => {
                "The group member's supported protocols are incompatible with those of existing members or first group member tried to join with empty protocol type or empty protocol list."
            }
            ErrorCode::InvalidGroupId => "The group id is invalid.",
            ErrorCode::UnknownMemberId => "The coordinator is not aware of this member.",
            ErrorCode::RebalanceInProgress => "The group is rebalancing, so a rejoin is needed.",
            ErrorCode::TopicAlreadyExists => "Topic with this name already exists.",
            ErrorCode::InvalidPartitions => "Number of partitions is below 1.",
            ErrorCode::InvalidReplicationFactor => {
                "Replication factor is below 1 or larger than the number of available brokers."
            }
            ErrorCode::InvalidReplicaAssignment => "Replica assignment is invalid.",
            ErrorCode::InvalidConfig => "Configuration is invalid.",
            ErrorCode::InvalidRequest => {
                "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details."
            }
            ErrorCode::InvalidTimestamp => "The timestamp of the message is out of acceptable range.",
            ErrorCode::PolicyViolation => "Request parameters do not satisfy the configured policy.",
            ErrorCode::KafkaStorage => "Disk error when trying to access log file on the disk.",
            ErrorCode::GroupNotEmpty => "The group is not empty.",
            ErrorCode::GroupIdNotFound => "The group id does not exist.",
            ErrorCode::InvalidRecord => {
                "This record has failed the validation on broker and hence will be rejected."
            }
            ErrorCode::FencedInstanceId => {
                "The broker rejected this static consumer since another consumer with the same group.instance.id has registered with a different member.id."
            }
            ErrorCode::GroupSubscribedToTopic => {
                "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."
            }
            ErrorCode::InvalidSessionTimeout => {
                "The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms)."
            }
            ErrorCode::MemberIdRequired => {
                "The group member needs to have a valid member id before actually entering a consumer group."
            }
            ErrorCode::GroupMaxSizeReached => "The group has reached its maximum size.",
            ErrorCode::FencedMemberEpoch => {
                "The member epoch is fenced by the group coordinator. The member must abandon all its partitions and rejoin."
            }
            ErrorCode::UnreleasedInstanceId => {
                "The instance ID is still used by another member in the consumer group. That member must leave first."
            }
            ErrorCode::UnsupportedAssignor => {
                "The assignor or its version range is not supported by the consumer group."
            }
            ErrorCode::StaleMemberEpoch => {
                "The member epoch is stale. The member must retry after receiving its updated member epoch via the ConsumerGroupHeartbeat API."
            }
            ErrorCode::InvalidRegularExpression => "The regular expression is not valid.",
            ErrorCode::UnstableOffsetCommit => "There are unstable offsets that need to be cleared.",
            ErrorCode::InvalidTxnState => {
                "The producer attempted a transactional operation in an invalid state."
            }
            ErrorCode::ProducerFenced => {
                "There is a newer producer with the same transactionalId which fences the current one."
            }
        }
    }
}
