//! Running a command and its peer in turns, with wall time and peak memory.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// What a finished process took.
pub(crate) struct Usage {
    pub(crate) status: ExitStatus,
    /// Peak resident memory. At least this process's own at the time of the start, so the bench stays small itself.
    pub(crate) rss_max_bytes: u64,
}

/// Waits for `child` with wait4, which also says what it took.
pub(crate) fn wait(child: Child) -> Usage {
    let mut status = 0;
    // SAFETY: rusage is plain data that wait4 fills.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to locals that live through the call, and the child has not been waited for.
    let waited = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage) };
    assert!(waited > 0, "wait4: {}", std::io::Error::last_os_error());
    // Linux counts kibibytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Usage { status: ExitStatus::from_raw(status), rss_max_bytes: usage.ru_maxrss as u64 * unit }
}

/// kt on a data directory, with nothing else of the environment.
pub(crate) fn kt(data: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kt"));
    command.args(arguments.split_whitespace()).env_clear().env("KT_DATA_DIR", data);
    command
}

/// The pairs of runs to take.
pub(crate) fn pair_count() -> usize {
    std::env::var("KT_BENCH_RUNS").ok().and_then(|count| count.parse().ok()).unwrap_or(5)
}

/// The result of runs in turns.
pub(crate) struct Paired {
    /// The median of (peer's time / kt's time) over the pairs.
    pub(crate) ratio: f64,
    pub(crate) kt: Duration,
    pub(crate) peer: Duration,
}

/// Runs `peer` and `kt` in turns, `pairs` times; each returns its own time, with its preparations left out.
pub(crate) fn in_turns(
    pairs: usize,
    mut peer: impl FnMut() -> Duration,
    mut kt: impl FnMut() -> Duration,
) -> Paired {
    let runs: Vec<(Duration, Duration)> = (0..pairs).map(|_| (peer(), kt())).collect();
    Paired {
        ratio: median(runs.iter().map(|(peer, kt)| peer.as_secs_f64() / kt.as_secs_f64()).collect()),
        kt: Duration::from_secs_f64(median(runs.iter().map(|(_, kt)| kt.as_secs_f64()).collect())),
        peer: Duration::from_secs_f64(median(runs.iter().map(|(peer, _)| peer.as_secs_f64()).collect())),
    }
}

pub(crate) fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

pub(crate) fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

pub(crate) fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}

pub(crate) fn megabytes_per_second(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}
