//! The table of kafka-consumer-groups' options, and the way to its actions.

use super::failure::{because, unreadable};
use super::usage_checks::{Action, GRAMMAR};
use super::{delete, delete_offsets, describe, list, reset, usage_checks, validate_regex};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{file, flag, optional, output, table, target, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "groups",
    kafka_name: Some("kafka-consumer-groups"),
    aliases: &["consumer-groups"],
    about: "List, describe and delete consumer groups, and set their offsets",
    kafka_about: KafkaAbout::same(
        "This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets.",
    ),
    command,
    parse_errors: Failure::as_exception,
    argument_errors: unreadable,
    run,
};

const EXAMPLES: &str = "\
Examples:
  How far a group has come, and how far it lags:
    kt groups --describe --group board
  All groups with their states:
    kt groups --list --state
  Read a topic again from its beginning (see the plan with --dry-run first):
    kt groups --reset-offsets --group board --topic flights --to-earliest --execute
  Forget a group and its offsets:
    kt groups --delete --group board

Exit status: 0 if everything was done, 1 if not.";

fn command() -> Command {
    let table = target(table("groups", TOOL.about));
    output(reset_options(table.args(actions()).args(selection()).args(views()))).after_help(EXAMPLES)
}

fn actions() -> [clap::Arg; 6] {
    [
        flag("list", "List the consumer groups"),
        flag("describe", "Show offsets, members or state of groups"),
        flag("delete", "Delete groups that have no members, with their offsets"),
        flag(
            "reset-offsets",
            "Set the offsets of groups that have no members; plans only, without --execute",
        ),
        flag("delete-offsets", "Delete a group's offsets of topics that no member reads"),
        valued("validate-regex", "REGEX", "Say whether a regular expression is valid, and exit"),
    ]
}

fn selection() -> [clap::Arg; 5] {
    [
        valued("group", "GROUP", "Group to act on; repeatable"),
        flag("all-groups", "Act on every consumer group"),
        valued(
            "topic",
            "TOPIC[:N,...]",
            "Topic, or some of its partitions, whose offsets are set or deleted; repeatable",
        ),
        flag("all-topics", "Set the offsets of every partition that the group has committed"),
        valued("timeout", "MS", "Time for each request to a cluster, in milliseconds [default: 30000]"),
    ]
}

fn views() -> [clap::Arg; 5] {
    [
        flag("offsets", "With --describe: offsets and lag of each partition (the default view)"),
        flag("members", "With --describe: the members of the group"),
        optional(
            "state",
            "STATE,...",
            "With --describe: the state of the group; with --list: show states, or only these",
        ),
        optional("type", "TYPE,...", "With --list: show types, or only these (classic, consumer)"),
        flag("verbose", "With --describe: more columns"),
    ]
}

fn reset_options(table: Command) -> Command {
    table
        .arg(flag("dry-run", "Only show what --reset-offsets would do (the default)"))
        .arg(flag("execute", "Carry --reset-offsets out"))
        .arg(flag("export", "Print the plan of --reset-offsets as CSV"))
        .arg(valued("to-offset", "N", "Reset to this offset"))
        .arg(valued(
            "to-datetime",
            "TIME",
            "Reset to the first record at or after YYYY-MM-DDTHH:mm:SS.sss[zone]",
        ))
        .arg(valued("by-duration", "PnDTnHnMnS", "Reset to the first record that is not older than this"))
        .arg(flag("to-earliest", "Reset to the start of each log"))
        .arg(flag("to-latest", "Reset to the end of each log"))
        .arg(flag("to-current", "Reset to the committed offsets, or the end where there are none"))
        .arg(valued("shift-by", "N", "Move the committed offsets forward, or back if negative"))
        .arg(file("from-file", "Reset to the offsets in a CSV file, as --export prints it"))
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    GRAMMAR.check_availability(parsed)?;
    GRAMMAR.check_address(context, parsed)?;
    usage_checks::combinations(context, parsed)?;
    let action = GRAMMAR.action(parsed)?;
    let _timeout_ms: Option<i32> = parsed.number("timeout")?;
    check_config(parsed)?;
    match action {
        Action::ValidateRegex => validate_regex::run(context, parsed),
        Action::List => list::run(context, parsed),
        Action::Describe => describe::run(context, parsed),
        Action::Delete => delete::run(context, parsed),
        Action::DeleteOffsets => delete_offsets::run(context, parsed),
        Action::ResetOffsets => reset::run(context, parsed),
    }
}

/// Kafka's tool finds out that the file of `--command-config` is not there once it runs.
fn check_config(parsed: &Parsed) -> Result<(), Failure> {
    let path = parsed.bytes("command-config")?.unwrap_or_default().to_string_lossy().into_owned();
    command_config(parsed)
        .map(|_| ())
        .map_err(|failure| because(failure.message(), &format!("java.nio.file.NoSuchFileException: {path}")))
}
