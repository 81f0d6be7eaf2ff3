//! The formatters of internal topics: JSON of the records of one kind, without line ends; records of another kind print nothing.

use crate::cli::records::{Coordinator, Decoded, json_text};
use crate::client::ConsumerRecord;
use serde_json::{Value, json};

/// Which records of which topic are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InternalFormatter {
    coordinator: Coordinator,
    /// First and last number of the record types.
    types: (i16, i16),
}

impl InternalFormatter {
    /// The formatter of this class, whose package is not said; `None` if there is no such.
    pub(super) fn by_name(name: &str) -> Option<InternalFormatter> {
        let (coordinator, types) = match name {
            "OffsetsMessageFormatter" => (Coordinator::Groups, (0, 1)),
            "GroupMetadataMessageFormatter" => (Coordinator::Groups, (2, 2)),
            "ShareGroupMessageFormatter" => (Coordinator::Groups, (10, 15)),
            "TransactionLogMessageFormatter" => (Coordinator::Transactions, (0, 0)),
            "group.share.ShareGroupStateMessageFormatter" => (Coordinator::ShareState, (0, 1)),
            _ => return None,
        };
        Some(InternalFormatter { coordinator, types })
    }

    /// Appends the record's JSON if it is one of those.
    pub(super) fn write(&self, record: &ConsumerRecord<'_>, out: &mut Vec<u8>) {
        let Some(key) = record.record.key else { return };
        let Decoded::Record { number, key, value } = self.coordinator.decode(key, record.record.value) else {
            return;
        };
        let (first, last) = self.types;
        if !(first..=last).contains(&number) {
            return;
        }
        let value = value.map_or(Value::Null, |(version, value)| json!({"version": version, "data": value}));
        let text = json_text(&json!({"key": {"type": number, "data": key}, "value": value}));
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Headers, Offset, PartitionId, RecordView, TimestampMs, TimestampType};

    /// Group `g`, topic `t`, partition 0.
    const KEY: &[u8] = b"\0\x01\0\x01g\0\x01t\0\0\0\0";

    fn print(class: &str, key: &[u8], value: Option<&[u8]>) -> String {
        let record = RecordView {
            offset: Offset::ZERO,
            timestamp: TimestampMs(0),
            timestamp_type: TimestampType::Create,
            key: Some(key),
            value,
            headers: Headers::default(),
        };
        let record = ConsumerRecord {
            topic: "__consumer_offsets",
            partition: PartitionId(0),
            record,
            delivery_count: None,
        };
        let mut out = Vec::new();
        InternalFormatter::by_name(class).unwrap().write(&record, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_deleted_offset_is_a_null_and_other_kinds_are_passed_over() {
        let deleted = r#"{"key":{"type":1,"data":{"group":"g","topic":"t","partition":0}},"value":null}"#;
        assert_eq!(print("OffsetsMessageFormatter", KEY, None), deleted);
        assert_eq!(print("GroupMetadataMessageFormatter", KEY, None), "");
        for end in 0..KEY.len() {
            assert_eq!(print("OffsetsMessageFormatter", &KEY[..end], None), "");
        }
    }
}
