//! Groups of the newer consumer protocol (KIP-848): the coordinator shares the partitions out, members say what they
//! own and are told what they shall own. The state changes only by applying records; requests yield records.

mod assignment;
mod catalog;
mod client;
mod conversion;
mod coordinator;
mod duty;
mod group;
mod guest;
mod heartbeat;
mod leave;
mod live;
mod member;
mod partitions;
mod reconcile;
mod regex;
mod request;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub(crate) use catalog::{CatalogTopic, TopicCatalog};
pub(crate) use client::{ModernClient, ModernSeat};
pub(crate) use group::{ModernGroup, ModernState};
pub(crate) use member::ModernMember;
pub(crate) use partitions::PartitionSet;
pub(crate) use request::{HeartbeatAnswer, HeartbeatRequest, ModernConfig, Refusal};
