//! `kt share-consume` and `kt share-groups`.

use crate::support::Kt;

/// A directory with three records that the group `g` reads from the beginning.
fn directory() -> Kt {
    let kt = Kt::new();
    kt.run("topics --create --topic tasks").shows("Created topic tasks.\n");
    kt.run(
        "configs --alter --entity-type groups --entity-name g --add-config share.auto.offset.reset=earliest",
    )
    .shows("Completed updating config for group g.\n");
    kt.stdin("a\nb\nc\n").run("produce --topic tasks").shows("");
    kt
}

const SHOW: &str = "--formatter-property print.offset=true --formatter-property print.delivery=true";

#[test]
fn what_is_accepted_released_and_rejected_shows() {
    let kt = directory();
    let consume = |options: &str| {
        let command = format!("share-consume --topic tasks --group g --timeout-ms 2000 {SHOW} {options}");
        kt.run(command).success().lines()
    };
    assert_eq!(consume("--max-messages 1"), ["Offset:0\tDelivery:1\ta"]);
    assert_eq!(consume("--max-messages 1 --release"), ["Offset:1\tDelivery:2\tb"]);
    assert_eq!(consume("--max-messages 1 --reject"), ["Offset:1\tDelivery:3\tb"]);
    kt.run("share-groups --describe --group g").shows(
        "\nGROUP           TOPIC           PARTITION  START-OFFSET  LAG\n\
         g               tasks           0          2             1\n",
    );
    assert_eq!(consume("--max-messages 5"), ["Offset:2\tDelivery:4\tc"]);
}

#[test]
fn a_record_that_cannot_be_printed_is_rejected_where_asked_for() {
    let kt = directory();
    let long =
        "--formatter-property value.deserializer=org.apache.kafka.common.serialization.LongDeserializer";
    let consume = format!("share-consume --topic tasks --group g --timeout-ms 500 {long}");
    let refused = kt.run(consume.as_str()).failure(1);
    assert!(refused.errors().contains("kt: record 1: the value can't be read"), "{}", refused.errors());
    assert!(refused.errors().contains("Processed a total of 1 messages"));
    let rejected = kt.run(format!("{consume} --reject-message-on-error")).success_with_notes();
    assert_eq!(rejected.errors().matches("rejected").count(), 3, "{}", rejected.errors());
    kt.run("share-consume --topic tasks --group g --timeout-ms 100")
        .shows("2> Processed a total of 0 messages\n");
}

#[test]
fn listings_have_forms_for_programs() {
    let kt = directory();
    kt.run("share-consume --topic tasks --group g --max-messages 3 --timeout-ms 2000")
        .shows("a\nb\nc\n2> Processed a total of 3 messages\n");
    kt.run("share-groups --list --output csv").shows("group,state\ng,Empty\n");
    let json = kt.run("share-groups --describe --group g --output json").success().text();
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&rows[0]["topic"], &rows[0]["lag"]), (&"tasks".into(), &0.into()), "{json}");
    let json = kt.run("share-groups --describe --group g --state --output json").success_with_notes().text();
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&rows[0]["state"], &rows[0]["members"]), (&"Empty".into(), &0.into()), "{json}");
}

#[test]
fn failures_have_a_status_in_kts_own_register() {
    let kt = directory();
    let consumer = kt.start("share-consume --topic tasks --group g");
    consumer.wait_for_lines(3);
    for (command, words) in [
        (
            "share-groups --delete --group g --group x",
            "group 'g' was not deleted: Share group 'g' is not EMPTY.",
        ),
        ("share-groups --delete-offsets --group g --topic tasks", "The group is not empty."),
        (
            "share-groups --reset-offsets --group g --topic tasks --to-latest --execute",
            "Share group 'g' is not empty.",
        ),
        ("share-groups --describe --group x", "Group x not found."),
        ("share-groups --list --state bogus", "Invalid state list 'bogus'."),
        ("share-consume --group g", "--topic is a required argument"),
        ("share-consume --topic tasks --group g --command-property group.protocol=consumer", "cannot be set"),
    ] {
        let failed = kt.run(command).failure(1);
        assert!(failed.errors().contains(words), "{command}: {}", failed.errors());
    }
    consumer.interrupt();
    assert_eq!(consumer.finish().interrupted().lines(), ["a", "b", "c"]);
    kt.run("consume --topic tasks --group other --from-beginning --max-messages 3").success();
    let failed = kt.run("share-consume --topic tasks --group other --timeout-ms 500").failure(1);
    assert!(failed.errors().contains("Group other is not a share group."), "{}", failed.errors());
    let failed = kt.run("groups --describe --group g").failure(1);
    assert!(failed.errors().contains("Group g is not a consumer group."), "{}", failed.errors());
}

#[test]
fn what_nobody_reads_is_not_accepted() {
    let kt = directory();
    let large: String = (0..30).map(|_| "x".repeat(100_000) + "\n").collect();
    kt.stdin(large).run("produce --topic tasks").shows("");
    // head takes three lines and goes; what the pipe still holds reaches nobody.
    let taken = kt.bash("$KT share-consume --topic tasks --group g 2>/dev/null | head -n 3");
    assert_eq!(taken.success().lines(), ["a", "b", "c"]);
    let again =
        kt.run("share-consume --topic tasks --group g --max-messages 33 --timeout-ms 20000").success();
    assert_eq!(again.lines().iter().filter(|line| line.len() == 100_000).count(), 30);
}
