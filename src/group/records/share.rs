//! Records that only share groups have (KIP-932): key types 10 and 15, version 0. The others are like those of the
//! consumer protocol.

use crate::types::{CodecError, PartitionId, Reader, Uuid, Writer};

type Result<T> = std::result::Result<T, CodecError>;

/// Type 10: what a member of a share group said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShareMember {
    pub(crate) rack_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) topics: Vec<String>,
}

impl ShareMember {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<ShareMember> {
        let member = ShareMember {
            rack_id: r.compact_nullable_string()?.map(str::to_owned),
            client_id: r.compact_string()?.to_owned(),
            client_host: r.compact_string()?.to_owned(),
            topics: r.compact_array(|r| r.compact_string().map(str::to_owned))?,
        };
        r.skip_tagged_fields()?;
        Ok(member)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_nullable_string(self.rack_id.as_deref());
        w.compact_string(&self.client_id);
        w.compact_string(&self.client_host);
        w.compact_array(&self.topics, |w, topic| w.compact_string(topic));
        w.no_tagged_fields();
    }
}

/// A topic of a share group, with those of its partitions that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShareTopic {
    pub(crate) topic_id: Uuid,
    pub(crate) name: String,
    /// Empty for a topic that is being deleted.
    pub(crate) partitions: Vec<PartitionId>,
}

/// Type 15: how far the share state of each topic has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShareTopics {
    pub(crate) initializing: Vec<ShareTopic>,
    pub(crate) initialized: Vec<ShareTopic>,
    pub(crate) deleting: Vec<ShareTopic>,
}

impl ShareTopic {
    fn read(r: &mut Reader<'_>) -> Result<ShareTopic> {
        let (topic_id, name) = (r.uuid()?, r.compact_string()?.to_owned());
        let partitions = r.compact_array(|r| r.i32().map(PartitionId))?;
        r.skip_tagged_fields()?;
        Ok(ShareTopic { topic_id, name, partitions })
    }

    fn read_name(r: &mut Reader<'_>) -> Result<ShareTopic> {
        let (topic_id, name) = (r.uuid()?, r.compact_string()?.to_owned());
        r.skip_tagged_fields()?;
        Ok(ShareTopic { topic_id, name, partitions: Vec::new() })
    }

    fn write(w: &mut Writer, topic: &ShareTopic) {
        w.uuid(topic.topic_id);
        w.compact_string(&topic.name);
        w.compact_array(&topic.partitions, |w, partition| w.i32(partition.0));
        w.no_tagged_fields();
    }

    fn write_name(w: &mut Writer, topic: &ShareTopic) {
        w.uuid(topic.topic_id);
        w.compact_string(&topic.name);
        w.no_tagged_fields();
    }
}

impl ShareTopics {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<ShareTopics> {
        let topics = ShareTopics {
            initializing: r.compact_array(ShareTopic::read)?,
            initialized: r.compact_array(ShareTopic::read)?,
            deleting: r.compact_array(ShareTopic::read_name)?,
        };
        r.skip_tagged_fields()?;
        Ok(topics)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.compact_array(&self.initializing, ShareTopic::write);
        w.compact_array(&self.initialized, ShareTopic::write);
        w.compact_array(&self.deleting, ShareTopic::write_name);
        w.no_tagged_fields();
    }
}
