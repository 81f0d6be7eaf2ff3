//! `--reset-offsets`: shows where a group without members would begin and, with `--execute`, has it begin there.

use super::failure::{because, failed, unreadable};
use crate::cli::commands::groups::log_offsets::LogOffsets;
use crate::cli::commands::groups::plan::Plan;
use crate::cli::commands::groups::reset;
use crate::cli::commands::groups::reset_time;
use crate::cli::commands::groups::selection::{self, TopicArgument};
use crate::cli::context::Context;
use crate::cli::error::{Failure, ParseError, Status};
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::client::{self, Admin, OffsetSpec};
use crate::types::java::string_hash;
use crate::types::{ErrorCode, TopicName, TopicPartition};
use std::collections::BTreeSet;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let format = context.format(parsed)?;
    let group = one_group(parsed)?;
    let admin = context.connect(parsed)?.admin()?;
    let admin: &dyn Admin = &*admin;
    check_empty(admin, &group)?;
    let plan = plan(context, parsed, admin, &group)?;
    if parsed.has("execute") && !plan.is_empty() {
        let outcomes = admin.alter_share_group_offsets(&group, &plan);
        let outcomes = outcomes.map_err(|error| refused(&error, plan.iter().map(|(tp, _)| tp)))?;
        let failed = plan.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_err());
        let (failed, errors): (Vec<_>, Vec<_>) = failed.map(|((tp, _), outcome)| (tp, outcome)).unzip();
        if let Some(Err(error)) = errors.first() {
            return Err(refused(error, failed.into_iter()));
        }
    }
    let plans = [(group, plan)];
    reset::view(&plans).print(context, format, || format!("\n{}", reset::table(&plans)))?;
    Ok(Status::SUCCESS)
}

/// The group of an action that acts on one.
pub(super) fn one_group(parsed: &Parsed) -> Result<String, Failure> {
    let mut groups = parsed.texts("group");
    match (groups.pop(), groups.is_empty()) {
        (Some(group), true) => Ok(group),
        _ => Err(unreadable(ParseError::Multiple { name: "group".to_owned() })),
    }
}

/// Whether anything may be changed. A group that doesn't exist is empty enough.
fn check_empty(admin: &dyn Admin, group: &str) -> Result<(), Failure> {
    match admin.describe_share_group(group) {
        Ok(description) if description.members.is_empty() => Ok(()),
        Ok(_) => Err(Failure::plain(format!("Share group '{group}' is not empty."))),
        Err(error) if error.code == ErrorCode::GroupIdNotFound => Ok(()),
        Err(error) => Err(Failure::plain(error.message)),
    }
}

/// What Kafka says where partitions can't be set.
fn refused<'a>(error: &client::Error, partitions: impl Iterator<Item = &'a TopicPartition>) -> Failure {
    let partitions: Vec<String> = partitions.map(ToString::to_string).collect();
    let words =
        format!("Failed altering group offsets for the following partitions: [{}]", partitions.join(", "));
    because(&format!("{words}: {}", error.message), &words)
}

fn plan(context: &mut Context, parsed: &Parsed, admin: &dyn Admin, group: &str) -> Result<Plan, Failure> {
    let scope = scope(parsed, admin, group)?;
    let logs = LogOffsets { admin, because };
    let mut plan = if let Some(text) = parsed.text("to-datetime")? {
        let unparsed = |words: String| because(&words, &format!("java.text.ParseException: {words}"));
        logs.at_time(context, scope, reset_time::datetime(&text).map_err(unparsed)?)?
    } else if parsed.has("to-earliest") {
        logs.ends(scope, OffsetSpec::Earliest)?
    } else {
        logs.ends(scope, OffsetSpec::Latest)?
    };
    sort(&mut plan, &selection::topics(parsed)?);
    Ok(plan)
}

/// The partitions that `--topic` or `--all-topics` mean.
fn scope(parsed: &Parsed, admin: &dyn Admin, group: &str) -> Result<Vec<TopicPartition>, Failure> {
    if !parsed.has("topic") {
        return match admin.share_group_offsets(group) {
            Ok(offsets) => Ok(offsets.into_iter().map(|(tp, _)| tp).collect()),
            Err(error) if error.code == ErrorCode::GroupIdNotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        };
    }
    let mut scope = Vec::new();
    for argument in selection::topics(parsed)? {
        let (TopicArgument::Whole(topic) | TopicArgument::Some(topic, _)) = &argument;
        let all = match TopicName::new(topic) {
            Ok(_) => selection::partitions_of(admin, topic),
            Err(_) => Err(client::Error::of(ErrorCode::InvalidTopic)),
        };
        match argument {
            TopicArgument::Whole(_) => {
                scope.extend(all.map_err(|error| because(&error.message, &error.message))?);
            }
            TopicArgument::Some(topic, numbers) => {
                if let Err(error) = all {
                    let class = "java.util.concurrent.ExecutionException";
                    let cause = format!("{class}: {}: {}", error.java_class(), error.message);
                    return Err(because(&error.message, &cause));
                }
                let named = |partition| TopicPartition { topic: topic.clone(), partition };
                scope.extend(numbers.into_iter().map(named));
            }
        }
    }
    let mut seen = BTreeSet::new();
    match scope.iter().find(|tp| !seen.insert(*tp)) {
        Some(twice) => Err(because(&format!("{twice} is named twice"), &format!("Duplicate key {twice}"))),
        None => Ok(scope),
    }
}

/// Sorts a plan as Kafka lists it. Of partitions with the same hash come first those that were named by number, then those of
/// whole topics, in the order of a map of these.
fn sort(plan: &mut Plan, arguments: &[TopicArgument]) {
    let mut whole: Vec<&str> = Vec::new();
    let mut order: Vec<&str> = Vec::new();
    for argument in arguments {
        match argument {
            TopicArgument::Whole(topic) => whole.push(topic),
            TopicArgument::Some(topic, _) => order.push(topic),
        }
    }
    java_order::sort(&mut whole, java_order::DEFAULT_CAPACITY, |topic| string_hash(topic));
    order.extend(whole);
    plan.sort_by_key(|(tp, _)| order.iter().position(|topic| *topic == tp.topic));
    java_order::sort(plan, java_order::DEFAULT_CAPACITY, |(tp, _)| java_order::partition_hash(tp));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Offset, PartitionId};

    #[test]
    fn partitions_come_as_kafka_listed_them() {
        let tp = |topic: &str, partition| TopicPartition {
            topic: topic.to_owned(),
            partition: PartitionId(partition),
        };
        let whole = |topic: &str| TopicArgument::Whole(topic.to_owned());
        let arguments = [whole("demo"), whole("abc"), whole("other")];
        let partitions =
            |count: i32, topic: &'static str| (0..count).map(move |p| (tp(topic, p), Offset::ZERO));
        let mut plan: Plan =
            partitions(2, "demo").chain(partitions(12, "abc")).chain(partitions(1, "other")).collect();
        let listed = |plan: &Plan| plan.iter().map(|(tp, _)| tp.to_string()).collect::<Vec<_>>().join(" ");
        sort(&mut plan, &arguments);
        // As seen with Kafka 4.2.
        let expected =
            "abc-2 abc-3 abc-0 other-0 abc-1 demo-0 demo-1 abc-10 abc-11 abc-8 abc-9 abc-6 abc-7 abc-4 abc-5";
        assert_eq!(listed(&plan), expected);
        let mut plan: Plan = partitions(1, "other").chain(partitions(2, "abc")).collect();
        let abc = TopicArgument::Some("abc".to_owned(), vec![PartitionId(0), PartitionId(1)]);
        sort(&mut plan, &[whole("other"), abc]);
        assert_eq!(listed(&plan), "abc-0 abc-1 other-0");
    }
}
