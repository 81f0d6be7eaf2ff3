//! `GroupRecord`: a record of `__consumer_offsets`, whatever its type. The key is an i16 type, then strings (and a
//! partition); the value an i16 version, then the fields of that version. A null value is a tombstone.
//! Source: spec, storage.md §10 and record-schemas.txt.

use super::classic::ClassicGroupValue;
use super::consumer::{ConsumerMember, CurrentAssignment, GroupEpoch, ResolvedRegex, TopicIdPartitions};
use super::offset::OffsetCommit;
use super::share::{ShareMember, ShareTopics};
use crate::group::error::{Error, Result};
use crate::types::{CodecError, PartitionId, Reader, TopicPartition, Writer};

/// The two new protocols, which share the shapes of several records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Consumer,
    Share,
}

/// A record of `__consumer_offsets`; `None` as a value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GroupRecord {
    /// Types 0 and 1.
    Offset { group: String, partition: TopicPartition, value: Option<OffsetCommit> },
    /// Type 2.
    ClassicGroup { group: String, value: Option<ClassicGroupValue> },
    /// Types 3 and 11.
    Group { family: Family, group: String, value: Option<GroupEpoch> },
    /// Type 4, which is no longer written; its value is not looked at.
    PartitionMetadata { group: String, tombstone: bool },
    /// Type 5.
    ConsumerMember { group: String, member: String, value: Option<ConsumerMember> },
    /// Types 6 and 12: the epoch of the target assignment.
    TargetEpoch { family: Family, group: String, value: Option<i32> },
    /// Types 7 and 13: what a member shall own.
    Target { family: Family, group: String, member: String, value: Option<Vec<TopicIdPartitions>> },
    /// Types 8 and 14: what it owns.
    Current { family: Family, group: String, member: String, value: Option<CurrentAssignment> },
    /// Type 10.
    ShareMember { group: String, member: String, value: Option<ShareMember> },
    /// Type 15.
    ShareTopics { group: String, value: Option<ShareTopics> },
    /// Type 16.
    Regex { group: String, regex: String, value: Option<ResolvedRegex> },
    /// Types 17 to 23: only that there is such a record is of interest.
    Streams { key_type: i16, group: String, member: Option<String>, tombstone: bool },
    /// Any other type: to be skipped.
    Unknown { key_type: i16 },
}

/// The bytes of a record of `__consumer_offsets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) key: Vec<u8>,
    /// `None` is a tombstone.
    pub(crate) value: Option<Vec<u8>>,
}

const STREAMS_GROUP: i16 = 17;
const STREAMS_LAST: i16 = 23;

impl GroupRecord {
    /// Reads a record. An unknown key type is no error, an unknown version of a known value is.
    pub(crate) fn decode(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<GroupRecord> {
        let mut r = Reader::new(key.ok_or(Error::NoKey)?);
        let key_type = r.i16().map_err(Error::of("group record key"))?;
        let record = match key_type {
            0 | 1 => read_offset(&mut r, value),
            2 => read_classic(&mut r, value),
            3 | 6..=8 | 11..=14 => read_shared(key_type, &mut r, value),
            4 => read_group(&mut r)
                .map(|group| GroupRecord::PartitionMetadata { group, tombstone: value.is_none() }),
            5 | 10 | 15 | 16 => read_single(key_type, &mut r, value),
            STREAMS_GROUP..=STREAMS_LAST => {
                let group = read_group(&mut r)?;
                let member = if r.is_empty() { None } else { Some(read_group(&mut r)?) };
                Ok(GroupRecord::Streams { key_type, group, member, tombstone: value.is_none() })
            }
            _ => return Ok(GroupRecord::Unknown { key_type }),
        }?;
        r.expect_end().map_err(Error::of("group record key"))?;
        Ok(record)
    }

    /// Writes the record as Kafka 4.2 does. Records that kt never makes (types 4, 17 to 23 and unknown ones) become
    /// tombstones of their group's key.
    pub(crate) fn encode(&self) -> Result<Encoded> {
        let mut key = Writer::new();
        key.i16(self.key_type());
        if let Some(group) = self.group() {
            key.string(group);
        }
        if let GroupRecord::Offset { partition, .. } = self {
            key.string(&partition.topic);
            key.i32(partition.partition.0);
        } else if let Some(member) = self.second_key() {
            key.string(member);
        }
        let key = key.finish().map_err(Error::of("group record key"))?;
        Ok(Encoded { key, value: self.encode_value()? })
    }

    /// The number that begins the key.
    pub(crate) const fn key_type(&self) -> i16 {
        const fn of(family: Family, consumer: i16, share: i16) -> i16 {
            match family {
                Family::Consumer => consumer,
                Family::Share => share,
            }
        }
        match self {
            GroupRecord::Offset { .. } => 1,
            GroupRecord::ClassicGroup { .. } => 2,
            GroupRecord::Group { family, .. } => of(*family, 3, 11),
            GroupRecord::PartitionMetadata { .. } => 4,
            GroupRecord::ConsumerMember { .. } => 5,
            GroupRecord::TargetEpoch { family, .. } => of(*family, 6, 12),
            GroupRecord::Target { family, .. } => of(*family, 7, 13),
            GroupRecord::Current { family, .. } => of(*family, 8, 14),
            GroupRecord::ShareMember { .. } => 10,
            GroupRecord::ShareTopics { .. } => 15,
            GroupRecord::Regex { .. } => 16,
            GroupRecord::Streams { key_type, .. } | GroupRecord::Unknown { key_type } => *key_type,
        }
    }

    /// The group that the record is about; `None` for an unknown type.
    pub(crate) fn group(&self) -> Option<&str> {
        match self {
            GroupRecord::Offset { group, .. }
            | GroupRecord::ClassicGroup { group, .. }
            | GroupRecord::Group { group, .. }
            | GroupRecord::PartitionMetadata { group, .. }
            | GroupRecord::ConsumerMember { group, .. }
            | GroupRecord::TargetEpoch { group, .. }
            | GroupRecord::Target { group, .. }
            | GroupRecord::Current { group, .. }
            | GroupRecord::ShareMember { group, .. }
            | GroupRecord::ShareTopics { group, .. }
            | GroupRecord::Regex { group, .. }
            | GroupRecord::Streams { group, .. } => Some(group),
            GroupRecord::Unknown { .. } => None,
        }
    }

    /// The group, if the record is about the group itself and not one of its offsets.
    pub(crate) fn described(&self) -> Option<&str> {
        if matches!(self, GroupRecord::Offset { .. }) { None } else { self.group() }
    }

    /// The member, or the regular expression, in the key.
    fn second_key(&self) -> Option<&str> {
        match self {
            GroupRecord::ConsumerMember { member, .. }
            | GroupRecord::Target { member, .. }
            | GroupRecord::Current { member, .. }
            | GroupRecord::ShareMember { member, .. } => Some(member),
            GroupRecord::Regex { regex, .. } => Some(regex),
            GroupRecord::Streams { member, .. } => member.as_deref(),
            _ => None,
        }
    }

    fn encode_value(&self) -> Result<Option<Vec<u8>>> {
        let mut w = Writer::new();
        let version_zero = |w: &mut Writer| w.i16(0);
        match self {
            GroupRecord::Offset { value: Some(commit), .. } => {
                w.i16(commit.version());
                commit.write(commit.version(), &mut w);
            }
            GroupRecord::ClassicGroup { value: Some(group), .. } => {
                w.i16(ClassicGroupValue::WRITTEN);
                group.write(&mut w);
            }
            GroupRecord::Group { family, value: Some(epoch), .. } => {
                version_zero(&mut w);
                match family {
                    Family::Consumer => epoch.write_consumer(&mut w),
                    Family::Share => epoch.write_share(&mut w),
                }
            }
            GroupRecord::ConsumerMember { value: Some(member), .. } => {
                version_zero(&mut w);
                member.write(&mut w);
            }
            GroupRecord::TargetEpoch { value: Some(epoch), .. } => {
                version_zero(&mut w);
                w.i32(*epoch);
                w.no_tagged_fields();
            }
            GroupRecord::Target { value: Some(target), .. } => {
                version_zero(&mut w);
                w.compact_array(target, TopicIdPartitions::write);
                w.no_tagged_fields();
            }
            GroupRecord::Current { family, value: Some(current), .. } => {
                version_zero(&mut w);
                current.write(*family, &mut w);
            }
            GroupRecord::ShareMember { value: Some(member), .. } => {
                version_zero(&mut w);
                member.write(&mut w);
            }
            GroupRecord::ShareTopics { value: Some(topics), .. } => {
                version_zero(&mut w);
                topics.write(&mut w);
            }
            GroupRecord::Regex { value: Some(regex), .. } => {
                version_zero(&mut w);
                regex.write(&mut w);
            }
            _ => return Ok(None),
        }
        w.finish().map(Some).map_err(Error::of("group record value"))
    }
}

fn read_group(r: &mut Reader<'_>) -> Result<String> {
    r.string().map(str::to_owned).map_err(Error::of("group record key"))
}

/// Reads a value whose version must lie in 0 to `newest`. What follows the known fields is ignored, as Kafka does.
fn read_value<'a, T>(
    what: &'static str,
    newest: i16,
    bytes: Option<&'a [u8]>,
    read: impl FnOnce(i16, &mut Reader<'a>) -> std::result::Result<T, CodecError>,
) -> Result<Option<T>> {
    let Some(bytes) = bytes else { return Ok(None) };
    let mut r = Reader::new(bytes);
    let version = r.i16().map_err(Error::of(what))?;
    if !(0..=newest).contains(&version) {
        return Err(Error::Version { what, version });
    }
    read(version, &mut r).map(Some).map_err(Error::of(what))
}

fn read_offset(r: &mut Reader<'_>, value: Option<&[u8]>) -> Result<GroupRecord> {
    let key_error = Error::of("offset commit key");
    let group = read_group(r)?;
    let (topic, partition) = r.string().and_then(|topic| Ok((topic, r.i32()?))).map_err(key_error)?;
    let partition = TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) };
    let value = read_value("offset commit", OffsetCommit::NEWEST, value, OffsetCommit::read)?;
    Ok(GroupRecord::Offset { group, partition, value })
}

fn read_classic(r: &mut Reader<'_>, value: Option<&[u8]>) -> Result<GroupRecord> {
    let group = read_group(r)?;
    let value = read_value("group metadata", ClassicGroupValue::NEWEST, value, ClassicGroupValue::read)?;
    Ok(GroupRecord::ClassicGroup { group, value })
}

/// The types that consumer and share groups have in common.
fn read_shared(key_type: i16, r: &mut Reader<'_>, value: Option<&[u8]>) -> Result<GroupRecord> {
    let family = if key_type < 10 { Family::Consumer } else { Family::Share };
    let group = read_group(r)?;
    match key_type {
        3 => {
            let value = read_value("consumer group", 0, value, |_, r| GroupEpoch::read_consumer(r))?;
            Ok(GroupRecord::Group { family, group, value })
        }
        11 => {
            let value = read_value("share group", 0, value, |_, r| GroupEpoch::read_share(r))?;
            Ok(GroupRecord::Group { family, group, value })
        }
        6 | 12 => {
            let read =
                |_, r: &mut Reader<'_>| r.i32().and_then(|epoch| r.skip_tagged_fields().map(|()| epoch));
            let value = read_value("target assignment epoch", 0, value, read)?;
            Ok(GroupRecord::TargetEpoch { family, group, value })
        }
        7 | 13 => {
            let member = read_group(r)?;
            let read = |_, r: &mut Reader<'_>| {
                let target = r.compact_array(TopicIdPartitions::read)?;
                r.skip_tagged_fields().map(|()| target)
            };
            let value = read_value("target assignment", 0, value, read)?;
            Ok(GroupRecord::Target { family, group, member, value })
        }
        _ => {
            let member = read_group(r)?;
            let read = |_, r: &mut Reader<'_>| CurrentAssignment::read(family, r);
            let value = read_value("current assignment", 0, value, read)?;
            Ok(GroupRecord::Current { family, group, member, value })
        }
    }
}

/// The types that only one of the protocols has.
fn read_single(key_type: i16, r: &mut Reader<'_>, value: Option<&[u8]>) -> Result<GroupRecord> {
    let group = read_group(r)?;
    match key_type {
        5 => {
            let member = read_group(r)?;
            let value = read_value("consumer group member", 0, value, |_, r| ConsumerMember::read(r))?;
            Ok(GroupRecord::ConsumerMember { group, member, value })
        }
        10 => {
            let member = read_group(r)?;
            let value = read_value("share group member", 0, value, |_, r| ShareMember::read(r))?;
            Ok(GroupRecord::ShareMember { group, member, value })
        }
        15 => {
            let value = read_value("share group topics", 0, value, |_, r| ShareTopics::read(r))?;
            Ok(GroupRecord::ShareTopics { group, value })
        }
        _ => {
            let regex = read_group(r)?;
            let value = read_value("regular expression", 0, value, |_, r| ResolvedRegex::read(r))?;
            Ok(GroupRecord::Regex { group, regex, value })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key, value and Kafka's own JSON of every record in the recorded directories.
    fn recorded() -> Vec<(Vec<u8>, Option<Vec<u8>>, String)> {
        let hex = |text: &str| -> Vec<u8> {
            let digits = text.as_bytes().chunks_exact(2);
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
        };
        let lines = include_str!("../../../tests/fixtures/group-records.tsv").lines();
        let records = lines.filter(|line| !line.starts_with('#')).map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            (hex(fields[2]), (fields[3] != "-").then(|| hex(fields[3])), fields[4].to_owned())
        });
        records.collect()
    }

    #[test]
    fn what_kafka_wrote_is_read_and_written_again_byte_for_byte() {
        let recorded = recorded();
        assert!(recorded.len() > 90, "{}", recorded.len());
        let mut types = std::collections::BTreeSet::new();
        for (key, value, json) in &recorded {
            let record = GroupRecord::decode(Some(key), value.as_deref()).unwrap();
            types.insert(record.key_type());
            let encoded = record.encode().unwrap();
            assert_eq!((&encoded.key, &encoded.value), (key, value), "{json}");
        }
        assert_eq!(types.into_iter().collect::<Vec<_>>(), [1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16]);
    }

    #[test]
    fn the_fields_are_those_that_kafka_shows() {
        for (key, value, json) in recorded() {
            let (key_json, value_json) = json.split_once(" = ").unwrap();
            let key_json: serde_json::Value = serde_json::from_str(key_json).unwrap();
            let record = GroupRecord::decode(Some(&key), value.as_deref()).unwrap();
            assert_eq!(key_json["type"], record.key_type().to_string());
            let data = &key_json["data"];
            let group = data.get("group").or(data.get("groupId")).unwrap();
            assert_eq!(group.as_str(), record.group());
            if value.is_none() {
                assert_eq!(value_json, "<DELETE>");
                continue;
            }
            let shown: serde_json::Value = serde_json::from_str(value_json).unwrap();
            let data = &shown["data"];
            match record {
                GroupRecord::Offset { partition, value: Some(commit), .. } => {
                    assert_eq!(key_json["data"]["topic"], partition.topic);
                    assert_eq!(key_json["data"]["partition"], partition.partition.0);
                    assert_eq!(data["offset"], commit.offset.get());
                    assert_eq!(data["leaderEpoch"], commit.leader_epoch.map_or(-1, |epoch| epoch.0));
                    assert_eq!(data["metadata"], commit.metadata);
                    assert_eq!(data["commitTimestamp"], commit.commit_timestamp.0);
                    let topic_id = data.get("topicId").map(|id| id.as_str().unwrap().to_owned());
                    assert_eq!(topic_id, commit.topic_id.map(|id| id.to_string()));
                }
                GroupRecord::ClassicGroup { value: Some(group), .. } => {
                    assert_eq!(data["generation"], group.generation);
                    assert_eq!(data["protocol"].as_str(), group.protocol.as_deref());
                    assert_eq!(data["currentStateTimestamp"], group.state_timestamp.0);
                    assert_eq!(data["members"].as_array().unwrap().len(), group.members.len());
                }
                GroupRecord::Group { value: Some(epoch), .. } => {
                    assert_eq!(data["epoch"], epoch.epoch);
                    assert_eq!(data["metadataHash"].as_i64().unwrap_or(0), epoch.metadata_hash);
                }
                GroupRecord::Current { value: Some(current), .. } => {
                    assert_eq!(data["state"], current.state);
                    assert_eq!(data["previousMemberEpoch"], current.previous_member_epoch);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_prefix_is_refused_and_no_flipped_byte_panics() {
        for (key, value, json) in recorded() {
            for end in 0..key.len() {
                assert!(GroupRecord::decode(Some(&key[..end]), value.as_deref()).is_err(), "{json}");
            }
            let Some(value) = value else { continue };
            for end in 0..value.len() {
                assert!(GroupRecord::decode(Some(&key), Some(&value[..end])).is_err(), "{json} {end}");
            }
            for at in 0..value.len() {
                let mut flipped = value.clone();
                flipped[at] ^= 0xff;
                // Any answer will do, as long as there is one.
                let _ = GroupRecord::decode(Some(&key), Some(&flipped));
            }
        }
    }

    #[test]
    fn unknown_types_are_kept_and_unknown_versions_refused() {
        let unknown = GroupRecord::decode(Some(&[0, 99, 1, 2]), Some(b"anything")).unwrap();
        assert_eq!(unknown, GroupRecord::Unknown { key_type: 99 });
        let key = [0, 2, 0, 1, b'g'];
        let error = GroupRecord::decode(Some(&key), Some(&[0, 9])).unwrap_err();
        assert_eq!(error, Error::Version { what: "group metadata", version: 9 });
        assert_eq!(GroupRecord::decode(None, None), Err(Error::NoKey));
        let legacy = GroupRecord::decode(Some(&[0, 0, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 4]), None).unwrap();
        let partition = TopicPartition { topic: "t".to_owned(), partition: PartitionId(4) };
        assert_eq!(legacy, GroupRecord::Offset { group: "g".to_owned(), partition, value: None });
    }
}
