//! The options of the console consumer.

use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, own, valued};
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
  A job queue: mail each order, three tries, what can't be mailed goes to a topic of its own:
    kt consume --topic orders --group mail --exec './mail \"$KT_RECORD_KEY\"' --dead-letter unmailed
  Prices in euros, each exactly once, by a program that stays:
    kt consume --topic usd --group euro --exec-batch ./to-eur --output-topic eur --delivery exactly-once

Formatter properties: print.timestamp, print.partition, print.offset, print.delivery, print.epoch,
print.headers, print.key, print.value, key.separator, line.separator, headers.separator,
null.literal, key.deserializer, value.deserializer, headers.deserializer

Exit status: 0, or 1 if something could not be read or done; 130 after Ctrl-C.";

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
        .arg(own(flag(
            "skip-damaged",
            "Go on behind a damaged batch, with a line on standard error, instead of ending there",
        )))
        .arg(flag("enable-systest-events", "Print shutdown_complete at the end"))
        .arg(own(flag(
            "show-assignments",
            "Say on standard error when partitions come and go, after the client.id",
        )));
    delivery(deprecated(options::target(table))).after_help(EXAMPLES)
}

/// What becomes of the records, and when a group's offsets say so.
fn delivery(table: Command) -> Command {
    table
        .arg(own(valued(
            "exec",
            "CMD",
            "Run CMD (by /bin/sh) for each record: value on its standard input, the rest in KT_RECORD_… variables; status 0 is success",
        )))
        .arg(own(valued(
            "exec-batch",
            "CMD",
            "Keep one CMD running and feed it each record as it would be printed; it answers each with a line: ok, or error TEXT",
        )))
        .arg(own(valued(
            "output-topic",
            "TOPIC",
            "Store what CMD writes for a record (--exec: all of it; --exec-batch: a line) under the record's key; nothing stores nothing",
        )))
        .arg(own(valued(
            "dead-letter",
            "TOPIC",
            "Store what CMD keeps failing on, with __kt.errors.… headers, and go on [default: stop with an error]",
        )))
        .arg(own(valued("retries", "N", "Hand a record that CMD failed on over again up to N times [default: 3]")))
        .arg(own(valued(
            "retry-backoff",
            "MS",
            "Wait this long before the first retry, twice as long before the next, and so on [default: 500]",
        )))
        .arg(own(valued("max-retry-backoff", "MS", "Never wait longer than this before a retry [default: 30000]")))
        .arg(own(valued("exec-timeout", "MS", "Kill CMD if it takes longer for a record [default: never]")))
        .arg(own(valued(
            "parallel",
            "N",
            "Run up to N of --exec's CMD at once; records with the same key still one after another [default: 1]",
        )))
        .arg(own(valued(
            "delivery",
            "HOW",
            "at-most-once (commit, then deliver), at-least-once (deliver, then commit) or exactly-once (--output-topic: both in one transaction) [default: at-least-once]",
        )))
        .arg(own(valued(
            "commit",
            "WHEN",
            "Commit the group's offsets with each record, with each batch of records that were read at once, or at an interval (auto.commit.interval.ms) [default: record with --exec, batch with --exec-batch and exactly-once, else interval]",
        )))
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
