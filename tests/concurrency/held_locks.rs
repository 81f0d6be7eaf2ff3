//! Locks and signals: who is stopped by its terminal holds up nobody, and who waits for a lock that isn't given back can be
//! ended. What these tests hold are the locks of all partitions, as a process does that was stopped by a debugger.

#![cfg(target_os = "linux")]

use super::group_odds::hold_locks;
use crate::support::{Kt, Running, wait_until};
use std::fs;
use std::os::unix::process::CommandExt;

/// Starts kt as a shell starts a job: in a process group of its own, which its terminal can stop.
fn job(kt: &Kt, arguments: &str) -> Running {
    let mut command = kt.invocation().command(arguments);
    command.process_group(0);
    Running::start(command)
}

/// Whether a thread of the process waits for a lock.
fn waits_for_a_lock(process: &Running) -> bool {
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let its = format!(" {} ", process.id());
    locks.lines().any(|line| line.contains("->") && line.contains(" WRITE ") && line.contains(&its))
}

/// The signal that stopped the process, as its shell is told; `None` while it runs.
fn stopped_by(process: &Running) -> Option<i32> {
    // SAFETY: plain data, filled by the call, which leaves the child's state to be asked for again.
    let told = unsafe {
        let mut told: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
        assert_eq!(libc::waitid(libc::P_PID, process.id(), &raw mut told, options), 0);
        told
    };
    // SAFETY: without a stopped child the structure is left zeroed.
    let (id, signal) = unsafe { (told.si_pid(), told.si_status()) };
    (id != 0).then_some(signal)
}

fn wait_until_stopped(process: &Running) {
    wait_until("the process to be stopped", || stopped_by(process) == Some(libc::SIGTSTP));
}

fn resume(process: &Running) {
    process.resume();
    wait_until("the process to go on", || stopped_by(process).is_none());
}

#[test]
fn the_stop_key_stops_who_waits_for_a_lock_behind_its_turn() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let held = hold_locks(&kt);
    let mut producer = job(&kt, "produce --topic log");
    producer.write_line("two");
    wait_until("the producer to wait for the lock", || waits_for_a_lock(&producer));
    producer.signal(libc::SIGTSTP);
    drop(held);
    wait_until_stopped(&producer);
    kt.stdin("three\n").run("produce --topic log").shows("");
    resume(&producer);
    producer.write_line("four");
    producer.finish().shows("");
    let mut records = kt.records("log", 0, "");
    records.sort();
    assert_eq!(records, ["four", "one", "three", "two"]);
}

#[test]
fn a_stop_that_is_put_off_is_forgotten_when_the_process_is_told_to_go_on() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let held = hold_locks(&kt);
    let mut producer = job(&kt, "produce --topic log");
    producer.write_line("two");
    wait_until("the producer to wait for the lock", || waits_for_a_lock(&producer));
    producer.signal(libc::SIGTSTP);
    producer.signal(libc::SIGCONT);
    drop(held);
    producer.finish().shows("");
    assert_eq!(kt.records("log", 0, ""), ["one", "two"]);
}

/// It used to be stopped wherever it was, mostly between taking the lock and giving it back.
#[test]
fn a_busy_producer_that_is_stopped_by_its_terminal_holds_up_no_other() {
    let kt = Kt::new();
    kt.stdin("first\n").run("produce --topic log").shows("");
    let lines = format!("{}\n", "x".repeat(99)).repeat(200_000).into_bytes();
    let busy = job(&kt, "produce --topic log").write_all(lines);
    wait_until("the producer to be busy", || kt.end("log", 0) > 1_000);
    for _ in 0..20 {
        busy.signal(libc::SIGTSTP);
        wait_until_stopped(&busy);
        kt.stdin("other\n").run("produce --topic log").shows("");
        resume(&busy);
    }
    busy.finish().shows("");
    assert_eq!(kt.end("log", 0), 200_021);
}

/// They could not be ended but by SIGKILL.
#[test]
fn who_waits_for_a_lock_that_is_not_given_back_can_be_ended() {
    let kt = Kt::new();
    kt.stdin("one\n").run("produce --topic log").shows("");
    let consume = "consume --topic log --group readers --from-beginning --show-assignments";
    let member = kt.start(consume);
    member.wait_for_line("^one$");
    wait_until("the commit", || {
        kt.run("groups --describe --group readers")
            .lines()
            .iter()
            .any(|row| row.contains(" 1               1 "))
    });
    let held = hold_locks(&kt);
    let mut producer = kt.start("produce --topic log");
    producer.write_line("two");
    wait_until("the producer to wait for the lock", || waits_for_a_lock(&producer));
    producer.interrupt();
    member.terminate();
    let gave_up = "kt: gave up waiting for a lock that another process holds\n";
    assert_eq!(producer.finish().failure(130).errors(), gave_up);
    assert!(member.finish().failure(143).errors().ends_with(gave_up));
    drop(held);
    assert_eq!(kt.records("log", 0, ""), ["one"]);
    // The next member waits for nobody.
    let next = kt.start(consume);
    next.wait_for_error_line("assigned log-0$");
    kt.stdin("three\n").run("produce --topic log").shows("");
    next.wait_for_line("^three$");
    next.terminate();
    assert_eq!(next.finish().failure(143).text(), "three\n");
}
