//! The places of network members in their groups: how they get one, keep it, and what they are told.

use super::super::cluster::Cluster;
use super::super::error::Result as LocalResult;
use super::super::groups::{GroupLog, Seat, Sync};
use super::desk::{bury, is_behind};
use super::network::{NetworkShares, ShareBeat, SharePlace};
use super::settings::ShareSettings;
use super::topics;
use crate::client::{self, Result};
use crate::disk::{self, FileLock};
use crate::group::{GroupRecord, Groups, PartitionSet, ShareJoin, TopicCatalog};
use crate::types::{ErrorCode, PartitionId, Uuid};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The members that this process speaks for: it holds the lock on the file of each, as a member of this machine does.
#[derive(Default)]
pub(super) struct Places {
    held: Mutex<HashMap<PathBuf, Held>>,
}

struct Held {
    lock: FileLock,
    _seat: Seat,
    /// Without a heartbeat for this long the member is dead.
    session: Duration,
}

impl Places {
    fn held(&self) -> MutexGuard<'_, HashMap<PathBuf, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes or keeps a member's lock, and gives a sign of life. Where another process holds the lock the sign will do. Under
    /// the lock of the group's log, so that nobody takes the file away.
    fn keep(&self, cluster: &Cluster, group: &str, member_id: &str, session: Duration) -> LocalResult<()> {
        let coordination = cluster.coordination()?;
        disk::create_dirs(&coordination.group_members(group))?;
        let path = coordination.group_member(group, member_id);
        let mut held = self.held();
        // Of the dead the lock is given up, so that others see it.
        held.retain(|one, known| *one == path || disk::age(one).is_some_and(|silent| silent < known.session));
        let is_held = match held.get_mut(&path) {
            Some(known) => {
                known.session = session;
                known.lock.file().is_at_its_path()?
            }
            None => false,
        };
        if !is_held {
            held.remove(&path);
            let seat = Seat::take()?;
            if let Some(lock) = FileLock::try_acquire(&path)? {
                held.insert(path.clone(), Held { lock, _seat: seat, session });
            }
        }
        Ok(disk::touch(&path)?)
    }

    fn leave(&self, cluster: &Cluster, group: &str, member_id: &str) -> LocalResult<()> {
        let path = cluster.coordination()?.group_member(group, member_id);
        self.held().remove(&path);
        Ok(disk::remove_file(&path)?)
    }
}

impl NetworkShares {
    /// Takes a heartbeat: a member joins, stays or leaves, and learns what it is to read.
    pub(crate) fn beat(&self, beat: &ShareBeat<'_>) -> Result<SharePlace> {
        check(beat)?;
        let settings = ShareSettings::of(&self.cluster, beat.group)?;
        let catalog = self.cluster.catalog()?;
        match beat.member_epoch {
            -1 => self.leave(beat, &settings, &catalog),
            0 => self.with_groups(|groups| {
                groups.with_or_new(beat.group, |log| self.stay(log, beat, &settings, &catalog))
            }),
            _ => {
                let stays = |log: &mut GroupLog| self.stay(log, beat, &settings, &catalog);
                self.with_groups(|groups| groups.with(beat.group, stays))?.ok_or_else(|| unknown_group(beat))
            }
        }
    }

    fn stay(
        &self,
        log: &mut GroupLog,
        beat: &ShareBeat<'_>,
        settings: &ShareSettings,
        catalog: &TopicCatalog,
    ) -> Result<SharePlace> {
        let (cluster, group, member_id) = (&self.cluster, beat.group, beat.member_id);
        let before = assigned(log, beat);
        self.enter(log, beat, settings, catalog)??;
        // Each round does one thing; there are never more than a few in a row.
        loop {
            let unknown = || client::Error::of(ErrorCode::UnknownMemberId);
            let known = log.groups().share(group).ok_or_else(unknown)?;
            let member = known.member(member_id).ok_or_else(unknown)?;
            if !known.initialising().is_empty() {
                let (epoch, topics) = (known.epoch(), known.initialising().to_vec());
                topics::set_up(cluster, catalog, group, epoch, &topics)?;
                log.update(group, Sync::Later, |groups, _| Ok((vec![groups.share_initialised(group)], ())))?;
                // What is set up now is to be shared out.
                update(log, group, |groups| groups.share_heartbeat(group, member_id, catalog))?
                    .map_err(client::Error::of)?;
            } else if is_behind(known, member_id) {
                update(log, group, |groups| groups.share_heartbeat(group, member_id, catalog))?
                    .map_err(client::Error::of)?;
            } else {
                let is_told = beat.member_epoch != member.epoch
                    || beat.topics.is_some()
                    || before.as_ref() != Some(&member.assigned);
                return Ok(SharePlace {
                    member_epoch: member.epoch,
                    heartbeat: settings.heartbeat,
                    assignment: is_told.then(|| by_topic(&member.assigned)),
                });
            }
        }
    }

    /// Takes the dead out, and the member in or what it says of itself down.
    fn enter(
        &self,
        log: &mut GroupLog,
        beat: &ShareBeat<'_>,
        settings: &ShareSettings,
        catalog: &TopicCatalog,
    ) -> Result<Result<()>> {
        let (cluster, group, member_id) = (&self.cluster, beat.group, beat.member_id);
        if let Err(refused) = known_epoch(log.groups(), beat) {
            return Ok(Err(refused));
        }
        log.update(group, Sync::Later, |groups, _| {
            self.places.keep(cluster, group, member_id, settings.session)?;
            let mut batches = vec![bury(cluster, group, groups, settings.session, catalog)?];
            if let Err(refused) = known_epoch(groups, beat) {
                return Ok((batches, Err(refused)));
            }
            let entered = match &beat.topics {
                Some(topics) => {
                    let join = ShareJoin {
                        member_id: member_id.to_owned(),
                        client_id: beat.client_id.to_owned(),
                        client_host: beat.client_host.to_owned(),
                        topics: topics.clone(),
                    };
                    groups.share_join(group, &join, catalog).map_err(client::Error::from)
                }
                None => groups.share_heartbeat(group, member_id, catalog).map_err(client::Error::of),
            };
            Ok(match entered {
                Ok(records) => {
                    batches.push(records);
                    (batches, Ok(()))
                }
                Err(refused) => (batches, Err(refused)),
            })
        })
    }

    fn leave(
        &self,
        beat: &ShareBeat<'_>,
        settings: &ShareSettings,
        catalog: &TopicCatalog,
    ) -> Result<SharePlace> {
        let (group, member_id) = (beat.group, beat.member_id);
        let left = self.with_groups(|groups| {
            groups.with(group, |log| {
                known_epoch(log.groups(), beat)?;
                log.update(group, Sync::Later, |groups, _| {
                    Ok((vec![groups.share_remove(group, |id| id == member_id, catalog)], ()))
                })
            })
        })?;
        left.ok_or_else(|| unknown_group(beat))?;
        self.places.leave(&self.cluster, group, member_id)?;
        Ok(SharePlace { member_epoch: -1, heartbeat: settings.heartbeat, assignment: None })
    }
}

fn check(beat: &ShareBeat<'_>) -> Result<()> {
    let invalid = |why: &str| Err(client::Error::new(ErrorCode::InvalidRequest, why));
    let topics = beat.topics.as_ref();
    match beat.member_epoch {
        _ if beat.group.is_empty() => invalid("GroupId can't be empty."),
        _ if beat.member_id.is_empty() => invalid("MemberId can't be empty."),
        ..=-2 => invalid("MemberEpoch is invalid."),
        0 if topics.is_none_or(Vec::is_empty) => {
            invalid("SubscribedTopicNames must be set in first request.")
        }
        _ => Ok(()),
    }
}

/// Whether the member is known by this epoch: who joins needn't be.
fn known_epoch(groups: &Groups, beat: &ShareBeat<'_>) -> Result<()> {
    if beat.member_epoch == 0 {
        return Ok(());
    }
    let group = groups.share(beat.group).ok_or_else(|| unknown_group(beat))?;
    let unknown = || {
        let message = format!("Member {} is not a member of group {}.", beat.member_id, beat.group);
        client::Error::new(ErrorCode::UnknownMemberId, message)
    };
    let member = group.member(beat.member_id).ok_or_else(unknown)?;
    // One behind is right where the answer that told the newer one was lost.
    match beat.member_epoch {
        epoch if epoch > member.epoch => Err(client::Error::of(ErrorCode::FencedMemberEpoch)),
        _ => Ok(()),
    }
}

fn unknown_group(beat: &ShareBeat<'_>) -> client::Error {
    client::Error::new(ErrorCode::GroupIdNotFound, format!("Group {} not found.", beat.group))
}

fn assigned(log: &GroupLog, beat: &ShareBeat<'_>) -> Option<PartitionSet> {
    Some(log.groups().share(beat.group)?.member(beat.member_id)?.assigned.clone())
}

fn update<T>(
    log: &mut GroupLog,
    group: &str,
    decide: impl FnOnce(&mut Groups) -> std::result::Result<Vec<GroupRecord>, T>,
) -> Result<std::result::Result<(), T>> {
    log.update(group, Sync::Later, |groups, _| {
        Ok(match decide(groups) {
            Ok(records) => (vec![records], Ok(())),
            Err(refused) => (Vec::new(), Err(refused)),
        })
    })
}

pub(super) fn by_topic(assigned: &PartitionSet) -> Vec<(Uuid, Vec<PartitionId>)> {
    let mut topics: Vec<(Uuid, Vec<PartitionId>)> = Vec::new();
    for (topic_id, partition) in assigned.iter() {
        match topics.last_mut() {
            Some((last, partitions)) if *last == topic_id => partitions.push(partition),
            _ => topics.push((topic_id, vec![partition])),
        }
    }
    topics
}
