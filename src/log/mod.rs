//! One partition in one directory: segments with their indexes, appended to at the end and read by offset or time.
//!
//! A log knows its own files and nothing of brokers, replicas, groups or who else has it open: whoever appends holds
//! the partition's lock and carries the [`LogEnd`] from one append to the next; readers are told how far they may
//! read. Layout and rules: Kafka's `LogSegment`, `OffsetIndex`, `TimeIndex`, `LogLoader`.

mod append;
pub(crate) mod check;
mod checkpoint;
mod cleaner;
mod closed;
pub(crate) mod dump;
mod end;
mod epochs;
mod error;
mod headers;
mod names;
mod notes;
mod offset_index;
mod producer_snapshot;
mod producer_state;
mod read;
mod recovery;
mod retention;
mod salvage;
mod search;
mod segment;
mod succession;
mod swap;
mod time_index;
mod trim;
mod txn_index;

pub(crate) use crate::record::BatchHeader;
pub(crate) use append::{Appended, Appender, create};
pub(crate) use checkpoint::{OffsetCheckpoint, read_checkpoint, write_checkpoint};
pub(crate) use cleaner::{CleanStats, Cleanable, CleanerConfig, Pass, Replacement, Step, cleanable};
pub(crate) use closed::recover_closed;
pub(crate) use end::LogEnd;
pub(crate) use epochs::LeaderEpochs;
pub(crate) use error::{Error, Result};
pub(crate) use headers::each_of_producers;
pub(crate) use names::{
    FileKind, companions, is_empty, read_partition_metadata, segment_file, segments, write_partition_metadata,
};
pub(crate) use notes::Notes;
pub(crate) use producer_snapshot::write_first as write_first_snapshot;
pub(crate) use producer_state::{ProducerEntry, ProducerStates, control_record};
pub(crate) use read::{Chunk, Gaps, LogReader};
pub(crate) use recovery::{Recovery, recover};
pub(crate) use retention::{Expired, Retention, SegmentSummary, expired, summarise};
pub(crate) use salvage::readable_end;
pub(crate) use search::{first_at_or_after, newest};
pub(crate) use segment::LogConfig;
pub(crate) use swap::{first_base, has_leftovers, remove_deleted, tidy};
pub(crate) use trim::trim;
pub(crate) use txn_index::{AbortedTransaction, aborted_since};
