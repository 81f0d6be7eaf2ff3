//! Commands that fail: again and again, for a while, or by taking too long.

use super::jobs::{committed, finish_at, lines_of, with_jobs, worker};
use crate::support::Kt;

const SOON: [&str; 2] = ["--retry-backoff", "1"];

#[test]
fn a_command_that_succeeds_in_the_end_has_done_it() {
    let kt = with_jobs("a\nb\n");
    let command =
        "echo $KT_RECORD_OFFSET $KT_RECORD_ATTEMPT; [ $KT_RECORD_OFFSET = 1 ] || [ $KT_RECORD_ATTEMPT = 3 ]";
    kt.run(worker(command, &[&SOON[..], &["--max-messages", "2"]].concat()))
        .shows("0 1\n0 2\n0 3\n1 1\n2> Processed a total of 2 messages\n");
    assert_eq!(committed(&kt), Some(2));
}

#[test]
fn a_command_that_keeps_failing_ends_the_run_with_its_record_uncommitted() {
    let kt = with_jobs("a\nb\nc\n");
    let command = "echo $KT_RECORD_OFFSET; [ $KT_RECORD_OFFSET != 1 ] || { echo no >&2; exit 7; }";
    for (retries, attempts) in [("0", "1 attempt"), ("2", "3 attempts")] {
        let output = kt.run(worker(command, &[&SOON[..], &["--retries", retries]].concat()));
        let text = output.failure(1);
        let words = format!(
            "kt: the command failed on the record of jobs-0 at offset 1 after {attempts}: it ended with status 7\n"
        );
        assert!(text.errors().contains(&words), "{}", text.errors());
        assert!(text.errors().starts_with("no\n"), "{}", text.errors());
        assert_eq!(committed(&kt), Some(1));
    }
}

#[test]
fn dead_letters_are_records_as_they_were_with_reasons_behind() {
    let kt = Kt::new();
    kt.stdin(&b"h:1\tk\xff\tv\xfe1\nh:2\tok\tv2\nh:3\tk3\tv3\n"[..])
        .run("produce --topic jobs --reader-property parse.key=true --reader-property parse.headers=true")
        .shows("");
    let command =
        "case $KT_RECORD_OFFSET in 0) echo first >&2; echo last words >&2; exit 3;; 2) kill -9 $$;; esac";
    let more = ["--retries", "1", "--dead-letter", "dead", "--max-messages", "3"];
    let notes = kt.run(worker(command, &[&SOON[..], &more].concat())).success_with_notes();
    assert_eq!(notes.errors(), "first\nlast words\nfirst\nlast words\nProcessed a total of 3 messages\n");
    assert_eq!(committed(&kt), Some(3));
    let read = "consume --topic dead --partition 0 --offset earliest --until-offset 2 --formatter-property print.key=true \
                --formatter-property print.headers=true --formatter-property headers.separator=;";
    let letters = kt.run(read).success().stdout;
    let letters = letters.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let expected: [(&[u8], &str, &[u8]); 2] = [
        (b"h:1", "attempts:2;__kt.errors.status:3;__kt.errors.message:first", b"k\xff\tv\xfe1"),
        (b"h:3", "attempts:2;__kt.errors.signal:9;__kt.errors.message:", b"k3\tv3"),
    ];
    // The message of the first has a line of its own.
    let mut text: Vec<Vec<u8>> = Vec::new();
    for line in letters {
        match text.last_mut() {
            Some(last) if line.starts_with(b"last words") => last.extend_from_slice(line),
            _ if line.starts_with(b"\t") => text.last_mut().unwrap().extend_from_slice(line),
            _ => text.push(line.to_vec()),
        }
    }
    assert_eq!(text.len(), 2);
    for (letter, (header, reasons, record)) in text.iter().zip(expected) {
        let shown = String::from_utf8_lossy(letter).into_owned();
        assert!(letter.starts_with(header) && letter.ends_with(record), "{shown}");
        assert!(
            shown.contains(";__kt.errors.topic:jobs;__kt.errors.partition:0;__kt.errors.offset:"),
            "{shown}"
        );
        assert!(
            shown.contains(";__kt.errors.timestamp:") && shown.contains(";__kt.errors.group:g;"),
            "{shown}"
        );
        assert!(shown.contains(reasons), "{shown}");
    }
}

#[test]
fn what_hangs_is_killed_with_everything_it_has_started() {
    let kt = with_jobs("a\n");
    let command = "sleep 600 & echo $! >>children; wait";
    let more = ["--retries", "1", "--exec-timeout", "200", "--dead-letter", "dead", "--max-messages", "1"];
    let _ = kt.run(worker(command, &[&SOON[..], &more].concat())).success();
    for child in lines_of(&kt.work().join("children")) {
        crate::support::wait_until("a child's death", || {
            let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            !std::path::Path::new(&format!("/proc/{child}")).exists() || state.contains(") Z ")
        });
    }
    let headers = kt.records("dead", 0, "--formatter-property print.headers=true");
    assert!(
        headers[0].contains("__kt.errors.attempts:2;") || headers[0].contains("__kt.errors.timeout:200"),
        "{headers:?}"
    );
}

#[test]
fn records_of_other_partitions_need_not_wait_for_a_retry() {
    let kt = Kt::new();
    kt.run("topics --create --topic jobs --partitions 2").shows("Created topic jobs.\n");
    for partition in [0, 1] {
        kt.stdin("a\nb\n").run(format!("produce --topic jobs --partition {partition}")).shows("");
    }
    // Partition 0 fails until partition 1 is done.
    let command =
        "echo $KT_RECORD_PARTITION$KT_RECORD_OFFSET >>log; [ $KT_RECORD_PARTITION = 1 ] || grep -q 11 log";
    let worker = kt.start(worker(
        command,
        &["--retry-backoff", "20", "--max-retry-backoff", "20", "--retries", "100000"],
    ));
    finish_at(&kt, worker, 4);
    let log = lines_of(&kt.work().join("log"));
    let place = |line: &str| log.iter().rposition(|other| other == line).unwrap();
    assert!(place("11") < place("00") && place("00") < place("01"), "{log:?}");
}
