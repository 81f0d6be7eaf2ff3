//! What clients may use up, so that one of them costs only itself: connections, memory, and time in which nothing comes.
//!
//! A connection takes memory for what it has sent, not for what it says it will send. When the budget of all is used up, small
//! requests still pass, and of the large ones one at a time.

use super::security::{Error, Given};
use crate::acl::Policy;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest request of a client that has not yet proven who it is.
pub(super) const UNPROVEN_FRAME_BYTES_MAX: usize = 256 * 1024;
/// The largest request but a Produce: what is not records takes many times as much memory when it is taken apart.
pub(super) const STRUCTURED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A request up to this size needs nothing of the budget.
const FREE_FRAME_BYTES: usize = 64 * 1024;
/// The budget is counted in pieces of this size.
const PIECE_BYTES: usize = 16 * 1024;
/// How long a client has for TLS and for SASL, each.
pub(super) const PROOF_TIME: Duration = Duration::from_secs(30);
/// How long a request may take to come in, beside what its size allows it.
const FRAME_TIME: Duration = Duration::from_secs(30);
/// The slowest that a large request may come in.
const FRAME_BYTES_PER_MS: u64 = 32;
/// How much of answers may wait for clients to take them.
const UNSENT_BYTES: usize = 512 * 1024 * 1024;
/// One answer may have one part in so many of what is left.
const UNSENT_SHARE: usize = 8;
/// The size that an answer may have in any case.
const LEAST_ANSWER_BYTES: usize = 64 * 1024;
/// Descriptors that connections leave to files and the rest: one in so many, and at least so many.
const DESCRIPTORS_KEPT: (u64, u64) = (4, 256);

/// How much there is of everything; by Kafka's names in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// `socket.request.max.bytes`.
    pub(super) frame_bytes_max: usize,
    /// `queued.max.request.bytes`: of the large requests that are being read or answered, all together.
    pub(super) request_bytes: usize,
    /// `max.connections`.
    pub(super) connections: usize,
    /// `max.connections.per.ip`.
    pub(super) connections_per_ip: usize,
    /// `connections.max.idle.ms`.
    pub(super) idle: Duration,
}

impl Limits {
    /// Reads the settings. `descriptors` is how many files and sockets this process may have open.
    pub(crate) fn of(given: &Given, descriptors: u64) -> Result<Limits, Error> {
        let number = |key, otherwise: usize| -> Result<usize, Error> {
            let number = given.number(key, 1)?;
            Ok(number.map_or(otherwise, |number| usize::try_from(number).unwrap_or(usize::MAX)))
        };
        let (part, least) = DESCRIPTORS_KEPT;
        let room = descriptors.saturating_sub((descriptors / part).max(least)).max(1);
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let idle = given.number("connections.max.idle.ms", 1)?.unwrap_or(10 * 60 * 1000);
        Ok(Limits {
            frame_bytes_max: number("socket.request.max.bytes", 100 * 1024 * 1024)?.min(i32::MAX as usize),
            request_bytes: number("queued.max.request.bytes", 256 * 1024 * 1024)?,
            connections: number("max.connections", room)?.min(room),
            connections_per_ip: number("max.connections.per.ip", usize::MAX)?,
            idle: Duration::from_millis(idle.unsigned_abs()),
        })
    }
}

/// What keeps the server from harm, one in a server.
pub(super) struct Guard {
    pub(super) limits: Limits,
    pub(super) doors: Arc<Doors>,
    pub(super) budget: Budget,
    pub(super) unsent: Arc<Unsent>,
    /// How access is decided; `None` where everybody may do everything.
    pub(super) policy: Option<Arc<Policy>>,
}

impl Guard {
    pub(super) fn new(limits: Limits, policy: Option<Arc<Policy>>) -> Guard {
        Guard {
            limits,
            doors: Doors::new(&limits),
            budget: Budget::new(&limits),
            unsent: Arc::default(),
            policy,
        }
    }
}

/// Answers that their clients have not taken yet, all together.
#[derive(Default)]
pub(super) struct Unsent {
    bytes: AtomicUsize,
}

/// A part of them; dropped, it is sent.
pub(super) struct UnsentPart {
    all: Arc<Unsent>,
    bytes: usize,
}

impl Unsent {
    pub(super) fn add(self: &Arc<Unsent>, bytes: usize) -> UnsentPart {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        UnsentPart { all: Arc::clone(self), bytes }
    }

    /// How large one more answer may be: the less, the more there is that nobody takes, so that clients who only ask use up
    /// no more than this server has to give. Never so little that others could not go on.
    pub(super) fn allowance(&self) -> usize {
        let left = UNSENT_BYTES.saturating_sub(self.bytes.load(Ordering::Relaxed));
        (left / UNSENT_SHARE).max(LEAST_ANSWER_BYTES)
    }
}

impl Drop for UnsentPart {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// How long a request of this size may take from its first byte to its last.
pub(super) fn frame_time(bytes: usize) -> Duration {
    FRAME_TIME + Duration::from_millis(bytes as u64 / FRAME_BYTES_PER_MS)
}

/// Counts the connections.
pub(super) struct Doors {
    all: Arc<Semaphore>,
    per_ip_max: usize,
    per_ip: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place; dropped, it is free for the next.
pub(super) struct Place {
    doors: Arc<Doors>,
    ip: IpAddr,
    _one: OwnedSemaphorePermit,
}

impl Doors {
    pub(super) fn new(limits: &Limits) -> Arc<Doors> {
        Arc::new(Doors {
            all: Arc::new(Semaphore::new(limits.connections)),
            per_ip_max: limits.connections_per_ip,
            per_ip: Mutex::new(HashMap::new()),
        })
    }

    /// Waits until there is room for one more: until then the next ones wait in the system's queue, as with Kafka.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Lets a connection in; `None` if too many have come from its address.
    pub(super) fn enter(self: &Arc<Doors>, one: OwnedSemaphorePermit, ip: IpAddr) -> Option<Place> {
        let ip = ip.to_canonical();
        let mut per_ip = self.per_ip.lock().unwrap_or_else(PoisonError::into_inner);
        let count = per_ip.entry(ip).or_insert(0);
        if *count >= self.per_ip_max {
            return None;
        }
        *count += 1;
        Some(Place { doors: Arc::clone(self), ip, _one: one })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut per_ip = self.doors.per_ip.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = per_ip.get_mut(&self.ip) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                per_ip.remove(&self.ip);
            }
        }
    }
}

/// Memory that all connections together may use for what they have sent.
pub(super) struct Budget {
    pieces: Arc<Semaphore>,
    /// For one who needs more than there is: otherwise those who have a part of what they need could wait for each other.
    overdraft: Arc<Semaphore>,
}

/// What one request has of it; dropped, it is given back.
#[derive(Default)]
pub(super) struct Hold {
    pieces: Option<OwnedSemaphorePermit>,
    overdraft: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Budget {
        let pieces = (limits.request_bytes / PIECE_BYTES).clamp(1, Semaphore::MAX_PERMITS);
        Budget { pieces: Arc::new(Semaphore::new(pieces)), overdraft: Arc::new(Semaphore::new(1)) }
    }

    /// Waits until `hold` may be of so many bytes.
    pub(super) async fn grow(&self, hold: &mut Hold, bytes: usize) {
        if bytes <= FREE_FRAME_BYTES || hold.overdraft.is_some() || bytes <= hold.bytes {
            return;
        }
        let more = u32::try_from((bytes - hold.bytes).div_ceil(PIECE_BYTES)).unwrap_or(u32::MAX);
        tokio::select! {
            biased;
            pieces = Arc::clone(&self.pieces).acquire_many_owned(more) => match (&mut hold.pieces, pieces) {
                (Some(held), Ok(pieces)) => held.merge(pieces),
                (held, pieces) => *held = pieces.ok(),
            },
            overdraft = Arc::clone(&self.overdraft).acquire_owned() => hold.overdraft = overdraft.ok(),
        }
        hold.bytes = bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(values: &[(&str, &str)]) -> Limits {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Limits::of(&Given::new(values), 1024).unwrap()
    }

    #[test]
    fn connections_leave_descriptors_to_files() {
        assert_eq!(limits(&[]).connections, 768);
        assert_eq!(limits(&[("max.connections", "9000")]).connections, 768);
        assert_eq!(limits(&[("max.connections", "3")]).connections, 3);
        let idle = limits(&[("connections.max.idle.ms", "1500")]).idle;
        assert_eq!(idle, Duration::from_millis(1500));
    }

    #[test]
    fn answers_that_nobody_takes_make_others_smaller() {
        let unsent = Arc::new(Unsent::default());
        assert_eq!(unsent.allowance(), 64 << 20);
        let taken = unsent.add(256 << 20);
        assert_eq!(unsent.allowance(), 32 << 20);
        let more = unsent.add(300 << 20);
        assert_eq!(unsent.allowance(), 64 << 10);
        drop((taken, more));
        assert_eq!(unsent.allowance(), 64 << 20);
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_its_connection_is_gone() {
        let doors = Doors::new(&limits(&[("max.connections", "2"), ("max.connections.per.ip", "1")]));
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let there: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        let first = doors.enter(doors.room().await.unwrap(), here).unwrap();
        assert!(doors.enter(doors.room().await.unwrap(), there).is_none());
        drop(first);
        let _second = doors.enter(doors.room().await.unwrap(), there).unwrap();
        let _third = doors.enter(doors.room().await.unwrap(), "10.0.0.1".parse().unwrap()).unwrap();
        assert_eq!(doors.all.available_permits(), 0);
    }

    #[tokio::test]
    async fn one_who_needs_more_than_there_is_gets_it() {
        let budget = Budget::new(&limits(&[("queued.max.request.bytes", "1048576")]));
        let (mut first, mut second) = (Hold::default(), Hold::default());
        budget.grow(&mut first, 1 << 19).await;
        budget.grow(&mut second, 1 << 19).await;
        assert_eq!(budget.pieces.available_permits(), 0);
        budget.grow(&mut first, 1 << 24).await;
        assert!(first.overdraft.is_some());
        let mut waiting = Box::pin(budget.grow(&mut second, 1 << 24));
        assert!(tokio::time::timeout(Duration::from_millis(1), &mut waiting).await.is_err());
        drop(first);
        waiting.as_mut().await;
        drop(waiting);
        drop(second);
        assert_eq!(budget.pieces.available_permits(), 64);
    }
}
