//! How kafka-consumer-groups tells of failures: whatever goes wrong while it runs stands on standard output, and the
//! status is 0.

use crate::cli::error::{Failure, ParseError, Status, Stream};
use crate::client;

/// An error of the cluster, found while the tool runs.
pub(super) fn failed(error: client::Error) -> Failure {
    let cause = format!("{}: {}", error.java_class(), error.message);
    because(error.message, &cause)
}

/// The failure `message`; the Kafka register tells its `cause` in Java's words.
pub(super) fn because(message: impl Into<String>, cause: &str) -> Failure {
    let text = format!("\nError: Executing consumer group command failed due to {cause}");
    Failure::plain(message).kafka_says(Stream::Stdout, text, Status::SUCCESS)
}

/// An argument that can't be read, which is found while the tool runs.
pub(super) fn unreadable(error: ParseError) -> Failure {
    match error {
        ParseError::Unreadable { .. } => because(error.to_string(), &error.to_string()),
        other => Failure::as_exception(other),
    }
}

/// `'a', 'b'`
pub(in crate::cli::commands) fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    quoted.join(", ")
}
