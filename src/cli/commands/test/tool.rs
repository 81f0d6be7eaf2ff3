//! The options of `kt test`.

use super::run::run;
use crate::cli::commands::serve::faults;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "test",
    kafka_name: None,
    aliases: &[],
    about: "Run a command with a Kafka of its own, for tests",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const HELP: &str = "\
CMD finds the server's address in BOOTSTRAP_SERVERS and KAFKA_BOOTSTRAP_SERVERS, and its data directory, for kt's own commands,
in KT_DATA_DIR. It has kt's standard input, output and error. Signals are passed on to it. When it ends, so does everything
that it has left running, and the directory is removed. If it fails, standard error shows what the topics and groups held,
and the directory is kept. However kt test ends, the server ends with it.

A file of topics has a line for each, or is JSON:
  # name [partitions] [setting=value]...
  orders 6 cleanup.policy=compact segment.ms=1000
  payments
  [\"payments\", {\"name\": \"orders\", \"partitions\": 6, \"replicationFactor\": 1, \"configs\": {\"cleanup.policy\": \"compact\"}}]

Examples:
  A test suite on an empty Kafka:
    kt test -- pytest tests/
  With topics:
    kt test --topic orders:6 --topic payments -- ./gradlew test
  With a broker that is not the leader for three requests, and one request in ten late:
    kt test --fault Produce:orders:NOT_LEADER_OR_FOLLOWER:3 --delay Fetch:200ms:10% -- ./gradlew test
  A shell with one:
    kt test -- bash

Exit status: that of CMD, or 128 and the number of the signal that has killed it; 125 if there is no server, 126 if CMD can't be
run, 127 if it isn't there, 2 for a wrong command line.";

fn command() -> Command {
    let table = options::table("test", TOOL.about)
        .arg(valued(
            "topic",
            "NAME[:N[:R]]",
            "Make a topic, with N partitions and R replicas of each; repeatable",
        ))
        .arg(file("topics", "Make the topics of this file"))
        .arg(valued("partitions", "N", "Partitions of topics that don't say how many [default: 1]"))
        .arg(flag("keep", "Keep the directory, and say where it is, even if CMD succeeds"))
        .arg(valued("server-option", "WORD", "A word more for kt serve's command line; repeatable"));
    faults::options(table).override_usage("kt test [OPTIONS] -- CMD [ARGUMENT]...").after_help(HELP)
}
