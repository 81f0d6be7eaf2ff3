//! The options of the tool, and which action they mean.

use super::{format, info};
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{self, file, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::releases;
use crate::cli::subcommands;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::types::Uuid;
use clap::{Arg, Command};
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "storage",
    kafka_name: Some("kafka-storage"),
    aliases: &[],
    about: "Make the log directories of a server.properties ready, or say what is in them",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::alone,
    argument_errors: Failure::alone,
    run,
};

const EXAMPLES: &str = "\
Commands:
  format                 make the log directories ready for a node
  info                   say what is in them
  random-uuid            make a new id, for a cluster for instance
  version-mapping        the levels that a release of Kafka brings
  feature-dependencies   what a level needs

Examples:
    kt storage random-uuid
    kt storage format --config server.properties --cluster-id \"$(kt storage random-uuid)\" --standalone
    kt storage info --config server.properties

kt needs none of it for a directory of its own. What is formatted is ready for kt and for Kafka: with log.dirs=data/broker-1,
kt works on it as --data-dir data.

Exit status: 0, or 1 if a directory is not ready or can't be made so.";

fn command() -> Command {
    options::table("storage", TOOL.about)
        .arg(Arg::new("command").value_name("COMMAND").help("What to do, see below"))
        .arg(file("config", "The server.properties of the node").short('c'))
        .arg(valued("cluster-id", "ID", "format: the cluster that the node is to be of").short('t'))
        .arg(flag("ignore-formatted", "format: leave directories alone that are ready").short('g'))
        .arg(flag("standalone", "format: the node is the only controller, for now").short('s'))
        .arg(flag("no-initial-controllers", "format: the controllers come later").short('N'))
        .arg(
            valued(
                "initial-controllers",
                "LIST",
                "format: the first controllers, each as id@host:port:directory, separated by commas",
            )
            .short('I'),
        )
        .arg(
            valued(
                "add-scram",
                "CREDENTIAL",
                "format: a user to begin with: SCRAM-SHA-256=[name=alice,password=secret]; repeatable",
            )
            .short('S'),
        )
        .arg(valued("release-version", "RELEASE", "Release whose levels are meant, such as 4.1").short('r'))
        .arg(valued("feature", "NAME=LEVEL", "Feature and its level; repeatable").short('f'))
        .after_help(EXAMPLES)
}

const HINT: &str = "kt storage --help";

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let command = subcommands::command(parsed, HINT)?;
    match command.as_str() {
        "info" => info::run(context, parsed),
        "format" => format::run(context, parsed),
        "random-uuid" => {
            writeln!(context.stdout, "{}", Uuid::random())?;
            Ok(Status::SUCCESS)
        }
        "version-mapping" => {
            let release = parsed.last("release-version");
            context.stdout.write_all(releases::mapping(release.as_deref())?.as_bytes())?;
            Ok(Status::SUCCESS)
        }
        "feature-dependencies" => dependencies(context, parsed),
        other => Err(subcommands::unknown(other, HINT)),
    }
}

fn dependencies(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let features = parsed.texts("feature");
    if features.is_empty() {
        return Err(missing("feature"));
    }
    for feature in &features {
        let (name, level) = feature.split_once('=').ok_or_else(|| {
            Failure::plain(format!(
                "Invalid feature format: {feature}. Expected format: 'feature=version' (e.g. 'group.version=1')"
            ))
        })?;
        let unreadable = |_| Failure::plain(format!("Invalid version format: {level} for feature {name}"));
        let level: i16 = level.parse().map_err(unreadable)?;
        context.stdout.write_all(releases::dependencies(name, level)?.as_bytes())?;
    }
    Ok(Status::SUCCESS)
}

/// An option that the action can't do without.
pub(super) fn missing(option: &str) -> Failure {
    Failure::plain(format!("--{option} is required")).with_hint(HINT)
}
