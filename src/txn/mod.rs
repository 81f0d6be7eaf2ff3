//! Transactions: what `__transaction_state` says of each transactional id, and how one step follows another. Pure: the
//! clock, producer ids and all I/O are the caller's.
//! Source: KIP-98, KIP-890 (transaction.version 2); spec, storage.md §2 and §10.

mod decide;
mod error;
mod records;
mod state;

pub(crate) use decide::{
    Begin, EPOCH_LAST, End, Protocol, add_partitions, complete, end, initialise, may_go_on, prepare,
};
pub(crate) use error::Error;
pub(crate) use records::{Status, TransactionRecord, TransactionValue, state_partition};
pub(crate) use state::Transactions;
