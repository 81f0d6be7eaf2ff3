//! Share groups (KIP-932): who is in one, which partitions each member reads, and which topics' state is set up. What
//! becomes of the records is `crate::share`'s business. The state changes only by applying records.

mod assignor;
mod group;
mod members;
#[cfg(test)]
mod tests;
mod topics;

pub(crate) use group::ShareGroup;
pub(crate) use members::ShareJoin;
pub(crate) use topics::NamedPartitions;
