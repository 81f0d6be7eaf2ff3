//! Questions to the operating system: which boot this is, and whether a directory lies on a network.

use std::path::Path;
use std::sync::OnceLock;

/// A number that differs between two boots of the machine: what a process wrote before a power cut is believed only
/// within the same boot, while the page cache still has it. 0 where the system doesn't tell.
pub(crate) fn boot_id() -> u64 {
    static BOOT_ID: OnceLock<u64> = OnceLock::new();
    *BOOT_ID.get_or_init(ask_boot_id)
}

fn ask_boot_id() -> u64 {
    #[cfg(target_os = "linux")]
    {
        let text = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits = text.iter().filter_map(|&b| char::from(b).to_digit(16));
        digits.take(16).fold(0, |id, digit| id << 4 | u64::from(digit))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let mut time = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let mut size = size_of::<libc::timeval>();
        // SAFETY: the name is a C string, and `time` has `size` bytes to be filled.
        let answer = unsafe {
            let time: *mut libc::timeval = &mut time;
            libc::sysctlbyname(c"kern.boottime".as_ptr(), time.cast(), &mut size, std::ptr::null_mut(), 0)
        };
        if answer == 0 { time.tv_sec as u64 } else { 0 }
    }
}

/// Milliseconds of a clock that all processes of a boot share and that nobody sets. It may stand still while the machine
/// sleeps; then so do those who give signs of life by it.
pub(crate) fn monotonic_ms() -> u64 {
    // SAFETY: plain data, filled by the call.
    let mut now: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the structure outlives the call, which can't fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let (seconds, nanos) = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
    seconds.unwrap_or(0).saturating_mul(1000).saturating_add(nanos.unwrap_or(0) / 1_000_000)
}

/// Lets this process have as many files open as it may at all; says how many that is.
pub(crate) fn raise_open_files() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure outlives the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return 1024;
    }
    let raised = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
    // SAFETY: the structure outlives the call.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } == 0 {
        raised.rlim_cur
    } else {
        limit.rlim_cur
    }
}

/// How large the file system is that `path` lies on, and how much of it this process may still fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) total_bytes: u64,
    pub(crate) usable_bytes: u64,
}

/// `None` where the system doesn't tell.
pub(crate) fn space(path: &Path) -> Option<Space> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: plain data; zero is a valid value for every field.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path is a C string, and the structure outlives the call.
    if unsafe { libc::statvfs(path.as_ptr(), &mut stat) } != 0 {
        return None;
    }
    let unit = wide(stat.f_frsize);
    Some(Space {
        total_bytes: unit.saturating_mul(wide(stat.f_blocks)),
        usable_bytes: unit.saturating_mul(wide(stat.f_bavail)),
    })
}

/// Systems count in integers of different widths.
fn wide(count: impl Into<u64>) -> u64 {
    count.into()
}

/// The kind of network file system that `path` lies on, if it is one: locks there are not to be relied upon.
pub(crate) fn network_file_system(path: &Path) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let path = std::ffi::CString::new(path.as_os_str().as_bytes()).ok()?;
        // SAFETY: plain data; zero is a valid value for every field.
        let mut stat: libc::statfs = unsafe { std::mem::zeroed() };
        // SAFETY: the path is a C string, and the structure outlives the call.
        if unsafe { libc::statfs(path.as_ptr(), &mut stat) } != 0 {
            return None;
        }
        match stat.f_type as u32 {
            0x6969 => Some("NFS"),
            0xFF53_4D42 | 0xFE53_4D42 | 0x517B => Some("SMB"),
            0x5346_414F => Some("AFS"),
            0x0102_1997 => Some("9P"),
            0x00C3_6400 => Some("Ceph"),
            _ => None,
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}
