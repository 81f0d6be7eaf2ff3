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
    #[error(transparent)]
    Record(#[from] record::Error),
}
