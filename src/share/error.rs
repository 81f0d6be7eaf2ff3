//! What can be wrong with a record of `__share_group_state`.

use crate::types::CodecError;

/// A key or value that is not what its schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what}: {source}")]
    Codec { what: &'static str, source: CodecError },
    #[error("{what}: version {version} is not known")]
    Version { what: &'static str, version: i16 },
    #[error("delivery state {0} is not known")]
    DeliveryState(i8),
    #[error("records {first} to {last} of a share group make no range")]
    Range { first: i64, last: i64 },
    #[error("a record without a key")]
    NoKey,
}

impl Error {
    /// An error in writing down what the members of the moment share.
    pub(crate) fn live(source: CodecError) -> Error {
        Error::Codec { what: "live share partition", source }
    }

    /// Adds to a codec error what was being read or written.
    pub(super) fn of(what: &'static str) -> impl FnOnce(CodecError) -> Error {
        move |source| Error::Codec { what, source }
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
