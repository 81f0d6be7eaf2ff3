//! The options of kafka-acls, and what it does with them.

use super::request::{Action, Request};
use super::{change, list};
use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status, Stream};
use crate::cli::options::{self, flag, optional, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client;
use clap::Command;

pub(crate) const TOOL: Tool = Tool {
    name: "acls",
    kafka_name: Some("kafka-acls"),
    aliases: &[],
    about: "Say who may do what to topics, groups and the cluster",
    kafka_about: KafkaAbout::same("This tool helps to manage acls on kafka."),
    command,
    parse_errors: Failure::with_table,
    argument_errors: |error| failed("joptsimple.OptionArgumentConversionException", error.to_string()),
    run,
};

const EXAMPLES: &str = "\
Examples:
  Let alice write to a topic, and bob's group read it:
    kt acls --add --allow-principal User:alice --producer --topic orders
    kt acls --add --allow-principal User:bob --consumer --topic orders --group billing
  Everything whose name begins with test-, for everyone:
    kt acls --add --allow-principal 'User:*' --operation All --topic test- --resource-pattern-type prefixed
  What applies to a topic:
    kt acls --list --topic test-1 --resource-pattern-type match
  Take it back without a question:
    kt acls --remove --topic orders --force

A server that was started with an authorizer enforces the entries at once. Commands that work on the directory itself are
bound by none: who may write the directory may do everything.

Exit status: 0, or 1 if it could not be done.";

fn command() -> Command {
    let table = options::table("acls", TOOL.about)
        .arg(flag("add", "Add entries"))
        .arg(flag("remove", "Take entries away"))
        .arg(flag("list", "Show entries, all of them or those about the resources named"))
        .arg(valued("allow-principal", "PRINCIPAL", "Who may, such as User:alice; User:* is everyone; repeatable"))
        .arg(valued("deny-principal", "PRINCIPAL", "Who may not, whatever else allows it; repeatable"))
        .arg(valued("allow-host", "HOST", "Address from which the allowed may [default: * is any]; repeatable"))
        .arg(valued("deny-host", "HOST", "Address from which the denied may not [default: *]; repeatable"))
        .arg(optional("principal", "PRINCIPAL", "With --list: entries of this principal only; repeatable"))
        .arg(valued(
            "operation",
            "OPERATION",
            "What may be done: Read, Write, Create, Delete, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite, CreateTokens, DescribeTokens, TwoPhaseCommit or All [default: All]; repeatable",
        ))
        .arg(flag("producer", "Write, describe and create topics; write and describe a transactional id"))
        .arg(flag("consumer", "Read and describe topics, read a group"))
        .arg(flag("idempotent", "With --producer: write idempotently to the cluster"));
    options::target(resources(table))
        .arg(options::controllers())
        .arg(flag("force", "Ask no question before entries are taken away"))
        .after_help(EXAMPLES)
}

fn resources(table: Command) -> Command {
    table
        .arg(valued("topic", "TOPIC", "A topic, * for all; repeatable"))
        .arg(valued("group", "GROUP", "A group, * for all; repeatable"))
        .arg(flag("cluster", "The cluster itself"))
        .arg(valued("transactional-id", "ID", "A transactional id, * for all; repeatable"))
        .arg(valued("delegation-token", "TOKEN", "A delegation token, * for all; repeatable"))
        .arg(valued("user-principal", "PRINCIPAL", "A user as what something is done to; repeatable"))
        .arg(valued(
            "resource-pattern-type",
            "TYPE",
            "How names are meant: literal or prefixed; to list and remove also any (names as they stand) or match (all that applies to a name) [default: literal]",
        ))
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let request = Request::read(context, parsed)?;
    if let Err(failure) = command_config(parsed) {
        let name = parsed.text("command-config")?.unwrap_or_default().into_owned();
        return Err(failed("java.nio.file.NoSuchFileException", name).kt_message(failure.message()));
    }
    let connection = context.connect(parsed)?;
    let admin = connection.admin()?;
    match request.action {
        Action::Add => change::add(context, &*admin, parsed, &request)?,
        Action::Remove => change::remove(context, &*admin, parsed, &request)?,
        Action::List => list::run(context, &*admin, parsed, &request)?,
    }
    Ok(Status::SUCCESS)
}

/// A failure that Kafka's tool tells as an exception, on standard output.
pub(super) fn failed(java_class: &str, message: impl Into<String>) -> Failure {
    let message = message.into();
    let text = format!("Error while executing ACL command: {message}\n{java_class}: {message}");
    Failure::plain(message).kafka_says(Stream::Stdout, text, Status::FAILURE).then_blank()
}

/// A call that the cluster refused.
pub(super) fn refused(error: client::Error) -> Failure {
    let told = format!("{}: {}", error.java_class(), error.message);
    let text =
        format!("Error while executing ACL command: {told}\njava.util.concurrent.ExecutionException: {told}");
    let hint = error.hint;
    let failure =
        Failure::plain(error.message).kafka_says(Stream::Stdout, text, Status::FAILURE).then_blank();
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
