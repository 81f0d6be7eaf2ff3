//! Admin calls about groups: decided by `group`, written to `__consumer_offsets` here.

use super::super::cluster::Cluster;
use super::log::{GroupLog, OFFSETS_TOPIC, Sync};
use super::logs::GroupLogs;
use super::settle::settle;
use super::view;
use crate::client::{self, CommittedOffset, GroupDescription, GroupListing, Result};
use crate::group::{CommitRequest, Group, Groups, NewCommit, Speaker};
use crate::types::{ErrorCode, Offset, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};

pub(in crate::local) fn list(logs: &GroupLogs) -> Result<Vec<GroupListing>> {
    let mut listings = Vec::new();
    logs.for_each(|log| {
        for (id, group) in log.groups().iter() {
            listings.extend(view::listing(&logs.cluster, log, id, group)?);
        }
        Ok(())
    })?;
    listings.sort_by(|a, b| a.group.cmp(&b.group));
    Ok(listings)
}

pub(in crate::local) fn describe(logs: &GroupLogs, id: &str) -> Result<GroupDescription> {
    let not_found =
        |what: &str| client::Error::new(ErrorCode::GroupIdNotFound, format!("Group {id} {what}."));
    check_id(id)?;
    let described = logs.with(id, |log| {
        let group = log.groups().get(id).ok_or_else(|| not_found("not found"))?;
        let description = view::description(&logs.cluster, log, id, group)?;
        description.ok_or_else(|| not_found("is not a consumer group"))
    })?;
    described.ok_or_else(|| not_found("not found"))
}

pub(in crate::local) fn offsets(
    logs: &GroupLogs,
    id: &str,
) -> Result<Vec<(TopicPartition, CommittedOffset)>> {
    let offsets = logs.with(id, |log| {
        let offsets = log.groups().get(id).into_iter().flat_map(Group::offsets);
        let offsets = offsets.map(|(partition, commit)| {
            let committed = CommittedOffset {
                offset: commit.offset,
                leader_epoch: commit.leader_epoch,
                metadata: commit.metadata.clone(),
            };
            (partition.clone(), committed)
        });
        Ok(offsets.collect())
    })?;
    Ok(offsets.unwrap_or_default())
}

pub(in crate::local) fn delete(logs: &GroupLogs, id: &str) -> Result<()> {
    check_id(id)?;
    let not_found = || client::Error::of(ErrorCode::GroupIdNotFound);
    let deleted = logs.with(id, |log| {
        log.update(id, Sync::Now, |groups, now| {
            let mut batches = settle(&logs.cluster, id, groups, now)?;
            batches.push(groups.delete(id).map_err(client::Error::of)?);
            Ok((batches, ()))
        })
    })?;
    deleted.ok_or_else(not_found)
}

pub(in crate::local) fn alter_offsets(
    logs: &GroupLogs,
    id: &str,
    offsets: &[(TopicPartition, Offset)],
) -> Result<Vec<Result<()>>> {
    check_id(id)?;
    let existing = existing(&logs.cluster, offsets.iter().map(|(partition, _)| partition))?;
    let new = offsets.iter().filter(|(partition, _)| existing.contains(partition));
    let new = new.map(|(partition, offset)| NewCommit {
        partition: partition.clone(),
        offset: *offset,
        leader_epoch: None,
        metadata: String::new(),
        topic_id: None,
    });
    let new: Vec<NewCommit> = new.collect();
    let speaker = Speaker { member_id: "", instance_id: None, generation: -1 };
    let results = logs.with_or_new(id, |log| {
        log.update(id, Sync::Now, |groups, now| {
            let mut batches = settle(&logs.cluster, id, groups, now)?;
            let request = CommitRequest { group: id, speaker, producer_id: None, offsets: new };
            let outcome = groups.commit(request, now).map_err(client::Error::of)?;
            batches.push(outcome.records);
            Ok((batches, outcome.results))
        })
    })?;
    Ok(answers(offsets.iter().map(|(partition, _)| partition), &results.into_iter().collect()))
}

/// Commits offsets, for good, in the name of a group that nobody is in, all in one batch; it comes into being if need be.
/// The partitions may be those of another cluster.
pub(in crate::local) fn commit(
    logs: &GroupLogs,
    id: &str,
    offsets: Vec<(TopicPartition, CommittedOffset)>,
) -> Result<()> {
    check_id(id)?;
    let new = offsets.into_iter().map(|(partition, committed)| NewCommit {
        partition,
        offset: committed.offset,
        leader_epoch: committed.leader_epoch,
        metadata: committed.metadata,
        topic_id: None,
    });
    let new = new.collect();
    let speaker = Speaker { member_id: "", instance_id: None, generation: -1 };
    let results = logs.with_or_new(id, |log| {
        log.update(id, Sync::Now, |groups, now| {
            let mut batches = settle(&logs.cluster, id, groups, now)?;
            let request = CommitRequest { group: id, speaker, producer_id: None, offsets: new };
            let outcome = groups.commit_for_good(request, now).map_err(client::Error::of)?;
            batches.push(outcome.records);
            Ok((batches, outcome.results))
        })
    })?;
    results.into_iter().try_for_each(|(_, result)| result.map_err(client::Error::of))
}

pub(in crate::local) fn delete_offsets(
    logs: &GroupLogs,
    id: &str,
    partitions: &[TopicPartition],
) -> Result<Vec<Result<()>>> {
    check_id(id)?;
    let existing = existing(&logs.cluster, partitions.iter())?;
    let known: Vec<TopicPartition> = partitions.iter().filter(|tp| existing.contains(tp)).cloned().collect();
    let not_found = || client::Error::of(ErrorCode::GroupIdNotFound);
    let results = logs.with(id, |log| {
        log.update(id, Sync::Now, |groups, now| {
            let mut batches = settle(&logs.cluster, id, groups, now)?;
            let outcome = groups.delete_offsets(id, &known).map_err(client::Error::of)?;
            batches.push(outcome.records);
            Ok((batches, outcome.results))
        })
    })?;
    let results = results.ok_or_else(not_found)?;
    Ok(answers(partitions.iter(), &results.into_iter().collect()))
}

/// Deletes what groups have committed of a topic that is no more.
pub(in crate::local) fn forget_topic(cluster: &Cluster, topic: &str) -> Result<()> {
    if topic == OFFSETS_TOPIC {
        return Ok(());
    }
    for mut log in GroupLog::all(cluster)? {
        let has_commits = |groups: &Groups| {
            groups.iter().any(|(_, group)| group.offsets().any(|(partition, _)| partition.topic == topic))
        };
        if has_commits(log.groups()) {
            log.update_offsets(Sync::Now, |groups, _| Ok((vec![groups.forget_topic(topic)], ())))?;
        }
    }
    Ok(())
}

fn check_id(id: &str) -> Result<()> {
    if id.is_empty() { Err(client::Error::of(ErrorCode::InvalidGroupId)) } else { Ok(()) }
}

/// Those of `partitions` that exist.
fn existing<'a>(
    cluster: &Cluster,
    partitions: impl Iterator<Item = &'a TopicPartition>,
) -> Result<BTreeSet<TopicPartition>> {
    let topics: BTreeSet<&str> = partitions.map(|partition| partition.topic.as_str()).collect();
    let mut existing = BTreeSet::new();
    for name in topics {
        let Some(topic) = cluster.open_topic(name)? else { continue };
        let named = |&(partition, _): &(_, _)| TopicPartition { topic: name.to_owned(), partition };
        existing.extend(topic.partitions.iter().map(named));
    }
    Ok(existing)
}

/// An answer for each partition in the order asked; without a result it doesn't exist.
fn answers<'a>(
    partitions: impl Iterator<Item = &'a TopicPartition>,
    results: &BTreeMap<TopicPartition, std::result::Result<(), ErrorCode>>,
) -> Vec<Result<()>> {
    let unknown = Err(ErrorCode::UnknownTopicOrPartition);
    let answer = |partition| results.get(partition).copied().unwrap_or(unknown).map_err(client::Error::of);
    partitions.map(answer).collect()
}
