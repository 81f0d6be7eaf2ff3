//! Where the offsets of a group shall go: the partitions in scope, the offset that the scenario gives each, in the order in
//! which Kafka's tool lists them.

use super::failure::{because, failed};
use super::log_offsets::LogOffsets;
use super::plan_file::FilePlan;
use super::reset_time;
use super::selection::{self, TopicArgument};
use super::usage_checks::GRAMMAR;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::java_order;
use crate::cli::parse::Parsed;
use crate::client::{Admin, OffsetSpec};
use crate::types::{Offset, TopicPartition, now_ms};
use std::collections::{BTreeMap, BTreeSet};

/// New offsets, in the order of Kafka's listing.
pub(in crate::cli::commands) type Plan = Vec<(TopicPartition, Offset)>;

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
            self.clipped(context, wanted.iter().map(|(tp, offset)| (tp.clone(), offset.get())).collect())?
        } else if let Some(offset) = parsed.number::<i64>("to-offset")? {
            self.clipped(context, scope.into_iter().map(|tp| (tp, offset)).collect())?
        } else if let Some(text) = parsed.text("to-datetime")? {
            self.logs().at_time(context, scope, reset_time::datetime(&text).map_err(unparsed)?)?
        } else if let Some(text) = parsed.text("by-duration")? {
            self.logs().at_time(
                context,
                scope,
                reset_time::before(now_ms(), &text).map_err(|e| because(e.clone(), &e))?,
            )?
        } else if parsed.has("to-earliest") {
            self.logs().ends(scope, OffsetSpec::Earliest)?
        } else if parsed.has("to-latest") {
            self.logs().ends(scope, OffsetSpec::Latest)?
        } else if parsed.has("to-current") {
            return self.current(group, scope);
        } else if let Some(by) = parsed.number::<i64>("shift-by")? {
            self.shifted(context, group, scope, by)?
        } else {
            let names: Vec<String> = GRAMMAR.scenarios.iter().map(|name| format!("[{name}]")).collect();
            let names = names.join(", ");
            let message =
                format!("Option '[reset-offsets]' requires one of the following scenarios: [{names}]");
            return Err(Failure::usage(message));
        };
        java_order::sort(&mut plan, java_order::DEFAULT_CAPACITY, |(tp, _)| java_order::partition_hash(tp));
        Ok(plan)
    }

    fn logs(&self) -> LogOffsets<'_> {
        LogOffsets { admin: self.admin, because: |message, cause| because(message, cause) }
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

    /// Moves offsets that lie outside of their log to the nearer end of it, and says so.
    fn clipped(&self, context: &mut Context, wanted: Vec<(TopicPartition, i64)>) -> Result<Plan, Failure> {
        let (scope, wanted): (Vec<TopicPartition>, Vec<i64>) = wanted.into_iter().unzip();
        let starts = self.logs().ends(scope.clone(), OffsetSpec::Earliest)?;
        let ends = self.logs().ends(scope, OffsetSpec::Latest)?;
        let mut plan = Plan::with_capacity(wanted.len());
        for (((tp, start), (_, end)), offset) in starts.into_iter().zip(ends).zip(wanted) {
            let (clipped, beyond) = match offset {
                offset if offset > end.get() => (end, Some("higher than latest")),
                offset if offset < start.get() => (start, Some("lower than earliest")),
                offset => (Offset::new(offset), None),
            };
            if let Some(beyond) = beyond {
                context.warn(&format!(
                    "New offset ({offset}) is {beyond} offset for topic partition {tp}. Value will be set to {clipped}"
                ))?;
            }
            plan.push((tp, clipped));
        }
        Ok(plan)
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Failure> {
        let committed = self.admin.group_offsets(group).map_err(failed)?;
        Ok(committed.into_iter().map(|(tp, committed)| (tp, committed.offset)).collect())
    }

    fn shifted(
        &self,
        context: &mut Context,
        group: &str,
        scope: Vec<TopicPartition>,
        by: i64,
    ) -> Result<Plan, Failure> {
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
        self.clipped(context, wanted.collect::<Result<_, _>>()?)
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
        plan.extend(self.logs().ends(without, OffsetSpec::Latest)?);
        java_order::sort(&mut plan, capacity, |(tp, _)| java_order::partition_hash(tp));
        Ok(plan)
    }
}

/// A point in time that can't be read.
fn unparsed(words: String) -> Failure {
    let cause = format!("java.text.ParseException: {words}");
    because(words, &cause)
}
