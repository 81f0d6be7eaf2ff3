//! Groups of the newer consumer protocol (KIP-848): the coordinator shares the partitions out, members say what they
//! own and are told what they shall own. The state changes only by applying records; requests yield records.

mod assignment;
mod catalog;
mod coordinator;
mod group;
mod heartbeat;
mod leave;
mod live;
mod member;
mod partitions;
mod reconcile;
mod regex;
mod request;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub(crate) use catalog::TopicCatalog;
pub(crate) use group::ModernGroup;
pub(crate) use partitions::PartitionSet;
pub(crate) use request::Refusal;
#[cfg(test)]
pub(crate) use {
    catalog::CatalogTopic,
    group::ModernState,
    member::ModernMember,
    request::{HeartbeatAnswer, HeartbeatRequest, ModernConfig},
};
