//! `GroupMember`: a consumer's part in its group, from `join` to `leave`. Nothing is sent to it: it looks at what the
//! members share whenever that has changed, and does what it finds to be its turn.

use super::super::cluster::Cluster;
use super::classic::Classic;
use super::desk::Desk;
use super::heartbeat;
use super::live::channels_of;
use super::modern::Modern;
use super::settle::modern_limits;
use crate::client::{self, CommittedOffset, ConsumerConfig, GroupMetadata, GroupProtocol, Result};
use crate::disk::Channels;
use crate::group::Step;
use crate::types::{ErrorCode, Offset, TopicPartition};
use std::sync::Arc;

/// A member of a group. Dropping it is what a crash does.
pub(in crate::local) struct GroupMember {
    desk: Arc<Desk>,
    protocol: Protocol,
}

/// How the group shares its partitions out, as this member plays its part in that.
enum Protocol {
    Classic(Classic),
    Modern(Modern),
}

impl GroupMember {
    /// Gets ready to join `group` as a consumer of `topics`; what comes of it, [`GroupMember::advance`] tells.
    pub(in crate::local) fn new(
        cluster: &Cluster,
        group: &str,
        config: &ConsumerConfig,
        topics: &[String],
    ) -> Result<GroupMember> {
        if group.is_empty() {
            return Err(client::Error::of(ErrorCode::InvalidGroupId));
        }
        let (config, protocol) = match &config.protocol {
            GroupProtocol::Classic => (config.clone(), Protocol::Classic(Classic::new(config, topics))),
            GroupProtocol::Consumer { .. } => {
                let session_timeout_ms = modern_limits(cluster, group)?.session_timeout_ms;
                let config = ConsumerConfig { session_timeout_ms, ..config.clone() };
                let modern = Modern::new(&config, topics);
                (config, Protocol::Modern(modern))
            }
        };
        let desk = Arc::new(Desk::open(cluster, group, &config)?);
        heartbeat::start(&desk)?;
        Ok(GroupMember { desk, protocol })
    }

    /// Changes what the member subscribes to, or tells it that topics or partitions may have come or gone.
    pub(in crate::local) fn subscribe(&mut self, topics: &[String]) {
        match &mut self.protocol {
            Protocol::Classic(classic) => classic.subscribe(topics),
            Protocol::Modern(modern) => modern.subscribe(topics),
        }
    }

    /// The next thing to be done; `None` if there is nothing before something changes, which is cheap to find out.
    pub(in crate::local) fn advance(&mut self) -> Result<Option<Step>> {
        self.desk.at_work();
        match &mut self.protocol {
            Protocol::Classic(classic) => classic.advance(&self.desk),
            Protocol::Modern(modern) => modern.advance(&self.desk),
        }
    }

    /// To be asked after each record: whether the group has changed since the last step, so that none may be handed over
    /// before the next one.
    #[inline]
    pub(in crate::local) fn is_called(&self) -> bool {
        self.desk.at_work();
        match &self.protocol {
            Protocol::Classic(classic) => classic.is_called(),
            Protocol::Modern(modern) => modern.is_called(),
        }
    }

    /// Says whether the consumer has nothing to do but wait.
    pub(in crate::local) fn set_idle(&self, idle: bool) {
        self.desk.set_idle(idle);
    }

    /// The offset that the group has committed of a partition; `UnstableOffsetCommit` while a transaction that is open may
    /// change it.
    pub(in crate::local) fn committed(&self, partition: &TopicPartition) -> Result<Option<Offset>> {
        self.desk.committed(partition)
    }

    /// Commits positions; they are on the disk when this returns.
    pub(in crate::local) fn commit(&self, positions: &[(TopicPartition, CommittedOffset)]) -> Result<()> {
        self.desk.commit(positions)
    }

    pub(in crate::local) fn metadata(&self) -> GroupMetadata {
        self.desk.metadata()
    }

    /// Leaves the group. A static member's place is kept for it until its session ends.
    pub(in crate::local) fn leave(&mut self) -> Result<()> {
        self.desk.leave()
    }

    /// What is notified when there may be something to do.
    pub(in crate::local) fn channels(&self) -> Channels {
        channels_of(&self.desk.group)
    }
}

impl Drop for GroupMember {
    fn drop(&mut self) {
        self.desk.abandon();
    }
}
