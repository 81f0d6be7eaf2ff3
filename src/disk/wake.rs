//! `Wake`: the word that sleeping readers of a data directory wait on, shared between processes.
//!
//! A 4-byte counter in a memory-mapped file. A writer makes its change visible, then bumps the counter and wakes; a
//! reader takes the counter, looks at what it wants, and sleeps only if the counter has not moved since: no wake-up is
//! lost. On Linux the sleep is a futex with 32 channels, so that a busy topic does not wake the readers of another;
//! elsewhere the counter is looked at every two milliseconds.

use super::{Error, File, Mode, Result};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a reader sleeps that a signal can't wake for sure.
const LONGEST_READ_ONLY_SLEEP: Duration = Duration::from_secs(1);
/// How often a reader looks that nobody wakes.
const LONGEST_PRIVATE_SLEEP: Duration = Duration::from_millis(100);

/// The file's size: one page.
const FILE_BYTES: usize = 4096;

/// A set of the 32 channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels(u32);

impl Channels {
    pub(crate) const NONE: Channels = Channels(0);
    pub(crate) const ALL: Channels = Channels(u32::MAX);

    /// The channel of a thing that is told apart by `hash`.
    pub(crate) const fn of(hash: u64) -> Channels {
        Channels(1 << (hash % 32))
    }

    pub(crate) const fn with(self, other: Channels) -> Channels {
        Channels(self.0 | other.0)
    }
}

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Somebody bumped the counter, or the sleep ended for no reason: look again.
    Changed,
    TimedOut,
}

/// The shared counter. Cheap to copy; it stays mapped for the life of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wake {
    word: &'static AtomicU32,
    kind: Kind,
}

/// What can be done with a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shared,
    /// The file can only be read: this process can be woken, and wakes nobody.
    ReadOnly,
    /// There is no file: nobody wakes this process.
    Private,
}

impl Wake {
    /// Opens the counter at `path`, making it if needed.
    pub(crate) fn open(path: &Path) -> Result<Wake> {
        let file = File::open(path, Mode::Create)?;
        file.reserve(FILE_BYTES as u64)?;
        map(&file, libc::PROT_READ | libc::PROT_WRITE, Kind::Shared)
    }

    /// The counter of a directory in which nothing can be written; one of its own if there is none to read.
    pub(crate) fn open_read_only(path: &Path) -> Wake {
        let file = File::open(path, Mode::Read).ok();
        let whole = file.filter(|file| file.len().is_ok_and(|length| length >= FILE_BYTES as u64));
        whole.and_then(|file| map(&file, libc::PROT_READ, Kind::ReadOnly).ok()).unwrap_or_else(Wake::private)
    }

    /// A counter of this process alone, for directories that nobody coordinates.
    pub(crate) fn private() -> Wake {
        Wake { word: Box::leak(Box::new(AtomicU32::new(0))), kind: Kind::Private }
    }

    /// The word itself, for the signal handler; `None` where it can't be written to.
    pub(crate) fn word(&self) -> Option<&'static AtomicU32> {
        (self.kind != Kind::ReadOnly).then_some(self.word)
    }

    /// The counter now; to be taken before looking at what might have changed.
    pub(crate) fn current(&self) -> u32 {
        self.word.load(Ordering::SeqCst)
    }

    /// Bumps the counter and wakes those who sleep on any of `channels`.
    pub(crate) fn notify(&self, channels: Channels) {
        if self.kind == Kind::ReadOnly {
            return;
        }
        self.word.fetch_add(1, Ordering::SeqCst);
        #[cfg(target_os = "linux")]
        // SAFETY: FUTEX_WAKE_BITSET reads nothing but the address, which stays mapped.
        unsafe {
            let none = ptr::null::<libc::timespec>();
            let word = self.word.as_ptr();
            libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE_BITSET, i32::MAX, none, none, channels.0);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = channels;
    }

    /// Sleeps until one of `channels` is notified, unless the counter has moved on from `seen` already.
    pub(crate) fn wait(&self, seen: u32, channels: Channels, timeout: Option<Duration>) -> Woken {
        if self.current() != seen {
            return Woken::Changed;
        }
        let longest = match self.kind {
            Kind::Shared => return self.sleep(seen, channels, timeout),
            // A signal that comes just before the sleep bumps nothing.
            Kind::ReadOnly => LONGEST_READ_ONLY_SLEEP,
            Kind::Private => LONGEST_PRIVATE_SLEEP,
        };
        if timeout.is_some_and(|timeout| timeout <= longest) {
            return self.sleep(seen, channels, timeout);
        }
        self.sleep(seen, channels, Some(longest));
        Woken::Changed
    }

    #[cfg(target_os = "linux")]
    fn sleep(&self, seen: u32, channels: Channels, timeout: Option<Duration>) -> Woken {
        // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock.
        let deadline = timeout.map(|timeout| {
            // SAFETY: plain data, filled by the call.
            let mut now: libc::timespec = unsafe { std::mem::zeroed() };
            unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
            let nanos = now.tv_nsec + i64::from(timeout.subsec_nanos());
            let seconds = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
            libc::timespec {
                tv_sec: now.tv_sec + seconds + nanos / 1_000_000_000,
                tv_nsec: nanos % 1_000_000_000,
            }
        });
        let deadline = deadline.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the address stays mapped and the deadline outlives the call.
        let answer = unsafe {
            let none = ptr::null::<u32>();
            let word = self.word.as_ptr();
            libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT_BITSET, seen, deadline, none, channels.0)
        };
        if answer != 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ETIMEDOUT) {
            return Woken::TimedOut;
        }
        Woken::Changed
    }

    #[cfg(not(target_os = "linux"))]
    fn sleep(&self, seen: u32, _channels: Channels, timeout: Option<Duration>) -> Woken {
        let start = std::time::Instant::now();
        while self.current() == seen {
            let left = timeout.map(|t| t.saturating_sub(start.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Woken::TimedOut;
            }
            std::thread::sleep(left.unwrap_or(Duration::MAX).min(Duration::from_millis(2)));
        }
        Woken::Changed
    }
}

fn map(file: &File, protection: libc::c_int, kind: Kind) -> Result<Wake> {
    // SAFETY: a fresh shared mapping of a file that is never shortened; nothing else refers to it.
    let address = unsafe {
        libc::mmap(ptr::null_mut(), FILE_BYTES, protection, libc::MAP_SHARED, file.file.as_raw_fd(), 0)
    };
    if address == libc::MAP_FAILED {
        return Err(Error::new("map", file.path(), io::Error::last_os_error()));
    }
    // SAFETY: the mapping is page-aligned, one page long, and never unmapped. Where it can't be written to, nobody does.
    Ok(Wake { word: unsafe { &*address.cast::<AtomicU32>() }, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_bump_between_looking_and_sleeping_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let wake = Wake::open(&dir.path().join("wake")).unwrap();
        let other = Wake::open(&dir.path().join("wake")).unwrap();
        let seen = wake.current();
        other.notify(Channels::of(3));
        assert_eq!(wake.wait(seen, Channels::of(3), None), Woken::Changed);
    }

    #[test]
    fn a_sleeper_is_woken_by_its_channel_and_by_time() {
        let dir = tempfile::tempdir().unwrap();
        let wake = Wake::open(&dir.path().join("wake")).unwrap();
        let seen = wake.current();
        assert_eq!(wake.wait(seen, Channels::of(1), Some(Duration::from_millis(1))), Woken::TimedOut);
        let sleeper = thread::spawn(move || wake.wait(seen, Channels::of(1), Some(Duration::from_secs(20))));
        while !sleeper.is_finished() {
            wake.notify(Channels::of(1));
            thread::yield_now();
        }
        assert_eq!(sleeper.join().unwrap(), Woken::Changed);
    }
}
