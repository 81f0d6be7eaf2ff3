//! A committed offset: key types 0 (Kafka before 0.9) and 1, values of versions 0 to 4.
//!
//! | version | fields |
//! |---|---|
//! | 0, 2 | offset i64, metadata string, commit timestamp i64 |
//! | 1 | the same, then expire timestamp i64 |
//! | 3 | offset i64, leader epoch i32, metadata string, commit timestamp i64 |
//! | 4 | offset i64, leader epoch i32, metadata compact string, commit timestamp i64, tag 0: topic id |

use crate::types::{CodecError, LeaderEpoch, Offset, Reader, TimestampMs, Uuid, Writer};

/// The value of an offset commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OffsetCommit {
    pub(crate) offset: Offset,
    /// Of the last record read before the offset.
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    pub(crate) metadata: String,
    pub(crate) commit_timestamp: TimestampMs,
    /// Only commits of old clients have one, and those that never expire. There is no leader's epoch beside it.
    pub(crate) expire_timestamp: Option<TimestampMs>,
    /// Written for members of the new protocol.
    pub(crate) topic_id: Option<Uuid>,
}

const TOPIC_ID_TAG: u32 = 0;

impl OffsetCommit {
    /// The newest version that [`OffsetCommit::read`] understands.
    pub(super) const NEWEST: i16 = 4;

    /// The version that Kafka 4.2 writes: 4, or the one that can say when the commit expires.
    pub(super) fn version(&self) -> i16 {
        if self.expire_timestamp.is_some() { 1 } else { 4 }
    }

    pub(super) fn read(version: i16, r: &mut Reader<'_>) -> Result<OffsetCommit, CodecError> {
        let offset = Offset::new(r.i64()?);
        let epoch = if version >= 3 { r.i32()? } else { -1 };
        let metadata = if version >= 4 { r.compact_string()? } else { r.string()? }.to_owned();
        let commit_timestamp = TimestampMs(r.i64()?);
        let expires = if version == 1 { r.i64()? } else { -1 };
        let mut topic_id = None;
        if version >= 4 {
            r.tagged_fields(|tag, content| {
                if tag == TOPIC_ID_TAG {
                    topic_id = Some(content.uuid()?).filter(|&id| id != Uuid::ZERO);
                }
                Ok(())
            })?;
        }
        Ok(OffsetCommit {
            offset,
            leader_epoch: (epoch >= 0).then_some(LeaderEpoch(epoch)),
            metadata,
            commit_timestamp,
            expire_timestamp: (expires >= 0).then_some(TimestampMs(expires)),
            topic_id,
        })
    }

    pub(super) fn write(&self, version: i16, w: &mut Writer) {
        w.i64(self.offset.get());
        if version == 1 {
            w.string(&self.metadata);
            w.i64(self.commit_timestamp.0);
            w.i64(self.expire_timestamp.unwrap_or(TimestampMs::NONE).0);
            return;
        }
        w.i32(self.leader_epoch.unwrap_or(LeaderEpoch::UNKNOWN).0);
        w.compact_string(&self.metadata);
        w.i64(self.commit_timestamp.0);
        w.tagged_fields(|tags| {
            if let Some(id) = self.topic_id {
                tags.put(TOPIC_ID_TAG, |w| w.uuid(id));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_read() {
        let bytes = |version: i16| {
            let mut w = Writer::new();
            w.i64(42);
            if version >= 3 {
                w.i32(7);
            }
            if version >= 4 {
                w.compact_string("half way")
            } else {
                w.string("half way")
            }
            w.i64(1000);
            if version == 1 {
                w.i64(2000);
            }
            if version >= 4 {
                w.tagged_fields(|tags| {
                    tags.put(0, |w| w.uuid(Uuid::METADATA_TOPIC));
                    tags.put(9, |w| w.i8(1));
                });
            }
            w.finish().unwrap()
        };
        for version in 0..=4 {
            let bytes = bytes(version);
            let commit = OffsetCommit::read(version, &mut Reader::new(&bytes)).unwrap();
            assert_eq!((commit.offset.get(), commit.metadata.as_str()), (42, "half way"), "{version}");
            assert_eq!(commit.commit_timestamp, TimestampMs(1000));
            assert_eq!(commit.leader_epoch, (version >= 3).then_some(LeaderEpoch(7)));
            assert_eq!(commit.expire_timestamp, (version == 1).then_some(TimestampMs(2000)));
            assert_eq!(commit.topic_id, (version >= 4).then_some(Uuid::METADATA_TOPIC));
            for end in 0..bytes.len() {
                assert!(
                    OffsetCommit::read(version, &mut Reader::new(&bytes[..end])).is_err(),
                    "{version} {end}"
                );
            }
        }
    }
}
