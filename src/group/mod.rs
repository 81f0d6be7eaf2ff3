//! The group coordinator as pure decisions: state, requests, and what Kafka would write and answer.
//! Knows no file, no lock, no clock and no randomness: times and new ids are arguments (spec: storage.md §10).

mod assignor;
mod classic;
mod consumer;
mod coordinator;
mod error;
mod offsets;
mod partition;
pub(crate) mod protocol;
mod records;
#[cfg(test)]
mod schedule;
mod state;

pub(crate) use assignor::{Assignment, Assignor, Candidate, TopicPartitions};
pub(crate) use classic::{
    Answer, ClassicConfig, ClassicGroup, ClassicMember, ClassicState, JoinRequest, Joined, JoinedMember,
    Outcome, Protocols, Reply, Speaker, SyncRequest, Synced,
};
pub(crate) use consumer::{NewGroup, NewGroupState, NewMember, Profile};
pub(crate) use error::{Error, Result};
pub(crate) use offsets::{CommitRequest, NewCommit, OffsetOutcome, RETENTION_MS};
pub(crate) use partition::group_partition;
pub(crate) use records::{Encoded, Family, GroupRecord, OffsetCommit, TopicIdPartitions};
pub(crate) use state::{Group, GroupKind, Groups};
