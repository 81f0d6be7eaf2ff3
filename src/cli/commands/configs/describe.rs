//! `--describe` of topics, brokers, groups and client metrics.

use super::alter::check_topic_name;
use super::entity::EntityType;
use super::options::refused;
use super::request::Request;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::client::{self, Admin, ConfigEntry, ConfigResource, ConfigSource, ConfiguredKind};
use crate::output::{Align, Format, Made, csv_line, in_hash_map_order, json_pretty, table};
use crate::types::ErrorCode;
use serde::Serialize;
use std::io::Write;

pub(super) fn run(
    context: &mut Context,
    admin: &dyn Admin,
    request: &Request,
    all: bool,
    format: Format,
) -> Result<Status, Failure> {
    let names = match request.name() {
        Some(name) => {
            if !all && !exists(context, admin, request.kind, name)? {
                return missing(context, request.kind, name);
            }
            vec![name.to_owned()]
        }
        None => listed(context, admin, request.kind)?,
    };
    let mut rows = Vec::new();
    for name in names {
        if format == Format::Text {
            writeln!(context.stdout, "{}", heading(request.kind, &name, all))?;
        }
        let source = dynamic_source(request.kind, &name);
        for entry in entries(context, admin, request.kind, &name)? {
            if !all && entry.source != source {
                continue;
            }
            match format {
                Format::Text => writeln!(context.stdout, "{}", line(&entry))?,
                _ => rows.push(Row::new(request.kind, &name, entry)),
            }
        }
    }
    if format != Format::Text {
        context.stdout.write_all(render(&rows, format)?.as_bytes())?;
    }
    Ok(Status::SUCCESS)
}

fn heading(kind: EntityType, name: &str, all: bool) -> String {
    let which = if all { "All" } else { "Dynamic" };
    match name {
        "" => format!("Default configs for {} in the cluster are:", kind.name()),
        name => format!("{which} configs for {} {name} are:", kind.singular()),
    }
}

fn or_null(value: Option<&str>) -> &str {
    value.unwrap_or("null")
}

/// Kafka's line of a setting.
fn line(entry: &ConfigEntry) -> String {
    let synonyms = entry.synonyms.iter().map(|synonym| {
        format!("{}:{}={}", synonym.source.name(), synonym.name, or_null(synonym.value.as_deref()))
    });
    format!(
        "  {}={} sensitive={} synonyms={{{}}}",
        entry.name,
        or_null(entry.value.as_deref()),
        entry.sensitive,
        synonyms.collect::<Vec<_>>().join(", ")
    )
}

/// The entity as the Admin calls name it.
pub(super) fn resource(kind: EntityType, name: &str) -> ConfigResource {
    let name = name.to_owned();
    match kind {
        EntityType::Brokers => ConfigResource::Broker(name),
        EntityType::Groups => ConfigResource::Group(name),
        EntityType::ClientMetrics => ConfigResource::ClientMetrics(name),
        EntityType::BrokerLoggers => ConfigResource::BrokerLogger(name),
        _ => ConfigResource::Topic(name),
    }
}

/// The source of settings that are the entity's own.
pub(super) fn dynamic_source(kind: EntityType, name: &str) -> ConfigSource {
    match kind {
        EntityType::Brokers if name.is_empty() => ConfigSource::DynamicDefaultBroker,
        EntityType::Brokers => ConfigSource::DynamicBroker,
        EntityType::Groups => ConfigSource::DynamicGroup,
        EntityType::ClientMetrics => ConfigSource::DynamicClientMetrics,
        EntityType::BrokerLoggers => ConfigSource::DynamicBrokerLogger,
        _ => ConfigSource::DynamicTopic,
    }
}

/// Every setting of the entity, sorted by name.
pub(super) fn entries(
    context: &Context,
    admin: &dyn Admin,
    kind: EntityType,
    name: &str,
) -> Result<Vec<ConfigEntry>, Failure> {
    admin.describe_configs(&resource(kind, name)).map_err(|error| {
        // A broker answers this one without a word.
        if error.code == ErrorCode::UnknownTopicOrPartition && context.is_kafka() {
            return refused(context, client::Error::new(error.code, ""));
        }
        refused(context, error)
    })
}

fn brokers(context: &Context, admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let cluster = admin.describe_cluster().map_err(|error| refused(context, error))?;
    Ok(cluster.nodes.iter().map(|node| node.id.to_string()).collect())
}

fn topics(context: &Context, admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let topics = admin.list_topics().map_err(|error| refused(context, error))?;
    Ok(topics.into_iter().map(|topic| topic.name).collect())
}

fn configured(context: &Context, admin: &dyn Admin, kind: ConfiguredKind) -> Result<Vec<String>, Failure> {
    admin.list_configured(kind).map_err(|error| refused(context, error))
}

/// Groups that there are, and those that only have settings.
fn groups(context: &Context, admin: &dyn Admin) -> Result<Vec<String>, Failure> {
    let mut names = configured(context, admin, ConfiguredKind::Group)?;
    let listed = admin.list_groups().map_err(|error| refused(context, error))?;
    names.extend(listed.into_iter().map(|listing| listing.group));
    names.sort();
    names.dedup();
    Ok(names)
}

fn exists(context: &Context, admin: &dyn Admin, kind: EntityType, name: &str) -> Result<bool, Failure> {
    let names = match kind {
        EntityType::Topics => {
            check_topic_name(name)?;
            topics(context, admin)?
        }
        EntityType::ClientMetrics => configured(context, admin, ConfiguredKind::ClientMetrics)?,
        EntityType::Groups => groups(context, admin)?,
        _ if name.is_empty() => return Ok(true),
        _ => brokers(context, admin)?,
    };
    Ok(names.iter().any(|known| known == name))
}

/// Kafka tells it on standard output and is content.
fn missing(context: &mut Context, kind: EntityType, name: &str) -> Result<Status, Failure> {
    let message = format!("The {} '{name}' doesn't exist and doesn't have dynamic config.", kind.singular());
    if context.is_kafka() {
        writeln!(context.stdout, "{message}")?;
        return Ok(Status::SUCCESS);
    }
    Err(Failure::plain(message))
}

/// Every entity of the type, in Kafka's order.
fn listed(context: &Context, admin: &dyn Admin, kind: EntityType) -> Result<Vec<String>, Failure> {
    Ok(match kind {
        EntityType::Brokers => {
            let mut names = brokers(context, admin)?;
            names.push(String::new());
            names
        }
        EntityType::ClientMetrics => configured(context, admin, ConfiguredKind::ClientMetrics)?,
        EntityType::Groups => groups(context, admin)?,
        _ => {
            let mut names = topics(context, admin)?;
            for made in [Made::AsCopy, Made::ToGrow] {
                in_hash_map_order(&mut names, made, |name| name);
            }
            names
        }
    })
}

/// A setting in a listing.
#[derive(Clone, Debug, Serialize)]
struct Row {
    entity_type: &'static str,
    /// Empty for the default of a type.
    entity: String,
    name: String,
    value: Option<String>,
    source: &'static str,
    sensitive: bool,
}

impl Row {
    fn new(kind: EntityType, entity: &str, entry: ConfigEntry) -> Row {
        Row {
            entity_type: kind.singular(),
            entity: entity.to_owned(),
            name: entry.name,
            value: entry.value,
            source: entry.source.name(),
            sensitive: entry.sensitive,
        }
    }

    fn cells(&self) -> Vec<String> {
        let value = self.value.clone().unwrap_or_default();
        vec![self.entity.clone(), self.name.clone(), value, self.source.to_owned()]
    }
}

fn render(rows: &[Row], format: Format) -> Result<String, Failure> {
    Ok(match format {
        Format::Json => json_pretty(&rows)?,
        Format::Csv => {
            let header = csv_line(&["entity", "name", "value", "source"]);
            rows.iter().fold(header, |text, row| text + &csv_line(&row.cells()))
        }
        Format::Text | Format::Table => {
            let header = ["ENTITY", "NAME", "VALUE", "SOURCE"].map(|name| (name, Align::Left));
            table(&header, &rows.iter().map(Row::cells).collect::<Vec<_>>())
        }
    })
}
