//! What can be wrong with a batch's bytes. Says what was found; the caller knows file, position and offset.

use super::Compression;
use crate::types::CodecError;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why bytes are no sound batch, or why a batch can't be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what} needs {needed} bytes, {found} are there")]
    Truncated { what: &'static str, needed: usize, found: usize },
    #[error("batch length {length} is below the minimum {minimum}")]
    TooSmall { length: i64, minimum: usize },
    #[error("unknown magic {0}")]
    UnknownMagic(i8),
    #[error("unknown compression codec {0}")]
    UnknownCodec(i16),
    #[error("stored crc {stored}, computed {computed}")]
    Checksum { stored: u32, computed: u32 },
    /// `position` counts from the first byte of the (decompressed) records.
    #[error("malformed {what} in the record at byte {position} of the batch's records")]
    Malformed { what: &'static str, position: usize },
    #[error("a batch can't hold {0} records")]
    RecordCount(i32),
    #[error("the batch is longer than its {0} records")]
    RecordsRemaining(i32),
    #[error("damaged {codec} data: {reason}")]
    Decompression { codec: Compression, reason: String },
    #[error("{codec} compression failed: {reason}")]
    Compression { codec: Compression, reason: String },
    #[error("a batch of {bytes} bytes, more than {} can't be stored", i32::MAX)]
    TooLarge { bytes: usize },
    #[error("a batch without records")]
    Empty,
    #[error("a control record's key has {0} bytes instead of 4")]
    ControlKey(usize),
    #[error("malformed {what} control record: {source}")]
    ControlRecord { what: &'static str, source: CodecError },
}
