//! The options of the consumer's performance test.

use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, optional, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const CONSUMER: Tool = Tool {
    name: "consumer-perf-test",
    kafka_name: Some("kafka-consumer-perf-test"),
    aliases: &[],
    about: "Measure how fast records can be read",
    kafka_about: KafkaAbout::same("This tool is used to verify the consumer performance."),
    command,
    parse_errors: Failure::with_table,
    argument_errors: Failure::with_empty_line,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  How fast a million records of a topic can be read:
    kt consumer-perf-test --topic bench --num-records 1000000
  The same, a line a second:
    kt consumer-perf-test --topic bench --num-records 1000000 --show-detailed-stats --reporting-interval 1000

The columns: when it began and ended, megabytes read, megabytes a second, records, records a
second; then how long the group took to share the partitions, how long reading took, and what was
read a second of that time. As many records are read at a time as a consumer of Kafka takes
(max.poll.records), so a few more than asked for may be counted.

Exit status: 0, also if there were fewer records; 1 if they could not be read.";

fn command() -> Command {
    let table = options::table("consumer-perf-test", CONSUMER.about)
        .arg(valued("topic", "TOPIC", "Topic to read"))
        .arg(valued("include", "REGEX", "Topics to read: a regular expression for whole names"))
        .arg(valued("num-records", "N", "How many records to read"))
        .arg(valued("messages", "N", "Deprecated: see --num-records").hide(true))
        .arg(valued("group", "GROUP", "Group to read as [default: perf-consumer- and a number]"))
        .arg(flag(
            "from-latest",
            "Without a committed offset, begin with what comes next, not with the first record",
        ))
        .arg(optional(
            "timeout",
            "MS",
            "How long to wait for the next records before giving up [default: 10000]",
        ))
        .arg(valued("reporting-interval", "MS", "How often to print how far it is [default: 5000]"))
        .arg(flag("show-detailed-stats", "Print how far it is"))
        .arg(flag("hide-header", "Print no names of columns"))
        .arg(valued(
            "date-format",
            "PATTERN",
            "How to print a time, as Java's SimpleDateFormat [default: yyyy-MM-dd HH:mm:ss:SSS]",
        ))
        .arg(flag("print-metrics", "Print the consumer's metrics at the end"))
        .arg(valued("fetch-size", "BYTES", "Of no effect on a directory [default: 1048576]"))
        .arg(valued("socket-buffer-size", "BYTES", "Of no effect on a directory [default: 2097152]"))
        .arg(valued("command-property", "KEY=VALUE", "Consumer setting, such as client.id=me; repeatable"))
        .arg(file("consumer.config", "Deprecated: see --command-config").hide(true));
    options::target(table).after_help(EXAMPLES)
}
