//! `Ranges`: records that were delivered at least once, in runs that have fared alike. The runs cover everything from the
//! first record that is not finished to the last that was delivered, without gaps.

use super::records::Fate;
use crate::types::{Offset, TimestampMs};
use std::sync::Arc;

/// Who has a record, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lock {
    pub(super) member: Arc<str>,
    /// From here on it is another's to have.
    pub(super) until: TimestampMs,
}

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Nobody has it.
    Settled(Fate),
    Acquired(Lock),
}

/// Records `first` to `last`, inclusive, that stand alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: Offset,
    pub(super) last: Offset,
    pub(super) delivery: Delivery,
    /// How often they were delivered.
    pub(super) count: i16,
    /// With how many others they were delivered first: what keeps failing is delivered in ever smaller parts of that.
    pub(super) batch_size: i64,
}

/// Runs in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    ranges: Vec<Range>,
}

impl Delivery {
    /// The fate of what nobody has.
    pub(super) fn fate(&self) -> Option<Fate> {
        match self {
            Delivery::Settled(fate) => Some(*fate),
            Delivery::Acquired(_) => None,
        }
    }

    pub(super) fn lock(&self) -> Option<&Lock> {
        match self {
            Delivery::Settled(_) => None,
            Delivery::Acquired(lock) => Some(lock),
        }
    }

    pub(super) fn is_held_by(&self, member: &str) -> bool {
        self.lock().is_some_and(|lock| &*lock.member == member)
    }
}

impl Range {
    pub(super) fn len(&self) -> i64 {
        self.last.next().since(self.first)
    }

    fn continues(&self, before: &Range) -> bool {
        before.last.next() == self.first
            && before.delivery == self.delivery
            && before.count == self.count
            && before.batch_size == self.batch_size
    }
}

impl Ranges {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Range> {
        self.ranges.iter()
    }

    /// Adds a run behind the last.
    pub(super) fn push(&mut self, range: Range) {
        match self.ranges.last_mut() {
            Some(last) if range.continues(last) => last.last = range.last,
            _ => self.ranges.push(range),
        }
    }

    /// Has `change` look at every run that has something of `first` to `last`, cut to it; what it answers stands there
    /// from now on.
    pub(super) fn change(&mut self, first: Offset, last: Offset, mut change: impl FnMut(Range) -> Range) {
        let old = std::mem::take(&mut self.ranges);
        for range in old {
            if range.last < first || range.first > last {
                self.push(range);
                continue;
            }
            if range.first < first {
                self.push(Range { last: first.plus(-1), ..range.clone() });
            }
            let (begin, end) = (range.first.max(first), range.last.min(last));
            self.push(change(Range { first: begin, last: end, ..range.clone() }));
            if range.last > last {
                self.push(Range { first: last.next(), ..range });
            }
        }
    }

    /// Forgets what lies before `start`.
    pub(super) fn cut_before(&mut self, start: Offset) {
        self.ranges.retain_mut(|range| {
            range.first = range.first.max(start);
            range.first <= range.last
        });
    }
}
