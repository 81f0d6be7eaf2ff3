//! `ShareDesk`: a member's place in a share group, and what its threads do for it under the group's lock.

use super::super::cluster::Cluster;
use super::super::error::{Error, Result as LocalResult};
use super::super::groups::{GroupLog, Presence, Sync};
use super::settings::ShareSettings;
use super::topics;
use crate::client::{self, Result, ShareConsumerConfig};
use crate::disk::{self, Channels};
use crate::group::{GroupRecord, Groups, PartitionSet, Refusal, ShareGroup, ShareJoin, TopicCatalog};
use crate::types::{ErrorCode, Uuid};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the member of a directory's group sits, as Kafka shows it.
const HOST: &str = "/127.0.0.1";

/// A member's desk.
pub(super) struct ShareDesk {
    pub(super) cluster: Cluster,
    pub(super) group: String,
    config: ShareConsumerConfig,
    inner: Mutex<Inner>,
    closed: Condvar,
}

struct Inner {
    log: GroupLog,
    settings: ShareSettings,
    seat: Option<Seat>,
    is_closed: bool,
}

/// A member's place in its group.
struct Seat {
    member_id: String,
    presence: Presence,
}

/// What a member is to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) member_id: String,
    /// Rises whenever anybody comes or goes.
    pub(super) group_epoch: i32,
    pub(super) partitions: PartitionSet,
}

impl From<Refusal> for client::Error {
    fn from(refusal: Refusal) -> client::Error {
        client::Error::new(refusal.code, refusal.message)
    }
}

impl ShareDesk {
    /// Joins the group; the threads that keep the member in it are started.
    pub(super) fn join(
        cluster: &Cluster,
        config: &ShareConsumerConfig,
        catalog: &TopicCatalog,
    ) -> Result<Arc<ShareDesk>> {
        if config.group.is_empty() {
            return Err(client::Error::of(ErrorCode::InvalidGroupId));
        }
        let log = GroupLog::of_group_or_new(cluster, &config.group)?;
        let settings = ShareSettings::of(cluster, &config.group)?;
        let desk = Arc::new(ShareDesk {
            cluster: cluster.clone(),
            group: config.group.clone(),
            config: config.clone(),
            inner: Mutex::new(Inner { log, settings, seat: None, is_closed: false }),
            closed: Condvar::new(),
        });
        desk.take_seat(&mut desk.lock(), catalog)?;
        Ok(desk)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the dead out and joins, or joins again.
    fn take_seat(&self, inner: &mut Inner, catalog: &TopicCatalog) -> Result<()> {
        let member_id = Uuid::random().to_string();
        let join = ShareJoin {
            member_id: member_id.clone(),
            client_id: self.config.client_id.clone(),
            client_host: HOST.to_owned(),
            topics: vec![self.config.topic.clone()],
        };
        let coordination = self.cluster.coordination()?;
        let session = inner.settings.session;
        let presence = inner.log.update(&self.group, Sync::Later, |groups, _| {
            let buried = bury(&self.cluster, &self.group, groups, session, catalog)?;
            let joined = groups.share_join(&self.group, &join, catalog)?;
            let presence = Presence::take(coordination, &self.group, &member_id)?;
            Ok((vec![buried, joined], presence))
        })?;
        inner.seat = Some(Seat { member_id, presence });
        Ok(())
    }

    pub(super) fn settings(&self) -> ShareSettings {
        self.lock().settings
    }

    /// Reads the group's settings anew.
    pub(super) fn refresh_settings(&self) -> LocalResult<()> {
        let settings = ShareSettings::of(&self.cluster, &self.group)?;
        self.lock().settings = settings;
        Ok(())
    }

    /// Does what is due: sets up the states of topics, shares out anew, joins again if the group went on without the
    /// member. Answers what the member is to read. Cheap when there is nothing to do.
    pub(super) fn advance(&self, catalog: &TopicCatalog, topics_changed: bool) -> Result<Assignment> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.log.refresh()?;
        let mut looks = topics_changed;
        // Each round does one thing; there are never more than a few in a row.
        loop {
            let Some(seat) = &inner.seat else { return Err(client::Error::of(ErrorCode::UnknownMemberId)) };
            let member_id = seat.member_id.clone();
            let group = inner.log.groups().share(&self.group);
            let Some(group) = group.filter(|group| group.member(&member_id).is_some()) else {
                self.return_to_group(inner, catalog)?;
                continue;
            };
            if !group.initialising().is_empty() {
                let (epoch, topics) = (group.epoch(), group.initialising().to_vec());
                topics::set_up(&self.cluster, catalog, &self.group, epoch, &topics)?;
                self.update(inner, |groups| groups.share_initialised(&self.group))?;
                looks = true;
            } else if looks || is_behind(group, &member_id) {
                let beat = |groups: &mut Groups| groups.share_heartbeat(&self.group, &member_id, catalog);
                // Who was taken out finds out in the next round.
                self.update(inner, |groups| beat(groups).unwrap_or_default())?;
                looks = false;
            } else {
                let partitions = group.member(&member_id).map(|member| member.assigned.clone());
                let group_epoch = group.epoch();
                let partitions = partitions.unwrap_or(PartitionSet::NONE);
                return Ok(Assignment { member_id, group_epoch, partitions });
            }
        }
    }

    fn return_to_group(&self, inner: &mut Inner, catalog: &TopicCatalog) -> Result<()> {
        if let Some(seat) = inner.seat.take() {
            seat.presence.end()?;
        }
        self.take_seat(inner, catalog)
    }

    fn update(&self, inner: &mut Inner, decide: impl FnOnce(&mut Groups) -> Vec<GroupRecord>) -> Result<()> {
        inner.log.update(&self.group, Sync::Later, |groups, _| Ok((vec![decide(groups)], ())))
    }

    /// Gives a sign of life, and has the dead taken out.
    pub(super) fn beat(&self) -> Result<()> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let (Some(seat), false) = (&inner.seat, inner.is_closed) else { return Ok(()) };
        let path = self.cluster.coordination()?.group_member(&self.group, &seat.member_id);
        disk::touch(&path).map_err(Error::from)?;
        self.bury(inner)
    }

    /// Has the dead taken out. Answers the neighbour whose death this member is to notice; `None` if there is none, or the
    /// member has left.
    pub(super) fn settle(&self) -> Result<Option<String>> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        if inner.is_closed {
            return Ok(None);
        }
        inner.log.refresh()?;
        self.bury(inner)?;
        let (Some(seat), Some(group)) = (&inner.seat, inner.log.groups().share(&self.group)) else {
            return Ok(None);
        };
        let ids: Vec<&str> = group.members().map(|(id, _)| id).filter(|id| *id != seat.member_id).collect();
        let next = ids.iter().find(|id| ***id > *seat.member_id).or(ids.first());
        Ok(next.map(|id| (*id).to_owned()))
    }

    /// Writes nothing where nobody is dead.
    fn bury(&self, inner: &mut Inner) -> Result<()> {
        let session = inner.settings.session;
        let Some(group) = inner.log.groups().share(&self.group) else { return Ok(()) };
        if dead(&self.cluster, &self.group, group, session)?.is_empty() {
            return Ok(());
        }
        let catalog = self.cluster.catalog()?;
        inner.log.update(&self.group, Sync::Later, |groups, _| {
            Ok((vec![bury(&self.cluster, &self.group, groups, session, &catalog)?], ()))
        })
    }

    /// Leaves the group.
    pub(super) fn leave(&self) -> Result<()> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        inner.is_closed = true;
        self.closed.notify_all();
        let Some(seat) = inner.seat.take() else { return Ok(()) };
        let catalog = self.cluster.catalog()?;
        let left = inner.log.update(&self.group, Sync::Later, |groups, _| {
            Ok((vec![groups.share_remove(&self.group, |id| id == seat.member_id, &catalog)], ()))
        });
        seat.presence.end()?;
        left
    }

    /// Ends the member's threads and gives its lock up, as its death does.
    pub(super) fn abandon(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.seat = None;
        self.closed.notify_all();
    }

    /// Sleeps until the next sign of life is due; says whether the member has left meanwhile.
    pub(super) fn sleep(&self) -> bool {
        let inner = self.lock();
        let time = inner.settings.heartbeat;
        let waiting = self.closed.wait_timeout_while(inner, time, |inner| !inner.is_closed);
        waiting.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// What is notified when the group has changed.
    pub(super) fn channels(&self) -> Channels {
        self.lock().log.channels()
    }
}

/// Whether the member has not got what the group would give it.
pub(super) fn is_behind(group: &ShareGroup, member_id: &str) -> bool {
    group.epoch() != group.target_epoch()
        || group.member(member_id).is_none_or(|member| member.epoch != group.target_epoch())
}

/// Whether a member lives: it holds the lock on its file, and has given a sign of life within its session.
pub(super) fn is_alive(
    cluster: &Cluster,
    group: &str,
    member_id: &str,
    session: Duration,
) -> LocalResult<bool> {
    // Nobody can be a member where nothing can be written.
    let Ok(coordination) = cluster.coordination() else { return Ok(false) };
    let path = coordination.group_member(group, member_id);
    Ok(disk::is_locked(&path)? && disk::age(&path).is_none_or(|silent| silent < session))
}

/// The members that are dead, or as good as that.
pub(super) fn dead(
    cluster: &Cluster,
    id: &str,
    group: &ShareGroup,
    session: Duration,
) -> LocalResult<Vec<String>> {
    let mut dead = Vec::new();
    for (member_id, _) in group.members() {
        if !is_alive(cluster, id, member_id, session)? {
            dead.push(member_id.to_owned());
        }
    }
    Ok(dead)
}

/// Takes the dead out of a group. Under the group's lock.
pub(super) fn bury(
    cluster: &Cluster,
    id: &str,
    groups: &mut Groups,
    session: Duration,
    catalog: &TopicCatalog,
) -> LocalResult<Vec<GroupRecord>> {
    let Some(group) = groups.share(id) else { return Ok(Vec::new()) };
    let dead = dead(cluster, id, group, session)?;
    for member_id in &dead {
        disk::remove_file(&cluster.coordination()?.group_member(id, member_id))?;
    }
    Ok(groups.share_remove(id, |member_id| dead.iter().any(|one| one == member_id), catalog))
}
