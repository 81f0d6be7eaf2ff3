//! Records of groups of the new consumer protocol (KIP-848), key types 3 to 8 and 16; all values have version 0 and
//! flexible encodings. Field tables: spec, record-schemas.txt.

use crate::types::{CodecError, PartitionId, Reader, TimestampMs, Uuid, Writer};

type Result<T> = std::result::Result<T, CodecError>;

/// Partitions of one topic, by the topic's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicIdPartitions {
    pub(crate) topic_id: Uuid,
    pub(crate) partitions: Vec<PartitionId>,
}

impl TopicIdPartitions {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<TopicIdPartitions> {
        let topic_id = r.uuid()?;
        let partitions = r.compact_array(|r| r.i32().map(PartitionId))?;
        r.skip_tagged_fields()?;
        Ok(TopicIdPartitions { topic_id, partitions })
    }

    pub(super) fn write(w: &mut Writer, one: &TopicIdPartitions) {
        w.uuid(one.topic_id);
        w.compact_array(&one.partitions, |w, partition| w.i32(partition.0));
        w.no_tagged_fields();
    }
}

/// Types 3 and 11: the group's epoch, and a hash of the metadata of the topics it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupEpoch {
    pub(crate) epoch: i32,
    pub(crate) metadata_hash: i64,
}

impl GroupEpoch {
    /// Type 3: the hash is a tagged field, left out when 0.
    pub(super) fn read_consumer(r: &mut Reader<'_>) -> Result<GroupEpoch> {
        let epoch = r.i32()?;
        let mut metadata_hash = 0;
        r.tagged_fields(|tag, content| {
            if tag == 0 {
                metadata_hash = content.i64()?;
            }
            Ok(())
        })?;
        Ok(GroupEpoch { epoch, metadata_hash })
    }

    pub(super) fn write_consumer(&self, w: &mut Writer) {
        w.i32(self.epoch);
        w.tagged_fields(|tags| {
            if self.metadata_hash != 0 {
                tags.put(0, |w| w.i64(self.metadata_hash));
            }
        });
    }

    /// Type 11: the hash is an ordinary field.
    pub(super) fn read_share(r: &mut Reader<'_>) -> Result<GroupEpoch> {
        let group = GroupEpoch { epoch: r.i32()?, metadata_hash: r.i64()? };
        r.skip_tagged_fields()?;
        Ok(group)
    }

    pub(super) fn write_share(&self, w: &mut Writer) {
        w.i32(self.epoch);
        w.i64(self.metadata_hash);
        w.no_tagged_fields();
    }
}

/// Type 5: what a member said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsumerMember {
    pub(crate) instance_id: Option<String>,
    pub(crate) rack_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) topics: Vec<String>,
    pub(crate) topic_regex: Option<String>,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) server_assignor: Option<String>,
    /// Set for a member that speaks the classic protocol.
    pub(crate) classic: Option<ClassicSide>,
}

/// The classic side of a member in a group of the new protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassicSide {
    pub(crate) session_timeout_ms: i32,
    /// Assignor and subscription, in order of preference.
    pub(crate) protocols: Vec<(String, Vec<u8>)>,
}

impl ConsumerMember {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<ConsumerMember> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut member = ConsumerMember {
            instance_id: owned(r.compact_nullable_string()?),
            rack_id: owned(r.compact_nullable_string()?),
            client_id: r.compact_string()?.to_owned(),
            client_host: r.compact_string()?.to_owned(),
            topics: r.compact_array(|r| r.compact_string().map(str::to_owned))?,
            topic_regex: owned(r.compact_nullable_string()?),
            rebalance_timeout_ms: r.i32()?,
            server_assignor: owned(r.compact_nullable_string()?),
            // The default of the tagged field is an empty structure, so that null is written out.
            classic: Some(ClassicSide::default()),
        };
        r.tagged_fields(|tag, content| {
            if tag == 0 {
                let present = content.uvarint()? > 0;
                member.classic = if present { Some(ClassicSide::read(content)?) } else { None };
            }
            Ok(())
        })?;
        Ok(member)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_nullable_string(self.instance_id.as_deref());
        w.compact_nullable_string(self.rack_id.as_deref());
        w.compact_string(&self.client_id);
        w.compact_string(&self.client_host);
        w.compact_array(&self.topics, |w, topic| w.compact_string(topic));
        w.compact_nullable_string(self.topic_regex.as_deref());
        w.i32(self.rebalance_timeout_ms);
        w.compact_nullable_string(self.server_assignor.as_deref());
        w.tagged_fields(|tags| match &self.classic {
            None => tags.put(0, |w| w.uvarint(0)),
            Some(classic) if *classic == ClassicSide::default() => {}
            Some(classic) => tags.put(0, |w| {
                w.uvarint(1);
                classic.write(w);
            }),
        });
    }
}

impl ClassicSide {
    fn read(r: &mut Reader<'_>) -> Result<ClassicSide> {
        let session_timeout_ms = r.i32()?;
        let protocols = r.compact_array(|r| {
            let protocol = (r.compact_string()?.to_owned(), r.compact_bytes()?.to_vec());
            r.skip_tagged_fields()?;
            Ok(protocol)
        })?;
        r.skip_tagged_fields()?;
        Ok(ClassicSide { session_timeout_ms, protocols })
    }

    fn write(&self, w: &mut Writer) {
        w.i32(self.session_timeout_ms);
        w.compact_array(&self.protocols, |w, (name, metadata)| {
            w.compact_string(name);
            w.compact_bytes(metadata);
            w.no_tagged_fields();
        });
        w.no_tagged_fields();
    }
}

/// Types 8 and 14: what a member owns now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CurrentAssignment {
    pub(crate) member_epoch: i32,
    pub(crate) previous_member_epoch: i32,
    /// 0 stable, 1 must let go of partitions, 2 waits for partitions that others hold.
    pub(crate) state: i8,
    pub(crate) assigned: Vec<TopicIdPartitions>,
    /// Always empty in share groups.
    pub(crate) pending_revocation: Vec<TopicIdPartitions>,
}

impl CurrentAssignment {
    pub(super) fn read(family: super::Family, r: &mut Reader<'_>) -> Result<CurrentAssignment> {
        let current = CurrentAssignment {
            member_epoch: r.i32()?,
            previous_member_epoch: r.i32()?,
            state: r.i8()?,
            assigned: r.compact_array(TopicIdPartitions::read)?,
            pending_revocation: match family {
                super::Family::Consumer => r.compact_array(TopicIdPartitions::read)?,
                super::Family::Share => Vec::new(),
            },
        };
        r.skip_tagged_fields()?;
        Ok(current)
    }

    pub(super) fn write(&self, family: super::Family, w: &mut Writer) {
        w.i32(self.member_epoch);
        w.i32(self.previous_member_epoch);
        w.i8(self.state);
        w.compact_array(&self.assigned, TopicIdPartitions::write);
        if family == super::Family::Consumer {
            w.compact_array(&self.pending_revocation, TopicIdPartitions::write);
        }
        w.no_tagged_fields();
    }
}

/// Type 16: the topics that a regular expression stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvedRegex {
    pub(crate) topics: Vec<String>,
    /// The offset of the metadata log as of the resolution.
    pub(crate) metadata_version: i64,
    pub(crate) timestamp: TimestampMs,
}

impl ResolvedRegex {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<ResolvedRegex> {
        let resolved = ResolvedRegex {
            topics: r.compact_array(|r| r.compact_string().map(str::to_owned))?,
            metadata_version: r.i64()?,
            timestamp: TimestampMs(r.i64()?),
        };
        r.skip_tagged_fields()?;
        Ok(resolved)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_array(&self.topics, |w, topic| w.compact_string(topic));
        w.i64(self.metadata_version);
        w.i64(self.timestamp.0);
        w.no_tagged_fields();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_with_a_classic_side_survives() {
        let protocols = vec![("range".to_owned(), b"abc".to_vec())];
        for classic in
            [None, Some(ClassicSide::default()), Some(ClassicSide { session_timeout_ms: 7, protocols })]
        {
            let member = ConsumerMember {
                instance_id: Some("one".to_owned()),
                rack_id: None,
                client_id: "c".to_owned(),
                client_host: "/127.0.0.1".to_owned(),
                topics: vec!["t".to_owned()],
                topic_regex: None,
                rebalance_timeout_ms: 300_000,
                server_assignor: Some("uniform".to_owned()),
                classic,
            };
            let mut w = Writer::new();
            member.write(&mut w);
            let bytes = w.finish().unwrap();
            assert_eq!(ConsumerMember::read(&mut Reader::new(&bytes)).unwrap(), member);
        }
    }
}
