//! `Consumer`: records out, positions kept.

use super::Result;
use crate::types::{Offset, PartitionId, RecordView, TimestampMs, TopicPartition};
use std::ops::ControlFlow;
use std::time::Duration;

/// What a consumer reads.
#[derive(Clone, Debug)]
pub(crate) enum Subscription {
    /// One topic, shared with the other members of the group.
    Topic(String),
    /// Every topic whose whole name matches, those made later included.
    Pattern(regex::Regex),
    /// One partition, without a group.
    Partition(TopicPartition, StartOffset),
}

/// Where reading a given partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartOffset {
    Earliest,
    Latest,
    At(Offset),
    /// The first record with this timestamp or a later one; the end if there is none.
    Timestamp(TimestampMs),
}

/// `auto.offset.reset`: where to begin without a valid position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetReset {
    Earliest,
    Latest,
    None,
    /// `by_duration:…`: records not older than this.
    ByDuration(Duration),
}

#[derive(Clone, Debug)]
pub(crate) struct ConsumerConfig {
    pub(crate) subscription: Subscription,
    /// The group whose offsets are used; `None` reads without one.
    pub(crate) group: Option<String>,
    pub(crate) client_id: String,
    /// `group.instance.id`.
    pub(crate) instance_id: Option<String>,
    pub(crate) offset_reset: OffsetReset,
    /// Where a subscription begins instead of at the reset position, if no offset is committed (kt's `--offset
    /// @TIME` without `--partition`).
    pub(crate) start: Option<StartOffset>,
    /// The positions of `--until-offset`: each partition is read up to this offset, exclusive.
    pub(crate) until: Option<Offset>,
    /// `enable.auto.commit` with `auto.commit.interval.ms`; `None` never commits by itself.
    pub(crate) auto_commit: Option<Duration>,
    /// `isolation.level=read_committed`.
    pub(crate) read_committed: bool,
    /// `allow.auto.create.topics`.
    pub(crate) create_topics: bool,
    /// `session.timeout.ms` and `max.poll.interval.ms`, in milliseconds, as they are written into group metadata.
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    /// `partition.assignment.strategy`, by assignor name, in order of preference.
    pub(crate) assignors: Vec<String>,
}

/// A record with its partition's number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsumerRecord<'a> {
    pub(crate) partition: PartitionId,
    pub(crate) record: RecordView<'a>,
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// At least one record was handed over.
    Records,
    /// The time ran out without one.
    TimedOut,
    /// A signal came; the caller looks at its flag.
    Interrupted,
    /// Every partition has been read up to `until`.
    End,
}

/// A consumer; dropping it without `close` is what a crash does.
pub(crate) trait Consumer {
    /// Hands the next records to `sink`, one after another, waiting up to `timeout` (`None`: for ever) for the first.
    /// A `Break` ends the call; the record it came with counts as read, and the position stands behind it. What was handed
    /// over is committed by a later call at the earliest: the caller has put it in safety by then.
    fn poll(
        &mut self,
        timeout: Option<Duration>,
        sink: &mut dyn FnMut(&ConsumerRecord<'_>) -> ControlFlow<()>,
    ) -> Result<Polled>;

    /// Records still to be read up to the present ends, if that is known; for progress only.
    fn remaining(&self) -> Option<u64>;

    /// Commits the positions (if the consumer commits by itself) and leaves the group.
    fn close(&mut self) -> Result<()>;
}
