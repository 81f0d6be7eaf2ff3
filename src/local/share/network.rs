//! `NetworkShares`: share groups for members that are beyond a network, for whom a server speaks. They are in one group with
//! the members of this machine: the same records, locks and files.
//!
//! - A member's place (`network_members`): heartbeats join it, keep it and tell it what to read.
//! - Its session (`network_sessions`): the partitions that it fetches from, as a server keeps them between two requests.
//! - What it fetches and says (`network_fetch`).
//!
//! Knows nothing of the wire, and never waits: who has nothing to give is asked again. Source: KIP-932.

use super::super::cluster::Cluster;
use super::super::groups::GroupLogs;
use super::super::idle::Idle;
use super::admin;
use super::network_members::Places;
use super::network_sessions::Sessions;
use super::settings::ShareSettings;
use super::state_log::StateLogs;
use crate::client::Result;
use crate::types::{ErrorCode, Offset, PartitionId, Uuid};
use std::net::SocketAddr;
use std::time::Duration;

/// What a server needs for share groups, for as long as it runs.
pub(crate) struct NetworkShares {
    pub(super) cluster: Cluster,
    /// The logs that no thread uses just now.
    pub(super) groups: Idle<GroupLogs>,
    states: Idle<StateLogs>,
    pub(super) places: Places,
    pub(super) sessions: Sessions,
}

/// A sign of life of a member, and what it wants to read.
#[derive(Clone, Debug)]
pub(crate) struct ShareBeat<'a> {
    pub(crate) group: &'a str,
    /// Chosen by the member itself.
    pub(crate) member_id: &'a str,
    /// 0 to join, -1 to leave.
    pub(crate) member_epoch: i32,
    /// `None` where nothing has changed.
    pub(crate) topics: Option<Vec<String>>,
    pub(crate) client_id: &'a str,
    /// With the slash before the address: `/127.0.0.1`.
    pub(crate) client_host: &'a str,
}

/// What a member is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharePlace {
    pub(crate) member_epoch: i32,
    pub(crate) heartbeat: Duration,
    /// `None` where nothing has changed.
    pub(crate) assignment: Option<Vec<(Uuid, Vec<PartitionId>)>>,
}

/// A share group and its members.
#[derive(Clone, Debug)]
pub(crate) struct ShareDescription {
    /// Kafka's name of it.
    pub(crate) state: &'static str,
    pub(crate) group_epoch: i32,
    pub(crate) assignment_epoch: i32,
    pub(crate) members: Vec<ShareMemberDescription>,
}

#[derive(Clone, Debug)]
pub(crate) struct ShareMemberDescription {
    pub(crate) member_id: String,
    pub(crate) member_epoch: i32,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    /// The topics that it wants to read.
    pub(crate) topics: Vec<String>,
    /// What it does read: a topic's id and name, and partitions.
    pub(crate) assignment: Vec<(Uuid, String, Vec<PartitionId>)>,
}

/// A partition that a request names, and what it says of records there: first, last, and what of each or of all.
#[derive(Clone, Debug)]
pub(crate) struct ShareRequestPart {
    pub(crate) topic_id: Uuid,
    pub(crate) partition: PartitionId,
    pub(crate) words: Vec<(Offset, Offset, Vec<i8>)>,
}

/// A request in a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShareRequest {
    pub(crate) group: String,
    pub(crate) member_id: String,
    /// 0 opens a session, -1 ends it, and in between it counts.
    pub(crate) epoch: i32,
    /// Where it comes from: with the connection on which it was opened a session ends.
    pub(crate) client: Option<SocketAddr>,
    pub(crate) parts: Vec<ShareRequestPart>,
    pub(crate) forgotten: Vec<(Uuid, PartitionId)>,
    /// The request may say of records that the member needs more time for them.
    pub(crate) renews: bool,
}

/// How much is to be fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShareWanted {
    pub(crate) bytes_max: usize,
    pub(crate) records_max: i64,
    /// More than `records_max` are given where they are in one batch with others.
    pub(crate) whole_batches: bool,
}

/// What a partition has for a member.
#[derive(Clone, Debug)]
pub(crate) struct ShareGiven {
    pub(crate) topic_id: Uuid,
    pub(crate) partition: PartitionId,
    /// Whole batches; those of their records count that are among the next.
    pub(crate) records: Vec<u8>,
    /// First and last record, inclusive, and how often they were delivered.
    pub(crate) acquired: Vec<(Offset, Offset, i16)>,
}

/// What became of what was said of a partition's records.
pub(crate) type ShareAnswer = (Uuid, PartitionId, std::result::Result<(), ErrorCode>);

impl NetworkShares {
    pub(crate) fn new(cluster: &Cluster) -> NetworkShares {
        NetworkShares {
            cluster: cluster.clone(),
            groups: Idle::default(),
            states: Idle::default(),
            places: Places::default(),
            sessions: Sessions::default(),
        }
    }

    /// How long a member of a group may have records before it says something of them, in milliseconds.
    pub(crate) fn lock_ms(&self, group: &str) -> Result<i32> {
        let settings = ShareSettings::of(&self.cluster, group)?;
        Ok(i32::try_from(settings.limits.lock_ms).unwrap_or(i32::MAX))
    }

    /// The id of a topic; `None` if there is none.
    pub(crate) fn topic_id(&self, topic: &str) -> Option<Uuid> {
        Some(self.cluster.catalog().ok()?.get(topic)?.id)
    }

    /// How a group looks.
    pub(crate) fn describe(&self, group: &str) -> Result<ShareDescription> {
        self.with_groups(|groups| admin::describe_whole(groups, group))
    }

    pub(super) fn with_groups<T>(&self, work: impl FnOnce(&GroupLogs) -> Result<T>) -> Result<T> {
        let logs = self.groups.take().unwrap_or_else(|| GroupLogs::new(self.cluster.clone()));
        let outcome = work(&logs);
        self.groups.put(logs);
        outcome
    }

    /// Works with the logs of states; what was appended to them is durable when this returns.
    pub(super) fn with_states<T>(&self, work: impl FnOnce(&mut StateLogs) -> Result<T>) -> Result<T> {
        let kept = self.states.take().filter(|logs| matches!(logs.are_current(), Ok(true)));
        let mut logs = kept.map_or_else(|| StateLogs::open_or_new(&self.cluster), Ok)?;
        let outcome = work(&mut logs)?;
        logs.sync()?;
        self.states.put(logs);
        Ok(outcome)
    }
}
