//! `--exec-batch`: a command that stays, and answers.

use super::jobs::{committed, lines_of, with_jobs};
use crate::support::Kt;
use std::ffi::OsString;

fn batch(command: &str, more: &str) -> Vec<OsString> {
    let words = ["consume", "--topic", "jobs", "--group", "g", "--from-beginning", "--exec-batch", command];
    words.into_iter().chain(more.split_whitespace()).map(OsString::from).collect()
}

#[test]
fn one_command_is_fed_all_records_as_they_would_be_printed() {
    let kt = Kt::new();
    kt.stdin("k1:v1\nk2:v2\nk3:v3\n")
        .run("produce --topic jobs --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
    let command = "echo start >>log; while read line; do echo \"$line\" >>log; echo ok; done; echo end >>log";
    let more = "--max-messages 3 --formatter-property print.key=true --formatter-property print.offset=true";
    kt.run(batch(command, more)).shows("2> Processed a total of 3 messages\n");
    let log = lines_of(&kt.work().join("log"));
    assert_eq!(log, ["start", "Offset:0\tk1\tv1", "Offset:1\tk2\tv2", "Offset:2\tk3\tv3", "end"]);
    assert_eq!(committed(&kt), Some(3));
}

#[test]
fn an_error_is_retried_and_then_a_dead_letter() {
    let kt = with_jobs("a\nb\nc\n");
    let command = "while read line; do echo $line >>log; case $line in b) echo error not $line;; *) echo ok;; esac; done";
    kt.run(batch(command, "--max-messages 3 --retries 2 --retry-backoff 1 --dead-letter dead"))
        .shows("2> Processed a total of 3 messages\n");
    assert_eq!(committed(&kt), Some(3));
    let log = lines_of(&kt.work().join("log"));
    assert_eq!(log.iter().filter(|line| *line == "b").count(), 3, "{log:?}");
    let letters = kt.records("dead", 0, "--formatter-property print.headers=true");
    assert!(letters[0].ends_with("__kt.errors.attempts:3,__kt.errors.message:not b\tb"), "{letters:?}");
}

#[test]
fn the_record_that_a_command_dies_of_is_found_out() {
    // It reads ahead and dies of the third record with all the others in its hands.
    let kt = with_jobs("a\nb\nc\nd\ne\n");
    let command = "echo start >>log; while read line; do [ $line != c ] || exit 9; echo ok; done";
    kt.run(batch(command, "--max-messages 5 --retries 2 --retry-backoff 1 --dead-letter dead"))
        .shows("2> Processed a total of 5 messages\n");
    assert_eq!(lines_of(&kt.work().join("log")).len(), 4);
    let letters = kt.records("dead", 0, "--formatter-property print.headers=true");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("__kt.errors.attempts:3,__kt.errors.status:9,"), "{letters:?}");
    assert!(letters[0].ends_with("\tc"), "{letters:?}");
    assert_eq!(committed(&kt), Some(5));
}

#[test]
fn lines_are_values_where_there_is_an_output_topic() {
    let kt = Kt::new();
    kt.stdin("k1:v1\nk2:v2\nk3:v3\n")
        .run("produce --topic jobs --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
    let command = "while read line; do case $line in v2) echo;; *) echo \"<$line>\";; esac; done";
    kt.run(batch(command, "--max-messages 3 --output-topic out"))
        .shows("2> Processed a total of 3 messages\n");
    assert_eq!(kt.records("out", 0, "--formatter-property print.key=true"), ["k1\t<v1>", "k3\t<v3>"]);
}

#[test]
fn who_does_not_keep_to_the_protocol_is_told_so() {
    let kt = with_jobs("a\nb\n");
    for (command, words) in [
        ("cat", "it answers 'a', which is neither 'ok' nor 'error TEXT'"),
        ("echo hello; cat >/dev/null", "it answers"),
    ] {
        let errors = kt.run(batch(command, "")).failure(1).errors();
        assert!(errors.starts_with(&format!("kt: the command can't be talked to: {words}")), "{errors}");
        assert_eq!(committed(&kt), Some(0));
    }
}

#[test]
fn a_command_that_never_answers_is_killed() {
    let kt = with_jobs("a\n");
    let errors =
        kt.run(batch("sleep 600", "--exec-timeout 100 --retries 1 --retry-backoff 1")).failure(1).errors();
    let words = "kt: the command failed on the record of jobs-0 at offset 0 after 2 attempts: it was killed after 100 ms\n";
    assert!(errors.starts_with(words), "{errors}");
}

#[test]
fn a_bad_end_of_a_command_is_told() {
    let kt = with_jobs("a\n");
    let errors = kt.run(batch("read line; echo ok; cat; exit 3", "--max-messages 1")).failure(1).errors();
    assert!(errors.contains("it ended with status 3"), "{errors}");
    assert_eq!(committed(&kt), Some(1));
}
