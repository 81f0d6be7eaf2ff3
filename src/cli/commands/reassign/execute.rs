//! `--execute`: starts the moves of a file, after it has said how to undo them.

use super::files::{self, ANY, Assignment, Replicas};
use super::options::{failed, refused};
use super::run::{admin, current, no_topic};
use super::throttle;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status, Stream};
use crate::cli::parse::Parsed;
use crate::client::{self, Admin};
use crate::types::{ErrorCode, TopicPartition};
use std::collections::BTreeSet;
use std::io::Write;

pub(super) fn run(
    context: &mut Context,
    parsed: &Parsed,
    moves: &[(TopicPartition, Replicas)],
) -> Result<Status, Failure> {
    let rate: i64 = parsed.number("throttle")?.unwrap_or(-1);
    let directory_rate: i64 = parsed.number("replica-alter-log-dirs-throttle")?.unwrap_or(-1);
    let _timeout_ms: Option<i64> = parsed.number("timeout")?;
    files::check(moves)?;
    let admin = admin(context, parsed)?;
    let admin = admin.as_ref();
    let present = present(admin, moves)?;
    writeln!(
        context.stdout,
        "Current partition replica assignment\n\n{}\n\nSave this to use as the --reassignment-json-file option during rollback",
        files::json(&present)
    )?;
    if parsed.has("disallow-replication-factor-change") {
        check_factors(&present, moves)?;
    }
    if rate >= 0 || directory_rate >= 0 {
        writeln!(
            context.stdout,
            "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed."
        )?;
    }
    if rate >= 0 {
        throttle::set(admin, &present, moves, rate)?;
        writeln!(context.stdout, "The inter-broker throttle limit was set to {rate} B/s")?;
    }
    if directory_rate >= 0 {
        writeln!(context.stdout, "The replica-alter-dir throttle limit was set to {directory_rate} B/s")?;
    }
    let wanted: Vec<_> =
        moves.iter().map(|(partition, replicas)| (partition.clone(), replicas.brokers.clone())).collect();
    check_answers(moves, admin.alter_reassignments(&wanted).map_err(refused)?)?;
    let mut names: Vec<&TopicPartition> = moves.iter().map(|(partition, _)| partition).collect();
    names.sort();
    let plural = if names.len() == 1 { "" } else { "s" };
    let names: Vec<String> = names.into_iter().map(ToString::to_string).collect();
    writeln!(context.stdout, "Successfully started partition reassignment{plural} for {}", names.join(","))?;
    move_directories(context, &present, moves)
}

/// The assignment as it is of the partitions that are to be moved; all must be there, and so must the brokers.
fn present(admin: &dyn Admin, moves: &[(TopicPartition, Replicas)]) -> Result<Assignment, Failure> {
    let nodes = admin.describe_cluster().map_err(refused)?.nodes;
    let mut named = moves.iter().flat_map(|(_, replicas)| &replicas.brokers);
    if let Some(unknown) = named.find(|id| !nodes.iter().any(|node| node.id == **id)) {
        return Err(failed(format!("Unknown broker id {unknown}")));
    }
    let topics: BTreeSet<String> = moves.iter().map(|(partition, _)| partition.topic.clone()).collect();
    let mut present = current(admin, &topics)?;
    if let Some(missing) =
        topics.iter().find(|topic| !present.keys().any(|partition| partition.topic == **topic))
    {
        return Err(no_topic(missing));
    }
    if let Some((missing, _)) = moves.iter().find(|(partition, _)| !present.contains_key(partition)) {
        let message = format!("Unable to find partition: {missing}");
        return Err(refused(client::Error::new(ErrorCode::UnknownTopicOrPartition, message)));
    }
    present.retain(|partition, _| moves.iter().any(|(moved, _)| moved == partition));
    Ok(present)
}

fn check_factors(present: &Assignment, moves: &[(TopicPartition, Replicas)]) -> Result<(), Failure> {
    let line = |(partition, target): &(TopicPartition, Replicas)| {
        let (is, becomes) = (present.get(partition)?.brokers.len(), target.brokers.len());
        (is != becomes)
            .then(|| format!("{partition}: The replication factor is changed from {is} to {becomes}"))
    };
    reassigning(moves.iter().filter_map(line).collect())
}

fn check_answers(
    moves: &[(TopicPartition, Replicas)],
    answers: Vec<client::Result<()>>,
) -> Result<(), Failure> {
    let wrong = moves.iter().zip(answers);
    let line = |((partition, _), answer): (&(TopicPartition, Replicas), client::Result<()>)| {
        answer.err().map(|error| format!("{partition}: {}", error.message))
    };
    reassigning(wrong.filter_map(line).collect())
}

fn reassigning(lines: Vec<String>) -> Result<(), Failure> {
    if lines.is_empty() {
        return Ok(());
    }
    let text = format!("Error reassigning partition(s):\n{}", lines.join("\n"));
    Err(Failure::plain(&text).kafka_says(Stream::Stdout, text, Status::FAILURE))
}

/// Says that replicas are on their way to the directories in which they already are: a broker has one.
fn move_directories(
    context: &mut Context,
    present: &Assignment,
    moves: &[(TopicPartition, Replicas)],
) -> Result<Status, Failure> {
    for (partition, target) in moves {
        for (broker, directory) in target.brokers.iter().zip(&target.directories) {
            if directory == ANY {
                continue;
            }
            let is_there = present.get(partition).is_some_and(|replicas| {
                replicas
                    .brokers
                    .iter()
                    .zip(&replicas.directories)
                    .any(|(id, dir)| id == broker && dir == directory)
            });
            if !is_there {
                return Err(failed(format!("Failed to alter dir for {partition}-{broker}")));
            }
            writeln!(
                context.stdout,
                "Successfully started moving log directory to {directory} for replica {partition} with broker {broker} "
            )?;
        }
    }
    Ok(Status::SUCCESS)
}
