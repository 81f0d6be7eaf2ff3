//! What the options say of commands that work on records, checked.

use super::retry::Retries;
use crate::cli::commands::consume::delivery::{Choice, Delivery, Receiver};
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::Subscription;
use crate::types::TopicName;
use std::ffi::OsString;
use std::time::Duration;

const RETRIES: u32 = 3;
const RETRY_BACKOFF_MS: u64 = 500;
const MAX_RETRY_BACKOFF_MS: u64 = 30_000;
const PARALLEL_MAX: usize = 512;

/// Options that say more of one of the two that name a command.
const DEPENDENT: &[&str] = &[
    "output-topic",
    "dead-letter",
    "retries",
    "retry-backoff",
    "max-retry-backoff",
    "exec-timeout",
    "parallel",
];

/// A command and what becomes of what it does.
#[derive(Clone, Debug)]
pub(in crate::cli::commands::consume) struct Plan {
    pub(super) command: OsString,
    pub(super) receiver: Receiver,
    pub(super) retries: Retries,
    /// How long it may take for a record.
    pub(super) timeout: Option<Duration>,
    /// How many run at once.
    pub(super) parallel: usize,
    pub(super) output: Option<String>,
    pub(super) letters: Option<String>,
}

/// Who gets the records.
pub(in crate::cli::commands::consume) fn receiver(parsed: &Parsed) -> Result<Receiver, Failure> {
    match parsed.which(&["exec", "exec-batch"])[..] {
        ["exec"] => return Ok(Receiver::Each),
        ["exec-batch"] => return Ok(Receiver::Batch),
        [_, _, ..] => {
            return Err(Failure::usage("Options --exec and --exec-batch cannot be specified together."));
        }
        _ => {}
    }
    match parsed.which(DEPENDENT)[..] {
        [option, ..] => Err(Failure::usage(format!("Option --{option} requires --exec or --exec-batch."))),
        [] => Ok(Receiver::Output),
    }
}

impl Plan {
    /// The plan, if a command is named at all.
    pub(in crate::cli::commands::consume) fn new(
        parsed: &Parsed,
        choice: &Choice,
        subscription: &Subscription,
    ) -> Result<Option<Plan>, Failure> {
        let receiver = receiver(parsed)?;
        let output = topic(parsed, "output-topic")?;
        if choice.delivery == Delivery::Exactly && output.is_none() {
            return Err(Failure::usage(
                "Option --delivery exactly-once requires --output-topic: only what kt stores can be taken back.",
            ));
        }
        let command = match receiver {
            Receiver::Output => return Ok(None),
            Receiver::Each => parsed.bytes("exec")?,
            Receiver::Batch => parsed.bytes("exec-batch")?,
        };
        let Some(command) = command.filter(|command| !command.is_empty()) else {
            return Err(Failure::usage("The command is empty."));
        };
        let letters = topic(parsed, "dead-letter")?;
        if letters.as_ref().is_some_and(|letters| reads(subscription, letters)) {
            return Err(Failure::usage(
                "Option --dead-letter can't name a topic that is read: it would never end.",
            ));
        }
        let parallel = parsed.number::<usize>("parallel")?.unwrap_or(1);
        if receiver == Receiver::Batch && parsed.has("parallel") {
            return Err(Failure::usage("Options --parallel and --exec-batch cannot be specified together."));
        }
        if !(1..=PARALLEL_MAX).contains(&parallel) {
            return Err(Failure::usage(format!("Option --parallel is a number from 1 to {PARALLEL_MAX}.")));
        }
        let ms = |option, default: u64| {
            Ok::<_, Failure>(Duration::from_millis(parsed.number(option)?.unwrap_or(default)))
        };
        Ok(Some(Plan {
            command: command.to_owned(),
            receiver,
            retries: Retries {
                most: retries(parsed, choice.delivery)?,
                first_pause: ms("retry-backoff", RETRY_BACKOFF_MS)?,
                longest_pause: ms("max-retry-backoff", MAX_RETRY_BACKOFF_MS)?,
            },
            timeout: parsed.number("exec-timeout")?.map(Duration::from_millis),
            parallel,
            output,
            letters,
        }))
    }
}

fn retries(parsed: &Parsed, delivery: Delivery) -> Result<u32, Failure> {
    match (parsed.number::<u32>("retries")?, delivery) {
        (Some(1..), Delivery::AtMost) => Err(Failure::usage(
            "Option --retries can't be used with --delivery at-most-once: no record is handed over twice.",
        )),
        (_, Delivery::AtMost) => Ok(0),
        (retries, _) => Ok(retries.unwrap_or(RETRIES)),
    }
}

/// The topic that an option names.
fn topic(parsed: &Parsed, option: &str) -> Result<Option<String>, Failure> {
    let Some(name) = parsed.text(option)? else { return Ok(None) };
    match TopicName::new(&name) {
        Ok(_) => Ok(Some(name.into_owned())),
        Err(error) => Err(Failure::usage(format!("Option --{option} can't be '{name}': {error}"))),
    }
}

fn reads(subscription: &Subscription, topic: &str) -> bool {
    match subscription {
        Subscription::Topic(name) => name == topic,
        Subscription::Pattern(pattern) => pattern.is_match(topic),
        Subscription::Partition(partition, _) => partition.topic == topic,
    }
}
