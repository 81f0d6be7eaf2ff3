//! `Idle`: things that are costly to make and that one thread at a time works with, kept for the next.

use std::sync::{Mutex, PoisonError};

/// More than these are not kept.
const KEPT: usize = 8;

/// What nobody uses just now.
pub(super) struct Idle<T> {
    kept: Mutex<Vec<T>>,
}

impl<T> Default for Idle<T> {
    fn default() -> Idle<T> {
        Idle { kept: Mutex::default() }
    }
}

impl<T> Idle<T> {
    /// The one that was used last.
    pub(super) fn take(&self) -> Option<T> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn put(&self, one: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(one);
        } else {
            // It may take locks to end it.
            drop(kept);
            drop(one);
        }
    }
}
