//! Offsets of a group, written as a part of a transaction.

use crate::client::{CommittedOffset, GroupMetadata, Result};
use crate::group::{CommitRequest, NewCommit, Speaker};
use crate::local::groups::GroupLog;
use crate::record::ProducerStamp;
use crate::types::{ErrorCode, TopicPartition};

/// What became of each partition's offset.
type Results = Vec<(TopicPartition, std::result::Result<(), ErrorCode>)>;

/// Writes offsets for the producer of this id and epoch, unless the group refuses. They are on the disk when this returns.
/// `check` is called under the log's lock and makes sure that the producer may still write there.
pub(super) fn write_offsets(
    log: &mut GroupLog,
    (producer_id, epoch): (i64, i16),
    group: &GroupMetadata,
    offsets: &[(TopicPartition, CommittedOffset)],
    check: impl FnOnce(&TopicPartition) -> Result<()>,
) -> Result<std::result::Result<Results, ErrorCode>> {
    let partition = log.key().clone();
    // A coordinator's batches all begin at sequence 0.
    let stamp = ProducerStamp { producer_id, epoch, base_sequence: 0, transactional: true };
    let request = CommitRequest {
        group: &group.group,
        speaker: Speaker {
            member_id: &group.member_id,
            instance_id: group.instance_id.as_deref(),
            generation: group.generation,
        },
        producer_id: Some(producer_id),
        offsets: offsets.iter().map(new_commit).collect(),
    };
    log.update_in_transaction(&group.group, &stamp, |groups, now| {
        check(&partition)?;
        Ok(match groups.commit(request, now) {
            Ok(outcome) => (vec![outcome.records], Ok(outcome.results)),
            Err(refused) => (Vec::new(), Err(refused)),
        })
    })
}

fn new_commit((partition, committed): &(TopicPartition, CommittedOffset)) -> NewCommit {
    NewCommit {
        partition: partition.clone(),
        offset: committed.offset,
        leader_epoch: committed.leader_epoch,
        metadata: committed.metadata.clone(),
        topic_id: None,
    }
}
