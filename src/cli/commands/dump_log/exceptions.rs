//! What ends a dump, as the exception that ends Kafka's; in kt's register with file and position.

use super::files::Named;
use crate::cli::error::Failure;
use crate::log::dump::{Error, RecordError};

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
        Error::Batch { source, .. } => record(source),
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

/// A batch whose records can't be read.
pub(super) fn of_batch(file: &Named, position: u64, error: &RecordError) -> Failure {
    let (class, message) = record(error);
    uncaught(class, &message).kt_message(format!("{}: the batch at byte {position}: {error}", file.shown()))
}

fn disk(file: &Named, error: &crate::log::dump::DiskError) -> (&'static str, String) {
    let class = match error.source.kind() {
        std::io::ErrorKind::NotFound => "java.nio.file.NoSuchFileException",
        std::io::ErrorKind::PermissionDenied => "java.nio.file.AccessDeniedException",
        _ => return ("java.io.IOException", error.source.to_string()),
    };
    (class, file.shown().to_owned())
}

fn record(error: &RecordError) -> (&'static str, String) {
    const INVALID_RECORD: &str = "org.apache.kafka.common.InvalidRecordException";
    const KAFKA: &str = "org.apache.kafka.common.KafkaException";
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
        RecordError::Decompression { codec, .. } if codec.name() == "gzip" => {
            (KAFKA, "java.util.zip.ZipException: Not in GZIP format".to_owned())
        }
        other => (KAFKA, other.to_string()),
    }
}
