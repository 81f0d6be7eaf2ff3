//! `kt maintain`: what it says of what it does.

use crate::support::Kt;

const SMALL: &str = "--config internal.segment.bytes=300";
const KEYED: &str = "--reader-property parse.key=true --reader-property key.separator=:";

/// A compacted topic with a closed segment that nobody has cleaned yet, and one whose records are to go.
fn neglected() -> Kt {
    let kt = Kt::new();
    let never = "--config cleanup.policy=compact --config min.cleanable.dirty.ratio=1";
    kt.run(format!("topics --create --topic kv {never} {SMALL}")).success();
    kt.run(format!("topics --create --topic old --config retention.ms=-1 {SMALL}")).success();
    for line in 0..8 {
        kt.stdin(format!("k{}:value {line}\n", line % 2))
            .run(format!("produce --topic kv {KEYED}"))
            .success();
        kt.stdin(format!("record {line}\n")).run("produce --topic old").success();
    }
    kt.run("configs --alter --topic kv --add-config min.cleanable.dirty.ratio=0").success_with_notes();
    kt.run("configs --alter --topic old --add-config retention.bytes=300").success_with_notes();
    kt
}

#[test]
fn a_dry_run_says_what_the_real_one_does() {
    let kt = neglected();
    kt.run("maintain").shows("");
    let kt = neglected();
    kt.run("maintain --dry-run --verbose").shows(
        "kv-0: would compact 462 bytes up to offset 6\n\
         old-0: would delete 1 segment of 228 bytes; the log would begin at offset 3",
    );
    kt.run("maintain --verbose --topic o.*")
        .shows("old-0: deleted 1 segment of 228 bytes; the log begins at offset 3");
    kt.run("maintain --verbose").shows("kv-0: compacted up to offset 6: 462 bytes to 154, 6 records to 2");
    kt.run("maintain --verbose").shows("");
    assert_eq!(kt.records("kv", 0, ""), ["value 4", "value 5", "value 6", "value 7"]);
    assert_eq!(
        kt.run("consume --topic old --from-beginning --max-messages 1").success().lines(),
        ["record 3"]
    );
}

#[test]
fn a_program_reads_it_as_json() {
    let kt = neglected();
    let report: serde_json::Value =
        serde_json::from_str(&kt.run("maintain --output json").success().text()).unwrap();
    assert_eq!(report["dryRun"], false);
    assert_eq!(report["failed"].as_array().unwrap().len(), 0);
    let done = report["done"].as_array().unwrap();
    let said = |of: usize, what: &str| done[of][what].clone();
    assert_eq!(
        (said(0, "action"), said(0, "topic"), said(0, "recordsAfter")),
        ("compact".into(), "kv".into(), 2.into())
    );
    assert_eq!(
        (said(1, "action"), said(1, "segments"), said(1, "startOffset")),
        ("delete".into(), 1.into(), 3.into())
    );
}

#[test]
fn what_cannot_be_done_is_told_and_the_rest_goes_on() {
    let kt = neglected();
    let log = kt.broker().join("kv-0/00000000000000000000.log");
    let mut bytes = std::fs::read(&log).unwrap();
    // In the offset of the second batch, which its checksum doesn't cover.
    bytes[80] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    let told = kt.run("maintain").failure(1).errors();
    assert!(told.starts_with("kt: kv-0: ") && told.contains("is damaged at position 77"), "{told}");
    assert_eq!(
        kt.run("consume --topic old --from-beginning --max-messages 1").success().lines(),
        ["record 3"]
    );
}

#[test]
fn a_wrong_command_line_is_refused() {
    let kt = Kt::new();
    for (line, told) in [
        ("maintain everything", "2> kt: unexpected argument 'everything'\n? 2"),
        ("maintain --output csv", "2> kt: unknown output format 'csv': it is text or json\n? 2"),
        ("maintain --topic (", "2> kt: ( is an invalid regex.\n? 2"),
    ] {
        kt.run(line).shows(told);
    }
}
