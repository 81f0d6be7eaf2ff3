//! SIGINT and SIGTERM: asked to stop, a command finishes what it does and leaves cleanly.
//!
//! The handler raises a flag and bumps the word that a follower sleeps on, so that no wake-up is lost between
//! looking at the flag and falling asleep. Everything it calls is async-signal-safe. A thread of this process ends a sleep
//! in the same way.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

static RECEIVED: AtomicI32 = AtomicI32::new(0);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);
static WAKE_WORD: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

/// Makes SIGINT and SIGTERM raise the flag instead of killing. System calls in progress end with `EINTR`.
/// SIGPIPE is ignored already by Rust's start-up code.
pub(crate) fn install() {
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the structure is zeroed plain data, and the handler only touches atomics and makes one system call.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handle as extern "C" fn(libc::c_int) as usize;
            libc::sigaction(signal, &action, ptr::null_mut());
        }
    }
}

/// Has a write beyond the file size limit answer with an error instead of killing the process.
pub(crate) fn ignore_file_size_limit() {
    // SAFETY: setting a disposition to SIG_IGN touches no memory of ours.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// The signal that asked this process to stop, if one did.
pub(crate) fn received() -> Option<i32> {
    match RECEIVED.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// Ends every wait for records in this process, now and from here on; for threads that see a reason to stop.
pub(crate) fn interrupt() {
    INTERRUPTED.store(true, Ordering::SeqCst);
    wake();
}

/// Whether a signal or [`interrupt`] has asked to stop waiting.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst) || received().is_some()
}

/// Has a signal bump `word` and wake who sleeps on it. The word must live as long as the process.
pub(crate) fn wake_on_signal(word: &'static AtomicU32) {
    WAKE_WORD.store(ptr::from_ref(word).cast_mut(), Ordering::SeqCst);
}

extern "C" fn handle(signal: libc::c_int) {
    RECEIVED.store(signal, Ordering::SeqCst);
    wake();
}

fn wake() {
    let word = WAKE_WORD.load(Ordering::SeqCst);
    if word.is_null() {
        return;
    }
    // SAFETY: the pointer came from a 'static reference.
    let word = unsafe { &*word };
    word.fetch_add(1, Ordering::SeqCst);
    #[cfg(target_os = "linux")]
    // SAFETY: FUTEX_WAKE reads nothing but the address; `errno` is restored for the interrupted code.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX);
        *errno = saved;
    }
}
