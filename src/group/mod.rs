//! The group coordinator as pure decisions: state, requests, and what Kafka would write and answer.
//! Knows no file, no lock, no clock and no randomness: times and new ids are arguments.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "what only share groups need is driven by tests until they have members")
)]

mod assignor;
mod classic;
mod coordinator;
mod error;
mod live;
mod modern;
mod offsets;
mod partition;
pub(crate) mod protocol;
mod records;
#[cfg(test)]
pub(crate) mod schedule;
mod share;
#[cfg(test)]
mod sharing;
mod state;
mod streams;

pub(crate) use assignor::{Assignor, TopicPartitions};
pub(crate) use classic::{
    Belief, ClassicClient, ClassicConfig, ClassicGroup, ClassicMember, ClassicState, JoinRequest, Joined,
    Place, Protocols, Seat, Speaker, Step, SyncRequest, Synced,
};
pub(crate) use error::Error;
pub(crate) use live::LiveBytes;
pub(crate) use modern::{
    CatalogTopic, HeartbeatAnswer, HeartbeatRequest, ModernClient, ModernConfig, ModernGroup, ModernMember,
    ModernSeat, ModernState, PartitionSet, Refusal, TopicCatalog,
};
pub(crate) use offsets::{CommitRequest, NewCommit};
pub(crate) use partition::group_partition;
pub(crate) use records::{ClassicSide, GroupRecord, OffsetCommit, ShareTopic};
pub(crate) use share::{NamedPartitions, ShareGroup, ShareJoin};
pub(crate) use state::{Group, GroupKind, Groups};
