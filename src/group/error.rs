//! What can be wrong with the records of `__consumer_offsets` and the blobs inside them.

use crate::types::CodecError;

/// A key or value that is not what its schema says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what}: {source}")]
    Codec { what: &'static str, source: CodecError },
    #[error("{what}: version {version} is not known")]
    Version { what: &'static str, version: i16 },
    #[error("a record without a key")]
    NoKey,
}

impl Error {
    /// Adds to a codec error what was being read or written.
    pub(crate) fn of(what: &'static str) -> impl FnOnce(CodecError) -> Error {
        move |source| Error::Codec { what, source }
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
