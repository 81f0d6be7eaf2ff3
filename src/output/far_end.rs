//! Who reads what we write into a pipe or a socket: whether it is still there, and how much it has not taken.
//!
//! A writer hears that its reader has gone only when it writes. One that has nothing to write asks the system instead:
//! poll(2) reports an error or a hang-up on the writing end, whatever events were asked for.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread;

/// How a look at a descriptor ends.
#[derive(Clone, Copy)]
enum Patience {
    Now,
    ForEver,
}

/// Whether this is something that a reader can leave.
pub(super) fn has_reader(end: &impl AsFd) -> bool {
    // SAFETY: plain data, filled by the call.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open and the structure outlives the call.
    if unsafe { libc::fstat(end.as_fd().as_raw_fd(), &raw mut status) } != 0 {
        return false;
    }
    matches!(status.st_mode & libc::S_IFMT, libc::S_IFIFO | libc::S_IFSOCK)
}

/// Whether nobody can read any more what is written here.
pub(super) fn is_deserted(end: &impl AsFd) -> bool {
    has_reader(end) && look(end, Patience::Now)
}

/// Calls `then` once nobody can read any more what is written to `end`, from a thread that sleeps until then.
pub(super) fn when_deserted(end: OwnedFd, then: impl FnOnce() + Send + 'static) {
    let watch = move || {
        block_signals();
        if look(&end, Patience::ForEver) {
            then();
        }
    };
    // Without a thread, the next write tells.
    let _ = thread::Builder::new().name("far end".to_owned()).stack_size(64 * 1024).spawn(watch);
}

/// How many bytes lie in a pipe that nobody has read yet; `None` where the system doesn't say.
#[cfg(target_os = "linux")]
pub(super) fn untaken_bytes(end: &impl AsFd) -> Option<u64> {
    // SAFETY: plain data, filled by the call.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    let descriptor = end.as_fd().as_raw_fd();
    let mut count: libc::c_int = 0;
    // SAFETY: the descriptor is open; both calls write into variables that outlive them. A socket would answer with
    // what lies on this side.
    let answered = unsafe {
        libc::fstat(descriptor, &raw mut status) == 0
            && status.st_mode & libc::S_IFMT == libc::S_IFIFO
            && libc::ioctl(descriptor, libc::FIONREAD, &raw mut count) == 0
    };
    if answered { u64::try_from(count).ok() } else { None }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn untaken_bytes(_end: &impl AsFd) -> Option<u64> {
    None
}

/// Waits for the reader to go; `false` if it is there or can't be watched.
fn look(end: &impl AsFd, patience: Patience) -> bool {
    let timeout = match patience {
        Patience::Now => 0,
        Patience::ForEver => -1,
    };
    loop {
        // Errors and hang-ups are always reported; macOS wants some event to be asked for, and this one never comes.
        let mut asked = libc::pollfd { fd: end.as_fd().as_raw_fd(), events: libc::POLLRDBAND, revents: 0 };
        // SAFETY: one structure, which outlives the call.
        match unsafe { libc::poll(&raw mut asked, 1, timeout) } {
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            1 => return asked.revents & (libc::POLLERR | libc::POLLHUP) != 0,
            _ => return false,
        }
    }
}

/// Signals are for the thread that sleeps on them.
fn block_signals() {
    // SAFETY: the set is plain data, filled by the first call; the second changes this thread's mask alone.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::sync::mpsc;

    #[test]
    fn a_reader_that_goes_is_noticed() {
        let (reader, writer) = io::pipe().unwrap();
        assert!(has_reader(&writer) && !is_deserted(&writer));
        let (send, receive) = mpsc::channel();
        when_deserted(writer.try_clone().unwrap().into(), move || send.send(()).unwrap());
        assert!(receive.try_recv().is_err());
        drop(reader);
        receive.recv().unwrap();
        assert!(is_deserted(&writer));
    }

    #[test]
    fn a_file_has_no_reader() {
        let file = tempfile::tempfile().unwrap();
        assert!(!has_reader(&file) && !is_deserted(&file));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_not_taken_is_counted_even_after_its_reader() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"0123456789").unwrap();
        reader.read_exact(&mut [0; 3]).unwrap();
        assert_eq!(untaken_bytes(&writer), Some(7));
        drop(reader);
        assert_eq!(untaken_bytes(&writer), Some(7));
    }
}
