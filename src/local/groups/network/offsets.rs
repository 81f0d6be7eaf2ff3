//! What groups have committed, for clients of the network: fetched and deleted.

use super::super::log::Sync;
use super::super::settle::settle;
use super::facade::{NetworkGroups, code_of};
use crate::client;
use crate::group::{Group, GroupKind, OffsetCommit};
use crate::types::{ErrorCode, TopicPartition};

/// What an OffsetFetch request asks of one group.
#[derive(Clone, Debug)]
pub(crate) struct FetchOffsets<'a> {
    pub(crate) group: &'a str,
    /// Who asks, with its epoch; `None` for someone who doesn't say.
    pub(crate) member: Option<(&'a str, i32)>,
    /// `None` for all that there are.
    pub(crate) partitions: Option<&'a [TopicPartition]>,
    /// Whether what an open transaction may still change is an error.
    pub(crate) require_stable: bool,
}

/// What is committed of each partition; `None` for nothing.
pub(crate) type FetchedOffsets = Vec<(TopicPartition, Result<Option<OffsetCommit>, ErrorCode>)>;

impl NetworkGroups {
    /// The offsets that a group has committed.
    pub(crate) fn fetch(&self, request: &FetchOffsets<'_>) -> Result<FetchedOffsets, ErrorCode> {
        self.fetch_offsets(request).map_err(|error| code_of(&error))
    }

    fn fetch_offsets(&self, request: &FetchOffsets<'_>) -> client::Result<FetchedOffsets> {
        let asked = request.partitions.unwrap_or_default();
        let Some(shard) = self.shared.shard(request.group)? else {
            return match request.member {
                Some((_, epoch)) if epoch >= 0 => Err(client::Error::of(ErrorCode::GroupIdNotFound)),
                _ => Ok(asked.iter().map(|partition| (partition.clone(), Ok(None))).collect()),
            };
        };
        shard.with(|log| {
            // What was committed by someone who died before it was synced counts: see `refresh_to_end`.
            log.refresh_to_end()?;
            let refused = match request.member {
                Some((member, epoch)) => check_member(log.kind(request.group)?.as_ref(), member, epoch).err(),
                None => None,
            };
            if let Some(error) = refused {
                return Ok(Err(client::Error::of(error)));
            }
            let groups = log.groups();
            let all: Vec<TopicPartition> = match request.partitions {
                Some(partitions) => partitions.to_vec(),
                None => {
                    let known = groups.get(request.group).into_iter().flat_map(Group::offsets);
                    known.map(|(partition, _)| partition.clone()).collect()
                }
            };
            let found = groups.fetch(request.group, &all, request.require_stable);
            let found: Vec<_> = found.into_iter().map(|commit| commit.map(|one| one.cloned())).collect();
            Ok(Ok(all.into_iter().zip(found).collect()))
        })?
    }

    /// Deletes committed offsets of partitions that exist, but for those of topics that a member reads; an answer for each.
    pub(crate) fn delete_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<Vec<Result<(), ErrorCode>>, ErrorCode> {
        if group.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        let cluster = &self.shared.cluster;
        let shard = self.shared.shard(group).map_err(|error| code_of(&error))?;
        let shard = shard.ok_or(ErrorCode::GroupIdNotFound)?;
        let deleted = shard.with(|log| {
            log.update(group, Sync::Now, |groups, now| {
                let mut batches = settle(cluster, group, groups, now)?;
                Ok(match groups.delete_offsets(group, partitions) {
                    Ok(outcome) => {
                        batches.push(outcome.records);
                        (batches, Ok(outcome.results.into_iter().map(|(_, result)| result).collect()))
                    }
                    Err(error) => (batches, Err(error)),
                })
            })
        });
        deleted.map_err(|error| code_of(&error))?
    }
}

/// Whether someone who says who he is may read what his group has committed.
fn check_member(kind: Option<&GroupKind>, member_id: &str, epoch: i32) -> Result<(), ErrorCode> {
    match kind {
        Some(GroupKind::Consumer(group)) => match group.member(member_id) {
            None if epoch < 0 && member_id.is_empty() => Ok(()),
            None => Err(ErrorCode::UnknownMemberId),
            Some(member) if member.epoch() != epoch => Err(ErrorCode::StaleMemberEpoch),
            Some(_) => Ok(()),
        },
        None if epoch >= 0 => Err(ErrorCode::GroupIdNotFound),
        _ => Ok(()),
    }
}
