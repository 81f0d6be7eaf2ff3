//! The options of the producer's performance test, and how a wrong command line is refused.

use crate::cli::argparse::Synopsis;
use crate::cli::error::{Failure, ParseError};
use crate::cli::options::{self, file, flag, many, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const PRODUCER: Tool = Tool {
    name: "producer-perf-test",
    kafka_name: Some("kafka-producer-perf-test"),
    aliases: &[],
    about: "Measure how fast records can be written",
    kafka_about: KafkaAbout::same("This tool is used to verify the producer performance."),
    command,
    parse_errors: refuse,
    argument_errors: refuse,
    run: super::run::run,
};

pub(super) const SYNOPSIS: Synopsis = Synopsis {
    program: "kafka-producer-perf-test",
    pieces: &[
        "[-h]",
        "[--bootstrap-server BOOTSTRAP-SERVER]",
        "--topic TOPIC",
        "--num-records NUM-RECORDS",
        "[--payload-delimiter PAYLOAD-DELIMITER]",
        "--throughput THROUGHPUT",
        "[--producer-props PROP-NAME=PROP-VALUE [PROP-NAME=PROP-VALUE ...]]",
        "[--command-property PROP-NAME=PROP-VALUE [PROP-NAME=PROP-VALUE ...]]",
        "[--producer.config CONFIG-FILE]",
        "[--command-config CONFIG-FILE]",
        "[--print-metrics]",
        "[--transactional-id TRANSACTIONAL-ID]",
        "[--transaction-duration-ms TRANSACTION-DURATION]",
        "[--warmup-records WARMUP-RECORDS]",
        "[--reporting-interval INTERVAL-MS]",
        "(--record-size RECORD-SIZE |",
        "--payload-file PAYLOAD-FILE |",
        "--payload-monotonic)",
    ],
};

const EXAMPLES: &str = "\
Examples:
  A hundred thousand records of 100 bytes, as fast as they can be stored:
    kt producer-perf-test --topic bench --num-records 100000 --record-size 100 --throughput -1
  A thousand records a second, compressed:
    kt producer-perf-test --topic bench --num-records 5000 --record-size 100 --throughput 1000 \\
      --command-property compression.type=zstd
  In transactions of half a second:
    kt producer-perf-test --topic bench --num-records 100000 --record-size 100 --throughput -1 \\
      --transaction-duration-ms 500

The latency of a record is the time from its sending to its acknowledgement.

Exit status: 0 if every record is stored, 1 if not.";

fn command() -> Command {
    let table = options::table("producer-perf-test", PRODUCER.about)
        .arg(valued("topic", "TOPIC", "Topic to write to; it is made if it doesn't exist"))
        .arg(valued("num-records", "N", "How many records to write"))
        .arg(valued("throughput", "N", "Records per second at most; -1 is as fast as possible"))
        .arg(valued("record-size", "BYTES", "Size of each record's value, of random letters"))
        .arg(file("payload-file", "File with values, of which each record gets a random one"))
        .arg(flag("payload-monotonic", "The values are the numbers from 0 on"))
        .arg(valued(
            "payload-delimiter",
            "REGEX",
            "What separates the values of the payload file [default: a line end]",
        ))
        .arg(valued("transactional-id", "ID", "Write in transactions of this id"))
        .arg(valued("transaction-duration-ms", "MS", "Commit a transaction after this time [default: 3000]"))
        .arg(valued(
            "warmup-records",
            "N",
            "Records at the beginning that a second summary leaves out [default: 0]",
        ))
        .arg(valued("reporting-interval", "MS", "How often to print how far it is [default: 5000]"))
        .arg(flag("print-metrics", "Print the producer's metrics at the end"))
        .arg(many("command-property", "KEY=VALUE", "Producer settings, such as acks=1"))
        .arg(many("producer-props", "KEY=VALUE", "Deprecated: see --command-property").hide(true))
        .arg(file("producer.config", "Deprecated: see --command-config").hide(true));
    options::target(table).after_help(EXAMPLES)
}

/// What the option parser found, in argparse4j's words.
fn refuse(error: ParseError) -> Failure {
    match error {
        ParseError::MissingArgument { name }
            if matches!(name.as_str(), "producer-props" | "command-property") =>
        {
            SYNOPSIS.refuse(format!("argument --{name}: expected 1 argument(s)"))
        }
        other => SYNOPSIS.parse_error(other),
    }
}
