//! `cargo bench [-- NAME…]`: kt beside `cat` on the same machine in the same minute.
//!
//! Figures of one machine say little, so each measurement is a ratio to a peer that does the least that could be
//! done, taken in turns with it; printed is the median of the pairs. Ends with 1 if a ratio misses its limit.
//!
//! What groups do has no such peer: those figures stand beside the real Kafka's where that is at hand.
//!
//! Environment: `KT_BENCH_INPUT` a CSV (or .csv.xz) to use instead of the generated one; `KT_BENCH_RUNS` pairs of runs
//! (5); `KT_BENCH_MEMBERS` the members of the largest group (100); `KAFKA_BIN` and `KAFKA_BOOTSTRAP` the directory of the
//! real tools and a broker, to compare with those too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench says what is wrong by panicking"
)]

mod commits;
mod copying;
mod describe;
mod events;
mod groups;
mod input;
mod kafka_perf;
mod latency;
mod listing;
mod measure;
mod rebalance;
mod report;
mod serve_data;
mod serve_idle;
mod serving;
mod takeover;
mod throughput;
mod tools;
mod upkeep;

use std::process::ExitCode;

type Bench = fn(&mut report::Report);

const BENCHES: &[(&str, Bench)] = &[
    ("throughput", throughput::bench),
    ("copying", copying::bench),
    ("latency", latency::bench),
    ("listing", listing::bench),
    ("groups", groups::bench),
    ("commits", commits::bench),
    ("takeover", takeover::bench),
    ("rebalance", rebalance::bench),
    ("upkeep", upkeep::bench),
    ("serve-idle", serve_idle::bench),
    ("serve-produce", serve_data::bench_produce),
    ("serve-fetch", serve_data::bench_fetch),
    ("kafka-perf", kafka_perf::bench),
    ("kafka", throughput::bench_real_tools),
    ("kafka-groups", bench_real_groups),
];

/// What groups cost with the real Kafka.
fn bench_real_groups(report: &mut report::Report) {
    let Some(tools) = tools::Tools::real() else {
        report.note("groups of the real Kafka", "left out: KAFKA_BIN and KAFKA_BOOTSTRAP are not set");
        return;
    };
    let temporary = tempfile::tempdir().unwrap();
    commits::measure(report, &tools, temporary.path());
    takeover::measure(report, &tools);
    rebalance::measure(report, &tools);
    describe::measure(report, &tools);
}

fn main() -> ExitCode {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut report = report::Report::default();
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            bench(&mut report);
        }
    }
    report.status()
}
