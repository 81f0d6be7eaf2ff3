//! The options of the verifiable producer, and what they ask for.

use crate::cli::argparse::{Kind, Synopsis, last_number, last_text};
use crate::cli::commands::produce::producer_config;
use crate::cli::commands::verifiable::settings;
use crate::cli::config::Properties;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::options::{self, file, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::ProducerConfig;
use clap::Command;

pub(crate) const PRODUCER: Tool = Tool {
    name: "verifiable-producer",
    kafka_name: Some("kafka-verifiable-producer"),
    aliases: &[],
    about: "Write numbers and tell where each record was stored",
    kafka_about: KafkaAbout {
        help: "Writes increasing numbers to a topic, and a JSON object to standard output for each record sent.",
        bare: None,
    },
    command,
    parse_errors: |error| SYNOPSIS.parse_error(error),
    argument_errors: |error| SYNOPSIS.parse_error(error),
    run: super::run::run,
};

const SYNOPSIS: Synopsis = Synopsis {
    program: "verifiable-producer",
    pieces: &[
        "[-h]",
        "--topic TOPIC",
        "[--max-messages MAX-MESSAGES]",
        "[--throughput THROUGHPUT]",
        "[--acks ACKS]",
        "[--producer.config CONFIG-FILE]",
        "[--message-create-time CREATE-TIME]",
        "[--value-prefix VALUE-PREFIX]",
        "[--repeating-keys REPEATING-KEYS]",
        "[--command-config CONFIG-FILE]",
        "--bootstrap-server HOST1:PORT1[,HOST2:PORT2[...]]",
    ],
};

const KINDS: [(&str, Kind); 6] = [
    ("max-messages", Kind::Integer),
    ("throughput", Kind::Integer),
    ("acks", Kind::Choice(&[0, 1, -1])),
    ("message-create-time", Kind::Long),
    ("value-prefix", Kind::Integer),
    ("repeating-keys", Kind::Integer),
];

const EXAMPLES: &str = "\
Examples:
  A thousand records, a hundred a second:
    kt verifiable-producer --topic orders --max-messages 1000 --throughput 100
  Until it is stopped (Ctrl-C), with the keys 0 to 7 in turn and values 3.0, 3.1, …:
    kt verifiable-producer --topic orders --repeating-keys 8 --value-prefix 3

Each line is an object: startup_complete; producer_send_success or producer_send_error for each
record, once it is stored as --acks asks; shutdown_complete; and tool_data with the sums.

Exit status: 0 if every record is stored, 1 if not; 128 and the number of the signal that ended
it.";

fn command() -> Command {
    let table = options::table("verifiable-producer", PRODUCER.about)
        .arg(valued("topic", "TOPIC", "Topic to write to; it is made if it doesn't exist"))
        .arg(valued("max-messages", "N", "How many records to write; -1 is until it is stopped [default: -1]"))
        .arg(valued("throughput", "N", "Records per second at most; -1 is as fast as possible [default: -1]"))
        .arg(valued("acks", "ACKS", "0, 1, or -1 for all [default: -1]"))
        .arg(valued(
            "message-create-time",
            "MS",
            "Timestamp of the first record in milliseconds since 1970; each further one is later [default: now]",
        ))
        .arg(valued("value-prefix", "N", "A number that goes before each value, with a dot between them"))
        .arg(valued("repeating-keys", "N", "The keys are the numbers below this, in turn [default: no keys]"))
        .arg(file("producer.config", "Deprecated: see --command-config").hide(true));
    options::target(table).after_help(EXAMPLES)
}

/// Everything that the options ask for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) topic: String,
    /// `None`: no end.
    pub(super) record_count: Option<u64>,
    /// Records per second; negative: no limit.
    pub(super) throughput: i32,
    /// Of the first record.
    pub(super) create_time_ms: Option<i64>,
    pub(super) value_prefix: Option<i32>,
    /// After so many keys the first comes again; `None`: there are no keys, 0: it never does.
    pub(super) key_count: Option<u64>,
    pub(super) producer: ProducerConfig,
}

impl Request {
    pub(super) fn new(context: &mut Context, parsed: &Parsed) -> Result<Request, Failure> {
        SYNOPSIS.check_kinds(parsed, &KINDS)?;
        let Some(topic) = last_text(parsed, "topic") else {
            return Err(SYNOPSIS.refuse("argument --topic is required"));
        };
        if context.is_kafka() && !parsed.has("bootstrap-server") && !parsed.has("data-dir") {
            return Err(SYNOPSIS.refuse("one of the arguments --bootstrap-server is required"));
        }
        let from_file = settings::from_file(context, parsed, &SYNOPSIS, "producer.config")?;
        let mut settings = Properties::default();
        settings.set("acks", last_text(parsed, "acks").unwrap_or("-1".to_owned()));
        // The file has the last word.
        for (key, value) in from_file.texts() {
            settings.set(key, value);
        }
        let producer = producer_config(context.register, &settings).map_err(settings::refused)?;
        let below = |number: i32| u64::try_from(number).unwrap_or(0);
        Ok(Request {
            topic,
            record_count: last_number::<i32>(parsed, "max-messages").and_then(|n| u64::try_from(n).ok()),
            throughput: last_number(parsed, "throughput").unwrap_or(-1),
            create_time_ms: last_number(parsed, "message-create-time").filter(|&time: &i64| time != -1),
            value_prefix: last_number(parsed, "value-prefix"),
            key_count: last_number(parsed, "repeating-keys").map(below),
            producer: ProducerConfig { receipts: true, ..producer },
        })
    }
}
