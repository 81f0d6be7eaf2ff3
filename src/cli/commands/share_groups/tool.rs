//! The table of kafka-share-groups' options, and the way to its actions.

use super::failure::unreadable;
use super::usage_checks::{Action, GRAMMAR};
use super::{delete, delete_offsets, describe, list, reset, usage_checks};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{flag, optional, output, table, target, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "share-groups",
    kafka_name: Some("kafka-share-groups"),
    aliases: &[],
    about: "List, describe and delete share groups, and set where they begin",
    kafka_about: KafkaAbout::same("This tool helps to list, describe, reset and delete share groups."),
    command,
    parse_errors: Failure::as_exception,
    argument_errors: unreadable,
    run,
};

const EXAMPLES: &str = "\
Examples:
  How far a share group has come, and how many records are not finished:
    kt share-groups --describe --group jobs
  All share groups with their states:
    kt share-groups --list --state
  Work on a topic again from its beginning:
    kt share-groups --reset-offsets --group jobs --topic tasks --to-earliest --execute
  Forget a group and all it has done:
    kt share-groups --delete --group jobs

Exit status: 0 if everything was done, 1 if not.";

fn command() -> Command {
    let table = target(table("share-groups", TOOL.about));
    let table = table.args(actions()).args(selection()).args(views()).args(reset_options());
    output(table).after_help(EXAMPLES)
}

fn actions() -> [clap::Arg; 5] {
    [
        flag("list", "List the share groups"),
        flag("describe", "Show offsets, members or state of groups"),
        flag("delete", "Delete groups that have no members, with their offsets"),
        flag("reset-offsets", "Set where a group that has no members begins"),
        flag("delete-offsets", "Have a group that has no members forget topics"),
    ]
}

fn selection() -> [clap::Arg; 5] {
    [
        valued("group", "GROUP", "Group to act on; repeatable"),
        flag("all-groups", "Act on every share group"),
        valued(
            "topic",
            "TOPIC[:N,...]",
            "Topic, or some of its partitions, to be set or forgotten; repeatable",
        ),
        flag("all-topics", "Set every partition that the group knows"),
        valued("timeout", "MS", "Time for each request to a cluster, in milliseconds [default: 30000]"),
    ]
}

fn views() -> [clap::Arg; 4] {
    [
        flag("offsets", "With --describe: start and lag of each partition (the default view)"),
        flag("members", "With --describe: the members of the group"),
        optional(
            "state",
            "STATE,...",
            "With --describe: the state of the group; with --list: show states, or only these (empty, stable, dead)",
        ),
        flag("verbose", "With --describe: more columns"),
    ]
}

fn reset_options() -> [clap::Arg; 5] {
    [
        flag("dry-run", "Only show what --reset-offsets would do"),
        flag("execute", "Carry --reset-offsets out"),
        valued(
            "to-datetime",
            "TIME",
            "Begin with the first record at or after YYYY-MM-DDTHH:mm:SS.sss[zone]",
        ),
        flag("to-earliest", "Begin at the start of each log"),
        flag("to-latest", "Begin at the end of each log"),
    ]
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    GRAMMAR.check_availability(parsed)?;
    GRAMMAR.check_address(context, parsed)?;
    usage_checks::combinations(parsed)?;
    let action = GRAMMAR.action(parsed)?;
    let _timeout_ms: Option<i64> = parsed.number("timeout")?;
    match action {
        Action::List => list::run(context, parsed),
        Action::Describe => describe::run(context, parsed),
        Action::Delete => delete::run(context, parsed),
        Action::DeleteOffsets => delete_offsets::run(context, parsed),
        Action::ResetOffsets => reset::run(context, parsed),
    }
}
