//! `kt serve`: its options.

use super::run::run;
use crate::cli::error::Failure;
use crate::cli::options::{self, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "serve",
    kafka_name: None,
    aliases: &[],
    about: "Serve the directory to every Kafka client",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
The shell's commands work on the same directory at the same moment: records, groups and offsets are shared, and a record that
either side writes wakes who waits for it on the other.

When it is ready, one line on standard output says where it listens. It ends with SIGTERM or SIGINT, after what is under way
has been answered.

Examples:
  On Kafka's own port:
    kt serve
  On a port that is free, for a test:
    kt serve --listen localhost:0

Exit status: 0, 1 if it can't serve, 2 for a wrong command line.";

fn command() -> Command {
    let table = options::table("serve", TOOL.about).arg(valued(
        "listen",
        "HOST:PORT",
        "Where to listen, may be repeated; port 0 takes one that is free [default: localhost:9092]",
    ));
    let table =
        table.arg(flag("guarded", "End when standard input does, and remove the directory").hide(true));
    options::target(table).after_help(EXAMPLES)
}
