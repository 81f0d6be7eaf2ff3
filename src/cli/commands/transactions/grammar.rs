//! How kafka-transactions reads its command line.

use crate::cli::argparse::Synopsis;
use crate::cli::error::{Failure, Status};
use crate::cli::subcommands::{Grammar, Group, Kind, Level, Opt, explained};
use std::ffi::OsString;

const PROGRAM: &str = "kafka-transactions.sh";
const SERVER: &str = "--bootstrap-server host:port";

/// Reads the words behind `kafka-transactions.sh` as that program does; answers them as the common parser reads them.
pub(crate) fn read_strictly(words: &[OsString]) -> Result<Vec<OsString>, Failure> {
    GRAMMAR.read(words)
}

const fn synopsis(pieces: &'static [&'static str]) -> Synopsis {
    Synopsis { program: PROGRAM, pieces }
}

const HELP: Opt = Opt::new("help", Kind::Help);

static GRAMMAR: Grammar = Grammar {
    program: Level {
        name: "",
        options: &[
            HELP,
            Opt::new("version", Kind::Version),
            Opt::new("command-config", Kind::Text),
            Opt::required("bootstrap-server", Kind::Text),
            Opt::new("data-dir", Kind::Text),
        ],
        group: Group::NONE,
        synopsis: synopsis(&["[-h]", "[-v]", "[--command-config FILE]", SERVER, "COMMAND", "..."]),
    },
    commands: COMMANDS,
    commit: "a18251bae0b825c6",
    explain,
    help_status: Status::FAILURE,
};

const COMMANDS: &[Level] = &[
    Level {
        name: "list",
        options: &[
            HELP,
            Opt::new("duration-filter", Kind::Long),
            Opt::new("transactional-id-pattern", Kind::Text),
        ],
        group: Group::NONE,
        synopsis: synopsis(&[
            SERVER,
            "list",
            "[-h]",
            "[--duration-filter DURATION_FILTER]",
            "[--transactional-id-pattern TRANSACTIONAL_ID_PATTERN]",
        ]),
    },
    Level {
        name: "describe",
        options: &[HELP, Opt::required("transactional-id", Kind::Text)],
        group: Group::NONE,
        synopsis: synopsis(&[SERVER, "describe", "[-h]", "--transactional-id TRANSACTIONAL_ID"]),
    },
    Level {
        name: "describe-producers",
        options: &[
            HELP,
            Opt::new("broker-id", Kind::Integer),
            Opt::required("partition", Kind::Integer),
            Opt::required("topic", Kind::Text),
        ],
        group: Group::NONE,
        synopsis: synopsis(&[
            SERVER,
            "describe-producers",
            "[-h]",
            "[--broker-id BROKER_ID]",
            "--topic TOPIC",
            "--partition PARTITION",
        ]),
    },
    Level {
        name: "abort",
        options: &[
            HELP,
            Opt::required("partition", Kind::Integer),
            Opt::required("topic", Kind::Text),
            Opt::new("start-offset", Kind::Long),
            Opt::new("producer-id", Kind::Long),
            Opt::new("producer-epoch", Kind::Short),
            Opt::new("coordinator-epoch", Kind::Integer),
        ],
        group: Group::NONE,
        synopsis: synopsis(&[
            SERVER,
            "abort",
            "[-h]",
            "--topic TOPIC",
            "--partition PARTITION",
            "[--start-offset START_OFFSET]",
            "[--producer-id PRODUCER_ID]",
            "[--producer-epoch PRODUCER_EPOCH]",
            "[--coordinator-epoch COORDINATOR_EPOCH]",
        ]),
    },
    Level {
        name: "find-hanging",
        options: &[
            HELP,
            Opt::new("broker-id", Kind::Integer),
            Opt::new("max-transaction-timeout", Kind::Integer),
            Opt::new("topic", Kind::Text),
            Opt::new("partition", Kind::Integer),
        ],
        group: Group::NONE,
        synopsis: synopsis(&[
            SERVER,
            "find-hanging",
            "[-h]",
            "[--broker-id BROKER_ID]",
            "[--max-transaction-timeout MAX_TRANSACTION_TIMEOUT]",
            "[--topic TOPIC]",
            "[--partition PARTITION]",
        ]),
    },
    Level {
        name: "forceTerminateTransaction",
        options: &[HELP, Opt::required("transactionalId", Kind::Text)],
        group: Group::NONE,
        synopsis: synopsis(&[
            SERVER,
            "forceTerminateTransaction",
            "[-h]",
            "--transactionalId TRANSACTIONALID",
        ]),
    },
];

/// What the options are for, in our own words: those of `options.rs` say more.
fn explain(level: &str) -> String {
    const SHOW: (&str, &str) = ("-h, --help", "show this text");
    const TOPIC: (&str, &str) = ("--topic TOPIC", "a topic");
    const PARTITION: (&str, &str) = ("--partition PARTITION", "a partition's number");
    const ID: &str = "a transactional id";
    match level {
        "list" => explained(
            "options",
            &[
                SHOW,
                (
                    "--duration-filter DURATION_FILTER",
                    "only those that are open for more than so many milliseconds",
                ),
                (
                    "--transactional-id-pattern TRANSACTIONAL_ID_PATTERN",
                    "only ids that this regular expression matches",
                ),
            ],
        ),
        "describe" => explained("options", &[SHOW, ("--transactional-id TRANSACTIONAL_ID", ID)]),
        "describe-producers" => {
            let broker = ("--broker-id BROKER_ID", "the replica to ask; otherwise the leader");
            explained("options", &[SHOW, broker, TOPIC, PARTITION])
        }
        "abort" => explained(
            "options",
            &[
                SHOW,
                TOPIC,
                PARTITION,
                (
                    "--start-offset START_OFFSET",
                    "where the transaction begins in the partition; or all of these:",
                ),
                ("--producer-id PRODUCER_ID", "the producer's id"),
                ("--producer-epoch PRODUCER_EPOCH", "its epoch"),
                ("--coordinator-epoch COORDINATOR_EPOCH", "the epoch of the coordinator"),
            ],
        ),
        "find-hanging" => explained(
            "options",
            &[
                SHOW,
                ("--broker-id BROKER_ID", "look at the partitions of this broker"),
                (
                    "--max-transaction-timeout MAX_TRANSACTION_TIMEOUT",
                    "minutes that a transaction may take (15)",
                ),
                ("--topic TOPIC", "look at this topic alone"),
                PARTITION,
            ],
        ),
        "forceTerminateTransaction" => {
            explained("options", &[SHOW, ("--transactionalId TRANSACTIONALID", ID)])
        }
        _ => explained(
            "options",
            &[
                SHOW,
                ("-v, --version", "show the version"),
                ("--command-config FILE", "properties for the client"),
                (SERVER, "the cluster to talk to"),
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::{Failure, Stream};

    fn read(line: &str) -> Result<Vec<String>, (String, Stream, u8)> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match read_strictly(&words) {
            Ok(words) => Ok(words.into_iter().map(|word| word.into_string().unwrap()).collect()),
            Err(Failure::Told(telling)) => {
                Err((telling.kafka.text, telling.kafka.stream, telling.kafka.status.0))
            }
            Err(Failure::Quiet(_)) => panic!("quiet"),
        }
    }

    /// The recorded answers of the real program.
    #[test]
    fn a_wrong_line_is_refused_as_kafkas_program_refuses_it() {
        for (line, expected) in [
            (
                "--bootstrap-server b nothing",
                "usage: kafka-transactions.sh [-h] [-v] [--command-config FILE]\n\
                 \x20                            --bootstrap-server host:port COMMAND ...\n\
                 kafka-transactions.sh:  error:  invalid  choice:   'nothing'  (choose  from\n\
                 'list',   'describe',   'describe-producers',    'abort',   'find-hanging',\n\
                 'forceTerminateTransaction')",
            ),
            (
                "--bootstrap-server b list --duration-filter abc",
                "usage: kafka-transactions.sh --bootstrap-server host:port list [-h]\n\
                 \x20                            [--duration-filter DURATION_FILTER]\n\
                 \x20                            [--transactional-id-pattern TRANSACTIONAL_ID_PATTERN]\n\
                 kafka-transactions.sh:  error:   argument   --duration-filter:   could  not\n\
                 convert 'abc' to Long (For input string: \"abc\")",
            ),
            (
                "--bootstrap-server b abort --topic t --partition 0 --producer-epoch 99999",
                "usage: kafka-transactions.sh --bootstrap-server host:port abort [-h]\n\
                 \x20                            --topic TOPIC --partition PARTITION\n\
                 \x20                            [--start-offset START_OFFSET]\n\
                 \x20                            [--producer-id PRODUCER_ID]\n\
                 \x20                            [--producer-epoch PRODUCER_EPOCH]\n\
                 \x20                            [--coordinator-epoch COORDINATOR_EPOCH]\n\
                 kafka-transactions.sh: error: argument --producer-epoch:  could not convert\n\
                 '99999' to Short (Value out of range. Value:\"99999\" Radix:10)",
            ),
            (
                "describe-producers",
                "usage: kafka-transactions.sh --bootstrap-server host:port\n\
                 \x20                            describe-producers [-h]\n\
                 \x20                            [--broker-id BROKER_ID] --topic TOPIC\n\
                 \x20                            --partition PARTITION\n\
                 kafka-transactions.sh: error: argument --partition is required",
            ),
            (
                "--bootstrap-server b describe --transactional-id -x",
                "usage: kafka-transactions.sh --bootstrap-server host:port describe [-h]\n\
                 \x20                            --transactional-id TRANSACTIONAL_ID\n\
                 kafka-transactions.sh: error:  argument  --transactional-id:  expected  one\n\
                 argument",
            ),
        ] {
            assert_eq!(read(line), Err((expected.to_owned(), Stream::Stderr, 1)), "{line}");
        }
    }

    #[test]
    fn the_first_fault_counts() {
        for (line, expected) in [
            ("", "too few arguments"),
            ("--bootstrap-server list", "too few arguments"),
            ("list", "argument --bootstrap-server is required"),
            ("--bogus", "unrecognized arguments: '--bogus'"),
            ("list --bootstrap-server b", "unrecognized arguments: '--bootstrap-server'"),
            ("--bootstrap-server b list list", "unrecognized arguments: 'list'"),
            ("--bootstrap-server b list -- x", "unrecognized arguments: 'x'"),
            ("--bootstrap-server b -- list", "unrecognized arguments: 'list'"),
        ] {
            let text = read(line).unwrap_err().0;
            assert!(text.ends_with(&format!("kafka-transactions.sh: error: {expected}")), "{line}: {text}");
        }
    }

    #[test]
    fn what_is_read_is_spelled_out() {
        for (line, expected) in [
            ("--bootstrap b list --trans x", "--bootstrap-server b list --transactional-id-pattern x"),
            (
                "--bootstrap-server=b list --duration-filter 1 --duration-filter -1",
                "--bootstrap-server b list --duration-filter -1",
            ),
        ] {
            assert_eq!(read(line).unwrap().join(" "), expected);
        }
        let version = ("4.2.0 (Commit:a18251bae0b825c6)".to_owned(), Stream::Stdout, 0);
        assert_eq!(read("-v"), Err(version.clone()));
        assert_eq!(read("--bootstrap-server b --version list"), Err(version));
        let (help, stream, status) = read("list --help").unwrap_err();
        assert!(help.starts_with("usage: kafka-transactions.sh --bootstrap-server host:port list [-h]\n"));
        assert_eq!((stream, status), (Stream::Stdout, 1));
    }
}
