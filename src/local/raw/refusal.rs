//! `Refusal`: why a batch was not stored, as a producer is told.

use crate::client;
use crate::local::error::Error;
use crate::log;
use crate::record;
use crate::types::ErrorCode;

/// A batch that was not stored.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// What a client is to show; `None` where the code says it all.
    pub(crate) message: Option<String>,
    /// The records that are to blame, by their place in the batch, each with what is wrong.
    pub(crate) records: Vec<(i32, String)>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: Some(message.into()), records: Vec::new() }
    }

    pub(crate) fn of(code: ErrorCode) -> Refusal {
        Refusal { code, message: None, records: Vec::new() }
    }
}

impl From<client::Error> for Refusal {
    fn from(error: client::Error) -> Refusal {
        let has_words = error.message != error.code.default_message();
        let message = has_words.then_some(error.message);
        Refusal { code: error.code, message, records: Vec::new() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        client::Error::from(error).into()
    }
}

impl From<log::Error> for Refusal {
    fn from(error: log::Error) -> Refusal {
        Error::from(error).into()
    }
}

impl From<record::Error> for Refusal {
    fn from(error: record::Error) -> Refusal {
        Error::from(error).into()
    }
}
