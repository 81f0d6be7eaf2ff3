//! What can be wrong with a record of `__transaction_state`, and with a step of a transaction.

use super::records::Status;
use crate::types::CodecError;

/// A record that is not what its schema says, or a step that the state doesn't allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what}: {source}")]
    Codec { what: &'static str, source: CodecError },
    #[error("{what}: version {version} is not known")]
    Version { what: &'static str, version: i16 },
    #[error("transaction status {0} is not known")]
    Status(i8),
    #[error("a record without a key")]
    NoKey,
    /// Another producer of the same transactional id has taken over.
    #[error("there is a newer producer with the same transactionalId")]
    Fenced,
    #[error("the transaction is in state {0:?}, which does not allow this")]
    State(Status),
}

impl Error {
    /// Adds to a codec error what was being read or written.
    pub(super) fn of(what: &'static str) -> impl FnOnce(CodecError) -> Error {
        move |source| Error::Codec { what, source }
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
