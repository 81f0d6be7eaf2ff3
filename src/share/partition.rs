//! `SharePartition`: which records of a partition a share group is at work on, who has each and how often it was
//! delivered. A member acquires records for a while, then says what has become of them; what it doesn't say in time, or
//! dies with, others get.
//!
//! Every operation first takes back what is overdue. Cost: linear in the number of runs, which the limit of records in
//! flight bounds. Source: KIP-932 ("In-flight records"); throttling as observed with Kafka 4.2.

use super::ranges::{Delivery, Lock, Range, Ranges};
use super::records::{Fate, StateBatch};
use super::state::{ShareState, finished_count};
use crate::types::{Offset, TimestampMs};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the brokers' and the group's configurations allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// `group.share.delivery.count.limit`
    pub(crate) delivery_count_max: i16,
    /// `group.share.partition.max.record.locks`: how many records there may be from the first unfinished one to the last
    /// delivered.
    pub(crate) in_flight_max: i64,
    /// `share.record.lock.duration.ms`
    pub(crate) lock_ms: i64,
}

/// A share group's work on a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SharePartition {
    /// The first record that is not finished.
    pub(super) start: Offset,
    /// Behind the last record that was ever delivered.
    pub(super) end: Offset,
    pub(super) ranges: Ranges,
}

/// A member's wish for records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acquire<'a> {
    pub(crate) member: &'a str,
    /// Behind the last record that may be read.
    pub(crate) log_end: Offset,
    pub(crate) count_max: i64,
}

/// Records, `first` to `last` inclusive, that a member has until its lock ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acquired {
    pub(crate) first: Offset,
    pub(crate) last: Offset,
    /// This delivery included.
    pub(crate) delivery_count: i16,
}

/// What a member says of records that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AcknowledgeType {
    Accept,
    /// Somebody is to get them again.
    Release,
    /// Nobody is.
    Reject,
    /// There are no records at these offsets.
    Gap,
    /// The lock begins anew.
    Renew,
}

/// What a member says of records `first` to `last`, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledgement {
    pub(crate) first: Offset,
    pub(crate) last: Offset,
    pub(crate) what: AcknowledgeType,
}

/// What is to be written of a change. The start is the one before the change, as Kafka writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) start: Offset,
    pub(crate) batches: Vec<StateBatch>,
    /// How many records from `start` on are finished now.
    pub(crate) complete_count: i32,
}

impl Change {
    /// Whether somebody can get what it is about.
    pub(crate) fn has_released(&self) -> bool {
        self.batches.iter().any(|batch| batch.fate == Fate::Available)
    }
}

impl SharePartition {
    /// As the state tells it; where no record was delivered yet, from `initial` on.
    pub(crate) fn load(state: &ShareState, initial: Offset) -> SharePartition {
        let start = state.start.unwrap_or(initial);
        let mut partition = SharePartition { start, end: start, ranges: Ranges::default() };
        for batch in state.batches.iter().filter(|batch| batch.last >= start) {
            let first = batch.first.max(start);
            if first > partition.end {
                // Delivered, maybe, and nothing was heard of it.
                partition.append(first, Delivery::Settled(Fate::Available), 0);
            }
            partition.append(batch.last.next(), Delivery::Settled(batch.fate), batch.delivery_count);
        }
        partition.advance();
        partition
    }

    /// Catches up with a state that others have written since: what is finished there is finished here.
    pub(crate) fn catch_up(&mut self, state: &ShareState) {
        for batch in &state.batches {
            if batch.last >= self.end {
                self.append(batch.last.next(), Delivery::Settled(Fate::Available), 0);
            }
            self.ranges.change(batch.first, batch.last, |range| match range.delivery {
                Delivery::Acquired(_) if !batch.fate.is_finished() => range,
                _ => Range { delivery: Delivery::Settled(batch.fate), count: batch.delivery_count, ..range },
            });
        }
        if let Some(start) = state.start {
            self.skip_to(start);
        }
        self.advance();
    }

    /// Adds records from `end` to the new end, exclusive.
    fn append(&mut self, end: Offset, delivery: Delivery, count: i16) {
        let first = self.end.max(self.start);
        if end > first {
            let batch_size = end.since(first);
            self.ranges.push(Range { first, last: end.plus(-1), delivery, count, batch_size });
            self.end = end;
        }
    }

    #[cfg(test)]
    pub(crate) fn start(&self) -> Offset {
        self.start
    }

    /// Whether new records may be delivered.
    pub(crate) fn has_room(&self, limits: &Limits) -> bool {
        self.end.since(self.start) < limits.in_flight_max
    }

    /// The first record that nobody has, or behind the last that was delivered.
    pub(crate) fn next_available(&self) -> Offset {
        let available = |range: &&Range| range.delivery.fate() == Some(Fate::Available);
        self.ranges.iter().find(available).map_or(self.end, |range| range.first)
    }

    /// Whether a member has every record of which it says something; those that are finished and over count as well.
    pub(crate) fn has(&self, member: &str, word: &Acknowledgement) -> bool {
        let first = word.first.max(self.start);
        let concerned = self.ranges.iter().filter(|range| range.last >= first && range.first <= word.last);
        word.last < self.end
            && (word.last < self.start
                || concerned.into_iter().all(|range| range.delivery.is_held_by(member)))
    }

    /// Who has records.
    pub(crate) fn holders(&self) -> BTreeSet<Arc<str>> {
        self.ranges.iter().filter_map(|range| Some(Arc::clone(&range.delivery.lock()?.member))).collect()
    }

    /// When the first of the locks ends.
    pub(crate) fn next_deadline(&self) -> Option<TimestampMs> {
        self.ranges.iter().filter_map(|range| Some(range.delivery.lock()?.until)).min()
    }

    /// Forgets records that the log has no more: everything before `log_start`.
    pub(crate) fn skip_to(&mut self, log_start: Offset) {
        if log_start > self.start {
            self.start = log_start;
            self.end = self.end.max(log_start);
            self.ranges.cut_before(log_start);
            self.advance();
        }
    }

    /// Gives a member records that nobody has: those released before, then new ones. Records that keep failing come in
    /// ever smaller parts, and on their last delivery one by one, so that a bad one doesn't take others with it.
    pub(crate) fn acquire(&mut self, wish: Acquire<'_>, limits: &Limits, now: TimestampMs) -> Vec<Acquired> {
        let lock =
            Lock { member: Arc::from(wish.member), until: TimestampMs(now.0.saturating_add(limits.lock_ms)) };
        let mut left = wish.count_max;
        let mut acquired = Vec::new();
        let mut throttled = false;
        for range in self.ranges.iter() {
            if left <= 0 || throttled || range.first >= wish.log_end {
                break;
            }
            if range.delivery.fate() != Some(Fate::Available) {
                continue;
            }
            let part = part_at_once(range, limits.delivery_count_max);
            throttled = part.is_some();
            let readable = wish.log_end.since(range.first);
            let count = range.len().min(left).min(readable).min(part.unwrap_or(i64::MAX));
            left -= count;
            let delivery_count = range.count.saturating_add(1);
            acquired.push(Acquired { first: range.first, last: range.first.plus(count - 1), delivery_count });
        }
        for part in &acquired {
            self.ranges.change(part.first, part.last, |range| Range {
                delivery: Delivery::Acquired(lock.clone()),
                count: part.delivery_count,
                ..range
            });
        }
        if !throttled {
            let room = limits.in_flight_max.saturating_sub(self.end.since(self.start));
            let count = wish.log_end.since(self.end).min(left).min(room);
            if count > 0 {
                let (first, end) = (self.end, self.end.plus(count));
                self.append(end, Delivery::Acquired(lock), 1);
                acquired.push(Acquired { first, last: end.plus(-1), delivery_count: 1 });
            }
        }
        acquired
    }

    /// Takes a member at its word about records that it has. What it hasn't any more stays as it is. `None` where nothing
    /// is to be written.
    pub(crate) fn acknowledge(
        &mut self,
        member: &str,
        words: &[Acknowledgement],
        limits: &Limits,
        now: TimestampMs,
    ) -> Option<Change> {
        let mut changed = Vec::new();
        for word in words {
            self.ranges.change(word.first, word.last, |range| {
                let Some(lock) = range.delivery.lock().filter(|lock| &*lock.member == member) else {
                    return range;
                };
                let fate = match word.what {
                    AcknowledgeType::Accept => Fate::Acknowledged,
                    AcknowledgeType::Release => after_release(range.count, limits),
                    AcknowledgeType::Reject | AcknowledgeType::Gap => Fate::Archived,
                    AcknowledgeType::Renew => {
                        let until = TimestampMs(now.0.saturating_add(limits.lock_ms));
                        return Range {
                            delivery: Delivery::Acquired(Lock { until, ..lock.clone() }),
                            ..range
                        };
                    }
                };
                settle(range, fate, &mut changed)
            });
        }
        self.changed(changed)
    }

    /// Takes back what a member has: it is dead, or has left.
    pub(crate) fn release(&mut self, member: &str, limits: &Limits) -> Option<Change> {
        self.release_where(|delivery| delivery.is_held_by(member), limits)
    }

    /// Takes back what is overdue.
    pub(crate) fn expire(&mut self, limits: &Limits, now: TimestampMs) -> Option<Change> {
        self.release_where(|delivery| delivery.lock().is_some_and(|lock| lock.until <= now), limits)
    }

    fn release_where(&mut self, is_meant: impl Fn(&Delivery) -> bool, limits: &Limits) -> Option<Change> {
        if !self.ranges.iter().any(|range| is_meant(&range.delivery)) {
            return None;
        }
        let mut changed = Vec::new();
        self.ranges.change(self.start, self.end, |range| {
            if is_meant(&range.delivery) {
                let fate = after_release(range.count, limits);
                settle(range, fate, &mut changed)
            } else {
                range
            }
        });
        self.changed(changed)
    }

    /// What is to be written, and the start moved on.
    fn changed(&mut self, batches: Vec<StateBatch>) -> Option<Change> {
        if batches.is_empty() {
            return None;
        }
        let finished = self.ranges.iter().filter_map(|range| Some((range.delivery.fate()?, range.len())));
        let complete_count = finished_count(finished);
        let change = Change { start: self.start, batches: joined(batches), complete_count };
        self.advance();
        Some(change)
    }

    /// Moves the start over what is finished.
    fn advance(&mut self) {
        let is_open = |range: &&Range| !range.delivery.fate().is_some_and(Fate::is_finished);
        self.start = self.ranges.iter().find(is_open).map_or(self.end, |range| range.first);
        self.ranges.cut_before(self.start);
    }
}

/// Released records are given up once they were delivered as often as may be.
fn after_release(count: i16, limits: &Limits) -> Fate {
    if count >= limits.delivery_count_max { Fate::Archived } else { Fate::Available }
}

/// How many of records that have failed often are to be delivered together; `None` for all.
fn part_at_once(range: &Range, delivery_count_max: i16) -> Option<i64> {
    let throttled_from = (delivery_count_max / 2 + delivery_count_max % 2).max(2);
    if range.count < throttled_from {
        None
    } else if range.count >= delivery_count_max.saturating_sub(1) {
        Some(1)
    } else {
        let halvings = u32::try_from(range.count - throttled_from).unwrap_or(0).saturating_add(1);
        Some(range.batch_size.checked_shr(halvings).unwrap_or(0).max(1))
    }
}

fn settle(range: Range, fate: Fate, changed: &mut Vec<StateBatch>) -> Range {
    changed.push(StateBatch { first: range.first, last: range.last, fate, delivery_count: range.count });
    Range { delivery: Delivery::Settled(fate), ..range }
}

/// Sorts batches; neighbours that have fared alike become one.
fn joined(mut batches: Vec<StateBatch>) -> Vec<StateBatch> {
    batches.sort_by_key(|batch| batch.first);
    let mut joined: Vec<StateBatch> = Vec::with_capacity(batches.len());
    for batch in batches {
        match joined.last_mut() {
            Some(last)
                if last.last.next() == batch.first
                    && last.fate == batch.fate
                    && last.delivery_count == batch.delivery_count =>
            {
                last.last = batch.last;
            }
            _ => joined.push(batch),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { delivery_count_max: 5, in_flight_max: 20, lock_ms: 100 };
    const NOW: TimestampMs = TimestampMs(1000);

    fn empty() -> SharePartition {
        SharePartition { start: Offset::ZERO, end: Offset::ZERO, ranges: Ranges::default() }
    }

    fn acquire(
        partition: &mut SharePartition,
        member: &str,
        log_end: i64,
        count_max: i64,
    ) -> Vec<(i64, i64, i16)> {
        let wish = Acquire { member, log_end: Offset::new(log_end), count_max };
        let acquired = partition.acquire(wish, &LIMITS, NOW);
        acquired.iter().map(|a| (a.first.get(), a.last.get(), a.delivery_count)).collect()
    }

    fn word(first: i64, last: i64, what: AcknowledgeType) -> Acknowledgement {
        Acknowledgement { first: Offset::new(first), last: Offset::new(last), what }
    }

    fn say(partition: &mut SharePartition, member: &str, words: &[Acknowledgement]) -> Option<Change> {
        partition.acknowledge(member, words, &LIMITS, NOW)
    }

    fn batch(first: i64, last: i64, fate: Fate, delivery_count: i16) -> StateBatch {
        StateBatch { first: Offset::new(first), last: Offset::new(last), fate, delivery_count }
    }

    #[test]
    fn what_one_has_no_other_gets() {
        use AcknowledgeType::{Accept, Release};
        let mut partition = empty();
        assert_eq!(acquire(&mut partition, "a", 8, 5), [(0, 4, 1)]);
        assert_eq!(acquire(&mut partition, "b", 8, 5), [(5, 7, 1)]);
        assert_eq!(acquire(&mut partition, "c", 8, 5), []);
        // As Kafka wrote it: the start is the one before.
        let change = say(&mut partition, "a", &[word(0, 2, Accept), word(3, 4, Release)]).unwrap();
        let batches = vec![batch(0, 2, Fate::Acknowledged, 1), batch(3, 4, Fate::Available, 1)];
        assert_eq!(change, Change { start: Offset::ZERO, batches, complete_count: 3 });
        assert_eq!(partition.start(), Offset::new(3));
        assert_eq!(acquire(&mut partition, "c", 8, 1), [(3, 3, 2)]);
        // What another has, nobody speaks for; what is finished stays so.
        assert_eq!(say(&mut partition, "a", &[word(0, 7, Accept)]), None);
        assert!(partition.holders().into_iter().eq([Arc::from("b"), Arc::from("c")]));
        let change = say(&mut partition, "b", &[word(0, 100, AcknowledgeType::Reject)]).unwrap();
        assert_eq!(change.batches, [batch(5, 7, Fate::Archived, 1)]);
        assert_eq!((change.start, change.complete_count), (Offset::new(3), 3));
    }

    #[test]
    fn locks_end_and_are_renewed() {
        let mut partition = empty();
        acquire(&mut partition, "a", 4, 10);
        assert_eq!(partition.next_deadline(), Some(TimestampMs(1100)));
        let renewed = [word(2, 3, AcknowledgeType::Renew)];
        assert_eq!(partition.acknowledge("a", &renewed, &LIMITS, TimestampMs(1050)), None);
        assert_eq!(partition.expire(&LIMITS, TimestampMs(1099)), None);
        let change = partition.expire(&LIMITS, TimestampMs(1100)).unwrap();
        assert_eq!(change.batches, [batch(0, 1, Fate::Available, 1)]);
        assert_eq!(partition.next_deadline(), Some(TimestampMs(1150)));
        assert_eq!(say(&mut partition, "a", &[word(0, 1, AcknowledgeType::Accept)]), None);
        let change = partition.release("a", &LIMITS).unwrap();
        assert_eq!(change.batches, [batch(2, 3, Fate::Available, 1)]);
        assert_eq!(partition.release("a", &LIMITS), None);
    }

    #[test]
    fn what_keeps_failing_comes_in_smaller_parts_and_then_no_more() {
        let mut partition = empty();
        for count in 1..=3 {
            assert_eq!(acquire(&mut partition, "a", 8, 500), [(0, 7, count)]);
            partition.release("a", &LIMITS);
        }
        // As Kafka 4.2 delivered them: half of the eight, the other half, then one at a time.
        assert_eq!(acquire(&mut partition, "a", 8, 500), [(0, 3, 4)]);
        assert_eq!(acquire(&mut partition, "b", 8, 500), [(4, 7, 4)]);
        partition.release("a", &LIMITS);
        partition.release("b", &LIMITS);
        for offset in 0..8 {
            assert_eq!(acquire(&mut partition, "a", 8, 500), [(offset, offset, 5)]);
            let change = partition.release("a", &LIMITS).unwrap();
            assert_eq!(change.batches, [batch(offset, offset, Fate::Archived, 5)]);
            assert_eq!((change.start, change.complete_count), (Offset::new(offset), 1));
        }
        assert_eq!(acquire(&mut partition, "a", 8, 500), []);
        assert_eq!(acquire(&mut partition, "a", 9, 500), [(8, 8, 1)]);
    }

    #[test]
    fn so_many_are_in_flight_and_no_more() {
        let mut partition = empty();
        assert_eq!(acquire(&mut partition, "a", 100, 500), [(0, 19, 1)]);
        say(&mut partition, "a", &[word(1, 10, AcknowledgeType::Accept)]);
        assert_eq!(acquire(&mut partition, "b", 100, 500), [], "the first record holds them up");
        say(&mut partition, "a", &[word(0, 0, AcknowledgeType::Gap)]);
        assert_eq!(acquire(&mut partition, "b", 100, 500), [(20, 30, 1)]);
        // The log lost its beginning, and with it what was in flight.
        partition.skip_to(Offset::new(50));
        assert_eq!((partition.start(), partition.holders().len()), (Offset::new(50), 0));
        assert_eq!(acquire(&mut partition, "b", 100, 5), [(50, 54, 1)]);
    }

    #[test]
    fn a_loaded_state_knows_what_was_said_and_not_who_had_what() {
        let state = |start: Option<i64>, batches: Vec<StateBatch>| ShareState {
            batches,
            ..ShareState::for_tests(start.map(Offset::new))
        };
        let batches = vec![
            batch(2, 3, Fate::Acknowledged, 1),
            batch(6, 6, Fate::Available, 2),
            batch(7, 8, Fate::Archived, 3),
        ];
        let mut partition = SharePartition::load(&state(Some(2), batches.clone()), Offset::new(99));
        assert_eq!(partition.start(), Offset::new(4));
        assert_eq!(acquire(&mut partition, "a", 20, 4), [(4, 5, 1), (6, 6, 3), (9, 9, 1)]);
        let fresh = SharePartition::load(&state(None, Vec::new()), Offset::new(99));
        assert_eq!((fresh.start, fresh.end), (Offset::new(99), Offset::new(99)));
        // Somebody wrote, died, and left what is known here behind.
        let mut behind = empty();
        acquire(&mut behind, "a", 5, 5);
        behind.catch_up(&state(Some(2), batches));
        assert_eq!((behind.start(), behind.end), (Offset::new(4), Offset::new(9)));
        assert_eq!(acquire(&mut behind, "b", 9, 9), [(5, 5, 1), (6, 6, 3)]);
    }
}
