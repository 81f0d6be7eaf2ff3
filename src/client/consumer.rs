//! `Consumer`: records out, positions kept.
#![allow(dead_code, reason = "what only commands that commit by hand will use")]

use super::{CommittedOffset, Result};
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
    /// Nobody asked for the group, its name was made up: where none can be kept, it is read without one.
    pub(crate) group_is_made_up: bool,
    pub(crate) client_id: String,
    /// `group.instance.id`.
    pub(crate) instance_id: Option<String>,
    pub(crate) offset_reset: OffsetReset,
    /// Where a subscription begins instead of at the reset position, if no offset is committed (kt's `--offset
    /// @TIME` without `--partition`).
    pub(crate) start: Option<StartOffset>,
    /// The positions of `--until-offset`: each partition is read up to this offset, exclusive.
    pub(crate) until: Option<Offset>,
    /// Damaged batches are passed over instead of ending the reading of their partition.
    pub(crate) skip_damaged: bool,
    /// `enable.auto.commit` with `auto.commit.interval.ms`; `None` never commits by itself.
    pub(crate) auto_commit: Option<Duration>,
    /// `isolation.level=read_committed`.
    pub(crate) read_committed: bool,
    /// `allow.auto.create.topics`.
    pub(crate) create_topics: bool,
    /// `session.timeout.ms` and `max.poll.interval.ms`, in milliseconds, as they are written into group metadata.
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    /// `heartbeat.interval.ms`.
    pub(crate) heartbeat_interval_ms: i32,
    /// `partition.assignment.strategy`, by assignor name, in order of preference.
    pub(crate) assignors: Vec<String>,
    pub(crate) protocol: GroupProtocol,
}

/// `group.protocol`: how the members of a group come to their partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum GroupProtocol {
    /// The members compute it.
    #[default]
    Classic,
    /// The coordinator computes it (KIP-848), with the assignor of `group.remote.assignor` if the members ask for one.
    Consumer { remote_assignor: Option<String> },
}

/// A record with where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsumerRecord<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: PartitionId,
    pub(crate) record: RecordView<'a>,
    /// How often the record was delivered, this time included; only a share group counts.
    pub(crate) delivery_count: Option<i16>,
}

/// How a poll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// At least one record was handed over.
    Records,
    /// The time ran out without one.
    TimedOut,
    /// A signal came, or a thread of this process interrupted the wait; the caller knows where to look.
    Interrupted,
    /// Every partition has been read up to `until`.
    End,
}

/// Who a consumer is to its group: what a transaction needs to commit offsets in the consumer's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupMetadata {
    pub(crate) group: String,
    /// -1 before the first assignment.
    pub(crate) generation: i32,
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
}

/// What a poll calls: for each record, and when the group shares the partitions out anew.
pub(crate) trait Handler {
    /// Takes the next record. A `Break` ends the poll; the record it came with counts as read, and the position stands
    /// behind it.
    fn record(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()>;

    /// While this says so, no record is handed over: a poll then takes care of the group alone.
    fn is_full(&self) -> bool {
        false
    }

    /// Whether the poll is to return without waiting for a record. Asked after partitions have come or gone.
    fn wants_out(&self) -> bool {
        false
    }

    /// These partitions are the consumer's from here on, beside those it kept. Where reading them begins is looked up
    /// only after this returns.
    fn assigned(&mut self, _partitions: &[TopicPartition]) {}

    /// These partitions are about to be given to someone else: no record of them comes any more, and until this
    /// returns they can't have another owner. Answers the offsets that are to be committed before they go, for who
    /// commits by hand.
    fn revoked(&mut self, _partitions: &[TopicPartition]) -> Vec<(TopicPartition, CommittedOffset)> {
        Vec::new()
    }

    /// These partitions were taken away from a consumer that was thought dead; they may have another owner already.
    fn lost(&mut self, _partitions: &[TopicPartition]) {}
}

impl<F: FnMut(&ConsumerRecord<'_>) -> ControlFlow<()>> Handler for F {
    fn record(&mut self, record: &ConsumerRecord<'_>) -> ControlFlow<()> {
        self(record)
    }
}

/// A consumer; dropping it without `close` is what a crash does.
pub(crate) trait Consumer {
    /// Hands the next records to `handler`, one after another, waiting up to `timeout` (`None`: for ever) for the first.
    /// What was handed over is committed by a later call at the earliest: the caller has put it in safety by then.
    fn poll(&mut self, timeout: Option<Duration>, handler: &mut dyn Handler) -> Result<Polled>;

    /// Where reading goes on in each partition that is the consumer's: behind the last record that was handed over, or
    /// where it begins. Left out are those for which that can't be found.
    fn positions(&mut self) -> Vec<(TopicPartition, CommittedOffset)>;

    /// Commits these offsets; they are on the disk when this returns.
    fn commit(&mut self, offsets: &[(TopicPartition, CommittedOffset)]) -> Result<()>;

    /// Who this is to its group; `None` without one.
    fn group_metadata(&self) -> Option<GroupMetadata>;

    /// Records still to be read up to the present ends, if that is known; for progress only.
    fn remaining(&self) -> Option<u64>;

    /// Commits the positions (if the consumer commits by itself) and leaves the group.
    fn close(&mut self) -> Result<()>;
}
