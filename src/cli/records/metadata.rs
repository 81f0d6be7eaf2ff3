//! The records of `__cluster_metadata`: `frame version uvarint = 1, number uvarint, version uvarint` and the fields.

use super::json::json_text;
use super::metadata_tables::METADATA;
use super::schema::{Message, Result};
use crate::types::Reader;
use serde_json::json;

const FRAME_VERSION: u32 = 1;

/// The JSON of a metadata record's value; the error is in Kafka's words.
pub(crate) fn metadata_json(value: &[u8]) -> Result<String> {
    let mut bytes = Reader::new(value);
    let frame = bytes.uvarint().map_err(|_| "Error while reading frame version".to_owned())?;
    if frame != FRAME_VERSION {
        return Err(format!(
            "Could not deserialize metadata record due to unknown frame version {frame}(only frame version {FRAME_VERSION} is supported)"
        ));
    }
    let number = bytes.uvarint().map_err(|_| "Error while reading type".to_owned())?;
    let version = bytes.uvarint().map_err(|_| "Error while reading version".to_owned())?;
    let record = METADATA
        .iter()
        .find(|record| u32::try_from(record.number) == Ok(number))
        .ok_or_else(|| format!("Unknown metadata id {number}"))?;
    let message = Message { flexible_since: 0, fields: record.fields };
    let data = message.decode(i16::try_from(version).unwrap_or(i16::MAX), &mut bytes)?;
    let garbage = bytes.remaining().len();
    if garbage > 0 {
        return Err(format!("Found {garbage} byte(s) of garbage after {}", record.name));
    }
    Ok(json_text(&json!({"type": record.name, "version": version, "data": data})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_decoded_by_their_number() {
        assert_eq!(
            metadata_json(&[1, 20, 0, 0]).unwrap(),
            r#"{"type":"NO_OP_RECORD","version":0,"data":{}}"#
        );
        let feature = b"\x01\x0c\0\x11metadata.version\0\x1d\0";
        assert_eq!(
            metadata_json(feature).unwrap(),
            r#"{"type":"FEATURE_LEVEL_RECORD","version":0,"data":{"name":"metadata.version","featureLevel":29}}"#
        );
        for end in 0..feature.len() {
            assert!(metadata_json(&feature[..end]).is_err(), "{end} bytes");
        }
        assert!(metadata_json(b"demo").unwrap_err().contains("unknown frame version 100(only"));
    }

    #[test]
    fn numbers_ascend() {
        assert!(METADATA.is_sorted_by(|a, b| a.number < b.number));
    }
}
