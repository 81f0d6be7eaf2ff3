//! The entries that a command line spells out: who, from where, what, for each of the resources; the options --producer and
//! --consumer stand for several.

use super::request::{Request, Target, cluster};
use super::tool::failed;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::types::acl::{AclOperation, AclPermission, ResourceType, WILDCARD};
use std::collections::{BTreeMap, BTreeSet};

/// An entry without its resources; displays as Kafka prints it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) principal: String,
    pub(super) host: String,
    pub(super) operation: AclOperation,
    pub(super) permission: AclPermission,
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "(principal={}, host={}, operation={}, permissionType={})",
            self.principal,
            self.host,
            self.operation.name(),
            self.permission.name()
        )
    }
}

/// Entries by the resources that they are about; none for all that there are.
pub(super) type Entries = BTreeMap<Target, BTreeSet<Entry>>;

pub(super) fn read(parsed: &Parsed, request: &Request) -> Result<Entries, Failure> {
    use AclOperation::{Create, Describe, IdempotentWrite, Read, Write};
    let targets = request.named()?;
    let mut entries = Entries::new();
    let mut put = |kind: ResourceType, operations: &[AclOperation]| -> Result<(), Failure> {
        for target in targets.iter().filter(|target| target.resource_type == kind) {
            entries.entry(target.clone()).or_default().extend(of(parsed, operations)?);
        }
        Ok(())
    };
    let (producer, consumer) = (parsed.has("producer"), parsed.has("consumer"));
    if producer {
        put(ResourceType::Topic, &[Write, Describe, Create])?;
        put(ResourceType::TransactionalId, &[Write, Describe])?;
    }
    if consumer {
        put(ResourceType::Topic, &[Read, Describe])?;
        put(ResourceType::Group, &[Read])?;
    }
    if !producer && !consumer {
        let operations = operations(parsed);
        for target in targets {
            let wanted = check_operations(target.resource_type, &operations)?;
            entries.entry(target.clone()).or_default().extend(of(parsed, &wanted)?);
        }
    }
    if parsed.has("idempotent") {
        entries.entry(cluster()).or_default().extend(of(parsed, &[IdempotentWrite])?);
    }
    Ok(entries)
}

/// What is to be allowed or denied; `None` for what Kafka doesn't know.
fn operations(parsed: &Parsed) -> BTreeSet<Option<AclOperation>> {
    let known = |text: &String| {
        let plain =
            |operation: &&AclOperation| operation.name().replace('_', "").eq_ignore_ascii_case(text.trim());
        AclOperation::ALL.iter().find(plain).copied()
    };
    let given = parsed.texts("operation");
    if given.is_empty() {
        return BTreeSet::from([Some(AclOperation::All)]);
    }
    given.iter().map(known).collect()
}

/// Refuses what can't be done to a resource.
fn check_operations(
    resource_type: ResourceType,
    wanted: &BTreeSet<Option<AclOperation>>,
) -> Result<Vec<AclOperation>, Failure> {
    let supported = |operation: &AclOperation| {
        *operation == AclOperation::All || resource_type.operations().contains(operation)
    };
    let good: Vec<AclOperation> = wanted.iter().copied().flatten().filter(supported).collect();
    if good.len() == wanted.len() {
        return Ok(good);
    }
    let names: Vec<&str> =
        AclOperation::ALL.iter().filter(|one| supported(one)).map(|one| one.name()).collect();
    Err(Failure::usage(format!(
        "ResourceType {} only supports operations [{}]",
        resource_type.name(),
        names.join(", ")
    )))
}

/// The entries for operations, of all who are named.
fn of(parsed: &Parsed, operations: &[AclOperation]) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for (permission, who, whence) in [
        (AclPermission::Allow, "allow-principal", "allow-host"),
        (AclPermission::Deny, "deny-principal", "deny-host"),
    ] {
        let principals = principals(parsed, who)?;
        let hosts: BTreeSet<String> =
            parsed.texts(whence).iter().map(|host| host.trim().to_owned()).collect();
        let hosts = if hosts.is_empty() { BTreeSet::from([WILDCARD.to_owned()]) } else { hosts };
        for principal in &principals {
            for host in &hosts {
                entries.extend(operations.iter().map(|&operation| Entry {
                    principal: principal.clone(),
                    host: host.clone(),
                    operation,
                    permission,
                }));
            }
        }
    }
    Ok(entries)
}

/// The principals of an option, which have a type and a name.
pub(super) fn principals(parsed: &Parsed, option: &str) -> Result<BTreeSet<String>, Failure> {
    let read = |text: String| {
        let text = text.trim();
        match text.split_once(':') {
            Some((kind, _)) if !kind.is_empty() => Ok(text.to_owned()),
            _ => Err(failed(
                "java.lang.IllegalArgumentException",
                format!("expected a string in format principalType:principalName but got {text}"),
            )),
        }
    };
    parsed.texts(option).into_iter().map(read).collect()
}
