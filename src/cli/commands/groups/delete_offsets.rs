//! `--delete-offsets`: a group's committed offsets of some topics.

use super::failure::because;
use super::selection::{self, TopicArgument};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::parse::Parsed;
use crate::client::{self, Admin};
use crate::output::{Column, columns};
use crate::types::{ErrorCode, TopicPartition};
use std::io::Write;

const PARTITION_ERROR: &str = "Encountered some partition-level error, see the follow-up details.";

/// A line of the answer: a topic, the number of a partition or `-`, and what became of it.
struct Line {
    topic: String,
    partition: String,
    outcome: client::Result<()>,
}

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let groups = parsed.texts("group");
    let [group] = groups.as_slice() else {
        let message = "Found multiple arguments for option group, but you asked for only one";
        return Err(because(message, message));
    };
    let topics = selection::topics(parsed)?;
    let admin = context.connect(parsed)?.admin()?;
    let (partitions, mut lines) = resolve(&*admin, topics);
    let answer =
        if partitions.is_empty() { Ok(Vec::new()) } else { admin.delete_group_offsets(group, &partitions) };
    let trouble = match answer {
        Ok(outcomes) => {
            let failed = outcomes.iter().any(Result::is_err);
            lines.extend(partitions.into_iter().zip(outcomes).map(|(tp, outcome)| line(tp, outcome)));
            failed.then(|| PARTITION_ERROR.to_owned())
        }
        Err(error) => {
            let same = || client::Error::new(error.code, error.message.clone());
            lines.extend(partitions.into_iter().map(|tp| line(tp, Err(same()))));
            Some(error.message)
        }
    };
    lines.sort_by_key(|line| format!("{}{}", line.topic, line.partition));
    match &trouble {
        None => writeln!(context.stdout, "Request succeeded for deleting offsets from group {group}.")?,
        Some(message) if context.is_kafka() => writeln!(context.stdout, "\nError: {message}")?,
        Some(message) => context.say(&format!("kt: {message}"))?,
    }
    write!(context.stdout, "\n{}", text(&lines))?;
    let failed = !context.is_kafka() && lines.iter().any(|line| line.outcome.is_err());
    Ok(if failed { Status::FAILURE } else { Status::SUCCESS })
}

fn line(partition: TopicPartition, outcome: client::Result<()>) -> Line {
    let number = partition.partition.0;
    let partition_text = if number < 0 { "-".to_owned() } else { number.to_string() };
    Line { topic: partition.topic, partition: partition_text, outcome }
}

/// The partitions meant, and lines for topics that don't exist.
fn resolve(admin: &dyn Admin, topics: Vec<TopicArgument>) -> (Vec<TopicPartition>, Vec<Line>) {
    let mut partitions = Vec::new();
    let mut unknown = Vec::new();
    for argument in topics {
        match argument {
            TopicArgument::Some(topic, numbers) => {
                partitions.extend(
                    numbers.into_iter().map(|partition| TopicPartition { topic: topic.clone(), partition }),
                );
            }
            TopicArgument::Whole(topic) => match selection::partitions_of(admin, &topic) {
                Ok(all) => partitions.extend(all),
                Err(error) => unknown.push(Line { topic, partition: "-".to_owned(), outcome: Err(error) }),
            },
        }
    }
    partitions.sort();
    partitions.dedup();
    (partitions, unknown)
}

/// Kafka's table; `ErrorCode` messages are those of the exceptions.
fn text(lines: &[Line]) -> String {
    let layout = [Column::AtLeast(15), Column::Exactly(10), Column::Exactly(15)];
    let mut rows = vec![vec!["TOPIC".to_owned(), "PARTITION".to_owned(), "STATUS".to_owned()]];
    rows.extend(lines.iter().map(|line| {
        let status = match &line.outcome {
            Ok(()) => "Successful".to_owned(),
            Err(error) => format!("Error: {}: {}", error.java_class(), message(error)),
        };
        vec![line.topic.clone(), line.partition.clone(), status]
    }));
    columns(&layout, &rows)
}

/// Kafka words an unknown topic alike wherever it comes from.
fn message(error: &client::Error) -> &str {
    match error.code {
        ErrorCode::UnknownTopicOrPartition => error.code.default_message(),
        _ => &error.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_kafkas_to_the_byte() {
        let line = |topic: &str, partition: &str, outcome| Line {
            topic: topic.to_owned(),
            partition: partition.to_owned(),
            outcome,
        };
        let lines = [
            line("demo", "0", Ok(())),
            line("nowhere", "-", Err(client::Error::of(ErrorCode::UnknownTopicOrPartition))),
        ];
        let expected = "TOPIC           PARTITION  STATUS         \n\
                        demo            0          Successful     \n\
                        nowhere         -          Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.\n";
        assert_eq!(text(&lines), expected);
    }
}
