//! OffsetCommit and OffsetFetch in version 10, which name topics by their ids; `kafka-protocol` reads them up to version 9.
//!
//! | request | flexible, each struct with its tagged fields |
//! |---|---|
//! | commit | group, generation or epoch i32, member, ?instance, [topic id, [partition i32, offset i64, epoch i32, ?metadata]] |
//! | fetch | [group, ?member, epoch i32, ?[topic id, [partition i32]]], stable only bool |

use crate::types::{CodecError, Reader};
use kafka_protocol::messages::GroupId;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::protocol::StrBytes;

type Result<T> = std::result::Result<T, CodecError>;

/// Reads an OffsetCommit of version 10.
pub(super) fn offset_commit(body: &[u8]) -> Result<OffsetCommitRequest> {
    let mut r = Reader::new(body);
    let request = OffsetCommitRequest::default()
        .with_group_id(GroupId(text(r.compact_string()?)))
        .with_generation_id_or_member_epoch(r.i32()?)
        .with_member_id(text(r.compact_string()?))
        .with_group_instance_id(r.compact_nullable_string()?.map(text))
        .with_topics(r.compact_array(committed_topic)?);
    r.skip_tagged_fields()?;
    r.expect_end()?;
    Ok(request)
}

fn committed_topic(r: &mut Reader<'_>) -> Result<OffsetCommitRequestTopic> {
    let id = uuid::Uuid::from_bytes(r.uuid()?.0);
    let partitions = r.compact_array(|r| {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(r.i32()?)
            .with_committed_offset(r.i64()?)
            .with_committed_leader_epoch(r.i32()?)
            .with_committed_metadata(r.compact_nullable_string()?.map(text));
        r.skip_tagged_fields()?;
        Ok(partition)
    })?;
    r.skip_tagged_fields()?;
    Ok(OffsetCommitRequestTopic::default().with_topic_id(id).with_partitions(partitions))
}

/// Reads an OffsetFetch of version 10.
pub(super) fn offset_fetch(body: &[u8]) -> Result<OffsetFetchRequest> {
    let mut r = Reader::new(body);
    let groups = r.compact_array(|r| {
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(GroupId(text(r.compact_string()?)))
            .with_member_id(r.compact_nullable_string()?.map(text))
            .with_member_epoch(r.i32()?)
            .with_topics(r.nullable_compact_array(fetched_topic)?);
        r.skip_tagged_fields()?;
        Ok(group)
    })?;
    let require_stable = r.bool()?;
    r.skip_tagged_fields()?;
    r.expect_end()?;
    Ok(OffsetFetchRequest::default().with_groups(groups).with_require_stable(require_stable))
}

fn fetched_topic(r: &mut Reader<'_>) -> Result<OffsetFetchRequestTopics> {
    let id = uuid::Uuid::from_bytes(r.uuid()?.0);
    let partitions = r.compact_array(Reader::i32)?;
    r.skip_tagged_fields()?;
    Ok(OffsetFetchRequestTopics::default().with_topic_id(id).with_partition_indexes(partitions))
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Uuid, Writer};

    fn commit() -> Vec<u8> {
        let mut w = Writer::new();
        w.compact_string("g");
        w.i32(7);
        w.compact_string("m");
        w.compact_nullable_string(None);
        w.compact_array_count(Some(1));
        w.uuid(Uuid([3; 16]));
        w.compact_array_count(Some(1));
        w.i32(2);
        w.i64(99);
        w.i32(-1);
        w.compact_nullable_string(Some("note"));
        (0..3).for_each(|_| w.uvarint(0));
        w.finish().unwrap()
    }

    fn fetch() -> Vec<u8> {
        let mut w = Writer::new();
        w.compact_array_count(Some(2));
        for topics in [None, Some(1)] {
            w.compact_string("g");
            w.compact_nullable_string(None);
            w.i32(-1);
            w.compact_array_count(topics);
            if topics.is_some() {
                w.uuid(Uuid([3; 16]));
                w.compact_array_count(Some(2));
                w.i32(0);
                w.i32(1);
                w.uvarint(0);
            }
            w.uvarint(0);
        }
        w.bool(true);
        w.uvarint(0);
        w.finish().unwrap()
    }

    #[test]
    fn requests_are_read_and_no_prefix_of_them_is() {
        let request = offset_commit(&commit()).unwrap();
        let topic = request.topics.first().unwrap();
        assert_eq!((topic.topic_id.into_bytes(), request.group_id.as_str()), ([3; 16], "g"));
        let partition = topic.partitions.first().unwrap();
        assert_eq!((partition.partition_index, partition.committed_offset), (2, 99));
        let request = offset_fetch(&fetch()).unwrap();
        assert!(request.require_stable && request.groups[0].topics.is_none());
        assert_eq!(request.groups[1].topics.as_ref().unwrap()[0].partition_indexes, [0, 1]);
        for end in 0..commit().len() {
            assert!(offset_commit(&commit()[..end]).is_err(), "{end}");
        }
        for end in 0..fetch().len() {
            assert!(offset_fetch(&fetch()[..end]).is_err(), "{end}");
        }
    }
}
