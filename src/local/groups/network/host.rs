//! `Host`: the members of one group that this server speaks for, and who of them waits for an answer.

use super::super::super::cluster::Cluster;
use super::super::super::error::Result;
use super::super::live::LiveFile;
use super::super::presence::Presence;
use super::places::{Reply, Waiting};
use crate::disk::{self, SharedWord};
use crate::group::GroupKind;
use crate::types::{ErrorCode, TimestampMs};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many members of other processes are watched over in a group. All watch over one another.
const MAX_WATCHED: usize = 16;

/// The members of a group that a server speaks for.
pub(super) struct Host {
    cluster: Cluster,
    group: String,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    places: BTreeMap<String, Presence>,
    /// Places whose members are not to be seen yet: they are being written down.
    fresh: BTreeSet<String>,
    waiting: BTreeMap<String, Waiting>,
    file: Option<LiveFile>,
    /// The number that changes with the group.
    word: Option<Arc<SharedWord>>,
    /// What that was when the group was last looked at, and what was seen.
    seen: Option<(u64, Arc<GroupKind>)>,
    /// When something is due in the group.
    due: Option<TimestampMs>,
}

impl Host {
    pub(super) fn new(cluster: &Cluster, group: &str) -> Host {
        Host { cluster: cluster.clone(), group: group.to_owned(), inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn group(&self) -> &str {
        &self.group
    }

    pub(super) fn set_file(&self, file: Option<LiveFile>) {
        self.lock().file = file;
    }

    pub(super) fn set_due(&self, due: Option<TimestampMs>) {
        self.lock().due = due;
    }

    pub(super) fn due(&self) -> Option<TimestampMs> {
        self.lock().due
    }

    pub(super) fn has(&self, member_id: &str) -> bool {
        self.lock().places.contains_key(member_id)
    }

    /// Takes the place of a member of the group, unless another process speaks for it. Only under the group's lock, in which
    /// nobody can have given what it has to others.
    pub(super) fn take_place(&self, member_id: &str) -> Result<()> {
        let mut inner = self.lock();
        let coordination = self.cluster.coordination()?;
        let is_new = !inner.places.contains_key(member_id);
        if is_new && !disk::is_locked(&coordination.group_member(&self.group, member_id))? {
            let place = Presence::take(coordination, &self.group, member_id)?;
            inner.places.insert(member_id.to_owned(), place);
            inner.fresh.insert(member_id.to_owned());
        }
        drop(inner);
        self.follow()
    }

    /// Everything that was decided under the group's lock is to be seen now, or never.
    pub(super) fn written(&self) {
        self.lock().fresh.clear();
    }

    /// Learns of changes of the group from now on. Only under the group's lock.
    pub(super) fn follow(&self) -> Result<()> {
        let mut inner = self.lock();
        if let Some(file) = &inner.file {
            // Another one if the group has been away.
            inner.word = Some(Arc::new(file.word()?));
            inner.seen = None;
        }
        Ok(())
    }

    /// Gives up the place of a member that has left. Only under the group's lock.
    pub(super) fn end_place(&self, member_id: &str) -> Result<()> {
        match self.lock().places.remove(member_id) {
            Some(place) => Ok(place.end()?),
            None => Ok(()),
        }
    }

    /// Gives a sign of life for a member.
    pub(super) fn give_sign(&self, member_id: &str) {
        let pulse = self.lock().places.get(member_id).map(Presence::pulse);
        match pulse {
            Some(pulse) => pulse.set(disk::monotonic_ms()),
            None => self.give_sign_for_another(member_id),
        }
    }

    /// Another server speaks for the member, whose client has come here.
    fn give_sign_for_another(&self, member_id: &str) {
        let Ok(coordination) = self.cluster.coordination() else { return };
        let path = coordination.group_member(&self.group, member_id);
        if disk::is_locked(&path).unwrap_or(false)
            && let Ok(pulse) = SharedWord::open(&path)
        {
            pulse.set(disk::monotonic_ms());
        }
    }

    /// Gives signs of life for those who wait: they can't give any. False if nobody does.
    pub(super) fn keep_waiting_alive(&self) -> bool {
        let waiting: Vec<String> = self.lock().waiting.keys().cloned().collect();
        waiting.iter().for_each(|member| self.give_sign(member));
        !waiting.is_empty()
    }

    /// Has a member answered as soon as the group allows it. Whoever waited in its name is told to begin anew.
    pub(super) fn wait(&self, member_id: &str, waiting: Waiting) {
        let former = self.lock().waiting.insert(member_id.to_owned(), waiting);
        if let Some(former) = former {
            former.reply.refuse(member_id, ErrorCode::RebalanceInProgress);
        }
    }

    /// Whether the group has changed since it was last looked at.
    pub(super) fn has_news(&self) -> bool {
        let inner = self.lock();
        match (&inner.word, &inner.seen) {
            (Some(word), Some((seen, _))) => word.get() != *seen,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// The word and what it was when the group was last looked at.
    pub(super) fn watched_word(&self) -> Option<(Arc<SharedWord>, u64)> {
        let inner = self.lock();
        let seen = inner.seen.as_ref()?.0;
        Some((Arc::clone(inner.word.as_ref()?), seen))
    }

    /// The group as it was last seen, if nothing has changed since.
    pub(super) fn seen(&self) -> Option<Arc<GroupKind>> {
        let inner = self.lock();
        let (seen, kind) = inner.seen.as_ref()?;
        (inner.word.as_ref()?.get() == *seen).then(|| Arc::clone(kind))
    }

    /// Looks at the group: has those answered whose answer is there, and gives up the places of those who are members no
    /// more.
    pub(super) fn look(&self) -> Result<Arc<GroupKind>> {
        let mut inner = self.lock();
        // Taken before the file is read: what changes from here on is news.
        let number = inner.word.as_ref().map_or(0, |word| word.get());
        let live = inner.file.as_ref().map(LiveFile::read).transpose()?.flatten();
        let kind = Arc::new(live.and_then(|live| live.group()).unwrap_or_default());
        inner.seen = Some((number, Arc::clone(&kind)));
        let Inner { places, fresh, .. } = &mut *inner;
        places.retain(|member, _| fresh.contains(member) || is_member(&kind, member));
        let ready: Vec<String> = inner
            .waiting
            .iter()
            .filter(|(member, waiting)| waiting.is_ready(member, &kind))
            .map(|(member, _)| member.clone())
            .collect();
        let ready: Vec<(String, Waiting)> =
            ready.into_iter().filter_map(|member| inner.waiting.remove_entry(&member)).collect();
        for (member, _) in &ready {
            if let Some(place) = inner.places.get(member) {
                // Its session begins with the answer.
                place.pulse().set(disk::monotonic_ms());
            }
        }
        drop(inner);
        ready.into_iter().for_each(|(member, waiting)| waiting.answer(&member, &kind));
        Ok(kind)
    }

    /// Looks at what is due in the group as far as its members' signs of life are not known.
    pub(super) fn note_due(&self, due: Option<TimestampMs>) {
        let mut inner = self.lock();
        inner.due = match (inner.due, due) {
            (Some(known), Some(due)) => Some(known.min(due)),
            (known, due) => known.or(due),
        };
    }

    /// The members of other processes that this one watches over.
    pub(super) fn neighbours(&self, kind: &GroupKind) -> Vec<String> {
        let inner = self.lock();
        let mut neighbours: Vec<String> =
            inner.places.keys().flat_map(|member| kind.neighbours(member)).collect();
        neighbours.retain(|member| !inner.places.contains_key(member));
        neighbours.sort();
        neighbours.dedup();
        neighbours.truncate(MAX_WATCHED);
        neighbours
    }

    /// Whether the server has nothing to do for the group any more. (What is due in one without members are promised ids.)
    pub(super) fn is_idle(&self) -> bool {
        let inner = self.lock();
        let has_others = inner.seen.as_ref().is_some_and(|(_, kind)| kind.has_members());
        inner.places.is_empty() && inner.waiting.is_empty() && (inner.due.is_none() || has_others)
    }

    /// Gives all places up, as a crash does.
    pub(super) fn abandon(&self) {
        let Inner { places, waiting, .. } = std::mem::take(&mut *self.lock());
        drop(places);
        for (member, waiting) in waiting {
            waiting.reply.refuse(&member, ErrorCode::CoordinatorNotAvailable);
        }
    }
}

fn is_member(kind: &GroupKind, member_id: &str) -> bool {
    match kind {
        GroupKind::Classic(group) => group.member(member_id).is_some(),
        GroupKind::Consumer(group) => group.member(member_id).is_some(),
        GroupKind::OffsetsOnly | GroupKind::Share(_) | GroupKind::Streams(_) => false,
    }
}

impl Waiting {
    fn is_ready(&self, member_id: &str, kind: &GroupKind) -> bool {
        let instance_id = self.instance_id.as_deref();
        match &self.reply {
            Reply::Join(_) => kind.join_answer(member_id, instance_id).is_some(),
            Reply::Sync(generation, _) => kind.sync_answer(member_id, instance_id, *generation).is_some(),
        }
    }
}
