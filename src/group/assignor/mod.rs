//! The client-side assignors of the classic protocol, with Kafka's results (spec: group-tools.md §2).

mod cooperative_sticky;
mod member;
mod range;
mod round_robin;
mod sticky;
mod strategy;

pub(crate) use member::{Candidate, TopicPartitions};
pub(crate) use strategy::Assignor;
