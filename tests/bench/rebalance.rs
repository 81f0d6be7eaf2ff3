//! A group of many members, each a process: how long until all partitions are shared anew when one more comes, and when one
//! is killed.

use crate::events::Members;
use crate::measure::median;
use crate::report::Report;
use crate::tools::Tools;
use std::collections::HashMap;
use std::time::Instant;

const RUNS: usize = 5;
/// The members of a group: each is a process, and those of the real Kafka are large.
const MEMBERS: usize = 100;
const MEMBERS_REAL: usize = 5;

pub(crate) fn bench(report: &mut Report) {
    let temporary = tempfile::tempdir().unwrap();
    measure(report, &Tools::Kt(temporary.path().join("data")));
}

pub(crate) fn measure(report: &mut Report, tools: &Tools) {
    let count = if tools.is_kt() { member_count() } else { MEMBERS_REAL };
    let topic = tools.create_topic("rebalance", count);
    let arguments = format!("--topic {topic} --group-id {topic} --session-timeout 6000");
    let mut group = Group { members: Members::new(), partitions: count as u64, owned: HashMap::new() };
    for _ in 1..count {
        let member = group.members.start(tools, &arguments);
        group.owned.insert(member, Vec::new());
    }
    group.settle(Instant::now());
    let (mut joins_ms, mut deaths_ms) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        let member = group.members.start(tools, &arguments);
        group.owned.insert(member, Vec::new());
        joins_ms.push(group.settle(begun));
        let begun = Instant::now();
        group.members.kill(member);
        group.owned.remove(&member);
        deaths_ms.push(group.settle(begun));
    }
    let detail = |what: &str| format!("until every one of {count} partitions is owned after {what}");
    report.limit(
        &tools.label(&format!("rebalance, {count} members")),
        median(joins_ms),
        "ms",
        None,
        &detail("a start"),
    );
    report.limit(
        &tools.label(&format!("rebalance, {} members", count - 1)),
        median(deaths_ms),
        "ms",
        None,
        &detail("a kill -9"),
    );
}

/// `KT_BENCH_MEMBERS`, 100 if it isn't set.
fn member_count() -> usize {
    std::env::var("KT_BENCH_MEMBERS").ok().and_then(|count| count.parse().ok()).unwrap_or(MEMBERS)
}

struct Group {
    members: Members,
    partitions: u64,
    /// By member, as each has said itself.
    owned: HashMap<usize, Vec<u64>>,
}

impl Group {
    /// Follows the members until each has been told its part since `begun` and all partitions are owned; how long that
    /// took, in ms.
    fn settle(&mut self, begun: Instant) -> f64 {
        let mut untold: Vec<usize> = self.owned.keys().copied().collect();
        loop {
            let event = self.members.next();
            let Some(owned) = self.owned.get_mut(&event.member) else { continue };
            if event.is("partitions_revoked") {
                owned.retain(|partition| !event.partitions().contains(partition));
            } else if event.is("partitions_assigned") {
                owned.extend(event.partitions());
                if event.at > begun {
                    untold.retain(|member| *member != event.member);
                }
            }
            let count: usize = self.owned.values().map(Vec::len).sum();
            if untold.is_empty() && count as u64 == self.partitions {
                return (event.at - begun).as_secs_f64() * 1_000.0;
            }
        }
    }
}
