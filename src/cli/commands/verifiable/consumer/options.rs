//! The options of the verifiable consumer, and what they ask for.

use crate::cli::argparse::{Kind, Synopsis, last_number, last_text};
use crate::cli::commands::consume::consumer_config;
use crate::cli::commands::verifiable::settings;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::{ConsumerConfig, Subscription};
use clap::Command;

pub(crate) const CONSUMER: Tool = Tool {
    name: "verifiable-consumer",
    kafka_name: Some("kafka-verifiable-consumer"),
    aliases: &[],
    about: "Read a topic as a member of a group and tell what happens",
    kafka_about: KafkaAbout {
        help: "Reads a topic as a member of a group, and writes a JSON object to standard output for everything that happens.",
        bare: None,
    },
    command,
    parse_errors: |error| SYNOPSIS.parse_error(error),
    argument_errors: |error| SYNOPSIS.parse_error(error),
    run: super::run::run,
};

const SYNOPSIS: Synopsis = Synopsis {
    program: "verifiable-consumer",
    pieces: &[
        "[-h]",
        "--topic TOPIC",
        "[--group-protocol GROUP-PROTOCOL]",
        "[--group-remote-assignor GROUP-REMOTE-ASSIGNOR]",
        "--group-id GROUP-ID",
        "[--group-instance-id GROUP-INSTANCE-ID]",
        "[--max-messages MAX-MESSAGES]",
        "[--session-timeout TIMEOUT-MS]",
        "[--verbose]",
        "[--enable-autocommit]",
        "[--reset-policy RESET-POLICY]",
        "[--assignment-strategy ASSIGNMENT-STRATEGY]",
        "[--consumer.config CONFIG-FILE]",
        "[--command-config CONFIG-FILE]",
        "--bootstrap-server HOST1:PORT1[,HOST2:PORT2[...]]",
    ],
};

const KINDS: [(&str, Kind); 2] = [("max-messages", Kind::Integer), ("session-timeout", Kind::Integer)];

const RANGE_ASSIGNOR: &str = "org.apache.kafka.clients.consumer.RangeAssignor";
const POLL_RECORDS_DEFAULT: u32 = 500;

const EXAMPLES: &str = "\
Examples:
  One of several consumers that share the partitions of a topic, until it is stopped (Ctrl-C):
    kt verifiable-consumer --topic orders --group-id audit
  A hundred records, each shown, from the first one on:
    kt verifiable-consumer --topic orders --group-id check --max-messages 100 --verbose

Each line is an object: startup_complete; partitions_assigned and partitions_revoked;
records_consumed for what was read at a time (and before it, with --verbose, record_data for each
record); offsets_committed; shutdown_complete.

Exit status: 0, or 1 if the topic could not be read; 128 and the number of the signal that ended
it.";

fn command() -> Command {
    let table = options::table("verifiable-consumer", CONSUMER.about)
        .arg(valued("topic", "TOPIC", "Topic to read"))
        .arg(valued("group-id", "GROUP", "Group to be a member of"))
        .arg(valued("group-protocol", "PROTOCOL", "classic or consumer [default: classic]"))
        .arg(valued(
            "group-remote-assignor",
            "NAME",
            "With --group-protocol consumer: uniform or range [default: the group's]",
        ))
        .arg(valued("group-instance-id", "ID", "Keep the partitions under this name over a restart"))
        .arg(valued("max-messages", "N", "How many records to read; -1 is until it is stopped [default: -1]"))
        .arg(valued(
            "session-timeout",
            "MS",
            "How long the group waits for a consumer that gives no sign of life [default: 45000]",
        ))
        .arg(flag("verbose", "Show each record"))
        .arg(flag("enable-autocommit", "Commit now and then instead of after each read"))
        .arg(valued(
            "reset-policy",
            "POLICY",
            "Where to begin without a committed offset: earliest, latest or none [default: earliest]",
        ))
        .arg(valued(
            "assignment-strategy",
            "CLASS",
            "With --group-protocol classic: how to share partitions, by class name [default: RangeAssignor]",
        ))
        .arg(file("consumer.config", "Deprecated: see --command-config").hide(true));
    options::target(table).after_help(EXAMPLES)
}

/// Everything that the options ask for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) topic: String,
    pub(super) consumer: ConsumerConfig,
    /// `None`: no end.
    pub(super) record_count: Option<u64>,
    /// At most so many records are read at a time (`max.poll.records`).
    pub(super) poll_records: u32,
    pub(super) is_verbose: bool,
    pub(super) commits_itself: bool,
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        SYNOPSIS.check_kinds(parsed, &KINDS)?;
        let missing = |name: &str| SYNOPSIS.refuse(format!("argument --{name} is required"));
        let group = last_text(parsed, "group-id").ok_or_else(|| missing("group-id"))?;
        let topic = last_text(parsed, "topic").ok_or_else(|| missing("topic"))?;
        if context.is_kafka() && !parsed.has("bootstrap-server") && !parsed.has("data-dir") {
            return Err(missing("bootstrap-server"));
        }
        let mut settings = settings::from_file(context, parsed, &SYNOPSIS, "consumer.config")?;
        set_protocol(parsed, &mut settings)?;
        let instance = last_text(parsed, "group-instance-id");
        set_identity(&mut settings, &group, instance)?;
        let commits_itself = parsed.has("enable-autocommit");
        settings.set("enable.auto.commit", commits_itself.to_string());
        settings.set("auto.offset.reset", last_text(parsed, "reset-policy").unwrap_or("earliest".to_owned()));
        let largest = i64::from(i32::MAX);
        let poll_records = settings.number("max.poll.records", 1, largest).map_err(settings::refused)?;
        let consumer = consumer_config(Subscription::Topic(topic.clone()), Some(group), &settings);
        Ok(Request {
            topic,
            consumer: consumer.map_err(settings::refused)?,
            record_count: last_number::<i32>(parsed, "max-messages").and_then(|n| u64::try_from(n).ok()),
            poll_records: poll_records.and_then(|n| u32::try_from(n).ok()).unwrap_or(POLL_RECORDS_DEFAULT),
            is_verbose: parsed.has("verbose"),
            commits_itself,
        })
    }
}

/// The protocol, and what each of the two alone knows.
fn set_protocol(parsed: &Parsed, settings: &mut Properties) -> Result<(), Failure> {
    let given = last_text(parsed, "group-protocol").unwrap_or("classic".to_owned());
    let protocol = given.to_ascii_lowercase();
    let timeout = last_text(parsed, "session-timeout");
    match protocol.as_str() {
        "classic" => {
            let class = last_text(parsed, "assignment-strategy");
            settings.set("partition.assignment.strategy", class.unwrap_or(RANGE_ASSIGNOR.to_owned()));
            if let Some(timeout) = timeout {
                settings.set("session.timeout.ms", timeout);
            }
        }
        "consumer" if timeout.is_some() => {
            return Err(Failure::uncaught(
                "org.apache.kafka.common.config.ConfigException",
                "session.timeout.ms cannot be set when group.protocol=CONSUMER",
            ));
        }
        "consumer" => {
            if let Some(assignor) = last_text(parsed, "group-remote-assignor") {
                settings.set("group.remote.assignor", assignor);
            }
        }
        _ => {
            let constant = given.to_uppercase();
            let text = format!("No enum constant org.apache.kafka.clients.consumer.GroupProtocol.{constant}");
            let message = format!("--group-protocol is classic or consumer, not '{given}'");
            return Err(Failure::uncaught("java.lang.IllegalArgumentException", text).kt_message(message));
        }
    }
    settings.set("group.protocol", protocol);
    Ok(())
}

/// Who the consumer is to its group, and what it is called there unless it says so itself.
fn set_identity(settings: &mut Properties, group: &str, instance: Option<String>) -> Result<(), Failure> {
    if group.trim().is_empty() {
        let message = "The configured group.id should not be an empty string or whitespace.";
        let why = "Failed to construct kafka consumer";
        return Err(Failure::uncaught("org.apache.kafka.common.KafkaException", why).kt_message(message));
    }
    if let Some(instance) = instance {
        settings.set("group.instance.id", instance);
    }
    let last = settings.text("group.instance.id").map_or("1".to_owned(), |id| id.into_owned());
    settings.set_default("client.id", format!("consumer-{group}-{last}"));
    Ok(())
}
