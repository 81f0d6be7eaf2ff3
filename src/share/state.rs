//! `ShareStates`: what the records of a partition of `__share_group_state` add up to, and the record that a change becomes.
//! Source: KIP-932, "Share-partition persistence".

use super::error::Result;
use super::partition::Change;
use super::records::{Fate, ShareKey, ShareRecord, Snapshot, StateBatch, Update};
use crate::types::{LeaderEpoch, Offset, TimestampMs};
use std::collections::BTreeMap;

/// So many updates follow a snapshot before the next one, as in Kafka
/// (`share.coordinator.snapshot.update.records.per.snapshot`).
const UPDATES_PER_SNAPSHOT: u32 = 500;

/// All states of one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShareStates {
    states: BTreeMap<ShareKey, ShareState>,
}

/// What is kept of a group's doings on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShareState {
    pub(crate) snapshot_epoch: i32,
    /// The group's epoch when the state was set up, and when that was: together they tell one set-up from the next.
    pub(crate) state_epoch: i32,
    pub(crate) created: TimestampMs,
    pub(crate) leader_epoch: LeaderEpoch,
    /// The first record that was not finished when the last record was written; `None` before one was delivered.
    pub(crate) start: Option<Offset>,
    /// In order, without overlaps, from `start` on.
    pub(crate) batches: Vec<StateBatch>,
    pub(crate) complete_count: Option<i32>,
    /// Where the last record about it lies.
    pub(crate) written_at: Offset,
    pub(super) updates: u32,
}

impl ShareStates {
    pub(crate) fn get(&self, key: &ShareKey) -> Option<&ShareState> {
        self.states.get(key)
    }

    /// The keys of a group.
    pub(crate) fn keys_of(&self, group: &str) -> Vec<ShareKey> {
        self.states.keys().filter(|key| key.group == group).cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.states.len()
    }

    /// Every state as a snapshot: after these nothing before them is needed any more.
    pub(crate) fn snapshots(&self, now: TimestampMs) -> Vec<ShareRecord> {
        let snapshot = |(key, state): (&ShareKey, &ShareState)| {
            ShareRecord::Snapshot(key.clone(), Some(state.next_snapshot(state.leader_epoch, now)))
        };
        self.states.iter().map(snapshot).collect()
    }

    /// Applies the record at `offset` of the log.
    pub(crate) fn replay(&mut self, key: Option<&[u8]>, value: Option<&[u8]>, offset: Offset) -> Result<()> {
        self.apply(ShareRecord::decode(key, value)?, offset);
        Ok(())
    }

    /// Applies a decoded record.
    pub(crate) fn apply(&mut self, record: ShareRecord, offset: Offset) {
        match record {
            ShareRecord::Snapshot(key, Some(snapshot)) => {
                self.states.insert(key, ShareState::of_snapshot(snapshot, offset));
            }
            ShareRecord::Snapshot(key, None) => {
                self.states.remove(&key);
            }
            ShareRecord::Update(key, Some(update)) => {
                if let Some(state) = self.states.get_mut(&key) {
                    state.update(&update, offset);
                }
            }
            ShareRecord::Update(_, None) | ShareRecord::Unknown => {}
        }
    }

    /// The record that sets a state up, or anew: with nothing delivered, from `start` on if that is known.
    pub(crate) fn initial(
        &self,
        key: ShareKey,
        state_epoch: i32,
        leader_epoch: LeaderEpoch,
        start: Option<Offset>,
        now: TimestampMs,
    ) -> ShareRecord {
        let known = self.states.get(&key);
        let snapshot = Snapshot {
            snapshot_epoch: known.map_or(0, |state| state.snapshot_epoch.saturating_add(1)),
            state_epoch,
            leader_epoch,
            start,
            // No two set-ups of a state have the same time.
            created: known.map_or(now, |state| now.max(TimestampMs(state.created.0.saturating_add(1)))),
            written: now,
            batches: Vec::new(),
            complete_count: None,
        };
        ShareRecord::Snapshot(key, Some(snapshot))
    }

    /// The record that a change of a partition becomes: an update, or from time to time the whole state. `None` where
    /// the state was taken away meanwhile.
    pub(crate) fn changed(
        &self,
        key: &ShareKey,
        change: Change,
        leader_epoch: LeaderEpoch,
        now: TimestampMs,
    ) -> Option<ShareRecord> {
        let state = self.states.get(key)?;
        let update = Update {
            snapshot_epoch: state.snapshot_epoch,
            leader_epoch,
            start: Some(change.start),
            batches: change.batches,
            complete_count: Some(change.complete_count),
        };
        if state.updates < UPDATES_PER_SNAPSHOT {
            return Some(ShareRecord::Update(key.clone(), Some(update)));
        }
        let mut merged = state.clone();
        merged.update(&update, state.written_at);
        Some(ShareRecord::Snapshot(key.clone(), Some(merged.next_snapshot(leader_epoch, now))))
    }
}

impl ShareState {
    fn of_snapshot(snapshot: Snapshot, offset: Offset) -> ShareState {
        let mut state = ShareState {
            snapshot_epoch: snapshot.snapshot_epoch,
            state_epoch: snapshot.state_epoch,
            created: snapshot.created,
            leader_epoch: snapshot.leader_epoch,
            start: snapshot.start,
            batches: Vec::new(),
            complete_count: snapshot.complete_count,
            written_at: offset,
            updates: 0,
        };
        snapshot.batches.iter().for_each(|batch| overlay(&mut state.batches, *batch));
        state
    }

    fn next_snapshot(&self, leader_epoch: LeaderEpoch, now: TimestampMs) -> Snapshot {
        Snapshot {
            snapshot_epoch: self.snapshot_epoch.saturating_add(1),
            state_epoch: self.state_epoch,
            leader_epoch,
            start: self.start,
            created: self.created,
            written: now,
            batches: self.batches.clone(),
            complete_count: self.complete_count,
        }
    }

    /// An update counts over the snapshot that it names.
    fn update(&mut self, update: &Update, offset: Offset) {
        self.written_at = offset;
        if update.snapshot_epoch != self.snapshot_epoch {
            return;
        }
        self.updates = self.updates.saturating_add(1);
        self.leader_epoch = update.leader_epoch;
        self.start = update.start.or(self.start);
        self.complete_count = update.complete_count.or(self.complete_count);
        update.batches.iter().for_each(|batch| overlay(&mut self.batches, *batch));
        if let Some(start) = self.start {
            cut_before(&mut self.batches, start);
        }
    }

    /// A state of no moment, with `start`.
    #[cfg(test)]
    pub(super) fn for_tests(start: Option<Offset>) -> ShareState {
        ShareState {
            snapshot_epoch: 0,
            state_epoch: 1,
            created: TimestampMs(1),
            leader_epoch: LeaderEpoch(0),
            start,
            batches: Vec::new(),
            complete_count: None,
            written_at: Offset::ZERO,
            updates: 0,
        }
    }

    /// How many records up to `end` are still to be finished; `None` before one was delivered.
    pub(crate) fn lag(&self, end: Offset) -> Option<i64> {
        Some(end.since(self.start?) - i64::from(self.complete_count?))
    }
}

/// Puts `new` over what it overlaps. Neighbours that have fared alike become one.
fn overlay(batches: &mut Vec<StateBatch>, new: StateBatch) {
    let mut parts = Vec::with_capacity(batches.len() + 2);
    parts.extend(batches.iter().filter_map(|old| part(old, Offset::ZERO, new.first)));
    parts.push(new);
    parts.extend(batches.iter().filter_map(|old| part(old, new.last.next(), Offset::MAX)));
    batches.clear();
    for batch in parts {
        match batches.last_mut() {
            Some(before)
                if before.last.next() == batch.first
                    && before.fate == batch.fate
                    && before.delivery_count == batch.delivery_count =>
            {
                before.last = batch.last;
            }
            _ => batches.push(batch),
        }
    }
}

/// What of a batch lies in `from` to `end`, exclusive.
fn part(batch: &StateBatch, from: Offset, end: Offset) -> Option<StateBatch> {
    let first = batch.first.max(from);
    let last = batch.last.min(end.plus(-1));
    (first <= last).then_some(StateBatch { first, last, ..*batch })
}

fn cut_before(batches: &mut Vec<StateBatch>, start: Offset) {
    *batches = batches.iter().filter_map(|batch| part(batch, start, Offset::MAX)).collect();
}

/// How many records of `batches` are finished.
pub(super) fn finished_count(batches: impl Iterator<Item = (Fate, i64)>) -> i32 {
    let count: i64 = batches.filter(|(fate, _)| fate.is_finished()).map(|(_, count)| count).sum();
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{PartitionId, Uuid};

    fn batch(first: i64, last: i64, fate: Fate, delivery_count: i16) -> StateBatch {
        StateBatch { first: Offset::new(first), last: Offset::new(last), fate, delivery_count }
    }

    fn change(start: i64, batches: Vec<StateBatch>, complete_count: i32) -> Change {
        Change { start: Offset::new(start), batches, complete_count }
    }

    fn key() -> ShareKey {
        ShareKey { group: "g".to_owned(), topic_id: Uuid::METADATA_TOPIC, partition: PartitionId(0) }
    }

    fn write(states: &mut ShareStates, record: ShareRecord, offset: &mut i64) {
        *offset += 1;
        let (key, value) = record.encode().unwrap().unwrap();
        states.replay(Some(&key), value.as_deref(), Offset::new(*offset)).unwrap();
    }

    #[test]
    fn updates_add_up_as_kafka_added_them() {
        // The states that the recorded group went through: all delivered, three and seven released twice, then accepted.
        let mut states = ShareStates::default();
        let mut offset = -1;
        let epoch = LeaderEpoch(0);
        let initial = states.initial(key(), 1, epoch, None, TimestampMs(5));
        write(&mut states, initial, &mut offset);
        assert_eq!(
            (states.get(&key()).unwrap().start, states.get(&key()).unwrap().lag(Offset::new(10))),
            (None, None)
        );
        let accepted = |first, last| batch(first, last, Fate::Acknowledged, 1);
        let first = vec![
            accepted(0, 1),
            batch(2, 2, Fate::Archived, 1),
            batch(3, 3, Fate::Available, 1),
            accepted(4, 5),
            batch(6, 6, Fate::Archived, 1),
            batch(7, 7, Fate::Available, 1),
            accepted(8, 9),
        ];
        let again = |fate, count| vec![batch(3, 3, fate, count), batch(7, 7, fate, count)];
        for (change, lag) in [
            (change(0, first, 8), 2),
            (change(3, again(Fate::Available, 2), 5), 2),
            (change(3, again(Fate::Acknowledged, 3), 7), 0),
        ] {
            let record = states.changed(&key(), change, epoch, TimestampMs(6)).unwrap();
            write(&mut states, record, &mut offset);
            assert_eq!(states.get(&key()).unwrap().lag(Offset::new(10)), Some(lag));
        }
        let state = states.get(&key()).unwrap();
        assert_eq!((state.start, state.written_at), (Some(Offset::new(3)), Offset::new(3)));
        let expected = vec![
            batch(3, 3, Fate::Acknowledged, 3),
            accepted(4, 5),
            batch(6, 6, Fate::Archived, 1),
            batch(7, 7, Fate::Acknowledged, 3),
            accepted(8, 9),
        ];
        assert_eq!(state.batches, expected);
        let tombstone = ShareRecord::Snapshot(key(), None);
        write(&mut states, tombstone, &mut offset);
        assert!(states.get(&key()).is_none() && states.keys_of("g").is_empty());
    }

    #[test]
    fn many_updates_become_a_snapshot_that_says_the_same() {
        let (mut states, mut whole) = (ShareStates::default(), ShareStates::default());
        let mut offset = -1;
        let initial = states.initial(key(), 1, LeaderEpoch(0), Some(Offset::ZERO), TimestampMs(5));
        whole.apply(initial.clone(), Offset::ZERO);
        write(&mut states, initial, &mut offset);
        let mut snapshots = 0;
        for number in 0..1200 {
            let batches = vec![batch(number * 2 + 1, number * 2 + 1, Fate::Acknowledged, 1)];
            let record =
                states.changed(&key(), change(0, batches, 1), LeaderEpoch(0), TimestampMs(7)).unwrap();
            snapshots += i32::from(matches!(record, ShareRecord::Snapshot(..)));
            if let ShareRecord::Update(key, Some(update)) = &record {
                let update = Update { snapshot_epoch: 0, ..update.clone() };
                whole.apply(ShareRecord::Update(key.clone(), Some(update)), Offset::ZERO);
            } else {
                let last = batch(number * 2 + 1, number * 2 + 1, Fate::Acknowledged, 1);
                overlay(&mut whole.states.get_mut(&key()).unwrap().batches, last);
            }
            write(&mut states, record, &mut offset);
        }
        assert_eq!(snapshots, 2);
        assert_eq!(states.get(&key()).unwrap().batches, whole.get(&key()).unwrap().batches);
        assert_eq!(states.get(&key()).unwrap().snapshot_epoch, 2);
    }

    #[test]
    fn snapshots_of_all_states_say_all_there_is() {
        let (mut states, mut offset) = (ShareStates::default(), -1);
        let initial = states.initial(key(), 1, LeaderEpoch(0), Some(Offset::ZERO), TimestampMs(5));
        write(&mut states, initial, &mut offset);
        let batches = vec![batch(0, 3, Fate::Acknowledged, 1), batch(4, 4, Fate::Available, 2)];
        let record = states.changed(&key(), change(0, batches, 4), LeaderEpoch(0), TimestampMs(6)).unwrap();
        write(&mut states, record, &mut offset);
        let mut anew = ShareStates::default();
        let snapshots = states.snapshots(TimestampMs(7));
        assert_eq!(snapshots.len(), states.count());
        snapshots.into_iter().for_each(|snapshot| write(&mut anew, snapshot, &mut offset));
        let (before, after) = (states.get(&key()).unwrap(), anew.get(&key()).unwrap());
        assert_eq!(
            (&before.batches, before.start, before.created),
            (&after.batches, after.start, after.created)
        );
        assert_eq!((after.snapshot_epoch, after.lag(Offset::new(5))), (1, Some(1)));
    }

    #[test]
    fn an_update_of_another_snapshot_changes_nothing() {
        let mut states = ShareStates::default();
        let initial = states.initial(key(), 1, LeaderEpoch(0), Some(Offset::ZERO), TimestampMs(5));
        states.apply(initial, Offset::ZERO);
        let anew = states.initial(key(), 1, LeaderEpoch(0), Some(Offset::new(9)), TimestampMs(5));
        let old = change(0, vec![batch(0, 9, Fate::Acknowledged, 1)], 10);
        let late = states.changed(&key(), old, LeaderEpoch(0), TimestampMs(5)).unwrap();
        states.apply(anew, Offset::new(1));
        let before = states.get(&key()).unwrap().clone();
        assert_eq!((before.snapshot_epoch, before.created), (1, TimestampMs(6)));
        states.apply(late, Offset::new(2));
        assert_eq!(states.get(&key()).unwrap().batches, before.batches);
        assert_eq!(states.get(&key()).unwrap().start, Some(Offset::new(9)));
    }
}
