//! The ConsumerGroupHeartbeat request (KIP-848): what a member says, what it is answered, and what is refused without
//! looking at the group.

use super::super::assignor::ServerAssignor;
use super::super::records::ClassicSide;
use super::partitions::PartitionSet;
use crate::types::ErrorCode;

/// The epoch in a request of who leaves for good, and of a static member that leaves for a while.
pub(super) const LEAVE: i32 = -1;
pub(super) const LEAVE_FOR_A_WHILE: i32 = -2;

/// What a member says with a heartbeat. `None` means "as before".
#[derive(Clone, Debug, Default)]
pub(crate) struct HeartbeatRequest {
    pub(crate) member_id: String,
    /// 0 to join or join again, -1 to leave, -2 for a static member that will be back.
    pub(crate) member_epoch: i32,
    pub(crate) instance_id: Option<String>,
    pub(crate) rack_id: Option<String>,
    pub(crate) client_id: String,
    /// With the slash before the address: `/127.0.0.1`.
    pub(crate) client_host: String,
    pub(crate) rebalance_timeout_ms: Option<i32>,
    pub(crate) topics: Option<Vec<String>>,
    /// Empty for none.
    pub(crate) topic_regex: Option<String>,
    pub(crate) assignor: Option<String>,
    /// The partitions that the member has.
    pub(crate) owned: Option<PartitionSet>,
    /// Set by a member that speaks the classic protocol, and is a guest in the group.
    pub(crate) classic: Option<ClassicSide>,
}

/// The answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeartbeatAnswer {
    pub(crate) member_epoch: i32,
    /// All that the member may own now; `None` if that has not changed.
    pub(crate) assignment: Option<PartitionSet>,
}

/// A refusal in Kafka's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

impl Refusal {
    pub(in crate::group) fn new(code: ErrorCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// A refusal without words of its own.
    pub(crate) fn of(code: ErrorCode) -> Refusal {
        Refusal::new(code, code.default_message())
    }
}

/// The limits that a broker or the group's configuration sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModernConfig {
    /// `consumer.session.timeout.ms` of the group, or `group.consumer.session.timeout.ms`.
    pub(crate) session_timeout_ms: i32,
    /// `group.consumer.max.size`.
    pub(crate) max_members: usize,
}

impl ModernConfig {
    /// The shortest session that `consumer.session.timeout.ms` allows.
    pub(crate) const SHORTEST_SESSION_MS: i32 = 45_000;
}

impl Default for ModernConfig {
    fn default() -> ModernConfig {
        ModernConfig { session_timeout_ms: 45_000, max_members: usize::MAX }
    }
}

impl HeartbeatRequest {
    /// Whether it asks to be told its assignment even if that hasn't changed.
    pub(super) fn is_full(&self) -> bool {
        let subscribes = self.topics.is_some() || self.topic_regex.is_some();
        self.member_epoch == 0 || (self.rebalance_timeout_ms.is_some() && subscribes && self.owned.is_some())
    }

    /// Checks what needs no group.
    pub(super) fn validate(&self) -> Result<(), Refusal> {
        let invalid = |message: &str| Err(Refusal::new(ErrorCode::InvalidRequest, message));
        if self.member_id.is_empty() {
            return invalid("MemberId can't be empty.");
        }
        for (value, message) in
            [(&self.instance_id, "InstanceId can't be empty."), (&self.rack_id, "RackId can't be empty.")]
        {
            if value.as_deref() == Some("") {
                return invalid(message);
            }
        }
        match self.member_epoch {
            LEAVE => return Ok(()),
            LEAVE_FOR_A_WHILE if self.instance_id.is_none() => return invalid("InstanceId can't be null."),
            LEAVE_FOR_A_WHILE => return Ok(()),
            ..LEAVE_FOR_A_WHILE => return invalid("MemberEpoch is invalid."),
            0 if self.rebalance_timeout_ms.is_none() => {
                return invalid("RebalanceTimeoutMs must be provided in first request.");
            }
            0 if self.owned.as_ref().is_none_or(|owned| !owned.is_empty()) => {
                return invalid("TopicPartitions must be empty when (re-)joining.");
            }
            0 if self.topics.is_none() && self.topic_regex.as_deref().unwrap_or_default().is_empty() => {
                return invalid(
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
                );
            }
            _ => {}
        }
        if let Some(name) = &self.assignor
            && ServerAssignor::named(name).is_none()
        {
            let known = ServerAssignor::ALL.map(ServerAssignor::name).join(", ");
            let message = format!("ServerAssignor {name} is not supported. Supported assignors: {known}.");
            return Err(Refusal::new(ErrorCode::UnsupportedAssignor, message));
        }
        match self.topic_regex.as_deref() {
            Some(text) if !text.is_empty() => super::regex::check(text),
            _ => Ok(()),
        }
    }
}
