//! The options of kafka-configs, and how it words its errors.

use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client;
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "configs",
    kafka_name: Some("kafka-configs"),
    aliases: &[],
    about: "Show and change the settings of topics, brokers and groups",
    kafka_about: KafkaAbout::same(
        "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or group",
    ),
    command,
    parse_errors: Failure::alone,
    argument_errors: Failure::alone,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  Everything that is in force for a topic, and where it comes from:
    kt configs --describe --topic orders --all
  Keep records for a day, and in segments of 16 MB:
    kt configs --alter --topic orders --add-config retention.ms=86400000,segment.bytes=16777216
  A value with a comma in it:
    kt configs --alter --topic orders --add-config 'cleanup.policy=[compact,delete]'
  Back to the default:
    kt configs --alter --topic orders --delete-config retention.ms
  A default for all topics:
    kt configs --alter --broker-defaults --add-config log.retention.ms=86400000

Quotas and the settings of brokers' threads and connections are kept for a Kafka that works on the same
directory; kt itself has no use for them.

Exit status: 0 if everything was done, 1 if not.";

fn command() -> Command {
    let table = options::table("configs", TOOL.about)
        .arg(flag("describe", "Show settings"))
        .arg(flag("alter", "Change settings"))
        .arg(flag("all", "With --describe: also defaults and what brokers were started with"))
        .arg(valued("add-config", "K=V,...", "Settings to make; brackets keep commas together: k=[v1,v2]"))
        .arg(file("add-config-file", "Properties file with settings to make"))
        .arg(valued("delete-config", "K,...", "Settings to take away; repeatable"));
    let table = entities(table);
    options::output(options::target(table))
        .arg(
            valued(
                "bootstrap-controller",
                "HOST:PORT",
                "Controller to talk to, instead of --bootstrap-server",
            )
            .help_heading("Cluster"),
        )
        .after_help(EXAMPLES)
}

fn entities(table: Command) -> Command {
    table
        .arg(valued(
            "entity-type",
            "TYPE",
            "topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups",
        ))
        .arg(valued("entity-name", "NAME", "Name of the entity"))
        .arg(flag("entity-default", "The default entity of the type"))
        .arg(valued("topic", "TOPIC", "A topic"))
        .arg(valued("client", "CLIENT", "Quotas of a client id"))
        .arg(flag("client-defaults", "Quotas of clients that have none of their own"))
        .arg(valued("user", "USER", "Quotas of a user"))
        .arg(flag("user-defaults", "Quotas of users that have none of their own"))
        .arg(valued("broker", "ID", "A broker"))
        .arg(flag("broker-defaults", "All brokers that have no setting of their own"))
        .arg(valued("broker-logger", "ID", "Loggers of a broker"))
        .arg(valued("ip", "ADDRESS", "Quotas of an address"))
        .arg(flag("ip-defaults", "Quotas of addresses that have none of their own"))
        .arg(valued("client-metrics", "NAME", "A subscription to clients' metrics"))
        .arg(valued("group", "GROUP", "A group"))
}

/// A call that the cluster refused. In the Kafka register an exception that nobody caught, after all the arguments.
pub(super) fn refused(context: &Context, error: client::Error) -> Failure {
    let exception =
        format!("java.util.concurrent.ExecutionException: {}: {}", error.java_class(), error.message);
    let failure = failed(context, &exception, error.message);
    match error.hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// A failure that Kafka's tool tells as the exception `exception`.
pub(super) fn failed(context: &Context, exception: &str, message: impl Into<String>) -> Failure {
    let arguments: Vec<_> = context.arguments.iter().map(|word| word.to_string_lossy()).collect();
    let arguments = arguments.join(" ");
    let text = format!("Error while executing config command with args '{arguments}'\n{exception}");
    Failure::plain(message).in_kafka(|kafka| kafka.text = text)
}
