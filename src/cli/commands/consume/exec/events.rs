//! Sleeping until a command has something to say, a signal comes, or it is time.

use super::process::Process;
use crate::signal::Bell;
use std::time::{Duration, Instant};

/// Sleeps until one of these happens. May return for no reason.
pub(super) fn wait<'p>(bell: &Bell, processes: impl Iterator<Item = &'p Process>, until: Option<Instant>) {
    let mut all = vec![libc::pollfd { fd: bell.descriptor(), events: libc::POLLIN, revents: 0 }];
    processes.for_each(|process| process.interests(&mut all));
    // SAFETY: the list is a whole one and outlives the call. An error is as good as an event: everything is looked at.
    unsafe { libc::poll(all.as_mut_ptr(), all.len() as libc::nfds_t, timeout_ms(until)) };
    bell.answer();
}

/// Whole milliseconds, rounded up so that it is time when they are over.
fn timeout_ms(until: Option<Instant>) -> libc::c_int {
    let Some(until) = until else { return -1 };
    let left = until.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
    libc::c_int::try_from(left.as_millis()).unwrap_or(libc::c_int::MAX)
}
