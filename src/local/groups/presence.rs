//! Who is there: a member holds the lock on a file of its own for as long as it lives. And what becomes of a group whose
//! members are not there any more, or haven't been heard of for too long.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::paths::Coordination;
use crate::disk::{self, FileLock};
use crate::group::{ClassicConfig, ClassicGroup, GroupKind, GroupRecord, Groups, ModernConfig};
use crate::metadata::ConfigKind;
use crate::types::TimestampMs;
use std::path::PathBuf;

/// Records to be written, each list a batch.
pub(super) type Batches = Vec<Vec<GroupRecord>>;

/// The limits of a directory's groups: Kafka's, but sessions may be as short as anyone likes.
pub(super) fn limits() -> ClassicConfig {
    ClassicConfig { min_session_timeout_ms: 0, max_session_timeout_ms: i32::MAX, ..ClassicConfig::default() }
}

/// A member's lock on its file. Dropping it is what a crash does: the file stays and nobody holds it.
pub(in crate::local) struct Presence {
    path: PathBuf,
    _lock: FileLock,
}

impl Presence {
    /// Only under the lock of the group's partition, so that nobody takes the file away before the member has joined.
    pub(in crate::local) fn take(
        coordination: &Coordination,
        group: &str,
        member_id: &str,
    ) -> Result<Presence> {
        disk::create_dirs(&coordination.group_members(group))?;
        let path = coordination.group_member(group, member_id);
        Ok(Presence { _lock: FileLock::acquire(&path)?, path })
    }

    /// Takes the file away.
    pub(in crate::local) fn end(self) -> Result<()> {
        Ok(disk::remove_file(&self.path)?)
    }
}

/// Takes out of a group who is dead, and lets time pass for it. The records of that go before those of whatever is done
/// next.
pub(super) fn settle(cluster: &Cluster, id: &str, groups: &mut Groups, now: TimestampMs) -> Result<Batches> {
    if groups.modern(id).is_some() {
        return settle_modern(cluster, id, groups, now);
    }
    match groups.classic(id) {
        Some(classic) => {
            let dead = dead(cluster, id, classic)?;
            for member in &dead {
                disk::remove_file(&cluster.coordination()?.group_member(id, member))?;
            }
            Ok(settle_classic(id, classic, &dead, now))
        }
        // Share groups have a way of their own: see `local::share`.
        None => Ok(vec![groups.bury_streams(id)]),
    }
}

fn settle_modern(cluster: &Cluster, id: &str, groups: &mut Groups, now: TimestampMs) -> Result<Batches> {
    let dead = match groups.modern(id) {
        Some(group) => dead_of(cluster, id, group.members().map(|(member, _)| member))?,
        None => Vec::new(),
    };
    for member in &dead {
        disk::remove_file(&cluster.coordination()?.group_member(id, member))?;
    }
    let (catalog, limits) = (cluster.catalog()?, modern_limits(cluster, id)?);
    let is_dead = |member: &str| dead.iter().any(|dead| dead == member);
    let ticked = groups.modern_tick(id, &catalog, &limits, now);
    let buried = groups.bury_modern(id, is_dead, &catalog, now);
    Ok(vec![ticked, buried])
}

/// The limits of a group of the newer protocol, as the group's configuration sets them.
pub(super) fn modern_limits(cluster: &Cluster, id: &str) -> Result<ModernConfig> {
    let default = ModernConfig::default();
    let setting = cluster.with_image(|image| {
        let text = image.setting(ConfigKind::GROUP, id, "consumer.session.timeout.ms");
        text.and_then(|text| text.parse().ok())
    })?;
    Ok(ModernConfig { session_timeout_ms: setting.unwrap_or(default.session_timeout_ms), ..default })
}

/// The next moment at which something is due in a group.
pub(super) fn next_deadline(cluster: &Cluster, id: &str, groups: &mut Groups) -> Result<Option<TimestampMs>> {
    if let Some(classic) = groups.classic(id) {
        return Ok(classic.next_deadline());
    }
    let limits = modern_limits(cluster, id)?;
    Ok(groups.modern(id).and_then(|group| group.next_deadline(&limits)))
}

fn settle_classic(id: &str, group: &mut ClassicGroup, dead: &[String], now: TimestampMs) -> Batches {
    let buried = group.bury(id, dead, &limits(), now).records;
    let ticked = group.tick(id, &limits(), now).records;
    vec![buried, ticked]
}

/// The members whose processes are gone. A static one stays until its session ends.
fn dead(cluster: &Cluster, id: &str, group: &ClassicGroup) -> Result<Vec<String>> {
    let members = group.members().filter(|member| member.instance_id.is_none());
    dead_of(cluster, id, members.map(|member| member.member_id.as_str()))
}

/// Those of `members` whose processes are gone.
fn dead_of<'a>(cluster: &Cluster, id: &str, members: impl Iterator<Item = &'a str>) -> Result<Vec<String>> {
    let mut dead = Vec::new();
    for member in members {
        let lives = match cluster.coordination() {
            Ok(coordination) => disk::is_locked(&coordination.group_member(id, member))?,
            // Nobody can be a member where nothing can be written.
            Err(_) => false,
        };
        if !lives {
            dead.push(member.to_owned());
        }
    }
    Ok(dead)
}

/// A group's kind as it would be settled, for a look from outside.
pub(super) fn settled(
    cluster: &Cluster,
    id: &str,
    mut kind: GroupKind,
    now: TimestampMs,
) -> Result<GroupKind> {
    match &mut kind {
        GroupKind::Classic(classic) => {
            let dead = dead(cluster, id, classic)?;
            settle_classic(id, classic, &dead, now);
        }
        GroupKind::Consumer(modern) => {
            let dead = dead_of(cluster, id, modern.members().map(|(member, _)| member))?;
            let is_dead = |member: &str| dead.iter().any(|dead| dead == member);
            modern.settle(is_dead, &*cluster.catalog()?, &modern_limits(cluster, id)?, now);
        }
        GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => {}
    }
    Ok(kind)
}
