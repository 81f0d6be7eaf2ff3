//! Which action it is, and those that are short: `--list` and `--cancel`.

use super::files::{self, Assignment, Replicas, joined};
use super::options::{Action, action, failed, refused};
use super::{execute, generate, throttle, verify};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{self, Admin};
use crate::types::{BrokerId, ErrorCode, TopicPartition};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let action = action(context, parsed)?;
    command_config(parsed).map_err(|_| {
        let name = parsed.all("command-config").last().unwrap_or_default().to_string_lossy();
        failed(name)
    })?;
    if action == Action::Generate {
        return generate::run(context, parsed);
    }
    if action == Action::List {
        let admin = admin(context, parsed)?;
        return list(context, admin.as_ref());
    }
    let moves = files::assignment(path(parsed, "reassignment-json-file")?)?;
    match action {
        Action::Execute => execute::run(context, parsed, &moves),
        Action::Verify => verify::run(context, parsed, &moves),
        _ => cancel(context, parsed, &moves),
    }
}

pub(super) fn path<'p>(parsed: &'p Parsed, option: &str) -> Result<&'p OsStr, Failure> {
    parsed.bytes(option)?.ok_or_else(|| failed(format!("--{option} is required")))
}

pub(super) fn admin(context: &Context, parsed: &Parsed) -> Result<Box<dyn Admin>, Failure> {
    context.connect(parsed)?.admin().map_err(refused)
}

fn list(context: &mut Context, admin: &dyn Admin) -> Result<Status, Failure> {
    let active = admin.list_reassignments().map_err(refused)?;
    if active.is_empty() {
        writeln!(context.stdout, "No partition reassignments found.")?;
        return Ok(Status::SUCCESS);
    }
    writeln!(context.stdout, "Current partition reassignments:")?;
    for one in active {
        let mut line = format!("{}: replicas: {}.", one.partition, joined(&one.replicas, ","));
        for (what, brokers) in [("adding", &one.adding), ("removing", &one.removing)] {
            if !brokers.is_empty() {
                line += &format!(" {what}: {}.", joined(brokers, ","));
            }
        }
        writeln!(context.stdout, "{line}")?;
    }
    Ok(Status::SUCCESS)
}

fn cancel(
    context: &mut Context,
    parsed: &Parsed,
    moves: &[(TopicPartition, Replicas)],
) -> Result<Status, Failure> {
    let admin = admin(context, parsed)?;
    let active = admin.list_reassignments().map_err(refused)?;
    if let Some(one) =
        active.iter().find(|one| moves.iter().any(|(partition, _)| *partition == one.partition))
    {
        return Err(failed(format!(
            "the reassignment of {} needs its brokers to be cancelled",
            one.partition
        )));
    }
    writeln!(context.stdout, "None of the specified partition reassignments are active.")?;
    // Kafka ends this line nowhere.
    write!(context.stdout, "None of the specified partition moves are active.")?;
    if !context.is_kafka() {
        writeln!(context.stdout)?;
    }
    if !parsed.has("preserve-throttles") {
        throttle::clear(context, admin.as_ref(), moves)?;
    }
    Ok(Status::SUCCESS)
}

/// The assignment of topics as it is now, with the directories that the replicas are in. What isn't there is left out.
pub(super) fn current(admin: &dyn Admin, topics: &BTreeSet<String>) -> Result<Assignment, Failure> {
    let directories = admin.describe_log_dirs().map_err(refused)?;
    let mut places: BTreeMap<(BrokerId, &TopicPartition), String> = BTreeMap::new();
    for directory in &directories {
        for replica in directory.replicas.iter().filter(|replica| !replica.is_future) {
            places.insert((directory.broker, &replica.partition), directory.path.display().to_string());
        }
    }
    let mut assignment = Assignment::new();
    let names: Vec<String> = topics.iter().cloned().collect();
    for answer in admin.describe_topics(&names) {
        let topic = match answer {
            Err(error) if is_unknown(&error) => continue,
            other => other.map_err(refused)?,
        };
        for partition in &topic.partitions {
            let key = TopicPartition { topic: topic.name.clone(), partition: partition.partition };
            let place = |id: &BrokerId| places.get(&(*id, &key)).cloned();
            let directories = partition.replicas.iter().map(|id| place(id).unwrap_or(files::ANY.to_owned()));
            let directories = directories.collect();
            assignment.insert(key, Replicas { brokers: partition.replicas.clone(), directories });
        }
    }
    Ok(assignment)
}

fn is_unknown(error: &client::Error) -> bool {
    matches!(error.code, ErrorCode::UnknownTopicOrPartition | ErrorCode::InvalidTopic)
}

/// A topic that isn't there.
pub(super) fn no_topic(topic: &str) -> Failure {
    let message = format!("Topic {topic} not found.");
    refused(client::Error::new(ErrorCode::UnknownTopicOrPartition, message))
}
