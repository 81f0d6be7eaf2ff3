//! `AclIndex`: entries by the resources that they are about. An entry that applies to a name is found by looking up the name,
//! the wildcard, and the name's beginnings of those lengths that some prefix has: a decision costs the same with ten entries
//! and with ten thousand, unless they are about the same resource.

use crate::types::acl::{AclBinding, AclOperation, AclPermission, PatternType, ResourceType, WILDCARD};
use std::collections::{BTreeSet, HashMap};

/// What an entry says of the resources under which it is kept.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) principal: String,
    pub(super) host: String,
    pub(super) operation: AclOperation,
    pub(super) permission: AclPermission,
}

/// The entries of one resource type, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) literal: HashMap<String, Vec<Rule>>,
    pub(super) prefixed: HashMap<String, Vec<Rule>>,
    /// The lengths in bytes that prefixes have.
    prefix_lengths: BTreeSet<usize>,
}

impl Rules {
    fn add(&mut self, binding: AclBinding) {
        let AclBinding { pattern, principal, host, operation, permission } = binding;
        let names = match pattern.pattern_type {
            PatternType::Literal => &mut self.literal,
            PatternType::Prefixed => {
                self.prefix_lengths.insert(pattern.name.len());
                &mut self.prefixed
            }
        };
        names.entry(pattern.name).or_default().push(Rule { principal, host, operation, permission });
    }

    /// Every rule about the resource of this name.
    fn about<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Rule> {
        let wildcard = (name != WILDCARD).then_some(WILDCARD);
        let literal = [Some(name), wildcard].into_iter().flatten().filter_map(|name| self.literal.get(name));
        let beginnings = self.prefix_lengths.range(..=name.len()).filter_map(|&length| name.get(..length));
        let prefixed = beginnings.filter_map(|beginning| self.prefixed.get(beginning));
        literal.chain(prefixed).flatten()
    }
}

/// The access control entries of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct AclIndex {
    by_type: HashMap<ResourceType, Rules>,
}

impl AclIndex {
    pub(crate) fn new(bindings: impl IntoIterator<Item = AclBinding>) -> AclIndex {
        let mut index = AclIndex::default();
        for binding in bindings {
            index.by_type.entry(binding.pattern.resource_type).or_default().add(binding);
        }
        index
    }

    pub(super) fn of_type(&self, resource_type: ResourceType) -> Option<&Rules> {
        self.by_type.get(&resource_type)
    }

    /// Every rule about one resource.
    pub(super) fn about<'a>(
        &'a self,
        resource_type: ResourceType,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Rule> {
        self.of_type(resource_type).into_iter().flat_map(move |rules| rules.about(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::acl::{AclFilter, PatternFilter, ResourcePattern};

    fn binding(name: &str, pattern_type: PatternType, principal: usize) -> AclBinding {
        AclBinding {
            pattern: ResourcePattern {
                resource_type: ResourceType::Topic,
                name: name.to_owned(),
                pattern_type,
            },
            principal: format!("User:{principal}"),
            host: WILDCARD.to_owned(),
            operation: AclOperation::All,
            permission: AclPermission::Allow,
        }
    }

    #[test]
    fn the_rules_about_a_name_are_those_that_a_matching_filter_finds() {
        let names = ["*", "", "a", "ab", "abc", "b", "ü", "üb", "x.y"];
        let mut bindings = Vec::new();
        for (number, name) in names.iter().enumerate() {
            bindings.push(binding(name, PatternType::Literal, number));
            bindings.push(binding(name, PatternType::Prefixed, 100 + number));
        }
        let index = AclIndex::new(bindings.clone());
        for name in ["*", "a", "abcd", "übung", "\u{fb}", "x", "x.y.z", "unheard-of"] {
            let filter = AclFilter {
                name: Some(name.to_owned()),
                pattern_type: PatternFilter::Match,
                ..AclFilter::default()
            };
            let matching = bindings.iter().filter(|binding| filter.matches(binding));
            let mut expected: Vec<&str> = matching.map(|binding| binding.principal.as_str()).collect();
            let mut found: Vec<&str> =
                index.about(ResourceType::Topic, name).map(|rule| rule.principal.as_str()).collect();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{name:?}");
        }
        assert_eq!(index.about(ResourceType::Group, "a").count(), 0);
    }
}
