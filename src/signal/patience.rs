//! Patience with locks: a process that was asked to end may need a lock once more, to write what it has or to leave its group.
//! If that lock isn't given back, because its holder was stopped, it ends without.
//!
//! A thread that waits for a lock can't be called back, and the signal may reach another one. So the clock looks, once a
//! second from the signal on, whether all that waits still waits. Ending then is what a crash does: what was written
//! stays, nothing was said to be written that isn't, and the system gives this process's own locks back.

use super::end::received;
use super::system::{handle_with, keeping_errno};
use std::sync::atomic::{AtomicU32, Ordering};

/// So many looks in a row, a second apart, find a wait that doesn't end.
const PATIENCE_S: u32 = 5;
const LAST_WORDS: &[u8] = b"kt: gave up waiting for a lock that another process holds\n";

/// How many threads wait for a lock that somebody holds.
static WAITING: AtomicU32 = AtomicU32::new(0);
/// How many such waits have ended.
static ENDED: AtomicU32 = AtomicU32::new(0);
/// What `ENDED` was at the last look.
static ENDED_BEFORE: AtomicU32 = AtomicU32::new(0);
static LOOKS_IN_VAIN: AtomicU32 = AtomicU32::new(0);

/// A thread waits for a lock that somebody holds, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Waiting(());

impl Waiting {
    pub(crate) fn begin() -> Waiting {
        WAITING.fetch_add(1, Ordering::SeqCst);
        Waiting(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::SeqCst);
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// To be called before the first signal that asks to end.
pub(super) fn install() {
    handle_with(libc::SIGALRM, look, libc::SA_RESTART);
}

/// Begins to look; from a handler.
pub(super) fn begin() {
    look_in_a_second();
}

extern "C" fn look(_signal: libc::c_int) {
    let ended = ENDED.load(Ordering::SeqCst);
    let goes_on = ENDED_BEFORE.swap(ended, Ordering::SeqCst) != ended;
    if goes_on || WAITING.load(Ordering::SeqCst) == 0 {
        LOOKS_IN_VAIN.store(0, Ordering::SeqCst);
    } else if LOOKS_IN_VAIN.fetch_add(1, Ordering::SeqCst) >= PATIENCE_S {
        // SAFETY: a constant is written, and the process ended without running any more of its code.
        unsafe {
            libc::write(libc::STDERR_FILENO, LAST_WORDS.as_ptr().cast(), LAST_WORDS.len());
            libc::_exit(128 + received().unwrap_or(libc::SIGTERM));
        }
    }
    look_in_a_second();
}

fn look_in_a_second() {
    // SAFETY: alarm touches no memory.
    keeping_errno(|| unsafe {
        libc::alarm(1);
    });
}
