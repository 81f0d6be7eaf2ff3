//! Produce: batches go to their partitions' logs as they came.
//!
//! ```text
//! handle    a request from its body to its answer        outstanding   which of its batches are not durable yet
//! transactions   whether a producer's transaction has the partitions that it writes to
//! ```

mod handle;
mod outstanding;
mod transactions;

pub(in crate::serve) use handle::handle;
