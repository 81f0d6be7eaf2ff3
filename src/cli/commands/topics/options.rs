//! The options of kafka-topics, and how it words its errors.

use crate::cli::error::{Failure, ParseError, Status, Stream};
use crate::cli::options::{self, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "topics",
    kafka_name: Some("kafka-topics"),
    aliases: &[],
    about: "Create, list, describe, grow or delete topics",
    kafka_about: KafkaAbout {
        help: "This tool helps to create, delete, describe, or change a topic.",
        bare: Some("Create, delete, describe, or change a topic."),
    },
    command,
    parse_errors: Failure::with_empty_line,
    argument_errors: bad_argument,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  A topic of three partitions whose records are kept for a day:
    kt topics --create --topic orders --partitions 3 --config retention.ms=86400000
  All topics, with partitions and settings:
    kt topics --describe
  Every topic whose name begins with 'app-', as JSON:
    kt topics --describe --topic 'app-.*' --output json
  More partitions:
    kt topics --alter --topic orders --partitions 6

--topic is a regular expression (Java's) of the whole name, but for --create. The settings of --config are
those of 'kt configs --describe --topic NAME --all'.

Exit status: 0 if everything was done, 1 if not.";

fn command() -> Command {
    let table = options::table("topics", TOOL.about)
        .arg(flag("create", "Make a topic"))
        .arg(flag("list", "List the names of topics"))
        .arg(flag("describe", "Show topics with their partitions and settings"))
        .arg(flag("alter", "Change the number of partitions, or where the replicas of new ones are"))
        .arg(flag("delete", "Delete topics"))
        .arg(valued(
            "topic",
            "TOPIC",
            "Name to create; else a regular expression for whole names, ',' means 'or'",
        ))
        .arg(valued("topic-id", "ID", "Topic to describe, by its id"))
        .arg(valued("partitions", "N", "Number of partitions to create, or to grow to [default: 1]"))
        .arg(valued("replication-factor", "N", "Copies of each partition, when creating [default: 1]"))
        .arg(valued(
            "replica-assignment",
            "BROKERS",
            "Brokers of each partition: 1:2,2:3 is two partitions of two copies each",
        ))
        .arg(valued("config", "NAME=VALUE", "Setting of the topic to create; repeatable"))
        .arg(flag("if-exists", "With --alter, --delete, --describe: no such topic is no error"))
        .arg(flag("if-not-exists", "With --create: do nothing if the topic exists"))
        .arg(flag("exclude-internal", "With --list, --describe: leave out Kafka's own topics"));
    let table = reports(options::output(options::target(table)));
    table
        .arg(valued("delete-config", "NAME", "Ignored, as Kafka 4 does").hide(true))
        .arg(
            valued("partition-size-limit-per-response", "N", "Accepted for compatibility; has no effect")
                .hide(true),
        )
        .after_help(EXAMPLES)
}

fn reports(table: Command) -> Command {
    table
        .arg(flag("topics-with-overrides", "With --describe: only topics with settings, without partitions"))
        .arg(flag(
            "under-replicated-partitions",
            "With --describe: only partitions with replicas out of sync",
        ))
        .arg(flag(
            "unavailable-partitions",
            "With --describe: only partitions without a leader that is alive",
        ))
        .arg(flag("under-min-isr-partitions", "With --describe: only partitions in sync on too few brokers"))
        .arg(flag("at-min-isr-partitions", "With --describe: only partitions in sync on just enough brokers"))
}

/// An error in carrying out an action: on standard output in the Kafka register.
pub(super) fn executing(message: impl Into<String>) -> Failure {
    let message = message.into();
    let text = format!("Error while executing topic command : {message}");
    Failure::plain(message).kafka_says(Stream::Stdout, text, Status::FAILURE)
}

fn bad_argument(error: ParseError) -> Failure {
    executing(error.to_string())
}
