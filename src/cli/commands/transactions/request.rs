//! From the options to what is to be done.

use crate::cli::error::Failure;
use crate::cli::java_regex;
use crate::cli::parse::Parsed;
use crate::client::TransactionFilter;
use crate::types::{BrokerId, Offset, PartitionId, TopicPartition};
use std::str::FromStr;

/// How long a transaction may take, in minutes: the most that a broker allows unless told otherwise.
const MAX_TIMEOUT_MINUTES: i32 = 15;

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) enum Request {
    /// `None`: the pattern is no regular expression.
    List(Option<TransactionFilter>),
    Describe {
        transactional_id: String,
    },
    DescribeProducers {
        partition: TopicPartition,
        broker: Option<BrokerId>,
    },
    Abort {
        partition: TopicPartition,
        which: Which,
    },
    FindHanging(Scope),
    Terminate {
        transactional_id: String,
    },
}

/// How a transaction in a partition is named.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    StartsAt(Offset),
    Of { producer_id: i64, producer_epoch: i16, coordinator_epoch: i32 },
}

/// Where hanging transactions are looked for.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) topic: Option<String>,
    pub(super) partition: Option<PartitionId>,
    pub(super) broker: Option<BrokerId>,
    pub(super) max_timeout_minutes: i32,
}

impl Request {
    pub(super) fn new(parsed: &Parsed) -> Result<Request, Failure> {
        let command = parsed.words().first().map(|word| word.to_string_lossy());
        let command = command.ok_or_else(|| missing("a command"))?;
        if let Some(stray) = parsed.words().get(1) {
            let stray = stray.to_string_lossy();
            return Err(Failure::plain(format!("'{stray}' means nothing to {command}")).with_hint(HINT));
        }
        Ok(match command.as_ref() {
            "list" => Request::List(filter(parsed)?),
            "describe" => Request::Describe { transactional_id: required(parsed, "transactional-id")? },
            "describe-producers" => {
                Request::DescribeProducers { partition: partition(parsed)?, broker: broker(parsed)? }
            }
            "abort" => Request::Abort { partition: partition(parsed)?, which: which(parsed)? },
            "find-hanging" => Request::FindHanging(scope(parsed)?),
            "forceTerminateTransaction" => {
                Request::Terminate { transactional_id: required(parsed, "transactionalId")? }
            }
            other => {
                return Err(Failure::plain(format!("there is no command '{other}'")).with_hint(HINT));
            }
        })
    }
}

const HINT: &str = "kt transactions --help";

fn missing(what: &str) -> Failure {
    Failure::plain(format!("{what} is required")).with_hint(HINT)
}

fn required(parsed: &Parsed, name: &str) -> Result<String, Failure> {
    match parsed.text(name)? {
        Some(text) => Ok(text.into_owned()),
        None => Err(missing(&format!("--{name}"))),
    }
}

fn number<T: FromStr>(parsed: &Parsed, name: &str) -> Result<T, Failure> {
    parsed.number(name)?.ok_or_else(|| missing(&format!("--{name}")))
}

fn broker(parsed: &Parsed) -> Result<Option<BrokerId>, Failure> {
    Ok(parsed.number("broker-id")?.map(BrokerId))
}

fn partition(parsed: &Parsed) -> Result<TopicPartition, Failure> {
    let partition = PartitionId(number(parsed, "partition")?);
    Ok(TopicPartition { topic: required(parsed, "topic")?, partition })
}

fn filter(parsed: &Parsed) -> Result<Option<TransactionFilter>, Failure> {
    let running_longer_than_ms = parsed.number("duration-filter")?.filter(|&ms: &i64| ms >= 0);
    let pattern = match parsed.text("transactional-id-pattern")?.filter(|pattern| !pattern.is_empty()) {
        None => None,
        Some(pattern) => match java_regex::whole(&pattern) {
            Ok(pattern) => Some(pattern),
            Err(_) => return Ok(None),
        },
    };
    Ok(Some(TransactionFilter { running_longer_than_ms, pattern }))
}

fn which(parsed: &Parsed) -> Result<Which, Failure> {
    if let Some(offset) = parsed.number("start-offset")? {
        return Ok(Which::StartsAt(Offset::new(offset)));
    }
    let Some(producer_id) = parsed.number("producer-id")? else {
        return Err(Failure::plain(
            "The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with \
             --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)",
        ));
    };
    let absent = |name: &str| Failure::plain(format!("Missing required argument --{name}"));
    Ok(Which::Of {
        producer_id,
        producer_epoch: parsed.number("producer-epoch")?.ok_or_else(|| absent("producer-epoch"))?,
        coordinator_epoch: parsed.number("coordinator-epoch")?.ok_or_else(|| absent("coordinator-epoch"))?,
    })
}

fn scope(parsed: &Parsed) -> Result<Scope, Failure> {
    let scope = Scope {
        topic: parsed.text("topic")?.map(|topic| topic.into_owned()),
        partition: parsed.number("partition")?.map(PartitionId),
        broker: broker(parsed)?,
        max_timeout_minutes: parsed.number("max-transaction-timeout")?.unwrap_or(MAX_TIMEOUT_MINUTES),
    };
    if scope.topic.is_none() && scope.broker.is_none() {
        return Err(Failure::plain(
            "The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search",
        ));
    }
    if scope.topic.is_none() && scope.partition.is_some() {
        return Err(Failure::plain("The --partition argument requires --topic to be provided"));
    }
    Ok(scope)
}
