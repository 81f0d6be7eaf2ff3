//! The nouns of access control: resources, patterns of their names, operations, and the entries that allow or deny them, with
//! the numbers that they have in requests and in the metadata log. Source: KIP-11, KIP-140, KIP-290, KIP-373, KIP-939.

/// The only resource of type [`ResourceType::Cluster`].
pub(crate) const CLUSTER_RESOURCE: &str = "kafka-cluster";

/// The name that stands for every resource of a type, every host, and (after `User:`) every principal.
pub(crate) const WILDCARD: &str = "*";

/// One row a value: its name here, its number, and its name in Kafka's tools.
macro_rules! coded {
    ($(#[$doc:meta])* $type:ident { $($(#[$inner:meta])* $value:ident = $code:literal, $name:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $type {
            $($(#[$inner])* $value,)*
        }

        impl $type {
            #[allow(dead_code, reason = "not every type is looked through")]
            pub(crate) const ALL: &'static [$type] = &[$($type::$value,)*];

            /// Its number in requests and records.
            pub(crate) const fn code(self) -> i8 {
                match self {
                    $($type::$value => $code,)*
                }
            }

            /// `None` for a number that Kafka 4.2 does not know, and for those that only filters use.
            pub(crate) const fn of_code(code: i8) -> Option<$type> {
                match code {
                    $($code => Some($type::$value),)*
                    _ => None,
                }
            }

            /// Kafka's name for it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $($type::$value => $name,)*
                }
            }
        }
    };
}

coded! {
    /// What can be protected.
    ResourceType {
        Topic = 2, "TOPIC";
        Group = 3, "GROUP";
        Cluster = 4, "CLUSTER";
        TransactionalId = 5, "TRANSACTIONAL_ID";
        DelegationToken = 6, "DELEGATION_TOKEN";
        User = 7, "USER";
    }
}

coded! {
    /// How a pattern's name is meant.
    PatternType {
        /// That name, or all where it is `*`.
        Literal = 3, "LITERAL";
        /// Every name that begins so.
        Prefixed = 4, "PREFIXED";
    }
}

coded! {
    /// What is done to a resource.
    AclOperation {
        /// In entries only: whatever it is.
        All = 2, "ALL";
        Read = 3, "READ";
        Write = 4, "WRITE";
        Create = 5, "CREATE";
        Delete = 6, "DELETE";
        Alter = 7, "ALTER";
        Describe = 8, "DESCRIBE";
        ClusterAction = 9, "CLUSTER_ACTION";
        DescribeConfigs = 10, "DESCRIBE_CONFIGS";
        AlterConfigs = 11, "ALTER_CONFIGS";
        IdempotentWrite = 12, "IDEMPOTENT_WRITE";
        CreateTokens = 13, "CREATE_TOKENS";
        DescribeTokens = 14, "DESCRIBE_TOKENS";
        TwoPhaseCommit = 15, "TWO_PHASE_COMMIT";
    }
}

impl ResourceType {
    /// What can be done to resources of the type, besides everything.
    pub(crate) const fn operations(self) -> &'static [AclOperation] {
        use AclOperation::{
            Alter, AlterConfigs, ClusterAction, Create, CreateTokens, Delete, Describe, DescribeConfigs,
            DescribeTokens, IdempotentWrite, Read, TwoPhaseCommit, Write,
        };
        match self {
            ResourceType::Topic => {
                &[Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs]
            }
            ResourceType::Group => &[Read, Delete, Describe, DescribeConfigs, AlterConfigs],
            ResourceType::Cluster => {
                &[Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite]
            }
            ResourceType::TransactionalId => &[Write, Describe, TwoPhaseCommit],
            ResourceType::DelegationToken => &[Describe],
            ResourceType::User => &[CreateTokens, DescribeTokens],
        }
    }
}

coded! {
    AclPermission {
        Deny = 2, "DENY";
        Allow = 3, "ALLOW";
    }
}

/// The resources that an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ResourcePattern {
    pub(crate) resource_type: ResourceType,
    pub(crate) name: String,
    pub(crate) pattern_type: PatternType,
}

/// An access control entry with the resources that it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AclBinding {
    pub(crate) pattern: ResourcePattern,
    /// Type and name, `User:alice`.
    pub(crate) principal: String,
    /// An address, or `*`.
    pub(crate) host: String,
    pub(crate) operation: AclOperation,
    pub(crate) permission: AclPermission,
}

/// Which pattern types a filter asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PatternFilter {
    /// Patterns of either type with this very name.
    #[default]
    Any,
    /// All patterns that apply to a resource of this name.
    Match,
    Of(PatternType),
}

/// A question for entries: what is `None` may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AclFilter {
    pub(crate) resource_type: Option<ResourceType>,
    pub(crate) name: Option<String>,
    pub(crate) pattern_type: PatternFilter,
    pub(crate) principal: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) operation: Option<AclOperation>,
    pub(crate) permission: Option<AclPermission>,
}

/// Whether a value is what a filter wants.
fn fits<T: PartialEq + ?Sized>(wanted: Option<&T>, value: &T) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

impl AclFilter {
    pub(crate) fn matches(&self, binding: &AclBinding) -> bool {
        self.matches_pattern(&binding.pattern)
            && fits(self.principal.as_deref(), &binding.principal)
            && fits(self.host.as_deref(), &binding.host)
            && fits(self.operation.as_ref(), &binding.operation)
            && fits(self.permission.as_ref(), &binding.permission)
    }

    fn matches_pattern(&self, pattern: &ResourcePattern) -> bool {
        if !fits(self.resource_type.as_ref(), &pattern.resource_type) {
            return false;
        }
        if let PatternFilter::Of(wanted) = self.pattern_type
            && wanted != pattern.pattern_type
        {
            return false;
        }
        let Some(name) = &self.name else { return true };
        match (self.pattern_type, pattern.pattern_type) {
            (PatternFilter::Match, PatternType::Literal) => *name == pattern.name || pattern.name == WILDCARD,
            (PatternFilter::Match, PatternType::Prefixed) => name.starts_with(&pattern.name),
            _ => *name == pattern.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(name: &str, pattern_type: PatternType) -> AclBinding {
        AclBinding {
            pattern: ResourcePattern {
                resource_type: ResourceType::Topic,
                name: name.to_owned(),
                pattern_type,
            },
            principal: "User:alice".to_owned(),
            host: WILDCARD.to_owned(),
            operation: AclOperation::Read,
            permission: AclPermission::Allow,
        }
    }

    #[test]
    fn numbers_name_their_values_and_no_others() {
        for operation in AclOperation::ALL {
            assert_eq!(AclOperation::of_code(operation.code()), Some(*operation));
        }
        for code in [-1, 0, 1, 16] {
            assert_eq!(AclOperation::of_code(code), None, "{code}");
        }
        assert_eq!((PatternType::of_code(2), ResourceType::of_code(1)), (None, None));
    }

    #[test]
    fn a_filter_takes_a_name_as_its_pattern_type_says() {
        use PatternFilter::{Any, Match, Of};
        use PatternType::{Literal, Prefixed};
        for (wanted, name, pattern, pattern_type, fits) in [
            (Any, Some("demo"), "demo", Literal, true),
            (Any, Some("demo"), "demo", Prefixed, true),
            (Any, Some("demo"), "de", Prefixed, false),
            (Any, Some("demo"), "*", Literal, false),
            (Any, None, "x", Prefixed, true),
            (Match, Some("demo"), "de", Prefixed, true),
            (Match, Some("demo"), "demo-1", Prefixed, false),
            (Match, Some("demo"), "*", Literal, true),
            (Match, Some("demo"), "dem", Literal, false),
            (Of(Literal), Some("demo"), "demo", Literal, true),
            (Of(Literal), Some("demo"), "*", Literal, false),
            (Of(Literal), None, "*", Literal, true),
            (Of(Prefixed), Some("demo"), "de", Prefixed, false),
            (Of(Prefixed), Some("de"), "de", Prefixed, true),
            (Of(Prefixed), None, "de", Literal, false),
        ] {
            let filter =
                AclFilter { name: name.map(str::to_owned), pattern_type: wanted, ..AclFilter::default() };
            let binding = binding(pattern, pattern_type);
            assert_eq!(filter.matches(&binding), fits, "{wanted:?} {name:?} {pattern} {pattern_type:?}");
        }
    }

    #[test]
    fn every_part_of_a_filter_counts() {
        let binding = binding("demo", PatternType::Literal);
        let whole = AclFilter {
            resource_type: Some(ResourceType::Topic),
            name: Some("demo".to_owned()),
            pattern_type: PatternFilter::Any,
            principal: Some("User:alice".to_owned()),
            host: Some("*".to_owned()),
            operation: Some(AclOperation::Read),
            permission: Some(AclPermission::Allow),
        };
        assert!(whole.matches(&binding));
        let other = || Some("other".to_owned());
        for wrong in [
            AclFilter { resource_type: Some(ResourceType::Group), ..whole.clone() },
            AclFilter { principal: other(), ..whole.clone() },
            AclFilter { host: other(), ..whole.clone() },
            AclFilter { operation: Some(AclOperation::All), ..whole.clone() },
            AclFilter { permission: Some(AclPermission::Deny), ..whole.clone() },
        ] {
            assert!(!wrong.matches(&binding), "{wrong:?}");
        }
    }
}
