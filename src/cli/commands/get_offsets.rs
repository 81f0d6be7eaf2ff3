//! `kt get-offsets`, kafka-get-offsets: the offsets of partitions at a point in time. Source: spec of the administration tools.

use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, KafkaTelling, Status, Stream, Tail};
use crate::cli::options::{self, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::partition_filter::{InvalidRule, PartitionFilter, Rule};
use crate::cli::target::{is_directory, is_host_port_list};
use crate::cli::tools::{KafkaAbout, Tool};
use crate::cli::topic_filter::TopicFilter;
use crate::client::{self, Admin, OffsetSpec, TopicDescription};
use crate::output::{Align, Format, csv_line, json_pretty, table};
use crate::types::{PartitionId, TimestampMs, TopicPartition};
use clap::Command;
use serde::Serialize;
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "get-offsets",
    kafka_name: Some("kafka-get-offsets"),
    aliases: &[],
    about: "Print the offsets of partitions: first, last, or at a time",
    kafka_about: KafkaAbout::same("An interactive shell for getting topic-partition offsets."),
    command,
    parse_errors: Failure::as_occurred,
    argument_errors: |error| Failure::as_occurred(error).then_blank(),
    run,
};

const EXAMPLES: &str = "\
Examples:
  The end of every partition:
    kt get-offsets
  How many records a topic has had, and where it begins now:
    kt get-offsets --topic orders --time latest
    kt get-offsets --topic orders --time earliest
  The first offsets since a time, in milliseconds since 1970:
    kt get-offsets --topic orders --time \"$(date -d yesterday +%s000)\"
  Partitions 0 to 2 of one topic and partition 4 of another:
    kt get-offsets --topic-partitions 'orders:0-3,events:4'

A partition without an answer (no record so late, for instance) is left out.

Exit status: 0, or 1 if no partition is meant or one could not be asked.";

fn command() -> Command {
    let table = options::table("get-offsets", TOOL.about)
        .arg(valued("topic", "TOPICS", "Topics: a regular expression for whole names, ',' means 'or' [default: all]"))
        .arg(valued("partitions", "IDS", "Partitions, such as 0,1,2 [default: all]"))
        .arg(valued(
            "topic-partitions",
            "PATTERNS",
            "Topics with their partitions: TOPIC[:N | :FROM-TO], TO is excluded and either end may be left out",
        ))
        .arg(valued(
            "time",
            "TIME",
            "latest (-1), earliest (-2), max-timestamp (-3), or the first offset since a time in ms [default: latest]",
        ))
        .arg(flag("exclude-internal-topics", "Leave out Kafka's own topics"));
    options::output(options::target(table)).after_help(EXAMPLES)
}

/// A failure in this tool's words.
fn occurred(message: impl Into<String>) -> Failure {
    let message = message.into();
    let text = format!("Error occurred: {message}");
    Failure::plain(message).kafka_says(Stream::Stderr, text, Status::FAILURE)
}

fn refused(error: client::Error) -> Failure {
    occurred(error.message)
}

impl From<InvalidRule> for Failure {
    fn from(error: InvalidRule) -> Failure {
        match error {
            InvalidRule::Topic(message) => occurred(message).then_blank(),
            rule @ InvalidRule::Form(_) => {
                let text = format!("Error occurred: org.apache.kafka.tools.TerseException: {rule}");
                Failure::new(rule.to_string(), Tail::EmptyLine).in_kafka(|kafka| kafka.text = text)
            }
        }
    }
}

/// What is asked of each partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Offset(OffsetSpec),
    /// Something about tiered storage, of which there is none.
    Nothing,
    /// A negative time that no broker knows.
    Unsupported,
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    check_server(context, parsed)?;
    if parsed.has("topic-partitions") && (parsed.has("topic") || parsed.has("partitions")) {
        return Err(occurred("--topic-partitions cannot be used with --topic or --partitions"));
    }
    let asked = asked(parsed)?;
    let filter = filter(parsed)?;
    let format = context.format(parsed)?;
    command_config(parsed).map_err(|failure| {
        let occurred = |kafka: &mut KafkaTelling| kafka.text = format!("Error occurred: {}", kafka.text);
        failure.in_kafka(occurred).then_blank()
    })?;
    let admin = context.connect(parsed)?.admin().map_err(refused)?;
    let partitions = selected(admin.as_ref(), &filter, parsed.has("exclude-internal-topics"))?;
    if partitions.is_empty() {
        return Err(occurred("Could not match any topic-partitions with the specified filters"));
    }
    let (rows, status) = match asked {
        Asked::Nothing => (Vec::new(), Status::SUCCESS),
        Asked::Offset(spec) => rows(context, admin.as_ref(), partitions, spec)?,
        Asked::Unsupported => {
            let why = "org.apache.kafka.common.errors.UnsupportedVersionException: The version of API is not supported.";
            partitions.iter().try_for_each(|partition| skip(context, partition, why))?;
            return Ok(partial(context));
        }
    };
    context.stdout.write_all(render(&rows, format)?.as_bytes())?;
    Ok(status)
}

/// The status after partitions were skipped: for Kafka's program that is none of its business.
fn partial(context: &Context) -> Status {
    if context.is_kafka() { Status::SUCCESS } else { Status::FAILURE }
}

fn skip(context: &mut Context, partition: &TopicPartition, why: &str) -> Result<(), Failure> {
    context.say(&format!("Skip getting offsets for topic-partition {partition} due to error: {why}"))
}

/// The tool looks at the form of the servers before it does anything with them.
fn check_server(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    match parsed.bytes("bootstrap-server")? {
        Some(server) if !is_directory(server) && !is_host_port_list(&server.to_string_lossy()) => {
            let message = match server.is_empty() {
                true => "Error while validating the bootstrap address",
                false => "Please provide valid host:port like host1:9091,host2:9092",
            };
            let end = if context.is_kafka() { "\n" } else { "" };
            Err(Failure::usage(message).in_kafka(|kafka| kafka.text += end))
        }
        _ => Ok(()),
    }
}

fn asked(parsed: &Parsed) -> Result<Asked, Failure> {
    let text = parsed.text("time")?.unwrap_or_default();
    Ok(match text.as_ref() {
        "" if !parsed.has("time") => Asked::Offset(OffsetSpec::Latest),
        "latest" | "-1" => Asked::Offset(OffsetSpec::Latest),
        "earliest" | "-2" | "earliest-local" | "-4" => Asked::Offset(OffsetSpec::Earliest),
        "max-timestamp" | "-3" => Asked::Offset(OffsetSpec::MaxTimestamp),
        "latest-tiered" | "-5" | "earliest-pending-upload" | "-6" => Asked::Nothing,
        other => match other.parse::<i64>() {
            Ok(time @ 0..) => Asked::Offset(OffsetSpec::Timestamp(TimestampMs(time))),
            Ok(_) => Asked::Unsupported,
            Err(_) => {
                return Err(occurred(format!(
                    "Malformed time argument {other}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp \
                     / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified \
                     long format timestamp"
                )));
            }
        },
    })
}

fn filter(parsed: &Parsed) -> Result<PartitionFilter, Failure> {
    if let Some(patterns) = parsed.text("topic-partitions")? {
        return Ok(PartitionFilter::parse(&patterns)?);
    }
    let topics = match parsed.text("topic")? {
        Some(text) => Some(TopicFilter::new(&text).map_err(|why| occurred(why).then_blank())?),
        None => None,
    };
    let ids = match parsed.text("partitions")? {
        Some(text) if !text.is_empty() => Some(ids(&text)?),
        _ => None,
    };
    Ok(PartitionFilter::one(Rule::listed(topics, ids)))
}

fn ids(text: &str) -> Result<Vec<i32>, Failure> {
    let numbers: Result<Vec<i32>, _> = text.trim_end_matches(',').split(',').map(str::parse).collect();
    numbers.map_err(|_| {
        occurred(format!(
            "--partitions expects a comma separated list of numeric partition ids, but received: {text}"
        ))
    })
}

/// The partitions that are meant, in Kafka's order: by the text `TOPIC-N`, so that 10 comes before 2.
fn selected(
    admin: &dyn Admin,
    filter: &PartitionFilter,
    exclude_internal: bool,
) -> Result<Vec<TopicPartition>, Failure> {
    let listed = admin.list_topics().map_err(refused)?.into_iter();
    let wanted =
        |topic: &client::TopicListing| !(exclude_internal && topic.internal) && filter.may_match(&topic.name);
    let names: Vec<String> = listed.filter(wanted).map(|topic| topic.name).collect();
    let mut partitions: Vec<TopicPartition> = Vec::new();
    // A topic that was deleted since it was listed is simply not there any more.
    for topic in admin.describe_topics(&names).into_iter().flatten() {
        partitions.extend(of_topic(&topic, filter));
    }
    partitions.sort_by_cached_key(ToString::to_string);
    Ok(partitions)
}

fn of_topic(topic: &TopicDescription, filter: &PartitionFilter) -> Vec<TopicPartition> {
    let ids = topic.partitions.iter().map(|partition| partition.partition);
    let matching = ids.filter(|id: &PartitionId| filter.matches(&topic.name, *id));
    matching.map(|partition| TopicPartition { topic: topic.name.clone(), partition }).collect()
}

/// A partition's answer.
#[derive(Clone, Debug, Serialize)]
struct Row {
    topic: String,
    partition: i32,
    offset: i64,
}

fn rows(
    context: &mut Context,
    admin: &dyn Admin,
    partitions: Vec<TopicPartition>,
    spec: OffsetSpec,
) -> Result<(Vec<Row>, Status), Failure> {
    let requests: Vec<(TopicPartition, OffsetSpec)> =
        partitions.into_iter().map(|partition| (partition, spec)).collect();
    let mut rows = Vec::with_capacity(requests.len());
    let mut status = Status::SUCCESS;
    for ((partition, _), answer) in requests.iter().zip(admin.list_offsets(&requests)) {
        match answer {
            Ok(info) => rows.extend(info.offset.map(|offset| Row {
                topic: partition.topic.clone(),
                partition: partition.partition.0,
                offset: offset.get(),
            })),
            Err(error) => {
                skip(context, partition, &format!("{}: {}", error.java_class(), error.message))?;
                status = partial(context);
            }
        }
    }
    Ok((rows, status))
}

fn render(rows: &[Row], format: Format) -> Result<String, Failure> {
    let cells = |row: &Row| vec![row.topic.clone(), row.partition.to_string(), row.offset.to_string()];
    Ok(match format {
        Format::Text => {
            rows.iter().map(|row| format!("{}:{}:{}\n", row.topic, row.partition, row.offset)).collect()
        }
        Format::Json => json_pretty(&rows)?,
        Format::Csv => {
            let header = csv_line(&["topic", "partition", "offset"]);
            rows.iter().fold(header, |text, row| text + &csv_line(&cells(row)))
        }
        Format::Table => {
            let header = [("TOPIC", Align::Left), ("PARTITION", Align::Right), ("OFFSET", Align::Right)];
            table(&header, &rows.iter().map(cells).collect::<Vec<_>>())
        }
    })
}
