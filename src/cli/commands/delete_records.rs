//! `kt delete-records`, kafka-delete-records: deletes the oldest records of partitions. Source: spec of the administration
//! tools.

use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::input;
use crate::cli::java_json::{self, array, field, int, long, object, string};
use crate::cli::options::{self, file};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::types::{Offset, PartitionId, TopicPartition};
use clap::Command;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

pub(crate) const TOOL: Tool = Tool {
    name: "delete-records",
    kafka_name: Some("kafka-delete-records"),
    aliases: &[],
    about: "Delete the oldest records of partitions",
    kafka_about: KafkaAbout::same(
        "This tool helps to delete records of the given partitions down to the specified offset.",
    ),
    command,
    parse_errors: Failure::with_empty_line,
    argument_errors: Failure::with_empty_line,
    run,
};

const EXAMPLES: &str = "\
The file:
  {\"partitions\": [{\"topic\": \"orders\", \"partition\": 0, \"offset\": 5}], \"version\": 1}

The records below each offset are deleted; -1 deletes all that there are. The disk gets room back by whole segments.

Examples:
  Delete the first five records of orders-0:
    echo '{\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":5}]}' > five.json
    kt delete-records --offset-json-file five.json
  Without a file of its own:
    kt delete-records --offset-json-file <(echo '{\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"offset\":-1}]}')

Printed is the offset at which each partition begins now.

Exit status: 0, or 1 if a partition's records could not be deleted.";

fn command() -> Command {
    let table = options::table("delete-records", TOOL.about)
        .arg(file("offset-json-file", "File that says which records to delete, see below"));
    options::target(table).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    let missing = || Failure::usage("Missing required argument \"[offset-json-file]\"");
    command_config(parsed).map_err(Failure::then_blank)?;
    let path = parsed.bytes("offset-json-file")?.ok_or_else(missing)?;
    let wanted = read(path)?;
    let admin = context.connect(parsed)?.admin()?;
    context.note("Executing records delete operation")?;
    let mut status = Status::SUCCESS;
    let mut lines = Vec::with_capacity(wanted.len());
    for (partition, before) in wanted {
        lines.push(match admin.delete_records(&partition, before) {
            Ok(start) => Ok(format!("partition: {partition}\tlow_watermark: {start}")),
            Err(error) => {
                Err(format!("partition: {partition}\terror: {}: {}", error.java_class(), error.message))
            }
        });
    }
    context.note("Records delete operation completed:")?;
    for line in lines {
        match line {
            Ok(line) => writeln!(context.stdout, "{line}")?,
            Err(line) => {
                context.note(&line)?;
                if !context.is_kafka() {
                    status = Status::FAILURE;
                }
            }
        }
    }
    Ok(status)
}

/// What a file asks for, in its order.
fn read(path: &OsStr) -> Result<Vec<(TopicPartition, Offset)>, Failure> {
    let unreadable = |_| Failure::with_blank(format!("Unable to read file {}", path.to_string_lossy()));
    let text = input::read_file(Path::new(path)).map_err(unreadable)?;
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Vec<(TopicPartition, Offset)>, Failure> {
    partitions(text).map_err(Failure::with_blank)
}

fn partitions(text: &[u8]) -> Result<Vec<(TopicPartition, Offset)>, String> {
    let value = java_json::first(text).ok_or("The input string is not a valid JSON")?;
    let top = object(&value)?;
    if let Some(version) = top.get("version") {
        let version = int(version)?;
        if version != 1 {
            return Err(format!("Not supported version field value {version}"));
        }
    }
    let partitions = array(top.get("partitions").ok_or("Missing partitions field")?)?;
    let wanted: Vec<_> = partitions.iter().map(one).collect::<Result<_, String>>()?;
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = wanted
        .iter()
        .filter(|(partition, _)| !seen.insert(partition))
        .map(|(partition, _)| partition.to_string())
        .collect();
    if twice.is_empty() {
        return Ok(wanted);
    }
    Err(format!("Offset json file contains duplicate topic partitions: {}", twice.join(",")))
}

fn one(value: &Value) -> Result<(TopicPartition, Offset), String> {
    let fields = object(value)?;
    let topic = string(field(fields, "topic")?)?.to_owned();
    let partition = PartitionId(int(field(fields, "partition")?)?);
    let offset = Offset::new(long(field(fields, "offset")?)?);
    Ok((TopicPartition { topic, partition }, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_kafka_reads_it() {
        let text =
            br#"{"version":1,"x":0,"partitions":[{"topic":"t","partition":1,"offset":9,"offset":-1}]} x"#;
        let partition = TopicPartition { topic: "t".to_owned(), partition: PartitionId(1) };
        assert_eq!(parse(text).unwrap(), [(partition, Offset::new(-1))]);
        assert!(parse(b"{\"partitions\":[]}").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_in_kafkas_words() {
        for (text, expected) in [
            ("", "The input string is not a valid JSON"),
            ("[]", "Expected JSON object, received []"),
            ("null", "Expected JSON object, received null"),
            ("{}", "Missing partitions field"),
            (r#"{"version":1.0,"partitions":[]}"#, "Expected `Integer` value, received 1.0"),
            (r#"{"version":2}"#, "Not supported version field value 2"),
            (r#"{"partitions":null}"#, "Expected JSON array, received null"),
            (r#"{"partitions":[5]}"#, "Expected JSON object, received 5"),
            (r#"{"partitions":[{"partition":0}]}"#, "No such field exists: `topic`"),
            (r#"{"partitions":[{"topic":5}]}"#, "Expected `String` value, received 5"),
            (
                r#"{"partitions":[{"topic":"t","partition":99999999999}]}"#,
                "Expected `Integer` value, received 99999999999",
            ),
            (
                r#"{"partitions":[{"topic":"t","partition":0,"offset":1.5}]}"#,
                "Expected `Long` value, received 1.5",
            ),
            (
                r#"{"partitions":[{"topic":"t","partition":0,"offset":1},{"topic":"t","partition":0,"offset":2}]}"#,
                "Offset json file contains duplicate topic partitions: t-0",
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().message(), expected, "{text}");
        }
    }
}
