//! Fetch: whole batches of many partitions, waited for where there are too few.
//!
//! ```text
//! wanted    what a request asks for, partition by partition         sessions  what a client needn't say again (KIP-227)
//! gather    reading what there is, and learning of what comes       handle    a request from its body to its answer
//! answer    the response, and what of it a session leaves out
//! ```

mod answer;
mod gather;
mod handle;
mod sessions;
mod wanted;

pub(in crate::serve) use handle::handle;
pub(in crate::serve) use sessions::Sessions;
