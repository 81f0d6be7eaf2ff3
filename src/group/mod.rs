//! The group coordinator as pure decisions: state, requests, and what Kafka would write and answer.
//! Knows no file, no lock, no clock and no randomness: times and new ids are arguments (spec: storage.md §10).

mod assignor;
mod error;
mod partition;
pub(crate) mod protocol;
mod records;
#[cfg(test)]
mod schedule;

pub(crate) use assignor::{Assignment, Assignor, Candidate, TopicPartitions};
pub(crate) use error::{Error, Result};
pub(crate) use partition::{group_partition, java_string_hash};
pub(crate) use records::{Encoded, GroupRecord};
