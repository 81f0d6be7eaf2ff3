//! What ends a dump, as the exception that ends Kafka's; in kt's register with file and position.

use super::files::Named;
use crate::cli::error::Failure;
use crate::log::dump::{Batch, BatchReader, Compression, Damage, Error, RecordError, damage};
use crate::types::varint;

/// An exception with a message.
pub(super) fn uncaught(class: &str, message: &str) -> Failure {
    Failure::uncaught(class, message)
}

/// An exception that has no message; `message` is for kt's register.
pub(super) fn bare(class: &str, message: &str) -> Failure {
    Failure::plain(message).in_kafka(|kafka| kafka.text = format!("Exception in thread \"main\" {class}"))
}

/// A file that can't be opened or walked.
pub(super) fn of_file(file: &Named, error: &Error) -> Failure {
    let words = error.to_string();
    let (class, message) = match error {
        Error::Disk(error) => disk(file, error),
        Error::SmallBatch { size, .. } => (
            "org.apache.kafka.common.errors.CorruptRecordException",
            format!(
                "Found record size {size} smaller than minimum record overhead (14) in file {}.",
                file.shown()
            ),
        ),
        Error::Batch { source, .. } => of_record_error(source),
        Error::TransactionVersion { version, .. } => (
            "org.apache.kafka.common.KafkaException",
            format!(
                "Unexpected aborted transaction version {version} in transaction index {}, current version is 0",
                file.shown()
            ),
        ),
    };
    uncaught(class, &message).kt_message(words)
}

/// A part of a file that can't be: a negative position or size.
pub(super) fn invalid_slice(what: &str, value: i64, file: &Named, file_size: u64) -> Failure {
    let records = file_records(file, file_size);
    uncaught("java.lang.IllegalArgumentException", &format!("Invalid {what}: {value} in read from {records}"))
}

/// A part of a file that begins behind its end.
pub(super) fn slice_behind_end(position: u64, file: &Named, file_size: u64) -> Failure {
    let records = file_records(file, file_size);
    let message = format!("Slice from position {position} exceeds end position of {records}");
    uncaught("java.lang.IllegalArgumentException", &message)
}

fn file_records(file: &Named, size: u64) -> String {
    format!("FileRecords(size={size}, file={}, start=0, end=2147483647)", file.shown())
}

/// A batch whose line can't be told to the end.
pub(super) fn of_batch(file: &Named, batch: &Batch<'_>, error: &RecordError) -> Failure {
    let (class, message) = of_record_error(error);
    uncaught(class, &message).kt_message(in_words(file, batch, error))
}

/// A batch whose records can't be read.
pub(super) fn of_records(
    file: &Named,
    batch: &Batch<'_>,
    reader: &mut BatchReader,
    error: &RecordError,
) -> Failure {
    let found = match error {
        RecordError::Malformed { position, .. } if !batch.header.is_legacy() => reader
            .records(&batch.header, batch.bytes)
            .ok()
            .and_then(|records| records.get(*position..))
            .and_then(|record| of_damage(batch, record)),
        _ => None,
    };
    let (class, message) = found.unwrap_or_else(|| of_record_error(error));
    uncaught(class, &message).kt_message(in_words(file, batch, error))
}

fn in_words(file: &Named, batch: &Batch<'_>, error: &RecordError) -> String {
    format!("{}: the batch at byte {}: {error}", file.shown(), batch.position)
}

/// The exception for a damaged record, which reaches to the end of its batch.
fn of_damage(batch: &Batch<'_>, record: &[u8]) -> Option<(&'static str, String)> {
    let plain = batch.header.codec().is_ok_and(|codec| codec == Compression::None);
    let mut bytes = record;
    if !plain {
        // A compressed record is cut to its length before it is read.
        let size = varint::take(&mut bytes).and_then(|size| usize::try_from(size).ok())?;
        if size > bytes.len() {
            let message = format!(
                "Invalid record size: expected {size} bytes in record payload, but the record payload reached EOF."
            );
            return Some((INVALID_RECORD, message));
        }
        bytes = record.get(..record.len() - bytes.len() + size)?;
    }
    let message = match damage(bytes)? {
        Damage::NoLength => "Incorrect declared batch size, premature EOF reached".to_owned(),
        Damage::Structure => "Found invalid record structure".to_owned(),
        Damage::Remaining { declared, left } => format!(
            "Invalid record size: expected {declared} bytes in record payload, but instead the buffer has only {left} remaining bytes."
        ),
        Damage::Size { declared, read } => format!(
            "Invalid record size: expected to read {declared} bytes in record payload, but instead read {read}"
        ),
        Damage::NegativeHeaderCount(count) => format!("Found invalid number of record headers {count}"),
        Damage::HeaderCount(count) => format!(
            "Found invalid number of record headers. {count} is larger than the remaining size of the buffer"
        ),
        Damage::NegativeHeaderKeySize(size) => format!("Invalid negative header key size {size}"),
    };
    Some((INVALID_RECORD, message))
}

fn disk(file: &Named, error: &crate::log::dump::DiskError) -> (&'static str, String) {
    let class = match error.source.kind() {
        std::io::ErrorKind::NotFound => "java.nio.file.NoSuchFileException",
        std::io::ErrorKind::PermissionDenied => "java.nio.file.AccessDeniedException",
        _ => return ("java.io.IOException", error.source.to_string()),
    };
    (class, file.shown().to_owned())
}

const INVALID_RECORD: &str = "org.apache.kafka.common.InvalidRecordException";
const KAFKA: &str = "org.apache.kafka.common.KafkaException";

fn of_record_error(error: &RecordError) -> (&'static str, String) {
    match error {
        RecordError::UnknownCodec(id) => {
            ("java.lang.IllegalArgumentException", format!("Unknown compression type id: {id}"))
        }
        RecordError::RecordsRemaining(_) => {
            (INVALID_RECORD, "Incorrect declared batch size, records still remaining in file".to_owned())
        }
        RecordError::RecordCount(count) => {
            (INVALID_RECORD, format!("Found invalid record count {count} in magic v2 batch"))
        }
        RecordError::Malformed { .. } | RecordError::Truncated { .. } => {
            (INVALID_RECORD, "Found invalid record structure".to_owned())
        }
        RecordError::Decompression { codec: Compression::Gzip, reason } if reason.starts_with("not in") => {
            (KAFKA, "java.util.zip.ZipException: Not in GZIP format".to_owned())
        }
        RecordError::Decompression { .. } => (KAFKA, "Failed to decompress record stream".to_owned()),
        other => (KAFKA, other.to_string()),
    }
}
