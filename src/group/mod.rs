//! The group coordinator as pure decisions: state, requests, and what Kafka would write and answer.
//! Knows no file, no lock, no clock and no randomness: times and new ids are arguments (spec: storage.md §10).

mod assignor;
mod partition;

pub(crate) use assignor::{Assignment, Assignor, Candidate, TopicPartitions};
pub(crate) use partition::{group_partition, java_string_hash};
