//! What the handlers of all signals are made with.

use std::ptr;

/// Has `handler` called for `signal`. It may touch atomics and make system calls that may be made in a handler, no more.
pub(super) fn handle_with(signal: libc::c_int, handler: extern "C" fn(libc::c_int), flags: libc::c_int) {
    // SAFETY: the structure is zeroed plain data, and the handlers only touch atomics and make system calls that may be
    // made in one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as usize;
        action.sa_flags = flags;
        libc::sigaction(signal, &raw const action, ptr::null_mut());
    }
}

/// Has a write beyond the file size limit answer with an error instead of killing the process.
pub(crate) fn ignore_file_size_limit() {
    // SAFETY: setting a disposition to SIG_IGN touches no memory of ours.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

/// Makes system calls and restores `errno`, which the interrupted code may be about to read.
pub(super) fn keeping_errno(calls: impl FnOnce()) {
    // SAFETY: the address is that of this thread's `errno`.
    unsafe {
        #[cfg(target_os = "linux")]
        let errno = libc::__errno_location();
        #[cfg(not(target_os = "linux"))]
        let errno = libc::__error();
        let saved = *errno;
        calls();
        *errno = saved;
    }
}
