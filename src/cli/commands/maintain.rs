//! `kt maintain`: what a broker's threads do in the background, done at once; for cron.

use crate::cli::config::command_config;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::cli::options::{self, flag, valued};
use crate::cli::parse::Parsed;
use crate::cli::tools::{KafkaAbout, Tool};
use crate::cli::topic_filter::TopicFilter;
use crate::local::{Deed, Outcome, Wanted};
use crate::output::{Format, json_pretty};
use clap::Command;
use serde_json::{Value, json};
use std::io::Write;

pub(crate) const TOOL: Tool = Tool {
    name: "maintain",
    kafka_name: None,
    aliases: &[],
    about: "Delete and compact what is due, and clear away what is left over",
    kafka_about: KafkaAbout::NONE,
    command,
    parse_errors: Failure::as_misuse,
    argument_errors: Failure::as_misuse,
    run,
};

const EXAMPLES: &str = "\
Done is, in this order:
  - leftovers of deleted topics and of processes that died are removed
  - committed offsets of groups that nobody is in are deleted after offsets.retention.minutes
  - transactional ids that nobody uses are forgotten after transactional.id.expiration.ms
  - of topics with cleanup.policy delete, segments go that are beyond retention.ms or retention.bytes: the times of their
    records count, so that records which were written with old dates go at once
  - topics with cleanup.policy compact are compacted where min.cleanable.dirty.ratio or max.compaction.lag.ms say so; as
    in Kafka never the segment that is being written to

Who writes does the last two for the partitions whose segments he closes. Readers and producers go on meanwhile, and it may
be killed at any time.

Examples:
  Every night:
    0 3 * * *  kt maintain --data-dir /srv/kt
  What would be done:
    kt maintain --dry-run --verbose
  Two topics:
    kt maintain --topic 'orders,users'

Exit status: 0, 1 if something could not be done, 2 for a wrong command line.";

fn command() -> Command {
    let table = options::table("maintain", TOOL.about)
        .arg(valued("topic", "REGEX", "Only topics whose whole name matches; commas mean 'or'"))
        .arg(flag("dry-run", "Only find out what there is to do"))
        .arg(flag("verbose", "Say what is done, as on a terminal"))
        .arg(valued("output", "FORMAT", "text or json [default: text]"));
    options::target(table).after_help(EXAMPLES)
}

fn run(context: &mut Context, parsed: &Parsed) -> Result<Status, Failure> {
    if let Some(word) = parsed.words().first() {
        return Err(Failure::misuse(format!("unexpected argument '{}'", word.to_string_lossy())));
    }
    let as_json = match parsed.text("output")?.as_deref() {
        None | Some("text") => false,
        Some(name) if Format::by_name(name) == Some(Format::Json) => true,
        Some(name) => {
            return Err(Failure::misuse(format!("unknown output format '{name}': it is text or json")));
        }
    };
    let filter =
        parsed.text("topic")?.map(|text| TopicFilter::new(&text)).transpose().map_err(Failure::misuse)?;
    command_config(parsed)?;
    let dry_run = parsed.has("dry-run");
    let says = parsed.has("verbose") || context.terminals.stdout;
    let connection = context.connect(parsed)?;
    let is_wanted = |name: &str| filter.as_ref().is_none_or(|filter| filter.matches(name));
    let topics: Option<&dyn Fn(&str) -> bool> = filter.as_ref().map(|_| &is_wanted as &dyn Fn(&str) -> bool);
    let mut done = Vec::new();
    let mut failures = Vec::new();
    let mut broken = None;
    connection.maintain(&Wanted { topics, dry_run }, &mut |outcome| {
        match outcome {
            Outcome::Done(deed) if as_json => done.push(value(&deed)),
            Outcome::Done(deed) if says && broken.is_none() => {
                // Told at once: it may take a while. That nobody reads it is no reason to end.
                let written = writeln!(context.stdout, "{}", text(&deed, dry_run));
                broken = written.and_then(|()| context.stdout.flush()).err();
            }
            Outcome::Done(_) => {}
            Outcome::Failed { what, error } => failures.push((what, error.message)),
        }
        Ok(())
    })?;
    if as_json {
        let failed = |(what, error): &(String, String)| json!({"what": what, "error": error});
        let failed: Vec<Value> = failures.iter().map(failed).collect();
        let report = json!({"dryRun": dry_run, "done": done, "failed": failed});
        context.stdout.write_all(json_pretty(&report)?.as_bytes())?;
    }
    for (what, error) in &failures {
        context.log(&format!("{what}: {error}"))?;
    }
    if let Some(error) = broken {
        return Err(error.into());
    }
    Ok(if failures.is_empty() { Status::SUCCESS } else { Status::FAILURE })
}

fn text(deed: &Deed, dry_run: bool) -> String {
    let verb = |done: &'static str, would: &'static str| if dry_run { would } else { done };
    match deed {
        Deed::Deleted { partition, segments, bytes, start } => format!(
            "{partition}: {} {} of {bytes} bytes; the log {} at offset {start}",
            verb("deleted", "would delete"),
            count(*segments, "segment"),
            verb("begins", "would begin"),
        ),
        Deed::Compacted {
            partition,
            end,
            bytes_before,
            bytes_after: Some(bytes),
            records: Some((before, after)),
        } => {
            format!(
                "{partition}: compacted up to offset {end}: {bytes_before} bytes to {bytes}, {} to {after}",
                count(*before, "record")
            )
        }
        Deed::Compacted { partition, end, bytes_before, .. } => {
            format!("{partition}: would compact {bytes_before} bytes up to offset {end}")
        }
        Deed::Tidied { partition } => format!("{partition}: finished what a process had left undone"),
        Deed::ExpiredOffsets { group, offsets } => {
            format!("group {group}: {} {}", verb("forgot", "would forget"), count(*offsets, "offset"))
        }
        Deed::ExpiredTransactionalId { id } => {
            format!("transactional id {id}: {}", verb("forgotten", "would be forgotten"))
        }
        Deed::Removed { name } => format!("{name}: {}", verb("removed", "would be removed")),
        Deed::SetAside { name, now } => {
            format!("{name}: of no topic, {} {now}", verb("renamed", "would be renamed"))
        }
    }
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn value(deed: &Deed) -> Value {
    match deed {
        Deed::Deleted { partition, segments, bytes, start } => json!({
            "action": "delete", "topic": partition.topic, "partition": partition.partition.0,
            "segments": segments, "bytes": bytes, "startOffset": start.get(),
        }),
        Deed::Compacted { partition, end, bytes_before, bytes_after, records } => json!({
            "action": "compact", "topic": partition.topic, "partition": partition.partition.0,
            "endOffset": end.get(), "bytesBefore": bytes_before, "bytesAfter": bytes_after,
            "recordsBefore": records.map(|(before, _)| before), "recordsAfter": records.map(|(_, after)| after),
        }),
        Deed::Tidied { partition } => json!({
            "action": "tidy", "topic": partition.topic, "partition": partition.partition.0,
        }),
        Deed::ExpiredOffsets { group, offsets } => {
            json!({"action": "expireOffsets", "group": group, "offsets": offsets})
        }
        Deed::ExpiredTransactionalId { id } => {
            json!({"action": "expireTransactionalId", "transactionalId": id})
        }
        Deed::Removed { name } => json!({"action": "remove", "name": name}),
        Deed::SetAside { name, now } => json!({"action": "setAside", "name": name, "newName": now}),
    }
}
