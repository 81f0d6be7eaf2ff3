//! The log cleaner beside `cat` of the same bytes: `kt maintain` on a compacted topic whose keys have all been written again
//! and again, and on one whose keys are all different.

use crate::input::Input;
use crate::measure::{kt, median, megabytes_per_second, pair_count, timed, wait};
use crate::report::Report;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Of no limit yet: twice over the bytes, each record decoded and looked up.
const RATIO_MIN: Option<f64> = None;
/// What the keys may take, and as much again for everything else.
const MEMORY_MAX_MB: Option<f64> = Some(256.0);
const CONFIGS: &str =
    "--config cleanup.policy=compact --config min.cleanable.dirty.ratio=1 --config segment.bytes=67108864";
const NOW_DUE: &str = "configs --alter --topic t --add-config min.cleanable.dirty.ratio=0.01";

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let input = Input::prepare(temporary.path());
    let numbered = temporary.path().join("numbered");
    let number =
        format!("awk '{{ print NR \"\\t\" $0 }}' {} > {}", input.lines.display(), numbered.display());
    assert!(Command::new("bash").args(["-c", &number]).status().unwrap().success());
    measure(report, "few keys", &input.keyed, temporary.path());
    measure(report, "every key once", &numbered, temporary.path());
}

fn measure(report: &mut Report, what: &str, from: &Path, temporary: &Path) {
    let (mut ratios, mut speeds, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pair_count() {
        let data = temporary.join("data");
        let _ = fs::remove_dir_all(&data);
        succeed(kt(&data, &format!("topics --create --topic t {CONFIGS}")));
        let mut produce = kt(&data, "produce --topic t --reader-property parse.key=true");
        produce.stdin(File::open(from).unwrap());
        succeed(produce);
        succeed(kt(&data, NOW_DUE));
        let (bytes, cat) = cat(&data);
        let mut peak = 0;
        let time = timed(|| {
            let usage = wait(kt(&data, "maintain --topic t").spawn().unwrap());
            assert!(usage.status.success());
            peak = usage.rss_max_bytes;
        });
        ratios.push(cat.as_secs_f64() / time.as_secs_f64());
        speeds.push(megabytes_per_second(bytes, time));
        peaks.push(peak as f64 / 1e6);
    }
    let speed = median(speeds);
    report.ratio(
        &format!("maintain, {what}"),
        median(ratios),
        RATIO_MIN,
        &format!("cat's speed, {speed:.0} MB/s"),
    );
    report.limit(&format!("maintain, {what}: memory"), median(peaks), "MB", MEMORY_MAX_MB, "at most");
}

/// How much is in the log, and how long it takes to read it.
fn cat(data: &Path) -> (u64, Duration) {
    let dir = data.join("broker-1/t-0");
    let logs = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<_> = logs.filter(|path| path.extension().is_some_and(|kind| kind == "log")).collect();
    let bytes = logs.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    let mut command = Command::new("cat");
    command.args(&logs).stdout(Stdio::piped());
    let time = timed(|| {
        let mut child = command.spawn().unwrap();
        // Through a pipe: what goes to /dev/null is not even read.
        std::io::copy(child.stdout.as_mut().unwrap(), &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());
    });
    (bytes, time)
}

fn succeed(mut command: Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
}
