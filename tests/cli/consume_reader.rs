//! `kafka-console-consumer | COMMAND`, where COMMAND goes away: before the records, among them, after them. Each test holds
//! the pipe itself, so that nothing depends on who is faster.

use crate::support::{Kt, wait_until};
use std::io::{PipeReader, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::process::{Child, Stdio};

/// A follower of a topic, by Kafka's name, with standard output in the test's hand.
struct Follower {
    child: Child,
    reader: PipeReader,
}

impl Follower {
    fn start(kt: &Kt, options: &str) -> Follower {
        let (reader, writer) = pipe().unwrap();
        let data = kt.data();
        let line = format!("--bootstrap-server {} --topic log --from-beginning {options}", data.display());
        let mut command = kt.named("kafka-console-consumer.sh").command(line);
        let child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        Follower { child, reader }
    }

    fn read(&mut self, bytes: usize) -> String {
        let mut text = vec![0; bytes];
        self.reader.read_exact(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Waits until so many bytes lie unread in the pipe.
    fn wait_for_unread(&self, bytes: i32) {
        wait_until("bytes in the pipe", || {
            let mut count = 0;
            // SAFETY: the descriptor is open, and the number outlives the call.
            let answer = unsafe { libc::ioctl(self.reader.as_raw_fd(), libc::FIONREAD, &raw mut count) };
            assert_eq!(answer, 0);
            count == bytes
        });
    }

    /// Lets go of the pipe and returns what the follower says at its end.
    fn leave(self) -> String {
        let Follower { mut child, reader } = self;
        drop(reader);
        end(&mut child)
    }
}

fn end(child: &mut Child) -> String {
    wait_until("the end of a follower that nobody reads", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    errors
}

fn with_records() -> Kt {
    let kt = Kt::new();
    kt.stdin("1\n2\n3\n4\n5\n").run("produce --topic log").shows("");
    kt
}

fn ending(count: u32) -> String {
    format!("Unable to write to standard out, closing consumer.\nProcessed a total of {count} messages\n")
}

#[test]
fn a_reader_that_never_was_ends_it_at_the_first_record() {
    let kt = with_records();
    let follower = Follower::start(&kt, "");
    assert_eq!(follower.leave(), ending(1));
}

#[test]
fn a_reader_that_goes_without_having_read_has_got_nothing() {
    // kt once wrote everything into the pipe and then waited for records for ever.
    let kt = with_records();
    let follower = Follower::start(&kt, "");
    follower.wait_for_unread(10);
    assert_eq!(follower.leave(), ending(1));
}

#[test]
fn a_reader_that_goes_among_the_records_has_not_got_them_all() {
    let kt = with_records();
    let mut follower = Follower::start(&kt, "");
    assert_eq!(follower.read(10), "1\n2\n3\n4\n5\n");
    kt.stdin("6\n7\n8\n").run("produce --topic log").shows("");
    follower.wait_for_unread(6);
    assert_eq!(follower.read(2), "6\n");
    assert_eq!(follower.leave(), ending(6));
}

#[test]
fn a_reader_that_has_got_everything_may_go_while_nothing_comes() {
    let kt = with_records();
    let mut follower = Follower::start(&kt, "");
    assert_eq!(follower.read(10), "1\n2\n3\n4\n5\n");
    assert_eq!(follower.leave(), ending(5));
}

#[test]
fn a_reader_may_go_before_there_is_anything_to_read() {
    let kt = Kt::new();
    kt.run("topics --create --topic log").shows("Created topic log.\n");
    assert_eq!(Follower::start(&kt, "").leave(), ending(0));
}

#[test]
fn what_nobody_took_is_not_committed() {
    let kt = with_records();
    let options = "--group readers --command-property auto.commit.interval.ms=3600000";
    let follower = Follower::start(&kt, options);
    follower.wait_for_unread(10);
    assert_eq!(follower.leave(), ending(1));
    kt.run("consume --topic log --group readers --from-beginning --max-messages 1 --timeout-ms 60000")
        .shows("1\n2> Processed a total of 1 messages\n");
}

#[test]
fn a_wide_pipe_is_accounted_for_too() {
    // More than any pipe holds: the reader goes while kt is in the middle of a write.
    let kt = Kt::new();
    let line = "x".repeat(999);
    let mut lines = Vec::new();
    for _ in 0..4000 {
        writeln!(lines, "{line}").unwrap();
    }
    kt.stdin(lines).run("produce --topic log").shows("");
    let mut follower = Follower::start(&kt, "");
    let _ = follower.read(1_000_500);
    let errors = follower.leave();
    let count = errors.lines().last().unwrap().split(' ').nth(4).unwrap().parse::<u32>().unwrap();
    assert!(errors.starts_with("Unable to write") && count <= 1001, "{errors}");
}
