//! How kafka-cluster reads its command line.

use crate::cli::argparse::Synopsis;
use crate::cli::error::{Failure, Status};
use crate::cli::subcommands::{Grammar, Group, Kind, Level, Opt, explained};
use std::ffi::OsString;

const PROGRAM: &str = "kafka-cluster";

/// Reads the words behind `kafka-cluster.sh` as that program does; answers them as the common parser reads them.
pub(crate) fn read_strictly(words: &[OsString]) -> Result<Vec<OsString>, Failure> {
    GRAMMAR.read(words)
}

const fn synopsis(pieces: &'static [&'static str]) -> Synopsis {
    Synopsis { program: PROGRAM, pieces }
}

static GRAMMAR: Grammar = Grammar {
    program: Level {
        name: "",
        options: &[HELP],
        group: Group::NONE,
        synopsis: synopsis(&["[-h]", "{cluster-id,unregister,list-endpoints}", "..."]),
    },
    commands: &[
        Level {
            name: "cluster-id",
            options: &[HELP, SERVER, CONTROLLER, OLD_CONFIG, CONFIG, DATA_DIR],
            group: CLUSTER,
            synopsis: synopsis(&[
                "cluster-id",
                "[-h]",
                "[--config CONFIG]",
                "[--command-config COMMAND_CONFIG]",
                "(--bootstrap-server BOOTSTRAP_SERVER |",
                "--bootstrap-controller BOOTSTRAP_CONTROLLER)",
            ]),
        },
        Level {
            name: "unregister",
            options: &[
                HELP,
                Opt::required("id", Kind::Integer).letter('i'),
                SERVER,
                CONTROLLER,
                OLD_CONFIG,
                CONFIG,
                DATA_DIR,
            ],
            group: CLUSTER,
            synopsis: synopsis(&[
                "unregister",
                "[-h]",
                "[--config CONFIG]",
                "[--command-config COMMAND_CONFIG]",
                "--id ID",
                "(--bootstrap-server BOOTSTRAP_SERVER |",
                "--bootstrap-controller BOOTSTRAP_CONTROLLER)",
            ]),
        },
        Level {
            name: "list-endpoints",
            options: &[
                HELP,
                SERVER,
                CONTROLLER,
                OLD_CONFIG,
                CONFIG,
                DATA_DIR,
                Opt::new("include-fenced-brokers", Kind::Flag),
            ],
            group: CLUSTER,
            synopsis: synopsis(&[
                "list-endpoints",
                "[-h]",
                "[--config CONFIG]",
                "[--command-config COMMAND_CONFIG]",
                "[--include-fenced-brokers]",
                "(--bootstrap-server BOOTSTRAP_SERVER |",
                "--bootstrap-controller BOOTSTRAP_CONTROLLER)",
            ]),
        },
    ],
    commit: "",
    explain,
    help_status: Status::FAILURE,
};

const HELP: Opt = Opt::new("help", Kind::Help);
const CONTROLLER: Opt = Opt::new("bootstrap-controller", Kind::Text).letter('C');
const SERVER: Opt = Opt::new("bootstrap-server", Kind::Text).letter('b');
const OLD_CONFIG: Opt = Opt::new("config", Kind::Text);
const CONFIG: Opt = Opt::new("command-config", Kind::Text).letter('c');
const DATA_DIR: Opt = Opt::new("data-dir", Kind::Text);
const CLUSTER: Group = Group { options: &["bootstrap-server", "bootstrap-controller"], required: true };

/// What the options are for, in our own words.
fn explain(level: &str) -> String {
    const SHOW: (&str, &str) = ("-h, --help", "show this text");
    if level.is_empty() {
        let commands = [
            ("cluster-id", "show the cluster's id"),
            ("unregister", "take a broker out of the cluster's metadata"),
            ("list-endpoints", "list the nodes and where they listen"),
        ];
        return explained("commands", &commands) + "\n" + &explained("options", &[SHOW]);
    }
    let mut options = vec![
        SHOW,
        ("--bootstrap-server BOOTSTRAP_SERVER, -b BOOTSTRAP_SERVER", "the brokers to talk to"),
        (
            "--bootstrap-controller BOOTSTRAP_CONTROLLER, -C BOOTSTRAP_CONTROLLER",
            "the controllers to talk to",
        ),
        ("--config CONFIG", "the old name of --command-config"),
        ("--command-config COMMAND_CONFIG, -c COMMAND_CONFIG", "properties for the client"),
    ];
    match level {
        "unregister" => options.push(("--id ID, -i ID", "the broker")),
        "list-endpoints" => {
            options.push(("--include-fenced-brokers", "list brokers that are shut out, too"));
        }
        _ => {}
    }
    explained("options", &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<String, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        match read_strictly(&words) {
            Ok(words) => Ok(words.join(&OsString::from(" ")).into_string().unwrap()),
            Err(Failure::Told(telling)) => Err(telling.kafka.text),
            Err(Failure::Quiet(_)) => panic!("quiet"),
        }
    }

    /// The recorded answers of the real program.
    #[test]
    fn a_wrong_line_is_refused_as_kafkas_program_refuses_it() {
        const USAGE: &str = "usage: kafka-cluster cluster-id [-h] [--config CONFIG]\n\
                 \x20                    [--command-config COMMAND_CONFIG]\n\
                 \x20                    (--bootstrap-server BOOTSTRAP_SERVER |\n\
                 \x20                    --bootstrap-controller BOOTSTRAP_CONTROLLER)\n";
        for (line, expected) in [
            (
                "cluster",
                "kafka-cluster:  error:  one  of   the  arguments  --bootstrap-server/-b  --\n\
                 bootstrap-controller/-C is required",
            ),
            (
                "cluster-id -b b -C c",
                "kafka-cluster: error: argument --bootstrap-controller/-C:  not allowed with\n\
                 argument --bootstrap-server/-b",
            ),
            (
                "cluster-id --boot b",
                "kafka-cluster: error: ambiguous  option:  --boot  could  match --bootstrap-\n\
                 controller, --bootstrap-server",
            ),
            (
                "cluster-id -b",
                "kafka-cluster:  error:   argument   --bootstrap-server/-b:   expected   one\n\
                 argument",
            ),
            ("cluster-id -b b --bogus", "kafka-cluster: error: unrecognized arguments: '--bogus'"),
        ] {
            assert_eq!(read(line), Err(format!("{USAGE}{expected}")), "{line}");
        }
        let unregister = "usage: kafka-cluster unregister [-h] [--config CONFIG]\n\
                 \x20                    [--command-config COMMAND_CONFIG] --id ID\n\
                 \x20                    (--bootstrap-server BOOTSTRAP_SERVER |\n\
                 \x20                    --bootstrap-controller BOOTSTRAP_CONTROLLER)\n\
                 kafka-cluster: error: argument --id/-i is required";
        assert_eq!(read("unregister").unwrap_err(), unregister);
        let bogus = "usage: kafka-cluster [-h] {cluster-id,unregister,list-endpoints} ...\n\
                 kafka-cluster: error: invalid  choice:  'bogus'  (choose from 'cluster-id',\n\
                 'unregister', 'list-endpoints')";
        assert_eq!(read("bogus").unwrap_err(), bogus);
    }

    #[test]
    fn letters_and_short_names_are_spelled_out() {
        assert_eq!(read("unr -b b -i 5").unwrap(), "unregister --bootstrap-server b --id 5");
        assert_eq!(
            read("list --data-dir d --inc").unwrap(),
            "list-endpoints --data-dir d --include-fenced-brokers"
        );
    }
}
