//! The options of the console share consumer.

use crate::cli::commands::consume::options::formatting;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "share-consume",
    kafka_name: Some("kafka-console-share-consumer"),
    aliases: &["console-share-consumer"],
    about: "Print the records of a topic, each to one member of a share group",
    kafka_about: KafkaAbout::same(
        "This tool helps to read data from Kafka topics using share groups and outputs it to standard output.",
    ),
    command,
    parse_errors: Failure::with_table,
    argument_errors: Failure::as_exception,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  Work on a topic side by side with others; a killed one's records go to the rest:
    kt share-consume --topic tasks --group workers
  The next ten records, and how often each was delivered:
    kt share-consume --topic tasks --group workers --max-messages 10 --formatter-property print.delivery=true
  Have a new group begin with the earliest record instead of the next one:
    kt configs --alter --entity-type groups --entity-name workers --add-config share.auto.offset.reset=earliest
  Look at records and leave them to others (after five deliveries they are given up):
    kt share-consume --topic tasks --group workers --release --max-messages 1

Formatter properties: print.timestamp, print.partition, print.offset, print.delivery, print.epoch,
print.headers, print.key, print.value, key.separator, line.separator, headers.separator,
null.literal, key.deserializer, value.deserializer, headers.deserializer

Exit status: 0, or 1 if something could not be read; 130 after Ctrl-C.";

fn command() -> Command {
    let table = options::table("share-consume", TOOL.about)
        .arg(valued("topic", "TOPIC", "Topic to read"))
        .arg(valued("group", "GROUP", "Share group to join [default: console-share-consumer]"))
        .arg(valued("max-messages", "N", "Stop after this many records [default: no limit]"))
        .arg(valued("timeout-ms", "MS", "Stop after this long without a record [default: never]"))
        .arg(flag("release", "Release each record, to be delivered again, instead of accepting it"))
        .arg(flag("reject", "Reject each record, never to be delivered again, instead of accepting it"))
        .arg(flag("reject-message-on-error", "Reject a record that can't be formatted and go on"));
    let table = formatting(table)
        .arg(valued(
            "command-property",
            "KEY=VALUE",
            "Consumer setting, such as max.poll.records=1; repeatable",
        ))
        .arg(flag("enable-systest-events", "Print shutdown_complete at the end"));
    let table = table
        .arg(valued("property", "KEY=VALUE", "Deprecated: see --formatter-property").hide(true))
        .arg(valued("consumer-property", "KEY=VALUE", "Deprecated: see --command-property").hide(true))
        .arg(file("consumer-config", "Deprecated: see --command-config").hide(true));
    options::target(table).after_help(EXAMPLES)
}
