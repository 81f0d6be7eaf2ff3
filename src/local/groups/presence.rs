//! Who is there: a member holds the lock on a file of its own for as long as it lives. And what becomes of a group whose
//! members are not there any more, or haven't been heard of for too long.

use super::super::cluster::Cluster;
use super::super::error::Result;
use super::super::paths::Coordination;
use crate::disk::{self, FileLock};
use crate::group::{ClassicConfig, ClassicGroup, GroupKind, GroupRecord, Groups};
use crate::types::TimestampMs;
use std::path::PathBuf;

/// Records to be written, each list a batch.
pub(super) type Batches = Vec<Vec<GroupRecord>>;

/// The limits of a directory's groups: Kafka's, but sessions may be as short as anyone likes.
pub(super) fn limits() -> ClassicConfig {
    ClassicConfig { min_session_timeout_ms: 0, max_session_timeout_ms: i32::MAX, ..ClassicConfig::default() }
}

/// A member's lock on its file. Dropping it is what a crash does: the file stays and nobody holds it.
pub(super) struct Presence {
    path: PathBuf,
    _lock: FileLock,
}

impl Presence {
    /// Only under the lock of the group's partition, so that nobody takes the file away before the member has joined.
    pub(super) fn take(coordination: &Coordination, group: &str, member_id: &str) -> Result<Presence> {
        disk::create_dirs(&coordination.group_members(group))?;
        let path = coordination.group_member(group, member_id);
        Ok(Presence { _lock: FileLock::acquire(&path)?, path })
    }

    /// Takes the file away.
    pub(super) fn end(self) -> Result<()> {
        Ok(disk::remove_file(&self.path)?)
    }
}

/// Takes out of a group who is dead, and lets time pass for it. The records of that go before those of whatever is done
/// next.
pub(super) fn settle(cluster: &Cluster, id: &str, groups: &mut Groups, now: TimestampMs) -> Result<Batches> {
    match groups.classic(id) {
        Some(classic) => {
            let dead = dead(cluster, id, classic)?;
            for member in &dead {
                disk::remove_file(&cluster.coordination()?.group_member(id, member))?;
            }
            Ok(settle_classic(id, classic, &dead, now))
        }
        // Members of the newer protocols only ever live on a broker.
        None => Ok(vec![groups.bury(id, |_| true, &limits(), now)]),
    }
}

fn settle_classic(id: &str, group: &mut ClassicGroup, dead: &[String], now: TimestampMs) -> Batches {
    let buried = group.bury(id, dead, &limits(), now).records;
    let ticked = group.tick(id, &limits(), now).records;
    vec![buried, ticked]
}

/// The members whose processes are gone. A static one stays until its session ends.
fn dead(cluster: &Cluster, id: &str, group: &ClassicGroup) -> Result<Vec<String>> {
    let mut dead = Vec::new();
    for member in group.members().filter(|member| member.instance_id.is_none()) {
        let lives = match cluster.coordination() {
            Ok(coordination) => disk::is_locked(&coordination.group_member(id, &member.member_id))?,
            // Nobody can be a member where nothing can be written.
            Err(_) => false,
        };
        if !lives {
            dead.push(member.member_id.clone());
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
    if let GroupKind::Classic(classic) = &mut kind {
        let dead = dead(cluster, id, classic)?;
        settle_classic(id, classic, &dead, now);
    }
    Ok(kind)
}
