//! The options of the latency test.

use crate::cli::error::Failure;
use crate::cli::options::{self, optional, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const LATENCY: Tool = Tool {
    name: "e2e-latency",
    kafka_name: Some("kafka-e2e-latency"),
    aliases: &[],
    about: "Measure how long a record takes from producer to consumer",
    kafka_about: KafkaAbout::same(
        "Sends records one at a time and measures how long each takes to come back.",
    ),
    command,
    parse_errors: Failure::with_table,
    argument_errors: Failure::with_empty_line,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  Ten thousand records of 100 bytes, each on the disk before it is read:
    kt e2e-latency --topic bench --num-records 10000 --producer-acks all --record-size 100

Each record is sent and waited for before the next one. Printed are the time of every 1000th in
milliseconds, the average, and percentiles. The topic must have no other producer meanwhile; it is
made if it doesn't exist.

Exit status: 0, or 1 if a record did not come back.";

fn command() -> Command {
    let table = options::table("e2e-latency", LATENCY.about)
        .arg(valued("topic", "TOPIC", "Topic to send the records through"))
        .arg(valued("num-records", "N", "How many records to send"))
        .arg(valued("producer-acks", "ACKS", "When a record counts as sent: 1 or all"))
        .arg(valued("record-size", "BYTES", "Size of each record's value"))
        .arg(optional("record-key-size", "BYTES", "Size of each record's key [default: 0]"))
        .arg(optional("num-headers", "N", "How many headers each record has [default: 0]"))
        .arg(optional("record-header-key-size", "BYTES", "Size of each header's key [default: 0]"))
        .arg(optional("record-header-size", "BYTES", "Size of each header's value; -1 is null [default: 0]"));
    options::target(table).after_help(EXAMPLES)
}
