//! Programs that are run for somebody: gone with this process, and with all that they have started.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has a program be killed when the thread that starts it ends, and be in a process group of its own if `own_group`.
pub(crate) fn gone_with_parent(command: &mut Command, own_group: bool) {
    if own_group {
        command.process_group(0);
    }
    #[cfg(target_os = "linux")]
    {
        let parent = std::process::id().cast_signed();
        // SAFETY: both calls may be made between fork and exec, and touch no memory.
        let die_with_it = move || unsafe {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // It may have died before that.
            if libc::getppid() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
        };
        // SAFETY: the closure is safe to be run there, as above.
        unsafe { command.pre_exec(die_with_it) };
    }
}

/// Sends a signal to every process of a group; no error if there is none left.
pub(crate) fn send_to_group(group: i32, signal: i32) {
    // 0 and 1 would mean others than a group that was made here.
    if group > 1 {
        // SAFETY: kill touches no memory.
        unsafe { libc::kill(-group, signal) };
    }
}

/// Asks this process to stop, as SIGTERM does.
pub(crate) fn stop_this() {
    // SAFETY: raise touches no memory; the handler is one of this folder's.
    unsafe { libc::raise(libc::SIGTERM) };
}
