//! `--describe`, with its reports.

use super::options::executing;
use super::request::{self, REPORTS};
use super::run::{admin, refused};
use super::view::{Elr, PartitionView, TopicView, partition_csv, partition_table, topic_table};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::{Admin, ConfigEntry, ConfigResource, ConfigSource};
use crate::output::{Format, Made, in_hash_map_order, json_pretty};
use crate::types::Uuid;
use crate::types::config::topic_configs;
use std::io::Write;

/// The buckets of the map in which a broker gathers a topic's settings.
const CONFIG_BUCKETS: usize = 64;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    if parsed.has("if-exists") && parsed.has("topic") && parsed.has("topic-id") {
        context.note("Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID")?;
    }
    let id = topic_id(parsed)?;
    let format = context.format(parsed)?;
    let admin = admin(context, parsed)?;
    let names = names(admin.as_ref(), parsed, id)?;
    let topics = views(admin.as_ref(), names)?;
    let elr = if id.is_some() { Elr::NotAsked } else { Elr::Known };
    let report = Report::of(admin.as_ref(), parsed)?;
    let text = render(topics, &report, elr, format)?;
    Ok(context.stdout.write_all(text.as_bytes())?)
}

/// The id of `--topic-id`; the zero id counts as none.
fn topic_id(parsed: &Parsed) -> Result<Option<Uuid>, Failure> {
    let Some(text) = parsed.text("topic-id")? else { return Ok(None) };
    let id = text.trim_end_matches('=').parse::<Uuid>().map_err(|_| executing(bad_id(&text)))?;
    Ok(Some(id).filter(|id| *id != Uuid::ZERO))
}

/// What Java's decoder has against a text that is no id.
fn bad_id(text: &str) -> String {
    const LONGEST: usize = 24;
    if let Some((start, _)) = text.split_at_checked(LONGEST).filter(|(_, rest)| !rest.is_empty()) {
        return format!("Input string with prefix `{start}` is too long to be decoded as a base64 UUID");
    }
    let illegal = text.bytes().find(|byte| !byte.is_ascii_alphanumeric() && !b"-_=".contains(byte));
    if let Some(byte) = illegal {
        return format!("Illegal base64 character {byte:x}");
    }
    let digits = text.trim_end_matches('=').len();
    if digits % 4 == 1 {
        return "Last unit does not have enough valid bits".to_owned();
    }
    let bytes = digits * 6 / 8;
    format!(
        "Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID"
    )
}

/// The topics to be described, in Kafka's order.
fn names(admin: &dyn Admin, parsed: &Parsed, id: Option<Uuid>) -> Result<Vec<String>, Failure> {
    let all = admin.list_topics().map_err(refused)?;
    if let Some(id) = id {
        let found: Vec<String> =
            all.into_iter().filter(|topic| topic.id == id).map(|topic| topic.name).collect();
        if found.is_empty() && !parsed.has("if-exists") {
            return Err(executing(format!("TopicId '{id}' does not exist as expected")));
        }
        return Ok(found);
    }
    let topics = request::selection(parsed)?.of(all);
    request::require_some(parsed, topics.len())?;
    let mut names: Vec<String> = topics.into_iter().map(|topic| topic.name).collect();
    // Kafka's tool asks for them in order; the answers pass through two maps.
    names.sort_unstable();
    for made in [Made::AsCopy, Made::ToMeasure] {
        in_hash_map_order(&mut names, made, |name| name);
    }
    Ok(names)
}

fn views(admin: &dyn Admin, names: Vec<String>) -> Result<Vec<(TopicView, usize)>, Failure> {
    let described = admin.describe_topics(&names);
    let view = |(name, topic): (String, crate::client::Result<_>)| {
        let topic = topic.map_err(refused)?;
        let entries = admin.describe_configs(&ConfigResource::Topic(name)).map_err(refused)?;
        Ok((TopicView::new(topic, overrides(&entries)), min_isr(&entries)))
    };
    names.into_iter().zip(described).map(view).collect()
}

/// The settings that are no defaults, in the order of the map that Kafka answers from.
fn overrides(entries: &[ConfigEntry]) -> Vec<(String, String)> {
    let inserted =
        topic_configs().iter().filter_map(|def| entries.iter().find(|entry| entry.name == def.name));
    let mut set: Vec<&ConfigEntry> = inserted.filter(|entry| entry.source != ConfigSource::Default).collect();
    in_hash_map_order(&mut set, Made::WithBuckets(CONFIG_BUCKETS), |entry| &entry.name);
    set.into_iter().map(|entry| (entry.name.clone(), entry.value.clone().unwrap_or_default())).collect()
}

fn min_isr(entries: &[ConfigEntry]) -> usize {
    let entry = entries.iter().find(|entry| entry.name == "min.insync.replicas");
    entry.and_then(|entry| entry.value.as_deref()?.parse().ok()).unwrap_or(1)
}

/// What is shown.
#[derive(Clone, Debug)]
enum Report {
    Everything,
    /// The first lines of topics that have settings.
    Overrides,
    /// The partitions to which one of these conditions applies.
    Partitions {
        conditions: Vec<&'static str>,
        alive: Vec<i32>,
    },
}

impl Report {
    fn of(admin: &dyn Admin, parsed: &Parsed) -> Result<Report, Failure> {
        let conditions = parsed.which(&REPORTS);
        if parsed.has("topics-with-overrides") {
            return Ok(Report::Overrides);
        } else if conditions.is_empty() {
            return Ok(Report::Everything);
        }
        let nodes = admin.describe_cluster().map_err(refused)?.nodes;
        Ok(Report::Partitions { conditions, alive: nodes.into_iter().map(|node| node.id.0).collect() })
    }

    fn applies_to(&self, partition: &PartitionView, min_isr: usize) -> bool {
        let Report::Partitions { conditions, alive } = self else { return true };
        conditions.iter().any(|condition| match *condition {
            "under-replicated-partitions" => partition.isr.len() < partition.replicas.len(),
            "under-min-isr-partitions" => partition.isr.len() < min_isr,
            "at-min-isr-partitions" => partition.isr.len() == min_isr,
            _ => partition.leader.is_none_or(|leader| !alive.contains(&leader)),
        })
    }

    /// The topic with the partitions that are shown, unless nothing of it is.
    fn narrow(&self, mut view: TopicView, min_isr: usize) -> Option<TopicView> {
        view.partitions.retain(|partition| self.applies_to(partition, min_isr));
        let shown = match self {
            Report::Everything => true,
            Report::Overrides => !view.configs.is_empty(),
            Report::Partitions { .. } => !view.partitions.is_empty(),
        };
        shown.then_some(view)
    }
}

fn render(
    topics: Vec<(TopicView, usize)>,
    report: &Report,
    elr: Elr,
    format: Format,
) -> Result<String, Failure> {
    let views: Vec<TopicView> =
        topics.into_iter().filter_map(|(view, min_isr)| report.narrow(view, min_isr)).collect();
    Ok(match (format, report) {
        (Format::Text, Report::Overrides) => views.iter().map(TopicView::heading).collect(),
        (Format::Text, Report::Partitions { .. }) => {
            views.iter().map(|view| view.partition_lines(elr)).collect()
        }
        (Format::Text, Report::Everything) => {
            views.iter().map(|view| view.heading() + &view.partition_lines(elr)).collect()
        }
        (Format::Json, _) => json_pretty(&views)?,
        (Format::Csv, _) => partition_csv(&views),
        (Format::Table, Report::Everything) => {
            format!("{}\n{}", topic_table(&views), partition_table(&views))
        }
        (Format::Table, Report::Overrides) => topic_table(&views),
        (Format::Table, Report::Partitions { .. }) => partition_table(&views),
    })
}
