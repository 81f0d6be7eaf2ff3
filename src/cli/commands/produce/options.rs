//! The options of the console producer.

use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, optional, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "produce",
    kafka_name: Some("kafka-console-producer"),
    aliases: &["console-producer"],
    about: "Write the lines of standard input to a topic",
    kafka_about: KafkaAbout::same(
        "This tool helps to read data from standard input and publish it to Kafka.",
    ),
    command,
    parse_errors: Failure::with_table,
    argument_errors: Failure::alone,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  Send two records; the topic is made if there is none:
    printf 'one\\ntwo\\n' | kt produce --topic orders
  With keys, cut off at the first ':':
    echo 'alice:42' | kt produce --topic orders --reader-property parse.key=true \\
      --reader-property key.separator=:
  With headers and a key, tabs between the parts:
    printf 'trace:7,lang:en\\talice\\t42\\n' | kt produce --topic orders \\
      --reader-property parse.headers=true --reader-property parse.key=true
  A file, compressed, to one partition:
    kt produce --topic orders --compression-codec zstd --partition 0 < orders.txt

Reader properties: topic, parse.key, key.separator (tab), parse.headers, headers.delimiter (tab),
headers.separator (,), headers.key.separator (:), ignore.error, null.marker

Exit status: 0 if every record is stored (with acks=all: on disk), 1 if not.";

fn command() -> Command {
    let table = options::table("produce", TOOL.about)
        .arg(valued(
            "topic",
            "TOPIC",
            "Topic to write to; it is made by the first record if it doesn't exist",
        ))
        .arg(valued("partition", "N", "Partition to write to [default: by the key, else in turn]"))
        .arg(flag(
            "sync",
            "Wait for each record to be stored before the next is read; end at the first failure",
        ))
        .arg(optional(
            "compression-codec",
            "CODEC",
            "none, gzip, snappy, lz4 or zstd; without a name gzip [default: none]",
        ))
        .arg(valued(
            "request-required-acks",
            "ACKS",
            "When a record counts as sent: all (or -1), 1, 0 [default: -1]",
        ))
        .arg(valued(
            "line-reader",
            "CLASS",
            "Class that reads the lines [default: org.apache.kafka.tools.LineMessageReader]",
        ))
        .arg(valued(
            "reader-property",
            "KEY=VALUE",
            "Setting of the line reader, such as parse.key=true; repeatable",
        ))
        .arg(file("reader-config", "Properties file with settings of the line reader"))
        .arg(valued("command-property", "KEY=VALUE", "Producer setting, such as acks=1; repeatable"))
        .arg(valued("batch-size", "BYTES", "Size at which a batch is written [default: what is fastest]"));
    let table = client_settings(options::target(table));
    deprecated(table).after_help(EXAMPLES)
}

/// Settings of a network client: read and checked, and without effect on a directory.
fn client_settings(table: Command) -> Command {
    table
        .next_help_heading("Network (checked, but a local directory has no use for them)")
        .arg(valued("timeout", "MS", "Time that records may wait for company in a batch [default: 1000]"))
        .arg(valued("message-send-max-retries", "N", "Retries of a failed send [default: 3]"))
        .arg(valued("retry-backoff-ms", "MS", "Pause before a retry [default: 100]"))
        .arg(valued("request-timeout-ms", "MS", "Time to wait for an acknowledgement [default: 1500]"))
        .arg(valued("metadata-expiry-ms", "MS", "Age at which metadata is asked for anew [default: 300000]"))
        .arg(valued("max-block-ms", "MS", "Time that a send may block [default: 60000]"))
        .arg(valued("max-memory-bytes", "BYTES", "Memory for records that wait [default: 33554432]"))
        .arg(valued("socket-buffer-size", "BYTES", "Send buffer of connections [default: 102400]"))
}

fn deprecated(table: Command) -> Command {
    table
        .arg(valued("property", "KEY=VALUE", "Deprecated: see --reader-property").hide(true))
        .arg(valued("producer-property", "KEY=VALUE", "Deprecated: see --command-property").hide(true))
        .arg(file("producer.config", "Deprecated: see --command-config").hide(true))
        .arg(valued("max-partition-memory-bytes", "BYTES", "Deprecated: see --batch-size").hide(true))
}
