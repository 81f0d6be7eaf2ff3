//! The options of `kt snapshot` and `kt restore`.

use super::run;
use crate::cli::error::Failure;
use crate::cli::options::{self, flag, valued};
use crate::cli::tools::{KafkaAbout, Tool};
use clap::Command;

pub(crate) const SNAPSHOT: Tool = Tool {
    name: "snapshot",
    kafka_name: None,
    aliases: &[],
    about: "Keep a data directory as it is at this moment",
    kafka_about: KafkaAbout::NONE,
    command: snapshot,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run: run::snapshot,
};

pub(crate) const RESTORE: Tool = Tool {
    name: "restore",
    kafka_name: None,
    aliases: &[],
    about: "Bring a data directory back to a snapshot",
    kafka_about: KafkaAbout::NONE,
    command: restore,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run: run::restore,
};

const SNAPSHOT_HELP: &str = "\
A snapshot is the whole directory at one moment: topics, records, groups, offsets and open transactions. Producers, consumers
and servers go on meanwhile. It takes milliseconds and next to no room, as files are shared with the directory where they
don't change any more. It lies in snapshots/NAME of the data directory, and can itself be read with --data-dir.

Examples:
  Keep what a test begins with:
    kt snapshot seed
  Which are there:
    kt snapshot --list
  Read from one:
    kt consume --data-dir ~/.local/share/kt/snapshots/seed --topic orders --from-beginning

Exit status: 0, 1 if something failed, 2 for a wrong command line.";

const RESTORE_HELP: &str = "\
What is there now is kept as snapshot before-NAME, unless --discard drops it. Nobody may be at work on the directory.

Examples:
  Begin each test with the same records:
    kt snapshot seed; for t in tests/*; do kt restore seed --discard && $t; done

Exit status: 0, 1 if something failed, 2 for a wrong command line.";

fn snapshot() -> Command {
    let table = options::table("snapshot", SNAPSHOT.about)
        .arg(flag("force", "Replace a snapshot that has the name"))
        .arg(flag("list", "List the snapshots"))
        .arg(valued("delete", "NAME", "Delete this snapshot"));
    options::target(options::output(table))
        .override_usage("kt snapshot NAME [OPTIONS]")
        .after_help(SNAPSHOT_HELP)
}

fn restore() -> Command {
    let table = options::table("restore", RESTORE.about)
        .arg(flag("discard", "Drop what is there now, instead of keeping it as a snapshot"));
    options::target(table).override_usage("kt restore NAME [OPTIONS]").after_help(RESTORE_HELP)
}
