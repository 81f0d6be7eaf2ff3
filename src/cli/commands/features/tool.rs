//! The options of the tool, and which action they mean.

use super::{describe, update};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{self, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::releases;
use crate::cli::subcommands;
use crate::cli::tools::{KafkaAbout, Tool};
use clap::{Arg, Command};
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "features",
    kafka_name: Some("kafka-features"),
    aliases: &[],
    about: "Show or change the levels of a cluster's features",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::alone,
    argument_errors: Failure::alone,
    run,
};

const EXAMPLES: &str = "\
Commands:
  describe               the features that the cluster knows, and their levels
  upgrade                raise levels
  downgrade              lower levels
  disable                lower levels to 0
  version-mapping        the levels that a release of Kafka brings
  feature-dependencies   what a level needs

Examples:
    kt features describe
    kt features version-mapping --release-version 4.0
    kt features feature-dependencies --feature eligible.leader.replicas.version=1
  Have the directory look like one of Kafka 4.1, if that loses nothing:
    kt features downgrade --metadata 4.1 --dry-run

The levels are there for the brokers that are started on the directory; kt itself works with those of Kafka 4.2.

Exit status: 0, or 1 if a level could not be changed.";

fn command() -> Command {
    let table = options::table("features", TOOL.about)
        .arg(Arg::new("command").value_name("COMMAND").help("What to do, see below"))
        .arg(valued("feature", "NAME=LEVEL", "Feature and its level; of disable its name alone; repeatable"))
        .arg(valued("release-version", "RELEASE", "Release whose levels are meant, such as 4.1"))
        .arg(valued("metadata", "RELEASE", "Release whose metadata.version is meant (deprecated)"))
        .arg(valued("node-id", "ID", "describe: the node to ask"))
        .arg(flag("unsafe", "downgrade, disable: even if metadata is lost"))
        .arg(flag("dry-run", "Only try whether it can be done"));
    options::output(options::target(table)).arg(options::controllers()).after_help(EXAMPLES)
}

const HINT: &str = "kt features --help";

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let command = subcommands::command(parsed, HINT)?;
    command_config(parsed)?;
    match command.as_str() {
        "describe" => describe::run(context, parsed),
        "upgrade" => update::run(context, parsed, update::Action::Upgrade),
        "downgrade" => update::run(context, parsed, update::Action::Downgrade),
        "disable" => update::run(context, parsed, update::Action::Disable),
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
        return Err(Failure::plain("--feature is required").with_hint(HINT));
    }
    for feature in &features {
        let (name, level) = releases::feature_and_level(feature).map_err(Failure::plain)?;
        context.stdout.write_all(releases::dependencies(name, level)?.as_bytes())?;
    }
    Ok(Status::SUCCESS)
}
