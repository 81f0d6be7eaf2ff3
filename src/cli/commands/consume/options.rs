//! The options of the console consumer.

use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "consume",
    kafka_name: Some("kafka-console-consumer"),
    aliases: &["console-consumer"],
    about: "Print the records of a topic",
    kafka_about: KafkaAbout::same(
        "This tool helps to read data from Kafka topics and outputs it to standard output.",
    ),
    command,
    parse_errors: Failure::with_table,
    argument_errors: Failure::as_exception,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  Everything that is there, then what comes, until Ctrl-C:
    kt consume --topic orders --from-beginning
  Everything that is there, then stop:
    kt consume --topic orders --from-beginning --timeout-ms 1000
  The next ten records of a group, which remembers its place:
    kt consume --topic orders --group billing --from-beginning --max-messages 10
  Records 100 to 199 of a partition, with keys and offsets:
    kt consume --topic orders --partition 0 --offset 100 --until-offset 200 \\
      --formatter-property print.key=true --formatter-property print.offset=true
  The last hour:
    kt consume --topic orders --offset -1h --timeout-ms 1000

Formatter properties: print.timestamp, print.partition, print.offset, print.delivery, print.epoch,
print.headers, print.key, print.value, key.separator, line.separator, headers.separator,
null.literal, key.deserializer, value.deserializer, headers.deserializer

Exit status: 0, or 1 if something could not be read; 130 after Ctrl-C.";

fn command() -> Command {
    let table = options::table("consume", TOOL.about)
        .arg(valued("topic", "TOPIC", "Topic to read"))
        .arg(valued("include", "REGEX", "Read every topic whose whole name matches this Java regular expression"))
        .arg(valued("partition", "N", "Read this partition only, without a group"))
        .arg(valued(
            "offset",
            "OFFSET",
            "Where to begin: N, earliest or latest with --partition; @TIME (ISO 8601) or -30m, -1h, -2d ago always [default: latest]",
        ))
        .arg(valued("until-offset", "N", "Stop before this offset in each partition"))
        .arg(flag("from-beginning", "Begin with the earliest record where the group has no offset yet"))
        .arg(valued("group", "GROUP", "Group whose offsets are used and committed [default: none]"))
        .arg(valued("max-messages", "N", "Stop after this many records [default: no limit]"))
        .arg(valued("timeout-ms", "MS", "Stop after this long without a record [default: never]"))
        .arg(flag("skip-message-on-error", "Go on after a record that can't be formatted"))
        .arg(valued("isolation-level", "LEVEL", "read_committed or read_uncommitted [default: read_uncommitted]"));
    let table = formatting(table)
        .arg(valued(
            "command-property",
            "KEY=VALUE",
            "Consumer setting, such as auto.offset.reset=earliest; repeatable",
        ))
        .arg(flag("enable-systest-events", "Print shutdown_complete at the end"))
        .arg(flag(
            "show-assignments",
            "Say on standard error when partitions come and go, after the client.id",
        ));
    deprecated(options::target(table)).after_help(EXAMPLES)
}

/// The options that every console consumer formats records by.
pub(in crate::cli::commands) fn formatting(table: Command) -> Command {
    table
        .arg(valued(
            "formatter",
            "CLASS",
            "Class that formats records [default: org.apache.kafka.tools.consumer.DefaultMessageFormatter]",
        ))
        .arg(valued(
            "formatter-property",
            "KEY=VALUE",
            "Setting of the formatter, such as print.key=true; repeatable",
        ))
        .arg(file("formatter-config", "Properties file with settings of the formatter"))
        .arg(valued("key-deserializer", "CLASS", "Class that reads keys [default: bytes as they are]"))
        .arg(valued("value-deserializer", "CLASS", "Class that reads values [default: bytes as they are]"))
}

fn deprecated(table: Command) -> Command {
    table
        .arg(valued("property", "KEY=VALUE", "Deprecated: see --formatter-property").hide(true))
        .arg(valued("consumer-property", "KEY=VALUE", "Deprecated: see --command-property").hide(true))
        .arg(file("consumer.config", "Deprecated: see --command-config").hide(true))
}
