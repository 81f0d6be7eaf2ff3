//! `kt leader-election`, kafka-leader-election: has leaders of partitions chosen anew. Source: spec of the administration tools,
//! section 7.

use crate::cli::config::{Properties, command_config};
use crate::cli::context::Context;
use crate::cli::error::{Failure, ParseError, Status};
use crate::cli::input;
use crate::cli::java_json::{self, array, field, int, object, string};
use crate::cli::java_order;
use crate::cli::options::{self, file, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::client::{self, ElectionType};
use crate::types::{ErrorCode, PartitionId, TopicPartition};
use clap::Command;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

pub(crate) const TOOL: Tool = Tool {
    name: "leader-election",
    kafka_name: Some("kafka-leader-election"),
    aliases: &["elect-leaders"],
    about: "Have leaders of partitions chosen anew",
    kafka_about: KafkaAbout::same(
        "This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are preferred replicas and unclean replicas.",
    ),
    command,
    parse_errors: Failure::with_empty_line,
    argument_errors: Failure::with_empty_line,
    run,
};

const EXAMPLES: &str = "\
Examples:
  Back to the first replica of each partition, where it is in sync:
    kt leader-election --election-type preferred --all-topic-partitions
  One partition that has no leader, whatever is lost:
    kt leader-election --election-type unclean --topic orders --partition 0

The file:
  {\"partitions\": [{\"topic\": \"orders\", \"partition\": 0}]}

Exit status: 0, or 1 if a partition's leader could not be chosen.";

fn command() -> Command {
    let table = options::table("leader-election", TOOL.about)
        .arg(valued("election-type", "TYPE", "preferred or unclean (required)"))
        .arg(valued("topic", "TOPIC", "Topic of the partition"))
        .arg(valued("partition", "N", "Partition, with --topic"))
        .arg(flag("all-topic-partitions", "Every partition that needs it"))
        .arg(file("path-to-json-file", "File with partitions, see below"));
    options::target(table)
        .arg(file("admin.config", "The old name of --command-config").help_heading("Cluster"))
        .after_help(EXAMPLES)
}

const SELECTIONS: [&str; 3] = ["topic", "all-topic-partitions", "path-to-json-file"];

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    check_options(context, parsed)?;
    let election = election(parsed)?;
    let wanted = wanted(parsed)?;
    check_config(context, parsed)?;
    let admin = context.connect(parsed)?.admin().map_err(refused)?;
    let answers = admin.elect_leaders(election, wanted.as_deref()).map_err(refused)?;
    report(context, election, answers)
}

fn refused(error: client::Error) -> Failure {
    Failure::from(error).then_blank()
}

fn check_options(context: &Context, parsed: &Parsed) -> Result<(), Failure> {
    let required = match context.is_kafka() && !parsed.has("data-dir") {
        true => &["bootstrap-server", "election-type"][..],
        false => &["election-type"],
    };
    let missing: Vec<&str> = required.iter().copied().filter(|option| !parsed.has(option)).collect();
    if !missing.is_empty() {
        return Err(Failure::with_blank(format!("Missing required option(s): {}", missing.join(", "))));
    }
    if parsed.which(&SELECTIONS).len() != 1 {
        let options = SELECTIONS.join(", ");
        let message = format!("One and only one of the following options is required: {options}");
        return Err(Failure::with_blank(message));
    }
    match (parsed.has("topic"), parsed.has("partition")) {
        (true, false) => Err(Failure::with_blank("Missing required option(s): partition")),
        (false, true) => Err(Failure::with_blank("Option partition is only allowed if topic is used")),
        _ if parsed.has("admin.config") && parsed.has("command-config") => {
            Err(Failure::usage("Option \"[admin.config]\" can't be used with option \"[command-config]\""))
        }
        _ => Ok(()),
    }
}

fn election(parsed: &Parsed) -> Result<ElectionType, Failure> {
    let text = parsed.text("election-type")?.unwrap_or_default();
    match text.to_ascii_lowercase().as_str() {
        "preferred" => Ok(ElectionType::Preferred),
        "unclean" => Ok(ElectionType::Unclean),
        _ => Err(Failure::with_empty_line(ParseError::Unreadable {
            name: "election-type".to_owned(),
            argument: text.into_owned(),
        })),
    }
}

/// The partitions that are meant; `None` for all.
fn wanted(parsed: &Parsed) -> Result<Option<Vec<TopicPartition>>, Failure> {
    if let Some(topic) = parsed.text("topic")? {
        let partition = PartitionId(parsed.number("partition")?.unwrap_or_default());
        return Ok(Some(vec![TopicPartition { topic: topic.into_owned(), partition }]));
    }
    match parsed.bytes("path-to-json-file")? {
        Some(path) => read(path).map(Some),
        None => Ok(None),
    }
}

fn read(path: &OsStr) -> Result<Vec<TopicPartition>, Failure> {
    let unreadable = |_| {
        let message = format!("Unable to read file {}", path.to_string_lossy());
        let text = format!("java.io.IOException: {message}");
        Failure::with_blank(message).in_kafka(|kafka| kafka.text = text)
    };
    let text = input::read_file(Path::new(path)).map_err(unreadable)?;
    parse(&text)
}

fn parse(text: &[u8]) -> Result<Vec<TopicPartition>, Failure> {
    let value =
        java_json::first(text).ok_or_else(|| Failure::with_blank("Replica election data is empty"))?;
    let top = object(&value).map_err(mapping)?;
    let missing = || Failure::with_blank("Replica election data is missing \"partitions\" field");
    let entries = array(top.get("partitions").ok_or_else(missing)?).map_err(mapping)?;
    let partitions: Vec<TopicPartition> =
        entries.iter().map(one).collect::<Result<_, String>>().map_err(mapping)?;
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&TopicPartition> =
        partitions.iter().filter(|partition| !seen.insert(*partition)).collect();
    if twice.is_empty() {
        return Ok(partitions);
    }
    let twice: Vec<String> = twice.into_iter().map(ToString::to_string).collect();
    let message = format!("Replica election data contains duplicate partitions: [{}]", twice.join(", "));
    Err(Failure::with_blank(message))
}

fn one(value: &Value) -> Result<TopicPartition, String> {
    let fields = object(value)?;
    let topic = string(field(fields, "topic")?)?.to_owned();
    Ok(TopicPartition { topic, partition: PartitionId(int(field(fields, "partition")?)?) })
}

/// A value that is not of the type that it should have.
fn mapping(message: String) -> Failure {
    let text = format!("com.fasterxml.jackson.databind.JsonMappingException: {message}");
    Failure::with_blank(message).in_kafka(|kafka| kafka.text = text)
}

/// Reads the settings for the client, which a directory has no use for.
fn check_config(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    command_config(parsed).map_err(Failure::then_blank)?;
    let Some(path) = parsed.bytes("admin.config")? else { return Ok(()) };
    context.note(
        "Option --admin.config has been deprecated and will be removed in a future version. Use --command-config instead.",
    )?;
    let name = path.to_string_lossy().into_owned();
    match Properties::load(path) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Failure::with_blank(format!("can't read '{name}': {error}"))
                .in_kafka(|kafka| kafka.text = name))
        }
    }
}

fn report(
    context: &mut Context,
    election: ElectionType,
    mut answers: Vec<(TopicPartition, client::Result<()>)>,
) -> Result<Status, Failure> {
    java_order::sort(&mut answers, java_order::DEFAULT_CAPACITY, |(partition, _)| {
        java_order::partition_hash(partition)
    });
    let kind = match election {
        ElectionType::Preferred => "PREFERRED",
        ElectionType::Unclean => "UNCLEAN",
    };
    let is_needless = |answer: &client::Result<()>| {
        answer.as_ref().is_err_and(|error| error.code == ErrorCode::ElectionNotNeeded)
    };
    let listed = |which: &dyn Fn(&client::Result<()>) -> bool| {
        let chosen = answers.iter().filter(|(_, answer)| which(answer));
        chosen.map(|(partition, _)| partition.to_string()).collect::<Vec<_>>().join(", ")
    };
    let (done, needless) = (listed(&|answer| answer.is_ok()), listed(&is_needless));
    if !done.is_empty() {
        writeln!(context.stdout, "Successfully completed leader election ({kind}) for partitions {done}")?;
    }
    if !needless.is_empty() {
        writeln!(context.stdout, "Valid replica already elected for partitions {needless}")?;
    }
    let mut failed = 0;
    for (partition, answer) in &answers {
        let Err(error) = answer else { continue };
        if error.code == ErrorCode::ElectionNotNeeded {
            continue;
        }
        failed += 1;
        context.note(&format!(
            "Error completing leader election ({kind}) for partition: {partition}: {}: {}",
            error.java_class(),
            error.message
        ))?;
    }
    if failed == 0 {
        return Ok(Status::SUCCESS);
    }
    Err(Failure::with_blank(format!("{failed} replica(s) could not be elected")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded of Kafka's program.
    #[test]
    fn what_is_wrong_with_a_file_is_told_in_kafkas_words() {
        const JACKSON: &str = "com.fasterxml.jackson.databind.JsonMappingException: ";
        for (text, why) in [
            ("", "Replica election data is empty".to_owned()),
            ("x", "Replica election data is empty".to_owned()),
            ("{}", "Replica election data is missing \"partitions\" field".to_owned()),
            ("[]", format!("{JACKSON}Expected JSON object, received []")),
            (r#"{"partitions":{}}"#, format!("{JACKSON}Expected JSON array, received {{}}")),
            (r#"{"partitions":[5]}"#, format!("{JACKSON}Expected JSON object, received 5")),
            (r#"{"partitions":[{"topic":"t"}]}"#, format!("{JACKSON}No such field exists: `partition`")),
            (
                r#"{"partitions":[{"topic":5,"partition":0}]}"#,
                format!("{JACKSON}Expected `String` value, received 5"),
            ),
            (
                r#"{"partitions":[{"topic":"t","partition":0},{"topic":"t","partition":0}]}"#,
                "Replica election data contains duplicate partitions: [t-0]".to_owned(),
            ),
        ] {
            let Err(Failure::Told(telling)) = parse(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(telling.kafka.text, why, "{text}");
        }
        assert!(parse(br#"{"partitions":[]}"#).unwrap().is_empty());
    }
}
