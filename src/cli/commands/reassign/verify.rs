//! `--verify`: how far the moves of a file are. When all are done the throttles are lifted.

use super::files::{ANY, Assignment, Replicas, joined};
use super::options::refused;
use super::run::{admin, current};
use super::throttle;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::PartitionReassignment;
use crate::types::{BrokerId, TopicPartition};
use std::collections::BTreeSet;
use std::io::Write;

pub(super) fn run(
    context: &mut Context,
    parsed: &Parsed,
    moves: &[(TopicPartition, Replicas)],
) -> Result<Status, Failure> {
    let admin = admin(context, parsed)?;
    let topics: BTreeSet<String> = moves.iter().map(|(partition, _)| partition.topic.clone()).collect();
    let present = current(admin.as_ref(), &topics)?;
    let active = admin.list_reassignments().map_err(refused)?;
    let is_active = |partition: &TopicPartition| active.iter().any(|one| one.partition == *partition);
    let mut sorted: Vec<&(TopicPartition, Replicas)> = moves.iter().collect();
    sorted.sort_by(|one, other| one.0.cmp(&other.0));
    writeln!(context.stdout, "Status of partition reassignment:")?;
    for (partition, target) in &sorted {
        writeln!(context.stdout, "{}", state(partition, target, &present, &active))?;
    }
    let directories: Vec<String> =
        sorted.iter().flat_map(|(partition, target)| directory_states(partition, target, &present)).collect();
    match directories.is_empty() {
        true => writeln!(context.stdout)?,
        false => directories.iter().try_for_each(|line| writeln!(context.stdout, "{line}"))?,
    }
    let under_way = moves.iter().any(|(partition, _)| is_active(partition));
    if !under_way && !parsed.has("preserve-throttles") {
        throttle::clear(context, admin.as_ref(), moves)?;
    }
    Ok(Status::SUCCESS)
}

fn state(
    partition: &TopicPartition,
    target: &Replicas,
    present: &Assignment,
    active: &[PartitionReassignment],
) -> String {
    if active.iter().any(|one| one.partition == *partition) {
        return format!("Reassignment of partition {partition} is still in progress.");
    }
    let replicas: &[BrokerId] = present.get(partition).map(|replicas| &*replicas.brokers).unwrap_or_default();
    if replicas == target.brokers {
        return format!("Reassignment of partition {partition} is completed.");
    }
    format!(
        "There is no active reassignment of partition {partition}, but replica set is {} rather than {}.",
        joined(replicas, ","),
        joined(&target.brokers, ",")
    )
}

/// What has become of replicas that are to be in certain directories.
fn directory_states(partition: &TopicPartition, target: &Replicas, present: &Assignment) -> Vec<String> {
    let named = target.brokers.iter().zip(&target.directories).filter(|(_, directory)| *directory != ANY);
    let line = |(broker, directory): (&BrokerId, &String)| {
        let found = present.get(partition).and_then(|replicas| {
            replicas.brokers.iter().zip(&replicas.directories).find(|(id, _)| *id == broker)
        });
        match found {
            Some((_, place)) if place == directory => {
                format!("Reassignment of replica {partition}-{broker} completed successfully.")
            }
            Some((_, place)) => format!(
                "Partition {partition} on broker {broker} is not being moved from log dir {place} to {directory}."
            ),
            None => {
                format!("Partition {partition} cannot be found in any live log directory on broker {broker}.")
            }
        }
    };
    named.map(line).collect()
}
