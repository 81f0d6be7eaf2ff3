//! How a group looks from outside: the image that its records add up to, less the members that are dead. Nothing is
//! written for a look.

use super::super::cluster::Cluster;
use super::super::error::Result;
use crate::client::{GroupDescription, GroupListing, GroupState, GroupType, MemberDescription, Node};
use crate::disk;
use crate::group::protocol::AssignedPartitions;
use crate::group::{ClassicGroup, ClassicMember, ClassicState, Group, GroupKind, ModernGroup};
use std::time::Duration;

/// Whether a member lives: it holds the lock on its file, or it is a static one whose session hasn't ended.
pub(super) fn is_alive(cluster: &Cluster, group: &str, member: &ClassicMember) -> Result<bool> {
    let Ok(coordination) = cluster.coordination() else { return Ok(false) };
    let path = coordination.group_member(group, &member.member_id);
    if disk::is_locked(&path)? {
        return Ok(true);
    }
    let session = Duration::from_millis(u64::try_from(member.session_timeout_ms).unwrap_or(0));
    Ok(member.instance_id.is_some() && disk::age(&path).is_some_and(|silent| silent < session))
}

/// The members that live, in order of their ids.
fn living<'a>(cluster: &Cluster, id: &str, group: &'a ClassicGroup) -> Result<Vec<&'a ClassicMember>> {
    let mut living = Vec::new();
    for member in group.members() {
        if is_alive(cluster, id, member)? {
            living.push(member);
        }
    }
    Ok(living)
}

/// The group in a list; `None` for one of a kind that clients of today's contract don't know.
pub(super) fn listing(cluster: &Cluster, id: &str, group: &Group) -> Result<Option<GroupListing>> {
    let (group_type, protocol, state) = match &group.kind {
        GroupKind::OffsetsOnly => (GroupType::Classic, "", GroupState::Empty),
        GroupKind::Classic(classic) => {
            let state = state(classic, !living(cluster, id, classic)?.is_empty());
            (GroupType::Classic, classic.protocol_type().unwrap_or_default(), state)
        }
        GroupKind::Consumer(_) => (GroupType::Consumer, "consumer", GroupState::Empty),
        GroupKind::Share(_) => (GroupType::Share, "share", GroupState::Empty),
        GroupKind::Streams => return Ok(None),
    };
    Ok(Some(GroupListing { group: id.to_owned(), group_type, protocol: protocol.to_owned(), state }))
}

/// What can be told of a group of consumers; `None` for any other.
pub(super) fn description(
    cluster: &Cluster,
    id: &str,
    group: &Group,
    coordinator: Node,
) -> Result<Option<GroupDescription>> {
    let mut description = GroupDescription {
        group: id.to_owned(),
        group_type: GroupType::Classic,
        state: GroupState::Empty,
        coordinator,
        assignor: String::new(),
        members: Vec::new(),
        group_epoch: None,
        target_assignment_epoch: None,
    };
    match &group.kind {
        GroupKind::OffsetsOnly => {}
        GroupKind::Classic(classic) => {
            let members = living(cluster, id, classic)?;
            description.state = state(classic, !members.is_empty());
            if !members.is_empty() {
                description.assignor = classic.protocol().unwrap_or_default().to_owned();
            }
            description.members = members.into_iter().map(member).collect();
        }
        GroupKind::Consumer(new) => describe_new(&mut description, new),
        GroupKind::Share(_) | GroupKind::Streams => return Ok(None),
    }
    Ok(Some(description))
}

/// Members of the new protocol only ever live on a broker.
fn describe_new(description: &mut GroupDescription, group: &ModernGroup) {
    description.group_type = GroupType::Consumer;
    description.assignor = "uniform".to_owned();
    description.group_epoch = Some(group.epoch());
    description.target_assignment_epoch = Some(group.target_epoch());
}

fn state(group: &ClassicGroup, has_living: bool) -> GroupState {
    match group.state() {
        _ if !has_living => GroupState::Empty,
        ClassicState::Empty => GroupState::Empty,
        ClassicState::PreparingRebalance => GroupState::PreparingRebalance,
        ClassicState::CompletingRebalance => GroupState::CompletingRebalance,
        ClassicState::Stable => GroupState::Stable,
    }
}

fn member(member: &ClassicMember) -> MemberDescription {
    // What can't be read was written by a client of some other protocol; it has no partitions to show.
    let assigned = AssignedPartitions::decode(&member.assignment).unwrap_or_default();
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
