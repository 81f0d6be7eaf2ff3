//! Where the logs of partitions begin and end, and where a time lies in them, asked on behalf of a tool that sets offsets.

use super::plan::Plan;
use super::selection;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::java_order;
use crate::client::{self, Admin, OffsetInfo, OffsetSpec};
use crate::types::{ErrorCode, Offset, TimestampMs, TopicName, TopicPartition};
use std::collections::BTreeSet;

/// Asks about logs, and fails in the words of a tool.
pub(in crate::cli::commands) struct LogOffsets<'a> {
    pub(in crate::cli::commands) admin: &'a dyn Admin,
    /// A failure with a message, and the cause in Java's words.
    pub(in crate::cli::commands) because: fn(&str, &str) -> Failure,
}

impl LogOffsets<'_> {
    fn failed(&self, error: client::Error) -> Failure {
        (self.because)(&error.message, &format!("{}: {}", error.java_class(), error.message))
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
                return Err((self.because)(&words, &format!("{class}: {words}")));
            }
            match selection::partitions_of(self.admin, topic) {
                Ok(all) => existing.extend(all),
                Err(error) if error.code == ErrorCode::UnknownTopicOrPartition => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        let missing: Vec<String> =
            scope.iter().filter(|tp| !existing.contains(tp)).map(ToString::to_string).collect();
        if !missing.is_empty() {
            let words = format!("The partitions \"{}\" do not exist", missing.join(","));
            return Err((self.because)(&words, &words));
        }
        let requests: Vec<(TopicPartition, OffsetSpec)> = scope.iter().map(|tp| (tp.clone(), spec)).collect();
        self.admin
            .list_offsets(&requests)
            .into_iter()
            .map(|answer| answer.map_err(|error| self.failed(error)))
            .collect()
    }

    /// One end of each partition.
    pub(in crate::cli::commands) fn ends(
        &self,
        scope: Vec<TopicPartition>,
        spec: OffsetSpec,
    ) -> Result<Plan, Failure> {
        let answers = self.offsets(&scope, spec)?;
        let offsets = answers.into_iter().map(|info| info.offset.unwrap_or(Offset::ZERO));
        Ok(scope.into_iter().zip(offsets).collect())
    }

    /// The first record at or after a time, or the end where there is none, with a note.
    pub(in crate::cli::commands) fn at_time(
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
}
