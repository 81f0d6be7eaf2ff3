//! What kafka-share-groups refuses about its command line, in Kafka's order and words.

use crate::cli::commands::groups::grammar::{self, Grammar};
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

pub(super) const GRAMMAR: Grammar<Action> = Grammar {
    actions: &[
        ("list", Action::List),
        ("describe", Action::Describe),
        ("delete", Action::Delete),
        ("reset-offsets", Action::ResetOffsets),
        ("delete-offsets", Action::DeleteOffsets),
    ],
    stop: ".",
    available_with: &[
        ("members", &["describe"]),
        ("offsets", &["describe"]),
        ("state", &["describe", "list"]),
        ("verbose", &["describe"]),
    ],
    local_actions: &[],
    described_by: "[all-groups], [group]",
    scenarios: &["to-datetime", "to-earliest", "to-latest"],
};

/// What goes with what.
pub(super) fn combinations(parsed: &Parsed) -> Result<(), Failure> {
    GRAMMAR.check_describe(parsed)?;
    if parsed.has("delete") {
        check_delete(parsed)?;
    }
    grammar::check_delete_offsets(parsed)?;
    if parsed.has("reset-offsets") {
        check_reset(parsed)?;
    }
    grammar::check_conflicts(parsed)
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
        _ if parsed.which(GRAMMAR.scenarios).is_empty() => {
            "Option [reset-offsets] takes one of these options: [to-datetime], [to-earliest], [to-latest]"
        }
        _ => return GRAMMAR.check_scenarios(parsed),
    };
    Err(Failure::usage(message))
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
