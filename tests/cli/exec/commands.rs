//! What a command gets: the value on its standard input, the rest in its environment, nothing else.

use super::jobs::{committed, finish_at, lines_of, wait_for_file, with_jobs, worker};
use crate::support::{Kt, wait_until};
use std::fs;

#[test]
fn each_record_is_a_command_with_the_value_as_its_input() {
    let kt = with_jobs("a\nb\nc\n");
    kt.run(worker(
        "cat; echo \" $KT_RECORD_TOPIC $KT_RECORD_PARTITION $KT_RECORD_OFFSET\"",
        &["--max-messages", "3"],
    ))
    .shows("a jobs 0 0\nb jobs 0 1\nc jobs 0 2\n2> Processed a total of 3 messages\n");
    assert_eq!(committed(&kt), Some(3));
}

/// A command that wrote too much for its limit went on, with errors that it did not expect.
#[test]
fn a_command_is_not_deaf_to_what_kt_is_deaf_to() {
    let kt = with_jobs("a\n");
    let command = "cat >/dev/null; sh -c 'kill -XFSZ $$; echo lives' 2>/dev/null || echo ended";
    kt.run(worker(command, &["--max-messages", "1"])).shows("ended\n2> Processed a total of 1 messages\n");
}

#[test]
fn keys_and_headers_come_as_they_are() {
    let kt = Kt::new();
    kt.stdin(&b"trace-id:1,trace-id:2,other:x\tk\xffey=\tvalue\n"[..])
        .run("produce --topic jobs --reader-property parse.key=true --reader-property parse.headers=true")
        .shows("");
    let command = "printf '%s|' \"$KT_RECORD_KEY\" \"$KT_RECORD_HEADER_TRACE_ID\" \"$KT_RECORD_HEADER_OTHER\" \
                   \"$KT_RECORD_HEADERS\" \"$KT_RECORD_ATTEMPT\" \"${KT_RECORD_TOMBSTONE-value}\"; cat";
    let output = kt.run(worker(command, &["--max-messages", "1"])).success();
    let headers = "[{\"key\":\"trace-id\",\"value\":\"1\"},{\"key\":\"trace-id\",\"value\":\"2\"},{\"key\":\"other\",\"value\":\"x\"}]";
    let mut expected = b"k\xffey=|2|x|".to_vec();
    expected.extend_from_slice(headers.as_bytes());
    expected.extend_from_slice(b"|1|value|value");
    assert_eq!(output.stdout, expected, "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn nulls_and_nul_bytes_have_variables_of_their_own() {
    let kt = Kt::new();
    kt.stdin(&b"\0\0\0\x07:one\n-:-\n"[..])
        .run(
            "produce --topic jobs --reader-property parse.key=true --reader-property key.separator=: \
             --reader-property null.marker=-",
        )
        .shows("");
    let command = "echo \"${KT_RECORD_KEY-none} ${KT_RECORD_KEY_BASE64-none} ${KT_RECORD_TOMBSTONE-none} $(wc -c | tr -d ' ')\"";
    let inherited =
        kt.invocation().env("KT_RECORD_KEY", "of another").env("KT_RECORD_KEY_BASE64", "of another");
    inherited
        .run(worker(command, &["--max-messages", "2"]))
        .shows("none AAAABw== none 3\nnone none 1 0\n2> Processed a total of 2 messages\n");
}

#[test]
fn a_command_need_not_read_what_it_is_given() {
    let kt = Kt::new();
    let line = "x".repeat(900_000);
    kt.stdin(format!("{line}\n{line}\n")).run("produce --topic jobs").shows("");
    kt.run(worker("exit 0", &["--max-messages", "2"])).shows("2> Processed a total of 2 messages\n");
    assert_eq!(committed(&kt), Some(2));
    kt.run([
        "consume",
        "--topic",
        "jobs",
        "--from-beginning",
        "--max-messages",
        "1",
        "--exec",
        "wc -c | tr -d ' '",
    ])
    .shows("900000\n2> Processed a total of 1 messages\n");
}

#[test]
fn a_huge_key_is_left_out_and_named() {
    let kt = Kt::new();
    let key = "k".repeat(300_000);
    kt.stdin(format!("{key}\tvalue\n"))
        .run("produce --topic jobs --reader-property parse.key=true")
        .shows("");
    kt.run(worker("echo \"${KT_RECORD_KEY-none} $KT_RECORD_OMITTED\"", &["--max-messages", "1"]))
        .shows("none KT_RECORD_KEY\n2> Processed a total of 1 messages\n");
}

#[test]
fn the_first_signal_lets_a_command_end_and_the_second_does_not() {
    for signals in [1, 2] {
        let kt = with_jobs("a\nb\n");
        let command = "echo started; touch started; while [ ! -e go ]; do sleep 0.02; done; echo done";
        let mut worker = kt.start(worker(command, &[]));
        wait_for_file(&kt.work().join("started"));
        worker.interrupt();
        if signals == 2 {
            // Two of them at once may be one: the first has to have come.
            wait_until("the end", || {
                worker.interrupt();
                !worker.is_alive()
            });
        } else {
            fs::write(kt.work().join("go"), "").unwrap();
        }
        let output = worker.finish().interrupted();
        let (text, offset) = if signals == 1 { ("started\ndone\n", 1) } else { ("started\n", 0) };
        assert_eq!((output.text().as_str(), committed(&kt)), (text, Some(offset)));
    }
}

#[test]
fn a_signal_ends_the_wait_between_two_attempts() {
    let kt = with_jobs("a\n");
    let worker = kt.start(worker(
        "touch started; exit 1",
        &["--retry-backoff", "3600000", "--max-retry-backoff", "3600000"],
    ));
    wait_for_file(&kt.work().join("started"));
    worker.terminate();
    let _ = worker.finish().terminated();
    assert_eq!(committed(&kt), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_has_none_of_kts_files() {
    let kt = with_jobs("a\n");
    let output =
        kt.run(worker("ls -l /proc/self/fd", &["--dead-letter", "dead", "--max-messages", "1"])).success();
    let data = kt.data();
    assert!(!output.text().contains(data.to_str().unwrap()), "{}", output.text());
    assert!(!output.text().contains("socket:"), "{}", output.text());
}

#[test]
fn a_command_that_outlives_kt_does_not_keep_its_place_in_the_group() {
    let kt = with_jobs("a\nb\n");
    let killed = kt.start(worker("echo $$ >process; touch started; exec sleep 600 >/dev/null 2>&1", &[]));
    wait_for_file(&kt.work().join("started"));
    killed.kill();
    let _ = killed.finish().failure(128 + libc::SIGKILL);
    let next = kt.start(worker("cat >>log; echo >>log", &[]));
    finish_at(&kt, next, 2);
    assert_eq!(lines_of(&kt.work().join("log")), ["a", "b"]);
    let process = fs::read_to_string(kt.work().join("process")).unwrap();
    // SAFETY: kill touches no memory; the process is the one that this test has had started.
    unsafe { libc::kill(process.trim().parse().unwrap(), libc::SIGKILL) };
}

#[test]
fn commands_of_one_key_keep_their_order_while_others_go_ahead() {
    let kt = Kt::new();
    kt.stdin("a:1\na:2\nb:3\nc:4\n")
        .run("produce --topic jobs --reader-property parse.key=true --reader-property key.separator=:")
        .shows("");
    // The first waits for the one that comes third, which can only be if they run side by side.
    let command = "value=$(cat); [ $value != 1 ] || while ! grep -q 3 log 2>/dev/null; do sleep 0.02; done; echo $value >>log";
    let worker = kt.start(worker(command, &["--parallel", "3"]));
    finish_at(&kt, worker, 4);
    let log = lines_of(&kt.work().join("log"));
    let place = |value: &str| log.iter().position(|line| line == value).unwrap();
    assert!(log.len() == 4 && place("3") < place("1") && place("1") < place("2"), "{log:?}");
}

#[test]
fn what_cannot_be_is_refused() {
    let kt = Kt::new();
    for (options, words) in [
        ("--exec a --exec-batch b", "Options --exec and --exec-batch cannot be specified together."),
        ("--retries 3", "Option --retries requires --exec or --exec-batch."),
        ("--output-topic t", "Option --output-topic requires --exec or --exec-batch."),
        (
            "--exec a --commit often --group g",
            "Option --commit can't be 'often': it is interval, record or batch.",
        ),
        ("--exec a --commit record", "Option --commit requires --group: offsets are a group's."),
        ("--delivery at-most-once", "Option --delivery requires --group: offsets are a group's."),
        (
            "--exec a --group g --delivery exactly-once",
            "Option --delivery exactly-once requires --output-topic: only what kt stores can be taken back.",
        ),
        (
            "--exec a --group g --delivery at-most-once --retries 1",
            "Option --retries can't be used with --delivery at-most-once: no record is handed over twice.",
        ),
        (
            "--group g --delivery at-most-once --commit interval",
            "Option --commit can't be interval with --delivery at-most-once.",
        ),
        (
            "--exec a --dead-letter jobs",
            "Option --dead-letter can't name a topic that is read: it would never end.",
        ),
        ("--exec a --parallel 0", "Option --parallel is a number from 1 to 512."),
        ("--exec-batch a --parallel 2", "Options --parallel and --exec-batch cannot be specified together."),
        ("--exec a --retries -1", "Cannot parse argument '-1' of option retries"),
        ("--exec ''", "The command is empty."),
    ] {
        kt.run(format!("consume --topic jobs {options}")).shows(&format!("2> kt: {words}\n? 1\n"));
    }
    let data = kt.data();
    for option in
        ["exec", "exec-batch", "output-topic", "dead-letter", "retries", "delivery", "commit", "parallel"]
    {
        let line = format!("--bootstrap-server {} --topic jobs --{option} x", data.display());
        let errors = kt.named("kafka-console-consumer.sh").run(line).failure(1).errors();
        assert!(errors.starts_with(&format!("{option} is not a recognized option\n")), "{errors}");
        assert!(!errors.contains("--exec"), "{errors}");
    }
}
