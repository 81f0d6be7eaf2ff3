//! Control records: what they are, by their key (`version i16, type i16`), and what Kafka's own say, as JSON.

use super::json::json_text;
use super::metadata_tables::{KRAFT_VERSION, KRAFT_VOTERS, LEADER_CHANGE, SNAPSHOT_FOOTER, SNAPSHOT_HEADER};
use super::schema::{Message, Result};
use crate::types::Reader;

/// A control record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlKind {
    Abort,
    Commit,
    LeaderChange,
    SnapshotHeader,
    SnapshotFooter,
    KRaftVersion,
    KRaftVoters,
    Unknown(i16),
}

/// What kind of control record a key names; `None` if it is too short.
pub(crate) fn control_kind(key: &[u8]) -> Option<ControlKind> {
    let [_, _, high, low, ..] = *key else { return None };
    Some(match i16::from_be_bytes([high, low]) {
        0 => ControlKind::Abort,
        1 => ControlKind::Commit,
        2 => ControlKind::LeaderChange,
        3 => ControlKind::SnapshotHeader,
        4 => ControlKind::SnapshotFooter,
        5 => ControlKind::KRaftVersion,
        6 => ControlKind::KRaftVoters,
        other => ControlKind::Unknown(other),
    })
}

impl ControlKind {
    /// The value as JSON; `None` for markers and what is not known. The error is in Kafka's words.
    pub(crate) fn json(self, value: &[u8]) -> Option<Result<String>> {
        let message: Message = match self {
            ControlKind::LeaderChange => LEADER_CHANGE,
            ControlKind::SnapshotHeader => SNAPSHOT_HEADER,
            ControlKind::SnapshotFooter => SNAPSHOT_FOOTER,
            ControlKind::KRaftVersion => KRAFT_VERSION,
            ControlKind::KRaftVoters => KRAFT_VOTERS,
            ControlKind::Abort | ControlKind::Commit | ControlKind::Unknown(_) => return None,
        };
        // The version is the first field, and at the same time says which fields there are.
        let version = Reader::new(value).i16().unwrap_or(0);
        Some(message.decode(version, &mut Reader::new(value)).map(|value| json_text(&value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_their_version() {
        let json = |kind: u8, value: &[u8]| control_kind(&[0, 0, 0, kind]).unwrap().json(value).unwrap();
        let change = [0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 1, 0];
        assert_eq!(
            json(2, &change).unwrap(),
            r#"{"version":0,"leaderId":1,"voters":[{"voterId":1}],"grantingVoters":[]}"#
        );
        assert_eq!(json(4, &[0, 0, 0]).unwrap(), r#"{"version":0}"#);
        assert_eq!(json(5, &[0, 0, 0, 1, 0]).unwrap(), r#"{"version":0,"kRaftVersion":1}"#);
        assert!(json(3, &[0, 0, 0]).is_err());
        assert_eq!(control_kind(&[0, 0, 0]), None);
    }
}
