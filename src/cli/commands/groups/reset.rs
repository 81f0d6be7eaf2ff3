//! `--reset-offsets`: plans where the offsets of groups without members go, shows it and, with `--execute`, commits it.

use super::failure::{because, failed};
use super::plan::{Plan, Planner};
use super::plan_file;
use super::selection;
use super::view::{Heading, View};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::input;
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::client::{self, Admin, GroupState};
use crate::output::{Column, Format, columns, csv_line};
use crate::types::ErrorCode;
use crate::types::java::string_hash;
use std::io::Write;
use std::path::Path;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    let admin = context.connect(parsed)?.admin()?;
    let admin: &dyn Admin = &*admin;
    let mut groups = selection::groups(parsed, admin)?;
    java_order::sort(&mut groups, java_order::DEFAULT_CAPACITY, |group| string_hash(group));
    let only_group = parsed.texts("group").into_iter().next().filter(|_| parsed.texts("group").len() == 1);
    let file = match parsed.bytes("from-file")? {
        Some(path) => Some(plan_file::read(&read_file(Path::new(path))?, only_group.as_deref())?),
        None => None,
    };
    let planner = Planner { admin, parsed, file: file.as_ref() };
    let mut plans = Vec::new();
    let mut status = Status::SUCCESS;
    for group in groups {
        let plan = match state(admin, &group)? {
            GroupState::Empty | GroupState::Dead => planner.plan(context, &group)?,
            busy => {
                let reason = format!(
                    "Assignments can only be reset if the group '{group}' is inactive, but the current state is {}.",
                    busy.name()
                );
                context.note(&format!("\nError: {reason}"))?;
                status = if context.is_kafka() { Status::SUCCESS } else { Status::FAILURE };
                Plan::new()
            }
        };
        if parsed.has("execute") && !plan.is_empty() {
            let altered = admin.alter_group_offsets(&group, &plan);
            let altered = altered.and_then(|all| all.into_iter().collect::<client::Result<()>>());
            altered.map_err(|error| refused(error, &plan))?;
        }
        plans.push((group, plan));
    }
    if parsed.has("export") {
        writeln!(context.stdout, "{}", csv(&plans, only_group.is_some()))?;
    } else if format == Format::Text {
        write!(context.stdout, "{}", text(&plans))?;
    } else {
        view(&plans).print(context, format, String::new)?;
    }
    Ok(status)
}

/// What Kafka says where offsets are refused.
fn refused(error: client::Error, plan: &Plan) -> Failure {
    if error.code == ErrorCode::KafkaStorage {
        return failed(error);
    }
    let partitions: Vec<String> = plan.iter().map(|(tp, _)| tp.to_string()).collect();
    let words =
        format!("Failed altering group offsets for the following partitions: [{}]", partitions.join(", "));
    because(format!("{words}: {}", error.message), &words)
}

fn read_file(path: &Path) -> Result<String, Failure> {
    input::read_file(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|error| {
        let words = format!("Unable to read file {}", path.display());
        because(format!("{words}: {error}"), &format!("java.io.IOException: {words}"))
    })
}

/// The state of a group; one that doesn't exist yet is as good as dead.
fn state(admin: &dyn Admin, group: &str) -> Result<GroupState, Failure> {
    match admin.describe_group(group) {
        Ok(description) => Ok(description.state),
        Err(error) if error.code == ErrorCode::GroupIdNotFound => Ok(GroupState::Dead),
        Err(error) => {
            let cause =
                format!("java.util.concurrent.ExecutionException: {}: {}", error.java_class(), error.message);
            Err(because(error.message, &cause))
        }
    }
}

/// Kafka's table; an empty line alone when there is no group.
fn text(plans: &[(String, Plan)]) -> String {
    if plans.is_empty() { "\n".to_owned() } else { format!("\n{}", table(plans)) }
}

pub(in crate::cli::commands) fn table(plans: &[(String, Plan)]) -> String {
    let layout = [Column::AtLeast(15), Column::AtLeast(15), Column::Exactly(10), Column::Free];
    let mut rows = vec![["GROUP", "TOPIC", "PARTITION", "NEW-OFFSET"].map(str::to_owned).to_vec()];
    for (group, plan) in plans {
        rows.extend(plan.iter().map(|(tp, offset)| {
            vec![group.clone(), tp.topic.clone(), tp.partition.to_string(), offset.to_string()]
        }));
    }
    columns(&layout, &rows)
}

/// The plan as `--from-file` reads it; an only group is not named.
fn csv(plans: &[(String, Plan)], only_group: bool) -> String {
    let mut out = String::new();
    for (group, plan) in plans {
        for (tp, offset) in plan {
            let mut cells = vec![tp.topic.clone(), tp.partition.to_string(), offset.to_string()];
            if !only_group {
                cells.insert(0, group.clone());
            }
            out += &csv_line(&cells);
        }
    }
    out
}

pub(in crate::cli::commands) fn view(plans: &[(String, Plan)]) -> View {
    let headings = vec![
        Heading::text("GROUP", "group"),
        Heading::text("TOPIC", "topic"),
        Heading::number("PARTITION", "partition"),
        Heading::number("NEW-OFFSET", "new_offset"),
    ];
    let rows = plans.iter().flat_map(|(group, plan)| {
        plan.iter().map(|(tp, offset)| {
            vec![group.as_str().into(), tp.topic.as_str().into(), tp.partition.0.into(), offset.get().into()]
        })
    });
    View { headings, rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Offset, PartitionId, TopicPartition};

    #[test]
    fn plans_are_shown_and_exported_as_kafka_does() {
        let tp = TopicPartition { topic: "demo".to_owned(), partition: PartitionId(1) };
        let plans = [("g".to_owned(), vec![(tp, Offset::new(4))]), ("busy".to_owned(), Plan::new())];
        let expected = "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\ng               demo            1          4\n";
        assert_eq!(text(&plans), expected);
        assert_eq!(text(&[]), "\n");
        assert_eq!(csv(&plans, true), "demo,1,4\n");
        assert_eq!(csv(&plans, false), "g,demo,1,4\n");
    }
}
