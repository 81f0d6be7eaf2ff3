//! The files of kafka-reassign-partitions, and assignments as it prints them.

use super::options::failed;
use crate::cli::error::Failure;
use crate::cli::input;
use crate::cli::java_json::{self, array, field, int, object, string};
use crate::types::{BrokerId, PartitionId, TopicPartition};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

/// What a replica's directory is called where any will do.
pub(super) const ANY: &str = "any";

/// A partition's replicas, with the directory of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replicas {
    pub(super) brokers: Vec<BrokerId>,
    pub(super) directories: Vec<String>,
}

/// By topic and partition.
pub(super) type Assignment = BTreeMap<TopicPartition, Replicas>;

fn read(path: &OsStr) -> Result<Value, Failure> {
    let unreadable = |_| failed(format!("Unable to read file {}", path.to_string_lossy()));
    let text = input::read_file(Path::new(path)).map_err(unreadable)?;
    java_json::first(&text).ok_or_else(|| failed(no_json(&String::from_utf8_lossy(&text))))
}

/// What Kafka's parser finds at the beginning of a text that is no JSON.
fn no_json(text: &str) -> String {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if word.is_empty() {
        return "The input string is not a valid JSON".to_owned();
    }
    format!(
        "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    )
}

fn check_version(value: &Value) -> Result<(), String> {
    match object(value)?.get("version").map(int).transpose()? {
        None | Some(1) => Ok(()),
        Some(version) => Err(format!("Not supported version field value {version}")),
    }
}

/// The topics of a `--topics-to-move-json-file`.
pub(super) fn topics(path: &OsStr) -> Result<Vec<String>, Failure> {
    let value = read(path)?;
    let topics = || -> Result<Vec<String>, String> {
        check_version(&value)?;
        let Some(list) = object(&value)?.get("topics") else { return Ok(Vec::new()) };
        array(list)?.iter().map(|entry| Ok(string(field(object(entry)?, "topic")?)?.to_owned())).collect()
    };
    let topics = topics().map_err(failed)?;
    let twice = twice(&topics);
    if twice.is_empty() {
        return Ok(topics);
    }
    Err(failed(format!("List of topics to reassign contains duplicate entries: [{}]", twice.join(", "))))
}

/// The moves of a `--reassignment-json-file`. Only those that are to be executed have to make sense.
pub(super) fn assignment(path: &OsStr) -> Result<Vec<(TopicPartition, Replicas)>, Failure> {
    let value = read(path)?;
    let entries = || -> Result<Vec<_>, String> {
        check_version(&value)?;
        let Some(list) = object(&value)?.get("partitions") else { return Ok(Vec::new()) };
        array(list)?.iter().map(entry).collect()
    };
    entries().map_err(failed)
}

fn entry(value: &Value) -> Result<(TopicPartition, Replicas), String> {
    let fields = object(value)?;
    let topic = string(field(fields, "topic")?)?.to_owned();
    let partition = TopicPartition { topic, partition: PartitionId(int(field(fields, "partition")?)?) };
    let brokers = array(field(fields, "replicas")?)?;
    let brokers = brokers.iter().map(|id| Ok(BrokerId(int(id)?))).collect::<Result<Vec<_>, String>>()?;
    let directories = match fields.get("log_dirs") {
        None => vec![ANY.to_owned(); brokers.len()],
        Some(list) => {
            array(list)?.iter().map(|dir| string(dir).map(str::to_owned)).collect::<Result<_, _>>()?
        }
    };
    if directories.len() != brokers.len() {
        return Err(format!(
            "Size of replicas list [{}] is different from size of log dirs list [{}] for partition {partition}",
            joined(&brokers, ", "),
            directories.join(", ")
        ));
    }
    Ok((partition, Replicas { brokers, directories }))
}

/// Refuses what can't be executed.
pub(super) fn check(moves: &[(TopicPartition, Replicas)]) -> Result<(), Failure> {
    if moves.is_empty() {
        return Err(failed("Partition reassignment list cannot be empty"));
    }
    if moves.iter().any(|(_, replicas)| replicas.brokers.is_empty()) {
        return Err(failed("Partition replica list cannot be empty"));
    }
    let names: Vec<String> = moves.iter().map(|(partition, _)| partition.to_string()).collect();
    let doubled = twice(&names);
    if !doubled.is_empty() {
        let doubled = doubled.join(",");
        return Err(failed(format!("Partition reassignment contains duplicate topic partitions: {doubled}")));
    }
    for (partition, replicas) in moves {
        let ids: Vec<String> = replicas.brokers.iter().map(ToString::to_string).collect();
        let doubled = twice(&ids).join(",");
        if !doubled.is_empty() {
            return Err(failed(format!(
                "Partition replica lists may not contain duplicate entries: {partition} contains multiple entries for {doubled}"
            )));
        }
    }
    Ok(())
}

/// What occurs more than once, sorted.
pub(super) fn twice(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let doubled: BTreeSet<&String> = names.iter().filter(|name| !seen.insert(*name)).collect();
    doubled.into_iter().cloned().collect()
}

pub(super) fn joined(brokers: &[BrokerId], separator: &str) -> String {
    brokers.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

/// An assignment in Kafka's JSON, on one line.
pub(super) fn json(assignment: &Assignment) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let entry = |(partition, replicas): (&TopicPartition, &Replicas)| {
        let directories: Vec<String> = replicas.directories.iter().map(|dir| text(dir)).collect();
        format!(
            "{{\"topic\":{},\"partition\":{},\"replicas\":[{}],\"log_dirs\":[{}]}}",
            text(&partition.topic),
            partition.partition,
            joined(&replicas.brokers, ","),
            directories.join(",")
        )
    };
    let entries: Vec<String> = assignment.iter().map(entry).collect();
    format!("{{\"version\":1,\"partitions\":[{}]}}", entries.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(text: &str) -> Result<Vec<(TopicPartition, Replicas)>, String> {
        let value: Value = serde_json::from_str(text).unwrap();
        array(object(&value)?.get("partitions").unwrap())?.iter().map(entry).collect()
    }

    /// As recorded of Kafka's program.
    #[test]
    fn moves_that_make_no_sense_are_refused() {
        for (text, why) in [
            (r#"{"partitions":[]}"#, "Partition reassignment list cannot be empty"),
            (
                r#"{"partitions":[{"topic":"t","partition":0,"replicas":[]}]}"#,
                "Partition replica list cannot be empty",
            ),
            (
                r#"{"partitions":[{"topic":"t","partition":0,"replicas":[1,1]}]}"#,
                "Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1",
            ),
            (
                r#"{"partitions":[{"topic":"t","partition":0,"replicas":[1]},{"topic":"t","partition":0,"replicas":[2]}]}"#,
                "Partition reassignment contains duplicate topic partitions: t-0",
            ),
        ] {
            assert_eq!(check(&moves(text).unwrap()).unwrap_err().message(), why, "{text}");
        }
        let uneven =
            r#"{"partitions":[{"topic":"t","partition":0,"replicas":[1],"log_dirs":["any","any"]}]}"#;
        let why =
            "Size of replicas list [1] is different from size of log dirs list [any, any] for partition t-0";
        assert_eq!(moves(uneven), Err(why.to_owned()));
        let token = "Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        assert_eq!(no_json("x\n"), token);
    }

    #[test]
    fn an_assignment_is_one_line_of_json() {
        let text = r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any","/d"]}]}"#;
        assert_eq!(json(&moves(text).unwrap().into_iter().collect()), text);
    }
}
