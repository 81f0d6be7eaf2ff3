//! Offsets of a group that a network producer commits with its transaction, and the partition that they go to.

use super::network::{Entry, NetworkTransactions, ProducerIdentity};
use super::offsets::write_offsets;
use crate::client::{self, CommittedOffset, GroupMetadata, Result};
use crate::group::group_partition;
use crate::local::groups::{GroupLogs, OFFSETS_TOPIC};
use crate::types::{ErrorCode, TopicPartition};

/// Offsets to be committed with a transaction.
#[derive(Clone, Debug)]
pub(crate) struct TransactionOffsets<'a> {
    pub(crate) transactional_id: &'a str,
    pub(crate) producer: ProducerIdentity,
    /// The group, and who speaks for it: a generation of -1 for nobody.
    pub(crate) group: GroupMetadata,
    pub(crate) offsets: Vec<(TopicPartition, CommittedOffset)>,
    pub(crate) entry: Entry,
}

impl NetworkTransactions {
    /// Makes sure that the transaction knows of a group's offsets before they are sent.
    pub(crate) fn enter_group(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        group: &str,
        entry: Entry,
    ) -> Result<()> {
        check_group(group)?;
        let topic = self.shared().cluster.open_topic_to_produce(OFFSETS_TOPIC)?;
        let count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let partition =
            TopicPartition { topic: OFFSETS_TOPIC.to_owned(), partition: group_partition(group, count) };
        self.enter(transactional_id, producer, &[partition], entry)
    }

    /// Writes offsets of a group as a part of the open transaction: they count from its commit on. Answers for each
    /// partition, or that the group or the transaction refuses all of them.
    pub(crate) fn commit_offsets(
        &self,
        commit: &TransactionOffsets<'_>,
    ) -> Result<Vec<std::result::Result<(), ErrorCode>>> {
        let (id, producer, shared) = (commit.transactional_id, commit.producer, self.shared());
        self.enter_group(id, producer, &commit.group.group, commit.entry)?;
        let who = (producer.id, producer.epoch);
        let logs = shared.groups.take().unwrap_or_else(|| GroupLogs::new(shared.cluster.clone()));
        let written = logs.with_or_new(&commit.group.group, |log| {
            write_offsets(log, who, &commit.group, &commit.offsets, |at| self.check(id, producer, at))
        });
        shared.groups.put(logs);
        let results = written?.map_err(client::Error::of)?;
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }
}

fn check_group(group: &str) -> Result<()> {
    match group.is_empty() {
        true => Err(client::Error::of(ErrorCode::InvalidGroupId)),
        false => Ok(()),
    }
}
