//! `Sessions`: what clients have said of the partitions they want, so that they say, and are told, only what changes.
//!
//! A session is a list of partitions and what its client was last told of each. There is room for a thousand; one that nobody
//! has used for two minutes makes room for a new one, and a client that finds none is answered in full each time.
//! Pure but for the clock, which is an argument. Source: KIP-227.

use super::wanted::{Name, Wanted};
use crate::types::ErrorCode;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// `max.incremental.fetch.session.cache.slots`.
const SLOTS: usize = 1000;
/// All sessions together hold so many partitions.
const PARTITIONS_MOST: usize = 400_000;
/// A session that was used since is not taken away.
const IDLE_BEFORE_EVICTION: Duration = Duration::from_secs(120);
/// The epoch of a request that begins a session, and of one that ends it or wants none.
const INITIAL_EPOCH: i32 = 0;
const FINAL_EPOCH: i32 = -1;

/// What a client was told of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) high_watermark: i64,
    pub(super) log_start: i64,
}

/// A partition of a session, and what its client was told of it last.
type Remembered = (Wanted, Option<Told>);

#[derive(Debug)]
struct Session {
    epoch: i32,
    by_id: bool,
    partitions: Vec<Remembered>,
    places: HashMap<Name, usize>,
    used: Instant,
}

/// The sessions of a server.
#[derive(Default)]
pub(in crate::serve) struct Sessions {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<i32, Arc<Mutex<Session>>>,
    partition_count: usize,
}

/// How a request is to be answered.
#[derive(Debug)]
pub(super) enum Mode {
    /// With every partition, and no session.
    Full,
    /// With every partition; what is told is kept in a new session, if there is room.
    New,
    /// With what has changed.
    Incremental(SessionRef),
}

/// A session that a request belongs to.
#[derive(Clone, Debug)]
pub(super) struct SessionRef {
    pub(super) id: i32,
    session: Arc<Mutex<Session>>,
}

impl Session {
    /// Takes over what a request says.
    fn update(&mut self, wanted: Vec<Wanted>, forgotten: impl Iterator<Item = Name>) {
        for wanted in wanted {
            match self.places.get(&wanted.name).and_then(|&place| self.partitions.get_mut(place)) {
                Some((known, _)) => *known = wanted,
                None => {
                    self.places.insert(wanted.name.clone(), self.partitions.len());
                    self.partitions.push((wanted, None));
                }
            }
        }
        let gone: HashSet<Name> = forgotten.filter(|name| self.places.contains_key(name)).collect();
        if !gone.is_empty() {
            self.partitions.retain(|(wanted, _)| !gone.contains(&wanted.name));
            self.index();
        }
    }

    fn index(&mut self) {
        self.places =
            self.partitions.iter().enumerate().map(|(place, (w, _))| (w.name.clone(), place)).collect();
    }
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SessionRef {
    /// Notes what the client is about to be told of partitions; those that have records go to the end, so that others have
    /// their turn. `told` is by place in the session.
    pub(super) fn note(&self, told: &[(Name, Option<Told>, bool)]) {
        let mut session = lock(&self.session);
        let mut served: HashSet<&Name> = HashSet::new();
        for (name, told, has_records) in told {
            let Some(&place) = session.places.get(name) else { continue };
            if let Some((_, known)) = session.partitions.get_mut(place) {
                *known = *told;
            }
            if *has_records {
                served.insert(name);
            }
        }
        if !served.is_empty() && served.len() < session.partitions.len() {
            let all = std::mem::take(&mut session.partitions);
            let (behind, before): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|(wanted, _)| served.contains(&wanted.name));
            session.partitions = before;
            session.partitions.extend(behind);
            session.index();
        }
    }
}

impl Sessions {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a request wants, and how it is to be answered. `forgotten` names what a session is to leave out from now on.
    pub(super) fn begin(
        &self,
        (id, epoch): (i32, i32),
        by_id: bool,
        wanted: Vec<Wanted>,
        forgotten: impl Iterator<Item = Name>,
        now: Instant,
    ) -> Result<(Mode, Vec<Remembered>), ErrorCode> {
        if epoch == FINAL_EPOCH || epoch == INITIAL_EPOCH {
            if id != 0 {
                self.table().remove(id);
            }
            let mode = if epoch == INITIAL_EPOCH { Mode::New } else { Mode::Full };
            return Ok((mode, wanted.into_iter().map(|wanted| (wanted, None)).collect()));
        }
        let mut table = self.table();
        let session = table.sessions.get(&id).cloned().ok_or(ErrorCode::FetchSessionIdNotFound)?;
        let mut known = lock(&session);
        if known.epoch != epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if known.by_id != by_id {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        let before = known.partitions.len();
        known.update(wanted, forgotten);
        known.epoch = next_epoch(epoch);
        known.used = now;
        table.partition_count = (table.partition_count + known.partitions.len()).saturating_sub(before);
        let grows = known.partitions.len() > before;
        let partitions = known.partitions.clone();
        drop(known);
        if grows && table.partition_count > PARTITIONS_MOST {
            // Its client begins anew, and finds that it has to do without one.
            table.remove(id);
            return Err(ErrorCode::FetchSessionIdNotFound);
        }
        if partitions.is_empty() {
            table.remove(id);
            return Ok((Mode::Full, Vec::new()));
        }
        Ok((Mode::Incremental(SessionRef { id, session }), partitions))
    }

    /// Begins a session with what its client has been told; 0 if there is no room for it.
    pub(super) fn open(
        &self,
        by_id: bool,
        partitions: Vec<Remembered>,
        random: impl Fn() -> i32,
        now: Instant,
    ) -> i32 {
        if partitions.is_empty() {
            return 0;
        }
        let mut table = self.table();
        if !table.make_room(partitions.len(), now) {
            return 0;
        }
        let mut id = random();
        while id <= 0 || table.sessions.contains_key(&id) {
            id = random();
        }
        let mut session = Session {
            epoch: next_epoch(INITIAL_EPOCH),
            by_id,
            partitions,
            places: HashMap::new(),
            used: now,
        };
        session.index();
        table.partition_count += session.partitions.len();
        table.sessions.insert(id, Arc::new(Mutex::new(session)));
        id
    }
}

impl Table {
    fn remove(&mut self, id: i32) {
        if let Some(session) = self.sessions.remove(&id) {
            self.partition_count = self.partition_count.saturating_sub(lock(&session).partitions.len());
        }
    }

    /// Whether there is room for a session of so many partitions, be it that an old one goes for it.
    fn make_room(&mut self, partitions: usize, now: Instant) -> bool {
        while self.sessions.len() >= SLOTS || self.partition_count + partitions > PARTITIONS_MOST {
            let oldest = self.sessions.iter().map(|(&id, session)| (lock(session).used, id)).min();
            match oldest {
                Some((used, id)) if now.duration_since(used) >= IDLE_BEFORE_EVICTION => self.remove(id),
                _ => return false,
            }
        }
        true
    }
}

/// The epoch of the next request: 0 begins a session, so it is left out when the numbers start over.
fn next_epoch(epoch: i32) -> i32 {
    if epoch == i32::MAX { 1 } else { epoch + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Offset, PartitionId, Uuid};
    use kafka_protocol::messages::TopicName;
    use kafka_protocol::protocol::StrBytes;
    use std::cell::Cell;

    fn wanted(partition: i32, offset: i64) -> Wanted {
        let topic = TopicName(StrBytes::from_static_str("t"));
        Wanted {
            name: Name { topic, topic_id: Uuid::ZERO, partition: PartitionId(partition) },
            offset: Offset::new(offset),
            bytes_max: 10,
            leader_epoch: -1,
            last_fetched_epoch: -1,
        }
    }

    fn open(sessions: &Sessions, count: i32, now: Instant) -> i32 {
        let next = Cell::new(1);
        let partitions = (0..count).map(|partition| (wanted(partition, 0), None)).collect();
        sessions.open(false, partitions, || next.replace(next.get() + 1), now)
    }

    fn begin(
        sessions: &Sessions,
        session: (i32, i32),
        changed: Vec<Wanted>,
        gone: &[i32],
        now: Instant,
    ) -> Result<Vec<(i32, i64)>, ErrorCode> {
        let gone: Vec<Name> = gone.iter().map(|&partition| wanted(partition, 0).name).collect();
        let (_, partitions) = sessions.begin(session, false, changed, gone.into_iter(), now)?;
        Ok(partitions.iter().map(|(wanted, _)| (wanted.name.partition.0, wanted.offset.get())).collect())
    }

    #[test]
    fn a_session_remembers_and_takes_changes() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let id = open(&sessions, 3, now);
        assert_eq!(begin(&sessions, (id, 1), Vec::new(), &[], now), Ok(vec![(0, 0), (1, 0), (2, 0)]));
        let changed = vec![wanted(1, 7), wanted(5, 0)];
        assert_eq!(begin(&sessions, (id, 2), changed, &[0], now), Ok(vec![(1, 7), (2, 0), (5, 0)]));
        assert_eq!(begin(&sessions, (id, 2), Vec::new(), &[], now), Err(ErrorCode::InvalidFetchSessionEpoch));
        let mode = sessions.begin((id, 3), true, Vec::new(), std::iter::empty(), now);
        assert_eq!(mode.unwrap_err(), ErrorCode::FetchSessionTopicIdError);
        assert_eq!(begin(&sessions, (id, 3), Vec::new(), &[1, 2, 5], now), Ok(Vec::new()));
        assert_eq!(begin(&sessions, (id, 4), Vec::new(), &[], now), Err(ErrorCode::FetchSessionIdNotFound));
    }

    #[test]
    fn those_that_were_served_go_behind_the_others() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let id = open(&sessions, 3, now);
        let Ok((Mode::Incremental(session), _)) =
            sessions.begin((id, 1), false, vec![], std::iter::empty(), now)
        else {
            panic!("a session goes on");
        };
        let told = Some(Told { high_watermark: 4, log_start: 0 });
        session.note(&[(wanted(0, 0).name, told, true), (wanted(2, 0).name, told, false)]);
        let (_, partitions) = sessions.begin((id, 2), false, vec![], std::iter::empty(), now).unwrap();
        let order: Vec<_> = partitions.iter().map(|(w, told)| (w.name.partition.0, told.is_some())).collect();
        assert_eq!(order, [(1, false), (2, true), (0, true)]);
    }

    #[test]
    fn a_full_table_takes_no_new_session_until_an_old_one_is_idle() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        for _ in 0..SLOTS {
            assert_ne!(open(&sessions, 1, now), 0);
        }
        assert_eq!(open(&sessions, 1, now + Duration::from_secs(119)), 0);
        assert_ne!(open(&sessions, 1, now + Duration::from_secs(120)), 0);
        assert_eq!(sessions.table().sessions.len(), SLOTS);
        assert_eq!(open(&Sessions::default(), 400_001, now), 0);
    }
}
