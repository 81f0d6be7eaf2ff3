//! What an administrator may ask of share groups: how one looks, how far it has come, to begin elsewhere, to forget.

use super::super::cluster::Cluster;
use super::super::error::Result as LocalResult;
use super::super::groups::{GroupLog, GroupLogs, Sync};
use super::desk::{self, bury};
use super::network::{ShareDescription, ShareMemberDescription};
use super::network_members::by_topic;
use super::settings::ShareSettings;
use super::state_log::{StateLogs, States};
use super::topics::{self, leader_epoch};
use crate::client::{
    self, GroupDescription, GroupState, GroupType, MemberDescription, Result, SharePosition,
};
use crate::group::{GroupRecord, Groups, NamedPartitions, ShareGroup, TopicCatalog};
use crate::share::{ShareKey, ShareRecord, ShareState};
use crate::types::{ErrorCode, LeaderEpoch, Offset, PartitionId, TopicPartition, Uuid, now_ms};
use std::collections::BTreeMap;

const NOTHING_TO_DELETE: &str = "There is no offset information to delete.";

/// The members of a group that live.
pub(in crate::local) fn living(cluster: &Cluster, id: &str, group: &ShareGroup) -> LocalResult<Vec<String>> {
    let session = ShareSettings::of(cluster, id)?.session;
    let dead = desk::dead(cluster, id, group, session)?;
    let members = group.members().map(|(member_id, _)| member_id.to_owned());
    Ok(members.filter(|member_id| !dead.contains(member_id)).collect())
}

pub(in crate::local) fn describe(groups: &GroupLogs, id: &str) -> Result<GroupDescription> {
    with_group(groups, id, |log| description(&groups.cluster, share_group(log, id)?, id))
}

fn description(cluster: &Cluster, group: &ShareGroup, id: &str) -> Result<GroupDescription> {
    let catalog = cluster.catalog()?;
    let living = living(cluster, id, group)?;
    let members = group.members().filter(|(member_id, _)| living.iter().any(|one| one == member_id));
    let members = members.map(|(member_id, member)| MemberDescription {
        member_id: member_id.to_owned(),
        instance_id: None,
        client_id: member.profile.client_id.clone(),
        host: member.profile.client_host.clone(),
        assignment: named(&catalog, member.assigned.iter()),
        target_assignment: None,
        epoch: Some(member.epoch),
        upgraded: None,
    });
    Ok(GroupDescription {
        group: id.to_owned(),
        group_type: GroupType::Share,
        state: if living.is_empty() { GroupState::Empty } else { GroupState::Stable },
        coordinator: cluster.coordinator()?,
        assignor: "simple".to_owned(),
        members: members.collect(),
        group_epoch: Some(group.epoch()),
        target_assignment_epoch: Some(group.target_epoch()),
    })
}

/// The same with what only a server has to tell.
pub(super) fn describe_whole(groups: &GroupLogs, id: &str) -> Result<ShareDescription> {
    let cluster = &groups.cluster;
    let catalog = cluster.catalog()?;
    with_group(groups, id, |log| {
        let group = share_group(log, id)?;
        let living = living(cluster, id, group)?;
        let members = group.members().filter(|(member_id, _)| living.iter().any(|one| one == member_id));
        let members = members.map(|(member_id, member)| ShareMemberDescription {
            member_id: member_id.to_owned(),
            member_epoch: member.epoch,
            client_id: member.profile.client_id.clone(),
            client_host: member.profile.client_host.clone(),
            topics: member.profile.topics.clone(),
            assignment: by_topic(&member.assigned)
                .into_iter()
                .filter_map(|(id, partitions)| Some((id, catalog.name(id)?.to_owned(), partitions)))
                .collect(),
        });
        Ok(ShareDescription {
            state: if living.is_empty() { "Empty" } else { "Stable" },
            group_epoch: group.epoch(),
            assignment_epoch: group.target_epoch(),
            members: members.collect(),
        })
    })
}

pub(in crate::local) fn offsets(
    groups: &GroupLogs,
    states: &States,
    id: &str,
) -> Result<Vec<(TopicPartition, SharePosition)>> {
    let topics = with_group(groups, id, |log| Ok(share_group(log, id)?.initialised().to_vec()))?;
    let cluster = &groups.cluster;
    let catalog = cluster.catalog()?;
    let mut positions = BTreeMap::new();
    for topic in topics {
        let Some(open) = topics::open_topic(cluster, &catalog, topic.topic_id)? else { continue };
        for &partition in topic.partitions.iter().filter(|&&p| catalog.has(topic.topic_id, p)) {
            let key = ShareKey { group: id.to_owned(), topic_id: topic.topic_id, partition };
            let name = TopicPartition { topic: topic.name.clone(), partition };
            let position = match states.look(&key)? {
                Some(state) => position(&state, cluster.partition(&open, partition)?.high_watermark()?),
                None => SharePosition { start: None, leader_epoch: None, lag: None },
            };
            positions.insert(name, position);
        }
    }
    Ok(positions.into_iter().collect())
}

fn position(state: &ShareState, end: Offset) -> SharePosition {
    let leader_epoch = state.start.map(|_| state.leader_epoch);
    let leader_epoch = leader_epoch.filter(|&epoch| epoch != LeaderEpoch::UNKNOWN);
    SharePosition { start: state.start, leader_epoch, lag: state.lag(end) }
}

pub(in crate::local) fn alter_offsets(
    groups: &GroupLogs,
    id: &str,
    offsets: &[(TopicPartition, Offset)],
) -> Result<Vec<Result<()>>> {
    check_id(id)?;
    let cluster = &groups.cluster;
    let catalog = cluster.catalog()?;
    let mut by_topic: BTreeMap<String, NamedPartitions> = BTreeMap::new();
    let mut answers = Vec::new();
    for (partition, _) in offsets {
        let topic = catalog.get(&partition.topic).filter(|topic| catalog.has(topic.id, partition.partition));
        match topic {
            Some(topic) => {
                let new = || (topic.id, partition.topic.clone(), Vec::new());
                by_topic.entry(partition.topic.clone()).or_insert_with(new).2.push(partition.partition);
                answers.push(Ok(()));
            }
            None => answers.push(Err(client::Error::of(ErrorCode::UnknownTopicOrPartition))),
        }
    }
    let partitions: Vec<NamedPartitions> = by_topic.into_values().collect();
    if partitions.is_empty() {
        return Ok(answers);
    }
    let session = ShareSettings::of(cluster, id)?.session;
    let state_epoch = groups.with_or_new(id, |log| {
        log.update(id, Sync::Now, |groups, _| {
            let buried = bury(cluster, id, groups, session, &catalog)?;
            let (records, epoch) = groups.share_reset(id, &partitions)?;
            Ok((vec![buried, records], epoch))
        })
    })?;
    let mut logs = StateLogs::open_or_new(cluster)?;
    for (partition, offset) in offsets {
        let Some(topic) = catalog.get(&partition.topic) else { continue };
        if !catalog.has(topic.id, partition.partition) {
            continue;
        }
        let key = ShareKey { group: id.to_owned(), topic_id: topic.id, partition: partition.partition };
        let epoch = match topics::open_topic(cluster, &catalog, topic.id)? {
            Some(open) => leader_epoch(&open, partition.partition),
            None => LeaderEpoch::UNKNOWN,
        };
        let mut locked = logs.of(&key)?.lock()?;
        let anew = locked.states().initial(key, state_epoch, epoch, Some(*offset), now_ms());
        locked.append(anew)?;
    }
    logs.sync()?;
    update(groups, id, |groups| Ok(vec![groups.share_initialised(id)]))?;
    Ok(answers)
}

pub(in crate::local) fn delete_offsets(
    groups: &GroupLogs,
    id: &str,
    topics: &[String],
) -> Result<Vec<Result<()>>> {
    let cluster = &groups.cluster;
    with_group(groups, id, |log| share_group(log, id).map(|_| ()))?;
    let catalog = cluster.catalog()?;
    let session = ShareSettings::of(cluster, id)?.session;
    let ids: Vec<Uuid> = topics.iter().filter_map(|topic| Some(catalog.get(topic)?.id)).collect();
    let mut known = Vec::new();
    update(groups, id, |groups| {
        let buried = bury(cluster, id, groups, session, &catalog)?;
        let group = empty(groups, id)?;
        known = ids.iter().copied().filter(|id| is_known(group, *id)).collect();
        Ok(vec![buried, groups.share_begin_deleting(id, &known).unwrap_or_default()])
    })?;
    forget_states(cluster, id, |key| known.contains(&key.topic_id))?;
    update(groups, id, |groups| Ok(vec![groups.share_deleted(id, &known)]))?;
    let answer = |topic: &String| match catalog.get(topic) {
        None => Err(client::Error::of(ErrorCode::UnknownTopicOrPartition)),
        Some(topic) if known.contains(&topic.id) => Ok(()),
        Some(_) => Err(client::Error::new(ErrorCode::UnknownTopicOrPartition, NOTHING_TO_DELETE)),
    };
    Ok(topics.iter().map(answer).collect())
}

/// Deletes a share group that nobody is in, with its states.
pub(in crate::local) fn delete(groups: &GroupLogs, id: &str) -> Result<()> {
    let cluster = &groups.cluster;
    let catalog = cluster.catalog()?;
    let session = ShareSettings::of(cluster, id)?.session;
    update(groups, id, |groups| {
        let mut records = vec![bury(cluster, id, groups, session, &catalog)?];
        let topics: Vec<Uuid> = empty(groups, id)?.initialised().iter().map(|topic| topic.topic_id).collect();
        records.extend(groups.share_begin_deleting(id, &topics));
        Ok(records)
    })?;
    forget_states(cluster, id, |_| true)?;
    update(groups, id, |groups| Ok(vec![groups.delete(id).map_err(client::Error::of)?]))
}

/// Has share groups forget a topic that is no more.
pub(in crate::local) fn forget_topic(cluster: &Cluster, topic_id: Uuid) -> Result<()> {
    if StateLogs::open(cluster)?.is_none() {
        return Ok(());
    }
    let groups = GroupLogs::new(cluster.clone());
    let mut knowing = Vec::new();
    groups.for_each(|log| {
        let ids = log.groups().iter().map(|(id, _)| id);
        let knows = |id: &&str| log.groups().share(id).is_some_and(|group| is_known(group, topic_id));
        knowing.extend(ids.filter(knows).map(str::to_owned));
        Ok(())
    })?;
    for id in knowing {
        update(&groups, &id, |groups| Ok(vec![groups.share_deleted(&id, &[topic_id])]))?;
        forget_states(cluster, &id, |key| key.topic_id == topic_id)?;
    }
    Ok(())
}

/// Takes away the states of a group that `is_meant` names.
fn forget_states(cluster: &Cluster, id: &str, is_meant: impl Fn(&ShareKey) -> bool) -> Result<()> {
    let Some(mut logs) = StateLogs::open(cluster)? else { return Ok(()) };
    for log in logs.all()? {
        let doomed: Vec<ShareKey> = log.look()?.keys_of(id).into_iter().filter(|key| is_meant(key)).collect();
        if doomed.is_empty() {
            continue;
        }
        let mut locked = log.lock()?;
        for key in doomed {
            locked.append(ShareRecord::Snapshot(key, None))?;
        }
    }
    Ok(logs.sync()?)
}

fn is_known(group: &ShareGroup, topic_id: Uuid) -> bool {
    group.initialised().iter().chain(group.initialising()).any(|topic| topic.topic_id == topic_id)
}

fn check_id(id: &str) -> Result<()> {
    if id.is_empty() { Err(client::Error::of(ErrorCode::InvalidGroupId)) } else { Ok(()) }
}

fn not_found(id: &str, what: &str) -> client::Error {
    client::Error::new(ErrorCode::GroupIdNotFound, format!("Group {id} {what}."))
}

/// Works with the log that has a group.
fn with_group<T>(groups: &GroupLogs, id: &str, work: impl FnOnce(&mut GroupLog) -> Result<T>) -> Result<T> {
    check_id(id)?;
    groups.with(id, work)?.ok_or_else(|| not_found(id, "not found"))
}

/// Changes a group; it is on the disk when this returns.
fn update(
    groups: &GroupLogs,
    id: &str,
    decide: impl FnOnce(&mut Groups) -> Result<Vec<Vec<GroupRecord>>>,
) -> Result<()> {
    with_group(groups, id, |log| log.update(id, Sync::Now, |groups, _| Ok((decide(groups)?, ()))))
}

/// The group, if nobody is in it.
fn empty<'a>(groups: &'a Groups, id: &str) -> Result<&'a ShareGroup> {
    match groups.share(id) {
        None => Err(not_found(id, "not found")),
        Some(group) if group.has_members() => Err(client::Error::of(ErrorCode::GroupNotEmpty)),
        Some(group) => Ok(group),
    }
}

/// The share group, or why there is none.
fn share_group<'a>(log: &'a GroupLog, id: &str) -> Result<&'a ShareGroup> {
    if log.groups().get(id).is_none() {
        return Err(not_found(id, "not found"));
    }
    log.groups().share(id).ok_or_else(|| not_found(id, "is not a share group"))
}

/// Partitions by name, in order.
fn named(
    catalog: &TopicCatalog,
    partitions: impl Iterator<Item = (Uuid, PartitionId)>,
) -> Vec<TopicPartition> {
    let with_name = |(id, partition)| Some(TopicPartition { topic: catalog.name(id)?.to_owned(), partition });
    let mut named: Vec<TopicPartition> = partitions.filter_map(with_name).collect();
    named.sort();
    named
}
