//! What is expected, from the options: which records, how many, where and within which time.

use super::condition::{Condition, conditions};
use crate::cli::commands::consume::formatting::formatter;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::format::Formatter;
use crate::cli::parse::Parsed;
use crate::cli::time::{read_duration, read_moment};
use crate::client::{ConsumerConfig, GroupProtocol, OffsetReset, StartOffset, Subscription};
use crate::types::{Offset, PartitionId, TopicPartition, now_ms};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(5);

/// How many records are to meet the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    AtLeast(u64),
    /// When the time is over.
    Exactly(u64),
}

pub(super) struct Expectation {
    pub(super) topic: String,
    pub(super) partition: Option<PartitionId>,
    pub(super) start: StartOffset,
    pub(super) within: Duration,
    pub(super) conditions: Vec<Condition>,
    pub(super) count: Count,
    pub(super) read_committed: bool,
    pub(super) quiet: bool,
    pub(super) formatter: Formatter,
}

impl Expectation {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Expectation, Failure> {
        if let Some(word) = parsed.words().first() {
            let word = word.to_string_lossy();
            return Err(Failure::misuse(format!(
                "'{word}' is not expected; conditions are options, such as --value"
            )));
        }
        let topic = parsed.text("topic")?.filter(|topic| !topic.is_empty());
        let topic = topic.ok_or_else(|| Failure::misuse("name the topic: --topic NAME"))?.into_owned();
        let within = match parsed.text("within")? {
            None => WITHIN,
            Some(text) => read_duration(&text).ok_or_else(|| {
                Failure::misuse(format!("--within '{text}' is no time such as 500ms, 5s or 2m"))
            })?,
        };
        let read_committed = match parsed.text("isolation-level")?.as_deref() {
            None | Some("read_committed") => true,
            Some("read_uncommitted") => false,
            Some(other) => {
                return Err(Failure::misuse(format!(
                    "the isolation level '{other}' is neither read_committed nor read_uncommitted"
                )));
            }
        };
        let partition = parsed.number::<i32>("partition")?;
        if partition.is_some_and(|partition| partition < 0) {
            return Err(Failure::misuse("--partition is a number from 0 on"));
        }
        Ok(Expectation {
            topic,
            partition: partition.map(PartitionId),
            start: start(parsed)?,
            within,
            conditions: conditions(parsed)?,
            count: count(parsed)?,
            read_committed,
            quiet: parsed.has("quiet"),
            formatter: formatter(context, parsed)
                .map_err(|failure| failure.kt_status(crate::cli::error::Status::USAGE))?,
        })
    }

    /// How the records are read, from `start` on.
    pub(super) fn consumer(&self, start: StartOffset) -> ConsumerConfig {
        let topic = self.topic.clone();
        ConsumerConfig {
            subscription: match self.partition {
                Some(partition) => Subscription::Partition(TopicPartition { topic, partition }, start),
                None => Subscription::Topic(topic),
            },
            group: None,
            group_is_made_up: false,
            client_id: "kt-expect".to_owned(),
            instance_id: None,
            offset_reset: OffsetReset::Earliest,
            start: Some(start),
            until: None,
            skip_damaged: false,
            auto_commit: None,
            read_committed: self.read_committed,
            create_topics: false,
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
            heartbeat_interval_ms: 3_000,
            assignors: Vec::new(),
            protocol: GroupProtocol::Classic,
        }
    }

    /// The number that is enough, or the first that is too many: nothing more is to be read then.
    pub(super) fn decided_at(&self) -> u64 {
        match self.count {
            Count::AtLeast(count) => count,
            Count::Exactly(count) => count.saturating_add(1),
        }
    }

    pub(super) fn is_met_by(&self, found: u64) -> bool {
        match self.count {
            Count::AtLeast(count) => found >= count,
            Count::Exactly(count) => found == count,
        }
    }
}

fn start(parsed: &Parsed) -> Result<StartOffset, Failure> {
    let Some(text) = parsed.text("from")? else { return Ok(StartOffset::Earliest) };
    match text.as_ref() {
        "earliest" => Ok(StartOffset::Earliest),
        "latest" => Ok(StartOffset::Latest),
        text => match (read_moment(text, now_ms()), text.parse::<i64>()) {
            (Some(time), _) => Ok(StartOffset::Timestamp(time)),
            (None, Ok(offset)) if offset >= 0 => Ok(StartOffset::At(Offset::new(offset))),
            _ => Err(Failure::misuse(format!(
                "--from '{text}' is no position: it is earliest, latest, an offset, @TIME or an age such as -1h"
            ))),
        },
    }
}

fn count(parsed: &Parsed) -> Result<Count, Failure> {
    if let [one, other, ..] = parsed.which(&["count", "exactly", "none"]).as_slice() {
        return Err(Failure::misuse(format!("--{one} and --{other} don't go together")));
    }
    if parsed.has("none") {
        return Ok(Count::Exactly(0));
    }
    match (parsed.number("exactly")?, parsed.number("count")?) {
        (Some(count), _) => Ok(Count::Exactly(count)),
        (None, Some(0)) => {
            Err(Failure::misuse("--count 0 is always met; --none expects that there is no such record"))
        }
        (None, count) => Ok(Count::AtLeast(count.unwrap_or(1))),
    }
}
