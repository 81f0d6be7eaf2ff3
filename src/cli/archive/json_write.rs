//! Records as lines of JSON, and topics. Cost: a scan for what must be escaped and a copy; nothing is allocated for text.

use super::ArchivedTopic;
use crate::cli::records::base64;
use crate::client::ConsumerRecord;
use std::io::{self, Write};

/// Appends a record as a line.
pub(crate) fn write_record(out: &mut Vec<u8>, consumed: &ConsumerRecord<'_>) -> io::Result<()> {
    let record = &consumed.record;
    out.extend_from_slice(b"{\"topic\":");
    serde_json::to_writer(&mut *out, consumed.topic)?;
    write!(
        out,
        ",\"partition\":{},\"offset\":{},\"timestamp\":{},\"timestampType\":\"{}\"",
        consumed.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type.name()
    )?;
    write_bytes(out, ",\"key\":", ",\"keyBase64\":", record.key)?;
    write_bytes(out, ",\"value\":", ",\"valueBase64\":", record.value)?;
    out.extend_from_slice(b",\"headers\":[");
    for (index, header) in record.headers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_bytes(out, "{\"key\":", "{\"keyBase64\":", Some(header.key))?;
        write_bytes(out, ",\"value\":", ",\"base64\":", header.value)?;
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
    Ok(())
}

/// Appends a line that tells of a topic.
pub(crate) fn write_topic(out: &mut Vec<u8>, topic: &ArchivedTopic) -> io::Result<()> {
    serde_json::to_writer(&mut *out, topic)?;
    out.push(b'\n');
    Ok(())
}

/// Appends bytes under the name that fits them.
fn write_bytes(out: &mut Vec<u8>, text_name: &str, other_name: &str, bytes: Option<&[u8]>) -> io::Result<()> {
    let Some(bytes) = bytes else {
        out.extend_from_slice(text_name.as_bytes());
        out.extend_from_slice(b"null");
        return Ok(());
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            out.extend_from_slice(text_name.as_bytes());
            serde_json::to_writer(&mut *out, text)?;
        }
        Err(_) => {
            out.extend_from_slice(other_name.as_bytes());
            write!(out, "\"{}\"", base64(bytes))?;
        }
    }
    Ok(())
}
