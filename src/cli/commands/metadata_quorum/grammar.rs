//! How kafka-metadata-quorum reads its command line.

use crate::cli::argparse::Synopsis;
use crate::cli::error::{Failure, Status};
use crate::cli::subcommands::{Grammar, Group, Kind, Level, Opt, explained};
use std::ffi::OsString;

const PROGRAM: &str = "kafka-metadata-quorum";
const SERVER: &str = "(--bootstrap-server BOOTSTRAP_SERVER |";
const CONTROLLER: &str = "--bootstrap-controller BOOTSTRAP_CONTROLLER)";

/// Reads the words behind `kafka-metadata-quorum.sh` as that program does; answers them as the common parser reads them.
pub(crate) fn read_strictly(words: &[OsString]) -> Result<Vec<OsString>, Failure> {
    GRAMMAR.read(words)
}

const fn synopsis(pieces: &'static [&'static str]) -> Synopsis {
    Synopsis { program: PROGRAM, pieces }
}

const HELP: Opt = Opt::new("help", Kind::Help);
const DRY_RUN: Opt = Opt::new("dry-run", Kind::Flag);

static GRAMMAR: Grammar = Grammar {
    program: Level {
        name: "",
        options: &[
            HELP,
            Opt::new("bootstrap-server", Kind::Text),
            Opt::new("bootstrap-controller", Kind::Text),
            Opt::new("command-config", Kind::Text),
            Opt::new("data-dir", Kind::Text),
        ],
        group: Group { options: &["bootstrap-server", "bootstrap-controller"], required: true },
        synopsis: synopsis(&[
            "[-h]",
            "[--command-config COMMAND_CONFIG]",
            SERVER,
            CONTROLLER,
            "{describe,add-controller,remove-controller}",
            "...",
        ]),
    },
    commands: &[
        Level {
            name: "describe",
            options: &[
                HELP,
                Opt::new("status", Kind::Flag),
                Opt::new("replication", Kind::Flag),
                Opt::new("human-readable", Kind::Flag),
            ],
            group: Group::NONE,
            synopsis: synopsis(&[
                SERVER,
                CONTROLLER,
                "describe",
                "[-h]",
                "[--status]",
                "[--replication]",
                "[--human-readable]",
            ]),
        },
        Level {
            name: "add-controller",
            options: &[HELP, DRY_RUN],
            group: Group::NONE,
            synopsis: synopsis(&[SERVER, CONTROLLER, "add-controller", "[-h]", "[--dry-run]"]),
        },
        Level {
            name: "remove-controller",
            options: &[
                HELP,
                Opt::required("controller-directory-id", Kind::Text).letter('d'),
                Opt::required("controller-id", Kind::Integer).letter('i'),
                DRY_RUN,
            ],
            group: Group::NONE,
            synopsis: synopsis(&[
                SERVER,
                CONTROLLER,
                "remove-controller",
                "[-h]",
                "--controller-id CONTROLLER_ID",
                "--controller-directory-id CONTROLLER_DIRECTORY_ID",
                "[--dry-run]",
            ]),
        },
    ],
    commit: "",
    explain,
    help_status: Status::SUCCESS,
};

/// What the options are for, in our own words.
fn explain(level: &str) -> String {
    const SHOW: (&str, &str) = ("-h, --help", "show this text");
    const DRY_RUN: (&str, &str) = ("--dry-run", "only say what would be done");
    match level {
        "" => {
            let commands = [
                ("describe", "show who keeps the metadata"),
                ("add-controller", "add a controller to them"),
                ("remove-controller", "take a controller out of them"),
            ];
            let options = [
                SHOW,
                ("--bootstrap-server BOOTSTRAP_SERVER", "the brokers to talk to"),
                ("--bootstrap-controller BOOTSTRAP_CONTROLLER", "the controllers to talk to"),
                (
                    "--command-config COMMAND_CONFIG",
                    "properties for the client; of add-controller the properties of the controller, too",
                ),
            ];
            explained("commands", &commands) + "\n" + &explained("options", &options)
        }
        "describe" => {
            let options = [
                SHOW,
                ("--status", "the leader and the members, in short"),
                ("--replication", "how far each node has come"),
                ("--human-readable", "times as how long ago they are"),
            ];
            explained("options", &options)
        }
        "add-controller" => explained("options", &[SHOW, DRY_RUN]),
        _ => {
            let options = [
                SHOW,
                ("--controller-id CONTROLLER_ID, -i CONTROLLER_ID", "the controller"),
                (
                    "--controller-directory-id CONTROLLER_DIRECTORY_ID, -d CONTROLLER_DIRECTORY_ID",
                    "the id of its directory",
                ),
                DRY_RUN,
            ];
            explained("options", &options)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded answers of the real program.
    #[test]
    fn a_wrong_line_is_refused_as_kafkas_program_refuses_it() {
        const REMOVE: &str = "usage: kafka-metadata-quorum (--bootstrap-server BOOTSTRAP_SERVER |\n\
             \x20                            --bootstrap-controller BOOTSTRAP_CONTROLLER)\n\
             \x20                            remove-controller [-h]\n\
             \x20                            --controller-id CONTROLLER_ID\n\
             \x20                            --controller-directory-id CONTROLLER_DIRECTORY_ID\n\
             \x20                            [--dry-run]\n";
        const PROGRAM: &str = "usage: kafka-metadata-quorum [-h] [--command-config COMMAND_CONFIG]\n\
             \x20                            (--bootstrap-server BOOTSTRAP_SERVER |\n\
             \x20                            --bootstrap-controller BOOTSTRAP_CONTROLLER)\n\
             \x20                            {describe,add-controller,remove-controller}\n\
             \x20                            ...\n";
        for (line, usage, expected) in [
            (
                "--bootstrap-server b remove-controller",
                REMOVE,
                "kafka-metadata-quorum:  error:  argument   --controller-directory-id/-d  is\nrequired",
            ),
            (
                "remove-controller --controller-id x",
                REMOVE,
                "kafka-metadata-quorum:  error:  argument   --controller-id/-i:   could  not\n\
                 convert 'x' to Integer (For input string: \"x\")",
            ),
            (
                "describe --status",
                PROGRAM,
                "kafka-metadata-quorum: error: one  of  the  arguments --bootstrap-server --\n\
                 bootstrap-controller is required",
            ),
            ("--version", PROGRAM, "kafka-metadata-quorum: error: unrecognized arguments: '--version'"),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let Err(Failure::Told(telling)) = read_strictly(&words) else { panic!("{line}") };
            assert_eq!(telling.kafka.text, format!("{usage}{expected}"), "{line}");
        }
    }
}
