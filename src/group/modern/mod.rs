//! Groups of the newer consumer protocol (KIP-848): the coordinator shares the partitions out, members say what they
//! own and are told what they shall own. The state changes only by applying records; requests yield records.

mod assignment;
mod catalog;
mod coordinator;
mod group;
mod heartbeat;
mod leave;
mod member;
mod partitions;
mod reconcile;
mod regex;
mod request;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub(crate) use group::ModernGroup;
#[cfg(test)]
pub(crate) use {
    catalog::{CatalogTopic, TopicCatalog},
    group::ModernState,
    member::ModernMember,
    partitions::PartitionSet,
    request::{HeartbeatAnswer, HeartbeatRequest, ModernConfig, Refusal},
};
