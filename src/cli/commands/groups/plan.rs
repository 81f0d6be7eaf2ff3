//! Where the offsets of a group shall go: the partitions in scope, the offset that the scenario gives each, in the order in
//! which Kafka's tool lists them.

use super::failure::{because, failed};
use super::plan_file::FilePlan;
use super::reset_time;
use super::selection::{self, TopicArgument};
use super::usage_checks::SCENARIOS;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::client::{Admin, OffsetInfo, OffsetSpec};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicName, TopicPartition, now_ms};
use std::collections::{BTreeMap, BTreeSet};

/// New offsets, in the order of Kafka's listing.
pub(super) type Plan = Vec<(TopicPartition, Offset)>;

/// What every group of one command has in common.
pub(super) struct Planner<'a> {
    pub(super) admin: &'a dyn Admin,
    pub(super) parsed: &'a Parsed,
    /// The plan of `--from-file`.
    pub(super) file: Option<&'a FilePlan>,
}

impl Planner<'_> {
    /// Plans for one group. Notes go out as they arise.
    pub(super) fn plan(&self, context: &mut Context, group: &str) -> Result<Plan, Failure> {
        let scope = self.scope(group)?;
        let parsed = self.parsed;
        let mut plan = if let Some(file) = self.file {
            let Some(wanted) = file.get(group) else {
                context.note(&format!("\nError: No reset plan for group {group} found"))?;
                return Ok(Plan::new());
            };
            self.clipped(wanted.iter().map(|(tp, offset)| (tp.clone(), offset.get())).collect())?
        } else if let Some(offset) = parsed.number::<i64>("to-offset")? {
            self.clipped(scope.into_iter().map(|tp| (tp, offset)).collect())?
        } else if let Some(text) = parsed.text("to-datetime")? {
            self.at_time(context, scope, reset_time::datetime(&text)?)?
        } else if let Some(text) = parsed.text("by-duration")? {
            self.at_time(context, scope, reset_time::before(now_ms(), &text)?)?
        } else if parsed.has("to-earliest") {
            self.ends(scope, OffsetSpec::Earliest)?
        } else if parsed.has("to-latest") {
            self.ends(scope, OffsetSpec::Latest)?
        } else if parsed.has("to-current") {
            return self.current(group, scope);
        } else if let Some(by) = parsed.number::<i64>("shift-by")? {
            self.shifted(group, scope, by)?
        } else {
            let names: Vec<String> = SCENARIOS.iter().map(|name| format!("[{name}]")).collect();
            let names = names.join(", ");
            let message =
                format!("Option '[reset-offsets]' requires one of the following scenarios: [{names}]");
            return Err(Failure::usage(message));
        };
        java_order::sort(&mut plan, java_order::DEFAULT_CAPACITY, |(tp, _)| java_order::partition_hash(tp));
        Ok(plan)
    }

    /// The partitions that `--all-topics` or `--topic` mean, in the order given.
    fn scope(&self, group: &str) -> Result<Vec<TopicPartition>, Failure> {
        if self.parsed.has("all-topics") {
            let committed = self.admin.group_offsets(group).map_err(failed)?;
            return Ok(committed.into_iter().map(|(partition, _)| partition).collect());
        }
        if !self.parsed.has("topic") {
            return match self.file {
                Some(_) => Ok(Vec::new()),
                None => {
                    Err(Failure::usage("One of the reset scopes should be defined: --all-topics, --topic."))
                }
            };
        }
        let mut scope = Vec::new();
        for argument in selection::topics(self.parsed)? {
            match argument {
                TopicArgument::Some(topic, numbers) => {
                    scope.extend(
                        numbers
                            .into_iter()
                            .map(|partition| TopicPartition { topic: topic.clone(), partition }),
                    );
                }
                TopicArgument::Whole(topic) => {
                    let all = selection::partitions_of(self.admin, &topic);
                    scope.extend(all.map_err(|error| because(error.message.clone(), &error.message))?);
                }
            }
        }
        let mut seen = BTreeSet::new();
        match scope.iter().find(|tp| !seen.insert(*tp)) {
            Some(twice) => Err(because(format!("{twice} is named twice"), &format!("Duplicate key {twice}"))),
            None => Ok(scope),
        }
    }

    /// Asks for one kind of offset of each partition; all must exist.
    fn offsets(&self, scope: &[TopicPartition], spec: OffsetSpec) -> Result<Vec<OffsetInfo>, Failure> {
        let topics: BTreeSet<&str> = scope.iter().map(|tp| tp.topic.as_str()).collect();
        let mut existing = BTreeSet::new();
        for topic in topics {
            if TopicName::new(topic).is_err() {
                let class = "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.InvalidTopicException";
                let words = format!(
                    "Failed to fetch metadata for partition {topic}-0 due to invalid topic `{topic}`"
                );
                return Err(because(words.clone(), &format!("{class}: {words}")));
            }
            match selection::partitions_of(self.admin, topic) {
                Ok(all) => existing.extend(all),
                Err(error) if error.code == ErrorCode::UnknownTopicOrPartition => {}
                Err(error) => return Err(failed(error)),
            }
        }
        let missing: Vec<String> =
            scope.iter().filter(|tp| !existing.contains(tp)).map(ToString::to_string).collect();
        if !missing.is_empty() {
            let words = format!("The partitions \"{}\" do not exist", missing.join(","));
            return Err(because(words.clone(), &words));
        }
        let requests: Vec<(TopicPartition, OffsetSpec)> = scope.iter().map(|tp| (tp.clone(), spec)).collect();
        self.admin.list_offsets(&requests).into_iter().map(|answer| answer.map_err(failed)).collect()
    }

    fn ends(&self, scope: Vec<TopicPartition>, spec: OffsetSpec) -> Result<Plan, Failure> {
        let answers = self.offsets(&scope, spec)?;
        let offsets = answers.into_iter().map(|info| info.offset.unwrap_or(Offset::ZERO));
        Ok(scope.into_iter().zip(offsets).collect())
    }

    /// Moves offsets that lie outside of their log to the nearer end of it.
    fn clipped(&self, wanted: Vec<(TopicPartition, i64)>) -> Result<Plan, Failure> {
        let (scope, wanted): (Vec<TopicPartition>, Vec<i64>) = wanted.into_iter().unzip();
        let starts = self.ends(scope.clone(), OffsetSpec::Earliest)?;
        let ends = self.ends(scope, OffsetSpec::Latest)?;
        let plan = starts.into_iter().zip(ends).zip(wanted).map(|(((tp, start), (_, end)), offset)| {
            (tp, Offset::new(offset.min(end.get()).max(start.get())))
        });
        Ok(plan.collect())
    }

    fn at_time(
        &self,
        context: &mut Context,
        scope: Vec<TopicPartition>,
        time: TimestampMs,
    ) -> Result<Plan, Failure> {
        let found = self.offsets(&scope, OffsetSpec::Timestamp(time))?;
        let mut late: Vec<TopicPartition> = Vec::new();
        let mut plan = Plan::new();
        for (tp, info) in scope.into_iter().zip(found) {
            match info.offset {
                Some(offset) => plan.push((tp, offset)),
                None => late.push(tp),
            }
        }
        java_order::sort(&mut late, java_order::DEFAULT_CAPACITY, java_order::partition_hash);
        for TopicPartition { topic, partition } in &late {
            context.note(&format!(
                "\nWarn: Partition {partition} from topic {topic} is empty. Falling back to latest known offset."
            ))?;
        }
        plan.extend(self.ends(late, OffsetSpec::Latest)?);
        Ok(plan)
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
        let committed = self.admin.group_offsets(group).map_err(failed)?;
        Ok(committed.into_iter().map(|(tp, committed)| (tp, committed.offset)).collect())
    }

    fn shifted(&self, group: &str, scope: Vec<TopicPartition>, by: i64) -> Result<Plan, Failure> {
        let committed = self.committed(group)?;
        let wanted = scope.into_iter().map(|tp| match committed.get(&tp) {
            Some(offset) => Ok((tp, offset.plus(by).get())),
            None => {
                let words = format!(
                    "Cannot shift offset for partition {tp} since there is no current committed offset"
                );
                Err(Failure::usage(words))
            }
        });
        self.clipped(wanted.collect::<Result<_, _>>()?)
    }

    /// The commits as they are, then the ends of what has none, as Kafka keeps them: in the table of the commits, or
    /// in one made for the others alone.
    fn current(&self, group: &str, scope: Vec<TopicPartition>) -> Result<Plan, Failure> {
        let committed = self.committed(group)?;
        let (with, without): (Vec<_>, Vec<_>) = scope.into_iter().partition(|tp| committed.contains_key(tp));
        let capacity = match with.len() {
            0 => java_order::capacity_for_all(without.len()),
            _ => java_order::DEFAULT_CAPACITY,
        };
        let mut plan: Plan =
            with.into_iter().filter_map(|tp| committed.get(&tp).map(|&offset| (tp, offset))).collect();
        plan.extend(self.ends(without, OffsetSpec::Latest)?);
        java_order::sort(&mut plan, capacity, |(tp, _)| java_order::partition_hash(tp));
        Ok(plan)
    }
}
