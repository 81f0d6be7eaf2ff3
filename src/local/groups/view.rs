//! How a group looks from outside: what its records add up to and its members share, less the members that are dead.
//! Nothing is written for a look.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::share;
use super::log::GroupLog;
use super::modern_view;
use super::settle::settled;
use crate::client::{GroupDescription, GroupListing, GroupState, GroupType, MemberDescription};
use crate::group::protocol::AssignedPartitions;
use crate::group::{ClassicGroup, ClassicMember, ClassicState, Group, GroupKind};
use crate::types::now_ms;

/// The group's kind with the members that live; `None` if it lives on only until someone writes.
pub(super) fn kind(cluster: &Cluster, log: &GroupLog, id: &str, group: &Group) -> Result<Option<GroupKind>> {
    let now = now_ms();
    if group.is_leftover(now) && log.kind(id)?.is_none_or(|kind| !kind.has_members()) {
        return Ok(None);
    }
    let kind = log.kind(id)?.unwrap_or_default();
    // Of a broker's group that no member ever came to here only the records tell.
    let came_here = cluster.coordination().is_ok_and(|coordination| coordination.group(id).exists());
    if !came_here && cluster.is_a_brokers() {
        Ok(Some(kind))
    } else {
        settled(cluster, id, kind, now).map(Some)
    }
}

/// The group in a list; `None` for one of a kind that clients of today's contract don't know.
pub(super) fn listing(
    cluster: &Cluster,
    log: &GroupLog,
    id: &str,
    group: &Group,
) -> Result<Option<GroupListing>> {
    let Some(kind) = kind(cluster, log, id, group)? else { return Ok(None) };
    let (group_type, protocol, state) = match &kind {
        GroupKind::OffsetsOnly => (GroupType::Classic, "", GroupState::Empty),
        GroupKind::Classic(classic) => {
            (GroupType::Classic, classic.protocol_type().unwrap_or_default(), state(classic))
        }
        GroupKind::Consumer(modern) => (GroupType::Consumer, "consumer", modern_view::state(modern)),
        GroupKind::Share(share) => {
            let state = match share::living(cluster, id, share)?.as_slice() {
                [] => GroupState::Empty,
                _ => GroupState::Stable,
            };
            (GroupType::Share, "share", state)
        }
        GroupKind::Streams(streams) => {
            let state = if streams.has_members() { GroupState::Stable } else { GroupState::Empty };
            (GroupType::Streams, "streams", state)
        }
    };
    Ok(Some(GroupListing { group: id.to_owned(), group_type, protocol: protocol.to_owned(), state }))
}

/// What can be told of a group of consumers; `None` for any other.
pub(super) fn description(
    cluster: &Cluster,
    log: &GroupLog,
    id: &str,
    group: &Group,
) -> Result<Option<GroupDescription>> {
    let mut description = GroupDescription {
        group: id.to_owned(),
        group_type: GroupType::Classic,
        state: GroupState::Empty,
        coordinator: cluster.coordinator()?,
        assignor: String::new(),
        members: Vec::new(),
        group_epoch: None,
        target_assignment_epoch: None,
    };
    match kind(cluster, log, id, group)? {
        Some(GroupKind::OffsetsOnly) => {}
        Some(GroupKind::Classic(classic)) => {
            let is_stable = classic.state() == ClassicState::Stable;
            description.state = state(&classic);
            // On its way to a new generation a group tells of no assignment, as on a broker.
            if is_stable {
                description.assignor = classic.protocol().unwrap_or_default().to_owned();
            }
            description.members = classic.members().map(|one| member(one, is_stable)).collect();
        }
        Some(GroupKind::Consumer(modern)) => {
            modern_view::describe(&mut description, &modern, &*cluster.catalog()?);
        }
        Some(GroupKind::Share(_) | GroupKind::Streams(_)) | None => return Ok(None),
    }
    Ok(Some(description))
}

fn state(group: &ClassicGroup) -> GroupState {
    match group.state() {
        ClassicState::Empty => GroupState::Empty,
        ClassicState::PreparingRebalance => GroupState::PreparingRebalance,
        ClassicState::CompletingRebalance => GroupState::CompletingRebalance,
        ClassicState::Stable => GroupState::Stable,
    }
}

fn member(member: &ClassicMember, is_stable: bool) -> MemberDescription {
    let bytes: &[u8] = if is_stable { &member.assignment } else { &[] };
    // What can't be read was written by a client of some other protocol; it has no partitions to show.
    let assigned = AssignedPartitions::decode(bytes).unwrap_or_default();
    MemberDescription {
        member_id: member.member_id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        host: member.client_host.clone(),
        assignment: assigned.partitions,
        target_assignment: None,
        epoch: None,
        upgraded: None,
    }
}
