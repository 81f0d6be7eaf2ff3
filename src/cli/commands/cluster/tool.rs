//! The options of the tool, and which action they mean.

use super::{cluster_id, graduate, list_endpoints, unregister};
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{self, file, flag, own, valued};
use crate::cli::parse::Parsed;
use crate::cli::subcommands;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::Admin;
use clap::{Arg, Command};

pub(crate) const TOOL: Tool = Tool {
    name: "cluster",
    kafka_name: Some("kafka-cluster"),
    aliases: &[],
    about: "Show a cluster's id and nodes, take a broker out of it, or hand the directory to the real Kafka",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::alone,
    argument_errors: Failure::alone,
    run,
};

const EXAMPLES: &str = "\
Commands:
  cluster-id             the cluster's id
  list-endpoints         the brokers, or the controllers with --bootstrap-controller, and where they would listen
  unregister             take a broker out of the metadata that is gone for good
  graduate               put the directory in order, and print the server.properties to start the real Kafka on it

Examples:
    kt cluster cluster-id
    kt cluster list-endpoints
    kt cluster unregister --id 3
    kt cluster graduate >server.properties && kafka/bin/kafka-server-start.sh server.properties
    kt cluster graduate --listen 0.0.0.0:9092

Exit status: 0, or 1 if the broker is not registered or works on this very directory.";

fn command() -> Command {
    let table = options::table("cluster", TOOL.about)
        .arg(Arg::new("command").value_name("COMMAND").help("What to do, see below"))
        .arg(valued("id", "ID", "unregister: the broker").short('i'))
        .arg(flag("include-fenced-brokers", "list-endpoints: brokers that are shut out, too"))
        .arg(own(valued(
            "listen",
            "HOST:PORT",
            "graduate: where Kafka is to listen, its controller on the port behind [default: what the directory says, or \
             localhost:9092]",
        )));
    let table = options::output(options::target(table))
        .mut_arg("bootstrap-server", |arg| arg.short('b'))
        .mut_arg("command-config", |arg| arg.short('c'))
        .arg(options::controllers().short('C'))
        .arg(file("config", "The old name of --command-config").help_heading("Cluster"));
    table.after_help(EXAMPLES)
}

const HINT: &str = "kt cluster --help";

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let command = subcommands::command(parsed, HINT)?;
    let action = match command.as_str() {
        "cluster-id" => cluster_id::run,
        "list-endpoints" => list_endpoints::run,
        "unregister" => unregister::run,
        "graduate" => graduate::run,
        other => return Err(subcommands::unknown(other, HINT)),
    };
    check_config(context, parsed)?;
    action(context, parsed)
}

/// Reads the settings for the client, which a directory has no use for.
fn check_config(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    let given = [parsed.all("config").last(), parsed.all("command-config").last()];
    if let [Some(_), Some(_)] = given {
        const MESSAGE: &str = "--config and --command-config cannot be specified together.";
        let thrown = format!("{MESSAGE}\nnet.sourceforge.argparse4j.inf.ArgumentParserException: {MESSAGE}");
        return Err(Failure::with_blank(MESSAGE).in_kafka(|kafka| kafka.text = thrown));
    }
    if parsed.has("config") {
        context.note(
            "Option --config has been deprecated and will be removed in a future version. Use --command-config instead.",
        )?;
    }
    let Some(path) = given.into_iter().flatten().next() else { return Ok(()) };
    let name = path.to_string_lossy();
    match Properties::load(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::with_blank(format!("can't read '{name}': {error}"))
            .in_kafka(|kafka| kafka.text = name.into_owned())),
    }
}

/// The cluster that is meant.
pub(super) fn admin(context: &Context, parsed: &Parsed) -> Result<Box<dyn Admin>, Failure> {
    context.connect(parsed)?.admin().map_err(Failure::printed)
}
