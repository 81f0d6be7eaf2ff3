//! The records of the coordinators' topics. Key: `type i16` and the key's fields. Value: `version i16` and the value's
//! fields; null is a tombstone.

use super::coordinator_tables::{
    ASSIGNMENT, CoordinatorRecord, GROUPS, SHARE_STATE, SUBSCRIPTION, TRANSACTIONS,
};
use super::json::from_base64;
use super::schema::{Message, NEVER, Result};
use crate::types::Reader;
use serde_json::Value;

/// Whose topic a record lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coordinator {
    /// `__consumer_offsets`
    Groups,
    /// `__transaction_state`
    Transactions,
    /// `__share_group_state`
    ShareState,
}

/// A record of a coordinator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoded {
    Record {
        number: i16,
        key: Value,
        /// Its version and fields; `None` is a tombstone.
        value: Option<(i16, Value)>,
    },
    /// A type that is not known, and so must be skipped.
    UnknownType(i16),
    /// Why it can't be read, in Kafka's words.
    Damaged(String),
}

impl Coordinator {
    /// Decodes a record's key and value.
    pub(crate) fn decode(self, key: &[u8], value: Option<&[u8]>) -> Decoded {
        let mut key_fields = Reader::new(key);
        let Ok(number) = key_fields.i16() else {
            return Decoded::Damaged("Could not read version from key's buffer.".to_owned());
        };
        let Some(record) = self.records().iter().find(|record| record.number == number) else {
            return Decoded::UnknownType(number);
        };
        match self.fields(record, &mut key_fields, value) {
            Ok((key, value)) => Decoded::Record { number, key, value },
            Err(reason) => Decoded::Damaged(reason),
        }
    }

    fn records(self) -> &'static [CoordinatorRecord] {
        match self {
            Coordinator::Groups => GROUPS,
            Coordinator::Transactions => TRANSACTIONS,
            Coordinator::ShareState => SHARE_STATE,
        }
    }

    fn fields(
        self,
        record: &CoordinatorRecord,
        key: &mut Reader<'_>,
        value: Option<&[u8]>,
    ) -> Result<(Value, Option<(i16, Value)>)> {
        let unreadable = |what: &str, version: i16, reason: &str| {
            format!("Could not read record with version {version} from {what}'s buffer due to: {reason}.")
        };
        let key = Message { flexible_since: NEVER, fields: record.key }
            .decode(0, key)
            .map_err(|reason| unreadable("key", record.number, &reason))?;
        let Some(value) = value else { return Ok((key, None)) };
        let mut value = Reader::new(value);
        let version = value.i16().map_err(|_| "Could not read version from value's buffer.".to_owned())?;
        if !(0..=record.last_version).contains(&version) {
            return Err(format!("Found an unknown record version {version} for {} type", record.number));
        }
        let mut fields = record
            .value
            .decode(version, &mut value)
            .map_err(|reason| unreadable("value", version, &reason))?;
        if self == Coordinator::Groups && record.number == CLASSIC_GROUP {
            unfold_members(&mut fields);
        }
        Ok((key, Some((version, fields))))
    }
}

const CLASSIC_GROUP: i16 = 2;

/// Members of consumers' groups keep two messages of the consumer protocol as bytes: they are shown as what they hold.
fn unfold_members(group: &mut Value) {
    if group.get("protocolType").and_then(Value::as_str) != Some("consumer") {
        return;
    }
    let members = group.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten();
    for member in members {
        for (name, message) in [("subscription", SUBSCRIPTION), ("assignment", ASSIGNMENT)] {
            if let Some(blob) = member.get_mut(name)
                && let Some(unfolded) = unfold(blob, message)
            {
                *blob = unfolded;
            }
        }
    }
}

fn unfold(blob: &Value, message: Message) -> Option<Value> {
    let bytes = from_base64(blob.as_str()?)?;
    let mut fields = Reader::new(&bytes);
    let version = fields.i16().ok()?;
    message.decode(version, &mut fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::records::json_text;

    const COMMIT_KEY: &[u8] = b"\0\x01\0\x01g\0\x01t\0\0\0\x02";

    #[test]
    fn an_offset_commit_is_decoded() {
        let value = b"\0\x03\0\0\0\0\0\0\0\x2a\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\x07";
        let decoded = Coordinator::Groups.decode(COMMIT_KEY, Some(value));
        let Decoded::Record { number: 1, key, value: Some((3, value)) } = decoded else {
            panic!("{decoded:?}");
        };
        assert_eq!(json_text(&key), r#"{"group":"g","topic":"t","partition":2}"#);
        assert_eq!(json_text(&value), r#"{"offset":42,"leaderEpoch":-1,"metadata":"","commitTimestamp":7}"#);
        let tombstone = Coordinator::Groups.decode(COMMIT_KEY, None);
        assert!(matches!(tombstone, Decoded::Record { number: 1, value: None, .. }));
    }

    #[test]
    fn what_is_unknown_or_cut_off_says_so() {
        assert_eq!(Coordinator::Groups.decode(b"ux", None), Decoded::UnknownType(0x7578));
        for end in 0..COMMIT_KEY.len() {
            let decoded = Coordinator::Groups.decode(&COMMIT_KEY[..end], None);
            assert!(matches!(decoded, Decoded::Damaged(_)), "{end} bytes: {decoded:?}");
        }
    }

    #[test]
    fn numbers_are_unique_and_ascend() {
        for table in [GROUPS, TRANSACTIONS, SHARE_STATE] {
            assert!(table.is_sorted_by(|a, b| a.number < b.number));
        }
    }
}
