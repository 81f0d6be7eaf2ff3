//! Lines through pipes: `cat FILE | kt produce` beside `cat FILE | cat >file` with an fsync, `kt consume` into a pipe
//! beside `cat FILE` into one.

use crate::input::{Input, drain};
use crate::measure::{self, in_turns, kt, megabytes_per_second, pair_count, timed};
use crate::report::Report;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const RATIO_MIN: f64 = 0.6;
const REAL_TOOL_RATIO_MIN: f64 = 12.0;
const RSS_MAX_MIB: f64 = 64.0;

/// One way to move the input.
struct Way {
    name: &'static str,
    keyed: bool,
    produce: &'static str,
    consume: &'static str,
    limit: Option<f64>,
}

const KEYED_PRODUCE: &str = "--reader-property parse.key=true";
const KEYED_CONSUME: &str = "--formatter-property print.key=true";
const WAYS: &[Way] = &[
    Way { name: "", keyed: false, produce: "", consume: "", limit: Some(RATIO_MIN) },
    Way { name: ", keys", keyed: true, produce: KEYED_PRODUCE, consume: KEYED_CONSUME, limit: None },
    Way { name: ", zstd", keyed: false, produce: "--compression-codec zstd", consume: "", limit: None },
];

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    let input = Input::prepare(temporary.path());
    let megabytes = input.lines_bytes / 1_000_000;
    report.note(
        "input",
        &format!("{} lines, {megabytes} MB; medians of {} pairs", input.line_count, pair_count()),
    );
    for way in WAYS {
        let (file, bytes) = match way.keyed {
            true => (&input.keyed, input.keyed_bytes),
            false => (&input.lines, input.lines_bytes),
        };
        let data = temporary.path().join("data");
        produce(report, way, file, bytes, &data);
        consume(report, way, file, bytes, &data, input.line_count);
        std::fs::remove_dir_all(&data).unwrap();
    }
}

/// Times producing into a fresh directory; the last one is left in `data`.
fn produce(report: &mut Report, way: &Way, file: &Path, bytes: u64, data: &Path) {
    let copy = data.with_file_name("copy");
    let mut rss_max_bytes = 0;
    let paired = in_turns(
        pair_count(),
        || cat_to_file(file, &copy),
        || {
            let _ = std::fs::remove_dir_all(data);
            let (time, usage) =
                through_pipe(file, kt(data, &format!("produce --topic flights {}", way.produce)));
            rss_max_bytes = rss_max_bytes.max(usage.rss_max_bytes);
            time
        },
    );
    std::fs::remove_file(copy).unwrap();
    let detail = speeds("cat | cat >file + fsync", bytes, paired.peer, paired.kt);
    report.ratio(&format!("produce{}", way.name), paired.ratio, way.limit, &detail);
    report.limit(
        &format!("  memory{}", way.name),
        mebibytes(rss_max_bytes),
        "MiB",
        Some(RSS_MAX_MIB),
        "at most resident",
    );
}

fn consume(report: &mut Report, way: &Way, file: &Path, bytes: u64, data: &Path, count: usize) {
    let arguments =
        format!("consume --topic flights --from-beginning --max-messages {count} {}", way.consume);
    let mut rss_max_bytes = 0;
    let paired = in_turns(
        pair_count(),
        || into_pipe(Command::new("cat").arg(file), bytes).0,
        || {
            let (time, usage) = into_pipe(kt(data, &arguments).stderr(Stdio::null()), bytes);
            rss_max_bytes = rss_max_bytes.max(usage.rss_max_bytes);
            time
        },
    );
    let detail = speeds("cat into a pipe", bytes, paired.peer, paired.kt);
    report.ratio(&format!("consume{}", way.name), paired.ratio, way.limit, &detail);
    report.limit(
        &format!("  memory{}", way.name),
        mebibytes(rss_max_bytes),
        "MiB",
        Some(RSS_MAX_MIB),
        "at most resident",
    );
}

/// kt beside the real console producer and consumer, if `KAFKA_BIN` and `KAFKA_BOOTSTRAP` say where they are.
pub(crate) fn bench_real_tools(report: &mut Report) {
    let (Some(bin), Ok(bootstrap)) = (std::env::var_os("KAFKA_BIN"), std::env::var("KAFKA_BOOTSTRAP")) else {
        report.note("the real tools", "left out: KAFKA_BIN and KAFKA_BOOTSTRAP are not set");
        return;
    };
    let temporary = tempfile::tempdir().unwrap();
    let input = Input::prepare(temporary.path());
    let data = temporary.path().join("data");
    let topic = format!("kt-bench-{}", std::process::id());
    let real = |tool: &str, arguments: &str| {
        let mut command = Command::new(PathBuf::from(&bin).join(tool));
        command
            .args(["--bootstrap-server", &bootstrap, "--topic", &topic])
            .args(arguments.split_whitespace());
        command.stderr(Stdio::null());
        command
    };
    let produced = in_turns(
        1,
        || through_pipe(&input.lines, real("kafka-console-producer.sh", "")).0,
        || through_pipe(&input.lines, kt(&data, "produce --topic flights")).0,
    );
    let detail = speeds("the real console producer", input.lines_bytes, produced.peer, produced.kt);
    report.ratio("produce", produced.ratio, Some(REAL_TOOL_RATIO_MIN), &detail);
    let arguments = format!("--from-beginning --max-messages {}", input.line_count);
    let consumed = in_turns(
        1,
        || into_pipe(&mut real("kafka-console-consumer.sh", &arguments), input.lines_bytes).0,
        || {
            let mut consume = kt(&data, &format!("consume --topic flights {arguments}"));
            into_pipe(consume.stderr(Stdio::null()), input.lines_bytes).0
        },
    );
    let detail = speeds("the real console consumer", input.lines_bytes, consumed.peer, consumed.kt);
    report.ratio("consume", consumed.ratio, Some(REAL_TOOL_RATIO_MIN), &detail);
}

/// `cat FILE | cat >COPY`, then fsync.
fn cat_to_file(file: &Path, copy: &Path) -> Duration {
    let _ = std::fs::remove_file(copy);
    let to = File::create(copy).unwrap();
    let mut cat = Command::new("cat");
    cat.stdout(to.try_clone().unwrap());
    let (time, _) = through_pipe(file, cat);
    time + timed(|| to.sync_all().unwrap())
}

/// `cat FILE | COMMAND`: the time until the command has ended.
fn through_pipe(file: &Path, mut command: Command) -> (Duration, measure::Usage) {
    let mut usage = None;
    let time = timed(|| {
        let mut cat = Command::new("cat").arg(file).stdout(Stdio::piped()).spawn().unwrap();
        let child = command.stdin(cat.stdout.take().unwrap()).spawn().unwrap();
        // The child holds the pipe's reading end alone: were it to die, cat must not be left writing.
        command.stdin(Stdio::null());
        usage = Some(measure::wait(child));
        cat.wait().unwrap();
    });
    let usage = usage.unwrap();
    assert!(usage.status.success(), "{command:?}: {}", usage.status);
    (time, usage)
}

/// `COMMAND | reader that forgets`: the time until the pipe has ended; asserts how much came through it.
fn into_pipe(command: &mut Command, bytes: u64) -> (Duration, measure::Usage) {
    let mut usage = None;
    let time = timed(|| {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let read = drain(child.stdout.take().unwrap());
        assert_eq!(read, bytes, "{command:?}: bytes through the pipe");
        usage = Some(measure::wait(child));
    });
    let usage = usage.unwrap();
    assert!(usage.status.success(), "{command:?}: {}", usage.status);
    (time, usage)
}

fn speeds(peer_name: &str, bytes: u64, peer: Duration, kt: Duration) -> String {
    let [peer, kt] = [peer, kt].map(|time| megabytes_per_second(bytes, time));
    format!("{peer_name}: {kt:.0} beside {peer:.0} MB/s")
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
