//! Compaction: of each key only the newest record stays, at its offset. Source: Kafka's `LogCleaner` and `Cleaner`.
//!
//! The caller holds a lock that keeps other cleaners away, for as long as a pass takes; the partition's own lock only for
//! the moments in which cleaned segments are put in their place. Knows no clock: what time it is, is an argument.

mod filter;
mod mapping;
#[cfg(test)]
mod model;
mod offset_map;
mod output;
mod pass;
mod range;
mod replacement;
mod source;
#[cfg(test)]
mod storm;
mod transactions;

pub(crate) use pass::{CleanStats, Pass, Step};
pub(crate) use range::{Cleanable, CleanerConfig, cleanable};
pub(crate) use replacement::Replacement;
