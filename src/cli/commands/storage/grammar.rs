//! How kafka-storage reads its command line.

use crate::cli::argparse::Synopsis;
use crate::cli::error::{Failure, Status};
use crate::cli::subcommands::{Grammar, Group, Kind, Level, Opt, explained};
use std::ffi::OsString;

const PROGRAM: &str = "kafka-storage";

/// Reads the words behind `kafka-storage.sh` as that program does; answers them as the common parser reads them.
pub(crate) fn read_strictly(words: &[OsString]) -> Result<Vec<OsString>, Failure> {
    GRAMMAR.read(words)
}

const fn synopsis(pieces: &'static [&'static str]) -> Synopsis {
    Synopsis { program: PROGRAM, pieces }
}

const HELP: Opt = Opt::new("help", Kind::Help);
const CONFIG: Opt = Opt::required("config", Kind::Text).letter('c');
const RELEASE: Opt = Opt::new("release-version", Kind::Text).letter('r');
const FEATURE: Opt = Opt::new("feature", Kind::Texts).letter('f');

static GRAMMAR: Grammar = Grammar {
    program: Level {
        name: "",
        options: &[HELP],
        group: Group::NONE,
        synopsis: synopsis(&[
            "[-h]",
            "{info,format,version-mapping,feature-dependencies,random-uuid}",
            "...",
        ]),
    },
    commands: &[
        Level {
            name: "info",
            options: &[HELP, CONFIG],
            group: Group::NONE,
            synopsis: synopsis(&["info", "[-h]", "--config CONFIG"]),
        },
        Level {
            name: "format",
            options: &[
                HELP,
                Opt::required("cluster-id", Kind::Text).letter('t'),
                CONFIG,
                Opt::new("add-scram", Kind::Texts).letter('S'),
                Opt::new("ignore-formatted", Kind::Flag).letter('g'),
                RELEASE,
                FEATURE,
                Opt::new("standalone", Kind::Flag).letter('s'),
                Opt::new("no-initial-controllers", Kind::Flag).letter('N'),
                Opt::new("initial-controllers", Kind::Text).letter('I'),
            ],
            group: Group {
                options: &["standalone", "no-initial-controllers", "initial-controllers"],
                required: false,
            },
            synopsis: synopsis(&[
                "format",
                "[-h]",
                "--config CONFIG",
                "--cluster-id CLUSTER_ID",
                "[--add-scram ADD_SCRAM]",
                "[--ignore-formatted]",
                "[--release-version RELEASE_VERSION]",
                "[--feature FEATURE]",
                "[--standalone |",
                "--no-initial-controllers |",
                "--initial-controllers INITIAL_CONTROLLERS]",
            ]),
        },
        Level {
            name: "version-mapping",
            options: &[HELP, RELEASE],
            group: Group::NONE,
            synopsis: synopsis(&["version-mapping", "[-h]", "[--release-version RELEASE_VERSION]"]),
        },
        Level {
            name: "feature-dependencies",
            options: &[HELP, Opt { required: true, ..FEATURE }],
            group: Group::NONE,
            synopsis: synopsis(&["feature-dependencies", "[-h]", "--feature FEATURE"]),
        },
        Level {
            name: "random-uuid",
            options: &[HELP],
            group: Group::NONE,
            synopsis: synopsis(&["random-uuid", "[-h]"]),
        },
    ],
    commit: "",
    explain,
    help_status: Status::SUCCESS,
};

/// What the options are for, in our own words.
fn explain(level: &str) -> String {
    const SHOW: (&str, &str) = ("-h, --help", "show this text");
    const CONFIG: (&str, &str) = ("--config CONFIG, -c CONFIG", "the server.properties of the node");
    const RELEASE: (&str, &str) =
        ("--release-version RELEASE_VERSION, -r RELEASE_VERSION", "a release, such as 4.1");
    const FEATURE: (&str, &str) =
        ("--feature FEATURE, -f FEATURE", "a feature and its level, such as group.version=1");
    match level {
        "" => {
            let commands = [
                ("info", "say what is in the log directories"),
                ("format", "make the log directories ready for the node"),
                ("version-mapping", "show the levels that a release brings"),
                ("feature-dependencies", "show what a level needs"),
                ("random-uuid", "make a new id"),
            ];
            explained("commands", &commands) + "\n" + &explained("options", &[SHOW])
        }
        "info" => explained("options", &[SHOW, CONFIG]),
        "format" => {
            let options = [
                SHOW,
                CONFIG,
                ("--cluster-id CLUSTER_ID, -t CLUSTER_ID", "the cluster that the node is to be of"),
                ("--add-scram ADD_SCRAM, -S ADD_SCRAM", "a user and a password to begin with"),
                ("--ignore-formatted, -g", "leave directories alone that are ready"),
                RELEASE,
                FEATURE,
                ("--standalone, -s", "the node is the only controller, for now"),
                ("--no-initial-controllers, -N", "the controllers come later"),
                (
                    "--initial-controllers INITIAL_CONTROLLERS, -I INITIAL_CONTROLLERS",
                    "the first controllers, each as id@host:port:directory",
                ),
            ];
            explained("options", &options)
        }
        "version-mapping" => explained("options", &[SHOW, RELEASE]),
        "feature-dependencies" => explained("options", &[SHOW, FEATURE]),
        _ => explained("options", &[SHOW]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded answers of the real program.
    #[test]
    fn a_wrong_line_is_refused_as_kafkas_program_refuses_it() {
        const FORMAT: &str = "usage: kafka-storage format [-h] --config CONFIG --cluster-id CLUSTER_ID\n\
             \x20                    [--add-scram ADD_SCRAM] [--ignore-formatted]\n\
             \x20                    [--release-version RELEASE_VERSION]\n\
             \x20                    [--feature FEATURE] [--standalone |\n\
             \x20                    --no-initial-controllers |\n\
             \x20                    --initial-controllers INITIAL_CONTROLLERS]\n";
        const PROGRAM: &str = "usage: kafka-storage [-h]\n\
             \x20                    {info,format,version-mapping,feature-dependencies,random-uuid}\n\
             \x20                    ...\n";
        for (line, usage, expected) in [
            ("", PROGRAM, "kafka-storage: error: too few arguments"),
            ("format", FORMAT, "kafka-storage: error: argument --cluster-id/-t is required"),
            (
                "format -c c -t t -s -N",
                FORMAT,
                "kafka-storage: error:  argument  --no-initial-controllers/-N:  not  allowed\n\
                 with argument --standalone/-s",
            ),
            (
                "bogus",
                PROGRAM,
                "kafka-storage:  error:  invalid  choice:   'bogus'   (choose  from  'info',\n\
                 'format', 'version-mapping', 'feature-dependencies', 'random-uuid')",
            ),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let Err(Failure::Told(telling)) = read_strictly(&words) else { panic!("{line}") };
            assert_eq!(telling.kafka.text, format!("{usage}{expected}"), "{line}");
        }
    }
}
