//! `kt acls`. Kafka's tool lists entries in the order of a hash table that differs from run to run, so its transcripts can't be
//! compared; kt sorts them.

use crate::support::Kt;

const ALICE: &str = "acls --add --allow-principal User:alice --producer --topic orders";

#[test]
fn entries_are_added_once_listed_and_taken_away() {
    let kt = Kt::new();
    kt.run(ALICE).shows(concat!(
        "Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)`: \n",
        " \t(principal=User:alice, host=*, operation=WRITE, permissionType=ALLOW)\n",
        "\t(principal=User:alice, host=*, operation=CREATE, permissionType=ALLOW)\n",
        "\t(principal=User:alice, host=*, operation=DESCRIBE, permissionType=ALLOW)\n\n",
    ));
    let again = kt.run("acls --add --allow-principal User:alice --operation write --topic orders");
    again.shows(concat!(
        "Acl (pattern=ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL), ",
        "entry=(principal=User:alice, host=*, operation=WRITE, permissionType=ALLOW)) already exists.\n",
    ));
    let denied = "acls --add --deny-principal User:* --deny-host 10.0.0.1 --topic ord --resource-pattern-type prefixed";
    kt.run(denied).success();
    kt.run("acls --list --topic orders --resource-pattern-type match").shows(concat!(
        "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=ord, patternType=PREFIXED)`:\n",
        "\t(principal=User:*, host=10.0.0.1, operation=ALL, permissionType=DENY)\n\n",
        "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)`:\n",
        "\t(principal=User:alice, host=*, operation=WRITE, permissionType=ALLOW)\n",
        "\t(principal=User:alice, host=*, operation=CREATE, permissionType=ALLOW)\n",
        "\t(principal=User:alice, host=*, operation=DESCRIBE, permissionType=ALLOW)\n\n",
    ));
    kt.run("acls --remove --topic orders --allow-principal User:alice --operation Create --force").shows("");
    kt.run("acls --remove --topic ord --resource-pattern-type prefixed --force").shows("");
    kt.run("acls --list --principal User:alice").shows(concat!(
        "ACLs for principal `User:alice`\n",
        "Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)`:\n",
        "\t(principal=User:alice, host=*, operation=WRITE, permissionType=ALLOW)\n",
        "\t(principal=User:alice, host=*, operation=DESCRIBE, permissionType=ALLOW)\n\n",
    ));
}

#[test]
fn a_question_is_asked_before_entries_go() {
    let kt = Kt::new();
    kt.run(ALICE).success();
    kt.stdin("n\n").run("acls --remove --topic orders").success_with_notes();
    assert!(kt.run("acls --list").success().text().contains("User:alice"));
    let notes = kt.stdin("y\n").run("acls --remove --topic orders").success_with_notes().errors();
    assert!(notes.starts_with("Are you sure you want to delete all ACLs for resource filter `"), "{notes}");
    kt.run("acls --list").shows("");
}

#[test]
fn what_does_not_go_together_is_refused_in_kafkas_words() {
    let kt = Kt::new();
    for (line, words) in [
        ("--topic a", "Command must include exactly one action: --list, --add, --remove. "),
        ("--add --allow-principal User:a", "You must provide at least one resource: --topic <topic>"),
        (
            "--add --topic a",
            "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.",
        ),
        ("--list --producer", "Option \"[list]\" can't be used with option \"[producer]\""),
        (
            "--add --allow-principal User:a --operation Alter --transactional-id i",
            "ResourceType TRANSACTIONAL_ID only supports operations [ALL, WRITE, DESCRIBE, TWO_PHASE_COMMIT]",
        ),
        (
            "--add --allow-principal User:a --topic a --resource-pattern-type any",
            "A '--resource-pattern-type' value of 'ANY' is not valid when adding acls.",
        ),
        (
            "--add --allow-principal a --topic a",
            "expected a string in format principalType:principalName but got a",
        ),
    ] {
        let errors = kt.run(format!("acls {line}")).failure(1).errors();
        assert!(errors.contains(words), "{line}: {errors}");
    }
}

#[test]
fn entries_are_records_that_kafkas_tools_read() {
    let kt = Kt::new();
    kt.run(ALICE).success();
    let log = kt.broker().join("__cluster_metadata-0/00000000000000000000.log");
    let words = ["dump-log", "--cluster-metadata-decoder", "--files", log.to_str().unwrap()];
    let dump = kt.run(words).success().text();
    assert_eq!(dump.matches("\"ACCESS_CONTROL_ENTRY_RECORD\"").count(), 3, "{dump}");
}
