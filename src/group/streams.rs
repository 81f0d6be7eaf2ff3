//! `StreamsGroup`: a group of a streams application (KIP-1071), of which kt knows only which records there are of it: enough
//! to list it, and to delete it whole once nobody is in it.

use super::records::GroupRecord;
use super::state::{GroupKind, Groups};
use crate::types::TimestampMs;
use std::collections::BTreeSet;

/// The key types of the group itself and of a member.
const GROUP: i16 = 17;
const MEMBER: i16 = 19;
/// In which order its records are deleted: what members have, their targets, themselves, the rest, the group at last.
const DELETION: [i16; 6] = [22, 21, 20, MEMBER, 23, GROUP];

/// The records that there are of a group, by key type and member.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamsGroup {
    keys: BTreeSet<(i16, Option<String>)>,
}

impl StreamsGroup {
    /// Notes a record, or its end.
    pub(super) fn apply(&mut self, key_type: i16, member: Option<String>, tombstone: bool) {
        if tombstone {
            self.keys.remove(&(key_type, member));
        } else {
            self.keys.insert((key_type, member));
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        !self.keys.contains(&(GROUP, None))
    }

    pub(crate) fn has_members(&self) -> bool {
        self.keys.iter().any(|(key_type, _)| *key_type == MEMBER)
    }

    /// Tombstones of its members and of what they have.
    fn departures(&self, group: &str) -> Vec<GroupRecord> {
        let mut records = self.tombstones(group);
        records.retain(|record| matches!(record, GroupRecord::Streams { member: Some(_), .. }));
        records
    }

    /// Tombstones of everything that is written of it.
    pub(super) fn tombstones(&self, group: &str) -> Vec<GroupRecord> {
        let of = |wanted: i16| self.keys.iter().filter(move |(key_type, _)| *key_type == wanted);
        let others = self.keys.iter().filter(|(key_type, _)| !DELETION.contains(key_type));
        let all = others.chain(DELETION.into_iter().flat_map(of));
        let tombstone = |(key_type, member): &(i16, Option<String>)| GroupRecord::Streams {
            key_type: *key_type,
            group: group.to_owned(),
            member: member.clone(),
            tombstone: true,
        };
        all.map(tombstone).collect()
    }
}

impl Groups {
    /// Takes all members out of a streams group: they only ever live on a broker.
    pub(crate) fn bury_streams(&mut self, group_id: &str) -> Vec<GroupRecord> {
        let Some(GroupKind::Streams(group)) = self.get(group_id).map(|group| &group.kind) else {
            return Vec::new();
        };
        let records = group.departures(group_id);
        for record in &records {
            self.apply(record.clone(), TimestampMs::NONE);
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorCode;

    fn key(key_type: i16, texts: &[&str]) -> Vec<u8> {
        let mut key = key_type.to_be_bytes().to_vec();
        for text in texts {
            key.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            key.extend(text.bytes());
        }
        key
    }

    #[test]
    fn a_streams_group_is_deleted_with_all_its_records_once_its_members_are_gone() {
        let mut groups = Groups::default();
        let keys = [key(17, &["g"]), key(23, &["g"]), key(20, &["g"])];
        let member = [key(19, &["g", "m"]), key(21, &["g", "m"]), key(22, &["g", "m"])];
        for key in keys.iter().chain(&member) {
            groups.replay(Some(key), Some(&[0, 0, 1]), TimestampMs(1)).unwrap();
        }
        assert!(matches!(groups.get("g").unwrap().kind, GroupKind::Streams(_)));
        assert_eq!(groups.delete("g"), Err(ErrorCode::GroupNotEmpty));
        let buried = groups.bury_streams("g");
        let records = groups.delete("g").unwrap();
        let types = |records: &[GroupRecord]| records.iter().map(GroupRecord::key_type).collect::<Vec<_>>();
        assert_eq!((types(&buried), types(&records)), (vec![22, 21, 19], vec![20, 23, 17]));
        let encoded = buried[0].encode().unwrap();
        assert_eq!((encoded.key, encoded.value), (key(22, &["g", "m"]), None));
        assert!(groups.get("g").is_none());
    }
}
