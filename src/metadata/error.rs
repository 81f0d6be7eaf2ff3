//! What can be wrong with a metadata record, and why a change of the metadata is refused.

use crate::types::{CodecError, ErrorCode};

/// A record's bytes are not what its schema says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("frame version {0} of a metadata record is not known")]
    FrameVersion(u32),
    #[error("metadata record of type {id}, version {version}: {source}")]
    Record { id: u32, version: u32, source: CodecError },
    #[error("metadata record: {0}")]
    Frame(#[from] CodecError),
    /// A snapshot would lose records that this program does not understand.
    #[error("the metadata contains {0} record(s) of a newer version")]
    UnknownRecords(usize),
}

/// A change that Kafka's controller would refuse: its error code and its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct PlanError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

impl PlanError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> PlanError {
        PlanError { code, message: message.into() }
    }
}
