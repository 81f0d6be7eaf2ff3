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

/// Whether a signal does to this process what it does to one that says nothing of it.
pub(super) fn is_default(signal: libc::c_int) -> bool {
    // SAFETY: the structure is plain data, filled by the call.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, ptr::null(), &raw mut action) == 0 && action.sa_sigaction == libc::SIG_DFL
    }
}

/// Has a write beyond the file size limit answer with an error instead of killing the process. With a handler: programs that
/// this one starts would go on ignoring what it ignores.
pub(crate) fn ignore_file_size_limit() {
    if is_default(libc::SIGXFSZ) {
        handle_with(libc::SIGXFSZ, do_nothing, libc::SA_RESTART);
    }
}

/// Has this process use as many descriptors as it may, and returns how many that are.
pub(crate) fn use_all_descriptors() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is plain data, filled by the first call and read by the second.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return LEAST_DESCRIPTORS;
        }
        let raised = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) == 0 {
            limit = raised;
        }
    }
    limit.rlim_cur
}

/// What a system gives a process at least.
const LEAST_DESCRIPTORS: u64 = 256;

extern "C" fn do_nothing(_signal: libc::c_int) {}

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
