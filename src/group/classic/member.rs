//! `ClassicMember`: one member of a classic group, and what it says when it joins.

use super::super::records::ClassicMemberValue;
use super::group::later;
use crate::types::TimestampMs;
use std::collections::BTreeSet;

/// Assignors with the subscription that goes with each, most wanted first.
pub(crate) type Protocols = Vec<(String, Vec<u8>)>;

/// The answer that a member has been promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    Join,
    Sync,
}

/// A member of a classic group.
#[derive(Clone, Debug)]
pub(crate) struct ClassicMember {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    /// With the slash before the address: `/127.0.0.1`.
    pub(crate) client_host: String,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    pub(crate) protocols: Protocols,
    /// What the leader gave it, as it gave it.
    pub(crate) assignment: Vec<u8>,
    pub(super) waits_for: Option<WaitsFor>,
    /// The member is given up when nothing was heard of it until then; it is not looked at while it waits.
    pub(super) session_deadline: TimestampMs,
}

impl ClassicMember {
    pub(super) fn from_value(
        value: ClassicMemberValue,
        protocol: String,
        loaded_at: TimestampMs,
    ) -> ClassicMember {
        ClassicMember {
            session_deadline: later(loaded_at, i64::from(value.session_timeout_ms)),
            member_id: value.member_id,
            instance_id: value.instance_id,
            client_id: value.client_id,
            client_host: value.client_host,
            rebalance_timeout_ms: value.rebalance_timeout_ms,
            session_timeout_ms: value.session_timeout_ms,
            protocols: vec![(protocol, value.subscription)],
            assignment: value.assignment,
            waits_for: None,
        }
    }

    /// What it subscribes to under `protocol`.
    pub(crate) fn metadata(&self, protocol: &str) -> Option<&[u8]> {
        self.protocols.iter().find(|(name, _)| name == protocol).map(|(_, bytes)| bytes.as_slice())
    }

    pub(super) fn protocol_names(&self) -> BTreeSet<&str> {
        self.protocols.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Begins its session anew.
    pub(super) fn heard_of(&mut self, now: TimestampMs) {
        self.session_deadline = later(now, i64::from(self.session_timeout_ms));
    }
}

/// What a JoinGroup request says.
#[derive(Clone, Debug)]
pub(crate) struct JoinRequest {
    /// Empty for someone new.
    pub(crate) member_id: String,
    /// The id that someone new shall have: client id or instance id, `-`, and a random UUID.
    pub(crate) new_member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    pub(crate) protocol_type: String,
    pub(crate) protocols: Protocols,
    /// Whether the client first asks for an id and then joins with it (JoinGroup version 4 and later).
    pub(crate) asks_for_id: bool,
}

impl JoinRequest {
    /// The member id under which the answer goes out.
    pub(crate) fn effective_id(&self) -> &str {
        if self.member_id.is_empty() { &self.new_member_id } else { &self.member_id }
    }

    pub(super) fn member(&self, member_id: &str, now: TimestampMs) -> ClassicMember {
        ClassicMember {
            member_id: member_id.to_owned(),
            instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            session_timeout_ms: self.session_timeout_ms,
            protocols: self.protocols.clone(),
            assignment: Vec::new(),
            waits_for: None,
            session_deadline: later(now, i64::from(self.session_timeout_ms)),
        }
    }
}

/// The limits that a broker sets, by the names of its configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassicConfig {
    /// `group.initial.rebalance.delay.ms`.
    pub(crate) initial_rebalance_delay_ms: i64,
    /// `group.min.session.timeout.ms` and `group.max.session.timeout.ms`, both inclusive.
    pub(crate) min_session_timeout_ms: i32,
    pub(crate) max_session_timeout_ms: i32,
    /// `group.max.size`.
    pub(crate) max_members: usize,
}

impl Default for ClassicConfig {
    /// Kafka's defaults, but nobody is waited for: `group.initial.rebalance.delay.ms=0` as in its quickstart.
    fn default() -> ClassicConfig {
        ClassicConfig {
            initial_rebalance_delay_ms: 0,
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            max_members: usize::MAX,
        }
    }
}
