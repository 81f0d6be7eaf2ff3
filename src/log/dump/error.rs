//! What ends a walk through a file.

use crate::{disk, record};
use std::path::PathBuf;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a file can't be read further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Disk(#[from] disk::Error),
    #[error("{path}: a batch of {size} bytes at byte {position}, less than any can have", path = path.display())]
    SmallBatch { path: PathBuf, position: u64, size: i32 },
    #[error("{path}: the batch at byte {position}: {source}", path = path.display())]
    Batch { path: PathBuf, position: u64, source: record::Error },
    #[error("{path}: a transaction of version {version}, known is 0", path = path.display())]
    TransactionVersion { path: PathBuf, version: i16 },
}
