//! `--commit` and `--delivery` where records are printed.

use super::jobs::{committed, with_jobs};
use crate::support::wait_until;

#[test]
fn a_printer_commits_as_often_as_it_is_told() {
    for commit in ["record", "batch"] {
        let kt = with_jobs("a\nb\nc\n");
        let consumer = kt.start(format!("consume --topic jobs --group g --from-beginning --commit {commit}"));
        consumer.wait_for_lines(3);
        wait_until("the commit", || committed(&kt) == Some(3));
        consumer.kill();
        let _ = consumer.finish().failure(128 + libc::SIGKILL);
        assert_eq!(committed(&kt), Some(3));
    }
}

#[test]
fn at_most_once_has_committed_what_is_printed() {
    for commit in ["record", "batch"] {
        let kt = with_jobs("a\nb\nc\n");
        let line = format!(
            "consume --topic jobs --group g --from-beginning --delivery at-most-once --commit {commit}"
        );
        let consumer = kt.start(line.as_str());
        consumer.wait_for_line("^a$");
        let before = committed(&kt).unwrap();
        assert!(before >= 1, "a line was printed before its commit");
        consumer.kill();
        let first = consumer.finish().failure(128 + libc::SIGKILL).lines();
        let start = committed(&kt).unwrap();
        assert!(start as usize >= first.len());
        kt.stdin("d\n").run("produce --topic jobs").shows("");
        let consumer = kt.start(line.as_str());
        consumer.wait_for_line("^d$");
        consumer.interrupt();
        let second = consumer.finish().interrupted().lines();
        // A commit that the killed consumer had written and nobody saw yet counts, too.
        let all = ["a", "b", "c", "d"].map(str::to_owned);
        assert!(all.ends_with(&second), "{second:?}");
        assert!(second.len() <= all.len() - usize::try_from(start).unwrap(), "{first:?}, {second:?}");
    }
}
