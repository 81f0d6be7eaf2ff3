//! `kt copy`: topics into other topics, in the same data directory or another one.
//!
//! What was decided, and why:
//! - Batches move as they are stored, compressed ones without being unpacked, to the partition of the same number, with their
//!   keys, headers and times. Offsets are those of the target's log: markers and aborted records leave no holes in it.
//! - A target that isn't there is made with the same partitions and settings. Another number of partitions is refused, since
//!   keys would be elsewhere, unless `--repartition` shares the records out by key.
//! - A copy is like `rsync`: run again, whatever ended the run before, it goes on where that stopped and copies what is new.
//!   How far each source partition is copied is an offset of the group `kt-copy.TARGET` where the target is (so `kt groups
//!   --describe` shows the lag), and what is written behind it is told by its producer id: each record is there once, for every
//!   reader, without transactions. `--restart` copies all again.

mod plan;
mod run;
mod tool;

pub(crate) use tool::TOOL;
