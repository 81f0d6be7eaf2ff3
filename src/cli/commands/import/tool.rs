//! The options of `kt import`.

use super::run::run;
use crate::cli::error::Failure;
use crate::cli::options::{self, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::{Arg, Command, ValueHint};

pub(crate) const TOOL: Tool = Tool {
    name: "import",
    kafka_name: None,
    aliases: &[],
    about: "Read topics from a file of 'kt export', or any JSON lines",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Examples:
  What 'kt export' has written, in either form:
    kt import day.ktx
  Lines of one's own; all that is needed is a value:
    echo '{\"key\":\"ann\",\"value\":\"12\"}' | kt import --topic orders
  Into a topic of another name, with more partitions:
    kt import orders.jsonl --rename orders=orders-8 --repartition --partitions 8
  So that it can be interrupted, run again, and has each record once:
    kt import big.ktx --resume

A line: {\"topic\":\"t\",\"partition\":0,\"timestamp\":1700000000000,\"timestampType\":\"CreateTime\",\"key\":\"k\",\"value\":\"v\",
\"headers\":[{\"key\":\"h\",\"value\":\"x\"}]}; \"keyBase64\", \"valueBase64\" and a header's \"base64\" are for bytes. A field may be
null or missing, none may be unknown. {\"topic\":\"t\",\"partitions\":3,\"configs\":{}} makes a topic. What 'kcat -J' and 'rpk topic
consume' print is read too.

Exit status: 0, 1 if something failed, 2 if the command was called wrongly, 130 or 143 if it was stopped by a signal.";

fn command() -> Command {
    let file = Arg::new("file")
        .value_name("FILE")
        .help("File to read, '-' for standard input [default: -]")
        .value_hint(ValueHint::FilePath)
        .index(1);
    let table = options::table("import", TOOL.about)
        .arg(file)
        .arg(valued("topic", "TOPIC", "Topic for all records, whatever the file says"))
        .arg(valued("rename", "FROM=TO", "Put the records of topic FROM into topic TO; repeatable"))
        .arg(flag("repartition", "Share the records out over the partitions by key, whatever the file says"))
        .arg(valued("partitions", "N", "Partitions of topics that are made [default: as the file says]"))
        .arg(flag("resume", "Keep count, and go on where an earlier import with --resume has stopped"))
        .arg(valued(
            "name",
            "NAME",
            "What to keep count under, as group kt-import.NAME [default: the file's name]",
        ))
        .arg(valued("output", "FORMAT", "json prints what was done as a line of JSON"));
    options::target(table).after_help(EXAMPLES)
}
