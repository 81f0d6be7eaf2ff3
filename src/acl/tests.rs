//! Tables of decisions.

use super::*;
use crate::types::acl::{AclBinding, PatternType, ResourcePattern};
use AclOperation::{Alter, AlterConfigs, Delete, Describe, DescribeConfigs, Read, Write};
use Decision::{Allowed, Denied};

/// `allow|deny PRINCIPAL HOST OPERATION NAME`, the name of a topic, with `...` at its end a prefix.
fn binding(line: &str) -> AclBinding {
    let words: Vec<&str> = line.split(' ').collect();
    let [permission, principal, host, operation, name] = words[..] else { panic!("{line}") };
    let prefix = name.strip_suffix("...");
    AclBinding {
        pattern: ResourcePattern {
            resource_type: ResourceType::Topic,
            name: prefix.unwrap_or(name).to_owned(),
            pattern_type: if prefix.is_some() { PatternType::Prefixed } else { PatternType::Literal },
        },
        principal: principal.to_owned(),
        host: host.to_owned(),
        operation: *AclOperation::ALL.iter().find(|known| known.name() == operation).unwrap(),
        permission: if permission == "deny" { AclPermission::Deny } else { AclPermission::Allow },
    }
}

fn authorizer(lines: &[&str], policy: Policy) -> Authorizer {
    let entries = AclIndex::new(lines.iter().map(|line| binding(line)));
    Authorizer::new(Arc::new(entries), Arc::new(policy))
}

const ALICE: Subject<'static> = Subject { principal: "User:alice", host: "10.0.0.1" };

#[test]
fn decisions_are_those_of_the_standard_authorizer() {
    let one: &[(&[&str], AclOperation, &str, Decision)] = &[
        (&[], Read, "demo", Denied),
        (&["allow User:alice * READ demo"], Read, "demo", Allowed),
        (&["allow User:alice * READ demo"], Write, "demo", Denied),
        (&["allow User:alice * READ demo"], Read, "demo2", Denied),
        (&["allow User:bob * READ demo"], Read, "demo", Denied),
        (&["allow User:* * READ demo"], Read, "demo", Allowed),
        (&["allow Group:* * READ demo"], Read, "demo", Denied),
        (&["allow User:alice 10.0.0.1 READ demo"], Read, "demo", Allowed),
        (&["allow User:alice 10.0.0.2 READ demo"], Read, "demo", Denied),
        (&["allow User:alice * ALL demo"], AlterConfigs, "demo", Allowed),
        (&["allow User:alice * READ *"], Read, "demo", Allowed),
        (&["allow User:alice * READ de..."], Read, "demo", Allowed),
        (&["allow User:alice * READ demo2..."], Read, "demo", Denied),
        (&["allow User:alice * READ de...", "deny User:alice * READ demo"], Read, "demo", Denied),
        (&["deny User:* * ALL d...", "allow User:alice * READ demo"], Read, "demo", Denied),
        (&["deny User:alice 10.0.0.2 ALL *", "allow User:alice * READ demo"], Read, "demo", Allowed),
        (&["allow User:alice * READ demo"], Describe, "demo", Allowed),
        (&["allow User:alice * WRITE demo"], Describe, "demo", Allowed),
        (&["allow User:alice * DELETE demo"], Describe, "demo", Allowed),
        (&["allow User:alice * ALTER demo"], Describe, "demo", Allowed),
        (&["allow User:alice * CREATE demo"], Describe, "demo", Denied),
        (&["allow User:alice * ALTER_CONFIGS demo"], DescribeConfigs, "demo", Allowed),
        (&["allow User:alice * ALTER_CONFIGS demo"], Describe, "demo", Denied),
        (&["allow User:alice * ALTER demo"], Delete, "demo", Denied),
        (&["allow User:alice * DESCRIBE demo", "deny User:alice * READ demo"], Describe, "demo", Allowed),
        (&["allow User:alice * READ demo", "deny User:alice * DESCRIBE demo"], Read, "demo", Allowed),
        (&["allow User:alice * READ demo", "deny User:alice * DESCRIBE demo"], Describe, "demo", Denied),
        (&["allow User:alice * READ demo", "deny User:alice * ALL demo"], Alter, "demo", Denied),
    ];
    for (entries, operation, name, decision) in one {
        let authorizer = authorizer(entries, Policy::default());
        let decided = authorizer.decide(ALICE, *operation, ResourceType::Topic, name);
        assert_eq!(decided, *decision, "{operation:?} {name} with {entries:?}");
    }
}

#[test]
fn entries_of_another_resource_type_say_nothing() {
    let authorizer = authorizer(&["allow User:alice * READ demo"], Policy::default());
    assert_eq!(authorizer.decide(ALICE, Read, ResourceType::Group, "demo"), Denied);
}

#[test]
fn super_users_may_do_what_is_denied() {
    let policy = Policy { super_users: ["User:alice".to_owned()].into(), open_without_entries: false };
    let authorizer = authorizer(&["deny User:* * ALL *"], policy);
    assert_eq!(authorizer.decide(ALICE, Alter, ResourceType::Topic, "demo"), Allowed);
    assert_eq!(authorizer.decide_by_type(ALICE, Write, ResourceType::Topic), Allowed);
    let bob = Subject { principal: "User:bob", host: "10.0.0.1" };
    assert_eq!(authorizer.decide(bob, Alter, ResourceType::Topic, "demo"), Denied);
}

#[test]
fn without_entries_a_resource_is_open_if_the_policy_says_so() {
    let policy = Policy { super_users: BTreeSet::new(), open_without_entries: true };
    let authorizer = authorizer(&["allow User:bob * READ demo"], policy);
    assert_eq!(authorizer.decide(ALICE, Write, ResourceType::Topic, "other"), Allowed);
    assert_eq!(authorizer.decide(ALICE, Write, ResourceType::Topic, "demo"), Denied);
}

#[test]
fn by_type_any_resource_that_is_not_denied_suffices() {
    let one: &[(&[&str], Decision)] = &[
        (&[], Denied),
        (&["allow User:alice * WRITE demo"], Allowed),
        (&["allow User:alice * READ demo"], Denied),
        (&["allow User:alice * ALL demo"], Allowed),
        (&["allow User:alice * WRITE de..."], Allowed),
        (&["allow User:alice * WRITE *"], Allowed),
        (&["allow User:alice * WRITE demo", "deny User:alice * WRITE demo"], Denied),
        (&["allow User:alice * WRITE demo", "deny User:alice * WRITE de..."], Denied),
        (&["allow User:alice * WRITE de...", "deny User:alice * WRITE demo"], Allowed),
        (&["allow User:alice * WRITE de...", "deny User:alice * ALL d..."], Denied),
        (&["allow User:alice * WRITE demo", "deny User:* * WRITE *"], Denied),
        (&["allow User:alice * WRITE demo", "deny User:bob * WRITE *"], Allowed),
        (&["allow User:alice * WRITE demo", "deny User:alice * READ demo"], Allowed),
    ];
    for (entries, decision) in one {
        let authorizer = authorizer(entries, Policy::default());
        let decided = authorizer.decide_by_type(ALICE, Write, ResourceType::Topic);
        assert_eq!(decided, *decision, "{entries:?}");
    }
}
