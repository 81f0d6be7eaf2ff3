//! Transactions on a directory: who a producer is, the log of transactions, their ends, and what a read_committed
//! consumer may see. What is decided, `crate::txn` decides; here it is written, locked and made sure of.

mod admin;
mod alive;
mod end;
mod expire;
mod filter;
mod ids;
mod janitor;
#[cfg(test)]
mod janitor_tests;
mod log;
mod network;
mod network_clock;
mod network_logs;
mod network_offsets;
#[cfg(test)]
mod network_tests;
mod offsets;
#[cfg(test)]
mod pipeline_tests;
mod session;
#[cfg(test)]
mod storm_tests;
#[cfg(test)]
mod tests;

pub(crate) use crate::txn::Protocol as TransactionProtocol;
pub(super) use admin::{abort, describe, describe_producers, fence, list};
pub(super) use expire::expire;
pub(super) use filter::CommittedFilter;
pub(super) use ids::allocate_producer_id;
pub(super) use janitor::{Janitor, Patience};
pub(super) use log::STATE_TOPIC;
pub(crate) use network::{Entry, NetworkTransactions, NewProducer, ProducerIdentity};
pub(crate) use network_offsets::TransactionOffsets;
pub(super) use session::Session;
