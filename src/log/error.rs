//! What can be wrong with a log, by file, position and offset.

use crate::disk;
use crate::record;
use crate::types::Offset;
use std::path::PathBuf;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// A batch that was once whole is not: something other than kt or Kafka changed the file.
    #[error("{} is damaged at position {position} (offset {offset}): {what}", file.display())]
    Damaged { file: PathBuf, position: u64, offset: Offset, what: String },
    /// The offset lies outside of what the log holds.
    #[error("offset {wanted} is outside of the log, which begins at {start}")]
    OutOfRange { wanted: Offset, start: Offset },
    /// A text file of the log doesn't have Kafka's form.
    #[error("{} is malformed: {what}", file.display())]
    Malformed { file: PathBuf, what: String },
    #[error("the log's directory {} has no segment", dir.display())]
    NoSegment { dir: PathBuf },
    /// A batch that is neither the producer's next one nor one of its last.
    #[error("out of order sequence number for producer {producer_id}: {found} where {expected} was expected")]
    Sequence { producer_id: i64, found: i32, expected: i32 },
    /// The producer id has gone on to a newer epoch.
    #[error("epoch {epoch} of producer {producer_id} is smaller than the last seen epoch {newest}")]
    ProducerEpoch { producer_id: i64, epoch: i16, newest: i16 },
    #[error(transparent)]
    Record(#[from] record::Error),
}

impl Error {
    /// Whether a file or directory of the log is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Error::Disk(error) if error.is_not_found())
    }
}
