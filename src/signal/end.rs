//! SIGINT and SIGTERM: asked to stop, a command finishes what it does and leaves cleanly.
//!
//! The handler raises a flag and bumps the word that a follower sleeps on, so that no wake-up is lost between
//! looking at the flag and falling asleep. Everything it calls is async-signal-safe. A thread of this process ends a sleep
//! in the same way.

use super::patience;
use super::system::{handle_with, keeping_errno};
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

static RECEIVED: AtomicI32 = AtomicI32::new(0);
static COUNT: AtomicU32 = AtomicU32::new(0);
/// The end of a [`Bell`]'s pipe that is written to; -1 without one.
static BELL: AtomicI32 = AtomicI32::new(-1);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);
static WAKE_WORD: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

/// Makes SIGINT and SIGTERM raise the flag instead of killing. System calls in progress end with `EINTR`.
/// SIGPIPE is ignored already by Rust's start-up code.
pub(crate) fn install() {
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    patience::install();
    for signal in [libc::SIGINT, libc::SIGTERM] {
        handle_with(signal, handle, 0);
    }
}

/// The signal that asked this process to stop, if one did.
pub(crate) fn received() -> Option<i32> {
    match RECEIVED.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// How often this process was asked to stop.
pub(crate) fn count() -> u32 {
    COUNT.load(Ordering::SeqCst)
}

/// Becomes readable whenever a signal asks to stop or a child process ends, for those who wait in poll(2).
pub(crate) struct Bell {
    pipe: PipeReader,
}

impl Bell {
    /// There is one in a process: a second one takes over.
    pub(crate) fn hang() -> io::Result<Bell> {
        let (pipe, end) = io::pipe()?;
        for descriptor in [pipe.as_raw_fd(), end.as_raw_fd()] {
            // SAFETY: the descriptor is open, and nobody else knows of it yet.
            if unsafe { libc::fcntl(descriptor, libc::F_SETFL, libc::O_NONBLOCK) } != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        // Open as long as the process lives: a handler may be about to write to it.
        BELL.store(end.into_raw_fd(), Ordering::SeqCst);
        // A child's end interrupts nothing but poll(2).
        handle_with(libc::SIGCHLD, ring_for_child, libc::SA_RESTART | libc::SA_NOCLDSTOP);
        Ok(Bell { pipe })
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.pipe.as_raw_fd()
    }

    /// Has it be silent until it is rung again.
    pub(crate) fn answer(&self) {
        let mut rings = [0; 64];
        while (&self.pipe).read(&mut rings).is_ok_and(|count| count == rings.len()) {}
    }
}

/// The pipe itself, for who waits for it in a way of his own.
impl From<Bell> for OwnedFd {
    fn from(bell: Bell) -> OwnedFd {
        bell.pipe.into()
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
    if RECEIVED.swap(signal, Ordering::SeqCst) == 0 {
        patience::begin();
    }
    COUNT.fetch_add(1, Ordering::SeqCst);
    ring();
    wake();
}

extern "C" fn ring_for_child(_signal: libc::c_int) {
    ring();
}

/// Rings the bell, if one hangs. One that is full has been rung already.
fn ring() {
    let bell = BELL.load(Ordering::SeqCst);
    if bell >= 0 {
        // SAFETY: one byte from a constant goes into a pipe that stays open.
        keeping_errno(|| unsafe {
            libc::write(bell, ptr::from_ref(&0_u8).cast(), 1);
        });
    }
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
    // SAFETY: FUTEX_WAKE reads nothing but the address.
    keeping_errno(|| unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX);
    });
}
