//! What is asked of kafka-acls: the action and the resources, with Kafka's complaints about what doesn't go together.

use super::tool::failed;
use crate::cli::context::Context;
use crate::cli::error::Failure;
use crate::cli::parse::Parsed;
use crate::types::acl::{AclFilter, CLUSTER_RESOURCE, PatternFilter, PatternType, ResourceType};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Remove,
    List,
}

/// Resources that a command line names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) resource_type: ResourceType,
    pub(super) name: String,
    pub(super) pattern: PatternFilter,
}

impl Target {
    /// The entries about these resources.
    pub(super) fn filter(&self) -> AclFilter {
        AclFilter {
            resource_type: Some(self.resource_type),
            name: Some(self.name.clone()),
            pattern_type: self.pattern,
            ..AclFilter::default()
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, pattern) = (self.resource_type.name(), pattern_name(self.pattern));
        write!(f, "ResourcePattern(resourceType={kind}, name={}, patternType={pattern})", self.name)
    }
}

const fn pattern_name(pattern: PatternFilter) -> &'static str {
    match pattern {
        PatternFilter::Any => "ANY",
        PatternFilter::Match => "MATCH",
        PatternFilter::Of(kind) => kind.name(),
    }
}

/// What is asked.
pub(super) struct Request {
    pub(super) action: Action,
    pub(super) pattern: PatternFilter,
    pub(super) targets: BTreeSet<Target>,
}

impl Request {
    pub(super) fn read(context: &Context, parsed: &Parsed) -> Result<Request, Failure> {
        let action = check(context, parsed)?;
        let pattern = pattern(parsed)?;
        let targets = targets(parsed, pattern);
        Ok(Request { action, pattern, targets })
    }

    /// The resources, of which there must be one.
    pub(super) fn named(&self) -> Result<&BTreeSet<Target>, Failure> {
        if self.targets.is_empty() {
            return Err(Failure::usage(
                "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>",
            ));
        }
        Ok(&self.targets)
    }
}

fn check(context: &Context, parsed: &Parsed) -> Result<Action, Failure> {
    match parsed.which(&["bootstrap-server", "bootstrap-controller"]).len() {
        0 if context.is_kafka() && !parsed.has("data-dir") => {
            let message = "One of --bootstrap-server or --bootstrap-controller must be specified";
            return Err(Failure::usage(message));
        }
        2 => {
            let message = "Only one of --bootstrap-server or --bootstrap-controller must be specified";
            return Err(Failure::usage(message));
        }
        _ => {}
    }
    let action = match parsed.which(&["add", "list", "remove"]).as_slice() {
        ["add"] => Action::Add,
        ["list"] => Action::List,
        ["remove"] => Action::Remove,
        _ => {
            let message = "Command must include exactly one action: --list, --add, --remove. ";
            return Err(Failure::usage(message));
        }
    };
    let entries = ["producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"];
    excludes(parsed, "list", &entries)?;
    let free = ["operation", "deny-principal", "deny-host"];
    excludes(parsed, "producer", &free)?;
    excludes(parsed, "consumer", &free)?;
    let refuse = |message: &str| Err(Failure::usage(message));
    if parsed.has("principal") && action != Action::List {
        return refuse("The --principal option is only available if --list is set");
    }
    if parsed.has("producer") && !parsed.has("topic") {
        return refuse("With --producer you must specify a --topic");
    }
    if parsed.has("idempotent") && !parsed.has("producer") {
        return refuse("The --idempotent option is only available if --producer is set");
    }
    let other = !parsed.has("producer") && (parsed.has("cluster") || parsed.has("transactional-id"));
    if parsed.has("consumer") && (!parsed.has("topic") || !parsed.has("group") || other) {
        return refuse(
            "With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.",
        );
    }
    Ok(action)
}

fn excludes(parsed: &Parsed, option: &str, others: &[&str]) -> Result<(), Failure> {
    match parsed.which(others).first() {
        Some(other) if parsed.has(option) => {
            Err(Failure::usage(format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")))
        }
        _ => Ok(()),
    }
}

fn pattern(parsed: &Parsed) -> Result<PatternFilter, Failure> {
    let Some(text) = parsed.text("resource-pattern-type")? else {
        return Ok(PatternFilter::Of(PatternType::Literal));
    };
    match text.to_ascii_lowercase().as_str() {
        "any" => Ok(PatternFilter::Any),
        "match" => Ok(PatternFilter::Match),
        "literal" => Ok(PatternFilter::Of(PatternType::Literal)),
        "prefixed" => Ok(PatternFilter::Of(PatternType::Prefixed)),
        _ => Err(failed(
            "joptsimple.OptionArgumentConversionException",
            format!("Cannot parse argument '{text}' of option resource-pattern-type"),
        )),
    }
}

fn targets(parsed: &Parsed, pattern: PatternFilter) -> BTreeSet<Target> {
    let options = [
        ("topic", ResourceType::Topic),
        ("group", ResourceType::Group),
        ("transactional-id", ResourceType::TransactionalId),
        ("delegation-token", ResourceType::DelegationToken),
        ("user-principal", ResourceType::User),
    ];
    let named = options.into_iter().flat_map(|(option, resource_type)| {
        let target = move |name: String| Target { resource_type, name: name.trim().to_owned(), pattern };
        parsed.texts(option).into_iter().map(target)
    });
    let whole = pattern == PatternFilter::Of(PatternType::Literal)
        && (parsed.has("cluster") || parsed.has("idempotent"));
    named.chain(whole.then(cluster)).collect()
}

/// The cluster itself.
pub(super) fn cluster() -> Target {
    Target {
        resource_type: ResourceType::Cluster,
        name: CLUSTER_RESOURCE.to_owned(),
        pattern: PatternFilter::Of(PatternType::Literal),
    }
}
