//! The records of `__cluster_metadata`: `frame version uvarint = 1, number uvarint, version uvarint` and the fields.

use super::json::json_text;
use super::metadata_tables::METADATA;
use super::schema::{Message, Result};
use crate::types::Reader;
use serde_json::json;

/// The class that Kafka names along with its words.
pub(super) const UNSUPPORTED: &str = "org.apache.kafka.common.errors.UnsupportedVersionException";
const FRAME_VERSION: i16 = 1;

/// The JSON of a metadata record's value; the error is in Kafka's words.
pub(crate) fn metadata_json(value: &[u8]) -> Result<String> {
    let mut bytes = Reader::new(value);
    let (id, version) = take_frame(&mut bytes)?;
    let record = METADATA
        .iter()
        .find(|record| record.number == id)
        .ok_or_else(|| format!("{UNSUPPORTED}: Unknown metadata id {id}"))?;
    let message = Message { flexible_since: 0, fields: record.fields };
    let data = message
        .decode(version, &mut bytes)
        .map_err(|_| format!("Failed to deserialize record with type {id}"))?;
    let garbage = bytes.remaining().len();
    if garbage > 0 {
        return Err(format!("Found {garbage} byte(s) of garbage after {id}"));
    }
    Ok(json_text(&json!({"type": record.name, "version": version, "data": data})))
}

/// Takes the frame around a record: its number and its version.
pub(super) fn take_frame(bytes: &mut Reader<'_>) -> Result<(i16, i16)> {
    let frame = number(bytes, "frame version")?;
    if frame != FRAME_VERSION {
        return Err(format!(
            "Could not deserialize metadata record due to unknown frame version {frame}(only frame version {FRAME_VERSION} is supported)"
        ));
    }
    Ok((number(bytes, "type")?, number(bytes, "version")?))
}

/// An unsigned varint of no more than 15 bits.
fn number(bytes: &mut Reader<'_>, name: &str) -> Result<i16> {
    let number = bytes.uvarint().map_err(|_| format!("Error while reading {name}"))?;
    i16::try_from(number).map_err(|_| format!("Value for {name} was too large."))
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
