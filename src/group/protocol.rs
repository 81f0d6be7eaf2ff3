//! The blobs that members of a classic group of type `consumer` exchange: `ConsumerProtocolSubscription` and
//! `ConsumerProtocolAssignment` (versions 0 to 3, non-flexible), and the sticky assignor's user data.
//!
//! | blob | i16 version, then |
//! |---|---|
//! | subscription | topics [string], user data ?bytes, (1+) owned [topic, [i32]], (2+) generation i32, (3+) rack ?string |
//! | assignment | partitions [topic, [i32]], user data ?bytes |
//!
//! A version above 3 is read as 3, as the protocol demands: newer fields come last.

use super::assignor::Candidate;
use super::error::{Error, Result};
use crate::types::{CodecError, PartitionId, Reader, TopicPartition, Writer};

/// The protocol type of consumer groups.
pub(crate) const CONSUMER: &str = "consumer";

const WRITTEN: i16 = 3;

/// What a member wants, and what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) topics: Vec<String>,
    pub(crate) user_data: Option<Vec<u8>>,
    pub(crate) owned: Vec<TopicPartition>,
    /// The generation in which `owned` was assigned; -1 where there was none.
    pub(crate) generation: i32,
    pub(crate) rack_id: Option<String>,
}

impl Subscription {
    /// A subscription of a member that owns nothing.
    pub(crate) fn to(topics: Vec<String>) -> Subscription {
        Subscription { topics, user_data: None, owned: Vec::new(), generation: -1, rack_id: None }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Subscription> {
        let mut r = Reader::new(bytes);
        let read = |r: &mut Reader<'_>| -> std::result::Result<Subscription, CodecError> {
            let version = version(r)?;
            Ok(Subscription {
                topics: r.array(|r| r.string().map(str::to_owned))?,
                user_data: r.nullable_bytes()?.map(<[u8]>::to_vec),
                owned: if version >= 1 { read_partitions(r)? } else { Vec::new() },
                generation: if version >= 2 { r.i32()? } else { -1 },
                rack_id: if version >= 3 { r.nullable_string()?.map(str::to_owned) } else { None },
            })
        };
        read(&mut r).map_err(Error::of("subscription"))
    }

    /// Writes version 3, with topics and partitions sorted as Kafka's client sorts them.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let mut topics = self.topics.clone();
        topics.sort();
        let mut owned = self.owned.clone();
        owned.sort();
        let mut w = Writer::new();
        w.i16(WRITTEN);
        w.array(&topics, |w, topic| w.string(topic));
        w.nullable_bytes(self.user_data.as_deref());
        write_partitions(&mut w, &owned);
        w.i32(self.generation);
        w.nullable_string(self.rack_id.as_deref());
        w.finish().map_err(Error::of("subscription"))
    }

    /// The member as an assignor sees it. The sticky assignor's user data goes before what the protocol itself says
    /// is owned, since an eager member has given everything up by the time it joins.
    pub(crate) fn candidate(&self, member_id: &str, instance_id: Option<&str>) -> Candidate {
        let previous = self.user_data.as_deref().and_then(|data| StickyUserData::decode(data).ok());
        let (owned, generation) = match previous {
            Some(previous) if self.owned.is_empty() => (previous.assignment, previous.generation),
            _ => (self.owned.clone(), self.generation),
        };
        Candidate {
            member_id: member_id.to_owned(),
            instance_id: instance_id.map(str::to_owned),
            topics: self.topics.iter().cloned().collect(),
            owned,
            generation,
        }
    }
}

/// What a member was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AssignedPartitions {
    pub(crate) partitions: Vec<TopicPartition>,
    pub(crate) user_data: Option<Vec<u8>>,
}

impl AssignedPartitions {
    /// No bytes at all are an empty assignment: a member that the leader left out gets them.
    pub(crate) fn decode(bytes: &[u8]) -> Result<AssignedPartitions> {
        if bytes.is_empty() {
            return Ok(AssignedPartitions::default());
        }
        let mut r = Reader::new(bytes);
        let read = |r: &mut Reader<'_>| -> std::result::Result<AssignedPartitions, CodecError> {
            version(r)?;
            let partitions = read_partitions(r)?;
            Ok(AssignedPartitions { partitions, user_data: r.nullable_bytes()?.map(<[u8]>::to_vec) })
        };
        read(&mut r).map_err(Error::of("assignment"))
    }

    /// Writes version 3; topics come in the order in which they first appear.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new();
        w.i16(WRITTEN);
        write_partitions(&mut w, &self.partitions);
        w.nullable_bytes(self.user_data.as_deref());
        w.finish().map_err(Error::of("assignment"))
    }
}

/// What a sticky member tells the leader of its last assignment: [topic, [i32]], generation i32 (absent in old ones).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StickyUserData {
    pub(crate) assignment: Vec<TopicPartition>,
    pub(crate) generation: i32,
}

impl StickyUserData {
    pub(crate) fn decode(bytes: &[u8]) -> Result<StickyUserData> {
        // The cooperative assignor's user data is the generation alone: what it owns is in the subscription.
        if let Some(&generation) = bytes.first_chunk::<4>().filter(|_| bytes.len() == 4) {
            return Ok(StickyUserData { assignment: Vec::new(), generation: i32::from_be_bytes(generation) });
        }
        let mut r = Reader::new(bytes);
        let read = |r: &mut Reader<'_>| -> std::result::Result<StickyUserData, CodecError> {
            let assignment = read_partitions(r)?;
            Ok(StickyUserData { assignment, generation: if r.is_empty() { -1 } else { r.i32()? } })
        };
        read(&mut r).map_err(Error::of("sticky user data"))
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new();
        write_partitions(&mut w, &self.assignment);
        w.i32(self.generation);
        w.finish().map_err(Error::of("sticky user data"))
    }
}

fn version(r: &mut Reader<'_>) -> std::result::Result<i16, CodecError> {
    let version = r.i16()?;
    if version < 0 { Err(r.malformed("version")) } else { Ok(version) }
}

fn read_partitions(r: &mut Reader<'_>) -> std::result::Result<Vec<TopicPartition>, CodecError> {
    let by_topic = r.array(|r| {
        let topic = r.string()?;
        Ok((topic, r.array(Reader::i32)?))
    })?;
    let flat = by_topic.into_iter().flat_map(|(topic, numbers)| {
        let named = |number| TopicPartition { topic: topic.to_owned(), partition: PartitionId(number) };
        numbers.into_iter().map(named)
    });
    Ok(flat.collect())
}

fn write_partitions(w: &mut Writer, partitions: &[TopicPartition]) {
    let mut by_topic: Vec<(&str, Vec<i32>)> = Vec::new();
    for tp in partitions {
        // The partitions of a topic mostly stand together, so the last entry is nearly always the one.
        match by_topic.iter_mut().rev().find(|(topic, _)| *topic == tp.topic) {
            Some((_, numbers)) => numbers.push(tp.partition.0),
            None => by_topic.push((&tp.topic, vec![tp.partition.0])),
        }
    }
    w.array(&by_topic, |w, (topic, numbers)| {
        w.string(topic);
        w.array(numbers, |w, number| w.i32(*number));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tp(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) }
    }

    #[test]
    fn subscriptions_survive_and_old_versions_are_read() {
        let full = Subscription {
            topics: vec!["b".to_owned(), "a".to_owned()],
            user_data: Some(vec![1]),
            owned: vec![tp("b", 1), tp("a", 0), tp("b", 0)],
            generation: 4,
            rack_id: Some("r".to_owned()),
        };
        let bytes = full.encode().unwrap();
        let read = Subscription::decode(&bytes).unwrap();
        assert_eq!(read.topics, ["a", "b"]);
        assert_eq!(read.owned, [tp("a", 0), tp("b", 0), tp("b", 1)]);
        assert_eq!((read.generation, read.rack_id.as_deref()), (4, Some("r")));
        for end in 0..bytes.len() {
            assert!(Subscription::decode(&bytes[..end]).is_err(), "{end}");
        }
        for version in 0..=9_i16 {
            let mut old = bytes.clone();
            old[..2].copy_from_slice(&version.to_be_bytes());
            let read = Subscription::decode(&old).unwrap();
            assert_eq!(read.owned.is_empty(), version < 1);
            assert_eq!(read.generation, if version < 2 { -1 } else { 4 });
            assert_eq!(read.rack_id.is_none(), version < 3);
        }
    }

    #[test]
    fn assignments_survive_in_order_of_first_appearance() {
        let given = AssignedPartitions {
            partitions: vec![tp("orders", 0), tp("events", 1), tp("orders", 2)],
            user_data: None,
        };
        let bytes = given.encode().unwrap();
        let read = AssignedPartitions::decode(&bytes).unwrap();
        assert_eq!(read.partitions, [tp("orders", 0), tp("orders", 2), tp("events", 1)]);
        for end in 1..bytes.len() {
            assert!(AssignedPartitions::decode(&bytes[..end]).is_err(), "{end}");
        }
        assert_eq!(AssignedPartitions::decode(&[]).unwrap(), AssignedPartitions::default());
    }

    #[test]
    fn kafkas_own_blobs_are_written_byte_for_byte() {
        use crate::group::GroupRecord;
        let hex = |text: &str| -> Vec<u8> {
            let digits = text.as_bytes().chunks_exact(2);
            digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
        };
        let mut seen = 0;
        for line in include_str!("../../tests/fixtures/group-records.tsv").lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let &[_, _, key, value, _] = fields.as_slice() else { continue };
            if !key.starts_with("0002") || value == "-" {
                continue;
            }
            let record = GroupRecord::decode(Some(&hex(key)), Some(&hex(value))).unwrap();
            let GroupRecord::ClassicGroup { value: Some(group), .. } = record else { panic!("{line}") };
            for member in group.members {
                let subscription = Subscription::decode(&member.subscription).unwrap();
                assert_eq!(subscription.encode().unwrap(), member.subscription);
                let assignment = AssignedPartitions::decode(&member.assignment).unwrap();
                assert_eq!(assignment.encode().unwrap(), member.assignment);
                seen += 1;
            }
        }
        assert!(seen >= 5, "{seen}");
    }

    #[test]
    fn a_sticky_member_is_known_by_its_user_data() {
        let previous = StickyUserData { assignment: vec![tp("t", 1)], generation: 3 };
        let mut subscription = Subscription::to(vec!["t".to_owned()]);
        subscription.user_data = Some(previous.encode().unwrap());
        let candidate = subscription.candidate("m", None);
        assert_eq!((candidate.owned, candidate.generation), (vec![tp("t", 1)], 3));
        // Cooperative: what it owns is in the subscription, and the user data only a generation.
        subscription.user_data = Some((-1_i32).to_be_bytes().to_vec());
        subscription.owned = vec![tp("t", 2)];
        subscription.generation = 5;
        let candidate = subscription.candidate("m", Some("one"));
        assert_eq!((candidate.owned, candidate.generation), (vec![tp("t", 2)], 5));
        assert_eq!(candidate.instance_id.as_deref(), Some("one"));
    }
}
