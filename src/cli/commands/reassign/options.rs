//! The options of kafka-reassign-partitions, which of them go with which action, and how its errors look.

use crate::cli::context::Context;
use crate::cli::error::{Failure, ParseError, Status, Stream};
use crate::cli::options::{self, file, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client;
use clap::{Command, ValueHint};

pub(crate) const TOOL: Tool = Tool {
    name: "reassign-partitions",
    kafka_name: Some("kafka-reassign-partitions"),
    aliases: &["reassign"],
    about: "Say which brokers keep which partitions, and in which directories",
    kafka_about: KafkaAbout::same("This tool helps to move topic partitions between replicas."),
    command,
    parse_errors: Failure::as_exception,
    argument_errors,
    run: super::run::run,
};

const EXAMPLES: &str = "\
Examples:
  What is in the way of a move, and how it is now:
    kt reassign-partitions --list
    kt reassign-partitions --generate --topics-to-move-json-file topics.json --broker-list 1
  Start one, and see how far it is:
    kt reassign-partitions --execute --reassignment-json-file move.json
    kt reassign-partitions --verify --reassignment-json-file move.json

The files:
  {\"topics\": [{\"topic\": \"orders\"}], \"version\": 1}
  {\"partitions\": [{\"topic\": \"orders\", \"partition\": 0, \"replicas\": [1], \"log_dirs\": [\"any\"]}], \"version\": 1}

Exit status: 0, or 1 if it could not be done.";

fn command() -> Command {
    let table = options::table("reassign-partitions", TOOL.about)
        .arg(flag("generate", "Propose an assignment"))
        .arg(flag("execute", "Start the moves of a file"))
        .arg(flag("verify", "Say how far the moves of a file are, and lift throttles when they are done"))
        .arg(flag("cancel", "Stop the moves of a file"))
        .arg(flag("list", "List the moves that are under way"))
        .arg(file("topics-to-move-json-file", "generate: file with topics, see below"))
        .arg(file("reassignment-json-file", "execute, verify, cancel: file with moves, see below"))
        .arg(valued("broker-list", "IDS", "generate: brokers to move to, such as 1,2"))
        .arg(flag("disable-rack-aware", "generate: take no heed of racks"))
        .arg(valued("throttle", "BYTES", "execute: bytes a second between brokers [default: -1, no limit]"))
        .arg(valued(
            "replica-alter-log-dirs-throttle",
            "BYTES",
            "execute: bytes a second between directories of a broker [default: -1, no limit]",
        ))
        .arg(valued("timeout", "MS", "execute, cancel: how long to wait [default: 10000]"))
        .arg(flag("additional", "execute: beside other moves"))
        .arg(flag("disallow-replication-factor-change", "execute: refuse other numbers of replicas"))
        .arg(flag("preserve-throttles", "verify, cancel: leave throttles as they are"));
    let controller = valued(
        "bootstrap-controller",
        "HOST:PORT",
        "cancel, list: controllers to talk to, instead of --bootstrap-server",
    )
    .value_hint(ValueHint::AnyPath)
    .help_heading("Cluster");
    options::target(table).arg(controller).after_help(EXAMPLES)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Generate,
    Execute,
    Verify,
    Cancel,
    List,
}

/// Each action's name, the options that it needs, and those that it takes besides.
type Rule = (Action, &'static str, &'static [&'static str], &'static [&'static str]);

const RULES: [Rule; 5] = [
    (Action::Generate, "generate", &["topics-to-move-json-file", "broker-list"], &["disable-rack-aware"]),
    (
        Action::Execute,
        "execute",
        &["reassignment-json-file"],
        &[
            "additional",
            "replica-alter-log-dirs-throttle",
            "throttle",
            "timeout",
            "disallow-replication-factor-change",
        ],
    ),
    (Action::Verify, "verify", &["reassignment-json-file"], &["preserve-throttles"]),
    (
        Action::Cancel,
        "cancel",
        &["reassignment-json-file"],
        &["preserve-throttles", "timeout", "bootstrap-controller"],
    ),
    (Action::List, "list", &[], &["bootstrap-controller"]),
];

/// What every action takes.
const COMMON: [&str; 3] = ["bootstrap-server", "command-config", "data-dir"];
const ALL: [&str; 13] = [
    "additional",
    "bootstrap-controller",
    "broker-list",
    "disable-rack-aware",
    "disallow-replication-factor-change",
    "preserve-throttles",
    "reassignment-json-file",
    "replica-alter-log-dirs-throttle",
    "throttle",
    "timeout",
    "topics-to-move-json-file",
    "bootstrap-server",
    "command-config",
];

/// The action that is asked for, with all that it needs and nothing else.
pub(super) fn action(context: &Context, parsed: &Parsed) -> Result<Action, Failure> {
    let mut given = RULES.iter().filter(|(_, name, _, _)| parsed.has(name));
    let (Some((action, name, required, optional)), None) = (given.next(), given.next()) else {
        return Err(Failure::usage(
            "Command must include exactly one action: --generate, --execute, --verify, --cancel, --list",
        ));
    };
    let servers = parsed.which(&["bootstrap-server", "bootstrap-controller", "data-dir"]);
    let unnamed = servers.is_empty() && context.is_kafka();
    if unnamed || (parsed.has("bootstrap-server") && parsed.has("bootstrap-controller")) {
        return Err(Failure::usage("Please specify either --bootstrap-server or --bootstrap-controller"));
    }
    if let Some(missing) = required.iter().find(|option| !parsed.has(option)) {
        return Err(Failure::usage(format!("Missing required argument \"[{missing}]\"")));
    }
    let fits = |option: &&str| [&COMMON[..], required, optional].iter().any(|list| list.contains(option));
    match ALL.iter().filter(|option| parsed.has(option)).find(|option| !fits(option)) {
        Some(stray) => {
            Err(Failure::usage(format!("Option \"[{stray}]\" can't be used with action \"[{name}]\"")))
        }
        None => Ok(*action),
    }
}

/// A failure in carrying out an action: on standard output, with an empty line where Kafka has a trace.
pub(super) fn failed(message: impl Into<String>) -> Failure {
    let message = message.into();
    let text = format!("Error: {message}");
    Failure::plain(message).kafka_says(Stream::Stdout, text, Status::FAILURE).then_blank()
}

fn argument_errors(error: ParseError) -> Failure {
    failed(error.to_string())
}

/// A call that failed.
pub(super) fn refused(error: client::Error) -> Failure {
    let text = format!("Error: {}: {}", error.java_class(), error.message);
    failed(error.message).kafka_says(Stream::Stdout, text, Status::FAILURE)
}
