//! `--list`.

use super::request;
use super::run::{admin, refused};
use super::view::TopicView;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::Admin;
use crate::output::{Align, Format, csv_line, json_pretty, table};
use serde::Serialize;
use std::io::Write;

pub(super) fn run(context: &mut Context, parsed: &Parsed) -> Result<(), Failure> {
    let selection = request::selection(parsed)?;
    let format = context.format(parsed)?;
    let admin = admin(context, parsed)?;
    let topics = selection.of(admin.list_topics().map_err(refused)?);
    let names: Vec<String> = topics.into_iter().map(|topic| topic.name).collect();
    let text = match format {
        // Kafka prints an empty line where there is no topic; a list of nothing is nothing for everybody else.
        Format::Text if names.is_empty() && !context.is_kafka() => String::new(),
        Format::Text => names.join("\n") + "\n",
        other => render(&rows(admin.as_ref(), &names)?, other)?,
    };
    Ok(context.stdout.write_all(text.as_bytes())?)
}

/// A topic in a listing.
#[derive(Clone, Debug, Serialize)]
struct Row {
    topic: String,
    topic_id: String,
    partitions: usize,
    replication_factor: usize,
    internal: bool,
}

fn rows(admin: &dyn Admin, names: &[String]) -> Result<Vec<Row>, Failure> {
    let described = admin.describe_topics(names);
    // A topic that was deleted since it was listed is simply not there any more.
    let present = described.into_iter().flatten().map(|topic| {
        let internal = topic.internal;
        let view = TopicView::new(topic, Vec::new());
        Row {
            partitions: view.partitions.len(),
            replication_factor: view.replication_factor,
            topic: view.topic,
            topic_id: view.topic_id,
            internal,
        }
    });
    Ok(present.collect())
}

fn render(rows: &[Row], format: Format) -> Result<String, Failure> {
    let cells = |row: &Row| {
        vec![
            row.topic.clone(),
            row.partitions.to_string(),
            row.replication_factor.to_string(),
            row.topic_id.clone(),
        ]
    };
    Ok(match format {
        Format::Json => json_pretty(&rows)?,
        Format::Csv => {
            let header = csv_line(&["topic", "partitions", "replication_factor", "topic_id"]);
            rows.iter().fold(header, |text, row| text + &csv_line(&cells(row)))
        }
        Format::Text | Format::Table => {
            let header = [
                ("TOPIC", Align::Left),
                ("PARTITIONS", Align::Right),
                ("REPLICAS", Align::Right),
                ("ID", Align::Left),
            ];
            table(&header, &rows.iter().map(cells).collect::<Vec<_>>())
        }
    })
}
