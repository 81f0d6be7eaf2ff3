//! `Offset`: a record's place in its partition.

use std::fmt;

/// A record's place in its partition, counted from 0. As the end of a range it is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Offset(i64);

impl Offset {
    pub(crate) const ZERO: Offset = Offset(0);
    pub(crate) const MAX: Offset = Offset(i64::MAX);

    /// Takes any number: offsets read from files may be negative, and callers compare before they use them.
    pub(crate) const fn new(value: i64) -> Offset {
        Offset(value)
    }

    pub(crate) const fn get(self) -> i64 {
        self.0
    }

    /// The offset after this one; saturates at the end of the range.
    pub(crate) const fn next(self) -> Offset {
        Offset(self.0.saturating_add(1))
    }

    /// This offset moved by `delta`; saturates.
    pub(crate) const fn plus(self, delta: i64) -> Offset {
        Offset(self.0.saturating_add(delta))
    }

    /// How many offsets lie between `earlier` and this one; negative if it is the later.
    pub(crate) const fn since(self, earlier: Offset) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
