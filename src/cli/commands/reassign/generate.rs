//! `--generate`: the assignment of topics as it is, and one over the brokers that are named.

use super::files::{self, ANY, Assignment, Replicas};
use super::options::{failed, refused};
use super::run::{admin, current, no_topic, path};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::types::BrokerId;
use std::collections::BTreeSet;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let brokers = brokers(&parsed.text("broker-list")?.unwrap_or_default())?;
    let topics = files::topics(path(parsed, "topics-to-move-json-file")?)?;
    let admin = admin(context, parsed)?;
    let wanted: BTreeSet<String> = topics.iter().cloned().collect();
    let present = current(admin.as_ref(), &wanted)?;
    let is_there = |topic: &&String| present.keys().any(|partition| partition.topic == **topic);
    if let Some(missing) = topics.iter().find(|topic| !is_there(topic)) {
        return Err(no_topic(missing));
    }
    let nodes = admin.describe_cluster().map_err(refused)?.nodes;
    let alive = |id: &BrokerId| nodes.iter().any(|node| node.id == *id && !node.fenced);
    let usable: Vec<BrokerId> = brokers.into_iter().filter(alive).collect();
    let proposed = propose(&present, &usable)?;
    writeln!(context.stdout, "Current partition replica assignment\n{}\n", files::json(&present))?;
    writeln!(context.stdout, "Proposed partition reassignment configuration\n{}", files::json(&proposed))?;
    Ok(Status::SUCCESS)
}

fn brokers(list: &str) -> Result<Vec<BrokerId>, Failure> {
    let id =
        |text: &str| text.parse().map(BrokerId).map_err(|_| failed(format!("For input string: \"{text}\"")));
    let brokers = list.split(',').map(id).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = brokers.iter().map(ToString::to_string).collect();
    let twice = files::twice(&names);
    if twice.is_empty() {
        return Ok(brokers);
    }
    Err(failed(format!("Broker list contains duplicate entries: [{}]", twice.join(", "))))
}

/// As many replicas as there are now, one broker after the other.
fn propose(present: &Assignment, brokers: &[BrokerId]) -> Result<Assignment, Failure> {
    let mut proposed = Assignment::new();
    for (turn, (partition, replicas)) in present.iter().enumerate() {
        let count = replicas.brokers.len();
        if brokers.is_empty() {
            return Err(failed("All brokers are currently fenced."));
        }
        if count > brokers.len() {
            return Err(failed(format!(
                "The target replication factor of {count} cannot be reached because only {} broker(s) are registered.",
                brokers.len()
            )));
        }
        let chosen = brokers.iter().cycle().skip(turn % brokers.len()).take(count).copied();
        let replicas = Replicas { brokers: chosen.collect(), directories: vec![ANY.to_owned(); count] };
        proposed.insert(partition.clone(), replicas);
    }
    Ok(proposed)
}
