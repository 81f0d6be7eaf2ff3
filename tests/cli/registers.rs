//! The two registers. Under a Kafka program's name kt is that program, quirks included; as `kt TOOL` notes and errors go
//! to standard error, and no failure exits with 0.

use crate::support::Kt;

#[test]
fn an_error_goes_where_the_name_says() {
    let kt = Kt::new();
    kt.run("topics --create --topic demo").shows("Created topic demo.\n");
    kt.named("kafka-topics.sh")
        .env("KT_OFFLINE", "1")
        .run("--bootstrap-server localhost:9092 --create --topic demo")
        .shows("Error while executing topic command : Topic 'demo' already exists.\n? 1\n");
    let streams = kt.run("topics --create --topic demo").failure(1);
    assert_eq!(streams.text(), "");
    assert!(streams.errors().starts_with("kt: "), "{}", streams.errors());
    assert!(streams.errors().contains("Topic 'demo' already exists."), "{}", streams.errors());
}

#[test]
fn an_unknown_group_is_a_failure_only_for_kt() {
    let kt = Kt::new();
    kt.run("topics --create --topic demo").shows("Created topic demo.\n");
    let as_kafka = kt
        .named("kafka-consumer-groups.sh")
        .env("KT_OFFLINE", "1")
        .run("--bootstrap-server localhost:9092 --describe --group nobody");
    assert_eq!(as_kafka.status(), 0, "{as_kafka}");
    let streams = kt.run("groups --describe --group nobody").failure(1);
    assert!(streams.errors().contains("Group nobody not found."), "{}", streams.errors());
    assert_eq!(streams.text(), "");
}

#[test]
fn a_warning_stays_out_of_the_data() {
    let kt = Kt::new();
    let output = kt.run("topics --create --topic a.b");
    assert_eq!(output.lines(), ["Created topic a.b."]);
    assert!(output.failure(0).errors().contains("could collide"));
}

#[test]
fn every_name_of_a_tool_works() {
    let kt = Kt::new();
    kt.run("kafka-topics --create --topic names").shows("Created topic names.\n");
    kt.stdin("one\n").run("console-producer --topic names").shows("");
    kt.stdin("two\n").run("kafka-console-producer.sh --topic names").shows("");
    let consumed = kt.run("console-consumer --topic names --partition 0 --offset earliest --max-messages 2");
    assert_eq!(consumed.success().lines(), ["one", "two"]);
    assert_eq!(kt.run("consumer-groups --list").success().lines(), Vec::<String>::new());
}

#[test]
fn the_directory_is_chosen_by_option_then_environment() {
    let kt = Kt::new();
    kt.run("topics --create --topic here").shows("Created topic here.\n");
    kt.run("topics --data-dir other --create --topic there").shows("Created topic there.\n");
    kt.run("--data-dir other topics --list").shows("there\n");
    kt.run("topics --bootstrap-server ./other --list").shows("there\n");
    kt.run("topics --bootstrap-server localhost:9092 --list").failure(1);
    kt.invocation()
        .env("KT_OFFLINE", "1")
        .run("topics --bootstrap-server localhost:9092 --list")
        .shows("here\n");
}

#[test]
fn help_is_for_everybody() {
    let kt = Kt::new();
    let overview = kt.run("--help").success().text();
    for tool in ["topics", "produce", "consume", "groups", "get-offsets", "dump-log"] {
        assert!(overview.contains(tool), "kt --help names {tool}:\n{overview}");
        let page = kt.run(format!("{tool} --help")).success().text();
        assert!(page.contains("--") && page.to_lowercase().contains("example"), "{tool} --help:\n{page}");
    }
    assert!(!kt.data().exists(), "help makes no data directory");
    assert_eq!(kt.run("no-such-tool").status(), 2);
    assert_eq!(kt.invocation().run("").status(), 2);
    assert!(kt.run("--version").success().text().starts_with("kt "));
}
