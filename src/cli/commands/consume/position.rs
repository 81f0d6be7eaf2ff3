//! What is read and from where: `--topic`, `--include`, `--partition`, `--offset`, `--from-beginning`.

use crate::cli::context::Register;
use crate::cli::error::Failure;
use crate::cli::java_regex;
use crate::cli::parse::Parsed;
use crate::cli::time;
use crate::client::{StartOffset, Subscription};
use crate::types::{Offset, PartitionId, TopicPartition, now_ms};

/// The part of the command line that can be wrong before anything else is looked at.
pub(super) fn check(register: Register, parsed: &Parsed) -> Result<(), Failure> {
    if parsed.has("topic") == parsed.has("include") {
        return Err(Failure::usage("Exactly one of the following arguments is required: [topic], [include]"));
    }
    if parsed.has("partition") {
        if !parsed.has("topic") {
            return Err(Failure::usage("The topic is required when partition is specified."));
        }
        if parsed.has("from-beginning") && parsed.has("offset") {
            return Err(Failure::usage("Options from-beginning and offset cannot be specified together."));
        }
    } else if parsed.has("offset") && moment(register, parsed)?.is_none() {
        return Err(Failure::usage("The partition is required when offset is specified."));
    }
    Ok(())
}

/// `--offset` as a point in time, which is kt's own and needs no partition.
pub(super) fn moment(register: Register, parsed: &Parsed) -> Result<Option<StartOffset>, Failure> {
    if register == Register::Kafka {
        return Ok(None);
    }
    let Some(text) = parsed.text("offset")? else { return Ok(None) };
    Ok(time::read_moment(&text, now_ms()).map(StartOffset::Timestamp))
}

/// Where a partition is read from. Read whether or not there is a partition: Kafka refuses a bad value in any case.
pub(super) fn start(register: Register, parsed: &Parsed) -> Result<StartOffset, Failure> {
    if let Some(moment) = moment(register, parsed)? {
        return Ok(moment);
    }
    let Some(text) = parsed.text("offset")? else {
        let earliest = parsed.has("from-beginning");
        return Ok(if earliest { StartOffset::Earliest } else { StartOffset::Latest });
    };
    match text.to_lowercase().as_str() {
        "earliest" => Ok(StartOffset::Earliest),
        "latest" => Ok(StartOffset::Latest),
        _ => match text.parse::<i64>() {
            Ok(number) if number >= 0 => Ok(StartOffset::At(Offset::new(number))),
            _ => Err(Failure::usage(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long."
            ))),
        },
    }
}

/// What is read. A name may be any text but the empty one: a topic that can't exist is waited for.
pub(super) fn subscription(
    parsed: &Parsed,
    partition: Option<PartitionId>,
    start: StartOffset,
) -> Result<Subscription, Failure> {
    if let Some(pattern) = parsed.text("include")? {
        return match java_regex::whole(&pattern) {
            Ok(pattern) => Ok(Subscription::Pattern(pattern)),
            Err(error) => Err(Failure::logged(error.to_string())),
        };
    }
    // Kafka comes to this late, where its error goes to the log.
    let mut topics = parsed.texts("topic");
    if topics.len() > 1 {
        return Err(Failure::logged("Found multiple arguments for option topic, but you asked for only one"));
    }
    let topic = topics.pop().unwrap_or_default();
    if topic.is_empty() {
        return Err(Failure::logged("the topic's name is empty"));
    }
    Ok(match partition {
        Some(partition) => Subscription::Partition(TopicPartition { topic, partition }, start),
        None => Subscription::Topic(topic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn parsed(line: &str) -> Parsed {
        let tool = &super::super::TOOL;
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Parsed::read(&(tool.command)(), &words, tool.argument_errors).unwrap()
    }

    #[test]
    fn positions_are_read_in_every_spelling() {
        for (words, expected) in [
            ("--offset EaRLiest", StartOffset::Earliest),
            ("--offset latest", StartOffset::Latest),
            ("", StartOffset::Latest),
            ("--from-beginning", StartOffset::Earliest),
            ("--offset 7", StartOffset::At(Offset::new(7))),
        ] {
            assert_eq!(start(Register::Kafka, &parsed(words)).unwrap(), expected, "{words}");
        }
        assert!(matches!(start(Register::Kt, &parsed("--offset -1h")), Ok(StartOffset::Timestamp(_))));
        for bad in ["-3", "soon", "1.5", "-1h", "@2026-01-31"] {
            assert!(start(Register::Kafka, &parsed(&format!("--offset {bad}"))).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_point_in_time_needs_no_partition_but_only_kt_knows_one() {
        let words = "--topic t --offset -1h";
        assert!(check(Register::Kt, &parsed(words)).is_ok());
        let refused = check(Register::Kafka, &parsed(words)).unwrap_err();
        assert_eq!(refused.message(), "The partition is required when offset is specified.");
        assert!(check(Register::Kt, &parsed("--topic t --offset 3")).is_err());
    }
}
