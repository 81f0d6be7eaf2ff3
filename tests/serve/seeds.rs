//! A request of every kind, sound and with something in it, for tests that send damaged ones.

use bytes::Bytes;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, StrBytes};

macro_rules! seed {
    ($kind:ident, $request:expr $(,)?) => {
        (ApiKey::$kind, RequestKind::$kind($request))
    };
}

const fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

const fn topic() -> TopicName {
    TopicName(text("t"))
}

const fn group() -> GroupId {
    GroupId(text("g"))
}

const fn transaction() -> TransactionalId {
    TransactionalId(text("x"))
}

/// Reads a request of the version that says the most with the fewest words.
fn read<Q: Decodable>(bytes: &'static [u8], version: i16) -> Q {
    Q::decode(&mut Bytes::from_static(bytes), version).unwrap()
}

/// Those about records and offsets.
fn data() -> Vec<(ApiKey, RequestKind)> {
    use fetch_request::{FetchPartition, FetchTopic};
    use list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
    use offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
    use produce_request::{PartitionProduceData, TopicProduceData};
    let batch = super::records::batch(&["one", "another"], super::records::NOBODY);
    let produce = PartitionProduceData::default().with_records(Some(batch));
    let produce = TopicProduceData::default().with_name(topic()).with_partition_data(vec![produce]);
    let fetch = FetchPartition::default().with_partition_max_bytes(1 << 20);
    let fetch = FetchTopic::default().with_topic(topic()).with_partitions(vec![fetch]);
    let list = ListOffsetsPartition::default().with_timestamp(-1);
    let list = ListOffsetsTopic::default().with_name(topic()).with_partitions(vec![list]);
    let epoch = OffsetForLeaderPartition::default().with_current_leader_epoch(-1);
    let epoch = OffsetForLeaderTopic::default().with_topic(topic()).with_partitions(vec![epoch]);
    // [topic "t" [partition 0, offset 0]], timeout.
    let delete: DeleteRecordsRequest =
        read(b"\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10", 0);
    vec![
        seed!(
            Produce,
            ProduceRequest::default().with_acks(-1).with_timeout_ms(100).with_topic_data(vec![produce]),
        ),
        seed!(
            Fetch,
            FetchRequest::default().with_max_bytes(1 << 20).with_min_bytes(1).with_topics(vec![fetch]),
        ),
        seed!(ListOffsets, ListOffsetsRequest::default().with_topics(vec![list])),
        seed!(OffsetForLeaderEpoch, OffsetForLeaderEpochRequest::default().with_topics(vec![epoch])),
        seed!(DeleteRecords, delete),
        seed!(
            DescribeProducers,
            DescribeProducersRequest::default().with_topics(vec![
                describe_producers_request::TopicRequest::default()
                    .with_name(topic())
                    .with_partition_indexes(vec![0]),
            ])
        ),
    ]
}

/// Those about groups and transactions.
fn coordination() -> Vec<(ApiKey, RequestKind)> {
    use join_group_request::JoinGroupRequestProtocol;
    use offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(Bytes::from_static(b"\0\x01\0\0\0\x01\0\x01t\xff\xff\xff\xff\0\0\0\0"));
    let commit = OffsetCommitRequestPartition::default().with_committed_offset(1);
    let commit = OffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![commit]);
    // [partition 0] of the topic "t" for the transaction "x".
    let add: AddPartitionsToTxnRequest =
        read(b"\0\x01x\0\0\0\0\0\0\0\x01\0\0\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0", 0);
    let offsets: TxnOffsetCommitRequest = read(
        b"\0\x01x\0\x01g\0\0\0\0\0\0\0\x01\0\0\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\xff\xff",
        0,
    );
    let fetch: OffsetFetchRequest = read(b"\0\x01g\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0", 1);
    vec![
        seed!(
            JoinGroup,
            JoinGroupRequest::default()
                .with_group_id(group())
                .with_session_timeout_ms(6000)
                .with_rebalance_timeout_ms(100)
                .with_protocol_type(text("consumer"))
                .with_protocols(vec![protocol]),
        ),
        seed!(SyncGroup, SyncGroupRequest::default().with_group_id(group()).with_member_id(text("m"))),
        seed!(Heartbeat, HeartbeatRequest::default().with_group_id(group()).with_member_id(text("m"))),
        seed!(LeaveGroup, LeaveGroupRequest::default().with_group_id(group())),
        seed!(
            OffsetCommit,
            OffsetCommitRequest::default()
                .with_group_id(group())
                .with_generation_id_or_member_epoch(-1)
                .with_topics(vec![commit]),
        ),
        seed!(OffsetFetch, fetch),
        seed!(FindCoordinator, FindCoordinatorRequest::default().with_key(text("g"))),
        seed!(FindCoordinator, FindCoordinatorRequest::default().with_coordinator_keys(vec![text("g")])),
        seed!(DescribeGroups, DescribeGroupsRequest::default().with_groups(vec![group()])),
        seed!(ConsumerGroupDescribe, ConsumerGroupDescribeRequest::default().with_group_ids(vec![group()])),
        seed!(
            ConsumerGroupHeartbeat,
            ConsumerGroupHeartbeatRequest::default()
                .with_group_id(GroupId(text("modern")))
                .with_member_id(text("m"))
                .with_rebalance_timeout_ms(1000)
                .with_subscribed_topic_names(Some(vec![topic()])),
        ),
        seed!(
            InitProducerId,
            InitProducerIdRequest::default()
                .with_transactional_id(Some(transaction()))
                .with_transaction_timeout_ms(10_000),
        ),
        seed!(AddPartitionsToTxn, add),
        seed!(
            AddOffsetsToTxn,
            AddOffsetsToTxnRequest::default().with_transactional_id(transaction()).with_group_id(group()),
        ),
        seed!(TxnOffsetCommit, offsets),
        seed!(EndTxn, EndTxnRequest::default().with_transactional_id(transaction())),
        seed!(
            DescribeTransactions,
            DescribeTransactionsRequest::default().with_transactional_ids(vec![transaction()]),
        ),
    ]
}

/// Those of administrators.
fn administration() -> Vec<(ApiKey, RequestKind)> {
    use create_topics_request::CreatableTopic;
    use metadata_request::MetadataRequestTopic;
    let new = CreatableTopic::default()
        .with_name(TopicName(text("new")))
        .with_num_partitions(1)
        .with_replication_factor(1);
    let configs: DescribeConfigsRequest = read(b"\0\0\0\x01\x02\0\x01t\xff\xff\xff\xff\0", 1);
    // Adds a value to a list: topic "t", "cleanup.policy", append, "compact".
    let incremental: IncrementalAlterConfigsRequest =
        read(b"\0\0\0\x01\x02\0\x01t\0\0\0\x01\0\x0ecleanup.policy\x02\0\x07compact\0", 0);
    let alter: AlterConfigsRequest =
        read(b"\0\0\0\x01\x02\0\x01t\0\0\0\x01\0\x0cretention.ms\0\x05-1000\0", 0);
    let grow: CreatePartitionsRequest = read(b"\0\0\0\x01\0\x03new\0\0\0\x02\xff\xff\xff\xff\0\0\0\x10\0", 0);
    let acl = b"\0\0\0\x01\x02\0\x01t\x03\0\x06User:a\0\x01*\x03\x03";
    let quota: AlterClientQuotasRequest = read(
        b"\0\0\0\x01\0\0\0\x01\0\x04user\0\x01a\0\0\0\x01\0\x12producer_byte_rate\x40\xf0\0\0\0\0\0\0\0\0",
        0,
    );
    vec![
        seed!(
            Metadata,
            MetadataRequest::default()
                .with_topics(Some(vec![MetadataRequestTopic::default().with_name(Some(topic())),]))
        ),
        seed!(CreateTopics, CreateTopicsRequest::default().with_timeout_ms(100).with_topics(vec![new])),
        seed!(DeleteTopics, DeleteTopicsRequest::default().with_topic_names(vec![TopicName(text("new"))]),),
        seed!(CreatePartitions, grow),
        seed!(DescribeConfigs, configs),
        seed!(IncrementalAlterConfigs, incremental),
        seed!(AlterConfigs, alter),
        seed!(CreateAcls, read(acl, 1)),
        seed!(AlterClientQuotas, quota),
        seed!(
            ApiVersions,
            ApiVersionsRequest::default()
                .with_client_software_name(text("test"))
                .with_client_software_version(text("1")),
        ),
        seed!(SaslHandshake, SaslHandshakeRequest::default().with_mechanism(text("PLAIN"))),
    ]
}

macro_rules! empty {
    ($($kind:ident)*) => { vec![$(seed!($kind, Default::default()),)*] };
}

/// All of them; of every kind one in which there is nothing, too.
pub(super) fn seeds() -> Vec<(ApiKey, RequestKind)> {
    let empty = empty! {
        Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat
        LeaveGroup SyncGroup DescribeGroups ListGroups SaslHandshake ApiVersions CreateTopics DeleteTopics
        DeleteRecords InitProducerId OffsetForLeaderEpoch AddPartitionsToTxn AddOffsetsToTxn EndTxn
        WriteTxnMarkers TxnOffsetCommit DescribeAcls CreateAcls DeleteAcls DescribeConfigs AlterConfigs
        AlterReplicaLogDirs DescribeLogDirs SaslAuthenticate CreatePartitions CreateDelegationToken
        RenewDelegationToken ExpireDelegationToken DescribeDelegationToken DeleteGroups ElectLeaders
        IncrementalAlterConfigs AlterPartitionReassignments ListPartitionReassignments OffsetDelete
        DescribeClientQuotas AlterClientQuotas DescribeUserScramCredentials AlterUserScramCredentials
        DescribeQuorum UpdateFeatures DescribeCluster DescribeProducers UnregisterBroker
        DescribeTransactions ListTransactions ConsumerGroupHeartbeat ConsumerGroupDescribe
        GetTelemetrySubscriptions PushTelemetry ListConfigResources DescribeTopicPartitions
        ShareGroupHeartbeat ShareGroupDescribe ShareFetch ShareAcknowledge AddRaftVoter RemoveRaftVoter
        InitializeShareGroupState ReadShareGroupState WriteShareGroupState DeleteShareGroupState
        ReadShareGroupStateSummary DescribeShareGroupOffsets AlterShareGroupOffsets DeleteShareGroupOffsets
    };
    [data(), coordination(), administration(), empty].concat()
}
