//! `kt topics`: what is said on a terminal or to a program, beside Kafka's text.

use crate::support::Kt;

#[test]
fn listings_come_as_json() {
    let kt = Kt::new();
    kt.run("topics --create --topic demo --partitions 2 --config retention.ms=1000")
        .shows("Created topic demo.\n");
    let listed: serde_json::Value =
        serde_json::from_str(&kt.run("topics --list --output json").success().text()).unwrap();
    assert!(listed.to_string().contains("\"demo\""), "{listed}");
    let described = kt.run("topics --describe --output json").success().text();
    let described: serde_json::Value = serde_json::from_str(&described).unwrap();
    for part in ["\"demo\"", "retention.ms", "partitions"] {
        assert!(described.to_string().contains(part), "{part} in {described}");
    }
}

#[test]
fn a_table_can_be_asked_for() {
    let kt = Kt::new();
    kt.run("topics --create --topic demo --partitions 2").shows("Created topic demo.\n");
    let table = kt.run("topics --list --output table").success().text();
    assert!(table.contains("demo") && table != "demo\n", "{table}");
    let plain = kt.run("topics --list --output kafka").success().text();
    assert_eq!(plain, "demo\n");
}

#[test]
fn a_deleted_topic_frees_its_name_at_once() {
    let kt = Kt::new();
    for round in 0..3 {
        kt.run("topics --create --topic again").shows("Created topic again.\n");
        assert_eq!(kt.end("again", 0), 0);
        kt.stdin(format!("round {round}\n")).run("produce --topic again").shows("");
        assert_eq!(kt.records("again", 0, ""), [format!("round {round}")]);
        kt.run("topics --delete --topic again").shows("");
        kt.run("topics --list").shows("");
    }
}
