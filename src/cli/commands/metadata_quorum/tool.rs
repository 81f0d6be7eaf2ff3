//! The options of the tool, and which action they mean.

use super::{add_controller, describe, remove_controller};
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{self, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::subcommands;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::Admin;
use clap::{Arg, Command};
use std::path::Path;

pub(crate) const TOOL: Tool = Tool {
    name: "metadata-quorum",
    kafka_name: Some("kafka-metadata-quorum"),
    aliases: &[],
    about: "Show who keeps a cluster's metadata, or change that",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::alone,
    argument_errors: Failure::alone,
    run,
};

const EXAMPLES: &str = "\
Commands:
  describe               who keeps the metadata: --status or --replication
  add-controller         add the controller whose properties --command-config names
  remove-controller      take a controller out

Examples:
    kt metadata-quorum describe --status
    kt metadata-quorum describe --replication --human-readable

A directory has one controller, which whoever runs a command is for that moment: none can be added to it or taken away.

Exit status: 0, or 1 if what was asked can't be done.";

fn command() -> Command {
    let table = options::table("metadata-quorum", TOOL.about)
        .arg(Arg::new("command").value_name("COMMAND").help("What to do, see below"))
        .arg(flag("status", "describe: the leader and the members, in short"))
        .arg(flag("replication", "describe: how far each node has come"))
        .arg(flag("human-readable", "describe --replication: times as how long ago they are"))
        .arg(valued("controller-id", "ID", "remove-controller: the controller").short('i'))
        .arg(valued("controller-directory-id", "ID", "remove-controller: the id of its directory").short('d'))
        .arg(flag("dry-run", "Only say what would be done"));
    options::output(options::target(table)).arg(options::controllers()).after_help(EXAMPLES)
}

const HINT: &str = "kt metadata-quorum --help";

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let command = subcommands::command(parsed, HINT)?;
    let action = match command.as_str() {
        "describe" => describe::run,
        "add-controller" => add_controller::run,
        "remove-controller" => remove_controller::run,
        other => return Err(subcommands::unknown(other, HINT)),
    };
    let config = config(parsed)?;
    action(context, parsed, config.as_ref())
}

/// The properties that `--command-config` names.
fn config(parsed: &Parsed) -> Result<Option<Properties>, Failure> {
    let Some(path) = parsed.all("command-config").last() else { return Ok(None) };
    let name = path.to_string_lossy();
    if !Path::new(path).exists() {
        return Err(Failure::plain(format!("Properties file {name} does not exists!")));
    }
    let unreadable = |error| Failure::plain(format!("can't read '{name}': {error}"));
    Properties::load(path).map(Some).map_err(unreadable)
}

/// The cluster that is meant.
pub(super) fn admin(context: &Context, parsed: &Parsed) -> Result<Box<dyn Admin>, Failure> {
    context.connect(parsed)?.admin().map_err(Failure::printed)
}
