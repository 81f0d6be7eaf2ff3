//! Keys and values of `__consumer_offsets`: bytes to values and back (spec: storage.md §10, record-schemas.txt).

mod classic;
mod consumer;
mod offset;
mod record;
mod share;
mod tombstones;

pub(crate) use classic::{ClassicGroupValue, ClassicMemberValue};
pub(crate) use consumer::{
    ClassicSide, ConsumerMember, CurrentAssignment, GroupEpoch, ResolvedRegex, TopicIdPartitions,
};
pub(crate) use offset::OffsetCommit;
pub(crate) use record::{Family, GroupRecord};
pub(crate) use share::{ShareMember, ShareTopic, ShareTopics};
