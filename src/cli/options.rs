//! How a tool lists its options: small constructors for clap's `Arg`, and the options that many tools share.
//! Parsing is not clap's (see `parse.rs`); help, completions and man pages are.

use clap::{Arg, ArgAction, Command, ValueHint};

/// An option without an argument.
pub(crate) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue).num_args(0)
}

/// An option that takes the next word, whatever it is. All may be given repeatedly: who reads one value says so.
pub(crate) fn valued(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).value_name(value_name).action(ArgAction::Append).num_args(1)
}

/// An option whose argument may be left out: it doesn't take a word that starts with a dash.
pub(crate) fn optional(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).value_name(value_name).action(ArgAction::Append).num_args(0..=1)
}

/// An option that takes all words up to the next option.
pub(crate) fn many(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).value_name(value_name).action(ArgAction::Append).num_args(1..)
}

/// A valued option that names a file.
pub(crate) fn file(name: &'static str, help: &'static str) -> Arg {
    valued(name, "FILE", help).value_hint(ValueHint::FilePath)
}

/// The heading of options that Kafka's program of the tool does not have, and refuses.
const OWN: &str = "Only in kt";

/// An option that kt's tool has and Kafka's program refuses.
pub(crate) fn own(arg: Arg) -> Arg {
    arg.help_heading(OWN)
}

/// The table of a tool as Kafka's program has it.
pub(crate) fn without_own(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let kept = command.get_arguments().filter(|arg| arg.get_help_heading() != Some(OWN)).cloned();
    let kept: Vec<Arg> = kept.collect();
    Command::new(name).disable_help_flag(true).disable_version_flag(true).args(kept)
}

/// An empty table for a tool: `--help` and `--version` are added when it is complete.
pub(crate) fn table(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
}

/// `--bootstrap-server`, `--data-dir` and `--command-config`: which cluster, for every tool that talks to one.
pub(crate) fn target(command: Command) -> Command {
    command
        .arg(
            valued(
                "bootstrap-server",
                "HOST:PORT",
                "Cluster to talk to: a directory (with a '/'), or host:port[,...]; set aside if KT_OFFLINE=1",
            )
            .value_hint(ValueHint::AnyPath)
            .help_heading("Cluster"),
        )
        .arg(
            valued(
                "data-dir",
                "DIR",
                "Directory to work on; several brokers' (DIR,DIR or repeated) are read as one cluster \
                 [default: $KT_DATA_DIR, else $XDG_DATA_HOME/kt]",
            )
            .value_hint(ValueHint::DirPath)
            .help_heading("Cluster"),
        )
        .arg(own(flag("writable", "Write to a broker's own log directory too, which is only read otherwise")))
        .arg(file("command-config", "Properties file with client settings").help_heading("Cluster"))
}

/// `--bootstrap-controller`, for tools that also talk to controllers.
pub(crate) fn controllers() -> Arg {
    valued("bootstrap-controller", "HOST:PORT", "Controllers to talk to, instead of --bootstrap-server")
        .value_hint(ValueHint::AnyPath)
        .help_heading("Cluster")
}

/// `--output`, for tools that list something.
pub(crate) fn output(command: Command) -> Command {
    command.arg(valued(
        "output",
        "FORMAT",
        "kafka (as Kafka prints it), table, json or csv [default: table on a terminal, else kafka]",
    ))
}

/// `--help` and `--version`, which every tool has.
pub(crate) fn help_and_version(command: Command) -> Command {
    command
        .arg(flag("help", "Print this help").short('h'))
        .arg(flag("version", "Print the version of Kafka whose tool this is"))
}
