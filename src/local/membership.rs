//! stub
use super::cluster::Cluster;
use crate::client::{self, CommittedOffset, ConsumerConfig};
use crate::disk::Channels;
use crate::types::{Offset, TopicPartition};

pub(super) struct GroupMember;

impl GroupMember {
    /// Joins `group` as a consumer of `topics`.
    pub(super) fn join(
        _: &Cluster,
        _group: &str,
        _: &ConsumerConfig,
        _topics: &[String],
    ) -> client::Result<GroupMember> {
        Ok(GroupMember)
    }
    /// Changes what the member subscribes to.
    pub(super) fn subscribe(&mut self, _topics: &[String]) -> client::Result<()> {
        Ok(())
    }
    /// The partitions that are this member's, if that has changed since the last call.
    pub(super) fn assignment_if_changed(&mut self) -> client::Result<Option<Vec<TopicPartition>>> {
        Ok(None)
    }
    pub(super) fn committed(&mut self, _: &TopicPartition) -> client::Result<Option<Offset>> {
        Ok(None)
    }
    pub(super) fn commit(&mut self, _: &[(TopicPartition, CommittedOffset)]) -> client::Result<()> {
        Ok(())
    }
    pub(super) fn leave(&mut self) -> client::Result<()> {
        Ok(())
    }
    pub(super) fn channels(&self) -> Channels {
        Channels::NONE
    }
}
