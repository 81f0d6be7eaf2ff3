//! `kt log-dirs`, kafka-log-dirs: where brokers keep their partitions, and how large those are. Source: spec of the
//! administration tools.

use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::java_order;
use crate::cli::options::{self, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::LogDirDescription;
use crate::output::{Align, Format, csv_line, table};
use crate::types::BrokerId;
use clap::Command;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "log-dirs",
    kafka_name: Some("kafka-log-dirs"),
    aliases: &[],
    about: "Show where partitions are kept and how large they are",
    kafka_about: KafkaAbout::same("This tool helps to query log directory usage on the specified brokers."),
    command,
    parse_errors: Failure::with_empty_line,
    argument_errors: Failure::with_empty_line,
    run,
};

const EXAMPLES: &str = "\
Examples:
  How much each partition takes:
    kt log-dirs --describe
  One topic, for a script:
    kt log-dirs --describe --topic-list orders --output csv
    kt log-dirs --describe | grep '^{' | jq '[.brokers[].logDirs[].partitions[].size] | add'

The sizes are those of the records; indexes are not counted. Topics that don't exist are left out.

Exit status: 0, or 1 if a broker is asked for that does not exist.";

fn command() -> Command {
    let table = options::table("log-dirs", TOOL.about)
        .arg(flag("describe", "Show the log directories (required)"))
        .arg(valued("broker-list", "IDS", "Brokers, such as 1,2 [default: all]"))
        .arg(valued("topic-list", "TOPICS", "Topics, such as orders,events [default: all]"));
    options::output(options::target(table)).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    if !parsed.has("describe") {
        return Err(Failure::usage("Missing required argument \"[describe]\""));
    }
    let format = context.format(parsed)?;
    command_config(parsed).map_err(Failure::then_blank)?;
    let topics = list(parsed, "topic-list")?;
    let admin = context.connect(parsed)?.admin()?;
    let existing: BTreeSet<BrokerId> = admin.describe_cluster()?.nodes.iter().map(|node| node.id).collect();
    let wanted = wanted(parsed, &existing)?;
    context.note("Querying brokers for log directories information")?;
    let mut directories = admin.describe_log_dirs()?;
    directories.retain(|directory| wanted.contains(&directory.broker));
    for directory in &mut directories {
        directory.replicas.retain(|replica| topics.is_empty() || topics.contains(&replica.partition.topic));
        let hash = |replica: &crate::client::ReplicaInfo| java_order::partition_hash(&replica.partition);
        java_order::sort(&mut directory.replicas, java_order::DEFAULT_CAPACITY, hash);
    }
    context.note(&format!("Received log directory information from brokers {}", joined(&wanted)))?;
    context.stdout.write_all(render(&directories, format)?.as_bytes())?;
    Ok(Status::SUCCESS)
}

/// The entries of an option's list, without empty ones.
fn list(parsed: &Parsed, option: &str) -> Result<BTreeSet<String>, Failure> {
    let text = parsed.text(option)?.unwrap_or_default();
    Ok(text.split(',').filter(|entry| !entry.is_empty()).map(str::to_owned).collect())
}

/// The brokers to be asked.
fn wanted(parsed: &Parsed, existing: &BTreeSet<BrokerId>) -> Result<BTreeSet<BrokerId>, Failure> {
    let text = parsed.text("broker-list")?.unwrap_or_default();
    let id = |entry: &str| {
        let unreadable = |_| Failure::with_blank(format!("For input string: \"{entry}\""));
        entry.parse().map(BrokerId).map_err(unreadable)
    };
    let entries = text.split(',').filter(|entry| !entry.is_empty());
    let named = entries.map(id).collect::<Result<BTreeSet<_>, _>>()?;
    if named.is_empty() {
        return Ok(existing.clone());
    }
    let unknown: BTreeSet<BrokerId> = named.difference(existing).copied().collect();
    if unknown.is_empty() {
        return Ok(named);
    }
    let message = format!(
        "The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
        joined(&unknown),
        joined(existing)
    );
    Err(Failure::plain(&message).in_kafka(|kafka| kafka.text = format!("ERROR: {message}")))
}

/// As a `HashSet` of numbers lists them.
fn joined(ids: &BTreeSet<BrokerId>) -> String {
    let mut ids: Vec<BrokerId> = ids.iter().copied().collect();
    java_order::sort(&mut ids, java_order::DEFAULT_CAPACITY, |id| id.0);
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The answer in Kafka's JSON, its keys in the order of the fields.
#[derive(Serialize)]
struct Answer {
    brokers: Vec<Broker>,
    version: i32,
}

#[derive(Serialize)]
struct Broker {
    broker: i32,
    #[serde(rename = "logDirs")]
    log_dirs: Vec<Directory>,
}

#[derive(Serialize)]
struct Directory {
    partitions: Vec<Replica>,
    error: Option<String>,
    #[serde(rename = "logDir")]
    log_dir: String,
}

#[derive(Serialize)]
struct Replica {
    partition: String,
    size: u64,
    #[serde(rename = "offsetLag")]
    offset_lag: i64,
    #[serde(rename = "isFuture")]
    is_future: bool,
}

impl Answer {
    fn new(directories: &[LogDirDescription]) -> Answer {
        let mut brokers: Vec<Broker> = Vec::new();
        for directory in directories {
            let replica = |replica: &crate::client::ReplicaInfo| Replica {
                partition: replica.partition.to_string(),
                size: replica.size_bytes,
                offset_lag: replica.offset_lag,
                is_future: replica.is_future,
            };
            let entry = Directory {
                partitions: directory.replicas.iter().map(replica).collect(),
                error: None,
                log_dir: directory.path.display().to_string(),
            };
            match brokers.iter_mut().find(|broker| broker.broker == directory.broker.0) {
                Some(broker) => broker.log_dirs.push(entry),
                None => brokers.push(Broker { broker: directory.broker.0, log_dirs: vec![entry] }),
            }
        }
        Answer { brokers, version: 1 }
    }
}

fn render(directories: &[LogDirDescription], format: Format) -> Result<String, Failure> {
    if let Format::Text | Format::Json = format {
        let text = serde_json::to_string(&Answer::new(directories)).map_err(std::io::Error::from)?;
        return Ok(text + "\n");
    }
    let rows = directories.iter().flat_map(|directory| {
        let cells = |replica: &crate::client::ReplicaInfo| {
            vec![
                directory.broker.to_string(),
                replica.partition.topic.clone(),
                replica.partition.partition.to_string(),
                replica.size_bytes.to_string(),
                replica.offset_lag.to_string(),
                directory.path.display().to_string(),
            ]
        };
        let mut rows: Vec<_> = directory.replicas.iter().collect();
        rows.sort_by(|one, other| one.partition.cmp(&other.partition));
        rows.into_iter().map(cells).collect::<Vec<_>>()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if format == Format::Csv {
        let header = csv_line(&["broker", "topic", "partition", "size", "offset_lag", "directory"]);
        return Ok(rows.iter().fold(header, |text, row| text + &csv_line(row)));
    }
    let header = [
        ("BROKER", Align::Right),
        ("TOPIC", Align::Left),
        ("PARTITION", Align::Right),
        ("SIZE", Align::Right),
        ("LAG", Align::Right),
        ("DIRECTORY", Align::Left),
    ];
    Ok(table(&header, &rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ReplicaInfo;
    use crate::types::{PartitionId, TopicPartition};

    #[test]
    fn the_answer_is_one_line_with_kafkas_keys_in_kafkas_order() {
        let partition = TopicPartition { topic: "t".to_owned(), partition: PartitionId(0) };
        let replica = ReplicaInfo { partition, size_bytes: 71, offset_lag: 0, is_future: false };
        let directory = LogDirDescription {
            broker: BrokerId(1),
            path: "/d/broker-1".into(),
            space_bytes: None,
            replicas: vec![replica],
        };
        let expected = concat!(
            r#"{"brokers":[{"broker":1,"logDirs":[{"partitions":[{"partition":"t-0","size":71,"offsetLag":0,"isFuture":false}],"#,
            r#""error":null,"logDir":"/d/broker-1"}]}],"version":1}"#,
            "\n"
        );
        assert_eq!(render(std::slice::from_ref(&directory), Format::Text).unwrap(), expected);
        let csv = "broker,topic,partition,size,offset_lag,directory\n1,t,0,71,0,/d/broker-1\n";
        assert_eq!(render(&[directory], Format::Csv).unwrap(), csv);
    }

    #[test]
    fn brokers_are_listed_as_a_set_of_numbers_lists_them() {
        let ids = |ids: &[i32]| joined(&ids.iter().copied().map(BrokerId).collect());
        assert_eq!(ids(&[9, 3, 7]), "3,7,9");
        assert_eq!(ids(&[16, 3]), "16,3");
    }
}
