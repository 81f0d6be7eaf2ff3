//! `Authorizer`: the decision of Kafka's StandardAuthorizer. A denial counts before any permission; what nobody is permitted is
//! denied, but for resources without any entry where the policy says otherwise.

use super::index::{AclIndex, Rule};
use crate::types::acl::{AclOperation, AclPermission, ResourceType, WILDCARD};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The principal of an entry that is about everyone. A wildcard of another type than `User` is only a name.
const EVERYONE: &str = "User:*";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    Denied,
}

/// What is decided by no entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// The principals that may do everything (`super.users`), with their types: `User:admin`.
    pub(crate) super_users: BTreeSet<String>,
    /// Whether resources that no entry is about are open to all (`allow.everyone.if.no.acl.found`).
    pub(crate) open_without_entries: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// Type and name, `User:alice`.
    pub(crate) principal: &'a str,
    /// The address that the connection comes from, as text, without a port.
    pub(crate) host: &'a str,
}

/// Decides by the entries of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Authorizer {
    entries: Arc<AclIndex>,
    policy: Arc<Policy>,
}

impl Authorizer {
    pub(crate) fn new(entries: Arc<AclIndex>, policy: Arc<Policy>) -> Authorizer {
        Authorizer { entries, policy }
    }

    /// Whether `subject` may do `operation` to the resource of this type and name.
    pub(crate) fn decide(
        &self,
        subject: Subject<'_>,
        operation: AclOperation,
        resource_type: ResourceType,
        name: &str,
    ) -> Decision {
        if self.policy.super_users.contains(subject.principal) {
            return Decision::Allowed;
        }
        let mut decision = None;
        let mut is_open = self.policy.open_without_entries;
        for rule in self.entries.about(resource_type, name) {
            is_open = false;
            if !concerns(rule, subject) {
                continue;
            }
            match rule.permission {
                AclPermission::Deny if covers(rule.operation, operation) => return Decision::Denied,
                AclPermission::Allow if implies(rule.operation, operation) => {
                    decision = Some(Decision::Allowed);
                }
                _ => {}
            }
        }
        match decision {
            Some(decision) => decision,
            None if is_open => Decision::Allowed,
            None => Decision::Denied,
        }
    }

    /// Whether there may be a resource of this type to which `subject` may do `operation`: what is asked of one who does not
    /// say yet with which he will work (an idempotent producer).
    pub(crate) fn decide_by_type(
        &self,
        subject: Subject<'_>,
        operation: AclOperation,
        resource_type: ResourceType,
    ) -> Decision {
        // A name that no sensible entry is about: what is decided for it is decided for resources in general.
        if self.decide(subject, operation, resource_type, "hardcode") == Decision::Allowed {
            return Decision::Allowed;
        }
        let Some(rules) = self.entries.of_type(resource_type) else { return Decision::Denied };
        let says = |permission: AclPermission| {
            move |(_, rules): &(&String, &Vec<Rule>)| {
                rules.iter().any(|rule| {
                    rule.permission == permission
                        && concerns(rule, subject)
                        && covers(rule.operation, operation)
                })
            }
        };
        let names = |(name, _)| -> &String { name };
        let denied: BTreeSet<&String> =
            rules.literal.iter().filter(says(AclPermission::Deny)).map(names).collect();
        if denied.contains(&WILDCARD.to_owned()) {
            return Decision::Denied;
        }
        let denied_prefixes: BTreeSet<&str> =
            rules.prefixed.iter().filter(says(AclPermission::Deny)).map(|(name, _)| name.as_str()).collect();
        let is_cut_off = |name: &str| {
            let ends = name.char_indices().map(|(at, c)| at + c.len_utf8());
            ends.filter_map(|end| name.get(..end)).any(|beginning| denied_prefixes.contains(beginning))
        };
        let mut literal = rules.literal.iter().filter(says(AclPermission::Allow)).map(names);
        let mut prefixed = rules.prefixed.iter().filter(says(AclPermission::Allow)).map(names);
        let is_allowed = literal.any(|name| name == WILDCARD || !(denied.contains(name) || is_cut_off(name)))
            || prefixed.any(|name| !is_cut_off(name));
        if is_allowed { Decision::Allowed } else { Decision::Denied }
    }
}

fn concerns(rule: &Rule, subject: Subject<'_>) -> bool {
    (rule.principal == subject.principal || rule.principal == EVERYONE)
        && (rule.host == WILDCARD || rule.host == subject.host)
}

fn covers(named: AclOperation, asked: AclOperation) -> bool {
    named == AclOperation::All || named == asked
}

/// Whether who may do `permitted` may also do `asked`. Denials imply nothing.
fn implies(permitted: AclOperation, asked: AclOperation) -> bool {
    use AclOperation::{Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
    covers(permitted, asked)
        || match asked {
            Describe => matches!(permitted, Read | Write | Delete | Alter),
            DescribeConfigs => permitted == AlterConfigs,
            _ => false,
        }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
