//! `--alter` of topics, brokers, groups and client metrics.

use super::changes::Changes;
use super::describe::{dynamic_source, entries, resource};
use super::entity::EntityType;
use super::options::refused;
use super::request::Request;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::client::{Admin, AlterConfigOp, ConfigEntry};
use crate::types::TopicName;
use std::io::Write;

pub(super) fn run(
    context: &Context,
    admin: &dyn Admin,
    request: &Request,
    changes: &Changes,
) -> Result<(), Failure> {
    let name = request.name().unwrap_or_default();
    if request.kind == EntityType::Topics {
        check_topic_name(name)?;
    }
    let present = entries(context, admin, request.kind, name)?;
    if request.kind == EntityType::BrokerLoggers {
        check_loggers(&present, changes)?;
    }
    let source = dynamic_source(request.kind, name);
    let is_set = |key: &String| present.iter().any(|entry| entry.name == *key && entry.source == source);
    let missing: Vec<&str> = changes.delete.iter().filter(|key| !is_set(key)).map(String::as_str).collect();
    check_deletable(&missing)?;
    let sets = changes.add.iter().map(|(name, value)| AlterConfigOp::Set(name.clone(), value.clone()));
    let deletes = changes.delete.iter().cloned().map(AlterConfigOp::Delete);
    let ops: Vec<AlterConfigOp> = sets.chain(deletes).collect();
    admin.alter_configs(&resource(request.kind, name), &ops).map_err(|error| refused(context, error))
}

/// Refuses loggers that the broker doesn't have.
fn check_loggers(present: &[ConfigEntry], changes: &Changes) -> Result<(), Failure> {
    let names = changes.add.keys().chain(&changes.delete).map(String::as_str);
    let unknown: Vec<&str> = names.filter(|name| !present.iter().any(|entry| entry.name == *name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::plain(format!("Invalid broker logger(s): {}", unknown.join(","))))
}

/// Refuses to take away what is not there.
pub(super) fn check_deletable(missing: &[&str]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::plain(format!("Invalid config(s): {}", missing.join(","))))
}

pub(super) fn check_topic_name(name: &str) -> Result<(), Failure> {
    match TopicName::new(name) {
        Ok(_) => Ok(()),
        Err(why) => Err(Failure::plain(format!("Topic name is invalid: {why}"))),
    }
}

/// Says that it is done.
pub(super) fn confirm(context: &mut Context, request: &Request) -> Result<(), Failure> {
    let line = match request.name() {
        Some(name) if !name.is_empty() => {
            format!("Completed updating config for {} {name}.", request.kind.singular())
        }
        _ => format!("Completed updating default config for {} in the cluster.", request.kind.name()),
    };
    Ok(writeln!(context.stdout, "{line}")?)
}
