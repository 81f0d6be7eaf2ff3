//! `kt copy`, `kt export` and `kt import`, each beside `cat FILE >COPY` and an fsync of what it writes: the log for the forms that
//! move batches, the text for JSON lines.

use crate::input::Input;
use crate::measure::{self, in_turns, kt, megabytes_per_second, pair_count, timed};
use crate::report::Report;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const RSS_MAX_MIB: f64 = 64.0;
/// Of `cat`'s speed, for what moves batches as they are.
const BATCHES_MIN: f64 = 0.4;

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let input = Input::prepare(dir);
    let data = dir.join("data");
    let mut produce = kt(&data, "produce --topic flights --reader-property parse.key=true");
    run(produce.stdin(File::open(&input.keyed).unwrap()));
    for file in [&input.lines, &input.keyed] {
        fs::remove_file(file).unwrap();
    }
    let log = joined(dir, &data.join("broker-1/flights-0"));
    let [frames, lines] = ["frames", "lines"].map(|name| dir.join(name));
    let to_frames = format!("export --topic flights --format binary --output {}", frames.display());
    let to_lines = format!("export --topic flights --output {}", lines.display());
    let other = dir.join("other");
    let copy = format!("copy --topic flights --to-data-dir {}", other.display());
    compare(report, "copy", &log, &other, Some(BATCHES_MIN), || kt(&data, &copy));
    compare(report, "export, binary", &log, &frames, Some(BATCHES_MIN), || kt(&data, &to_frames));
    run(&mut kt(&data, &to_frames));
    let import = format!("import {}", frames.display());
    compare(report, "import, binary", &log, &other, None, || kt(&other, &import));
    fs::remove_file(&frames).unwrap();
    run(&mut kt(&data, &to_lines));
    let import = format!("import {}", lines.display());
    compare(report, "import, JSON lines", &lines, &other, None, || kt(&other, &import));
    let text = dir.join("text");
    fs::rename(&lines, &text).unwrap();
    compare(report, "export, JSON lines", &text, &lines, None, || kt(&data, &to_lines));
}

/// Times a command that writes `product`, which is not there before, beside `cat` of `file`.
fn compare(
    report: &mut Report,
    name: &str,
    file: &Path,
    product: &Path,
    limit: Option<f64>,
    command: impl Fn() -> Command,
) {
    let bytes = fs::metadata(file).unwrap().len();
    let copy = file.with_extension("copy");
    let mut rss_max_bytes = 0;
    let paired = in_turns(
        pair_count(),
        || {
            let _ = fs::remove_file(&copy);
            let to = File::create(&copy).unwrap();
            let cat = timed(|| {
                let mut cat = Command::new("cat");
                run(cat.arg(file).stdout(to.try_clone().unwrap()));
                to.sync_all().unwrap();
            });
            fs::remove_file(&copy).unwrap();
            cat
        },
        || {
            let _ = fs::remove_file(product);
            let _ = fs::remove_dir_all(product);
            let mut command = command();
            let mut usage = None;
            let time = timed(|| usage = Some(measure::wait(command.stderr(Stdio::null()).spawn().unwrap())));
            let usage = usage.unwrap();
            assert!(usage.status.success(), "{command:?}: {}", usage.status);
            rss_max_bytes = rss_max_bytes.max(usage.rss_max_bytes);
            time
        },
    );
    let speed = |time: Duration| megabytes_per_second(bytes, time);
    let detail = format!("cat >file + fsync: {:.0} beside {:.0} MB/s", speed(paired.kt), speed(paired.peer));
    report.ratio(name, paired.ratio, limit, &detail);
    let mebibytes = rss_max_bytes as f64 / 1_048_576.0;
    report.limit(&format!("  memory, {name}"), mebibytes, "MiB", Some(RSS_MAX_MIB), "at most resident");
}

/// The segments of a log in one file.
fn joined(dir: &Path, log: &Path) -> PathBuf {
    let path = dir.join("log");
    let mut segments: Vec<PathBuf> = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    segments.sort();
    run(Command::new("cat").args(segments).stdout(File::create(&path).unwrap()));
    path
}

fn run(command: &mut Command) {
    let status = command.stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
