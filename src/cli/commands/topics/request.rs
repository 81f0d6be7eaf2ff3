//! What a command line of kafka-topics asks for: exactly one action, with the options that belong to it.

use super::options::executing;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::cli::topic_filter::{TopicFilter, TopicSelection};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    List,
    Describe,
    Alter,
    Delete,
}

const ACTIONS: [(&str, Action); 5] = [
    ("list", Action::List),
    ("describe", Action::Describe),
    ("create", Action::Create),
    ("alter", Action::Alter),
    ("delete", Action::Delete),
];

/// The reports about partitions, any of which may go together.
pub(super) const REPORTS: [&str; 4] = [
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
];
const OVERRIDES: &str = "topics-with-overrides";

/// Each option with the actions that take it, in the order in which Kafka looks.
const BELONGS_TO: [(&str, &[&str]); 11] = [
    ("config", &["alter", "create"]),
    ("partitions", &["alter", "create"]),
    ("replication-factor", &["create"]),
    ("replica-assignment", &["alter", "create"]),
    ("under-replicated-partitions", &["describe"]),
    ("under-min-isr-partitions", &["describe"]),
    ("at-min-isr-partitions", &["describe"]),
    ("unavailable-partitions", &["describe"]),
    (OVERRIDES, &["describe"]),
    ("if-exists", &["alter", "delete", "describe"]),
    ("if-not-exists", &["create"]),
];

/// The action that the command line names, after all checks that need no cluster.
pub(super) fn action(parsed: &Parsed) -> Result<Action, Failure> {
    let mut named = ACTIONS.iter().filter(|(name, _)| parsed.has(name));
    let (Some((_, action)), None) = (named.next(), named.next()) else {
        return Err(Failure::usage(
            "Command must include exactly one action: --list, --describe, --create, --alter or --delete",
        ));
    };
    let described_by_nothing = !parsed.has("topic") && !parsed.has("topic-id");
    if *action == Action::Describe && parsed.has("if-exists") && described_by_nothing {
        return Err(Failure::usage("--topic or --topic-id is required to describe a topic"));
    }
    check_required(parsed, *action)?;
    check_belonging(parsed)?;
    Ok(*action)
}

fn check_required(parsed: &Parsed, action: Action) -> Result<(), Failure> {
    let required = |name: &str| match parsed.has(name) {
        true => Ok(()),
        false => Err(Failure::usage(format!("Missing required argument \"[{name}]\""))),
    };
    if !matches!(action, Action::List | Action::Describe) {
        required("topic")?;
    }
    if action == Action::Alter {
        if parsed.has("config") {
            return Err(Failure::usage(
                "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" \
                 (To alter topic configurations, the kafka-configs tool can be used.)",
            ));
        }
        required("partitions")?;
    }
    Ok(())
}

fn check_belonging(parsed: &Parsed) -> Result<(), Failure> {
    let conflict = |option: &str, other: &str| {
        Err(Failure::usage(format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")))
    };
    for (option, actions) in BELONGS_TO.iter().filter(|(option, _)| parsed.has(option)) {
        let others = ACTIONS.iter().map(|(name, _)| *name).filter(|name| !actions.contains(name));
        let mut conflicts: Vec<&str> = others.collect();
        if *option == "replica-assignment" && parsed.has("create") {
            conflicts.extend(["partitions", "replication-factor"]);
        } else if REPORTS.contains(option) {
            conflicts.push(OVERRIDES);
        }
        if let Some(other) = conflicts.into_iter().find(|other| parsed.has(other)) {
            return conflict(option, other);
        }
    }
    let internal = "exclude-internal";
    let others = ACTIONS.iter().map(|(name, _)| *name).filter(|name| !matches!(*name, "list" | "describe"));
    match others.into_iter().find(|other| parsed.has(internal) && parsed.has(other)) {
        Some(other) => conflict(internal, other),
        None => Ok(()),
    }
}

/// The topics that `--topic` selects.
pub(super) fn selection(parsed: &Parsed) -> Result<TopicSelection, Failure> {
    let filter = match parsed.text("topic")? {
        Some(text) => Some(TopicFilter::new(&text).map_err(executing)?),
        None => None,
    };
    Ok(TopicSelection { filter, exclude_internal: parsed.has("exclude-internal") })
}

/// Refuses an expression that selects nothing, unless `--if-exists` is given. An empty one counts as not given.
pub(super) fn require_some(parsed: &Parsed, found: usize) -> Result<(), Failure> {
    match parsed.text("topic")? {
        Some(text) if found == 0 && !text.is_empty() && !parsed.has("if-exists") => {
            Err(executing(format!("Topic '{text}' does not exist as expected")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn read(line: &str) -> Result<Action, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let tool = &super::super::TOOL;
        let parsed = Parsed::read(&(tool.command)(), &words, tool.argument_errors).unwrap();
        action(&parsed).map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn each_action_takes_its_own_options_alone() {
        assert_eq!(read("--create --topic t --partitions 2"), Ok(Action::Create));
        assert_eq!(
            read("--describe --under-min-isr-partitions --at-min-isr-partitions"),
            Ok(Action::Describe)
        );
        let conflict =
            |a: &str, b: &str| Err(format!("Option \"[{a}]\" can't be used with option \"[{b}]\""));
        for (line, option, other) in [
            ("--alter --topic t --partitions 3 --replication-factor 2", "replication-factor", "alter"),
            ("--list --config a=b", "config", "list"),
            ("--list --if-exists", "if-exists", "list"),
            ("--delete --topic t --exclude-internal", "exclude-internal", "delete"),
            ("--create --topic t --replica-assignment 1 --partitions 2", "replica-assignment", "partitions"),
            (
                "--describe --under-replicated-partitions --topics-with-overrides",
                "under-replicated-partitions",
                "topics-with-overrides",
            ),
        ] {
            assert_eq!(read(line), conflict(option, other), "{line}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(read("--create").unwrap_err(), "Missing required argument \"[topic]\"");
        assert_eq!(read("--alter --topic t").unwrap_err(), "Missing required argument \"[partitions]\"");
        assert!(read("--list --create").unwrap_err().starts_with("Command must include exactly one action"));
        assert!(read("").is_err());
    }
}
