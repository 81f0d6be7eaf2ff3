//! Reading a partition's files as they lie there, sound or damaged, for whoever wants to look at them
//! (`kafka-dump-log`). Nothing is repaired, nothing is passed over in silence; whatever can still be read is handed out.
//! Prints nothing. Source: spec of the on-disk format; Kafka's `DumpLogSegments` for what counts as damage.

mod batches;
mod damage;
mod error;
mod indexes;
mod producers;
mod transactions;

pub(crate) use batches::{Batch, LogFile};
pub(crate) use damage::{Damage, damage};
pub(crate) use error::Error;
pub(crate) use indexes::{OffsetIndexFile, Sanity, TimeEntry, TimeIndexFile};
pub(crate) use producers::{SnapshotDamage, read_producers};
pub(crate) use transactions::read_aborted;

pub(crate) use crate::disk::Error as DiskError;
pub(crate) use crate::record::{
    BatchReader, Compression, Error as RecordError, LegacyRecord, sequence_after,
};
