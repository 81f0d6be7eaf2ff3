//! Verifying a log's files against each other, so that a single flipped bit in any of them shows. Batches have checksums;
//! what those leave out (base offset, length, leader epoch, magic) is held against the neighbours, the indexes, the
//! leader epochs. Looking changes nothing; `repair` sets right what can be. Knows nothing of brokers or groups: who calls says what else is
//! known of the partition, and gets every sound batch handed over for a look inside.
//!
//! Source: the on-disk format; what a real broker leaves behind in good order is no finding: preallocated zeros behind an
//! index's entries, an index that lacks its last entries, gaps where a log was compacted, `.deleted` leftovers.

mod aside;
mod epochs;
mod finding;
mod indexes;
mod names;
mod partition;
mod producers;
mod repair;
#[cfg(test)]
mod repair_tests;
mod snapshot_file;
#[cfg(test)]
mod tests;
mod walk;

pub(crate) use aside::Aside;
pub(crate) use finding::{Finding, Findings, Fix, Severity};
pub(crate) use partition::{Circumstances, Depth, Published, Report, check_partition};
pub(crate) use repair::repair_partition;
pub(crate) use snapshot_file::check_snapshot_file;
#[cfg(test)]
pub(crate) use tests::flip_every_bit;
