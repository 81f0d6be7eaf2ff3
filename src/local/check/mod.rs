//! `kt check`: whether everything in a broker's directory is as it should be, each file held against what others say of the
//! same thing. Reads only, takes no lock for longer than a moment, and goes on whatever it finds.
//!
//! A single flipped bit in any file shows, but for those that say what nothing else does: in `meta.properties` the cluster's id
//! (another well-formed one is as good) and, in the date that Kafka writes above it, the time of day and the zone; in the
//! recovery-point and replication checkpoints another offset at which a batch begins, for both may lag; in the part of a
//! log that was compacted, and in its cleaner checkpoint, an offset that a gap leaves room for; and what is not part of any log,
//! as `.deleted` files.

mod broker_files;
mod checkpoint_text;
mod contents;
mod live;
mod metadata;
mod repair;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use crate::log::check::{Depth, Finding, Severity};
pub(crate) use repair::{Repaired, repair};
pub(crate) use run::{Checked, Request, check};
