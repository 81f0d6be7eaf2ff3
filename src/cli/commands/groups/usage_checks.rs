//! What kafka-consumer-groups refuses about its command line, in Kafka's order and words.

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

const ACTIONS: [(&str, Action); 6] = [
    ("list", Action::List),
    ("describe", Action::Describe),
    ("delete", Action::Delete),
    ("reset-offsets", Action::ResetOffsets),
    ("delete-offsets", Action::DeleteOffsets),
    ("validate-regex", Action::ValidateRegex),
];

/// Options with the actions that they need one of.
const AVAILABLE_WITH: [(&str, &[&str]); 5] = [
    ("members", &["describe"]),
    ("offsets", &["describe"]),
    ("state", &["describe", "list"]),
    ("type", &["list"]),
    ("verbose", &["describe"]),
];

/// The ways to say where offsets go, in the order in which Kafka looks at them.
pub(super) const SCENARIOS: [&str; 8] = [
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
];

const NO_ACTION_WARNING: &str = "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.";

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
    if context.is_kafka() && !named && !parsed.has("validate-regex") {
        return Err(Failure::usage("Missing required argument \"[bootstrap-server]\""));
    }
    Ok(())
}

/// What goes with what.
pub(super) fn combinations(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    let no_groups = parsed.which(&["group", "all-groups"]).is_empty();
    if parsed.has("describe") {
        check_describe(parsed, no_groups)?;
    }
    if parsed.has("delete") {
        if no_groups {
            return Err(Failure::usage("Option [delete] takes one of these options: [group], [all-groups]"));
        }
        if parsed.has("topic") {
            let message =
                "The consumer does not support topic-specific offset deletion from a consumer group.";
            return Err(Failure::usage(message));
        }
    }
    if parsed.has("delete-offsets") && !(parsed.has("group") && parsed.has("topic")) {
        return Err(Failure::usage("Option [delete-offsets] takes the following options: [group], [topic]"));
    }
    if parsed.has("reset-offsets") {
        check_reset(context, parsed, no_groups)?;
    }
    conflict(parsed, "group", &["all-groups"])?;
    conflict(parsed, "group", &["list"])?;
    conflict(parsed, "topic", &["list", "describe"])
}

fn check_describe(parsed: &Parsed, no_groups: bool) -> Result<(), Failure> {
    if no_groups {
        return Err(Failure::usage("Option [describe] takes one of these options: [group], [all-groups]"));
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

fn check_reset(context: &mut Context, parsed: &Parsed, no_groups: bool) -> Result<(), Failure> {
    match parsed.which(&["dry-run", "execute"]).len() {
        2 => {
            return Err(Failure::usage("Option [reset-offsets] only accepts one of [execute] and [dry-run]"));
        }
        0 => context.say(NO_ACTION_WARNING)?,
        _ => {}
    }
    if no_groups {
        return Err(Failure::usage(
            "Option [reset-offsets] takes one of these options: [group], [all-groups]",
        ));
    }
    for scenario in SCENARIOS {
        let others: Vec<&str> = SCENARIOS.into_iter().filter(|other| *other != scenario).collect();
        conflict(parsed, scenario, &others)?;
    }
    Ok(())
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
            "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets, --validate-regex",
        )),
    }
}
