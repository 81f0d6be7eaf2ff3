//! What is wrong with bytes that should follow a schema.

/// Why bytes are not what a schema says; `at` counts from the start of the reader's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("ends early at byte {at}: {needed} more needed")]
    Truncated { at: usize, needed: usize },
    #[error("malformed {what} at byte {at}")]
    Malformed { at: usize, what: &'static str },
    /// Writing only.
    #[error("{what} of {length} is too long to be encoded")]
    TooLong { what: &'static str, length: usize },
}
