//! A client that is a member of a group of the classic protocol, and what it says.

use crate::support::{Kt, Served, Wire};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, OffsetCommitRequest,
    SyncGroupRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;

pub(super) const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
pub(super) const ILLEGAL_GENERATION: i16 = 22;
pub(super) const INCONSISTENT_GROUP_PROTOCOL: i16 = 23;
pub(super) const INVALID_GROUP_ID: i16 = 24;
pub(super) const UNKNOWN_MEMBER_ID: i16 = 25;
pub(super) const INVALID_SESSION_TIMEOUT: i16 = 26;
pub(super) const REBALANCE_IN_PROGRESS: i16 = 27;
pub(super) const GROUP_NOT_EMPTY: i16 = 68;
pub(super) const GROUP_ID_NOT_FOUND: i16 = 69;
pub(super) const MEMBER_ID_REQUIRED: i16 = 79;
pub(super) const FENCED_INSTANCE_ID: i16 = 82;

pub(super) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(super) fn group(id: &str) -> GroupId {
    GroupId(text(id))
}

pub(super) fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

/// A `ConsumerProtocolSubscription` of version 1 to `t`, of a member that has these partitions.
pub(super) fn subscription(owned: &[i32]) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 0, 0, 1, 0, 1, b't', 0xff, 0xff, 0xff, 0xff];
    partitions(&mut bytes, owned);
    bytes
}

/// A `ConsumerProtocolAssignment` of version 1.
pub(super) fn assignment(given: &[i32]) -> Vec<u8> {
    let mut bytes = vec![0, 1];
    partitions(&mut bytes, given);
    bytes.extend([0xff; 4]);
    bytes
}

pub(super) fn partitions(bytes: &mut Vec<u8>, of_t: &[i32]) {
    bytes.extend(i32::from(!of_t.is_empty()).to_be_bytes());
    if !of_t.is_empty() {
        bytes.extend([0, 1, b't']);
        bytes.extend(i32::try_from(of_t.len()).unwrap().to_be_bytes());
        of_t.iter().for_each(|partition| bytes.extend(partition.to_be_bytes()));
    }
}

/// The partitions of `t` in an assignment of any version.
pub(super) fn given(bytes: &[u8]) -> Vec<i32> {
    let number = |at: usize| i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    if bytes.is_empty() || number(2) == 0 {
        return Vec::new();
    }
    assert_eq!(&bytes[6..9], [0, 1, b't']);
    (0..usize::try_from(number(9)).unwrap()).map(|index| number(13 + 4 * index)).collect()
}

/// A client of the classic protocol that lets go of nothing by itself: the test says what it owns.
pub(super) struct Member {
    pub(super) wire: Wire,
    pub(super) group: &'static str,
    pub(super) id: String,
    pub(super) instance_id: Option<&'static str>,
    pub(super) generation: i32,
    pub(super) protocol: &'static str,
}

impl Member {
    pub(super) fn new(server: &Served, group: &'static str) -> Member {
        let (wire, id) = (server.connect(), String::new());
        Member { wire, group, id, instance_id: None, generation: -1, protocol: "range" }
    }

    pub(super) fn join_request(&self, owned: &[i32]) -> JoinGroupRequest {
        let protocol = JoinGroupRequestProtocol::default().with_name(text(self.protocol));
        JoinGroupRequest::default()
            .with_group_id(group(self.group))
            .with_session_timeout_ms(10_000)
            .with_rebalance_timeout_ms(60_000)
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.instance_id.map(text))
            .with_protocol_type(text("consumer"))
            .with_protocols(vec![protocol.with_metadata(subscription(owned).into())])
    }

    /// Asks for an id if it has none, and sends its join.
    pub(super) fn send_join(&mut self, owned: &[i32]) {
        if self.id.is_empty() && self.instance_id.is_none() {
            let answer = self.wire.call(9, &self.join_request(owned));
            assert_eq!(answer.error_code, MEMBER_ID_REQUIRED);
            self.id = answer.member_id.to_string();
        }
        let request = self.join_request(owned);
        self.wire.send(9, &request);
    }

    pub(super) fn joined(&mut self) -> JoinGroupResponse {
        let answer = self.wire.receive::<JoinGroupRequest>(9);
        if answer.error_code == 0 {
            self.id = answer.member_id.to_string();
            self.generation = answer.generation_id;
        }
        answer
    }

    pub(super) fn join(&mut self, owned: &[i32]) -> JoinGroupResponse {
        self.send_join(owned);
        self.joined()
    }

    pub(super) fn send_sync(&mut self, parts: &BTreeMap<String, Vec<i32>>) {
        let assignments = parts.iter().map(|(member, partitions)| {
            SyncGroupRequestAssignment::default()
                .with_member_id(text(member))
                .with_assignment(assignment(partitions).into())
        });
        let request = SyncGroupRequest::default()
            .with_group_id(group(self.group))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.instance_id.map(text))
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text(self.protocol)))
            .with_assignments(assignments.collect());
        self.wire.send(5, &request);
    }

    pub(super) fn synced(&mut self) -> Result<Vec<i32>, i16> {
        let answer = self.wire.receive::<SyncGroupRequest>(5);
        if answer.error_code == 0 { Ok(given(&answer.assignment)) } else { Err(answer.error_code) }
    }

    pub(super) fn sync(&mut self, parts: &BTreeMap<String, Vec<i32>>) -> Result<Vec<i32>, i16> {
        self.send_sync(parts);
        self.synced()
    }

    pub(super) fn beat(&mut self) -> i16 {
        let request = HeartbeatRequest::default()
            .with_group_id(group(self.group))
            .with_generation_id(self.generation)
            .with_member_id(text(&self.id))
            .with_group_instance_id(self.instance_id.map(text));
        self.wire.call(4, &request).error_code
    }

    pub(super) fn leave(&mut self) -> i16 {
        let member = MemberIdentity::default().with_member_id(text(&self.id));
        let request =
            LeaveGroupRequest::default().with_group_id(group(self.group)).with_members(vec![member]);
        let answer = self.wire.call(5, &request);
        assert_eq!(answer.error_code, 0);
        answer.members[0].error_code
    }

    pub(super) fn commit(&mut self, partition: i32, offset: i64) -> i16 {
        let request = commit_request(self.group, partition, offset)
            .with_generation_id_or_member_epoch(self.generation)
            .with_member_id(text(&self.id));
        self.wire.call(9, &request).topics[0].partitions[0].error_code
    }
}

pub(super) fn commit_request(id: &str, partition: i32, offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(partition)
        .with_committed_offset(offset)
        .with_committed_metadata(Some(text("note")));
    let topic = OffsetCommitRequestTopic::default().with_name(topic("t")).with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(group(id))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic])
}

/// Parts by member id.
pub(super) fn parts(parts: &[(&Member, &[i32])]) -> BTreeMap<String, Vec<i32>> {
    parts.iter().map(|(member, partitions)| (member.id.clone(), partitions.to_vec())).collect()
}

pub(super) fn with_topic(partitions: usize) -> Kt {
    let kt = Kt::new();
    kt.run(format!("topics --create --topic t --partitions {partitions}")).shows("Created topic t.\n");
    kt
}

/// Feeds the topic's two partitions; who reads one of them prints it.
pub(super) fn feed(kt: &Kt) {
    for partition in 0..2 {
        kt.stdin(format!("p{partition}\n"))
            .run(format!("produce --topic t --partition {partition}"))
            .success();
    }
}
