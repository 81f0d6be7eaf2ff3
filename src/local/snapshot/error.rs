//! Why there is no snapshot, or none can be restored.

use crate::disk;
use crate::local::error as local;
use crate::log;
use std::path::PathBuf;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Local(#[from] local::Error),
    #[error(transparent)]
    Disk(#[from] disk::Error),
    #[error(transparent)]
    Log(#[from] log::Error),
    #[error(
        "'{name}' is no name for a snapshot: letters, digits, '.', '_' and '-', the first no '.' and no '-'"
    )]
    Name { name: String },
    #[error("there is a snapshot '{name}' already")]
    Exists { name: String },
    #[error("there is no snapshot '{name}' of {}", of.display())]
    Missing { name: String, of: PathBuf },
    #[error("{} is no data directory of kt's; only those have snapshots", path.display())]
    NotOurs { path: PathBuf },
    #[error("{} is in use{}", path.display(), by.map_or(String::new(), |id| format!(" by process {id}")))]
    InUse { path: PathBuf, by: Option<i32> },
}

impl Error {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Exists { .. } => Some("--force replaces it"),
            Error::Missing { .. } => Some("kt snapshot --list"),
            Error::InUse { .. } => Some("end the servers, producers and consumers that work on it"),
            _ => None,
        }
    }
}
