//! A group of the newer protocol as its members see it between two records. Its records tell all but the times: when each
//! member was heard of, and since when it has been asked to let go of partitions.
//!
//! Two parts, so that a sign of life doesn't look like a change: the structure, and the ends of the members' sessions. The
//! format is kt's own and never outlives a boot of the machine.

use super::super::error::{Error, Result};
use super::super::records::{ConsumerMember, Family, GroupEpoch, GroupRecord};
use super::group::ModernGroup;
use crate::types::{CodecError, Reader, TimestampMs, Writer};

const WHAT: &str = "live group of the newer protocol";

impl ModernGroup {
    /// Everything but the times of [`ModernGroup::encode_sessions`]: the group's records, then since when each member, in
    /// order of ids, has been asked to let go of partitions (0: it hasn't).
    pub(in crate::group) fn encode_structure(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new();
        let records = self.records().iter().map(GroupRecord::encode).collect::<Result<Vec<_>>>()?;
        w.array(&records, |w, record| {
            w.bytes(&record.key);
            w.nullable_bytes(record.value.as_deref());
        });
        for member in self.members.values() {
            w.i64(member.revoking_since.map_or(0, |since| since.0));
        }
        w.finish().map_err(Error::of(WHAT))
    }

    /// When each member was last heard of, in order of ids.
    pub(in crate::group) fn encode_sessions(&self) -> Vec<u8> {
        self.members.values().flat_map(|member| member.heard_at.0.to_be_bytes()).collect()
    }

    /// The group of a structure and sessions that belong together.
    pub(in crate::group) fn decode_live(structure: &[u8], sessions: &[u8]) -> Result<ModernGroup> {
        let mut r = Reader::new(structure);
        let records = r
            .array(|r| Ok((r.bytes()?.to_vec(), r.nullable_bytes()?.map(<[u8]>::to_vec))))
            .map_err(Error::of(WHAT))?;
        let mut group = ModernGroup::default();
        for (key, value) in records {
            group.apply(GroupRecord::decode(Some(&key), value.as_deref())?, TimestampMs(0));
        }
        let mut times = Reader::new(sessions);
        let mut read = || -> std::result::Result<(), CodecError> {
            for member in group.members.values_mut() {
                let since = r.i64()?;
                member.revoking_since = (since > 0).then_some(TimestampMs(since));
                member.heard_at = TimestampMs(times.i64()?);
            }
            r.expect_end()?;
            times.expect_end()
        };
        read().map_err(Error::of(WHAT))?;
        Ok(group)
    }

    /// The records that make this group.
    fn records(&self) -> Vec<GroupRecord> {
        let group = String::new;
        let family = Family::Consumer;
        let mut records = Vec::new();
        let epoch = GroupEpoch { epoch: self.epoch, metadata_hash: self.metadata_hash };
        records.push(GroupRecord::Group { family, group: group(), value: Some(epoch) });
        records.push(GroupRecord::TargetEpoch { family, group: group(), value: Some(self.target_epoch) });
        for (regex, resolved) in &self.regexes {
            let (regex, value) = (regex.clone(), Some(resolved.clone()));
            records.push(GroupRecord::Regex { group: group(), regex, value });
        }
        for (id, member) in &self.members {
            let value: Option<ConsumerMember> = Some(member.profile.clone());
            records.push(GroupRecord::ConsumerMember { group: group(), member: id.clone(), value });
            if let Some(target) = &member.target {
                let value = Some(target.to_record());
                records.push(GroupRecord::Target { family, group: group(), member: id.clone(), value });
            }
            let value = Some(member.ownership.to_record());
            records.push(GroupRecord::Current { family, group: group(), member: id.clone(), value });
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Bench, beat, join};
    use super::super::{HeartbeatRequest, PartitionSet};
    use super::*;

    fn group() -> ModernGroup {
        let mut bench = Bench::new();
        bench.take(&join("A", &["t", "u"])).unwrap();
        bench.now += 5;
        let regex = HeartbeatRequest { topic_regex: Some("u.*".to_owned()), ..join("B", &["t"]) };
        bench.take(&regex).unwrap();
        bench.now += 5;
        bench.take(&beat("A", 1)).unwrap();
        let group = bench.group().clone();
        assert!(group.members.values().any(|member| member.revoking_since.is_some()));
        assert!(group.members.values().any(|member| member.assigned() != &PartitionSet::NONE));
        group
    }

    #[test]
    fn a_live_group_survives_its_bytes() {
        let group = group();
        let (structure, sessions) = (group.encode_structure().unwrap(), group.encode_sessions());
        let read = ModernGroup::decode_live(&structure, &sessions).unwrap();
        assert_eq!(format!("{read:?}"), format!("{group:?}"));
        for end in 0..structure.len() {
            assert!(ModernGroup::decode_live(&structure[..end], &sessions).is_err(), "{end}");
        }
        for end in 0..sessions.len() {
            assert!(ModernGroup::decode_live(&structure, &sessions[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn no_byte_that_is_flipped_does_more_than_damage() {
        let (structure, sessions) = (group().encode_structure().unwrap(), group().encode_sessions());
        for index in 0..structure.len() {
            let mut flipped = structure.clone();
            flipped[index] ^= 0x11;
            if let Ok(read) = ModernGroup::decode_live(&flipped, &sessions) {
                assert_eq!(read.encode_sessions(), sessions);
            }
        }
    }
}
