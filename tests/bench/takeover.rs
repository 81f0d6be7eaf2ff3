//! From a member's kill -9 to the next record of its partition in another's hands, while records keep coming.

use crate::events::Members;
use crate::measure::{quantile, wait};
use crate::report::Report;
use crate::tools::Tools;
use std::process::Stdio;
use std::time::Instant;

const KILLS: usize = 21;
const KILLS_REAL: usize = 3;
const RECORDS_PER_SECOND: usize = 1_000;

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    measure(report, &Tools::Kt(temporary.path().join("data")));
}

pub(crate) fn measure(report: &mut Report, tools: &Tools) {
    let topic = tools.create_topic("takeover", 2);
    let arguments = format!("--topic {topic} --repeating-keys 64 --throughput {RECORDS_PER_SECOND}");
    let mut producer = tools.command("verifiable-producer", &arguments);
    let mut producer = producer.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The shortest session that a broker takes: only that tells it of a death.
    let arguments =
        format!("--topic {topic} --group-id {topic} --reset-policy latest --session-timeout 6000");
    let mut members = Members::new();
    let survivor = members.start(tools, &arguments);
    members.find(|event| event.is("records_consumed"));
    let kills = if tools.is_kt() { KILLS } else { KILLS_REAL };
    let times_ms: Vec<f64> = (0..kills)
        .map(|_| {
            let victim = members.start(tools, &arguments);
            let read = members.find(|event| event.member == victim && event.is("records_consumed"));
            let partition = read.partitions()[0];
            let killed = Instant::now();
            members.kill(victim);
            let delivered = members.find(|event| {
                event.member == survivor
                    && event.at > killed
                    && event.is("records_consumed")
                    && event.partitions().contains(&partition)
            });
            (delivered.at - killed).as_secs_f64() * 1_000.0
        })
        .collect();
    let detail = match tools.is_kt() {
        true => format!("to the next delivery, of {kills} kills, a record a millisecond"),
        false => format!("to the next delivery, of {kills} kills, session.timeout.ms=6000"),
    };
    report.limit(&tools.label("kill -9, p50"), quantile(times_ms.clone(), 0.5), "ms", None, &detail);
    report.limit(&tools.label("kill -9, slowest"), quantile(times_ms, 1.0), "ms", None, &detail);
    producer.kill().unwrap();
    wait(producer);
}
