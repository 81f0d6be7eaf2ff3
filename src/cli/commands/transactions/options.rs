//! The options of the tool for transactions.

use crate::cli::error::Failure;
use crate::cli::options::{self, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::{Arg, Command};

pub(crate) const TOOL: Tool = Tool {
    name: "transactions",
    kafka_name: Some("kafka-transactions"),
    aliases: &[],
    about: "List and describe transactions, and end those that hang",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::alone,
    argument_errors: Failure::alone,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Commands:
  list                   the transactional ids and where each one's transaction stands
  describe               one id: its producer, since when its transaction is open, and where it has written to
  describe-producers     who has written to a partition, and whose transaction is open there
  find-hanging           open transactions that no transactional id accounts for
  abort                  end such a transaction in one partition
  forceTerminateTransaction
                         end what is open under an id and shut its producer out

Examples:
  All transactions, and those that are open for more than a minute:
    kt transactions list
    kt transactions list --duration-filter 60000
  One of them:
    kt transactions describe --transactional-id transfers
  Who holds up the readers of committed records:
    kt transactions describe-producers --topic payments --partition 0
    kt transactions find-hanging --topic payments
  End it, in one partition or as a whole:
    kt transactions abort --topic payments --partition 0 --start-offset 17
    kt transactions forceTerminateTransaction --transactionalId transfers

A transaction that is older than its transaction.timeout.ms is aborted by whoever comes by, this tool included.

Exit status: 0, or 1 if a transaction or a partition could not be looked at or changed.";

fn command() -> Command {
    let table = options::table("transactions", TOOL.about)
        .arg(Arg::new("command").value_name("COMMAND").help("What to do, see below"))
        .arg(valued("transactional-id", "ID", "describe: the transactional id"))
        .arg(valued("transactionalId", "ID", "forceTerminateTransaction: the transactional id"))
        .arg(valued(
            "duration-filter",
            "MS",
            "list: only those open for more than this time; negative is no filter",
        ))
        .arg(valued("transactional-id-pattern", "REGEX", "list: only ids that match as a whole"))
        .arg(valued("topic", "TOPIC", "Topic to look at"))
        .arg(valued("partition", "N", "Partition to look at"))
        .arg(valued("broker-id", "ID", "Broker whose replicas to look at"))
        .arg(valued(
            "max-transaction-timeout",
            "MINUTES",
            "find-hanging: how long a transaction may take [default: 15]",
        ))
        .arg(valued("start-offset", "OFFSET", "abort: where the transaction begins in the partition"))
        .arg(valued("producer-id", "ID", "abort: the producer, instead of an offset"))
        .arg(valued("producer-epoch", "N", "abort: its epoch"))
        .arg(valued("coordinator-epoch", "N", "abort: the epoch of the coordinator"));
    options::output(options::target(table)).after_help(EXAMPLES)
}
