//! What kafka-consumer-groups refuses about its command line, in Kafka's order and words.

use super::grammar::{self, Grammar};
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
    ValidateRegex,
}

pub(super) const GRAMMAR: Grammar<Action> = Grammar {
    actions: &[
        ("list", Action::List),
        ("describe", Action::Describe),
        ("delete", Action::Delete),
        ("reset-offsets", Action::ResetOffsets),
        ("delete-offsets", Action::DeleteOffsets),
        ("validate-regex", Action::ValidateRegex),
    ],
    stop: "",
    available_with: &[
        ("members", &["describe"]),
        ("offsets", &["describe"]),
        ("state", &["describe", "list"]),
        ("type", &["list"]),
        ("verbose", &["describe"]),
    ],
    local_actions: &["validate-regex"],
    described_by: "[group], [all-groups]",
    scenarios: &[
        "to-offset",
        "to-datetime",
        "by-duration",
        "to-earliest",
        "to-latest",
        "to-current",
        "shift-by",
        "from-file",
    ],
};

const NO_ACTION_WARNING: &str = "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.";

/// What goes with what.
pub(super) fn combinations(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    GRAMMAR.check_describe(parsed)?;
    if parsed.has("delete") {
        check_delete(parsed)?;
    }
    grammar::check_delete_offsets(parsed)?;
    if parsed.has("reset-offsets") {
        check_reset(context, parsed)?;
    }
    grammar::check_conflicts(parsed)
}

fn check_delete(parsed: &Parsed) -> Result<(), Failure> {
    if !grammar::names_groups(parsed) {
        return Err(Failure::usage("Option [delete] takes one of these options: [group], [all-groups]"));
    }
    if parsed.has("topic") {
        let message = "The consumer does not support topic-specific offset deletion from a consumer group.";
        return Err(Failure::usage(message));
    }
    Ok(())
}

fn check_reset(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    match parsed.which(&["dry-run", "execute"]).len() {
        2 => {
            return Err(Failure::usage("Option [reset-offsets] only accepts one of [execute] and [dry-run]"));
        }
        0 => context.say(NO_ACTION_WARNING)?,
        _ => {}
    }
    if !grammar::names_groups(parsed) {
        return Err(Failure::usage(
            "Option [reset-offsets] takes one of these options: [group], [all-groups]",
        ));
    }
    GRAMMAR.check_scenarios(parsed)
}
