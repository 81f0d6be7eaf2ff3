//! Pipes as wide as what goes through them, so that the processes at both ends can work at the same time.

use std::fs::File;

/// Asks for a pipe that holds `bytes`; nothing changes where `file` is no pipe, is as wide already, or the system says no.
#[cfg(target_os = "linux")]
pub(crate) fn widen_pipe(file: &File, bytes: usize) {
    use std::os::fd::AsRawFd;
    // SAFETY: these calls take numbers only; the descriptor is open.
    unsafe {
        let present = libc::fcntl(file.as_raw_fd(), libc::F_GETPIPE_SZ);
        let wanted = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
        if present >= 0 && present < wanted {
            libc::fcntl(file.as_raw_fd(), libc::F_SETPIPE_SZ, wanted);
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn widen_pipe(_file: &File, _bytes: usize) {}
