//! Kafka's own performance tools against `kt serve`, beside the real broker, in turns: `KAFKA_BIN` and `KAFKA_BOOTSTRAP` say
//! where those are.

use crate::measure::{median, pair_count};
use crate::report::Report;
use crate::serving::Server;
use std::path::{Path, PathBuf};
use std::process::Command;

const RECORDS: [(usize, usize); 2] = [(100, 3_000_000), (1000, 500_000)];
const RATIO_MIN: f64 = 1.5;
const LATENCY_RATIO_MIN: f64 = 2.0;

/// What a run of the producer's tool tells.
#[derive(Clone, Copy)]
struct Run {
    per_second: f64,
    p99_ms: f64,
}

pub(crate) fn bench(report: &mut Report) {
    let (Some(bin), Ok(bootstrap)) = (std::env::var_os("KAFKA_BIN"), std::env::var("KAFKA_BOOTSTRAP")) else {
        report.note("Kafka's performance tools", "left out: KAFKA_BIN and KAFKA_BOOTSTRAP are not set");
        return;
    };
    let bin = PathBuf::from(bin);
    for (size, count) in RECORDS {
        for acks in ["1", "all"] {
            let topic = format!("perf-{size}-{acks}-{}", std::process::id());
            create(&bin, &bootstrap, &topic);
            let mut runs = Vec::new();
            for _ in 0..pair_count() {
                let peer = produce(&bin, &bootstrap, &topic, acks, size, count);
                let server = Server::start(&topic, 1);
                let own = produce(&bin, &server.address, &topic, acks, size, count);
                runs.push((peer, own));
                if runs.len() == pair_count() && acks == "1" {
                    consume(report, &bin, [&bootstrap, &server.address], &topic, size, count);
                }
            }
            tell(report, &format!("{size} B, acks {acks}"), &runs);
        }
    }
}

fn tell(report: &mut Report, what: &str, runs: &[(Run, Run)]) {
    let of = |value: fn(&(Run, Run)) -> f64| median(runs.iter().map(value).collect());
    let [own, peer] = [of(|(_, own)| own.per_second), of(|(peer, _)| peer.per_second)];
    let detail = format!("the real broker's: {own:.0} beside {peer:.0} records/s");
    let ratio = of(|(peer, own)| own.per_second / peer.per_second);
    report.ratio(&format!("produce {what}"), ratio, Some(RATIO_MIN), &detail);
    let [own, peer] = [of(|(_, own)| own.p99_ms), of(|(peer, _)| peer.p99_ms)];
    let detail = format!("as fast: p99 {own:.0} beside {peer:.0} ms");
    let ratio = of(|(peer, own)| peer.p99_ms / own.p99_ms.max(1.0));
    report.ratio("  its latency", ratio, Some(LATENCY_RATIO_MIN), &detail);
}

fn tool(bin: &Path, name: &str, arguments: &str) -> String {
    let output = Command::new(bin.join(name)).args(arguments.split_whitespace()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments}: {}\n{text}{errors}", output.status);
    text
}

fn create(bin: &Path, bootstrap: &str, topic: &str) {
    let arguments = format!("--bootstrap-server {bootstrap} --create --topic {topic} --partitions 1");
    tool(bin, "kafka-topics.sh", &arguments);
}

fn produce(bin: &Path, bootstrap: &str, topic: &str, acks: &str, size: usize, count: usize) -> Run {
    let arguments = format!(
        "--topic {topic} --num-records {count} --record-size {size} --throughput -1 \
         --bootstrap-server {bootstrap} --command-property acks={acks}"
    );
    let text = tool(bin, "kafka-producer-perf-test.sh", &arguments);
    let last = text.lines().rfind(|line| line.contains("99th")).unwrap();
    let before = |mark: &str| {
        let word = last.split(mark).next().unwrap().rsplit([' ', ',']).find(|word| !word.is_empty());
        word.unwrap().parse::<f64>().unwrap()
    };
    Run { per_second: before(" records/sec"), p99_ms: before(" ms 99th") }
}

fn consume(report: &mut Report, bin: &Path, servers: [&str; 2], topic: &str, size: usize, count: usize) {
    let speeds = servers.map(|bootstrap| {
        let arguments = format!(
            "--bootstrap-server {bootstrap} --topic {topic} --num-records {count} --timeout 60000 --reporting-interval 100000"
        );
        let text = tool(bin, "kafka-consumer-perf-test.sh", &arguments);
        // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
        let last = text.lines().rfind(|line| line.split(',').count() >= 10).unwrap();
        last.split(',').nth(9).unwrap().trim().parse::<f64>().unwrap()
    });
    let [peer, own] = speeds;
    let detail = format!("the real broker's: {own:.0} beside {peer:.0} records/s");
    report.ratio(&format!("consume {size} B"), own / peer, Some(RATIO_MIN), &detail);
}
