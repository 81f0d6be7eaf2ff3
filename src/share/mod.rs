//! Share groups (KIP-932): which records of a partition are delivered to whom, how often, and what is kept of that in
//! `__share_group_state`. Pure: the clock, who lives and all I/O are the caller's.
//!
//! Who is in a share group and which partitions each member reads is a group's business: see `crate::group`.

mod error;
mod live;
#[cfg(test)]
mod model;
mod partition;
mod ranges;
mod records;
mod state;

pub(crate) use error::Error;
pub(crate) use live::Live;
pub(crate) use partition::{
    AcknowledgeType, Acknowledgement, Acquire, Acquired, Change, Limits, SharePartition,
};
pub(crate) use records::{ShareKey, ShareRecord, state_partition};
pub(crate) use state::{ShareState, ShareStates};
