//! The options of `kt copy`.

use super::run::run;
use crate::cli::error::Failure;
use crate::cli::options::{self, flag, valued};
use crate::cli::ranges;
use crate::cli::tools::{KafkaAbout, Tool};
use clap::{Command, ValueHint};

pub(crate) const TOOL: Tool = Tool {
    name: "copy",
    kafka_name: None,
    aliases: &[],
    about: "Copy topics to other topics or to another data directory",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Examples:
  A topic beside itself:
    kt copy --topic orders --to orders-copy
  All topics into another directory; again, and only what is new is copied:
    kt copy --topic '.*' --to-data-dir /backup/kt
  The same without an end:
    kt copy --topic '.*' --to-data-dir /backup/kt --follow
  Into more partitions:
    kt copy --topic orders --to orders-8 --repartition --to-partitions 8

How far a topic is copied is kept as offsets of the group kt-copy.TARGET in the target's directory. --from, --until and --group
say where to begin only what was not copied before.

Exit status: 0, 1 if something failed, 2 if the command was called wrongly, 130 or 143 if it was stopped by a signal.";

fn command() -> Command {
    let table = ranges::options(options::table("copy", TOOL.about))
        .arg(valued("to", "TOPIC", "Topic to copy into [default: the name it has]"))
        .arg(valued("rename", "FROM=TO", "Copy topic FROM into topic TO; repeatable"))
        .arg(
            valued("from-data-dir", "DIR", "Directory to copy from [default: that of --data-dir]")
                .value_hint(ValueHint::DirPath),
        )
        .arg(
            valued(
                "to-data-dir",
                "DIR",
                "Directory to copy into, made if need be [default: that of --data-dir]",
            )
            .value_hint(ValueHint::DirPath),
        )
        .arg(flag("repartition", "Share the records out over the target's partitions by key"))
        .arg(valued(
            "to-partitions",
            "N",
            "Partitions of topics that are made [default: those of the source]",
        ))
        .arg(flag("follow", "Stay, and copy what is written from now on"))
        .arg(flag("resume", "Go on where an earlier copy has stopped [default]"))
        .arg(flag("restart", "Copy everything again, whatever was copied before"))
        .arg(valued(
            "name",
            "NAME",
            "What to keep count under, as group kt-copy.NAME [default: the target's name]",
        ))
        .arg(valued("output", "FORMAT", "json prints what was done as a line of JSON"));
    options::target(table).after_help(EXAMPLES)
}
