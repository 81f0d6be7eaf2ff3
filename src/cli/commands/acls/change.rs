//! `--add` and `--remove`.

use super::entries::{self, Entry};
use super::request::{Request, Target};
use super::tool::{failed, refused};
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::Admin;
use crate::types::acl::{AclBinding, AclFilter, PatternFilter, ResourcePattern};
use std::collections::BTreeSet;
use std::io::Write;

fn pattern(target: &Target, request: &Request) -> Result<ResourcePattern, Failure> {
    let PatternFilter::Of(pattern_type) = target.pattern else {
        let given = match request.pattern {
            PatternFilter::Any => "ANY",
            _ => "MATCH",
        };
        return Err(Failure::usage(format!(
            "A '--resource-pattern-type' value of '{given}' is not valid when adding acls."
        )));
    };
    Ok(ResourcePattern { resource_type: target.resource_type, name: target.name.clone(), pattern_type })
}

fn entry_of(binding: &AclBinding) -> Entry {
    Entry {
        principal: binding.principal.clone(),
        host: binding.host.clone(),
        operation: binding.operation,
        permission: binding.permission,
    }
}

pub(super) fn add(
    context: &mut Context,
    admin: &dyn Admin,
    parsed: &Parsed,
    request: &Request,
) -> Result<(), Failure> {
    if let Some(target) = request.targets.iter().next() {
        pattern(target, request)?;
    }
    let wanted = entries::read(parsed, request)?;
    if wanted.values().any(BTreeSet::is_empty) {
        return Err(Failure::usage(
            "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.",
        ));
    }
    for (target, entries) in &wanted {
        let pattern = pattern(target, request)?;
        let present: BTreeSet<Entry> =
            admin.describe_acls(&target.filter()).map_err(refused)?.iter().map(entry_of).collect();
        for known in entries.intersection(&present) {
            writeln!(context.stdout, "Acl (pattern={target}, entry={known}) already exists.")?;
        }
        let new: Vec<&Entry> = entries.difference(&present).collect();
        if new.is_empty() {
            continue;
        }
        let lines: Vec<String> = new.iter().map(|entry| format!("\t{entry}\n")).collect();
        writeln!(context.stdout, "Adding ACLs for resource `{target}`: \n {}", lines.concat())?;
        let binding = |entry: &&Entry| AclBinding {
            pattern: pattern.clone(),
            principal: entry.principal.clone(),
            host: entry.host.clone(),
            operation: entry.operation,
            permission: entry.permission,
        };
        let bindings: Vec<AclBinding> = new.iter().map(binding).collect();
        for outcome in admin.create_acls(&bindings).map_err(refused)? {
            outcome.map_err(refused)?;
        }
    }
    Ok(())
}

pub(super) fn remove(
    context: &mut Context,
    admin: &dyn Admin,
    parsed: &Parsed,
    request: &Request,
) -> Result<(), Failure> {
    for (target, entries) in &entries::read(parsed, request)? {
        let question = if entries.is_empty() {
            format!("Are you sure you want to delete all ACLs for resource filter `{target}`? (y/n)")
        } else {
            let lines: Vec<String> = entries.iter().map(|entry| format!("\t{entry}\n")).collect();
            format!(
                "Are you sure you want to remove ACLs: \n {} from resource filter `{target}`? (y/n)",
                lines.concat()
            )
        };
        if !confirmed(context, parsed, &question)? {
            continue;
        }
        let filters: Vec<AclFilter> = match entries.is_empty() {
            true => vec![target.filter()],
            false => entries.iter().map(|entry| filter(target, entry)).collect(),
        };
        admin.delete_acls(&filters).map_err(refused)?;
    }
    Ok(())
}

fn filter(target: &Target, entry: &Entry) -> AclFilter {
    AclFilter {
        principal: Some(entry.principal.clone()),
        host: Some(entry.host.clone()),
        operation: Some(entry.operation),
        permission: Some(entry.permission),
        ..target.filter()
    }
}

/// Whether a person says yes. Kafka's tool fails where there is none to ask.
fn confirmed(context: &mut Context, parsed: &Parsed, question: &str) -> Result<bool, Failure> {
    if parsed.has("force") {
        return Ok(true);
    }
    context.note(question)?;
    context.stdout.flush()?;
    if context.is_kafka() && !context.terminals.stdin {
        let why = "Cannot invoke \"java.io.Console.readLine()\" because the return value of \"java.lang.System.console()\" is null";
        return Err(failed("java.lang.NullPointerException", why));
    }
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}
