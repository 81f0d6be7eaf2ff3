//! Commits one after another, each durable before the next, beside a file that is appended to and synced as often.

use crate::events::Members;
use crate::measure::{in_turns, pair_count, timed};
use crate::report::Report;
use crate::tools::Tools;
use std::fs::File;
use std::io::Write;
use std::path::Path;

const COMMITS: usize = 1_000;
/// About as much as a commit takes in a log.
const COMMIT_BYTES: usize = 128;

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    measure(report, &Tools::Kt(temporary.path().join("data")), temporary.path());
}

pub(crate) fn measure(report: &mut Report, tools: &Tools, directory: &Path) {
    let topic = tools.create_topic("commits", 1);
    // A batch for each record: a consumer that stops after every record shall not decode it again and again.
    let records = format!("--num-records {COMMITS} --record-size 10 --throughput -1");
    tools.run(
        "producer-perf-test",
        &format!("--topic {topic} {records} --command-property batch.size=1 linger.ms=0"),
    );
    let settings = directory.join("consumer.properties");
    std::fs::write(&settings, "max.poll.records=1\n").unwrap();
    let mut run = 0;
    let paired = in_turns(
        pair_count(),
        || sync_often(&directory.join("synced")),
        || {
            run += 1;
            let mut members = Members::new();
            members.start(
                tools,
                &format!(
                    "--topic {topic} --group-id {topic}-{run} --max-messages {COMMITS} --command-config {}",
                    settings.display()
                ),
            );
            let commit = || members.find(|event| event.is("offsets_committed")).at;
            let first = commit();
            let mut last = first;
            for _ in 1..COMMITS {
                last = commit();
            }
            last - first
        },
    );
    let rate = |time: std::time::Duration| COMMITS as f64 / time.as_secs_f64();
    let durable = if tools.is_kt() { "" } else { " (not on its disk when they are acknowledged)" };
    let detail = format!(
        "append and fdatasync: {:.0} beside {:.0} a second{durable}",
        rate(paired.kt),
        rate(paired.peer)
    );
    report.ratio(&tools.label("commits, one after another"), paired.ratio, None, &detail);
}

fn sync_often(path: &Path) -> std::time::Duration {
    let mut file = File::create(path).unwrap();
    timed(|| {
        for _ in 0..COMMITS {
            file.write_all(&[0; COMMIT_BYTES]).unwrap();
            file.sync_data().unwrap();
        }
    })
}
