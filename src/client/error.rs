//! What a cluster answers when it can't do what it was asked: Kafka's error code and a sentence.

use crate::types::ErrorCode;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A failed call. Displays as the message alone; the class name goes before it where a tool prints that.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Error {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    /// What to type next, for a person; never part of Kafka's own text.
    pub(crate) hint: Option<String>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Error {
        Error { code, message: message.into(), hint: None }
    }

    /// The error with the words that Kafka has for its code.
    pub(crate) fn of(code: ErrorCode) -> Error {
        Error::new(code, code.default_message())
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// The full name of Kafka's exception class for this error.
    pub(crate) fn java_class(&self) -> String {
        format!("org.apache.kafka.common.errors.{}", self.code.exception())
    }
}
