//! How kafka-features reads its command line.

use crate::cli::argparse::Synopsis;
use crate::cli::error::{Failure, Status};
use crate::cli::subcommands::{Grammar, Group, Kind, Level, Opt, explained};
use std::ffi::OsString;

const PROGRAM: &str = "kafka-features";
const SERVER: &str = "(--bootstrap-server BOOTSTRAP_SERVER |";
const CONTROLLER: &str = "--bootstrap-controller BOOTSTRAP_CONTROLLER)";

/// Reads the words behind `kafka-features.sh` as that program does; answers them as the common parser reads them.
pub(crate) fn read_strictly(words: &[OsString]) -> Result<Vec<OsString>, Failure> {
    GRAMMAR.read(words)
}

const fn synopsis(pieces: &'static [&'static str]) -> Synopsis {
    Synopsis { program: PROGRAM, pieces }
}

const fn command(name: &'static str, options: &'static [Opt], pieces: &'static [&'static str]) -> Level {
    Level { name, options, group: Group::NONE, synopsis: synopsis(pieces) }
}

const HELP: Opt = Opt::new("help", Kind::Help);
const DRY_RUN: Opt = Opt::new("dry-run", Kind::Flag);
const UNSAFE: Opt = Opt::new("unsafe", Kind::Flag);
const METADATA: Opt = Opt::new("metadata", Kind::Text);
const RELEASE: Opt = Opt::new("release-version", Kind::Text);
const FEATURE: Opt = Opt::new("feature", Kind::Texts);

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
            "{describe,upgrade,downgrade,disable,version-mapping,feature-dependencies}",
            "...",
        ]),
    },
    commands: &[
        command(
            "describe",
            &[HELP, Opt::new("node-id", Kind::Integer)],
            &[SERVER, CONTROLLER, "describe", "[-h]", "[--node-id NODE_ID]"],
        ),
        command(
            "upgrade",
            &[HELP, METADATA, RELEASE, FEATURE, DRY_RUN],
            &[
                SERVER,
                CONTROLLER,
                "upgrade",
                "[-h]",
                "[--metadata METADATA]",
                "[--release-version RELEASE_VERSION]",
                "[--feature FEATURE]",
                "[--dry-run]",
            ],
        ),
        command(
            "downgrade",
            &[HELP, METADATA, RELEASE, FEATURE, UNSAFE, DRY_RUN],
            &[
                SERVER,
                CONTROLLER,
                "downgrade",
                "[-h]",
                "[--metadata METADATA]",
                "[--release-version RELEASE_VERSION]",
                "[--feature FEATURE]",
                "[--unsafe]",
                "[--dry-run]",
            ],
        ),
        command(
            "disable",
            &[HELP, FEATURE, UNSAFE, DRY_RUN],
            &[SERVER, CONTROLLER, "disable", "[-h]", "[--feature FEATURE]", "[--unsafe]", "[--dry-run]"],
        ),
        command(
            "version-mapping",
            &[HELP, RELEASE],
            &[SERVER, CONTROLLER, "version-mapping", "[-h]", "[--release-version RELEASE_VERSION]"],
        ),
        command(
            "feature-dependencies",
            &[HELP, Opt { required: true, ..FEATURE }],
            &[SERVER, CONTROLLER, "feature-dependencies", "[-h]", "--feature FEATURE"],
        ),
    ],
    commit: "",
    explain,
    help_status: Status::FAILURE,
};

/// What the options are for, in our own words.
fn explain(level: &str) -> String {
    const SHOW: (&str, &str) = ("-h, --help", "show this text");
    const FEATURE: (&str, &str) = ("--feature FEATURE", "a feature and its level, such as group.version=1");
    const RELEASE: (&str, &str) = ("--release-version RELEASE_VERSION", "a release, such as 4.1");
    const METADATA: (&str, &str) = ("--metadata METADATA", "the release whose metadata.version is meant");
    const UNSAFE: (&str, &str) = ("--unsafe", "even if metadata is lost");
    const DRY_RUN: (&str, &str) = ("--dry-run", "only try it");
    match level {
        "" => {
            let commands = [
                ("describe", "show the features and their levels"),
                ("upgrade", "raise levels"),
                ("downgrade", "lower levels"),
                ("disable", "lower levels to 0"),
                ("version-mapping", "show the levels that a release brings"),
                ("feature-dependencies", "show what a level needs"),
            ];
            let options = [
                SHOW,
                ("--bootstrap-server BOOTSTRAP_SERVER", "the brokers to talk to"),
                ("--bootstrap-controller BOOTSTRAP_CONTROLLER", "the controllers to talk to"),
                ("--command-config COMMAND_CONFIG", "properties for the client"),
            ];
            explained("commands", &commands) + "\n" + &explained("options", &options)
        }
        "describe" => explained("options", &[SHOW, ("--node-id NODE_ID", "the node to ask")]),
        "upgrade" => explained("options", &[SHOW, METADATA, RELEASE, FEATURE, DRY_RUN]),
        "downgrade" => explained("options", &[SHOW, METADATA, RELEASE, FEATURE, UNSAFE, DRY_RUN]),
        "disable" => explained("options", &[SHOW, ("--feature FEATURE", "a feature"), UNSAFE, DRY_RUN]),
        "version-mapping" => explained("options", &[SHOW, RELEASE]),
        _ => explained("options", &[SHOW, FEATURE]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recorded answers of the real program.
    #[test]
    fn a_wrong_line_is_refused_as_kafkas_program_refuses_it() {
        const USAGE: &str = "usage: kafka-features [-h] [--command-config COMMAND_CONFIG]\n\
             \x20                     (--bootstrap-server BOOTSTRAP_SERVER |\n\
             \x20                     --bootstrap-controller BOOTSTRAP_CONTROLLER)\n\
             \x20                     {describe,upgrade,downgrade,disable,version-mapping,feature-dependencies}\n\
             \x20                     ...\n";
        for (line, expected) in [
            ("", "kafka-features: error: too few arguments"),
            (
                "feature-dependencies",
                "kafka-features: error: one of the arguments --bootstrap-server --bootstrap-\n\
                 controller is required",
            ),
            (
                "--bootstrap-server b d",
                "kafka-features: error: ambiguous command: d  could match describe, disable,\n\
                 downgrade",
            ),
            (
                "bogus",
                "kafka-features: error: invalid  choice:  'bogus'  (choose  from 'describe',\n\
                 'upgrade',    'downgrade',    'disable',    'version-mapping',    'feature-\n\
                 dependencies')",
            ),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let Err(Failure::Told(telling)) = read_strictly(&words) else { panic!("{line}") };
            assert_eq!(telling.kafka.text, format!("{USAGE}{expected}"), "{line}");
        }
        let words: Vec<OsString> = "--bootstrap-server b feature".split(' ').map(OsString::from).collect();
        let Err(Failure::Told(telling)) = read_strictly(&words) else { panic!("no feature") };
        let expected = "usage: kafka-features (--bootstrap-server BOOTSTRAP_SERVER |\n\
             \x20                     --bootstrap-controller BOOTSTRAP_CONTROLLER)\n\
             \x20                     feature-dependencies [-h] --feature FEATURE\n\
             kafka-features: error: argument --feature is required";
        assert_eq!(telling.kafka.text, expected);
    }
}
