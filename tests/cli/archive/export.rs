//! Which records are exported, and how.

use super::odd::{lines, odd};
use crate::support::{Kt, wait_until};

#[test]
fn every_part_of_a_record_has_its_place_in_the_line() {
    let kt = odd();
    let lines_of_odd: Vec<String> =
        lines(&kt, "--topic odd").iter().map(|line| line.replace('\u{2028}', "<LS>")).collect();
    assert_eq!(
        lines_of_odd,
        [
            r#"{"topic":"odd","partition":0,"offset":0,"timestamp":0,"timestampType":"CreateTime","key":null,"value":null,"headers":[]}"#,
            r#"{"topic":"odd","partition":0,"offset":1,"timestamp":-1,"timestampType":"CreateTime","key":"","value":"","headers":[{"key":"","value":""}]}"#,
            r#"{"topic":"odd","partition":0,"offset":2,"timestamp":-62135596800000,"timestampType":"CreateTime","key":"old","value":"v","headers":[{"keyBase64":"/w==","value":"x"}]}"#,
            r#"{"topic":"odd","partition":1,"offset":0,"timestamp":1700000000000,"timestampType":"CreateTime","key":"k\u0000\"\\","value":"line\nline\ttab <LS> ü","headers":[{"key":"h","value":"1"},{"key":"h","value":"2"},{"key":"n","value":null},{"key":"b","base64":"/w=="}]}"#,
            r#"{"topic":"odd","partition":1,"offset":1,"timestamp":5,"timestampType":"LogAppendTime","keyBase64":"//4A","valueBase64":"gA==","headers":[]}"#,
            r#"{"topic":"odd","partition":1,"offset":2,"timestamp":9,"timestampType":"LogAppendTime","key":"later","value":"v","headers":[]}"#,
        ]
    );
    assert_eq!(
        lines(&kt, "--topic odd --partitions 1 --with-configs").first().unwrap(),
        r#"{"topic":"odd","partitions":2,"configs":{"max.message.bytes":"2000000","retention.ms":"-1"}}"#
    );
}

/// The values of an export.
fn values(kt: &Kt, options: &str) -> String {
    let lines = lines(kt, options);
    let value =
        |line: &String| line.split("\"value\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    lines.iter().map(value).collect::<Vec<_>>().join(" ")
}

#[test]
fn ranges_are_offsets_times_groups_and_partitions() {
    let kt = Kt::new();
    let line = |n: i32| {
        format!("{{\"topic\":\"t\",\"partition\":{},\"timestamp\":{},\"value\":\"{n}\"}}\n", n % 2, n * 1000)
    };
    let input: String = (0..10).map(line).collect();
    kt.stdin(input).run("import").shows("2> Imported a total of 10 records\n");
    for (options, expected) in [
        ("--topic t", "0 2 4 6 8 1 3 5 7 9"),
        ("--topic t --partitions 1", "1 3 5 7 9"),
        ("--topic t --from 3", "6 8 7 9"),
        ("--topic t --from 1 --until 2", "2 3"),
        ("--topic t --from @4500 --until @8000", "6 5 7"),
        ("--topic t --from @1970-01-01T00:00:08Z", "8 9"),
        ("--topic t --from @99000", ""),
        ("--topic t --from latest", ""),
        ("--topic t --from 99", ""),
        ("--topic t --until 99", "0 2 4 6 8 1 3 5 7 9"),
        ("--topic t --until earliest", ""),
        ("--topic t --until -30m --from -7d", ""),
        ("--topic [st] --topic t", "0 2 4 6 8 1 3 5 7 9"),
    ] {
        assert_eq!(values(&kt, options), expected, "{options}");
    }
    // A batch that is cut in two, compressed or not.
    kt.stdin("a\nb\nc\nd\n").run("produce --topic z --compression-codec zstd").shows("");
    assert_eq!(values(&kt, "--topic z --from 1 --until 3"), "b c");
    kt.run("consume --topic t --group g --from-beginning --partition 0 --max-messages 1").failure(1);
    kt.run("groups --reset-offsets --group g --topic t:0 --to-offset 4 --execute").success_with_notes();
    assert_eq!(values(&kt, "--topic t --group g"), "8 1 3 5 7 9");
    kt.run("delete-records --offset-json-file missing").failure(1);
}

#[test]
fn what_can_not_be_meant_is_refused() {
    let kt = odd();
    for (options, status, why) in [
        ("", 2, "name the topics"),
        ("--topic nothing", 1, "no topic matches 'nothing'"),
        ("--topic odd --partitions 2", 1, "topic 'odd' has no partition 2"),
        ("--topic odd --from soon", 2, "--from 'soon' is no position"),
        ("--topic odd --format xml", 2, "the format 'xml' is neither jsonl nor binary"),
        ("--topic odd --resume", 2, "name it with --output"),
        ("--topic odd --group nobody", 1, "Group nobody not found."),
        ("--topic odd --output missing/file", 1, "can't write 'missing/file': No such file"),
        ("--topic odd odd", 2, "'odd' is not expected"),
        ("--nothing", 2, "nothing is not a recognized option"),
    ] {
        let errors = kt.run(format!("export {options}")).failure(status).errors();
        assert!(errors.contains(why), "{options}: {errors}");
    }
}

#[test]
fn records_of_open_and_aborted_transactions_are_left_out() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic t").shows("");
    let producer = kt.start(
        "producer-perf-test --topic t --num-records 100000 --record-size 5 --throughput 50 --transactional-id x \
         --transaction-duration-ms 600000",
    );
    wait_until("an open transaction", || kt.end("t", 0) > 1);
    kt.stdin("two\n").run("produce --topic t").shows("");
    let output = kt.run("export --topic t").success_with_notes();
    assert_eq!(output.lines().len(), 1);
    let note = "kt: t-0: an open transaction begins at offset 1; the records behind it are left out";
    assert!(output.errors().contains(note), "{}", output.errors());
    assert!(lines(&kt, "--topic t --isolation-level read_uncommitted").len() > 2);
    producer.kill();
    let _ = producer.finish();
    kt.run("transactions forceTerminateTransaction --transactionalId x").shows("");
    assert_eq!(values(&kt, "--topic t"), "one two");
    kt.run("copy --topic t --to u").shows("2> Copied a total of 2 records\n");
    assert_eq!(kt.records("u", 0, ""), ["one", "two"]);
    kt.run("export --topic t --format binary --output f").success_with_notes();
    kt.run("import f --topic v").shows("2> Imported a total of 2 records\n");
    assert_eq!(kt.records("v", 0, ""), ["one", "two"]);
}

#[test]
fn a_pipe_whose_reader_leaves_ends_the_export_quietly() {
    let kt = Kt::new();
    let input: String = (0..20_000).map(|n| format!("{n} {}\n", "x".repeat(100))).collect();
    kt.stdin(input).run("produce --topic t").shows("");
    let output = kt.bash("set -o pipefail; \"$KT\" export --topic t | head -n 1 | wc -l");
    assert_eq!(output.success_with_notes().text().trim(), "1");
}
