//! Engine errors, and what they are called in Kafka's terms.

use crate::client;
use crate::disk;
use crate::log;
use crate::record;
use crate::txn;
use crate::types::{ErrorCode, Offset};
use std::path::PathBuf;

pub(super) type Result<T> = std::result::Result<T, Error>;

/// What can go wrong on a directory, below the calls of `client`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Disk(#[from] disk::Error),
    #[error(transparent)]
    Log(#[from] log::Error),
    #[error(transparent)]
    Record(#[from] record::Error),
    #[error(transparent)]
    MetadataRecord(#[from] crate::metadata::Error),
    #[error("the partition in {} was deleted", dir.display())]
    PartitionGone { dir: PathBuf },
    #[error("{} is not there: no replica of this partition is in the directories given", dir.display())]
    NotHere { dir: PathBuf },
    #[error("{} can only be read", path.display())]
    ReadOnly { path: PathBuf },
    #[error(
        "{} is a broker's own directory, which kt only reads unless it is opened with --writable",
        path.display()
    )]
    BrokersOwn { path: PathBuf },
    #[error("{} can't be opened with --writable: {what}", path.display())]
    OnlyToRead { path: PathBuf, what: String },
    #[error("an earlier write in {} failed", dir.display())]
    Failed { dir: PathBuf },
    #[error("{} is not a kt data directory: {what}", path.display())]
    NotADataDirectory { path: PathBuf, what: String },
    #[error("a running broker holds {}", path.display())]
    BrokerRuns { path: PathBuf },
    #[error("{} lies on a network file system ({kind}), where locks cannot be relied upon", path.display())]
    NetworkFileSystem { path: PathBuf, kind: &'static str },
    #[error("{}: offset {offset}: {source}", dir.display())]
    GroupRecord { dir: PathBuf, offset: Offset, source: crate::group::Error },
    #[error("{}: offset {offset}: {source}", dir.display())]
    TransactionRecord { dir: PathBuf, offset: Offset, source: txn::Error },
    #[error("{}: offset {offset}: {source}", dir.display())]
    ShareRecord { dir: PathBuf, offset: Offset, source: crate::share::Error },
    #[error("share group record: {0}")]
    ShareEncoding(#[from] crate::share::Error),
    #[error(transparent)]
    Transaction(#[from] txn::Error),
    #[error("can't start a thread: {source}")]
    Thread { source: std::io::Error },
    #[error("this process speaks for as many members of groups as it can")]
    TooManyMembers,
    #[error("group record: {0}")]
    GroupEncoding(#[from] crate::group::Error),
    #[error("{}: {what}", path.display())]
    Metadata { path: PathBuf, what: String },
}

impl Error {
    /// Whether there is no such partition, or none here.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Error::PartitionGone { .. } | Error::NotHere { .. })
    }
}

impl From<Error> for client::Error {
    /// Engine errors speak of files; they keep their words and get the code of a broker in the same trouble.
    fn from(error: Error) -> client::Error {
        let code = match &error {
            Error::PartitionGone { .. } | Error::NotHere { .. } => ErrorCode::UnknownTopicOrPartition,
            Error::Log(log::Error::Damaged { .. }) => ErrorCode::CorruptMessage,
            Error::Log(log::Error::OutOfRange { .. }) => ErrorCode::OffsetOutOfRange,
            Error::Log(log::Error::Sequence { .. }) => ErrorCode::OutOfOrderSequence,
            Error::Log(log::Error::ProducerEpoch { .. }) => ErrorCode::InvalidProducerEpoch,
            Error::Record(_)
            | Error::Log(log::Error::Record(_))
            | Error::GroupRecord { .. }
            | Error::ShareRecord { .. }
            | Error::TransactionRecord { .. } => ErrorCode::CorruptMessage,
            Error::Transaction(txn::Error::Fenced) => return client::Error::of(ErrorCode::ProducerFenced),
            Error::Transaction(txn::Error::State(_)) => ErrorCode::InvalidTxnState,
            Error::TooManyMembers => ErrorCode::GroupMaxSizeReached,
            _ => ErrorCode::KafkaStorage,
        };
        let hint = hint(&error);
        let wrapped = client::Error::new(code, error.to_string());
        match hint {
            Some(hint) => wrapped.with_hint(hint),
            None => wrapped,
        }
    }
}

fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::Disk(e) | Error::Log(log::Error::Disk(e)) => match e.source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Some("make room on the disk and run the command again; what was acknowledged is safe")
            }
            std::io::ErrorKind::FileTooLarge => {
                Some("raise the file size limit (ulimit -f) and run the command again")
            }
            std::io::ErrorKind::PermissionDenied => {
                Some("run as the owner of the directory, or give --data-dir another one")
            }
            _ => None,
        },
        Error::BrokersOwn { .. } => Some("add --writable, with its broker stopped"),
        Error::BrokerRuns { .. } => {
            Some("stop the broker first, or talk to it with --bootstrap-server host:port")
        }
        Error::NetworkFileSystem { .. } => Some("give --data-dir a directory on a local disk"),
        Error::NotADataDirectory { .. } => {
            Some("give --data-dir an empty directory or one that kt or Kafka has made")
        }
        _ => None,
    }
}
