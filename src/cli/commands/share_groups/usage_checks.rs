//! What kafka-share-groups refuses about its command line, in Kafka's order and words.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    List,
    Describe,
    Delete,
    ResetOffsets,
    DeleteOffsets,
}

const ACTIONS: [(&str, Action); 5] = [
    ("list", Action::List),
    ("describe", Action::Describe),
    ("delete", Action::Delete),
    ("reset-offsets", Action::ResetOffsets),
    ("delete-offsets", Action::DeleteOffsets),
];

/// Options with the actions that they need one of.
const AVAILABLE_WITH: [(&str, &[&str]); 4] = [
    ("members", &["describe"]),
    ("offsets", &["describe"]),
    ("state", &["describe", "list"]),
    ("verbose", &["describe"]),
];

const SCENARIOS: [&str; 3] = ["to-datetime", "to-earliest", "to-latest"];

/// Options that this action doesn't have; Kafka finds them while it parses.
pub(super) fn availability(parsed: &Parsed) -> Result<(), Failure> {
    let without = |(option, actions): &(&'static str, &[&str])| {
        (parsed.has(option) && parsed.which(actions).is_empty()).then_some(*option)
    };
    let missing: Vec<&str> = AVAILABLE_WITH.iter().filter_map(without).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message =
        format!("Option(s) [{}] are unavailable given other options on the command line", missing.join(", "));
    Err(Failure::uncaught("joptsimple.UnavailableOptionException", message))
}

/// `--bootstrap-server`, which kt's own register and `--data-dir` do without.
pub(super) fn required(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    let named = !parsed.which(&["bootstrap-server", "data-dir"]).is_empty();
    if context.is_kafka() && !named {
        return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
    }
    Ok(())
}

/// What goes with what.
pub(super) fn combinations(parsed: &Parsed) -> Result<(), Failure> {
    if parsed.has("describe") {
        check_describe(parsed)?;
    }
    if parsed.has("delete") {
        check_delete(parsed)?;
    }
    if parsed.has("delete-offsets") && !(parsed.has("group") && parsed.has("topic")) {
        return Err(Failure::usage("Option [delete-offsets] takes the following options: [group], [topic]"));
    }
    if parsed.has("reset-offsets") {
        check_reset(parsed)?;
    }
    conflict(parsed, "group", &["all-groups"])?;
    conflict(parsed, "group", &["list"])?;
    conflict(parsed, "topic", &["list", "describe"])
}

fn check_describe(parsed: &Parsed) -> Result<(), Failure> {
    if parsed.which(&["group", "all-groups"]).is_empty() {
        return Err(Failure::usage("Option [describe] takes one of these options: [all-groups], [group]"));
    }
    if parsed.which(&["members", "offsets", "state"]).len() > 1 {
        let message = "Option [describe] takes at most one of these options: [members], [offsets], [state]";
        return Err(Failure::usage(message));
    }
    if parsed.all("state").next().is_some() {
        return Err(Failure::usage("Option [describe] does not take a value for [state]"));
    }
    Ok(())
}

fn check_delete(parsed: &Parsed) -> Result<(), Failure> {
    let message = match parsed.which(&["group", "all-groups"]).len() {
        0 => "Option [delete] takes the options [group] or [all-groups]",
        2 => "Option [delete] takes either [group] or [all-groups], not both.",
        _ if parsed.has("topic") => "Option [delete] does not take the option: [topic]",
        _ => return Ok(()),
    };
    Err(Failure::usage(message))
}

fn check_reset(parsed: &Parsed) -> Result<(), Failure> {
    let message = match parsed.which(&["dry-run", "execute"]).len() {
        2 => "Option [reset-offsets] only accepts one of [execute] and [dry-run]",
        0 => "Option [reset-offsets] takes the option: [execute] or [dry-run]",
        _ if !parsed.has("group") => "Option [reset-offsets] takes the option: [group]",
        _ if parsed.which(&["topic", "all-topics"]).is_empty() => {
            "Option [reset-offsets] takes one of these options: [all-topics], [topic]"
        }
        _ if parsed.which(&SCENARIOS).is_empty() => {
            "Option [reset-offsets] takes one of these options: [to-datetime], [to-earliest], [to-latest]"
        }
        _ => {
            for scenario in SCENARIOS {
                let others: Vec<&str> = SCENARIOS.into_iter().filter(|other| *other != scenario).collect();
                conflict(parsed, scenario, &others)?;
            }
            return Ok(());
        }
    };
    Err(Failure::usage(message))
}

fn conflict(parsed: &Parsed, option: &str, others: &[&str]) -> Result<(), Failure> {
    match parsed.which(others).first() {
        Some(other) if parsed.has(option) => {
            Err(Failure::usage(format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")))
        }
        _ => Ok(()),
    }
}

/// The one action that was asked for.
pub(super) fn action(parsed: &Parsed) -> Result<Action, Failure> {
    let mut given = ACTIONS.iter().filter(|(option, _)| parsed.has(option)).map(|(_, action)| *action);
    match (given.next(), given.next()) {
        (Some(action), None) => Ok(action),
        _ => Err(Failure::usage(
            "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tool::TOOL;
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn command_lines_are_refused_in_kafkas_order() {
        for (line, message) in [
            ("--list --describe", "Option [describe] takes one of these options: [all-groups], [group]"),
            ("--list --describe --group g", "Option \"[group]\" can't be used with option \"[list]\""),
            (
                "--delete --delete-offsets --group g --topic t",
                "Option [delete] does not take the option: [topic]",
            ),
            (
                "--delete --delete-offsets --group g",
                "Option [delete-offsets] takes the following options: [group], [topic]",
            ),
            ("--describe --all-groups --state x", "Option [describe] does not take a value for [state]"),
            (
                "--reset-offsets --dry-run --to-earliest --to-latest --group g",
                "Option [reset-offsets] takes one of these options: [all-topics], [topic]",
            ),
            (
                "--reset-offsets --dry-run --to-earliest --to-latest --group g --topic t",
                "Option \"[to-earliest]\" can't be used with option \"[to-latest]\"",
            ),
            ("--reset-offsets --group g", "Option [reset-offsets] takes the option: [execute] or [dry-run]"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let parsed = Parsed::read(&(TOOL.command)(), &words, TOOL.argument_errors).unwrap();
            assert_eq!(combinations(&parsed).unwrap_err().message(), message, "{line}");
        }
    }
}
