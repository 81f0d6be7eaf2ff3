//! `--delivery` and `--commit`: whether offsets are committed before or after their records are delivered, and how often.
//! kt's own; Kafka's console consumer commits at intervals.

use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::{self, ConsumerConfig};
use crate::types::ErrorCode;
use std::time::Duration;

/// When offsets are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    Never,
    /// With each record.
    Record,
    /// When everything that was taken at once is done, or much of it.
    Batch,
    Interval(Duration),
}

/// How often a record counts: its offset is committed before it is delivered (at most once), after that (at least once), or
/// with what comes of it (exactly once).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    AtMost,
    AtLeast,
    Exactly,
}

/// Who gets the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    /// Whoever reads standard output.
    Output,
    /// A command for each.
    Each,
    /// A command that stays.
    Batch,
}

/// How records are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) delivery: Delivery,
    pub(super) commit: Commit,
    /// The consumer leaves commits to its caller.
    pub(super) by_hand: bool,
}

impl Choice {
    /// Reads the two options; `interval` is `auto.commit.interval.ms`.
    pub(super) fn new(
        parsed: &Parsed,
        config: &ConsumerConfig,
        interval: Duration,
        receiver: Receiver,
    ) -> Result<Choice, Failure> {
        let delivery = match parsed.text("delivery")?.as_deref() {
            None | Some("at-least-once") => Delivery::AtLeast,
            Some("at-most-once") => Delivery::AtMost,
            Some("exactly-once") => Delivery::Exactly,
            Some(word) => {
                return Err(unknown("delivery", word, "at-most-once, at-least-once or exactly-once"));
            }
        };
        let commit = match parsed.text("commit")?.as_deref() {
            None => None,
            Some("interval") => Some(Commit::Interval(interval)),
            Some("record") => Some(Commit::Record),
            Some("batch") => Some(Commit::Batch),
            Some(word) => return Err(unknown("commit", word, "interval, record or batch")),
        };
        if config.group.is_none() || config.group_is_made_up {
            if let [option, ..] = parsed.which(&["delivery", "commit"])[..] {
                return Err(Failure::usage(format!(
                    "Option --{option} requires --group: offsets are a group's."
                )));
            }
            return Ok(Choice { delivery, commit: Commit::Never, by_hand: receiver != Receiver::Output });
        }
        if delivery == Delivery::AtMost && matches!(commit, Some(Commit::Interval(_))) {
            return Err(Failure::usage("Option --commit can't be interval with --delivery at-most-once."));
        }
        let commits_itself = config.auto_commit.is_some() || parsed.has("delivery");
        let commit = match (commit, receiver, delivery) {
            (Some(commit), _, _) => commit,
            (None, _, _) if !commits_itself => Commit::Never,
            (None, Receiver::Output, Delivery::AtLeast) => Commit::Interval(interval),
            (None, _, Delivery::Exactly) | (None, Receiver::Output | Receiver::Batch, _) => Commit::Batch,
            (None, Receiver::Each, _) => Commit::Record,
        };
        let is_plain = receiver == Receiver::Output && matches!(commit, Commit::Never | Commit::Interval(_));
        Ok(Choice { delivery, commit, by_hand: !is_plain })
    }
}

fn unknown(option: &str, word: &str, words: &str) -> Failure {
    Failure::usage(format!("Option --{option} can't be '{word}': it is {words}."))
}

/// Whether a commit was refused because the group has moved on: the next poll tells to where.
pub(super) fn is_rebalancing(error: &client::Error) -> bool {
    matches!(
        error.code,
        ErrorCode::RebalanceInProgress | ErrorCode::IllegalGeneration | ErrorCode::UnknownMemberId
    )
}
