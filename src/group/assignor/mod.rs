//! The assignors: those that a classic group's leader runs, and those of the newer protocol's coordinator; with Kafka's
//! results (spec: group-tools.md §2).

mod cooperative_sticky;
mod member;
mod range;
mod round_robin;
mod server;
mod sticky;
mod strategy;
mod uniform;

pub(crate) use member::{Candidate, TopicPartitions};
pub(crate) use server::ServerAssignor;
pub(crate) use strategy::Assignor;
