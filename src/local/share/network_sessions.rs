//! `ShareSession`: what a server remembers of a network member between two of its requests: which partitions it fetches from,
//! and how many requests there were.

use super::ledger::Ledger;
use super::network::{NetworkShares, ShareRequest};
use crate::types::{ErrorCode, Offset, PartitionId, Uuid};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// `group.share.max.share.sessions`
const SESSIONS_MAX: usize = 2000;
/// How many partitions a member may fetch from.
const PARTITIONS_MAX: usize = 10_000;

type Key = (String, String);
type Result<T> = std::result::Result<T, ErrorCode>;

/// The sessions of a server.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<Key, Arc<ShareSession>>>,
}

/// A member's session.
pub(crate) struct ShareSession {
    pub(super) group: String,
    pub(super) member_id: String,
    client: Option<SocketAddr>,
    pub(super) inner: Mutex<Inner>,
}

pub(super) struct Inner {
    /// Of the next request.
    epoch: i32,
    pub(super) parts: Vec<Part>,
    /// The partition to be looked at first, so that a busy one doesn't starve the others.
    pub(super) turn: usize,
}

/// A partition of a session.
pub(super) struct Part {
    pub(super) topic_id: Uuid,
    pub(super) partition: PartitionId,
    /// Opened when it is first looked at.
    pub(super) ledger: Option<Ledger>,
    /// As of the last look; see [`Ledger::sign`].
    pub(super) sign: Option<(Offset, u64)>,
}

impl ShareSession {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Takes in those partitions that it hasn't, as long as there is room.
    fn add(&mut self, wanted: impl Iterator<Item = (Uuid, PartitionId)>) {
        let mut known: HashSet<_> = self.parts.iter().map(|part| (part.topic_id, part.partition)).collect();
        for (topic_id, partition) in wanted {
            if self.parts.len() < PARTITIONS_MAX && known.insert((topic_id, partition)) {
                self.parts.push(Part { topic_id, partition, ledger: None, sign: None });
            }
        }
    }
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, HashMap<Key, Arc<ShareSession>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, key: &Key, epoch: i32) -> Result<Arc<ShareSession>> {
        let session = self.open().get(key).cloned().ok_or(ErrorCode::ShareSessionNotFound)?;
        if epoch > 0 {
            let mut inner = session.lock();
            if inner.epoch != epoch {
                return Err(ErrorCode::InvalidShareSessionEpoch);
            }
            inner.epoch = epoch.checked_add(1).unwrap_or(1);
        }
        Ok(session)
    }
}

impl NetworkShares {
    /// The session of a request that fetches, which counts in it.
    pub(crate) fn fetching(&self, request: &ShareRequest) -> Result<Arc<ShareSession>> {
        let key = check(request)?;
        let session = match request.epoch {
            0 if request.parts.iter().any(|part| !part.words.is_empty()) => {
                return Err(ErrorCode::InvalidRequest);
            }
            0 => {
                let mut open = self.sessions.open();
                if open.len() >= SESSIONS_MAX && !open.contains_key(&key) {
                    return Err(ErrorCode::ShareSessionLimitReached);
                }
                let session = Arc::new(ShareSession {
                    group: request.group.clone(),
                    member_id: request.member_id.clone(),
                    client: request.client,
                    inner: Mutex::new(Inner { epoch: 1, parts: Vec::new(), turn: 0 }),
                });
                open.insert(key, Arc::clone(&session));
                session
            }
            epoch => self.sessions.count(&key, epoch)?,
        };
        let mut inner = session.lock();
        let forgotten: HashSet<_> = request.forgotten.iter().copied().collect();
        inner.parts.retain(|part| !forgotten.contains(&(part.topic_id, part.partition)));
        inner.add(request.parts.iter().map(|part| (part.topic_id, part.partition)));
        drop(inner);
        Ok(session)
    }

    /// The session of a request that only says what became of records.
    pub(crate) fn acknowledging(&self, request: &ShareRequest) -> Result<Arc<ShareSession>> {
        let key = check(request)?;
        match request.epoch {
            0 => Err(ErrorCode::InvalidShareSessionEpoch),
            epoch => self.sessions.count(&key, epoch),
        }
    }

    /// The sessions that were opened on a connection, which is closed: they are to be ended.
    pub(crate) fn sessions_of(&self, client: SocketAddr) -> Vec<Arc<ShareSession>> {
        let open = self.sessions.open();
        open.values().filter(|session| session.client == Some(client)).cloned().collect()
    }

    /// Forgets a session, unless there is another one of the same member by now.
    pub(super) fn forget(&self, session: &Arc<ShareSession>) {
        let key = (session.group.clone(), session.member_id.clone());
        let mut open = self.sessions.open();
        if open.get(&key).is_some_and(|known| Arc::ptr_eq(known, session)) {
            open.remove(&key);
        }
    }
}

fn check(request: &ShareRequest) -> Result<Key> {
    match request.group.is_empty() || request.member_id.is_empty() || request.epoch < -1 {
        true => Err(ErrorCode::InvalidRequest),
        false => Ok((request.group.clone(), request.member_id.clone())),
    }
}
