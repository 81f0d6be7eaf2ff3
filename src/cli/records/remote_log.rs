//! The records of `__remote_log_metadata` (KIP-405) as Kafka's objects describe themselves. Framed as those of
//! `__cluster_metadata` are.

use super::metadata::{UNSUPPORTED, take_frame};
use super::schema::{
    BOOL, BYTES, Default, Field, I8, I32, I64, Message, Result, TEXT, UUID, field, many, of,
};
use crate::cli::records::json::from_base64;
use crate::types::Reader;
use serde_json::Value;

const PARTITION: &[Field] = &[field("name", TEXT), field("id", UUID), field("partition", I32)];
const SEGMENT_ID: &[Field] = &[field("topicIdPartition", of(PARTITION)), field("id", UUID)];
const LEADER_EPOCH: &[Field] = &[field("leaderEpoch", I32), field("offset", I64)];

const SEGMENT: &[Field] = &[
    field("remoteLogSegmentId", of(SEGMENT_ID)),
    field("startOffset", I64),
    field("endOffset", I64),
    field("brokerId", I32),
    field("maxTimestampMs", I64),
    field("eventTimestampMs", I64),
    field("segmentLeaderEpochs", many(LEADER_EPOCH)),
    field("segmentSizeInBytes", I32),
    field("customMetadata", BYTES).nullable(),
    field("state", I8),
    field("txnIdxEmpty", BOOL).tagged(0, Default::Empty),
];
const SEGMENT_UPDATE: &[Field] = &[
    field("remoteLogSegmentId", of(SEGMENT_ID)),
    field("brokerId", I32),
    field("eventTimestampMs", I64),
    field("customMetadata", BYTES).nullable(),
    field("state", I8),
];
const PARTITION_DELETE: &[Field] = &[
    field("topicPartition", of(PARTITION)),
    field("brokerId", I32),
    field("eventTimestampMs", I64),
    field("state", I8),
];
const SNAPSHOT: &[Field] = &[
    field("segmentId", UUID),
    field("startOffset", I64),
    field("endOffset", I64),
    field("brokerId", I32),
    field("maxTimestampMs", I64),
    field("eventTimestampMs", I64),
    field("segmentLeaderEpochs", many(LEADER_EPOCH)),
    field("segmentSizeInBytes", I32),
    field("customMetadata", BYTES).nullable(),
    field("state", I8),
    field("txnIdxEmpty", BOOL).tagged(0, Default::Empty),
];

const SEGMENT_STATES: [&str; 4] =
    ["COPY_SEGMENT_STARTED", "COPY_SEGMENT_FINISHED", "DELETE_SEGMENT_STARTED", "DELETE_SEGMENT_FINISHED"];
const PARTITION_STATES: [&str; 3] =
    ["DELETE_PARTITION_MARKED", "DELETE_PARTITION_STARTED", "DELETE_PARTITION_FINISHED"];

/// A record type: its class, its fields, the names of its states, and what it shows in which order.
struct Kind {
    class: &'static str,
    fields: &'static [Field],
    states: &'static [&'static str],
    shown: &'static [&'static str],
}

/// By number.
const KINDS: [Kind; 4] = [
    Kind {
        class: "RemoteLogSegmentMetadata",
        fields: SEGMENT,
        states: &SEGMENT_STATES,
        shown: &[
            "remoteLogSegmentId",
            "startOffset",
            "endOffset",
            "brokerId",
            "maxTimestampMs",
            "eventTimestampMs",
            "segmentLeaderEpochs",
            "segmentSizeInBytes",
            "customMetadata",
            "state",
            "txnIdxEmpty",
        ],
    },
    Kind {
        class: "RemoteLogSegmentMetadataUpdate",
        fields: SEGMENT_UPDATE,
        states: &SEGMENT_STATES,
        shown: &["remoteLogSegmentId", "customMetadata", "state", "eventTimestampMs", "brokerId"],
    },
    Kind {
        class: "RemotePartitionDeleteMetadata",
        fields: PARTITION_DELETE,
        states: &PARTITION_STATES,
        shown: &["topicPartition", "state", "eventTimestampMs", "brokerId"],
    },
    Kind {
        class: "RemoteLogSegmentMetadataSnapshot",
        fields: SNAPSHOT,
        states: &SEGMENT_STATES,
        shown: &[
            "segmentId",
            "startOffset",
            "endOffset",
            "maxTimestampMs",
            "segmentLeaderEpochs",
            "segmentSizeInBytes",
            "customMetadata",
            "state",
            "txnIdxEmpty",
        ],
    },
];

/// The text of a record's value; the error is in Kafka's words.
pub(crate) fn remote_log_text(value: &[u8]) -> Result<String> {
    let mut bytes = Reader::new(value);
    let (number, version) = take_frame(&mut bytes)?;
    let kind = usize::try_from(number).ok().and_then(|number| KINDS.get(number));
    let kind = kind.ok_or_else(|| format!("{UNSUPPORTED}: Unknown metadata id {number}"))?;
    let message = Message { flexible_since: 0, fields: kind.fields };
    let record = message
        .decode(version, &mut bytes)
        .map_err(|_| format!("Failed to deserialize record with type {number}"))?;
    let shown: Vec<String> =
        kind.shown.iter().map(|name| format!("{name}={}", shown(kind, name, record.get(name)))).collect();
    Ok(format!("{}{{{}}}", kind.class, shown.join(", ")))
}

fn shown(kind: &Kind, name: &str, value: Option<&Value>) -> String {
    match (name, value) {
        ("remoteLogSegmentId", Some(id)) => format!(
            "RemoteLogSegmentId{{topicIdPartition={}, id={}}}",
            partition(id.get("topicIdPartition")),
            text(id.get("id"))
        ),
        ("topicPartition", value) => partition(value),
        ("segmentLeaderEpochs", Some(Value::Array(epochs))) => leader_epochs(epochs),
        ("customMetadata", Some(Value::String(bytes))) => {
            let length = from_base64(bytes).map_or(0, |bytes| bytes.len());
            format!("Optional[CustomMetadata{{{length} bytes}}]")
        }
        ("customMetadata", _) => "Optional.empty".to_owned(),
        ("state", Some(state)) => {
            let index = state.as_u64().and_then(|state| usize::try_from(state).ok());
            index.and_then(|index| kind.states.get(index)).copied().unwrap_or("null").to_owned()
        }
        (_, None) => "false".to_owned(),
        (_, value) => text(value),
    }
}

/// `TopicIdPartition` as Java shows it.
fn partition(value: Option<&Value>) -> String {
    let part = |name| text(value.and_then(|value| value.get(name)));
    format!("{}:{}-{}", part("id"), part("name"), part("partition"))
}

/// A sorted map as Java shows it; of equal epochs the last one counts.
fn leader_epochs(epochs: &[Value]) -> String {
    let number = |epoch: &Value, name| epoch.get(name).and_then(Value::as_i64).unwrap_or(-1);
    let map: std::collections::BTreeMap<i64, i64> =
        epochs.iter().map(|epoch| (number(epoch, "leaderEpoch"), number(epoch, "offset"))).collect();
    let entries: Vec<String> = map.iter().map(|(epoch, offset)| format!("{epoch}={offset}")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Uuid, Writer};

    /// A deletion of partition 3 of topic `tiered`, and how Kafka's own tool shows it.
    #[test]
    fn a_record_is_shown_as_its_object() {
        let mut value = Writer::new();
        value.raw(&[1, 2, 0]);
        value.compact_string("tiered");
        value.uuid(Uuid::METADATA_TOPIC);
        value.i32(3);
        value.no_tagged_fields();
        value.i32(7);
        value.i64(1_700_000_000_000);
        value.i8(1);
        value.no_tagged_fields();
        let value = value.finish().unwrap();
        assert_eq!(
            remote_log_text(&value).unwrap(),
            "RemotePartitionDeleteMetadata{topicPartition=AAAAAAAAAAAAAAAAAAAAAQ:tiered-3, \
             state=DELETE_PARTITION_STARTED, eventTimestampMs=1700000000000, brokerId=7}"
        );
        for end in 0..value.len() {
            assert!(remote_log_text(&value[..end]).is_err(), "{end} bytes");
        }
        assert!(remote_log_text(&[1, 9, 0]).unwrap_err().ends_with("Unknown metadata id 9"));
    }
}
