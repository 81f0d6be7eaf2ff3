//! `--describe` and `--alter` of users, clients and addresses: quotas. SCRAM credentials of users are in `scram.rs`.

use super::alter::check_deletable;
use super::changes::Changes;
use super::entity::EntityType;
use super::options::refused;
use super::request::Request;
use super::scram;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Status};
use crate::client::{Admin, QuotaEntity, QuotaEntry, QuotaPart};
use crate::output::{Align, Format, csv_line, json_pretty, table};
use crate::types::java::{double_text, parse_double, trim};
use serde::Serialize;
use std::io::Write;

const CLIENT_QUOTAS: [&str; 4] =
    ["producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"];
const IP_QUOTAS: [&str; 1] = ["connection_creation_rate"];

const fn part(kind: EntityType) -> QuotaPart {
    match kind {
        EntityType::Clients => QuotaPart::ClientId,
        EntityType::Ips => QuotaPart::Ip,
        _ => QuotaPart::User,
    }
}

/// Whether the entity has the parts that were asked for, with their names, and no others.
fn is_meant(request: &Request, entity: &QuotaEntity) -> bool {
    let meant = |(index, kind): (usize, &EntityType)| {
        let found = entity.iter().find(|(of, _)| *of == part(*kind));
        match (found, request.names.get(index)) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some((_, name)), Some(asked)) => name.as_deref().unwrap_or_default() == asked,
        }
    };
    entity.len() == request.types.len() && request.types.iter().enumerate().all(meant)
}

pub(super) fn describe(
    context: &mut Context,
    admin: &dyn Admin,
    request: &Request,
    format: Format,
) -> Result<Status, Failure> {
    let all = admin.describe_quotas().map_err(|error| refused(context, error))?;
    let entries: Vec<QuotaEntry> = all.into_iter().filter(|entry| is_meant(request, &entry.entity)).collect();
    if format != Format::Text {
        context.stdout.write_all(render(&entries, format)?.as_bytes())?;
        return Ok(Status::SUCCESS);
    }
    for entry in entries {
        writeln!(context.stdout, "{}", quota_line(&entry))?;
    }
    let users_alone = request.types == [EntityType::Users] && request.name() != Some("");
    if users_alone {
        for line in scram::lines(context, admin, request.name())? {
            writeln!(context.stdout, "{line}")?;
        }
    }
    Ok(Status::SUCCESS)
}

fn entity_text(entity: &QuotaEntity) -> String {
    let order = [QuotaPart::User, QuotaPart::ClientId, QuotaPart::Ip];
    let parts = order.into_iter().filter_map(|part| {
        let (_, name) = entity.iter().find(|(of, _)| *of == part)?;
        let kind = if part == QuotaPart::User { "user-principal" } else { part.name() };
        Some(match name {
            Some(name) => format!("{kind} '{name}'"),
            None => format!("the default {kind}"),
        })
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn quota_line(entry: &QuotaEntry) -> String {
    let quotas = entry.quotas.iter().map(|(key, value)| format!("{key}={}", double_text(*value)));
    let quotas = quotas.collect::<Vec<_>>().join(", ");
    format!("Quota configs for {} are {quotas}", entity_text(&entry.entity))
}

/// A quota in a listing.
#[derive(Clone, Debug, Serialize)]
struct Row {
    user: Option<String>,
    client_id: Option<String>,
    ip: Option<String>,
    quota: String,
    value: f64,
}

fn rows(entries: &[QuotaEntry]) -> Vec<Row> {
    // A default is shown as such: its part is there, but without a name.
    let name = |entity: &QuotaEntity, part: QuotaPart| {
        let found = entity.iter().find(|(of, _)| *of == part);
        found.map(|(_, name)| name.clone().unwrap_or("<default>".to_owned()))
    };
    let rows = entries.iter().flat_map(|entry| {
        entry.quotas.iter().map(move |(quota, value)| Row {
            user: name(&entry.entity, QuotaPart::User),
            client_id: name(&entry.entity, QuotaPart::ClientId),
            ip: name(&entry.entity, QuotaPart::Ip),
            quota: quota.clone(),
            value: *value,
        })
    });
    rows.collect()
}

fn render(entries: &[QuotaEntry], format: Format) -> Result<String, Failure> {
    let rows = rows(entries);
    let cells = |row: &Row| {
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        vec![text(&row.user), text(&row.client_id), text(&row.ip), row.quota.clone(), double_text(row.value)]
    };
    Ok(match format {
        Format::Json => json_pretty(&rows)?,
        Format::Csv => {
            let header = csv_line(&["user", "client_id", "ip", "quota", "value"]);
            rows.iter().fold(header, |text, row| text + &csv_line(&cells(row)))
        }
        Format::Text | Format::Table => {
            let header = [
                ("USER", Align::Left),
                ("CLIENT-ID", Align::Left),
                ("IP", Align::Left),
                ("QUOTA", Align::Left),
                ("VALUE", Align::Right),
            ];
            table(&header, &rows.iter().map(cells).collect::<Vec<_>>())
        }
    })
}

pub(super) fn alter(
    context: &Context,
    admin: &dyn Admin,
    request: &Request,
    changes: &Changes,
) -> Result<(), Failure> {
    check_names(request, changes)?;
    let is_scram_change =
        changes.add.keys().chain(&changes.delete).filter(|key| scram::is_scram(key)).count();
    if is_scram_change > 0 {
        let all = is_scram_change == changes.add.len() + changes.delete.len();
        return scram::alter(context, admin, request, changes, all);
    }
    let mut ops = Vec::new();
    for (key, text) in &changes.add {
        let value = parse_double(trim(text)).ok_or_else(|| {
            Failure::plain(format!("Cannot parse quota configuration value for {key}: {text}"))
        })?;
        ops.push((key.clone(), Some(value)));
    }
    ops.extend(changes.delete.iter().map(|key| (key.clone(), None)));
    let all = admin.describe_quotas().map_err(|error| refused(context, error))?;
    let present: Vec<QuotaEntry> = all.into_iter().filter(|entry| is_meant(request, &entry.entity)).collect();
    let is_set = |key: &String| present.iter().any(|entry| entry.quotas.iter().any(|(name, _)| name == key));
    let missing: Vec<&str> = changes.delete.iter().filter(|key| !is_set(key)).map(String::as_str).collect();
    check_deletable(&missing)?;
    let entity: QuotaEntity = request
        .types
        .iter()
        .enumerate()
        .map(|(index, kind)| (part(*kind), request.names.get(index).filter(|name| !name.is_empty()).cloned()))
        .collect();
    admin.alter_quotas(&entity, &ops).map_err(|error| refused(context, error))
}

/// Refuses what is no quota; Kafka shows the names as Scala does.
fn check_names(request: &Request, changes: &Changes) -> Result<(), Failure> {
    if request.kind == EntityType::Ips {
        let names = changes.add.keys().chain(&changes.delete).map(String::as_str);
        let unknown: Vec<&str> = names.filter(|name| !IP_QUOTAS.contains(name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        return Err(Failure::plain(format!(
            "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: {}",
            unknown.join(",")
        )));
    }
    let with_client = request.types.contains(&EntityType::Clients);
    let (what, kind) =
        if with_client { ("quota", "clients") } else { ("quota and SCRAM credential", "users") };
    let allowed = |name: &str| CLIENT_QUOTAS.contains(&name) || (!with_client && scram::is_scram(name));
    let refuse = |unknown: Vec<&str>, verb: &str, collection: &str| {
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Failure::plain(format!(
            "Only {what} configs can be {verb} for '{kind}' using --bootstrap-server. \
             Unexpected config names: {collection}({})",
            unknown.join(", ")
        )))
    };
    let added = changes.add.keys().map(String::as_str).filter(|name| !allowed(name));
    refuse(added.collect(), "added", "Set")?;
    let deleted = changes.delete.iter().map(String::as_str).filter(|name| !allowed(name));
    refuse(deleted.collect(), "deleted", "ArrayBuffer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_read_as_kafka_writes_them() {
        let entry = QuotaEntry {
            entity: vec![(QuotaPart::ClientId, None), (QuotaPart::User, Some("alice".to_owned()))],
            quotas: vec![("consumer_byte_rate".to_owned(), 1e7), ("request_percentage".to_owned(), 50.5)],
        };
        assert_eq!(
            quota_line(&entry),
            "Quota configs for user-principal 'alice', the default client-id are consumer_byte_rate=1.0E7, \
             request_percentage=50.5"
        );
        let json = serde_json::to_value(rows(&[entry])).unwrap();
        assert_eq!(json[0]["client_id"], "<default>");
        assert_eq!(json[1]["value"], 50.5);
    }
}
