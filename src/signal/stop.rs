//! The stop key: a process that its terminal stops while it holds a lock would hold up everybody else until it goes on. So
//! the stop is put off until it holds none.
//!
//! How many locks are held, or waited for, and what is known of a stop are one word: none is taken between finding that none
//! is held and stopping. Without a stop a lock costs two atomic operations and no system call. SIGSTOP can't be put off.

use super::system::{handle_with, is_default, keeping_errno};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::thread;

/// A stop was asked for and is put off.
const ASKED: u32 = 1;
/// A thread is about to stop the process, or has just seen it go on. No lock is taken meanwhile.
const STOPPING: u32 = 2;
/// The lowest bit of the number of locks.
const LOCK: u32 = 4;

static STATE: AtomicU32 = AtomicU32::new(0);
/// The signal that asked last.
static ASKED_BY: AtomicI32 = AtomicI32::new(libc::SIGTSTP);

/// A time in which no terminal stops this process. To be begun before a lock is asked for, and to be dropped when it has been
/// given back.
#[derive(Debug)]
pub(crate) struct Unstopped(());

impl Unstopped {
    pub(crate) fn begin() -> Unstopped {
        let one_more = |state| (state & STOPPING == 0).then_some(state + LOCK);
        while STATE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_err() {
            thread::yield_now();
        }
        Unstopped(())
    }
}

impl Drop for Unstopped {
    fn drop(&mut self) {
        if STATE.fetch_sub(LOCK, Ordering::SeqCst) == LOCK | ASKED {
            stop_if_asked();
        }
    }
}

/// Has stops by the terminal put off. Whoever started this process may have it ignore them: then that remains so.
pub(crate) fn put_off_stops() {
    for signal in [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU] {
        if is_default(signal) {
            handle_with(signal, asked, libc::SA_RESTART);
            handle_with(libc::SIGCONT, told_to_go_on, libc::SA_RESTART);
        }
    }
}

extern "C" fn asked(signal: libc::c_int) {
    ASKED_BY.store(signal, Ordering::SeqCst);
    STATE.fetch_or(ASKED, Ordering::SeqCst);
    keeping_errno(stop_if_asked);
}

/// A stop that is still put off is not wanted any more.
extern "C" fn told_to_go_on(_signal: libc::c_int) {
    STATE.fetch_and(!ASKED, Ordering::SeqCst);
}

/// Stops the process unless a lock is held; of several threads one does so. Returns when it goes on. May be called in a
/// handler.
fn stop_if_asked() {
    if STATE.compare_exchange(ASKED, STOPPING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        stop(ASKED_BY.load(Ordering::SeqCst));
        // What was asked for meanwhile has been done with this.
        STATE.fetch_and(!(STOPPING | ASKED), Ordering::SeqCst);
    }
}

/// Does what the signal does to a process that has no handler for it: so whoever waits for this process is told why it stopped,
/// and one that nobody could ever let go on is not stopped.
fn stop(signal: libc::c_int) {
    // SAFETY: all structures are plain data that outlives the calls, each of which may be made in a handler.
    unsafe {
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        let mut ours: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, &raw const default, &raw mut ours);
        let mut this: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut this);
        libc::sigaddset(&raw mut this, signal);
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const this, &raw mut before);
        libc::raise(signal);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        libc::sigaction(signal, &raw const ours, ptr::null_mut());
    }
}
