//! Admin calls about groups.

use super::cluster::Cluster;
use crate::client::{self, CommittedOffset, GroupDescription, GroupListing, Result};
use crate::types::{ErrorCode, Offset, TopicPartition};

pub(super) fn list(_: &Cluster) -> Result<Vec<GroupListing>> {
    Ok(Vec::new())
}

pub(super) fn describe(_: &Cluster, group: &str) -> Result<GroupDescription> {
    Err(client::Error::new(ErrorCode::GroupIdNotFound, format!("Group {group} not found.")))
}

pub(super) fn offsets(_: &Cluster, _: &str) -> Result<Vec<(TopicPartition, CommittedOffset)>> {
    Ok(Vec::new())
}

pub(super) fn delete(_: &Cluster, _: &str) -> Result<()> {
    Err(client::Error::of(ErrorCode::GroupIdNotFound))
}

pub(super) fn alter_offsets(_: &Cluster, _: &str, _: &[(TopicPartition, Offset)]) -> Result<Vec<Result<()>>> {
    Err(client::Error::of(ErrorCode::GroupIdNotFound))
}

pub(super) fn delete_offsets(_: &Cluster, _: &str, _: &[TopicPartition]) -> Result<Vec<Result<()>>> {
    Err(client::Error::of(ErrorCode::GroupIdNotFound))
}
