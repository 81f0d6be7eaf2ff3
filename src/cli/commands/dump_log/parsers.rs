//! What is printed of a record's key and payload: plain text and numbers, or JSON for Kafka's own topics.

use super::exceptions;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::cli::records::{Coordinator, Decoded, java_text, json_text, metadata_json, remote_log_text};
use crate::types::RecordView;
use serde_json::json;
use std::borrow::Cow;

/// Key and payload as they are printed; `None` is not printed at all.
pub(super) type Shown<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

/// How records are read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parser {
    Plain { key: Decoder, value: Decoder },
    Coordinator(Coordinator),
    ClusterMetadata,
    RemoteLogMetadata,
}

/// Kafka's decoders of plain keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    String,
    Long,
    Integer,
    Bytes,
}

impl Parser {
    /// The parser that the options ask for; of several the first in Kafka's order.
    pub(super) fn chosen(options: &Parsed) -> Result<Parser, Failure> {
        Ok(if options.has("offsets-decoder") {
            Parser::Coordinator(Coordinator::Groups)
        } else if options.has("transaction-log-decoder") {
            Parser::Coordinator(Coordinator::Transactions)
        } else if options.has("cluster-metadata-decoder") {
            Parser::ClusterMetadata
        } else if options.has("remote-log-metadata-decoder") {
            Parser::RemoteLogMetadata
        } else if options.has("share-group-state-decoder") {
            Parser::Coordinator(Coordinator::ShareState)
        } else {
            let decoder = |option| match options.text(option)? {
                Some(class) => Decoder::by_class(&class),
                None => Ok(Decoder::String),
            };
            // Kafka makes the value's first.
            let value = decoder("value-decoder-class")?;
            Parser::Plain { key: decoder("key-decoder-class")?, value }
        })
    }

    /// What to print of a record.
    pub(super) fn parse<'a>(self, record: &RecordView<'a>) -> Result<Shown<'a>, Failure> {
        match self {
            Parser::Plain { key, value } => {
                let shown = |decoder: Decoder, bytes: Option<&'a [u8]>| {
                    bytes.map(|bytes| decoder.decode(bytes)).transpose()
                };
                Ok((shown(key, record.key)?, shown(value, record.value)?))
            }
            Parser::Coordinator(coordinator) => coordinator_record(coordinator, record),
            Parser::ClusterMetadata => {
                let offset = record.offset;
                let json = metadata_json(record.value.unwrap_or_default())
                    .unwrap_or_else(|reason| format!("Error at {offset}, skipping. {reason}"));
                Ok((None, Some(Cow::Owned(json))))
            }
            Parser::RemoteLogMetadata => {
                let offset = record.offset;
                let text = remote_log_text(record.value.unwrap_or_default())
                    .unwrap_or_else(|reason| format!("Error at offset {offset}, skipping. {reason}"));
                Ok((None, Some(Cow::Owned(text))))
            }
        }
    }
}

fn coordinator_record<'a>(coordinator: Coordinator, record: &RecordView<'a>) -> Result<Shown<'a>, Failure> {
    let offset = record.offset;
    let Some(key) = record.key else {
        let message = format!(
            "Failed to decode message at offset {offset} using the specified decoder (message had a missing key)"
        );
        return Err(exceptions::uncaught("java.lang.RuntimeException", &message));
    };
    Ok(match coordinator.decode(key, record.value) {
        Decoded::Record { number, key, value } => {
            let key = json_text(&json!({"type": number.to_string(), "data": key}));
            let value = match value {
                Some((version, value)) => json_text(&json!({"version": version.to_string(), "data": value})),
                None => "<DELETE>".to_owned(),
            };
            (Some(Cow::Owned(key)), Some(Cow::Owned(value)))
        }
        Decoded::UnknownType(number) => {
            let words = format!("Unknown record type {number} at offset {offset}, skipping.");
            (Some(Cow::Owned(words)), None)
        }
        Decoded::Damaged(reason) => {
            let words = format!("Error at offset {offset}, skipping. {reason}");
            (Some(Cow::Owned(words)), None)
        }
    })
}

impl Decoder {
    fn by_class(class: &str) -> Result<Decoder, Failure> {
        let name = class.strip_prefix("org.apache.kafka.tools.api.");
        match name {
            Some("StringDecoder") => Ok(Decoder::String),
            Some("LongDecoder") => Ok(Decoder::Long),
            Some("IntegerDecoder") => Ok(Decoder::Integer),
            Some("DefaultDecoder") => Ok(Decoder::Bytes),
            _ => Err(exceptions::uncaught("java.lang.ClassNotFoundException", class)),
        }
    }

    fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Failure> {
        let short = |what: &str| {
            let message = format!("{} bytes are no {what}", bytes.len());
            exceptions::bare("java.nio.BufferUnderflowException", &message)
        };
        Ok(match self {
            Decoder::String => java_text(bytes),
            Decoder::Long => {
                let bytes = bytes.first_chunk().ok_or_else(|| short("long"))?;
                Cow::Owned(i64::from_be_bytes(*bytes).to_string())
            }
            Decoder::Integer => {
                let bytes = bytes.first_chunk().ok_or_else(|| short("integer"))?;
                Cow::Owned(i32::from_be_bytes(*bytes).to_string())
            }
            // Java shows an array by a number that changes from run to run; here it depends on what the array holds.
            Decoder::Bytes => Cow::Owned(format!("[B@{:08x}", content_hash(bytes))),
        })
    }
}

fn content_hash(bytes: &[u8]) -> i32 {
    bytes.iter().fold(1i32, |hash, &byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte.cast_signed())))
}
