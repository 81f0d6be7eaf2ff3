//! The options of `kt export`.

use super::run::run;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::ranges;
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "export",
    kafka_name: None,
    aliases: &[],
    about: "Write topics into a plain file: JSON lines or a compact binary form",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Examples:
  A topic as JSON lines, a record each:
    kt export --topic orders | jq -r .value
  Everything of the last day, into a file that 'kt import' makes the topics from:
    kt export --topic '.*' --from -1d --format binary --output day.ktx
  Go on with it after an interruption, whatever kind it was:
    kt export --topic '.*' --from -1d --format binary --output day.ktx --resume
  What a group has still to read, compressed:
    kt export --topic orders --group billing | zstd > orders.jsonl.zst

A JSON line: {\"topic\":\"orders\",\"partition\":0,\"offset\":7,\"timestamp\":1700000000000,\"timestampType\":\"CreateTime\",
\"key\":\"k\",\"value\":\"v\",\"headers\":[{\"key\":\"h\",\"value\":\"x\"}]}. What is no UTF-8 is in \"keyBase64\", \"valueBase64\" and a
header's \"base64\" instead. With --with-configs, lines with \"topic\", \"partitions\" and \"configs\" come before the records; the
binary form always has them.

Exit status: 0, 1 if something failed, 2 if the command was called wrongly, 130 or 143 if it was stopped by a signal.";

fn command() -> Command {
    let table = ranges::options(options::table("export", TOOL.about))
        .arg(valued("format", "FORMAT", "jsonl or binary [default: jsonl]"))
        .arg(file("output", "File to write, '-' for standard output; what it has is replaced [default: -]"))
        .arg(flag("resume", "Go on where an interrupted export has left the file of --output"))
        .arg(flag("with-configs", "Begin JSON lines with one for each topic: its partitions and settings"));
    options::target(table).after_help(EXAMPLES)
}
