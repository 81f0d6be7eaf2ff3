//! `--list`.

use super::entries;
use super::request::Request;
use super::tool::refused;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::client::Admin;
use crate::types::acl::{AclBinding, AclFilter, ResourcePattern};
use std::collections::BTreeSet;
use std::io::Write;

pub(super) fn run(
    context: &mut Context,
    admin: &dyn Admin,
    parsed: &Parsed,
    request: &Request,
) -> Result<(), Failure> {
    let mut found: BTreeSet<AclBinding> = BTreeSet::new();
    if request.targets.is_empty() {
        found.extend(admin.describe_acls(&AclFilter::default()).map_err(refused)?);
    }
    for target in &request.targets {
        found.extend(admin.describe_acls(&target.filter()).map_err(refused)?);
    }
    let principals = entries::principals(parsed, "principal")?;
    if principals.is_empty() {
        return Ok(context.stdout.write_all(listing(found.iter()).as_bytes())?);
    }
    for principal in &principals {
        writeln!(context.stdout, "ACLs for principal `{principal}`")?;
        let own = found.iter().filter(|binding| binding.principal == *principal);
        context.stdout.write_all(listing(own).as_bytes())?;
    }
    Ok(())
}

/// Sorted entries by their resources; Kafka lists them in the order of a hash table.
fn listing<'a>(bindings: impl Iterator<Item = &'a AclBinding>) -> String {
    let mut text = String::new();
    let mut last: Option<&ResourcePattern> = None;
    for binding in bindings {
        let pattern = &binding.pattern;
        if last != Some(pattern) {
            if last.is_some() {
                text.push('\n');
            }
            text += &format!(
                "Current ACLs for resource `ResourcePattern(resourceType={}, name={}, patternType={})`:\n",
                pattern.resource_type.name(),
                pattern.name,
                pattern.pattern_type.name()
            );
            last = Some(pattern);
        }
        text += &format!(
            "\t(principal={}, host={}, operation={}, permissionType={})\n",
            binding.principal,
            binding.host,
            binding.operation.name(),
            binding.permission.name()
        );
    }
    if last.is_some() {
        text.push('\n');
    }
    text
}
