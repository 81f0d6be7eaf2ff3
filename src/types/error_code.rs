//! Kafka's error codes, with the Java exception that each becomes in the tools' output. A pure table.

/// One row a code: its name here, the simple name of Kafka's exception class (in package
/// `org.apache.kafka.common.errors`), and what Kafka says when an answer carries the code without a message of its own.
macro_rules! error_codes {
    ($($code:ident, $exception:literal, $message:literal;)*) => {
        /// An error of the Kafka protocol. Only those that kt's own code can raise or must tell apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum ErrorCode {
            $($code,)*
        }

        impl ErrorCode {
            /// The simple name of Kafka's exception class, in package `org.apache.kafka.common.errors`.
            pub(crate) const fn exception(self) -> &'static str {
                match self {
                    $(ErrorCode::$code => $exception,)*
                }
            }

            /// What Kafka says when an answer carries the code without a message of its own.
            pub(crate) const fn default_message(self) -> &'static str {
                match self {
                    $(ErrorCode::$code => $message,)*
                }
            }
        }
    };
}

error_codes! {
    OffsetOutOfRange, "OffsetOutOfRangeException", "The requested offset is not within the range of offsets maintained by the server.";
    CorruptMessage, "CorruptRecordException", "This message has failed its CRC checksum, exceeds the valid size, has a null key for a compacted topic, or is otherwise corrupt.";
    UnknownTopicOrPartition, "UnknownTopicOrPartitionException", "This server does not host this topic-partition.";
    RecordTooLarge, "RecordTooLargeException", "The request included a message larger than the max message size the server will accept.";
    OffsetMetadataTooLarge, "OffsetMetadataTooLarge", "The metadata field of the offset request was too large.";
    InvalidTopic, "InvalidTopicException", "The request attempted to perform an operation on an invalid topic.";
    NotEnoughReplicas, "NotEnoughReplicasException", "Messages are rejected since there are fewer in-sync replicas than required.";
    IllegalGeneration, "IllegalGenerationException", "Specified group generation id is not valid.";
    InconsistentGroupProtocol, "InconsistentGroupProtocolException", "The group member's supported protocols are incompatible with those of existing members or first group member tried to join with empty protocol type or empty protocol list.";
    InvalidGroupId, "InvalidGroupIdException", "The group id is invalid.";
    UnknownMemberId, "UnknownMemberIdException", "The coordinator is not aware of this member.";
    RebalanceInProgress, "RebalanceInProgressException", "The group is rebalancing, so a rejoin is needed.";
    TopicAlreadyExists, "TopicExistsException", "Topic with this name already exists.";
    InvalidPartitions, "InvalidPartitionsException", "Number of partitions is below 1.";
    InvalidReplicationFactor, "InvalidReplicationFactorException", "Replication factor is below 1 or larger than the number of available brokers.";
    InvalidReplicaAssignment, "InvalidReplicaAssignmentException", "Replica assignment is invalid.";
    InvalidConfig, "InvalidConfigurationException", "Configuration is invalid.";
    InvalidRequest, "InvalidRequestException", "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";
    InvalidTimestamp, "InvalidTimestampException", "The timestamp of the message is out of acceptable range.";
    PolicyViolation, "PolicyViolationException", "Request parameters do not satisfy the configured policy.";
    KafkaStorage, "KafkaStorageException", "Disk error when trying to access log file on the disk.";
    GroupNotEmpty, "GroupNotEmptyException", "The group is not empty.";
    GroupIdNotFound, "GroupIdNotFoundException", "The group id does not exist.";
    InvalidRecord, "InvalidRecordException", "This record has failed the validation on broker and hence will be rejected.";
    FencedInstanceId, "FencedInstanceIdException", "The broker rejected this static consumer since another consumer with the same group.instance.id has registered with a different member.id.";
    GroupSubscribedToTopic, "GroupSubscribedToTopicException", "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.";
    InvalidSessionTimeout, "InvalidSessionTimeoutException", "The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms).";
    MemberIdRequired, "MemberIdRequiredException", "The group member needs to have a valid member id before actually entering a consumer group.";
    GroupMaxSizeReached, "GroupMaxSizeReachedException", "The group has reached its maximum size.";
    FencedMemberEpoch, "FencedMemberEpochException", "The member epoch is fenced by the group coordinator. The member must abandon all its partitions and rejoin.";
    UnreleasedInstanceId, "UnreleasedInstanceIdException", "The instance ID is still used by another member in the consumer group. That member must leave first.";
    UnsupportedAssignor, "UnsupportedAssignorException", "The assignor or its version range is not supported by the consumer group.";
    StaleMemberEpoch, "StaleMemberEpochException", "The member epoch is stale. The member must retry after receiving its updated member epoch via the ConsumerGroupHeartbeat API.";
    InvalidRegularExpression, "InvalidRegularExpression", "The regular expression is not valid.";
    UnstableOffsetCommit, "UnstableOffsetCommitException", "There are unstable offsets that need to be cleared.";
    InvalidTxnState, "InvalidTxnStateException", "The producer attempted a transactional operation in an invalid state.";
    ProducerFenced, "ProducerFencedException", "There is a newer producer with the same transactionalId which fences the current one.";
    OutOfOrderSequence, "OutOfOrderSequenceException", "The broker received an out of order sequence number.";
    InvalidProducerEpoch, "InvalidProducerEpochException", "Producer attempted to produce with an old epoch.";
    TransactionCoordinatorFenced, "TransactionCoordinatorFencedException", "Indicates that the transaction coordinator sending a WriteTxnMarker is no longer the current coordinator for a given producer.";
    SecurityDisabled, "SecurityDisabledException", "Security features are disabled.";
    UnacceptableCredential, "UnacceptableCredentialException", "Requested credential would not meet criteria for acceptability.";
    DuplicateResource, "DuplicateResourceException", "A request illegally referred to the same resource twice.";
    ResourceNotFound, "ResourceNotFoundException", "A request illegally referred to a resource that does not exist.";
    ElectionNotNeeded, "ElectionNotNeededException", "Leader election not needed for topic partition.";
    PreferredLeaderNotAvailable, "PreferredLeaderNotAvailableException", "The preferred leader was not available.";
    EligibleLeadersNotAvailable, "EligibleLeadersNotAvailableException", "Eligible topic partition leaders are not available.";
    BrokerIdNotRegistered, "BrokerIdNotRegisteredException", "The given broker ID was not registered.";
    UnsupportedVersion, "UnsupportedVersionException", "The version of API is not supported.";
    RequestTimedOut, "TimeoutException", "The request timed out.";
    DuplicateVoter, "DuplicateVoterException", "The voter is already part of the set of voters.";
    VoterNotFound, "VoterNotFoundException", "The voter is not part of the set of voters.";
    InvalidUpdateVersion, "InvalidUpdateVersionException", "The given update version was invalid.";
    TransactionalIdNotFound, "TransactionalIdNotFoundException", "The transactionalId could not be found.";
}
