//! Numbers and 16-byte ids that name brokers, partitions, leader epochs and topics.

use std::fmt;
use std::str::FromStr;

/// The number of a partition within its topic, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PartitionId(pub(crate) i32);

/// A broker's `node.id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BrokerId(pub(crate) i32);

/// The reign of a partition's leader; -1 where it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LeaderEpoch(pub(crate) i32);

impl LeaderEpoch {
    pub(crate) const UNKNOWN: LeaderEpoch = LeaderEpoch(-1);
}

macro_rules! display_number {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
display_number!(PartitionId, BrokerId, LeaderEpoch);

/// A partition by its topic's name. The name may be any text: it becomes a path only as a `TopicName`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TopicPartition {
    pub(crate) topic: String,
    pub(crate) partition: PartitionId,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// 16 bytes, written as 22 characters of URL-safe base64 without padding (Kafka's `Uuid`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Uuid(pub(crate) [u8; 16]);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Uuid {
    pub(crate) const ZERO: Uuid = Uuid([0; 16]);
    /// The id of `__cluster_metadata`.
    pub(crate) const METADATA_TOPIC: Uuid = Uuid([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

    /// A random (version 4) id whose text does not begin with '-', as Kafka makes them.
    pub(crate) fn random() -> Uuid {
        loop {
            let id = Uuid(*uuid::Uuid::new_v4().as_bytes());
            if !id.to_string().starts_with('-') {
                return id;
            }
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        for index in 0..22u32 {
            // 128 bits in groups of six from the top; the last group has two bits, padded with zeros below.
            let group = if index < 21 { bits >> (122 - 6 * index) } else { bits << 4 } & 63;
            let letter = ALPHABET.get(usize::try_from(group).unwrap_or(0)).copied().unwrap_or(b'A');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = InvalidUuid;

    fn from_str(text: &str) -> Result<Uuid, InvalidUuid> {
        if text.len() != 22 {
            return Err(InvalidUuid);
        }
        let mut bits: u128 = 0;
        for (index, byte) in text.bytes().enumerate() {
            let group = ALPHABET.iter().position(|&a| a == byte).ok_or(InvalidUuid)? as u128;
            bits = if index < 21 { bits << 6 | group } else { bits << 2 | group >> 4 };
        }
        Ok(Uuid(bits.to_be_bytes()))
    }
}

/// A text that is not 22 characters of URL-safe base64.
#[derive(Debug, thiserror::Error)]
#[error("not an id of 22 base64url characters")]
pub(crate) struct InvalidUuid;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_as_kafka_prints_them() {
        assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Uuid::METADATA_TOPIC.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
    }

    #[test]
    fn every_id_survives_its_text() {
        for _ in 0..100 {
            let id = Uuid::random();
            assert_eq!(id.to_string().parse::<Uuid>().unwrap(), id);
        }
        assert_eq!("qh9ECGhoRauMrSKaeri6Yw".parse::<Uuid>().unwrap().to_string(), "qh9ECGhoRauMrSKaeri6Yw");
        assert!("short".parse::<Uuid>().is_err());
        assert!("!!!!!!!!!!!!!!!!!!!!!!".parse::<Uuid>().is_err());
    }
}
